"""What makes a restored journal one that tells whoever saw more than it holds."""

from contextlib import closing
from pathlib import Path

from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal


def begin_after_restore(directory: Path, random: bytes) -> None:
    """Begin another log in a journal that was just put in its place; the mark, too, begins anew where it ends.

    Args:
        directory: where it is.
        random: see `resuming.begin_log`.

    Raises:
        StorageError: it cannot be opened or written.
    """
    with closing(SqliteJournal(directory, accepts_loss=True)) as journal:
        journal.begin_log(f"{len(journal.logs) + 1}.{random.hex()}", is_after_loss=True)
        journal.keep_log_in_place()
