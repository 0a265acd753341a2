"""The ground a journal stands on: its directory, its lock and its files, and whether they are still the same.

A name can be given to another file while the old one is open: a directory is renamed, a file copied back, a lock
deleted.  Then what is written goes where nobody will look for it, and a second server may begin beside the first.  So
what was opened is compared, by device and number, with what its name leads to now: by a few calls to the system and
nothing else.  Nothing may be opened here: to close a file that SQLite has locked would give its lock away.
"""

import os
from pathlib import Path

from reactor_chat.errors import StorageLost

Place = tuple[int, int]


class Ground:
    """Remembers what names led to, and compares.

    Args:
        directory: of the journal.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = str(directory)
        self._places: dict[str, Place] = {}
        self._directory_place: Place | None = None

    def stand_on(self, *paths: Path) -> None:
        """Remember what the directory, and these names of files in it, lead to now.

        A name that leads nowhere is not looked at.

        Raises:
            OSError: one cannot be looked at.
        """
        self._directory_place = _place_of(self._directory)
        for path in paths:
            if path.exists():
                self._places[str(path)] = _place_of(str(path))

    def check(self) -> None:
        """Return if every name leads where it led; where that of the directory does not, none in it does.

        Raises:
            StorageLost: one does not; nothing more may be written.
        """
        for path, place in self._places.items():
            if not _leads_to(path, place):
                is_moved = self._directory_place is not None and not _leads_to(self._directory, self._directory_place)
                what = self._directory if is_moved else path
                raise StorageLost(f"{what} was renamed, replaced or deleted while in use; put it back, then restart")


def refuse_second_names(path: Path) -> None:
    """Return if a file has no other name.

    Raises:
        StorageLost: it has; its write-ahead log stands beside one of them only, and no lock beside the other.
    """
    if path.stat().st_nlink > 1:
        raise StorageLost(f"{path} has another name (a hard link); keep one of them, and make a copy for the other")


def _place_of(path: str) -> Place:
    found = os.stat(path)  # noqa: PTH116  twice as fast as Path.stat, and done for every commit
    return found.st_dev, found.st_ino


def _leads_to(path: str, place: Place) -> bool:
    try:
        return _place_of(path) == place
    except OSError:
        return False
