"""The keys of a vault's rows, in a file beside the vault, each overwritten where it stood once its row is gone.

SQLite cannot forget at once: its write-ahead log keeps what a page held before, and so do blocks that a file has given
back.  So every row of a session is sealed under a key of its own, used once, and these keys are here, in slots of 32
bytes.  When a row is dropped or overwritten its key is overwritten too, and what any other file still holds of the row
cannot be opened by anybody.  The steps of a turn:

1. Fresh keys go to free slots and are synced, before any row needs them (`fresh`).
2. SQLite commits the rows, with the numbers of their slots.
3. The slots of rows that are gone are overwritten with zeros (`wipe`); the next turn's sync, or `close`, takes that
   to the disk.

What a crash leaves between these is mended at the next start: every slot that no row names is overwritten
(`keep_only`).  A disk writes a sector of 512 bytes as a whole or not at all; no slot reaches over the edge of one.

A key in the file is only half of what opens a row; the other half is the vault's secret, which comes from the
person's key, so that a locked home (see `identity`) gives away nothing.
"""

import hmac
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from reactor_chat.client.store.failures import damaged, told_of
from reactor_chat.errors import StorageError

KEY_BYTES = 32
GROWTH = 128
"""So many slots are added at once, so that most syncs need not record a new length of the file."""

READ_SLOTS = 4_096
"""So many slots are read at once when all are gone through."""

_CHECK = b"reactor-chat: keys of a vault's rows, format 1"
_EMPTY = bytes(KEY_BYTES)


class RowKeys:
    """The file of keys beside one vault.

    Args:
        path: made, for its owner only, where there is none.
        secret: the vault's, 32 bytes.

    Raises:
        StorageError: it cannot be made or read, or belongs to a vault of another person's key.
    """

    def __init__(self, path: Path, secret: bytes) -> None:
        self._path = path
        self._secret = secret
        self._free: list[int] = []  # wiped in this run; taken first
        self._unused: Iterator[int] = iter(())  # the rest, the lowest first; there may be very many
        with told_of(path):
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._descriptor = os.open(path, flags, 0o600)
        try:
            with told_of(path):
                self._begin()
        except BaseException:
            os.close(self._descriptor)
            raise

    def close(self) -> None:
        """Take what was wiped to the disk and close the file."""
        try:
            with told_of(self._path):
                os.fdatasync(self._descriptor)
        finally:
            os.close(self._descriptor)

    def keep_only(self, slots: Collection[int]) -> None:
        """Wipe every slot but these; at the start, once it is known which rows there are.

        Raises:
            StorageCorrupt: one of these holds no key; nothing was wiped.
        """
        if any(not 1 <= slot < self._end for slot in slots):
            raise damaged(self._path, "it has fewer keys than there are rows")
        used = frozenset(slots)
        self.wipe(slot for slot in self._held() if slot not in used)
        self._shrink(max(used, default=0) + 1)
        self._free = []
        self._unused = (slot for slot in range(1, self._end) if slot not in used)

    def fresh(self, count: int) -> list[tuple[int, bytes]]:
        """Return slots with a fresh key in each, on disk, and the keys that seal the rows there."""
        with told_of(self._path):
            slots = sorted(self._taken() for _ in range(count))
            halves = os.urandom(KEY_BYTES * count)
            for first, run in _runs(slots):
                begin = slots.index(first)
                self._write(first, halves[begin * KEY_BYTES : (begin + run) * KEY_BYTES])
            os.fdatasync(self._descriptor)
        return [(slot, self._whole(halves[i * KEY_BYTES :][:KEY_BYTES])) for i, slot in enumerate(slots)]

    def key(self, slot: int) -> bytes:
        """Return the key that opens the row of this slot.  Raises StorageCorrupt where there is none."""
        with told_of(self._path):
            half = os.pread(self._descriptor, KEY_BYTES, slot * KEY_BYTES)
        if slot < 1 or len(half) < KEY_BYTES or half == _EMPTY:
            raise damaged(self._path, "the key of a row is gone")
        return self._whole(half)

    def wipe(self, slots: Iterable[int]) -> None:
        """Overwrite the keys of rows that are gone; their slots are free again."""
        gone = sorted(slots)
        with told_of(self._path):
            for first, run in _runs(gone):
                self._write(first, bytes(run * KEY_BYTES))
        self._free += reversed(gone)

    def _begin(self) -> None:
        """Look at the first slot, which says whose file it is; a new file gets it."""
        self._end = os.fstat(self._descriptor).st_size // KEY_BYTES  # the first slot that is not there
        check = self._whole(_CHECK)
        found = os.pread(self._descriptor, KEY_BYTES, 0)
        if self._end == 0 or found == _EMPTY:
            self._end = max(self._end, 1)
            self._write(0, check)
        elif found != check:
            raise StorageError(
                f"{self._path} belongs to another key than the one in this home. "
                "Bring that key back with --recover into a home of its own, or name another --home"
            )

    def _whole(self, half: bytes) -> bytes:
        return hmac.digest(self._secret, half, "sha256")

    def _held(self) -> Iterator[int]:
        """Yield the slots that hold a key."""
        for first in range(0, self._end, READ_SLOTS):
            with told_of(self._path):
                held = os.pread(self._descriptor, READ_SLOTS * KEY_BYTES, first * KEY_BYTES)
            if held.count(0) < len(held):
                held_here = range(len(held) // KEY_BYTES)
                yield from (first + i for i in held_here if first + i and held[i * KEY_BYTES :][:KEY_BYTES] != _EMPTY)

    def _shrink(self, needed: int) -> None:
        """Give back what is behind the slots that are needed, where that is much; nothing is in it any more."""
        end = -(-needed // GROWTH) * GROWTH + 1
        if self._end - end >= READ_SLOTS:
            with told_of(self._path):
                os.ftruncate(self._descriptor, end * KEY_BYTES)
            self._end = end

    def _taken(self) -> int:
        """Return a slot that is free, and no more from now on."""
        slot = self._free.pop() if self._free else next(self._unused, None)
        if slot is None:
            self._write(self._end, bytes(GROWTH * KEY_BYTES))
            self._unused = iter(range(self._end, self._end + GROWTH))
            self._end += GROWTH
            slot = next(self._unused)
        return slot

    def _write(self, slot: int, data: bytes) -> None:
        offset = slot * KEY_BYTES
        while data:
            count = os.pwrite(self._descriptor, data, offset)
            data, offset = data[count:], offset + count


def _runs(slots: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the first of each run of neighbours and how many they are; the slots are sorted."""
    begin = 0
    for end in range(1, len(slots) + 1):
        if end == len(slots) or slots[end] != slots[end - 1] + 1:
            yield slots[begin], end - begin
            begin = end
