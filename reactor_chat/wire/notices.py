"""What a server tells, each notice a type: what is the case.  Source of every field: PROTOCOL §2 and §4.

Those about encrypted conversations are in `sealing`.
"""

from msgspec import Struct, field

from reactor_chat.wire.fields import (
    InParts,
    Message,
    Numbered,
    Sealed,
    check_conversation,
    type_of_key,
    type_of_log,
    type_of_seq,
    type_of_time,
)
from reactor_chat.wire.limits import Limits
from reactor_chat.wire.sealing import (
    BlobAnswer,
    KeysAnswer,
    SealAsked,
    SealCommitted,
    SealCreated,
    SealEnded,
    SealsAnswer,
)


class Hello(Message, tag="hello", frozen=True):
    """The server's first word; `nonce` is fresh for every connection."""

    protocol: int
    server: str
    nonce: type_of_key
    limits: Limits


class Welcome(Message, tag="welcome", frozen=True):
    """The login holds; `seq` is the newest committed number, `log` the log in which numbers are given (§5.5)."""

    name: str
    seq: type_of_seq
    guest: bool
    text: str
    log: type_of_log | None = None


class Bye(Message, tag="bye", frozen=True):
    """The last word before the connection closes."""

    reason: str
    text: str


class Refused(Message, tag="refused", frozen=True):
    """A no, with the code a program acts on and the text a person reads.

    Attributes:
        seq: of a `gap`, the last number that both sides have in common; what comes after it follows (§5.5).
    """

    code: str
    text: str
    re: str | None = None
    seq: type_of_seq | None = None


class Said(Numbered, tag="said", frozen=True):
    """Somebody said something to everyone."""

    seq: type_of_seq
    at: type_of_time
    sender: str = field(name="from")
    text: str | None = None
    sealed: Sealed | None = None
    id: str | None = None
    removed: bool = False


class Told(Numbered, tag="told", frozen=True):
    """Somebody said something to one person."""

    seq: type_of_seq
    at: type_of_time
    sender: str = field(name="from")
    to: str
    text: str | None = None
    sealed: Sealed | None = None
    id: str | None = None
    removed: bool = False


class GroupSaid(Numbered, tag="group_said", frozen=True):
    """Somebody said something to a group."""

    seq: type_of_seq
    at: type_of_time
    sender: str = field(name="from")
    group: str
    text: str | None = None
    sealed: Sealed | None = None
    id: str | None = None
    removed: bool = False


class Joined(Numbered, tag="joined", frozen=True):
    """Somebody came."""

    seq: type_of_seq
    at: type_of_time
    name: str


class Exited(Numbered, tag="exited", frozen=True):
    """Somebody went."""

    seq: type_of_seq
    at: type_of_time
    name: str


class Released(Numbered, tag="released", frozen=True):
    """The operator gave a name free: whoever takes it next is somebody else.  Goes to everyone."""

    seq: type_of_seq
    at: type_of_time
    name: str


class GroupChanged(Numbered, tag="group_changed", frozen=True):
    """A group was created or deleted, or its members or owner changed; `members` is the list after the change."""

    seq: type_of_seq
    at: type_of_time
    group: str
    change: str
    by: str
    user: str | None = None
    members: list[str] | None = None


class Accepted(Message, tag="accepted", frozen=True):
    """The request `re` changed the chat, from number `seq` on; or was so before, as was recorded up to that number."""

    re: str
    seq: type_of_seq


class NamesAnswer(InParts, tag="names", frozen=True):
    """Who is connected, sorted regardless of case; `more` where another such notice follows."""

    names: list[str]
    re: str | None = None
    more: bool = False


class GroupOverview(Struct, frozen=True, gc=False):
    """One group in the list of one's groups."""

    group: str
    owner: str
    members: list[str]


class GroupsAnswer(InParts, tag="groups", frozen=True):
    """The asker's groups, sorted regardless of case."""

    groups: list[GroupOverview]
    re: str | None = None
    more: bool = False


class MembersAnswer(InParts, tag="members", frozen=True):
    """Members of one group, sorted regardless of case."""

    group: str
    owner: str
    members: list[str]
    re: str | None = None
    more: bool = False


class SeenAnswer(Message, tag="seen", frozen=True):
    """When somebody was last here: how long ago, or None where they are here, or never were."""

    name: str
    here: bool = False
    seconds: type_of_time | None = None
    re: str | None = None


class ReadMark(Struct, frozen=True, omit_defaults=True, gc=False):
    """How far somebody has read one conversation: the number up to which, included."""

    seq: type_of_seq
    with_: str | None = field(default=None, name="with")
    group: str | None = None

    def __post_init__(self) -> None:
        check_conversation(self.with_, self.group)


class ReadMarksAnswer(InParts, tag="read_marks", frozen=True):
    """How far the asker has read, the marker first that was moved longest ago; without one a conversation is unread."""

    marks: list[ReadMark]
    re: str | None = None
    more: bool = False


class HistoryAnswer(Message, tag="history", frozen=True):
    """A page of messages, oldest first; `more` where older ones exist."""

    messages: list[Said | Told | GroupSaid]
    more: bool
    re: str | None = None


class HelpAnswer(Message, tag="help", frozen=True):
    """The commands, one a line."""

    text: str
    re: str | None = None


class Pong(Message, tag="pong", frozen=True):
    """I am."""

    data: str | None = None
    re: str | None = None


class Closing(Message, tag="closing", frozen=True):
    """The server is shutting down, within so many seconds."""

    seconds: int
    text: str


Notice = (
    Hello | Welcome | Bye | Refused | Said | Told | GroupSaid | Joined | Exited | Released | GroupChanged | Accepted
    | NamesAnswer | GroupsAnswer | MembersAnswer | SeenAnswer | HistoryAnswer | HelpAnswer | Pong | Closing
    | ReadMarksAnswer
    | KeysAnswer | SealCreated | SealCommitted | SealAsked | SealEnded | SealsAnswer | BlobAnswer
)  # fmt: skip
"""All of them; the table of tags follows from it."""
