"""Who is present, and by which connection each of them is reached.

Presence is state: it follows from the records.  Connections are not: after a restart everybody present is without
one, and the core lets them exit.
"""

from collections.abc import Iterable
from itertools import islice

from msgspec import Struct

from reactor_chat.chat.state.lookalikes import Lookalikes
from reactor_chat.text.parser import nearest
from reactor_chat.wire.messages import fold

SUGGESTION_CANDIDATES_MAX = 16
SUGGESTION_LENGTH_DIFFERENCE_MAX = 2

Likeness = tuple[int, int, str]
"""What names that may be confused share: their length, and the letter at one of their ends (0 or -1)."""


class Presence(Struct, frozen=True, array_like=True):
    """Somebody who is there, since the number `since`."""

    name: str
    guest: bool
    since: int


class Roster:
    """Everyone present, by folded name.

    Attributes:
        lookalikes: the same people by what their names look like.
    """

    def __init__(self) -> None:
        self._present: dict[str, Presence] = {}
        self._alike: dict[Likeness, dict[str, None]] = {}
        self._conns: dict[str, int] = {}
        self.lookalikes = Lookalikes()

    def __len__(self) -> int:
        return len(self._present)

    def get(self, name: str) -> Presence | None:
        """Return who holds this name, whatever its spelling; None where nobody does."""
        return self._present.get(fold(name))

    def add(self, presence: Presence) -> None:
        """Note that somebody came."""
        key = fold(presence.name)
        self._present[key] = presence
        self.lookalikes.add(key)
        for likeness in _likenesses(key, len(key)):
            self._alike.setdefault(likeness, {})[key] = None

    def remove(self, name: str) -> Presence | None:
        """Note that somebody went, and return who it was."""
        key = fold(name)
        self._conns.pop(key, None)
        presence = self._present.pop(key, None)
        if presence is not None:
            self._forget_likeness(key)
            self.lookalikes.remove(key)
        return presence

    def _forget_likeness(self, key: str) -> None:
        for likeness in _likenesses(key, len(key)):
            alike = self._alike[likeness]
            alike.pop(key, None)
            if not alike:
                del self._alike[likeness]

    def reach(self, name: str, conn: int) -> None:
        """Note the connection by which somebody present is reached."""
        self._conns[fold(name)] = conn

    def unreach(self, name: str) -> None:
        """Note that somebody is not reached any more; the number of the connection may come back as another's."""
        self._conns.pop(fold(name), None)

    def conn_of(self, name: str) -> int | None:
        """Return the connection of somebody present; None where there is none."""
        return self._conns.get(fold(name))

    def conns_of(self, names: list[str]) -> list[int]:
        """Return the connections of those of these people who have one, each once, in the order of the names."""
        return self.conns_at(map(fold, names))

    def conns_at(self, keys: Iterable[str]) -> list[int]:
        """Return the same for folded names."""
        found: dict[int, None] = {}
        for key in keys:
            conn = self._conns.get(key)
            if conn is not None:
                found[conn] = None
        return list(found)

    def names(self) -> list[str]:
        """Return the names of everyone present, sorted regardless of case."""
        return [self._present[key].name for key in sorted(self._present)]

    def people(self) -> list[Presence]:
        """Return everyone present, in the order of their coming."""
        return list(self._present.values())

    def suggestion(self, name: str) -> str | None:
        """Return the present name that is nearest to one that nobody holds; None where none is near.

        Only so many candidates are looked up and compared that a full house costs no more than a small one.
        """
        key = fold(name)
        near = range(-SUGGESTION_LENGTH_DIFFERENCE_MAX, SUGGESTION_LENGTH_DIFFERENCE_MAX + 1)
        likenesses = [likeness for more in sorted(near, key=abs) for likeness in _likenesses(key, len(key) + more)]
        alike = dict.fromkeys(other for likeness in likenesses for other in self._some_alike(likeness))
        candidates = [self._present[other].name for other in islice(alike, SUGGESTION_CANDIDATES_MAX)]
        return nearest(name, candidates)

    def _some_alike(self, likeness: Likeness) -> Iterable[str]:
        return islice(self._alike.get(likeness, ()), SUGGESTION_CANDIDATES_MAX)

    def dump(self) -> list[Presence]:
        """Return everyone present, in the order of their coming."""
        return self.people()

    def load(self, people: list[Presence]) -> None:
        """Replace the state by what `dump` returned; nobody has a connection."""
        self._present, self._alike, self._conns = {}, {}, {}
        self.lookalikes.clear()
        for presence in people:
            self.add(presence)


def _likenesses(key: str, length: int) -> tuple[Likeness, ...]:
    return ((length, 0, key[0]), (length, -1, key[-1])) if key else ()
