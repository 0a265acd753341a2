"""What blocks carry that the index does not have yet; it is in memory only, and follows from the blocks."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable
from itertools import chain, islice

Kinds = Collection[tuple[str, ...]]
"""The label tuples that occur in a block, each once."""


class UnindexedBlocks:
    """The blocks that wait to be indexed, by their first numbers, which rise."""

    def __init__(self) -> None:
        self._kinds: dict[int, Kinds] = {}
        self._places: dict[str, list[int]] = {}
        self._unsorted: dict[int, Kinds] = {}  # not in `_places` yet: a commit should not pay for what nobody reads

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._kinds)

    def put(self, first: int, kinds: Kinds) -> None:
        """Add a block behind all others, or the newest once more with what was added to it."""
        self._kinds[first] = self._unsorted[first] = kinds

    def insert(self, first: int, kind: tuple[str, ...]) -> None:
        """Add a label tuple to a block wherever it is among the others."""
        self._kinds[first] = dict.fromkeys((*self._kinds.get(first, ()), kind))
        self._kinds = dict(sorted(self._kinds.items()))
        self._unsorted = dict(self._kinds)
        self._places = {}

    def oldest(self, count: int) -> list[int]:
        """Return the numbers of the oldest ones, so many at most."""
        return list(islice(self._kinds, count))

    def drop_below(self, end: int) -> None:
        """Forget the blocks with lower numbers."""
        self._kinds = {first: kinds for first, kinds in self._kinds.items() if first >= end}
        self._unsorted = {first: kinds for first, kinds in self._unsorted.items() if first >= end}
        kept = ((label, firsts[bisect_left(firsts, end) :]) for label, firsts in self._places.items())
        self._places = {label: firsts for label, firsts in kept if firsts}

    def labels(self, first: int) -> set[str]:
        """Return the labels of a block; none, where it is not one of these."""
        return set(chain.from_iterable(self._kinds.get(first, ())))

    def by_label(self, firsts: Iterable[int]) -> dict[str, list[int]]:
        """Return which of these blocks carry each label, in their order.

        A label tuple occurs in many blocks, and most labels in few tuples: so these are gone through first.
        """
        by_kind: dict[tuple[str, ...], list[int]] = {}
        for first in firsts:
            for kind in self._kinds.get(first, ()):
                by_kind.setdefault(kind, []).append(first)
        found: dict[str, list[int]] = {}
        several: dict[str, list[list[int]]] = {}
        for kind, carrying in by_kind.items():
            for label in kind:
                if label not in found:
                    found[label] = carrying
                elif found[label] is not carrying:
                    several.setdefault(label, [found[label]]).append(carrying)
        found.update((label, sorted(set().union(*lists))) for label, lists in several.items())
        return found

    def between(self, label: str, low: int, high: int) -> list[int]:
        """Return the blocks with a label whose numbers are within these, both included, in their order."""
        for first in self._unsorted:
            for found in self.labels(first):
                firsts = self._places.setdefault(found, [])
                if not firsts or firsts[-1] != first:
                    firsts.append(first)
        self._unsorted = {}
        firsts = self._places.get(label, [])
        return firsts[bisect_left(firsts, low) : bisect_right(firsts, high)]
