"""A journal in one SQLite file, for servers that keep what was said.

Theory of operation.  A commit is one transaction: the entries are packed into blocks (`blocks`), chained by SHA-256,
and the blocks are entered in the index of labels (`places`).  The write-ahead log is synced before `commit` returns,
so what is committed survives the death of the process and of the machine; after a crash SQLite itself goes back to
the last transaction that is whole.  What SQLite would not notice, a flipped bit, the chain notices: no row is returned
that was not checked against it.

The write-ahead log is emptied into the file by `rest`, never within a transaction, as SQLite's own way of doing that,
in the middle of a commit, made the longest pause 540 ms instead of 18.

Nothing is kept in memory but the newest block, a bounded cache of pages and a bounded cache of labels.

What cannot be detected here: that the file was replaced by an older one of its own, such as a backup, or that the
end of the write-ahead log is gone.  Both look like a journal of which less was written.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from heapq import merge
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from reactor_chat.errors import StorageCorrupt, StorageError, StorageFull
from reactor_chat.journal.blocks import FIRST_LINK, Block, Draft, packed
from reactor_chat.journal.contract import Entry, Row, Span
from reactor_chat.journal.failures import Fence, of_sqlite, of_system
from reactor_chat.journal.place import MOUNTS, SCHEMA, locked, prepared, synced
from reactor_chat.journal.places import Places
from reactor_chat.journal.removal import replace, rewritten

PAGE_BYTES = 4_096
CACHE_KIBIBYTES = 4_096
WAL_PAGES_REST = 256
"""From 1 MiB of write-ahead log on, `rest` empties it."""

WAL_PAGES_MAX = 4_096
"""At 16 MiB a commit empties it before it begins, for a server that never rests."""

REPLAY_BLOCKS = 64
"""Blocks fetched at once by a replay; 256 KiB."""

_SETTINGS: tuple[tuple[str, int | str], ...] = (
    ("locking_mode", "exclusive"),
    ("journal_mode", "wal"),
    ("synchronous", 2),
    ("fullfsync", 1),
    ("checkpoint_fullfsync", 1),
    ("wal_autocheckpoint", 0),
    ("journal_size_limit", WAL_PAGES_MAX * PAGE_BYTES),
    ("cache_size", -CACHE_KIBIBYTES),
    ("mmap_size", 0),
    ("secure_delete", 1),
    ("cell_size_check", 1),
    ("trusted_schema", 0),
)
"""Set at start in this order, read back and compared; the lock comes first, so that no other process ever gets in."""


class Report(NamedTuple):
    """What `verify` found to be whole.

    Attributes:
        entries: how many there are; also the newest one's number.
        blocks: how many blocks hold them.
        labels: how many different labels they carry.
        link: the newest block's, in hexadecimal: two journals with the same one hold the same entries.
        snapshot: the number of the snapshot; None where there is none to be used.
        file_bytes: size of the file without its write-ahead log.
    """

    entries: int
    blocks: int
    labels: int
    link: str
    snapshot: int | None
    file_bytes: int


class SqliteJournal:
    """Keeps entries in `directory/journal.db`.

    Args:
        directory: made where there is none, for its owner only; locked until `close`.
        bytes_max: how large the file may become (the write-ahead log beside it needs up to 16 MiB more); commits
            beyond raise StorageFull.  None for as large as the disk.
        mounts: where the system lists what is mounted.

    Raises:
        StorageBusy: another process has it open.
        StorageCorrupt: the file is damaged, or is none of ours; nothing was changed.
        StorageFull: there is no space for a new journal.
        StorageError: anything else, in one line that says what to do.

    Attributes:
        head: see `contract.Journal`.
        oldest: 1: nothing is ever forgotten.
    """

    oldest = 1

    def __init__(self, directory: Path | str, bytes_max: int | None = None, mounts: Path = MOUNTS) -> None:
        self.directory = Path(directory)
        self.head = 0
        self._draft = Draft(1, FIRST_LINK)
        self._fence = Fence(self.directory)
        with self._fence:
            self._lock = locked(self.directory, mounts)
            try:
                self._path = prepared(self.directory)
                self._database = sqlite3.connect(self._path, timeout=0, isolation_level=None)
            except BaseException:
                os.close(self._lock)
                raise
            try:
                self._open(bytes_max)
            except BaseException:
                self.close()
                raise

    def commit(self, entries: Sequence[Entry]) -> None:
        """Append entries durably, all or none; see `contract.Journal`."""
        assert entries, "a commit without entries"
        for seq, entry in enumerate(entries, self.head + 1):
            assert entry.seq == seq, f"entry {entry.seq} where {seq} is next"
        with self._fence:
            if self._wal_pages >= WAL_PAGES_MAX:
                self._checkpoint()
            blocks = packed(self._draft.copy(), entries)
            with self._transaction():
                self._database.executemany(
                    "REPLACE INTO blocks VALUES (?, ?, ?)", [(draft.first, link, body) for draft, link, body in blocks]
                )
                for draft, _, _ in blocks:
                    self._index(draft)
        self._wal_pages += 2 + sum(1 + len(body) // PAGE_BYTES for _, _, body in blocks)
        self._draft = blocks[-1][0]
        self.head = self._draft.end - 1

    def newest(self, spans: Sequence[Span], before: int | None, limit: int) -> list[Row]:
        """Read back from the newest; see `contract.Journal`."""
        last = self.head if before is None else min(before - 1, self.head)
        return self._page([(label, max(first, 1), min(end, last)) for label, first, end in spans], limit, newest=True)

    def since(self, spans: Sequence[Span], after: int, limit: int) -> list[Row]:
        """Read on from a number; see `contract.Journal`."""
        first = max(after + 1, 1)
        return self._page(
            [(label, max(begin, first), min(end, self.head)) for label, begin, end in spans], limit, newest=False
        )

    def replay(self, after: int = 0) -> Iterator[Row]:
        """Yield every row above a number, each checked against the chain; see `contract.Journal`."""
        rows = chain.from_iterable(block.rows() for block in self._blocks(after + 1))
        return rows if after <= 0 else (row for row in rows if row.seq > after)

    def rewrite(self, rows: Sequence[Row]) -> None:
        """Replace payloads, all or none; see `contract.Journal`."""
        with self._fence, self._transaction():
            found, newest = rewritten(self._database, self._block, self._draft, {row.seq: row.payload for row in rows})
            replace(self._database, found)
        self._wal_pages += 2 + sum(2 + len(block.body) // PAGE_BYTES for block in found)
        self._draft = newest

    def purge(self) -> None:
        """Empty the write-ahead log, which holds what was replaced; see `contract.Journal`."""
        with self._fence:
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._wal_pages = 0

    def keep_snapshot(self, seq: int, snapshot: bytes) -> None:
        """Keep a snapshot in place of older ones; see `contract.Journal`."""
        assert 0 <= seq <= self.head, f"a snapshot at {seq}, where {self.head} is the newest"
        with self._fence, self._transaction():
            self._database.execute("DELETE FROM snapshots")
            self._database.execute("INSERT INTO snapshots VALUES (?, ?, ?)", (seq, _digest(seq, snapshot), snapshot))
        self._wal_pages += 4 + len(snapshot) // PAGE_BYTES

    def snapshot(self) -> tuple[int, bytes] | None:
        """Return the snapshot where there is one that is what was kept; see `contract.Journal`."""
        try:
            rows = self._database.execute("SELECT seq, digest, body FROM snapshots ORDER BY seq DESC").fetchall()
        except sqlite3.Error:  # damage to a snapshot costs a longer replay and nothing else
            return None
        for seq, digest, body in rows:
            if type(body) is bytes and seq <= self.head and digest == _digest(seq, body):
                return seq, body
        return None

    def rest(self) -> None:
        """Empty the write-ahead log into the file where that is worth its while; see `contract.Journal`."""
        with self._fence:
            if self._wal_pages >= WAL_PAGES_REST:
                self._checkpoint()

    def close(self) -> None:
        """Close the file and unlock the directory; what was committed stays."""
        if self._lock >= 0:
            with suppress(sqlite3.Error):  # it empties the write-ahead log if it can, and leaves it there if not
                self._database.close()
            os.close(self._lock)
            self._lock = -1

    def verify(self) -> Report:
        """Check everything: SQLite's structures, the whole chain, and that the index agrees with the entries.

        Returns:
            What was found whole.

        Raises:
            StorageCorrupt: something is not what was written.
        """
        with self._fence:
            for (found,) in self._database.execute("PRAGMA quick_check(1)"):
                if found != "ok":
                    raise StorageCorrupt(f"The journal in {self.directory} is damaged ({found}); restore a backup")
        blocks = places = 0
        labels: set[str] = set()
        link = FIRST_LINK
        for block in self._blocks(1):
            carried = set(chain.from_iterable(block.kinds()))
            with self._fence:
                if not all(self._places.has(label, block.first) for label in carried):
                    raise StorageCorrupt(f"The journal's index leaves out entry {block.first}; restore a backup")
            blocks, places, link = blocks + 1, places + len(carried), block.link
            labels |= carried
        with self._fence:
            if places != self._places.count():
                raise StorageCorrupt(f"The journal in {self.directory} has a wrong index; restore a backup")
        kept = self.snapshot()
        return Report(self.head, blocks, len(labels), link.hex(), kept and kept[0], self._path.stat().st_size)

    def backup(self, path: Path | str) -> None:
        """Write a copy of the journal as it is now, complete and synced, while it stays open.

        Args:
            path: a file that does not exist yet.

        Raises:
            StorageFull: no space there.
            StorageCorrupt: the journal is damaged.
            StorageError: the path exists, or cannot be written; the journal goes on.
        """
        self._fence.check()
        path = Path(path)
        if not path.name or "\0" in path.name:
            raise StorageError(f"{str(path)!r} names no file; name one for the backup")
        part = path.with_name(path.name + ".part")
        wal = path.with_name(path.name + "-wal")
        if wal.exists():  # SQLite would take it for the backup's own and change the backup by it
            raise StorageError(f"{wal} exists and is of another file; move it away first")
        made: list[Path] = []
        try:
            for name in (path, part):
                os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
                made.append(name)
            self._database.execute("VACUUM INTO ?", (str(part),))
            synced(part)
            part.replace(path)
            synced(path.absolute().parent)
        except (OSError, sqlite3.Error) as error:
            for name in made:
                name.unlink(missing_ok=True)
            if isinstance(error, FileExistsError):
                raise StorageError(f"{error.filename} exists; name another file for the backup") from error
            raise of_sqlite(error, path) if isinstance(error, sqlite3.Error) else of_system(error, path) from error

    # ------------------------------------------------------------------------------------------------------ opening

    def _open(self, bytes_max: int | None) -> None:
        for name, value in _SETTINGS:
            self._set(name, value)
        if bytes_max is not None:
            (page_count,) = self._database.execute("PRAGMA page_count").fetchone()
            self._set("max_page_count", max(bytes_max // PAGE_BYTES, page_count))
        with closing(self._database.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")) as found:
            if {sql for (sql,) in found} != set(SCHEMA):
                raise StorageCorrupt(f"The journal in {self.directory} has foreign tables; nothing was changed")
        self._database.execute("BEGIN IMMEDIATE")  # takes the lock, and finds out whether writing is possible at all
        self._database.execute("ROLLBACK")
        wal = self._path.with_name(self._path.name + "-wal")
        self._wal_pages = wal.stat().st_size // PAGE_BYTES if wal.exists() else 0
        self._places = Places(self._database)
        self._find_head()

    def _set(self, name: str, value: int | str) -> None:
        self._database.execute(f"PRAGMA {name} = {value}").fetchall()
        found = self._database.execute(f"PRAGMA {name}").fetchone()
        if found != (value,):
            raise StorageError(f"SQLite {sqlite3.sqlite_version} does not take {name} = {value} but says {found}")

    def _find_head(self) -> None:
        (first,) = self._database.execute("SELECT max(first) FROM blocks").fetchone()
        if first is not None:
            link_before, block = self._block(first)
            self._draft = block.draft(link_before)
            self.head = self._draft.end - 1

    # ------------------------------------------------------------------------------------------------------ writing

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            self._places.forget()
            if self._database.in_transaction:  # SQLite has already gone back after some errors
                self._database.execute("ROLLBACK")
            raise

    def _index(self, draft: Draft) -> None:
        unknown = draft.labels() - draft.indexed
        if unknown:
            self._places.add(sorted(unknown), draft.first)
            draft.indexed |= unknown

    def _checkpoint(self) -> None:
        """Copy the write-ahead log's pages into the file; with no other reader a passive checkpoint copies all."""
        try:
            self._database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.OperationalError as error:
            if not isinstance(of_sqlite(error, self.directory), StorageFull):
                raise
        self._wal_pages = 0  # where the disk is full, the log stays and is tried again a while later

    # ------------------------------------------------------------------------------------------------------ reading

    def _page(self, spans: Sequence[Span], limit: int, *, newest: bool) -> list[Row]:
        """Read blocks, from the newest or the oldest that any of the spans is in, until there are enough rows."""
        rows: list[Row] = []
        with self._fence:
            walks = [self._places.blocks(span, newest=newest) for span in spans if span[1] <= span[2]]
            merged = merge(*walks, key=itemgetter(0), reverse=newest)
            for first, found in groupby(merged, key=itemgetter(0)):
                block = self._block(first)[1]
                rows.extend(sorted(block.found(span for _, span in found), reverse=newest))
                if len(rows) >= limit:
                    break
        return rows[:limit]

    def _block(self, first: int) -> tuple[bytes, Block]:
        """Read one block and check it against the link before it, which is returned with it."""
        row = self._database.execute(
            "SELECT link, body, (SELECT link FROM blocks WHERE first < ?1 ORDER BY first DESC LIMIT 1) "
            "FROM blocks WHERE first = ?1",
            (first,),
        ).fetchone()
        if row is None:
            raise StorageCorrupt(f"The journal's entries from {first} on are missing; restore a backup")
        link_before = FIRST_LINK if first == 1 else row[2]
        return link_before, Block(first, link_before, row[0], row[1])

    def _blocks(self, seq: int) -> Iterator[Block]:
        """Yield every block from the one that holds a number on, checking that they are one chain up to the head.

        Blocks are fetched some at a time, so that no statement stays open while the caller does other things.
        """
        head, link = self.head, FIRST_LINK
        end = first = 1
        with self._fence:
            if seq > 1 and head:
                (first,) = self._database.execute("SELECT max(first) FROM blocks WHERE first <= ?", (seq,)).fetchone()
                link, end = self._block(first)[0], first
        while end <= head:
            with self._fence:
                fetched = self._fetch(end)
            for first, stored, body in fetched:
                with self._fence:
                    if first != end:
                        raise StorageCorrupt(f"The journal's entries from {end} on are missing; restore a backup")
                    block = Block(first, link, stored, body)
                link, end = block.link, block.end
                yield block

    def _fetch(self, first: int) -> list[tuple[int, bytes, bytes]]:
        found = self._database.execute(
            "SELECT first, link, body FROM blocks WHERE first >= ? ORDER BY first LIMIT ?", (first, REPLAY_BLOCKS)
        ).fetchall()
        if not found:
            raise StorageCorrupt(f"The journal's entries from {first} on are missing; restore a backup")
        return found


def _digest(seq: int, snapshot: bytes) -> bytes:
    return hashlib.sha256(seq.to_bytes(8, "little", signed=True) + snapshot).digest()
