"""Frames behind a broken one: damage is told from what a power cut leaves."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from reactor_chat.errors import StorageLost
from reactor_chat.journal.sqlite.write_ahead import refuse_damaged

HEADER_BYTES, FRAME_BYTES = 32, 24 + 4_096


@pytest.fixture
def frames(tmp_path: Path) -> tuple[Path, bytes]:
    """A log of eight transactions, as a process leaves it that was killed; none of its frames was copied."""
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("CREATE TABLE t (x)")
        for number in range(7):
            database.execute("INSERT INTO t VALUES (?)", (str(number) * 6_000,))
        data = path.with_name("x.db-wal").read_bytes()
    wal = tmp_path / "wal"
    wal.write_bytes(data)
    return wal, data


def ends(data: bytes) -> list[int]:
    """Where each transaction ends."""
    places = range(HEADER_BYTES, len(data), FRAME_BYTES)
    return [place + FRAME_BYTES for place in places if data[place + 4 : place + 8] != bytes(4)]


def test_a_whole_log_and_none_are_let_be(frames: tuple[Path, bytes]) -> None:
    wal, _ = frames
    refuse_damaged(wal)
    refuse_damaged(wal.with_name("none"))
    wal.write_bytes(b"")
    refuse_damaged(wal)


def test_every_flipped_bit_before_the_last_transaction_is_damage(frames: tuple[Path, bytes]) -> None:
    wal, data = frames
    *_, last_begins, _ = ends(data)
    for place in [*range(HEADER_BYTES), *range(HEADER_BYTES, last_begins, 97)]:
        if 4 <= place % FRAME_BYTES - HEADER_BYTES < 8:
            continue  # whether a transaction ends there
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        wal.write_bytes(flipped)
        with pytest.raises(StorageLost, match="damaged"):
            refuse_damaged(wal)


@pytest.mark.parametrize("filler", [b"\0", b"\xff", b"x"])
def test_a_last_transaction_that_was_torn_is_let_be(frames: tuple[Path, bytes], filler: bytes) -> None:
    """Any of its pages may be missing after a power cut, and others be there."""
    wal, data = frames
    *_, begins, end = ends(data)
    assert (end - begins) // FRAME_BYTES > 1
    for missing in range(begins, end, 512):
        torn = data[:missing] + filler * 512 + data[missing + 512 : end]
        wal.write_bytes(torn)
        refuse_damaged(wal)
        wal.write_bytes(data[:missing])
        refuse_damaged(wal)


def test_frames_of_an_earlier_turn_of_the_log_are_let_be(frames: tuple[Path, bytes]) -> None:
    """A log that was begun anew is written over from its beginning, and keeps its length."""
    wal, data = frames
    older = bytearray(data)
    for place in range(HEADER_BYTES, len(data), FRAME_BYTES):
        older[place + 8 : place + 16] = b"of old.."
    for end in ends(data):
        wal.write_bytes(data[:end] + older[end:])
        refuse_damaged(wal)
