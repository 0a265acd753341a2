"""Runs: the numbers of the blocks that carry a label, up to 128 of them in one row of the index.

A label's numbers rise, and so do its runs: none reaches as far as the next one begins.  So the run that may hold a
number is the last that begins with it or before, and a row takes in what comes behind it until it is full.

    first   the number of the first block
    later   how far each further block of the run is from the first one, u16 each, rising
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from operator import itemgetter
from struct import Struct
from typing import Any

from reactor_chat.errors import StorageCorrupt
from reactor_chat.journal.contract import REPAIR

RUN_BLOCKS_MAX = 128
"""Blocks of one run: a page of history looks at one or two runs of a label, and unpacks 3 µs for each."""
DISTANCE_MAX = 65_535
"""From the first block of a run to its last one; what a u16 holds."""
GROUPED_AT_ONCE = 64 * RUN_BLOCKS_MAX
"""Numbers of one label in hand while an index is made of single ones."""

_LATER = [Struct(f"<{count}H") for count in range(RUN_BLOCKS_MAX)]
"""By how many there are; `struct` itself remembers fewer formats."""

Run = tuple[int, bytes]
"""`first` and `later`, as a row holds them."""


def packed(numbers: Sequence[int]) -> list[Run]:
    """Return the runs that hold these numbers, which rise."""
    runs = []
    at = 0
    while at < len(numbers):
        first = numbers[at]
        end = min(at + RUN_BLOCKS_MAX, len(numbers))
        if numbers[end - 1] - first > DISTANCE_MAX:
            end = bisect_right(numbers, first + DISTANCE_MAX, at, end)
        runs.append((first, _later(first, numbers[at + 1 : end])))
        at = end
    return runs


def grown(first: int, later: bytes, numbers: Sequence[int]) -> list[Run]:
    """Return a run with as many of these numbers as it has room for, where it has any, and runs for the others.

    Args:
        first, later: a run that `last_of` knows the end of.
        numbers: rising, all behind that; one or more.
    """
    end = min(RUN_BLOCKS_MAX - 1 - len(later) // 2, len(numbers))
    if numbers[end - 1] - first > DISTANCE_MAX:
        end = bisect_right(numbers, first + DISTANCE_MAX, 0, end)
    if not end:
        return packed(numbers)
    run = (first, later + _later(first, numbers[:end]))
    return [run] if end == len(numbers) else [run, *packed(numbers[end:])]


def distances_of(first: object, later: object) -> list[int]:
    """Return how far the blocks of a row are from its first one, which is 0.

    Raises:
        StorageCorrupt: it is no run.
    """
    if type(first) is int and type(later) is bytes and len(later) % 2 == 0 and len(later) < 2 * RUN_BLOCKS_MAX:
        distances = [0, *_LATER[len(later) // 2].unpack(later)]
        if distances == sorted(distances) and len(set(distances)) == len(distances):
            return distances
    raise damaged()


def numbers_of(first: Any, later: Any) -> list[int]:
    """Return the numbers that a row holds.  Raises StorageCorrupt, as `distances_of`."""
    return [first + distance for distance in distances_of(first, later)]


def last_of(first: object, later: object) -> int | None:
    """Return the last number that a row holds; None where it cannot be a run."""
    if type(first) is int and type(later) is bytes and not (size := len(later)) % 2 and size < 2 * RUN_BLOCKS_MAX:
        return first + int.from_bytes(later[-2:], "little")
    return None


def runs_of(places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, bytes]]:
    """Yield the rows that hold single places.

    Args:
        places: a label's number and a block's, in their order.

    Raises:
        StorageCorrupt: these are no such numbers.
    """
    for label, found in groupby(places, key=itemgetter(0)):
        numbers = map(itemgetter(1), found)
        while taken := list(islice(numbers, GROUPED_AT_ONCE)):
            if {int} != {type(label), *map(type, taken)}:
                raise damaged()
            yield from ((label, *run) for run in packed(taken))


def damaged() -> StorageCorrupt:
    """Return what is raised where the index holds what was never written."""
    return StorageCorrupt(f"The journal's index is damaged; {REPAIR}")


def _later(first: int, numbers: Sequence[int]) -> bytes:
    if not numbers:
        return b""
    return _LATER[len(numbers)].pack(*[number - first for number in numbers])
