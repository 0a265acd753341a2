"""What the messages are made of: the kinds of fields that many of them have, and what every one has."""

from typing import Annotated, Any

from msgspec import Meta, Struct

SEQ_MAX = 2**53 - 1  # the largest whole number that every JSON reader keeps exact
TIME_MAX = 253_402_300_799_999
"""The last millisecond of the year 9999: no calendar here goes further."""

type_of_id = Annotated[str, Meta(min_length=1, max_length=64)]
type_of_seq = Annotated[int, Meta(ge=0, le=SEQ_MAX)]
type_of_time = Annotated[int, Meta(ge=0, le=TIME_MAX)]
type_of_key = Annotated[bytes, Meta(min_length=32, max_length=32)]
type_of_log = Annotated[str, Meta(min_length=1, max_length=64)]
type_of_hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
Sealed = dict[str, Any]
"""An opaque JSON object, end-to-end encrypted by clients; the server stores and forwards it."""


class Message(Struct, tag_field="type", frozen=True, omit_defaults=True, gc=False):
    """What every message has: a `type`.  Fields that hold their default are left out of the encoding."""


class Question(Message, frozen=True):
    """A request that changes nothing: to ask twice harms nobody."""


class Numbered(Message, frozen=True):
    """A notice of something that happened: it has a number, and whoever missed it is told it from the journal."""


class InParts(Message, frozen=True):
    """An answer that comes in several notices where it is long; all but the last say `more`."""


class Seen(Struct, frozen=True, gc=False):
    """How far a client has seen a log (PROTOCOL §5.5)."""

    log: type_of_log
    seq: type_of_seq


def check_conversation(with_: str | None, group: str | None) -> None:
    """Raise ValueError where a conversation is named twice: `with` is a pair, `group` a group, neither is the room."""
    if with_ is not None and group is not None:
        raise ValueError("at most one of `with` and `group` is possible")
