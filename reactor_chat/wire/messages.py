"""Every message of the protocol as a type, and the two tables of tags.

A request is an imperative and goes from client to server; a notice tells what is the case and comes back.  The field
types are the first of two checks: what does not fit them is `bad_message`.  Rules that need the state of the chat or
its words (names, texts) are not here.  Source of every field: PROTOCOL §2 to §4; of those about encrypted
conversations, which `sealing` defines, §11 to §14.
"""

from typing import Annotated

from msgspec import Meta, Struct, field

from reactor_chat.wire.fields import (
    SEQ_MAX,
    InParts,
    Message,
    Numbered,
    Question,
    Sealed,
    Seen,
    type_of_id,
    type_of_key,
    type_of_log,
    type_of_seq,
    type_of_time,
)
from reactor_chat.wire.limits import (
    HISTORY_LIMIT_DEFAULT,
    HISTORY_LIMIT_MAX,
    SEALED_MEMBERS_BELIEVED_MAX,
    SEALED_MEMBERS_MAX,
    SEEN_MAX,
    Limits,
)
from reactor_chat.wire.names import NAME_CHARS_MAX, RESERVED_WORDS, SERVER_NAME, fold, is_name
from reactor_chat.wire.quoting import quoted
from reactor_chat.wire.sealing import (
    AskBlob,
    AskKeys,
    AskSeals,
    BlobAnswer,
    BlobPut,
    Kdf,
    KeysAnswer,
    KeysPut,
    PublishedKey,
    SealAdd,
    SealAsk,
    SealAsked,
    SealCommit,
    SealCommitted,
    SealCreate,
    SealCreated,
    SealedMessage,
    SealedRemains,
    SealEnded,
    SealOff,
    SealsAnswer,
    read_remains,
    read_sealed,
    remains_of,
)

__all__ = [
    "HISTORY_LIMIT_DEFAULT",
    "HISTORY_LIMIT_MAX",
    "NAME_CHARS_MAX",
    "RESERVED_WORDS",
    "SEALED_MEMBERS_BELIEVED_MAX",
    "SEALED_MEMBERS_MAX",
    "SEEN_MAX",
    "SEQ_MAX",
    "SERVER_NAME",
    "AskBlob",
    "AskKeys",
    "AskSeals",
    "BlobAnswer",
    "BlobPut",
    "InParts",
    "Kdf",
    "KeysAnswer",
    "KeysPut",
    "Limits",
    "Message",
    "Numbered",
    "PublishedKey",
    "Question",
    "SealAdd",
    "SealAsk",
    "SealAsked",
    "SealCommit",
    "SealCommitted",
    "SealCreate",
    "SealCreated",
    "SealEnded",
    "SealOff",
    "Sealed",
    "SealedMessage",
    "SealedRemains",
    "SealsAnswer",
    "Seen",
    "fold",
    "is_name",
    "quoted",
    "read_remains",
    "read_sealed",
    "remains_of",
    "type_of_id",
    "type_of_key",
    "type_of_log",
    "type_of_seq",
    "type_of_time",
]  # fmt: skip
"""Defined in modules of their own, and found here with all the others."""

PROTOCOL_VERSION = 1


# ------------------------------------------------------------------------------------------------- requests


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


class AskHistory(Question, tag="history", frozen=True):
    """The newest messages the asker was entitled to see."""

    limit: Annotated[int, Meta(ge=1, le=HISTORY_LIMIT_MAX)] = HISTORY_LIMIT_DEFAULT
    before: type_of_seq | None = None
    with_: str | None = field(default=None, name="with")
    group: str | None = None
    id: type_of_id | None = None

    def __post_init__(self) -> None:
        if self.with_ is not None and self.group is not None:
            raise ValueError("at most one of `with` and `group` is possible")


class Ping(Question, tag="ping", frozen=True):
    """Are you there?"""

    data: Annotated[str, Meta(max_length=64)] | None = None
    id: type_of_id | None = None


# -------------------------------------------------------------------------------------------------- notices


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
    """The request `re` changed the chat, from number `seq` on."""

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


Request = (
    Login | Quit | Line | Say | Tell | GroupSend | GroupSet | GroupAdd | GroupKick | GroupLeave | GroupDelete
    | AskNames | AskGroups | AskHelp | AskWho | AskHistory | Ping
    | KeysPut | AskKeys | SealCreate | SealCommit | SealAsk | SealOff | AskSeals | BlobPut | AskBlob
)  # fmt: skip

Notice = (
    Hello | Welcome | Bye | Refused | Said | Told | GroupSaid | Joined | Exited | Released | GroupChanged | Accepted
    | NamesAnswer | GroupsAnswer | MembersAnswer | HistoryAnswer | HelpAnswer | Pong | Closing
    | KeysAnswer | SealCreated | SealCommitted | SealAsked | SealEnded | SealsAnswer | BlobAnswer
)  # fmt: skip

REQUESTS: dict[str, type[Request]] = {
    "login": Login,
    "quit": Quit,
    "line": Line,
    "say": Say,
    "tell": Tell,
    "group_send": GroupSend,
    "group_set": GroupSet,
    "group_add": GroupAdd,
    "group_kick": GroupKick,
    "group_leave": GroupLeave,
    "group_delete": GroupDelete,
    "names": AskNames,
    "groups": AskGroups,
    "help": AskHelp,
    "who": AskWho,
    "history": AskHistory,
    "ping": Ping,
    "keys_put": KeysPut,
    "keys": AskKeys,
    "seal_create": SealCreate,
    "seal_commit": SealCommit,
    "seal_ask": SealAsk,
    "seal_off": SealOff,
    "seals": AskSeals,
    "blob_put": BlobPut,
    "blob": AskBlob,
}

NOTICES: dict[str, type[Notice]] = {
    "hello": Hello,
    "welcome": Welcome,
    "bye": Bye,
    "refused": Refused,
    "said": Said,
    "told": Told,
    "group_said": GroupSaid,
    "joined": Joined,
    "exited": Exited,
    "released": Released,
    "group_changed": GroupChanged,
    "accepted": Accepted,
    "names": NamesAnswer,
    "groups": GroupsAnswer,
    "members": MembersAnswer,
    "history": HistoryAnswer,
    "help": HelpAnswer,
    "pong": Pong,
    "closing": Closing,
    "keys": KeysAnswer,
    "seal_created": SealCreated,
    "seal_committed": SealCommitted,
    "seal_asked": SealAsked,
    "seal_ended": SealEnded,
    "seals": SealsAnswer,
    "blob": BlobAnswer,
}
