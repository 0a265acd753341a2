"""Every message of the protocol, found in one place, and the two tables of tags.

A request is an imperative and goes from client to server; a notice tells what is the case and comes back.  The field
types are the first of two checks: what does not fit them is `bad_message`.  Rules that need the state of the chat or
its words (names, texts) are not here.  Source of every field: PROTOCOL §2 to §4; of those about encrypted
conversations, which `sealing` defines, §11 to §14.
"""

from typing import get_args

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
from reactor_chat.wire.notices import (
    Accepted,
    Bye,
    Closing,
    Exited,
    GroupChanged,
    GroupOverview,
    GroupSaid,
    GroupsAnswer,
    Hello,
    HelpAnswer,
    HistoryAnswer,
    Joined,
    MembersAnswer,
    NamesAnswer,
    Pong,
    Refused,
    Released,
    Said,
    SeenAnswer,
    Told,
    Welcome,
)
from reactor_chat.wire.quoting import quoted
from reactor_chat.wire.requests import (
    AskGroups,
    AskHelp,
    AskHistory,
    AskNames,
    AskSeen,
    AskWho,
    GroupAdd,
    GroupDelete,
    GroupKick,
    GroupLeave,
    GroupSend,
    GroupSet,
    Line,
    Login,
    Ping,
    Quit,
    Say,
    Tell,
)
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
    "HISTORY_LIMIT_DEFAULT", "HISTORY_LIMIT_MAX", "NAME_CHARS_MAX", "RESERVED_WORDS", "SEALED_MEMBERS_BELIEVED_MAX",
    "SEALED_MEMBERS_MAX", "SEEN_MAX", "SEQ_MAX", "SERVER_NAME", "Accepted", "AskBlob", "AskGroups", "AskHelp",
    "AskHistory", "AskKeys", "AskNames", "AskSeals", "AskSeen", "AskWho", "BlobAnswer", "BlobPut", "Bye", "Closing",
    "Exited", "GroupAdd", "GroupChanged", "GroupDelete", "GroupKick", "GroupLeave", "GroupOverview", "GroupSaid",
    "GroupSend", "GroupSet", "GroupsAnswer", "Hello", "HelpAnswer", "HistoryAnswer", "InParts", "Joined", "Kdf",
    "KeysAnswer", "KeysPut", "Limits", "Line", "Login", "MembersAnswer", "Message", "NamesAnswer", "Numbered", "Ping",
    "Pong", "PublishedKey", "Question", "Quit", "Refused", "Released", "Said", "Say", "SealAdd", "SealAsk",
    "SealAsked", "SealCommit", "SealCommitted", "SealCreate", "SealCreated", "SealEnded", "SealOff", "Sealed",
    "SealedMessage", "SealedRemains", "SealsAnswer", "Seen", "SeenAnswer", "Tell", "Told", "Welcome", "fold",
    "is_name", "quoted", "read_remains", "read_sealed", "remains_of", "type_of_id", "type_of_key", "type_of_log",
    "type_of_seq", "type_of_time",
]  # fmt: skip
"""Defined in modules of their own, and found here together."""

PROTOCOL_VERSION = 1

Request = (
    Login | Quit | Line | Say | Tell | GroupSend | GroupSet | GroupAdd | GroupKick | GroupLeave | GroupDelete
    | AskNames | AskGroups | AskHelp | AskWho | AskSeen | AskHistory | Ping
    | KeysPut | AskKeys | SealCreate | SealCommit | SealAsk | SealOff | AskSeals | BlobPut | AskBlob
)  # fmt: skip

Notice = (
    Hello | Welcome | Bye | Refused | Said | Told | GroupSaid | Joined | Exited | Released | GroupChanged | Accepted
    | NamesAnswer | GroupsAnswer | MembersAnswer | SeenAnswer | HistoryAnswer | HelpAnswer | Pong | Closing
    | KeysAnswer | SealCreated | SealCommitted | SealAsked | SealEnded | SealsAnswer | BlobAnswer
)  # fmt: skip

REQUESTS: dict[str, type[Request]] = {kind.__struct_config__.tag: kind for kind in get_args(Request)}
NOTICES: dict[str, type[Notice]] = {kind.__struct_config__.tag: kind for kind in get_args(Notice)}
