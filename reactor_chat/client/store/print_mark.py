"""Notes how much of the archive was printed, at once after it was: one short write, no sync.

It must survive our being killed, for which the kernel's memory is enough; a power cut may take it back, and then some
lines are printed again.  Nothing can make two system calls one: who kills us between the write of a line and this note,
a few microseconds, sees that line again.  Better twice than never.
"""

import os
import struct
from pathlib import Path
from typing import NamedTuple

_LAYOUT = struct.Struct("<Q32s")
_PLACE = struct.Struct("<Q")


class Printed(NamedTuple):
    """Up to which place of the archive a name's notices were printed."""

    name: str
    place: int


class PrintMark:
    """The note, of one name at a time, in a file beside the vault.

    Args:
        path: made where it is not there.

    Raises:
        OSError: it cannot be made or written.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def read(self) -> Printed:
        """Return what was noted last; the place 0, where nothing was."""
        place, name = _LAYOUT.unpack(os.pread(self._descriptor, _LAYOUT.size, 0).ljust(_LAYOUT.size, b"\0"))
        return Printed(name.rstrip(b"\0").decode("ascii", "replace"), place)

    def begin(self, name: str) -> None:
        """Note for this name from now on; what stood there must have been taken over before."""
        os.pwrite(self._descriptor, _PLACE.pack(0), 0)  # first, so that the old place is never the new name's
        os.pwrite(self._descriptor, _LAYOUT.pack(0, name.encode("ascii")), 0)

    def move(self, place: int) -> None:
        """Note that everything up to this place was printed."""
        os.pwrite(self._descriptor, _PLACE.pack(place), 0)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)
