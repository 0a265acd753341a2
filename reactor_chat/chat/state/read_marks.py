"""How far the owner of each name has read each conversation, for whichever device comes next (PROTOCOL §3).

A conversation is its label, as its owner names the place: `room`, `pair/NAME` of the other one, or `group/BORN`.  A
marker only goes forward.  Guests have none.
"""

from collections.abc import Iterator, Mapping, Sequence

from reactor_chat.chat.state.records import MarkedRead
from reactor_chat.wire.messages import fold

MARKS_MAX = 2_000
"""Markers of one name; the one that was moved longest ago is forgotten beyond (PROTOCOL §3)."""


class ReadMarks:
    """Everybody's markers, by folded name and label; each person's in the order in which they were moved last."""

    def __init__(self) -> None:
        self._marks: dict[str, dict[str, int]] = {}
        self._dumped: set[str] = set()  # whose markers are in a dump, and are copied before they change
        self._first, self._last = 1, 0  # the newest unbroken run of numbers that are markers'

    def of(self, name: str) -> Mapping[str, int]:
        """Return the numbers up to which somebody has read, by label, the one first that was moved longest ago."""
        return self._marks.get(fold(name), {})

    def get(self, name: str, conversation: str) -> int:
        """Return the number up to which somebody has read a conversation; 0 where there is no marker."""
        return self.of(name).get(conversation, 0)

    def newest_beside(self, newest: int) -> int:
        """Return the newest number that is no marker's; after a start it may be that of a marker all the same.

        Args:
            newest: the newest number of all.
        """
        return self._first - 1 if newest == self._last else newest

    def apply(self, record: MarkedRead) -> None:
        """Move a marker forward; one that is there already, or further, stays where it is."""
        if record.seq != self._last + 1:
            self._first = record.seq
        self._last = record.seq
        marks = self._own(fold(record.name))
        marks[record.conversation] = max(record.read, marks.pop(record.conversation, 0))
        if len(marks) > MARKS_MAX:
            del marks[next(iter(marks))]

    def leave(self, name: str, conversation: str) -> None:
        """Forget the marker of a conversation that somebody is not in any more."""
        if conversation in self.of(name):
            marks = self._own(fold(name))
            del marks[conversation]
            if not marks:
                self.forget(name)

    def _own(self, person: str) -> dict[str, int]:
        """Somebody's markers, to be changed."""
        if person in self._dumped:
            self._dumped.discard(person)
            self._marks[person] = dict(self._marks[person])
        return self._marks.setdefault(person, {})

    def forget(self, name: str) -> None:
        """Forget the markers of somebody whose name was released: who takes it next has read nothing."""
        self._marks.pop(fold(name), None)
        self._dumped.discard(fold(name))

    def dump(self) -> list[tuple[str, dict[str, int]]]:
        """Return everybody's markers as they are now, sorted by folded name; each person's in their order."""
        self._dumped = set(self._marks)
        return [(name, self._marks[name]) for name in sorted(self._marks)]

    def load(self, marks: list[tuple[str, dict[str, int]]]) -> None:
        """Replace the state by what `dump` returned."""
        self._marks, self._dumped = dict(marks), {name for name, _ in marks}
        self._first, self._last = 1, 0


def in_pieces(
    marks: Sequence[tuple[str, dict[str, int]]], count_max: int
) -> Iterator[Sequence[tuple[str, dict[str, int]]]]:
    """Yield what `dump` returned, people by people; a piece ends with the person with whom it has so many markers."""
    first = count = 0
    for end, (_, of_person) in enumerate(marks, 1):
        count += len(of_person)
        if count >= count_max or end == len(marks):
            yield marks[first:end]
            first, count = end, 0
