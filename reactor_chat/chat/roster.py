"""Who is present, and by which connection each of them is reached.

Presence is state: it follows from the records.  Connections are not: after a restart everybody present is without
one, and the core lets them exit.
"""

from itertools import islice

from msgspec import Struct

from reactor_chat.text.parser import nearest
from reactor_chat.wire.messages import fold

SUGGESTION_CANDIDATES_MAX = 16
SUGGESTION_LENGTH_DIFFERENCE_MAX = 2


class Presence(Struct, frozen=True, array_like=True):
    """Somebody who is there, since the number `since`."""

    name: str
    guest: bool
    since: int


class Roster:
    """Everyone present, by folded name."""

    def __init__(self) -> None:
        self._present: dict[str, Presence] = {}
        self._conns: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._present)

    def get(self, name: str) -> Presence | None:
        """Return who holds this name, whatever its spelling; None where nobody does."""
        return self._present.get(fold(name))

    def add(self, presence: Presence) -> None:
        """Note that somebody came."""
        self._present[fold(presence.name)] = presence

    def remove(self, name: str) -> Presence | None:
        """Note that somebody went, and return who it was."""
        self._conns.pop(fold(name), None)
        return self._present.pop(fold(name), None)

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
        conns = (self._conns.get(fold(name)) for name in names)
        return list(dict.fromkeys(conn for conn in conns if conn is not None))

    def names(self) -> list[str]:
        """Return the names of everyone present, sorted regardless of case."""
        return [self._present[key].name for key in sorted(self._present)]

    def people(self) -> list[Presence]:
        """Return everyone present, in the order of their coming."""
        return list(self._present.values())

    def suggestion(self, name: str) -> str | None:
        """Return the present name that is nearest to one that nobody holds; None where none is near.

        Only so many candidates are compared that a full house costs no more than a small one.
        """
        key = fold(name)
        alike = (
            presence.name
            for other, presence in self._present.items()
            if abs(len(other) - len(key)) <= SUGGESTION_LENGTH_DIFFERENCE_MAX
            and (other[:1] == key[:1] or other[-1:] == key[-1:])
        )
        return nearest(name, list(islice(alike, SUGGESTION_CANDIDATES_MAX)))

    def dump(self) -> list[Presence]:
        """Return everyone present, in the order of their coming."""
        return self.people()

    def load(self, people: list[Presence]) -> None:
        """Replace the state by what `dump` returned; nobody has a connection."""
        self._present = {fold(presence.name): presence for presence in people}
        self._conns = {}
