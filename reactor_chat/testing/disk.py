"""A disk in memory that does what disks do: writes are lost or torn until they are synced, space ends, calls fail.

A file is appended to, truncated, synced, and put in another's place.  Until `sync` returns, nobody knows what of the
writes since the last one is on disk; `lose_power` decides it as it is told.  Calls are counted, so a test can have the
k-th one fail, or be the last one before the power goes, for every k.
"""

import errno
from enum import IntEnum


class PowerCut(Exception):
    """The power went during a call to the disk; whatever ran on the machine is gone."""


class Fate(IntEnum):
    """What a power cut leaves of the writes that were not synced."""

    LOST = 0
    KEPT = 1
    TORN = 2  # a part of the first of them
    GARBLED = 3  # all of it, with wrong bytes at the end
    SWAPPED = 4  # the last of them, and zeros where those before it belong


class File:
    """The bytes of one file, and which of them are safe."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.synced_bytes = 0
        self.writes: list[int] = []  # where each write since the last sync begins

    def sync(self) -> None:
        """Make everything safe."""
        self.synced_bytes = len(self.data)
        self.writes.clear()

    def lose_power(self, fate: Fate) -> None:
        """Keep what is safe, and of the rest what fate leaves."""
        unsynced = bytes(self.data[self.synced_bytes :])
        if unsynced and self.writes:
            self.data[self.synced_bytes :] = _left(unsynced, self.writes[-1] - self.synced_bytes, fate)
        self.sync()


def _left(unsynced: bytes, last_write: int, fate: Fate) -> bytes:
    """What is left of bytes that were not synced.

    Args:
        last_write: where the last write among them begins.
    """
    if fate is Fate.KEPT:
        return unsynced
    if fate is Fate.TORN:
        return unsynced[: len(unsynced) // 2]
    if fate is Fate.GARBLED:
        return unsynced[:-1] + bytes([unsynced[-1] ^ 0xFF])
    if fate is Fate.SWAPPED and last_write > 0:
        return bytes(last_write) + unsynced[last_write:]
    return b""


class Disk:
    """Files by name, and what is to go wrong.

    Attributes:
        calls: how many calls were made.
        fail_at: the call, counted as `calls` counts, that fails with an input/output error; 0 for none.
        cut_at: the call during which the power goes; 0 for none.
        is_full: whether no byte more fits; what is appended then is written in part, as disks do.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.fail_at = 0
        self.cut_at = 0
        self.is_full = False
        self._files: dict[str, File] = {}

    def append(self, name: str, data: bytes) -> None:
        """Write at the end of a file, which is made where there is none.

        Raises:
            OSError: ENOSPC, and a part was written; EIO, and nobody knows.
            PowerCut: likewise nobody knows.
        """
        file = self._files.setdefault(name, File())
        file.writes.append(len(file.data))
        written = len(data) // 2 if self.is_full else len(data)
        file.data += data[:written]
        self._call()
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")

    def truncate(self, name: str, size_bytes: int) -> None:
        """Cut a file off.  Raises OSError, PowerCut."""
        self._call()
        file = self._files.setdefault(name, File())
        del file.data[size_bytes:]
        file.synced_bytes = min(file.synced_bytes, size_bytes)
        file.writes = [begin for begin in file.writes if begin < size_bytes]

    def sync(self, name: str) -> None:
        """Make everything written so far safe.  Raises OSError, PowerCut; nobody knows what is safe then."""
        self._call()
        self._files[name].sync()

    def overwrite(self, name: str, data: bytes) -> None:
        """Write over a file in its place, as little as a disk writes whole or not at all, and make it safe.

        That takes no space, and is there at once.  Raises OSError, PowerCut; then the older bytes may be there.
        """
        self._call()
        file = self._files[name] = File()
        file.data += data
        file.sync()

    def replace(self, name: str, other: str) -> None:
        """Put a file, which is synced, in another's place, at once and for good.  Raises OSError, PowerCut."""
        self._call()
        self._files[other] = self._files.pop(name)

    def read(self, name: str) -> bytes:
        """Return what is in a file; empty where there is none."""
        file = self._files.get(name)
        return bytes(file.data) if file is not None else b""

    def lose_power(self, fate: Fate) -> None:
        """Let the power go and come back; what went wrong so far is over."""
        for file in self._files.values():
            file.lose_power(fate)
        self.heal()

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        self.fail_at = self.cut_at = 0
        self.is_full = False

    def _call(self) -> None:
        self.calls += 1
        if self.calls == self.cut_at:
            raise PowerCut(f"the power went at call {self.calls}")
        if self.calls == self.fail_at:
            raise OSError(errno.EIO, "Input/output error")
