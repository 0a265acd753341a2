"""The chat as a heap of dictionaries, for one conversation: who is there, the groups, and everything that happened.

What a number of the chat will be cannot be known: other people use the server too.  So what happens is counted, and the
first notice of it that is seen says its number, which then has to be the same wherever it comes again, and above
everything that happened before it.
"""

import copy
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Self

from fuzz.live.protocol import CLOSED, Model


class Happening(NamedTuple):
    """Stands for the number of the so-manieth thing that happened."""

    place: int


Test = Callable[["ChatState", Any], bool]


def anything(_: "ChatState", __: Any) -> bool:
    """Stand in a pattern for a value that nobody can know."""
    return True


ANYTHING: Test = anything


class Conn(NamedTuple):
    """One connection: whose it is, and how often it was refused what."""

    is_open: bool = True
    name: str | None = None
    person: int = 0
    refused_logins: int = 0
    bad_messages: int = 0


class Person(NamedTuple):
    """Somebody who is there; `number` tells later holders of a name from this one."""

    name: str
    number: int
    conn: int | None
    is_guest: bool


class Claim(NamedTuple):
    """A name that belongs to a key."""

    name: str
    key: Any
    number: int


class Group(NamedTuple):
    """A group; members are folded names, longest-standing first."""

    name: str
    owner: str
    members: tuple[str, ...]
    born: int


class Event(NamedTuple):
    """Something that happened.

    Attributes:
        notice: what was told, but for its number.
        audience: the numbers of those who may know of it; None: everyone.
        born: of which group, by the place of its creation.
        whose: whose coming or going it is.
    """

    notice: dict[str, Any]
    audience: frozenset[int] | None
    born: int = -1
    whose: int | None = None


Told = list[tuple[int, Any]]


