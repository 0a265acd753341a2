"""Looks through SQLite's write-ahead log before SQLite does, for what a crash cannot have left there.

SQLite reads frames as long as their checksums hold and takes the first that does not for the end: rightly after a
power cut, where the transaction that was being written may be torn.  But the next transaction is written only when the
one before it is synced.  So where a frame does not hold and a later transaction than its own was begun, the disk
changed what was once durable, and everything behind it would be dropped without a word.

A checksum goes on from the one before it, which stands in the frame before: so each frame can be checked by itself.

Source: SQLite's "Database File Format", 4.1 and 4.2.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from struct import Struct, unpack
from typing import NamedTuple

from reactor_chat.errors import StorageLost

_HEADER = Struct(">8I")
_FRAME = Struct(">6I")
_MAGIC = 0x377F0682
"""With a last bit that says in which order of bytes checksums are made."""
_MASK = 0xFFFFFFFF
_PAGE_BYTES_MAX = 65_536

Sums = tuple[int, int]


class _Frame(NamedTuple):
    """One frame as it stands there."""

    salts: tuple[int, int]
    ends_transaction: bool
    before: Sums  # the sums that stand in the frame before
    sums: Sums  # its own
    summed: bytes  # what they are about


@contextmanager
def left_as_found(path: Path) -> Iterator[None]:
    """Close a journal that is refused: SQLite would copy what it believes of its write-ahead log and remove it.

    Args:
        path: of the log; it is there again afterwards, as it is now.
    """
    kept = path.with_name(path.name + ".kept")
    with suppress(OSError):
        kept.unlink(missing_ok=True)
        os.link(path, kept)
    yield
    with suppress(OSError):
        kept.replace(path)


def refuse_damaged(path: Path) -> None:
    """Return if everything in a write-ahead log may be what a crash left; nothing, where there is none.

    Args:
        path: of the log; nobody has it open.

    Raises:
        StorageLost: something in it was changed after it had been written.
        OSError: it cannot be read.
    """
    if path.exists() and _is_damaged(path):
        raise StorageLost(
            f"{path} is damaged, and what was written after the damage would be lost; restore a backup, "
            "or see --accept-loss"
        )


def _is_damaged(path: Path) -> bool:
    with path.open("rb") as file:
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return False
        magic, _, page_bytes, _, salt, other_salt, *sums = _HEADER.unpack(header)
        order = ">" if magic & 1 else "<"
        is_header_sound = magic | 1 == _MAGIC | 1 and _summed(header[:24], (0, 0), order) == tuple(sums)
        if not is_header_sound:
            page_bytes = 4_096
        if not 512 <= page_bytes <= _PAGE_BYTES_MAX:
            return False
        frames = _frames(iter(lambda: file.read(_FRAME.size + page_bytes), b""), (sums[0], sums[1]), page_bytes)
        if not is_header_sound:
            return _have_sound_frames(frames)
        return _goes_on_behind_damage(frames, (salt, other_salt), order)


def _frames(pieces: Iterator[bytes], sums: Sums, page_bytes: int) -> Iterator[_Frame]:
    for piece in pieces:
        if len(piece) < _FRAME.size + page_bytes:
            return
        _, pages, salt, other_salt, *own = _FRAME.unpack_from(piece)
        before, sums = sums, (own[0], own[1])
        yield _Frame((salt, other_salt), pages != 0, before, sums, piece[:8] + piece[_FRAME.size :])


def _goes_on_behind_damage(frames: Iterator[_Frame], salts: tuple[int, int], order: str) -> bool:
    """Whether a transaction was begun behind one of which a frame does not hold."""
    is_broken = is_behind = False
    for frame in frames:
        is_sound = frame.salts == salts and _summed(frame.summed, frame.before, order) == frame.sums
        if is_behind and is_sound:
            return True
        is_broken = is_broken or not is_sound
        is_behind = is_behind or (is_broken and frame.ends_transaction and frame.salts == salts)
    return False


def _have_sound_frames(frames: Iterator[_Frame]) -> bool:
    """Whether any frame goes on from the one before it, under a header that does not hold."""
    return any(
        frame.salts != (0, 0) and any(_summed(frame.summed, frame.before, order) == frame.sums for order in "<>")
        for frame in frames
    )


def _summed(data: bytes, sums: Sums, order: str) -> Sums:
    first, second = sums
    words = iter(unpack(f"{order}{len(data) // 4}I", data))
    for word, other in zip(words, words, strict=True):
        first = (first + word + second) & _MASK
        second = (second + other + first) & _MASK
    return first, second
