"""What an operator can order from a running server, and its answer: the words of `control.sock`.

The tag of each type says what it does and is the name of `admin`'s subcommand.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from reactor_chat.chat.operator.registration import DAYS_MAX
from reactor_chat.server.bans import REASON_CHARS_MAX

SECONDS_MAX = 10 * 365 * 86_400
"""A ban for longer than ten years is one for good."""

ANSWER_BYTES_MAX = 16_777_216
"""More than the longest list takes: bans, or people and owners."""

Seconds = Annotated[int, Meta(ge=1, le=SECONDS_MAX)]
Reason = Annotated[str, Meta(max_length=REASON_CHARS_MAX)]


class Release(Struct, tag_field="do", tag="release", frozen=True):
    """Release a claimed name."""

    name: str


class Backup(Struct, tag_field="do", tag="backup", frozen=True):
    """Write a copy of the journal, as it is now, to a file that does not exist yet.

    Attributes:
        since_head, since_link: leave out what an earlier copy has: its newest number, and the link there.
    """

    file: str
    since_head: int | None = None
    since_link: bytes = b""


class Repair(Struct, tag_field="do", tag="repair", frozen=True):
    """Bring back from a copy what is damaged in the journal."""

    file: str


class PutBan(Struct, tag_field="do", tag="ban", frozen=True):
    """Keep somebody out, and send away who is there.

    Attributes:
        whom: a name, key, address or network.
        by: what is banned of somebody who was named: the name, the key that owns it, the address it is there from.
        seconds: how long; for good where it is left out.
        reason: one line, shown to whoever is kept out.
    """

    whom: str
    by: Literal["name", "key", "address"] | None = None
    seconds: Seconds | None = None
    reason: Reason = ""


class LiftBan(Struct, tag_field="do", tag="unban", frozen=True):
    """Let somebody in again."""

    whom: str


class ListBans(Struct, tag_field="do", tag="bans", frozen=True):
    """Tell who is banned."""


class Kick(Struct, tag_field="do", tag="kick", frozen=True):
    """Close somebody's connection; nothing keeps them from coming back."""

    name: str
    reason: Reason = ""


class Announce(Struct, tag_field="do", tag="announce", frozen=True):
    """Say something to everybody."""

    text: str


class ListPeople(Struct, tag_field="do", tag="people", frozen=True):
    """Tell who is here, and who owns which name."""


class Grant(Struct, tag_field="do", tag="add", frozen=True):
    """Give a name to a key, an Ed25519 public key in base64."""

    name: str
    key: str


class IssueInvite(Struct, tag_field="do", tag="invite", frozen=True):
    """Make a code by which one newcomer can claim a name while the server is locked down."""

    days: Annotated[int, Meta(ge=1, le=DAYS_MAX)] = 7


class ListInvites(Struct, tag_field="do", tag="invites", frozen=True):
    """Tell which invitations are open."""


class Uninvite(Struct, tag_field="do", tag="uninvite", frozen=True):
    """Make an invitation void."""

    number: int


class Delete(Struct, tag_field="do", tag="delete", frozen=True):
    """Remove what one message says from the journal."""

    seq: int


class ReadRecords(Struct, tag_field="do", tag="export", frozen=True):
    """Tell the records after a number, as many as fit an answer; not beyond `last`, where that is named."""

    after: Annotated[int, Meta(ge=0)] = 0
    last: int | None = None


class Appoint(Struct, tag_field="do", tag="moderator", frozen=True):
    """Make the owner of a name a moderator, or none any more."""

    name: str
    on: bool


class SetRate(Struct, tag_field="do", tag="rate", frozen=True):
    """Change `--rate` until the server stops or reads its options again."""

    rate: str


class SetLockdown(Struct, tag_field="do", tag="lockdown", frozen=True):
    """Change `--lockdown` until the server stops or reads its options again."""

    on: bool


class TellStatus(Struct, tag_field="do", tag="status", frozen=True):
    """Tell how the server is."""


Order = (
    Release | Backup | Repair | PutBan | LiftBan | ListBans | Kick | Announce | SetRate | SetLockdown | TellStatus
    | ListPeople | Grant | IssueInvite | ListInvites | Uninvite | Delete | ReadRecords | Appoint
)  # fmt: skip


class Answer(Struct, frozen=True, omit_defaults=True):
    """What came of an order: whether it was carried out, a line for the operator, and what was asked for.

    Attributes:
        percent: how far it is, where it is under way still; another answer follows.
    """

    done: bool
    text: str
    facts: dict[str, Any] | None = None
    percent: int | None = None
