"""What is on its way to the journal, and who must wait for it.

The state changes only when records are committed, but requests keep coming.  So each flight (the records of one
request) marks what it will change; a request for a change that depends on something marked waits for the commit, and
so does everything its connection sends after it.  What does not touch anything marked goes on at once, so that any
number of messages, and of logins under different names, share one commit.  A read waits for its own connection's
changes only: what others have on the way has not happened yet, for anybody.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence

from msgspec import Struct

from reactor_chat.chat.session import Session
from reactor_chat.chat.state.records import Record

Mark = tuple[str, ...]
"""Names something that may change; every name in it is folded.

    ("name", NAME)      who holds or owns a name
    ("group", GROUP)    whether there is such a group, and its members and owner
    ("groups", NAME)    which groups somebody is in
    ("id", NAME, ID)    what came of somebody's request
    ("sealed", PLACE)   how a conversation is sealed: `room`, `pair/NAME/NAME` or `group/GROUP`
    ("seals", NAME)     how many conversations somebody sealed
    ("asks", NAME, "sealed", PLACE)  when somebody asked last to be let into a conversation
    ("work", NAME)      how much work somebody made for others of late
    ("keys", NAME)      which packages somebody has published
    ("blob", HASH)      which pieces of an object are here
    ("looks", SKELETON) which names that look like one another are owned or held
    ("invite", HASH)    whether an invitation is good
    ENTERING            how many people are there: one more
    CLAIMING            how many names are owned: one more
"""

ENTERING: Mark = ("entering",)
CLAIMING: Mark = ("claiming",)


class Flight(Struct, gc=False):
    """The records of one request, appended and not committed."""

    records: Sequence[Record]
    marks: tuple[Mark, ...]
    session: Session | None
    request_id: str | None


class Pending:
    """Flights in the order of their numbers."""

    def __init__(self) -> None:
        self._flights: deque[Flight] = deque()
        self._marked: Counter[Mark] = Counter()
        self.records_count = 0

    def add(self, flight: Flight) -> None:
        """Note a flight that was appended."""
        self._flights.append(flight)
        self.records_count += len(flight.records)
        for mark in flight.marks:
            self._marked[mark] += 1
        if flight.session is not None:
            flight.session.flights += 1

    def blocking(self, marks: Iterable[Mark]) -> Mark | None:
        """Return the first of these that a flight will change; None where none will."""
        return next((mark for mark in marks if mark in self._marked), None) if self._marked else None

    def has(self, mark: Mark | None) -> bool:
        """Return whether a flight will change this; never for None."""
        return mark in self._marked

    def count(self, mark: Mark) -> int:
        """Return how many flights have this mark."""
        return self._marked[mark]

    @property
    def at(self) -> int:
        """The time of the newest record on its way; 0 where there is none."""
        return self._flights[-1].records[-1].at if self._flights else 0

    def land(self, seq: int) -> Iterable[Flight]:
        """Remove and yield the flights whose records are all at or below this number, oldest first."""
        while self._flights and self._flights[0].records[-1].seq <= seq:
            yield self._pop()

    def fail(self) -> Iterable[Flight]:
        """Remove and yield every flight, oldest first: none of their records exists."""
        while self._flights:
            yield self._pop()

    def _pop(self) -> Flight:
        flight = self._flights.popleft()
        self.records_count -= len(flight.records)
        for mark in flight.marks:
            self._marked[mark] -= 1
            if not self._marked[mark]:
                del self._marked[mark]
        if flight.session is not None:
            flight.session.flights -= 1
        return flight
