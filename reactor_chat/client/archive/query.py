"""What a person searches for: the line they typed, read.

All of it must hold, with two exceptions: of several `from:` one is enough, and of several `in:`.  What cannot be
understood is left out and named, so that a search goes on while somebody still types.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from reactor_chat.client.archive.contract import Moment
from reactor_chat.client.archive.words import units_of
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import fold

ME = "me"  # reserved: no name
THE_ROOM = "room"

_piece = re.compile(
    r'(?P<minus>-?)(?:(?P<operator>from|in|has|before|after):)?(?:"(?P<quoted>[^"]*)(?P<close>"?)|(?P<plain>[^\s"]*))',
    re.IGNORECASE,
)


class Term(NamedTuple):
    """Words that must stand one behind the other.

    Attributes:
        units: folded; at least one.
        are_signs: which of them are characters of a script without blanks (see `words`).
        is_beginning: the last one may go on in the text.
    """

    units: tuple[str, ...]
    are_signs: tuple[bool, ...]
    is_beginning: bool = False


class Side(NamedTuple):
    """Conditions on a message; what is empty or None is no condition.

    Attributes:
        terms: words.
        senders: folded names.
        conversations: where it was said.
        has_link: there is a link in it.
    """

    terms: tuple[Term, ...] = ()
    senders: frozenset[str] = frozenset()
    conversations: frozenset[Conversation] = frozenset()
    has_link: bool = False


class Query(NamedTuple):
    """What is searched for.

    Attributes:
        wanted: what must hold.
        unwanted: any of it rules a message out.
        since: when it was said at the earliest, milliseconds since the Unix epoch.
        until: before when.
        problems: what was left out, in words for a person.
    """

    wanted: Side
    unwanted: Side
    since: int | None = None
    until: int | None = None
    problems: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked for, which finds nothing."""
        return self.wanted == self.unwanted == Side() and self.since is None and self.until is None


class _Piece(NamedTuple):
    is_unwanted: bool
    operator: str
    value: str
    is_beginning: bool


def read_query(typed: str, moment: Moment, me: str) -> Query:
    """Return what was typed; see `contract.Archive.search`.

    Args:
        typed: anything.
        moment: reads moments.
        me: one's own folded name.
    """
    reading = _Reading(moment, me)
    for piece in _pieces(typed):
        reading.take(piece)
    return reading.query()


def _pieces(typed: str) -> Iterator[_Piece]:
    place = 0
    while place < len(typed):
        found = _piece.match(typed, place)
        assert found is not None  # it matches nothing, too
        place = max(found.end(), place + 1)
        value = found["plain"] if found["quoted"] is None else found["quoted"]
        is_open = found.end() == len(typed) and not found["close"]
        if value:
            yield _Piece(bool(found["minus"]), (found["operator"] or "").lower(), value, is_open)


class _Reading:
    """A query that comes about piece by piece."""

    def __init__(self, moment: Moment, me: str) -> None:
        self._moment = moment
        self._me = me
        self._sides = [Side(), Side()]
        self._since: int | None = None
        self._until: int | None = None
        self._problems: list[str] = []

    def query(self) -> Query:
        wanted, unwanted = self._sides
        return Query(wanted, unwanted, self._since, self._until, tuple(self._problems))

    def take(self, piece: _Piece) -> None:
        side = self._sides[piece.is_unwanted]
        match piece.operator:
            case "from":
                side = side._replace(senders=side.senders | {self._name(piece.value)})
            case "in":
                side = side._replace(conversations=side.conversations | self._conversations(piece.value))
            case "has" if fold(piece.value) == "link":
                side = side._replace(has_link=True)
            case "has":
                self._problems.append(f"has:{piece.value} is not known. Use has:link")
            case "before" | "after":
                self._limit(piece)
            case _:
                side = side._replace(terms=side.terms + self._terms(piece))
        self._sides[piece.is_unwanted] = side

    def _terms(self, piece: _Piece) -> tuple[Term, ...]:
        units = units_of(piece.value)
        if not units:
            return ()
        is_beginning = piece.is_beginning and not piece.is_unwanted and units[-1].end == len(piece.value)
        return (Term(tuple(one.text for one in units), tuple(one.is_sign for one in units), is_beginning),)

    def _name(self, typed: str) -> str:
        name = fold(typed.removeprefix("@"))
        return self._me if name == ME else name

    def _conversations(self, typed: str) -> frozenset[Conversation]:
        if fold(typed) == THE_ROOM:
            return frozenset({ROOM})
        one, other = Conversation.pair(typed.removeprefix("@")), Conversation.group(typed.removeprefix("#"))
        return frozenset({one} if typed.startswith("@") else {other} if typed.startswith("#") else {one, other})

    def _limit(self, piece: _Piece) -> None:
        """Take `before:` or `after:`; what is not before a moment is after it."""
        at = self._moment(piece.value)
        if at is None:
            self._problems.append(f"Not a time: {piece.value}. Use 2026-11-27, yesterday or 14:30")
        elif (piece.operator == "before") is not piece.is_unwanted:
            self._until = at if self._until is None else min(self._until, at)
        else:
            self._since = at if self._since is None else max(self._since, at)
