"""How far a journal once came: judges at the start whether it still holds that, and notes it from then on (see `mark`).

What is gone is refused, and accepted only where the operator says so; then it is said how much it was.  A mark that is
missing accuses nobody: a journal of an older version has none, and a file that somebody copied to a new place comes
without.  One that is damaged does: whatever damaged it may have damaged more.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from reactor_chat.errors import StorageCorrupt, StorageFull, StorageLost
from reactor_chat.journal.sqlite.failures import of_system
from reactor_chat.journal.sqlite.mark import MARK_NAME, Mark, MarkFile, read
from reactor_chat.journal.sqlite.write_ahead import refuse_damaged

ACCEPT = "restore a backup, or start the server once with --accept-loss"


class HighWater:
    """The mark of one journal.

    Args:
        directory: of the journal, locked.
        accepts_loss: whether to go on where something is gone.

    Attributes:
        losses: what was accepted, a line each.
        news: what else the operator should know, a line each.
        logs: names of logs that somebody was told of, and of which the journal had no entry when they were noted.

    Raises:
        StorageLost: the mark is damaged, and no loss is accepted.
        StorageError: a newer version of this program wrote it.
        OSError: it cannot be read.
    """

    def __init__(self, directory: Path, *, accepts_loss: bool) -> None:
        self.losses: list[str] = []
        self.news: list[str] = []
        self._directory = directory
        self._path = directory / MARK_NAME
        self._accepts_loss = accepts_loss
        self._file: MarkFile | None = None
        self._found = self._believed()
        self._mark = Mark(0, b"")
        self.logs: tuple[str, ...] = self._found.logs if self._found is not None else ()

    @property
    def end(self) -> Mark | None:
        """What was found noted when it was opened; None where nothing was."""
        return self._found

    def refuse_gone(self, path: Path) -> None:
        """Return if a journal's file is there, or none of its numbers was ever given; what is left of one goes aside.

        Raises:
            StorageLost: it is gone, and no loss is accepted.
            OSError: what is left of it cannot be moved.
        """
        if self._found is None or not self._found.seq or path.exists():
            return
        count = self._found.seq
        wal = path.with_name(path.name + "-wal")
        what = f"The journal in {self._directory} has lost {path.name}{' but not its -wal' if wal.exists() else ''}"
        self._lose(f"{what}; it held everything up to number {count}", count)
        self._found = None
        if wal.exists():
            wal.rename(_free(wal.with_name(wal.name + ".lost")))

    def refuse_damaged(self, wal: Path) -> None:
        """Return if a write-ahead log holds nothing but what a crash may have left.

        Raises:
            StorageLost: it does, and no loss is accepted.
            OSError: it cannot be read.
        """
        try:
            refuse_damaged(wal)
        except StorageLost as error:
            if not self._accepts_loss:
                raise
            self.losses.append(str(error).partition(";")[0])

    def judge(self, head: int, link_at: Callable[[int], bytes], *, is_expected: bool) -> None:
        """Return if a journal holds what the mark says, and begin to note how far it comes.

        Args:
            head: the journal's.
            link_at: returns the chain's link of everything up to a number.
            is_expected: whether whatever wrote this journal kept a mark.

        Raises:
            StorageLost: it does not, and no loss is accepted.
        """
        found = self._found
        if found is not None and head < found.seq:
            what = f"The journal in {self._directory} ends at number {head}, and once ended at {found.seq}"
            self._lose(what, found.seq - head)
        elif found is not None and not _is_at(link_at, found):
            what = f"The journal in {self._directory} holds other entries up to number {found.seq} than it once did"
            self._lose(what, None)
        self._mark = Mark(head, link_at(head), self.logs)
        if found is None and is_expected:
            unknown = "the server cannot tell whether entries are missing; clients that saw more will be told"
            self.news.append(f"{self._path} is missing: {unknown}")
        try:
            self._file = MarkFile(self._path, self._mark, is_sound=found is not None and not self.losses)
        except OSError as error:
            self.news.append(self._unkept(error))

    def move(self, seq: int, link: bytes, logs: tuple[str, ...] = ()) -> None:
        """Note a newer number, which is durable; should that fail, `keep` says so.

        Args:
            seq, link: see `Mark`.
            logs: of which the journal has no entry.
        """
        self._mark = Mark(seq, link, logs)
        if self._file is not None:
            self._file.move(self._mark)

    def fall_back(self, seq: int, link: bytes) -> None:
        """Note an older number durably, before the link at newer ones changes; `move` follows.

        Raises:
            StorageFull: neither can that be noted nor the mark be removed; nothing may be changed.
        """
        if self._file is not None:
            self._file.close()
            self._file = None
        try:
            self._file = MarkFile(self._path, Mark(seq, link, self._mark.logs), is_sound=False)
        except OSError:
            try:
                self._path.unlink(missing_ok=True)  # a mark that is missing accuses nobody
            except OSError as error:
                raise StorageFull(f"Nothing was changed: {self._unkept(error)}") from error

    def keep(self) -> str | None:
        """Make the newest mark durable; see `contract.Journal.keep_mark`."""
        try:
            if self._file is None:
                self._file = MarkFile(self._path, self._mark, is_sound=False)
            self._file.sync()
        except OSError as error:
            return self._unkept(error)
        return None

    def close(self) -> None:
        """Make durable what was noted, where that can be, and close the file."""
        if self._file is not None:
            with suppress(OSError):
                self._file.sync()
            self._file.close()
            self._file = None

    def _believed(self) -> Mark | None:
        try:
            return read(self._path)
        except StorageLost as error:
            if not self._accepts_loss:
                raise
            self.losses.append(str(error).partition(";")[0])
            return None

    def _lose(self, what: str, count: int | None) -> None:
        numbers = "it is not known how many numbers are" if count is None else f"{count} numbers are"
        gone = f"{what}; {'1 number is' if count == 1 else numbers} gone"
        if not self._accepts_loss:
            raise StorageLost(f"{gone}: {ACCEPT}")
        self.losses.append(gone)

    def _unkept(self, error: OSError) -> str:
        return f"cannot write {self._path}: {of_system(error, self._directory)}"


def _is_at(link_at: Callable[[int], bytes], mark: Mark) -> bool:
    try:
        return link_at(mark.seq) == mark.link
    except StorageCorrupt:
        return True  # whoever reads that part is told so


def _free(path: Path) -> Path:
    """Return the path, or one with a number behind it, at which nothing is."""
    taken = 0
    found = path
    while found.exists():
        taken += 1
        found = path.with_name(f"{path.name}.{taken}")
    return found
