"""A damaged journal is found out, or every row that is read back is what was written."""

import contextlib
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

from fuzz.target import Target
from reactor_chat.errors import StorageError
from reactor_chat.journal.reports import Entry, Row
from reactor_chat.journal.sqlite.database_file import FILE_NAME
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal

ROWS = 300


@cache
def whole() -> tuple[bytes, list[Row]]:
    """A journal's file, and what is in it."""
    entries = [Entry(seq, b"payload %d " % seq * 8, ("said", f"told/{seq % 3}")) for seq in range(1, ROWS + 1)]
    with tempfile.TemporaryDirectory() as name:
        with contextlib.closing(SqliteJournal(name)) as journal:
            for begin in range(0, ROWS, 17):
                journal.commit(entries[begin : begin + 17])
        return (Path(name) / FILE_NAME).read_bytes(), [Row(entry.seq, entry.payload) for entry in entries]


def make(random: Random) -> bytes:
    """Where to damage it and how: pairs of a place (3 bytes) and a byte to be mixed in."""
    return b"".join(
        random.randrange(len(whole()[0])).to_bytes(3, "big") + random.choice((b"\x01", b"\x80", b"\xff", b"\x00"))
        for _ in range(random.randint(1, 6))
    )


def check(data: bytes, open_journal: Callable[[str], SqliteJournal]) -> None:
    """Damage the file, open it, and read everything in every way."""
    file, rows = bytearray(whole()[0]), whole()[1]
    for place in range(0, len(data) - 3, 4):
        file[int.from_bytes(data[place : place + 3], "big") % len(file)] ^= data[place + 3]
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / FILE_NAME).write_bytes(file)
        try:
            with contextlib.closing(open_journal(name)) as journal:
                read = [list(journal.replay()), journal.newest([("said", 1, ROWS)], None, ROWS)[::-1]]
                complete = journal.head == ROWS
        except StorageError:
            return
    assert not complete or read[0] == rows, "rows were served that nobody wrote"
    assert set(read[0] + read[1]) <= set(rows), "a row was served that nobody wrote"


class Trusting(SqliteJournal):
    """A journal that reads what is there and compares it with nothing."""

    def replay(self, after: int = 0) -> list[Row]:  # type: ignore[override]
        """Return what the file seems to hold."""
        file = self._path.read_bytes()
        found = (b"payload %d " % seq * 8 for seq in range(after + 1, ROWS + 1))
        return [Row(seq, payload if payload in file else b"?") for seq, payload in enumerate(found, after + 1)]


TARGET = Target("journal", make, check, SqliteJournal, Trusting, structured=True)
