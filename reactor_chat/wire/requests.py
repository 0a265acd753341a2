"""What a client asks for, each request a type: an imperative.  Source of every field: PROTOCOL §2 and §3.

Those about encrypted conversations are in `sealing`.
"""

from typing import Annotated

from msgspec import Meta, field

from reactor_chat.wire.fields import (
    Message,
    Question,
    Sealed,
    Seen,
    check_conversation,
    type_of_id,
    type_of_key,
    type_of_seq,
)
from reactor_chat.wire.limits import HISTORY_LIMIT_DEFAULT, HISTORY_LIMIT_MAX, SEEN_MAX
from reactor_chat.wire.sealing import (
    AskBlob,
    AskKeys,
    AskSeals,
    BlobPut,
    KeysPut,
    SealAsk,
    SealCommit,
    SealCreate,
    SealOff,
)


class Login(Message, tag="login", frozen=True):
    """Take or prove a name; the first request on every connection.

    Attributes:
        after: the newest number seen.
        seen: the logs that were seen, newest first, with the newest number in each (§5.5).
    """

    name: str
    protocol: int
    key: type_of_key | None = None
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)] | None = None
    after: type_of_seq | None = None
    invite: str | None = None
    seen: Annotated[list[Seen], Meta(max_length=SEEN_MAX)] | None = None
    heartbeat_seconds: Annotated[int, Meta(ge=1, le=3_600)] | None = None  # promised: something comes at least so often
    id: type_of_id | None = None


class Quit(Message, tag="quit", frozen=True):
    """Leave."""

    id: type_of_id | None = None


class Line(Message, tag="line", frozen=True):
    """What a person typed, to be parsed by the server."""

    text: str
    id: type_of_id | None = None


def _one_content(text: str | None, sealed: Sealed | None) -> None:
    if (text is None) == (sealed is None):
        raise ValueError("exactly one of `text` and `sealed` is required")


class Say(Message, tag="say", frozen=True):
    """A message to everyone."""

    text: str | None = None
    sealed: Sealed | None = None
    id: type_of_id | None = None

    def __post_init__(self) -> None:
        _one_content(self.text, self.sealed)


class Tell(Message, tag="tell", frozen=True):
    """A private message."""

    to: str
    text: str | None = None
    sealed: Sealed | None = None
    id: type_of_id | None = None

    def __post_init__(self) -> None:
        _one_content(self.text, self.sealed)


class GroupSend(Message, tag="group_send", frozen=True):
    """A message to a group."""

    group: str
    text: str | None = None
    sealed: Sealed | None = None
    id: type_of_id | None = None

    def __post_init__(self) -> None:
        _one_content(self.text, self.sealed)


class GroupSet(Message, tag="group_set", frozen=True):
    """Create a group; the creator is a member and its owner."""

    group: str
    members: list[str]
    id: type_of_id | None = None


class GroupAdd(Message, tag="group_add", frozen=True):
    """The owner adds all these users, or none."""

    group: str
    users: Annotated[list[str], Meta(min_length=1)]
    id: type_of_id | None = None


class GroupKick(Message, tag="group_kick", frozen=True):
    """The owner removes a member."""

    group: str
    user: str
    id: type_of_id | None = None


class GroupLeave(Message, tag="group_leave", frozen=True):
    """A member leaves."""

    group: str
    id: type_of_id | None = None


class GroupDelete(Message, tag="group_delete", frozen=True):
    """The owner deletes the group."""

    group: str
    id: type_of_id | None = None


class AskNames(Question, tag="names", frozen=True):
    """Who is connected."""

    id: type_of_id | None = None


class AskGroups(Question, tag="groups", frozen=True):
    """Which groups the asker is a member of."""

    id: type_of_id | None = None


class AskHelp(Question, tag="help", frozen=True):
    """The commands."""

    id: type_of_id | None = None


class AskWho(Question, tag="who", frozen=True):
    """Who is a member of a group of the asker's."""

    group: str
    id: type_of_id | None = None


class AskSeen(Question, tag="seen", frozen=True):
    """When somebody was last here."""

    name: str
    id: type_of_id | None = None


class AskHistory(Question, tag="history", frozen=True):
    """The newest messages the asker was entitled to see."""

    limit: Annotated[int, Meta(ge=1, le=HISTORY_LIMIT_MAX)] = HISTORY_LIMIT_DEFAULT
    before: type_of_seq | None = None
    with_: str | None = field(default=None, name="with")
    group: str | None = None
    id: type_of_id | None = None

    def __post_init__(self) -> None:
        check_conversation(self.with_, self.group)


class MarkRead(Message, tag="mark_read", frozen=True):
    """The asker has read a conversation up to the number `seq`; to say it twice does nothing more.

    A server from before it answers `bad_message`, eight of which close a connection: whoever was refused `read_marks`
    so does not send this.
    """

    seq: type_of_seq
    with_: str | None = field(default=None, name="with")
    group: str | None = None
    id: type_of_id | None = None

    def __post_init__(self) -> None:
        check_conversation(self.with_, self.group)


class AskReadMarks(Question, tag="read_marks", frozen=True):
    """How far the asker has read each conversation."""

    id: type_of_id | None = None


class Ping(Question, tag="ping", frozen=True):
    """Are you there?"""

    data: Annotated[str, Meta(max_length=64)] | None = None
    id: type_of_id | None = None


Request = (
    Login | Quit | Line | Say | Tell | GroupSend | GroupSet | GroupAdd | GroupKick | GroupLeave | GroupDelete
    | AskNames | AskGroups | AskHelp | AskWho | AskSeen | AskHistory | Ping | MarkRead | AskReadMarks
    | KeysPut | AskKeys | SealCreate | SealCommit | SealAsk | SealOff | AskSeals | BlobPut | AskBlob
)  # fmt: skip
"""All of them; the table of tags follows from it."""