class ChatState(Model):
    """What is the case.

    Attributes:
        bound: the numbers of what happened, as far as notices have said them.
        seen: the notices of what happened, as they came first.
        floors: whatever happens from a place on has a number above another number.
        outcomes: what requests with an id came to, by person.
        marks: how far people have read, by person and conversation, the newest move last: a number, or a happening,
            the marker's own, whose number is one above.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.conns: dict[int, Conn] = {}
        self.people: dict[str, Person] = {}
        self.claims: dict[str, Claim] = {}
        self.groups: dict[str, Group] = {}
        self.outcomes: dict[tuple[int, str], Any] = {}
        self.marks: dict[tuple[int, str], int | Happening] = {}
        self.events: list[Event] = []
        self.bound: dict[int, int] = {}
        self.seen: dict[int, Any] = {}
        self.floors: list[tuple[int, int]] = []
        self.numbers = 0
        self.traits: frozenset[str] = frozenset()

    def copy(self) -> Self:
        """Return an equal model that does not change with this one."""
        twin = copy.copy(self)
        for name in ("conns", "people", "claims", "groups", "outcomes", "marks", "bound", "seen"):
            setattr(twin, name, dict(getattr(self, name)))
        twin.events, twin.floors = list(self.events), list(self.floors)
        return twin

    def key(self) -> str:
        """Return everything as one text."""
        people = (self.conns, self.people, self.claims, self.groups, self.outcomes, self.marks)
        return repr((people, self.bound, self.floors, self.events))

    def noting(self, *traits: str) -> Self:
        """Note what this state is like, for `describe`."""
        self.traits |= set(traits)
        return self

    def describe(self) -> list[str]:
        """Return what this state is like."""
        return sorted(self.traits)

    # ---------------------------------------------------------------------------------------------- who is who

    def conn(self, conn: int) -> Conn:
        """Return a connection."""
        return self.conns.get(conn, Conn())

    def set_conn(self, conn: int, **changes: Any) -> None:
        """Note something of a connection."""
        self.conns[conn] = self.conn(conn)._replace(**changes)

    def me(self, conn: int) -> Person | None:
        """Return who is on this connection; None before the login and after the end."""
        one = self.conn(conn)
        person = self.people.get(one.name) if one.name is not None else None
        return person if person is not None and person.conn == conn else None

    def spelled(self, name: str) -> str | None:
        """Return a name as its holder, else its owner, spells it."""
        known = self.people.get(name.lower()) or self.claims.get(name.lower())
        return known.name if known is not None else None

    def number_of(self, folded: str) -> int:
        """Return the number of the person who holds or owns a name."""
        known = self.people.get(folded) or self.claims[folded]
        return known.number

    # ------------------------------------------------------------------------------------------- what happens

    def happen(
        self, notice: dict[str, Any], audience: Iterable[int] | None, born: int = -1, whose: int | None = None
    ) -> Told:
        """Note that something happens; return who hears of it at once.

        Args:
            audience: numbers of people; None: everyone.
            whose: whose coming or going it is, who is not told.
        """
        event = Event(notice, None if audience is None else frozenset(audience), born, whose)
        self.events.append(event)
        return [
            (person.conn, self.told(len(self.events) - 1))
            for person in self.people.values()
            if person.conn is not None and person.number != whose and self._may_hear(event, person.number)
        ]

    def told(self, place: int) -> dict[str, Any]:
        """Return the notice of something that happened, as a pattern."""
        return {**self.events[place].notice, "seq": Happening(place)}

    @staticmethod
    def _may_hear(event: Event, number: int) -> bool:
        return event.audience is None or number in event.audience

    def place_after(self, after: int) -> int | None:
        """Return the place behind that of the number `after`; None where that is the number of nothing here."""
        return next((place + 1 for place, seq in self.bound.items() if seq == after), None)

    def missed(self, first: int, folded: str) -> list[dict[str, Any]]:
        """Return what somebody is told who was away since this place, included."""
        number = self.number_of(folded)
        return [
            self.told(place)
            for place in range(first, len(self.events))
            if self._may_hear(self.events[place], number) and self.events[place].whose != number
        ]

    def messages(self, folded: str, keep: Callable[[Event], bool]) -> list[int]:
        """Return the places of the messages that somebody may read, of those that are kept."""
        number = self.number_of(folded)
        return [
            place
            for place, event in enumerate(self.events)
            if event.notice["type"] in {"said", "told", "group_said"} and self._may_hear(event, number) and keep(event)
        ]

    # --------------------------------------------------------------------------------------------- comparing

    def matches(self, expected: Any, message: Any) -> bool:
        """Compare field by field; what was not asked for may be there too: a newer server's."""
        if CLOSED in (expected, message):
            return bool(expected == message)
        return all(self._fits(value, message.get(field)) for field, value in expected.items()) and self._is_same(
            expected, message
        )

    def _is_same(self, expected: dict[str, Any], message: dict[str, Any]) -> bool:
        """Note the notice of something that happened; whenever it comes again it is the same."""
        place = expected.get("seq")
        if not isinstance(place, Happening) or expected["type"] == "accepted":
            return True
        return bool(self.seen.setdefault(place.place, message) == message)

    def _fits(self, expected: Any, value: Any) -> bool:
        if isinstance(expected, Happening):
            return self.bind(expected.place, value)
        return bool(expected(self, value)) if callable(expected) else bool(expected == value)

    def bind(self, place: int, seq: Any) -> bool:
        """Note the number of something that happened; False where it cannot be that."""
        if place in self.bound:
            return bool(self.bound[place] == seq)
        if type(seq) is not int or any((other < place) != (known < seq) for other, known in self.bound.items()):
            return False
        if any(place >= first and seq <= floor for first, floor in self.floors):
            return False
        self.bound[place] = seq
        return True

    def newest(self, seq: Any) -> bool:
        """Note that a number is at or above everything that happened so far, and below what is to come."""
        if type(seq) is not int or any(known > seq for known in self.bound.values()):
            return False
        self.floors.append((len(self.events), seq))
        return True
