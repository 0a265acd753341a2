"""A search that is going on: what is not indexed yet is looked through, and what the index names is looked at.

Everything that is found was read again and compared (see `matching`), so the index may name too much, never too little.
"""

import json
from collections.abc import Iterator
from itertools import islice

from reactor_chat.client.archive.backing import Backing
from reactor_chat.client.archive.candidates import candidates
from reactor_chat.client.archive.contract import Found
from reactor_chat.client.archive.entries import Entries, Row
from reactor_chat.client.archive.matching import spans_in
from reactor_chat.client.archive.query import Query
from reactor_chat.client.archive.tables import BLOCK
from reactor_chat.client.archive.volume import Volume
from reactor_chat.client.archive.zones import Window, Zones, without
from reactor_chat.errors import StorageError

STEP_BYTES = 8_192
"""When so much was read, a step ends: some forty messages, and one that is very long; one or two milliseconds."""

LATE_BLOCKS_MAX = 64
"""So many blocks that are not indexed yet are looked through, the newest: a twentieth of a second."""


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
        late = list(islice(zones.missing(last_place), LATE_BLOCKS_MAX + 1))
        self.is_whole = len(late) <= LATE_BLOCKS_MAX
        looked_through = [
            Window(block * BLOCK + 1, min((block + 1) * BLOCK, last_place)) for block in late[:LATE_BLOCKS_MAX]
        ]
        indexed = zones.windows(query.since, query.until)
        for hole in looked_through:
            indexed = without(indexed, hole)
        parts = [(window, False) for window in looked_through] + [(window, True) for window in indexed]
        self._steps = iter(()) if query.is_empty else self._search(volume, sorted(parts, reverse=True))

    def __iter__(self) -> Iterator[list[Found]]:
        """As in the contract."""
        return self

    def __next__(self) -> list[Found]:
        """As in the contract."""
        try:
            return next(self._steps)
        except StorageError as error:
            self._entries.fail(error)
            raise

    def _search(self, volume: Volume, parts: list[tuple[Window, bool]]) -> Iterator[list[Found]]:
        """Search parts of the archive, the newest first: each with the index, or without."""
        read, wanted = self._backing.read, self._query.wanted
        beginning = next((term for term in wanted.terms if term.is_beginning and not term.are_signs[-1]), None)
        expression = volume.tokens.expression(wanted)
        for window, is_indexed in parts:
            asked = (expression, beginning) if is_indexed else ("", None)
            yield from self._looked_at(candidates(read, volume, *asked, [window]))

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
