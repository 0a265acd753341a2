"""Rows of the archive, opened; what is not as it was archived is left out, and that is remembered."""

from collections.abc import Iterable, Iterator

from reactor_chat.client.archive.backing import Backing
from reactor_chat.client.archive.contract import Entry
from reactor_chat.client.archive.filing import home
from reactor_chat.errors import MessageInvalid

Row = tuple[int, int | None, bytes | None]
"""Place, number and sealed row of a notice; None where a page names a place that is not in the archive."""


class Entries:
    """Opens rows.

    Args:
        backing: the vault.

    Attributes:
        damage: the words about what was left out last; None where nothing was.
    """

    def __init__(self, backing: Backing) -> None:
        self._backing = backing
        self.damage: str | None = None

    def note(self, what: str) -> None:
        """Remember that something cannot be read."""
        self.damage = str(self._backing.damaged(what))

    def opened(self, name: str, rows: Iterable[Row]) -> Iterator[Entry]:
        """Yield what rows say, in their order; what a newer version wrote, and understood more, is left out.

        Args:
            name: whose rows, folded.
            rows: of the archive.
        """
        for place, seq, sealed in rows:
            row = None if sealed is None else self._backing.unseal(sealed, name, seq)
            if row is None or seq is None:
                self.note("a notice is not what was archived")
                continue
            try:
                notice, annotation = self._backing.read_row(row)
            except MessageInvalid:
                continue
            yield Entry(place, home(notice, name), seq, notice, annotation)
