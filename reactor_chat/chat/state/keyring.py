"""The packages by which people who own a name can be let into sealed conversations.

The state knows a package by its reference and by where the journal has it; the bytes are read from there.
"""

import hashlib

from msgspec import Struct

from reactor_chat.chat.state.records import KeysPublished
from reactor_chat.wire.messages import fold

PACKAGES_MAX = 32
"""Unused packages of one person in one suite; the oldest beyond are forgotten."""
SUITES_MAX = 4
"""Suites in which one person has packages; the one that was published first is forgotten beyond."""

LAST_RESORT = -1
"""The index of the last resort among a record's packages."""


def reference_of(package: bytes) -> bytes:
    """Return what a package is called: SHA-256 of its bytes."""
    return hashlib.sha256(package).digest()


class Package(Struct, frozen=True, array_like=True, gc=False):
    """Where a package is: the number of the record, and its place there."""

    reference: bytes
    seq: int
    index: int


class Shelf(Struct, array_like=True):
    """What one person has published in one suite, oldest first; the last resort may be used again and again."""

    suite: int
    packages: list[Package]
    last_resort: Package | None = None

    def oldest(self) -> Package | None:
        """Return the package to be used next; None where there is none left."""
        return self.packages[0] if self.packages else self.last_resort

    def has(self, reference: bytes) -> bool:
        """Return whether a package is here and may be used."""
        last = self.last_resort
        return any(package.reference == reference for package in self.packages) or (
            last is not None and last.reference == reference
        )


class Keyring:
    """Everybody's packages, by folded name."""

    def __init__(self) -> None:
        self._shelves: dict[str, list[Shelf]] = {}

    def next_of(self, name: str, suite: int) -> Package | None:
        """Return the package to let somebody in by; None where there is none."""
        shelf = next((shelf for shelf in self._shelves.get(fold(name), ()) if shelf.suite == suite), None)
        return shelf.oldest() if shelf is not None else None

    def has(self, name: str, suite: int, reference: bytes) -> bool:
        """Return whether somebody published this package for a suite, and it may be used."""
        return any(shelf.suite == suite and shelf.has(reference) for shelf in self._shelves.get(fold(name), ()))

    def apply(self, record: KeysPublished) -> None:
        """Put what was published on its shelf, behind what is there."""
        shelves = self._shelves.setdefault(fold(record.name), [])
        if record.fresh:
            shelves.clear()
        shelf = next((shelf for shelf in shelves if shelf.suite == record.suite), None)
        if shelf is None:
            shelf = Shelf(record.suite, [])
            shelves.append(shelf)
            del shelves[:-SUITES_MAX]
        shelf.packages += [Package(reference_of(one), record.seq, i) for i, one in enumerate(record.packages)]
        del shelf.packages[:-PACKAGES_MAX]
        if record.last_resort is not None:
            shelf.last_resort = Package(reference_of(record.last_resort), record.seq, LAST_RESORT)

    def use(self, name: str, reference: bytes) -> None:
        """Take away a package that somebody was let in by; a last resort stays."""
        for shelf in self._shelves.get(fold(name), ()):
            shelf.packages = [package for package in shelf.packages if package.reference != reference]

    def forget(self, name: str) -> None:
        """Forget everything of somebody whose name was released."""
        self._shelves.pop(fold(name), None)

    def dump(self) -> list[tuple[str, list[Shelf]]]:
        """Return a copy of everybody's packages, sorted by folded name."""
        return [(name, _copies(self._shelves[name])) for name in sorted(self._shelves)]

    def load(self, shelves: list[tuple[str, list[Shelf]]]) -> None:
        """Replace the state by what `dump` returned."""
        self._shelves = {name: _copies(of_person) for name, of_person in shelves}


def _copies(shelves: list[Shelf]) -> list[Shelf]:
    return [Shelf(shelf.suite, list(shelf.packages), shelf.last_resort) for shelf in shelves]
