"""Which records somebody may read: the labels they are stored under, and the stretches of them each person may see.

Content is under one label for each audience, and what is no message under another, so that a page of history reads
messages only:

    said                everyone's messages           presence        who came and went, which name was released
    told/NAME           private messages of a person  pair/NAME/NAME  the same, of two people
    group/BORN          a group's messages            change/BORN     a group's changes, and those of its sealing
    sealing             how the room is sealed        sealing/NAME    how the private messages of a person are
    keys/NAME           packages of a person          blob/HASH       pieces of an object; nobody is told of these

Names are folded; BORN is the number of the group's creation, so that a later group of the same name is another one.
A person's stay in a group is a stretch of numbers, from joining to leaving, both included.  What is private to a
guest begins with the guest's own entering and is forgotten at the exit.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct

from reactor_chat.chat.state.operator_records import Ordered
from reactor_chat.chat.state.records import (
    BlobStored,
    Declined,
    Entered,
    GroupAltered,
    KeysPublished,
    MarkedRead,
    Record,
    Stored,
)
from reactor_chat.wire.conversation import PAIRS_REMEMBERED, AboutSeals, Conversation, label_of_pair
from reactor_chat.wire.messages import (
    SEQ_MAX,
    Exited,
    GroupSaid,
    Released,
    Said,
    SealAsked,
    SealCommitted,
    SealCreated,
    SealEnded,
    Told,
    fold,
)

Span = tuple[str, int, int]
"""A label of the journal with the first and the last number (both included) that somebody may read under it."""

STAYS_ENDED_MAX = 1_000
"""How many ended stays are remembered for each person.

Each is a stretch that `history` has to look through, and anybody can make more of them for anybody, by adding and
kicking.  Beyond, what was said in the oldest is not shown any more to those who left.
"""

SAID = "said"
PRESENCE = "presence"
SEALING = "sealing"


def labels_of(record: Record, born: int | None = None) -> tuple[str, ...]:
    """Return the labels a record is found by; none where nobody is told of it.

    Args:
        born: the number of the group's creation, for what was said to a group or is about its sealing.
    """
    if isinstance(record, Said):
        return (SAID,)
    if isinstance(record, Told):
        return labels_of_pair(record.sender, record.to)
    if isinstance(record, GroupSaid):
        return (f"group/{born}",)
    if isinstance(record, GroupAltered):
        return (f"change/{record.born}",)
    return _labels_of_rarer(record, born)


@lru_cache(PAIRS_REMEMBERED)
def labels_of_pair(sender: str, to: str) -> tuple[str, ...]:
    """Return the labels of what one person tells another."""
    return tuple(dict.fromkeys((_told(sender), _told(to), label_of_pair(sender, to))))


def _labels_of_rarer(
    record: Entered | Exited | Released | Declined | AboutSeals | Stored | MarkedRead | Ordered, born: int | None
) -> tuple[str, ...]:
    match record:
        case Entered() | Exited() | Released():
            return (PRESENCE,)
        case Declined() | MarkedRead():
            return ()
        case KeysPublished():
            return (keys_of(record.name),)
        case BlobStored():
            return (blob_of(record.hash),)
        case SealCreated() | SealCommitted() | SealAsked() | SealEnded():
            return _labels_of_seal(record, born)
        case _:
            return ()  # what the operator ordered


def _labels_of_seal(record: AboutSeals, born: int | None) -> tuple[str, ...]:
    if record.group is not None:
        return (f"change/{born}",)
    if record.to is not None:
        return tuple(f"{SEALING}/{fold(name)}" for name in (record.sender, record.to))
    return (SEALING,)


def keys_of(name: str) -> str:
    """Return the label of somebody's packages."""
    return f"keys/{fold(name)}"


def blob_of(blob_hash: bytes) -> str:
    """Return the label of the pieces of an object."""
    return f"blob/{blob_hash.hex()}"


def _told(name: str) -> str:
    return f"told/{fold(name)}"


def _group(born: int) -> str:
    return Conversation.of_group(born).label


class Stay(Struct, array_like=True):
    """One stretch of membership: the group's birth, and the first and last number; SEQ_MAX while it lasts."""

    born: int
    first: int
    last: int = SEQ_MAX


