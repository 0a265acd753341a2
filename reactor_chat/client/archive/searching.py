"""A search that is going on: what came of late is looked through, then what the index names is looked at.

Everything that is found was read again and compared (see `matching`), so the index may name too much, never too little.
"""

import json
from collections.abc import Iterator
from itertools import chain

from reactor_chat.client.archive.backing import Backing
from reactor_chat.client.archive.candidates import candidates
from reactor_chat.client.archive.contract import Found
from reactor_chat.client.archive.entries import Entries, Row
from reactor_chat.client.archive.matching import spans_in
from reactor_chat.client.archive.query import Query
from reactor_chat.client.archive.tables import BLOCK
from reactor_chat.client.archive.volume import Volume
from reactor_chat.client.archive.zones import Window, Zones

STEP_BYTES = 32_768
"""When so much was read, a step ends: a message may be very long."""

LATE_BLOCKS_MAX = 32
"""So many blocks that came of late and are not indexed yet are looked through: a twentieth of a second."""


class StoredSearch:
    """A search in one name's archive.

    Args:
        backing: the vault.
        entries: opens its rows.
        zones: says what is indexed.
        volume: whose archive.
        query: what is searched for.
        last_place: of the archive, where it begins.

    Attributes:
        problems: what was typed and left out, in words for a person.
        is_whole: nothing of the archive is left out.
    """

    def __init__(
        self, backing: Backing, entries: Entries, zones: Zones, volume: Volume, query: Query, last_place: int
    ) -> None:
        self.problems = query.problems
        self._backing = backing
        self._entries = entries
        self._name = volume.name
        self._query = query
        late = _late_from(zones, last_place)
        self.is_whole = zones.next_block(late - 1) is None
        beginning = next((term for term in query.wanted.terms if term.is_beginning and not term.are_signs[-1]), None)
        windows = zones.windows(query.since, query.until, late - 1)
        pages = chain(
            candidates(backing.read, volume, "", None, [Window(late, last_place)]),
            candidates(backing.read, volume, volume.tokens.expression(query.wanted), beginning, windows),
        )
        self._steps = iter(()) if query.is_empty else self._looked_at(pages)

    def __iter__(self) -> Iterator[list[Found]]:
        """As in the contract."""
        return self

    def __next__(self) -> list[Found]:
        """As in the contract."""
        return next(self._steps)

    def _looked_at(self, pages: Iterator[list[int]]) -> Iterator[list[Found]]:
        for page in pages:
            read = 0
            found: list[Found] = []
            for row in self._rows(page):
                found += self._compared(row)
                read += len(row[2] or b"")
                if read > STEP_BYTES:
                    yield found
                    read, found = 0, []
            yield found

    def _rows(self, places: list[int]) -> list[Row]:
        query = (
            "SELECT place, seq, payload FROM archive WHERE place IN (SELECT value FROM json_each(?)) AND name = ?"
            " ORDER BY place DESC"
        )
        return self._backing.read(query, (json.dumps(places), self._name)) if places else []

    def _compared(self, row: Row) -> Iterator[Found]:
        for entry in self._entries.opened(self._name, [row]):
            spans = spans_in(entry, self._query)
            if spans is not None:
                yield Found(entry, spans)


def _late_from(zones: Zones, last_place: int) -> int:
    """Return the place from which on nothing is indexed, as far as that is looked through; behind the end for none."""
    block = last_place // BLOCK  # the one that is not full, if there is anything in it
    for _ in range(LATE_BLOCKS_MAX):
        if block == 0 or zones.is_indexed(block - 1):
            break
        block -= 1
    return block * BLOCK + 1
