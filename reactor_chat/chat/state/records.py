"""What the journal keeps: one record for every number of the chat's one number line.

A record is a fact, stamped with its `seq` and its time, and everything a notice of it says is in it.  So what people
missed is read back from the journal as it was told, without knowing how the chat looked at the time, and replaying
the records rebuilds the state.  What was said is kept as the very notice that was shown; the others carry what the
notice leaves out: the key of a login, the id of a request.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from reactor_chat.chat.state.operator_records import (
    Appointed,
    Dismissed,
    Expired,
    Granted,
    Invited,
    Ordered,
    Removed,
    Uninvited,
)
from reactor_chat.wire.conversation import AboutSeals, Heard
from reactor_chat.wire.messages import (
    Exited,
    GroupChanged,
    GroupSaid,
    Joined,
    Notice,
    Released,
    Said,
    SealAsked,
    SealCommitted,
    SealCreated,
    SealEnded,
    Told,
    fold,
    type_of_id,
    type_of_key,
    type_of_seq,
)


class Entered(Struct, tag_field="type", tag="entered", frozen=True, omit_defaults=True, gc=False):
    """Somebody came; a `key` claims the name for its owner, without one it is a guest.

    `invite` is what is kept of the code by which the name could be claimed; it is used up.
    """

    seq: int
    at: int
    name: str
    key: type_of_key | None = None
    invite: type_of_key | None = None


class GroupAltered(Struct, tag_field="type", tag="group_altered", frozen=True, omit_defaults=True, gc=False):
    """A group was created or deleted, or its members or owner changed; `born` is the number of its creation."""

    seq: int
    at: int
    group: str
    change: str
    by: str
    born: int
    user: str | None = None
    members: list[str] | None = None
    id: type_of_id | None = None


class Declined(Struct, tag_field="type", tag="declined", frozen=True, omit_defaults=True, gc=False):
    """A request with an id was refused for good; sent again, it is refused in the same words."""

    seq: int
    at: int
    name: str
    id: type_of_id
    code: str
    text: str


class KeysPublished(Struct, tag_field="type", tag="keys_published", frozen=True, omit_defaults=True, gc=False):
    """Somebody published packages by which others can let them in; `fresh` ones replace all before."""

    seq: int
    at: int
    name: str
    suite: int
    packages: list[bytes]
    last_resort: bytes | None = None
    device: int = 0
    fresh: bool = False
    id: type_of_id | None = None


class BlobStored(Struct, tag_field="type", tag="blob_stored", frozen=True, omit_defaults=True, gc=False):
    """A piece of an object that is too large for a frame."""

    seq: int
    at: int
    name: str
    hash: type_of_key
    index: int
    count: int
    data: bytes
    id: type_of_id | None = None


class MarkedRead(Struct, tag_field="type", tag="marked_read", frozen=True, omit_defaults=True, gc=False):
    """The owner of a name has read a conversation up to the number `read`, included; see `read_marks` for its label."""

    seq: int
    at: int
    name: str
    conversation: str
    read: type_of_seq


Stored = KeysPublished | BlobStored
Record = Heard | Entered | Exited | GroupAltered | Declined | Released | AboutSeals | Stored | MarkedRead | Ordered


def _joined(record: Entered) -> Notice:
    return Joined(record.seq, record.at, record.name)


def _group_changed(record: GroupAltered) -> Notice:
    members = None if record.members is None else sorted(record.members, key=fold)
    return GroupChanged(record.seq, record.at, record.group, record.change, record.by, record.user, members)


_TOLD_DIFFERENTLY: dict[type, Callable[[Any], Notice | None]] = {
    Entered: _joined,
    GroupAltered: _group_changed,
    Declined: lambda _: None,
    KeysPublished: lambda _: None,
    BlobStored: lambda _: None,
    MarkedRead: lambda _: None,
    **dict.fromkeys((Granted, Invited, Uninvited, Removed, Expired, Appointed, Dismissed), lambda _: None),
}


TOLD_AS_KEPT = (Said, Told, GroupSaid, Exited, Released, SealCreated, SealCommitted, SealAsked, SealEnded)
"""Records that are told in the very words in which they are kept."""


def notice_of(record: Record) -> Notice | None:
    """Return what those who are entitled to it are told of a record; None where nobody is told anything.

    Source: PROTOCOL §4.
    """
    told = _TOLD_DIFFERENTLY.get(type(record))
    return told(record) if told is not None else record  # type: ignore[return-value]
