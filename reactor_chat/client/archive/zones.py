"""Which blocks of the archive are indexed, and when things were said there.

A zone is 32 neighbouring blocks.  What is kept of it is sealed, the times too: how busy somebody was, and when, is
not for those who find a locked home.  By the times a search passes over what was said too early or too late.  That
holds whatever the order of the times is, for clocks are set, and some messages are opened late.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from reactor_chat.client.archive.backing import Backing, Change
from reactor_chat.client.archive.tables import BLOCK

ZONE_BLOCKS = 32
ZONE = ZONE_BLOCKS * BLOCK
"""So many places; one that is searched for nothing costs some milliseconds."""

_FULL = (1 << ZONE_BLOCKS) - 1


class Times(NamedTuple):
    """When the earliest and the latest of something was said, milliseconds since the Unix epoch."""

    first: int
    last: int


class _Zone(msgspec.Struct, array_like=True):
    indexed: int = 0  # a bit for each block
    times: tuple[int, int] | None = None  # None where nothing was said


_rows = msgspec.json.Decoder(_Zone)


class Window(NamedTuple):
    """Neighbouring places, both ends included."""

    low: int
    high: int


def without(windows: list[Window], hole: Window) -> list[Window]:
    """Return windows without what is within another one."""
    parts = [
        part for low, high in windows for part in ((max(low, hole.high + 1), high), (low, min(high, hole.low - 1)))
    ]
    return [Window(low, high) for low, high in parts if low <= high]


class Zones:
    """The zones of a vault; of all names together.

    Args:
        backing: the vault.
        on_damage: told of a zone that cannot be read; it is indexed again, which finds nothing twice.
    """

    def __init__(self, backing: Backing, on_damage: Callable[[str], None]) -> None:
        self._backing = backing
        self._zones: dict[int, _Zone] = {}
        for number, sealed in backing.read("SELECT zone, sealed FROM zones", ()):
            row = backing.unseal(sealed, "zones", number)
            if row is None:
                on_damage("the index is not what was written")
                continue
            self._zones[number] = _rows.decode(row)

    def is_indexed(self, block: int) -> bool:
        """Return whether a block is indexed."""
        zone, bit = divmod(block, ZONE_BLOCKS)
        return bool(zone in self._zones and self._zones[zone].indexed >> bit & 1)

    def missing(self, last_place: int) -> Iterator[int]:
        """Yield the blocks that are not indexed, the newest first; `last_place` is that of the archive."""
        for zone in range((last_place - 1) // ZONE, -1, -1):
            if zone in self._zones and self._zones[zone].indexed == _FULL:
                continue
            for block in range((zone + 1) * ZONE_BLOCKS - 1, zone * ZONE_BLOCKS - 1, -1):
                if block * BLOCK < last_place and not self.is_indexed(block):
                    yield block

    def next_block(self, last_place: int) -> int | None:
        """Return the newest block that is full and not indexed, None where there is none."""
        return next((block for block in self.missing(last_place) if (block + 1) * BLOCK <= last_place), None)

    def indexed(self, block: int, times: Times | None) -> Change:
        """Note that a block is indexed, and when the first and the last in it were said, where anything was."""
        number, bit = divmod(block, ZONE_BLOCKS)
        zone = self._zones.setdefault(number, _Zone())
        zone.indexed |= 1 << bit
        if times is not None:
            first, last = zone.times or times
            zone.times = (min(first, times.first), max(last, times.last))
        sealed = self._backing.seal(msgspec.json.encode(zone), "zones", number)
        return "INSERT OR REPLACE INTO zones VALUES (?, ?)", (number, sealed)

    def windows(self, since: int | None, until: int | None) -> list[Window]:
        """Return where indexed messages of a time may be, the newest first; other blocks may be among them.

        Args:
            since: the earliest moment; None for any.
            until: before which moment; None for any.
        """
        found: list[Window] = []
        for number in self._matching(since, until):
            low, high = number * ZONE + 1, (number + 1) * ZONE
            if found and found[-1].low == high + 1:
                found[-1] = Window(low, found[-1].high)
            else:
                found.append(Window(low, high))
        return found

    def _matching(self, since: int | None, until: int | None) -> Iterator[int]:
        for number in sorted(self._zones, reverse=True):
            times = self._zones[number].times
            if times is None or (since is not None and times[1] < since) or (until is not None and times[0] >= until):
                continue
            yield number