class Stays:
    """One person's stays, in the order of their beginnings; what ends is found without looking through them."""

    __slots__ = ("_all", "_begun", "_ended", "_lasting")

    def __init__(self, stays: Iterable[Stay] = ()) -> None:
        self._all: dict[int, Stay] = {}
        self._begun = 0
        self._lasting: dict[int, int] = {}
        self._ended: deque[int] = deque()  # as they ended
        for stay in stays:
            self.begin(Stay(stay.born, stay.first, stay.last))
        ended = [place for place, stay in self._all.items() if stay.last != SEQ_MAX]
        self._ended.extend(sorted(ended, key=lambda place: self._all[place].last))

    def __iter__(self) -> Iterator[Stay]:
        return iter(self._all.values())

    def begin(self, stay: Stay) -> None:
        """Add one."""
        self._all[self._begun] = stay
        if stay.last == SEQ_MAX:
            self._lasting[stay.born] = self._begun
        self._begun += 1

    def end(self, born: int, seq: int) -> None:
        """End the one in a group with this number, where there is one; the one that ended first may be forgotten."""
        place = self._lasting.pop(born, None)
        if place is None:
            return
        self._all[place].last = seq
        self._ended.append(place)
        if len(self._ended) > STAYS_ENDED_MAX:
            del self._all[self._ended.popleft()]


class Timeline:
    """The stays in groups of everybody who may still read about them."""

    def __init__(self) -> None:
        self._stays: dict[str, Stays] = {}

    def apply(self, record: GroupAltered) -> None:
        """Note who stays from this number on, and whose stay ends with it."""
        if record.change == "created":
            for name in record.members or []:
                self._begin(name, record)
        elif record.change == "added" and record.user is not None:
            self._begin(record.user, record)
        elif record.change in {"left", "kicked"} and record.user is not None:
            self._end(record.user, record)

    def deleted(self, record: GroupAltered, members: list[str]) -> None:
        """Note that the stay of every member of a deleted group ends with this number."""
        for name in members:
            self._end(name, record)

    def _begin(self, name: str, record: GroupAltered) -> None:
        stays = self._stays.get(fold(name))
        if stays is None:
            stays = self._stays[fold(name)] = Stays()
        stays.begin(Stay(record.born, record.seq))

    def _end(self, name: str, record: GroupAltered) -> None:
        stays = self._stays.get(fold(name))
        if stays is not None:
            stays.end(record.born, record.seq)

    def forget(self, name: str) -> None:
        """Forget somebody's stays: a guest that left, an owner whose name was released."""
        self._stays.pop(fold(name), None)

    def messages(self, name: str, since: int) -> list[Span]:
        """Return the spans of every message that somebody may read.

        Args:
            since: the number with which this person's private life begins.
        """
        groups: list[Span] = [
            (Conversation.of_group(s.born).label, s.first, s.last) for s in self._stays.get(fold(name), ())
        ]
        return [(SAID, 0, SEQ_MAX), (_told(name), since, SEQ_MAX), *groups]

    def messages_with(self, name: str, other: str, since: int) -> list[Span]:
        """Return the span of what was told between two people, as the first of them may read it."""
        return [(Conversation.between(name, other).label, since, SEQ_MAX)]

    def messages_of_group(self, name: str, born: int) -> list[Span]:
        """Return the spans of a group's messages from when somebody was a member."""
        return [
            (Conversation.of_group(s.born).label, s.first, s.last)
            for s in self._stays.get(fold(name), ())
            if s.born == born
        ]

    def everything(self, name: str, since: int) -> list[Span]:
        """Return the spans of everything that somebody is told of, messages or not."""
        changes: list[Span] = [(f"change/{s.born}", s.first, s.last) for s in self._stays.get(fold(name), ())]
        sealing: list[Span] = [(SEALING, 0, SEQ_MAX), (f"{SEALING}/{fold(name)}", since, SEQ_MAX)]
        return [*self.messages(name, since), (PRESENCE, 0, SEQ_MAX), *sealing, *changes]

    def dump(self) -> list[tuple[str, list[Stay]]]:
        """Return a copy of everybody's stays, sorted by folded name."""
        return [(key, _copies(self._stays[key])) for key in sorted(self._stays)]

    def load(self, stays: list[tuple[str, list[Stay]]]) -> None:
        """Replace the state by what `dump` returned."""
        self._stays = {key: Stays(of_person) for key, of_person in stays}


def _copies(stays: Iterable[Stay]) -> list[Stay]:
    return [Stay(stay.born, stay.first, stay.last) for stay in stays]
