"""What tests store in a journal, so that whoever knows a number knows what must be read under it."""

import shutil
from pathlib import Path
from random import Random

from reactor_chat.journal.reports import Entry, Row
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal

SEQ_MAX = 2**53 - 1
LABELS = ("said", *(f"told/{number}" for number in range(8)))


def seeded(seed: int) -> Random:
    """What a trial draws from; the same seed is the same trial."""
    return Random(seed)  # noqa: S311


def entry(seq: int) -> Entry:
    """The entry of a number."""
    label = ("said",) if seq % 7 else (f"told/{seq % 5}", f"told/{seq % 3 + 5}")
    return Entry(seq, b"%d:" % seq * (1 + seq * seq % 90), label)


def row(seq: int) -> Row:
    """The same, as it is to be read back."""
    return Row(seq, entry(seq).payload)


def commit_up_to(journal: SqliteJournal, last: int, size: int = 10) -> None:
    """Commit the entries of all numbers from the next one on."""
    for first in range(journal.head + 1, last + 1, size):
        journal.commit([entry(seq) for seq in range(first, min(first + size, last + 1))])


def check_everything(journal: SqliteJournal, *, verifies: bool = True) -> None:
    """All that was ever committed is read back as it was, by a replay and by every label."""
    assert list(journal.replay()) == [row(seq) for seq in range(1, journal.head + 1)]
    for label in LABELS:
        expected = [row(seq) for seq in range(1, journal.head + 1) if label in entry(seq).labels]
        assert journal.since([(label, 0, SEQ_MAX)], 0, SEQ_MAX) == expected
    assert not verifies or journal.verify().entries == journal.head


def copy_of(files: dict[str, bytes], directory: Path) -> Path:
    """A directory that holds only these files."""
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir()
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return directory
