"""A journal in one SQLite file, for servers that keep what was said.

Theory of operation.  A commit is one transaction: the entries are packed into blocks (`blocks`), chained by SHA-256.
The index of labels follows from the blocks and is written later (`label_index`).  The write-ahead log is synced before
`commit` returns, so what is committed survives the death of the process and of the machine; after a crash SQLite itself
goes back to the last transaction that is whole.  What SQLite would not notice, a flipped bit, the chain notices: no row
is returned that was not checked against it.

The write-ahead log is emptied into the file by `rest`, never within a transaction, as SQLite's own way of doing that,
in the middle of a commit, made the longest pause 540 ms instead of 18.

Nothing is kept in memory but the newest block, the labels of a bounded number of blocks that wait for the index, a
bounded cache of pages and a bounded cache of labels.

That the file was replaced by an older one of its own, such as a backup, or that the end of the write-ahead log is
gone, looks from within like a journal of which less was written: `high_water` finds it out.  Should the mark have been
replaced too, the names of the logs (`logs`) tell whoever saw more.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import chain
from pathlib import Path

from reactor_chat.errors import StorageCorrupt, StorageError, StorageFull
from reactor_chat.journal.contract import Condition, Copy, Mark, Slices, Span, finished
from reactor_chat.journal.logs import Log, Logs
from reactor_chat.journal.reports import Entry, ReportsAtOnce, Row
from reactor_chat.journal.sqlite import log_rows
from reactor_chat.journal.sqlite.blocks import FIRST_LINK, BlockDraft, packed
from reactor_chat.journal.sqlite.copying import copied
from reactor_chat.journal.sqlite.database_file import (
    FILE_NAME,
    LOCK_NAME,
    MOUNTS,
    PAGE_BYTES,
    WAL_PAGES_MAX,
    apply_settings,
    bring_up,
    limit_size,
    locked,
    plain_name,
    prepared,
    schema_of,
)
from reactor_chat.journal.sqlite.failures import Fence, GuardedReading, of_sqlite
from reactor_chat.journal.sqlite.ground import Ground, refuse_second_names
from reactor_chat.journal.sqlite.high_water import HighWater
from reactor_chat.journal.sqlite.label_index import LAG_BLOCKS_AT_REST, LAG_BLOCKS_MAX, LabelIndex
from reactor_chat.journal.sqlite.removal import replace, rewritten
from reactor_chat.journal.sqlite.scrub import Scrub
from reactor_chat.journal.sqlite.snapshots import Snapshots
from reactor_chat.journal.sqlite.stored_blocks import StoredBlocks
from reactor_chat.journal.sqlite.survey import next_readable
from reactor_chat.journal.sqlite.verifying import Verified, check_structures, survey_chain
from reactor_chat.journal.sqlite.write_ahead import left_as_found

WAL_PAGES_REST = 256
"""From 1 MiB of write-ahead log on, `rest` empties it."""

SNAPSHOT_PIECE_BYTES = 4_194_304
"""Of a snapshot that is kept at once."""

_PUT = "REPLACE INTO blocks VALUES (?, ?, ?)"


class SqliteJournal(ReportsAtOnce):
    """Keeps entries in `directory/journal.db`.

    Args:
        directory: made where there is none, for its owner only; locked until `close`.
        bytes_max: how large the file may become (the write-ahead log beside it needs up to 16 MiB more); commits
            beyond raise StorageFull.  None for as large as the disk.
        mounts: where the system lists what is mounted.
        accepts_loss: whether to go on where some of what was once written is gone.

    Raises:
        StorageBusy: another process has it open.
        StorageLost: some of what was once written is gone, or the file has another name; nothing was changed.
        StorageCorrupt: the file is damaged, or is none of ours; nothing was changed.
        StorageFull: there is no space for a new journal.
        StorageError: anything else, in one line that says what to do.

    Attributes:
        head: see `contract.Journal`.
        oldest: 1: nothing is ever forgotten.
        is_read_only: see `contract.Journal`.
        logs: see `contract.Journal`.
        high_water: what was found out about its end when it was opened.
    """

    oldest = 1
    is_read_only = False

    def __init__(
        self,
        directory: Path | str,
        bytes_max: int | None = None,
        mounts: Path = MOUNTS,
        *,
        accepts_loss: bool = False,
    ) -> None:
        self.directory = Path(directory)
        self.head = 0
        self.logs = Logs()
        self._unkept_logs: list[Log] = []
        self._draft, self._link = BlockDraft(1, FIRST_LINK), FIRST_LINK
        self._head_found = 0
        self._copies: list[set[int]] = []  # for each copy under way, what was rewritten since it began
        self._fence = Fence(self.directory)
        self._reading = GuardedReading(self._fence, self.directory)
        self._ground = Ground(self.directory)
        with self._fence:
            self._lock = locked(self.directory, mounts)
            try:
                self.high_water = HighWater(self.directory, accepts_loss=accepts_loss)
                self.high_water.refuse_gone(self.directory / FILE_NAME)
                self._path = prepared(self.directory)
                refuse_second_names(self._path)
                self._wal = self._path.resolve().with_name(self._path.resolve().name + "-wal")
                self.high_water.refuse_damaged(self._wal)
                self._database = sqlite3.connect(plain_name(self._path), timeout=0, isolation_level=None)
            except BaseException:
                os.close(self._lock)
                raise
            try:
                self._open()
                self.high_water.judge(self.head, self._link_at, is_expected=self._is_marked())
                self._settle(bytes_max)
            except BaseException:
                with left_as_found(self._wal):
                    self._close()
                raise

    def begin_log(self, name: str, *, is_after_loss: bool = False) -> None:
        """Begin another log, which is kept with the next commit; see `contract.Journal`."""
        log = Log(name, self.head + 1, is_after_loss or bool(self.high_water.losses))
        self.logs.begin(log)
        self._unkept_logs.append(log)

    def keep_log(self) -> None:
        """Keep the running log beside the journal, where no commit has; see `contract.Journal`."""
        if self._unkept_logs:
            self.high_water.move(self.head, self._link, tuple(log.name for log in self._unkept_logs))
            self.high_water.keep()

    def keep_log_in_place(self) -> None:
        """Keep the running log in the journal itself, before any number is given in it.  Raises StorageError."""
        with self._fence, self._transaction():
            self._keep_logs()
        self._unkept_logs.clear()

    def commit(self, entries: Sequence[Entry]) -> None:
        """Append entries durably, all or none; see `reports.ReportsAtOnce`."""
        assert entries, "a commit without entries"
        for seq, entry in enumerate(entries, self.head + 1):
            assert entry.seq == seq, f"entry {entry.seq} where {seq} is next"
        with self._fence:
            self._ground.check()
            if self._wal_pages >= WAL_PAGES_MAX:
                self._checkpoint()
            if self._label_index.lag() > LAG_BLOCKS_MAX:
                self._index()
            blocks = packed(self._draft.copy(), entries)
            self._put([(draft.first, link, body) for draft, link, body in blocks])
        for draft, _, body in blocks:
            self._label_index.note(draft)
            self._wal_pages += 2 + len(body) // PAGE_BYTES
        self._draft, self._link, _ = blocks[-1]
        self.head = self._draft.end - 1
        self.high_water.move(self.head, self._link)

    def newest(self, spans: Sequence[Span], before: int | None, limit: int) -> list[Row]:
        """Read back from the newest; see `contract.Journal`."""
        last = self.head if before is None else min(before - 1, self.head)
        return self._stored.page(
            [(label, max(first, 1), min(end, last)) for label, first, end in spans], limit, newest=True
        )

    def since(self, spans: Sequence[Span], after: int, limit: int) -> list[Row]:
        """Read on from a number; see `contract.Journal`."""
        first = max(after + 1, 1)
        return self._stored.page(
            [(label, max(begin, first), min(end, self.head)) for label, begin, end in spans], limit, newest=False
        )

    def behind(self, seq: int) -> int:
        """Return the last number of a broken place; see `contract.Journal`."""
        self._fence.check()
        return next_readable(self._database, seq, self.head + 1) - 1

    def replay(self, after: int = 0) -> Iterator[Row]:
        """Yield every row above a number, each checked against the chain; see `contract.Journal`."""
        rows = chain.from_iterable(block.rows() for block in self._stored.walk(after + 1, self.head))
        return rows if after <= 0 else (row for row in rows if row.seq > after)

    def rewrite(self, rows: Sequence[Row]) -> None:
        """Replace payloads, all or none; see `contract.Journal`."""
        payloads = {row.seq: row.payload for row in rows}
        with self._fence:
            self._ground.check()
            if max(payloads) >= self._draft.first:  # the link up to here changes, and the mark must not accuse that
                self.high_water.fall_back(self._draft.first - 1, self._draft.link_before)
            try:
                with self._transaction():
                    found, newest = rewritten(self._database, self._stored.read, self._draft, payloads)
                    replace(self._database, found)
                self._draft = newest
                self._link = next((block.link for block in found if block.first == newest.first), self._link)
            finally:
                self.high_water.move(self.head, self._link, tuple(log.name for log in self._unkept_logs))
        self._wal_pages += 2 + sum(2 + len(block.body) // PAGE_BYTES for block in found)
        for changed in self._copies:
            changed.update(block.first for block in found)

    def purge(self) -> None:
        """Empty the write-ahead log, which holds what was replaced; see `contract.Journal`."""
        with self._fence:
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._wal_pages = 0

    def keep_snapshot(self, seq: int, snapshot: bytes) -> None:
        """Keep a snapshot at once; see `contract.Journal`."""
        begins = range(0, max(len(snapshot), 1), SNAPSHOT_PIECE_BYTES)
        finished(self.snapshot_slices(seq, [snapshot[begin : begin + SNAPSHOT_PIECE_BYTES] for begin in begins]))

    def snapshot_slices(self, seq: int, pieces: Iterable[bytes]) -> Slices[None]:
        """Keep a snapshot piece by piece; see `contract.Journal`."""
        assert 0 <= seq <= self.head, f"a snapshot at {seq}, where {self.head} is the newest"
        yield from self._reading.slices(self._snapshots().keep(seq, map(self._counted, pieces)))

    def _counted(self, piece: bytes) -> bytes:
        self._wal_pages += 4 + len(piece) // PAGE_BYTES
        return piece

    def snapshot(self) -> tuple[int, bytes] | None:
        """Return the newest snapshot that is what was kept; see `contract.Journal`."""
        return self._snapshots().newest(self.head)

    def _snapshots(self) -> Snapshots:
        return Snapshots(self._database, self._transaction)

    def check_ground(self) -> None:
        """Return if the journal is still where it was opened; see `contract.Journal`."""
        with self._fence:
            self._ground.check()

    def keep_mark(self) -> str | None:
        """Make durable how far the journal has come; see `contract.Journal`."""
        return self.high_water.keep()

    def rest(self) -> None:
        """Write some of the index where much waits, and empty a long write-ahead log; see `contract.Journal`."""
        with self._fence:
            if self._label_index.lag() > LAG_BLOCKS_AT_REST:
                with self._unless_full():
                    self._index()
            if self._wal_pages >= WAL_PAGES_REST:
                self._checkpoint()

    def close(self) -> None:
        """Write the index where something was committed, close the file and unlock the directory.

        A journal that was only read, or was found damaged and is refused, stays as it is.
        """
        if self._lock >= 0 and self.head > self._head_found:
            with suppress(StorageError), self._fence:
                self._index_down_to(0)
        self._close()

    def _close(self) -> None:
        if self._lock >= 0:
            self.high_water.close()
            with suppress(sqlite3.Error):  # it empties the write-ahead log if it can, and leaves it there if not
                self._database.close()
            os.close(self._lock)
            self._lock = -1

    def verify(self) -> Verified:
        """Check everything: SQLite's structures, the whole chain, and that the index agrees with the entries.

        Returns:
            What was found whole.

        Raises:
            StorageCorrupt: something is not what was written.
        """
        with self._fence:
            check_structures(self._database, self.directory)
        found = survey_chain(self._stored.walk(1, self.head), self._label_index, self._fence, self.directory)
        kept = self.snapshot()
        size_bytes = self._path.stat().st_size
        return Verified(self.head, found.blocks, found.labels, found.link.hex(), kept and kept[0], size_bytes)

    def backup(self, path: Path | str, since: Mark | None = None) -> Copy:
        """Write a copy at once; see `backup_slices`."""
        return finished(self.backup_slices(Path(path), since))

    def backup_slices(self, path: Path, since: Mark | None = None) -> Slices[Copy]:
        """Write a copy of the journal as it is now, complete and synced, while it stays open; see `contract.Journal`.

        Raises:
            StorageFull: no space there.
            StorageError: the path exists, or cannot be written, or the earlier copy is of another journal; the journal
                goes on.
        """
        changed: set[int] = set()
        self._copies.append(changed)
        work = copied(self._database, self._draft.copy(), path, changed, since)
        try:
            while True:
                self._fence.check()
                try:
                    percent = next(work)
                except StopIteration as end:
                    copy: Copy = end.value
                    return copy
                yield percent
        finally:
            self._copies = [other for other in self._copies if other is not changed]
            work.close()

    def scrub_slices(self) -> Slices[Condition]:
        """Look at everything that is stored; see `contract.Journal`."""
        return (yield from self._reading.slices(self._scrub().run()))

    def repair_slices(self, backup: Path) -> Slices[Condition]:
        """Bring back from a copy what is damaged here; see `contract.Journal`."""
        return (yield from self._reading.slices(self._scrub().repair(backup)))

    def _scrub(self) -> Scrub:
        draft = self._draft
        return Scrub(self._database, self._label_index, self._transaction, draft.first, draft.link_before)

    # ------------------------------------------------------------------------------------------------------ opening

    def _open(self) -> None:
        apply_settings(self._database)
        with closing(self._database.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")) as found:
            if {sql for (sql,) in found} != schema_of(self._format()):
                raise StorageCorrupt(f"The journal in {self.directory} has foreign tables; nothing was changed")
        self._database.execute("BEGIN IMMEDIATE")  # takes the lock, and finds out whether writing is possible at all
        self._database.execute("ROLLBACK")
        self._wal_pages = self._wal.stat().st_size // PAGE_BYTES if self._wal.exists() else 0
        self._label_index = LabelIndex(self._database)
        self._stored = StoredBlocks(self._database, self._label_index, self._reading)
        self._find_head()

    def _is_marked(self) -> bool:
        return bool(self.head) and self._format() > 1

    def _format(self) -> int:
        return int(self._database.execute("PRAGMA user_version").fetchone()[0])

    def _settle(self, bytes_max: int | None) -> None:
        """Take what was found to be whole as what goes on from here."""
        self._head_found = self.head
        if bring_up(self._database, self._draft.first):
            self._wal_pages = WAL_PAGES_MAX  # to be emptied at once: it may hold the whole index
        limit_size(self._database, bytes_max)
        self.logs = log_rows.load(self._database)
        for name in self.high_water.logs:
            if name not in self.logs:
                self.begin_log(name)
        for _ in self._label_index.load(self._draft):
            self._index_down_to(LAG_BLOCKS_MAX)  # where the index has to be made anew
        if self._wal_pages:  # to be emptied soon: what two crashes left in one log, `write_ahead` takes for damage
            self._wal_pages = max(self._wal_pages, WAL_PAGES_REST)
        self._ground.stand_on(self.directory / LOCK_NAME, self._path, self._wal)

    def _find_head(self) -> None:
        (first,) = self._database.execute("SELECT max(first) FROM blocks").fetchone()
        if first is None:
            return
        try:
            link_before, block = self._stored.read(first)
        except StorageCorrupt:
            self._begin_behind(first)
            return
        self._draft, self._link = block.draft(link_before), block.link
        self.head = self._draft.end - 1

    def _begin_behind(self, first: int) -> None:
        """Go on behind a damaged newest block where the mark knows how it ended; else raise StorageCorrupt."""
        row = self._database.execute("SELECT link FROM blocks WHERE first = ?", (first,)).fetchone()
        end = self.high_water.end
        if row is None or end is None or end.seq < first or end.link != row[0]:
            self._stored.read(first)
            return
        self._draft, self._link, self.head = BlockDraft(end.seq + 1, end.link), end.link, end.seq

    def _link_at(self, seq: int) -> bytes:
        """Return the chain's link as it was when this number was the newest."""
        if seq in (0, self.head):
            return self._link if seq else FIRST_LINK
        return self._stored.link_at(seq)

    # ------------------------------------------------------------------------------------------------------ writing

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            self._label_index.forget()
            if self._database.in_transaction:  # SQLite has already gone back after some errors
                self._database.execute("ROLLBACK")
            raise

    def _put(self, rows: list[tuple[int, bytes, bytes]]) -> None:
        """Store blocks, and the logs that have none yet, all or none."""
        if len(rows) == 1 and not self._unkept_logs:
            self._database.execute(_PUT, rows[0])  # a transaction by itself
            return
        with self._transaction():
            self._database.executemany(_PUT, rows)
            self._keep_logs()
        self._unkept_logs.clear()

    def _keep_logs(self) -> None:
        for log in self._unkept_logs:
            log_rows.keep(self._database, log)

    def _index(self) -> None:
        """Write some of what the index lacks, in a transaction of its own."""
        if self._label_index.end < self._draft.first:
            self._wal_pages += self._label_index.write(self._transaction, self._draft.first)

    def _index_down_to(self, lag: int) -> None:
        with self._unless_full():
            while self._label_index.end < self._draft.first and self._label_index.lag() > lag:
                self._index()

    def _checkpoint(self) -> None:
        """Copy the write-ahead log's pages into the file; with no other reader a passive checkpoint copies all."""
        with self._unless_full():
            self._database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        self._wal_pages = 0  # where the disk is full, the log stays and is tried again a while later

    @contextmanager
    def _unless_full(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if not isinstance(of_sqlite(error, self.directory), StorageFull):
                raise
