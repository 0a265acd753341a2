"""Writes a copy of a journal in slices, while the journal goes on.

Full blocks never change, so they can be copied at leisure; the open block is copied as it was at the beginning, and
what is committed later is not in the copy.  A copy is therefore the journal at one moment, and is itself a journal: it
can be opened, verified and exported.

An increment is a copy without what an earlier one has.  It begins with the block in which that one ends, says which
link stands before, and is no journal by itself: `restoring` puts it behind the earlier one.

The copy is written beside its place, synced a little at a time, and gets its name when it is complete: a copy that was
interrupted leaves `NAME.part` at most, which the next one to the same name replaces.  So no half file ever has the
name, and nothing that has the name is overwritten.
"""

import fcntl
import os
import sqlite3
import stat
from bisect import bisect_left
from collections.abc import Iterator, Sequence, Set
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from reactor_chat.errors import StorageCorrupt, StorageError
from reactor_chat.journal.contract import Copy, Damage, Mark, Slices
from reactor_chat.journal.label_runs import numbers_of, packed
from reactor_chat.journal.sqlite.blocks import FIRST_LINK, BlockDraft, PackedBlock, link_of
from reactor_chat.journal.sqlite.database_file import APPLICATION_ID, SCHEMA_VERSION, plain_name, synced
from reactor_chat.journal.sqlite.failures import of_sqlite, of_system
from reactor_chat.journal.sqlite.label_index import LAG_BLOCKS_MAX, LabelIndex
from reactor_chat.journal.sqlite.removal import Written, replace
from reactor_chat.journal.sqlite.survey import Survey

SLICE_ROWS = 500
"""Small rows copied at once; a millisecond."""
SLICE_RUNS = 100
"""Rows of the index copied at once, of 300 bytes at most."""
SYNC_BYTES = 262_144
"""Written between two syncs: a disk that takes 20 MB a second needs 13 ms for them."""
INCREMENT_ID = 0x7263496E
"""Says in the file's header that it is an increment: "rcIn"."""
INCREMENT_TABLE = "CREATE TABLE increment (first INTEGER PRIMARY KEY, link BLOB NOT NULL) STRICT"
"""One row: the number of its first entry, and the link before."""
_INDEX = frozenset({"labels", "runs", "unindexed"})
_COPIED_APART = frozenset({"blocks", "snapshots", "increment"}) | _INDEX


class CopiedPart:
    """The file that becomes the copy.

    Args:
        path: the copy's name.

    Raises:
        StorageError: it names no file, exists, or another copy is being written to it.
        OSError: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        if not path.name or "\0" in str(path):
            raise StorageError(f"{str(path)!r} names no file; name one for the backup")
        self._refuse_what_is_there(path)
        self._path = path
        self.part = path.with_name(path.name + ".part")
        try:
            self._descriptor = self._made()
        except FileExistsError:
            self._forget_a_dead_one()
            self._descriptor = self._made()
        self._synced_bytes = 0

    def _refuse_what_is_there(self, path: Path) -> None:
        if path.exists() or path.is_symlink():
            raise StorageError(f"{path} exists; name another file for the backup")
        wal = path.with_name(path.name + "-wal")
        if wal.exists():  # SQLite would take it for the backup's own and change the backup by it
            raise StorageError(f"{wal} exists and is of another file; move it away first")

    def _made(self) -> int:
        descriptor = os.open(self.part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # nobody else can have it
        return descriptor

    def _forget_a_dead_one(self) -> None:
        """Remove what a copy left that was killed; whoever writes still has it locked."""
        if not stat.S_ISREG(self.part.lstat().st_mode):
            raise StorageError(f"{self.part} exists and is no file; move it away first")
        descriptor = os.open(self.part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.part.unlink()
        except BlockingIOError as error:
            raise StorageError(f"Another backup is being written to {self._path}; name another file") from error
        finally:
            os.close(descriptor)

    def sync_now_and_then(self) -> None:
        """Sync what was written where it is enough to be worth its while."""
        size = os.fstat(self._descriptor).st_size
        if size - self._synced_bytes >= SYNC_BYTES:
            os.fdatasync(self._descriptor)
            self._synced_bytes = size

    def finish(self) -> None:
        """Give the complete file its name, durably."""
        os.fsync(self._descriptor)
        try:
            os.link(self.part, self._path)  # as `rename` would, but for a file that has come meanwhile
        except FileExistsError as error:
            raise StorageError(f"{self._path} exists; name another file for the backup") from error
        except OSError:  # no such thing on this file system
            self._refuse_what_is_there(self._path)
            self.part.rename(self._path)
        self.part.unlink(missing_ok=True)
        synced(self._path.absolute().parent)
        os.close(self._descriptor)
        self._descriptor = -1

    def give_up(self) -> None:
        """Leave nothing, where it was not finished."""
        if self._descriptor >= 0:
            with suppress(OSError):
                self.part.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = -1


def copied(
    source: sqlite3.Connection, draft: BlockDraft, path: Path, changed: Set[int], since: Mark | None = None
) -> Slices[Copy]:
    """Write a copy; see `contract.Journal.backup_slices`.

    Args:
        source: of the journal.
        draft: its open block; not changed by anybody from here on.
        path: of the copy.
        changed: the first numbers of blocks that were rewritten since the copy began; it grows meanwhile.
        since: see there.
    """
    try:
        begin = None if since is None else _begin_of(source, draft, since)
        part = CopiedPart(path)
        try:
            with closing(sqlite3.connect(plain_name(part.part), isolation_level=None)) as target:
                copying = _Copying(source, draft, target, part, begin, changed)
                yield from copying.run()
            part.finish()
        finally:
            part.give_up()
    except sqlite3.Error as error:
        raise of_sqlite(error, path) from error
    except OSError as error:
        raise of_system(error, path) from error
    return Copy(draft.end - 1, copying.damaged)


class _Copying:
    """One copy under way, with the tables of both files in hand."""

    def __init__(
        self,
        source: sqlite3.Connection,
        draft: BlockDraft,
        target: sqlite3.Connection,
        part: CopiedPart,
        begin: tuple[int, bytes] | None,
        changed: Set[int],
    ) -> None:
        self._source = source
        self._target = target
        self._draft = draft
        self._body = draft.body() if draft.end > draft.first else b""
        self._end = draft.end
        self._part = part
        self._first, self._link = begin or (1, FIRST_LINK)
        self._changed = changed
        self._unindexed = source.execute("SELECT first, onwards FROM unindexed").fetchall()
        self._whole = begin is None
        self.damaged: list[Damage] = []

    def run(self) -> Slices[None]:
        """Copy everything, the table that is the largest first."""
        schema = self._prepare()
        yield 0
        yield from self._copy_blocks()
        if self._whole:
            try:
                yield from self._copy_index()
            except (sqlite3.DatabaseError, StorageCorrupt) as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                yield from self._make_index()  # the journal's own is damaged
            yield from self._copy_snapshots()
        for table in sorted(schema - _COPIED_APART):
            rows = self._source.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608  a name of our schema
            self._insert(table, rows)
            yield 99
        self._take_changes()
        self._part.sync_now_and_then()

    def _prepare(self) -> set[str]:
        target, source = self._target, self._source
        for name, value in (
            ("page_size", 4_096),
            ("journal_mode", "OFF"),
            ("synchronous", "OFF"),
            ("secure_delete", 1),
        ):
            target.execute(f"PRAGMA {name} = {value}").fetchall()
        target.execute("PRAGMA cache_size = -1024")
        target.execute("BEGIN")
        made = source.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
        left_out = set() if self._whole else _INDEX | {"snapshots"}
        tables = {name: sql for name, sql in made if name not in left_out}
        for sql in tables.values():
            target.execute(sql)
        (identity,) = source.execute("PRAGMA application_id").fetchone()
        (version,) = source.execute("PRAGMA user_version").fetchone()
        if not self._whole:
            identity = INCREMENT_ID
            target.execute(INCREMENT_TABLE)
            target.execute("INSERT INTO increment VALUES (?, ?)", (self._first, self._link))
        target.execute(f"PRAGMA application_id = {identity}")
        target.execute(f"PRAGMA user_version = {version}")
        target.execute("COMMIT")
        return set(tables)

    def _copy_blocks(self) -> Slices[None]:
        """Copy the broken ones too, as they are: what is broken may be mended later."""
        survey = Survey(self._source, self._first, self._link, self._draft.first)
        link = self._link
        for pieces in survey:
            self._insert("blocks", [(piece.first, piece.link, piece.body) for piece in pieces])
            link = pieces[-1].link if pieces else link
            yield 80 * survey.reached // self._draft.end
        if self._body:
            link = link_of(self._draft.link_before, self._draft.first, self._body)
            self._insert("blocks", [(self._draft.first, link, self._body)])
        self.damaged = survey.damaged

    def _take_changes(self) -> None:
        """Put what was removed meanwhile out of the copy too; nothing else is done between this and its end."""
        for first in sorted(self._changed):
            if first == self._first and not self._whole:
                raise StorageError("Something was removed where the earlier backup ends; make a whole backup")
            if self._first <= first < self._end:
                row = self._source.execute("SELECT first, link, body FROM blocks WHERE first = ?", (first,)).fetchone()
                replace(self._target, [Written(*row) if first < self._draft.first else self._shortened(*row)])

    def _shortened(self, first: int, link: bytes, body: bytes) -> Written:
        """Return what the open block of the beginning holds now, without what was added to it since."""
        before = self._draft.link_before
        body = PackedBlock(first, before, link, body).draft(before).up_to(self._end - 1).body()
        return Written(first, link_of(before, first, body), body)

    def _copy_index(self) -> Slices[None]:
        """Copy what the index had when the copy began; it comes to know the rest as the journal's own does."""
        index_end = max((first for first, onwards in self._unindexed if onwards), default=1)
        (label_last,) = self._source.execute("SELECT coalesce(max(id), 0) FROM labels").fetchone()
        name = ""  # no label is empty
        while rows := self._source.execute(
            "SELECT name, id FROM labels WHERE name > ? ORDER BY name LIMIT ?", (name, SLICE_ROWS)
        ).fetchall():
            name = rows[-1][0]
            self._insert("labels", [row for row in rows if row[1] <= label_last])
            yield 80
        yield from self._copy_runs(index_end)
        self._insert("unindexed", self._unindexed)

    def _copy_runs(self, end: int) -> Slices[None]:
        """Copy the rows without the blocks from a number on: what came in meanwhile.

        A row that was copied and then split is not looked at again: the next one begins behind its last block.
        """
        label, last = -1, -1
        while rows := self._source.execute(
            "SELECT label, first, later FROM runs WHERE (label, first) > (?, ?) ORDER BY label, first LIMIT ?",
            (label, last, SLICE_RUNS),
        ).fetchall():
            kept: list[tuple[int, int, bytes]] = []
            for identity, *run in rows:
                numbers = numbers_of(*run)
                kept += ((identity, *cut) for cut in packed(numbers[: bisect_left(numbers, end)]))
                label, last = identity, numbers[-1]
            self._insert("runs", kept)
            yield 85

    def _make_index(self) -> Slices[None]:
        """Make the copy's index of all its blocks but the open one, as that of a journal is made anew."""
        if self._target.in_transaction:
            self._target.execute("ROLLBACK")
        for table in sorted(_INDEX):
            self._target.execute(f"DELETE FROM {table}")  # noqa: S608  a name of our schema
        index = LabelIndex(self._target)
        for _ in index.load(self._draft):
            while index.lag() > LAG_BLOCKS_MAX:
                index.write(self._transaction, self._draft.first)
                self._part.sync_now_and_then()
            yield 90
        while index.end < self._draft.first:
            index.write(self._transaction, self._draft.first)
            self._part.sync_now_and_then()
            yield 94

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._target.execute("BEGIN")
        yield
        self._target.execute("COMMIT")

    def _copy_snapshots(self) -> Slices[None]:
        for (key,) in self._source.execute("SELECT seq FROM snapshots ORDER BY seq").fetchall():
            rows = self._source.execute("SELECT * FROM snapshots WHERE seq = ?", (key,)).fetchall()
            self._insert("snapshots", rows)  # none where a newer one has taken its place meanwhile
            yield 95

    def _insert(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            self._target.execute("BEGIN")
            marks = ", ".join("?" * len(rows[0]))
            self._target.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608  likewise
            self._target.execute("COMMIT")
            self._part.sync_now_and_then()


# ------------------------------------------------------------------------------------------ where a copy reaches


def opened(backup: Path) -> sqlite3.Connection:
    """Open a copy of a journal, or an increment, for reading only, so that nothing of it or beside it changes.

    Raises:
        StorageError: it is not there, is none, or a newer version of this program wrote it.
    """
    if not backup.is_file():
        raise StorageError(f"there is no backup at {backup}; name a file that `backup` wrote")
    database = sqlite3.connect(f"{backup.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
    try:
        (identity,) = database.execute("PRAGMA application_id").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
        database.execute("SELECT first, link, body FROM blocks ORDER BY first LIMIT 1").fetchall()
    except (sqlite3.Error, UnicodeDecodeError):
        identity = version = 0
    if identity in {APPLICATION_ID, INCREMENT_ID} and version <= SCHEMA_VERSION:
        return database
    database.close()
    if identity in {APPLICATION_ID, INCREMENT_ID}:
        raise StorageError(f"{backup} was written by a newer reactor_chat (format {version}); update this one")
    raise StorageCorrupt(f"{backup} is not a reactor_chat journal, or is damaged; nothing was changed")


def mark_of(database: sqlite3.Connection) -> Mark:
    """Return how far a copy, or an increment, reaches.

    Raises:
        StorageError: it cannot be read, or its newest block is not what was written.
    """
    found = database.execute("SELECT first, link, body FROM blocks ORDER BY first DESC LIMIT 2").fetchall()
    if not found:
        return Mark(0, FIRST_LINK)
    first, link, body = found[0]
    before = found[1][1] if len(found) > 1 else link_before_of(database)[1]
    return Mark(PackedBlock(first, before, link, body).end - 1, link)


def link_before_of(database: sqlite3.Connection) -> tuple[int, bytes]:
    """Return the number of the first entry of a file and the link before it, which only an increment needs to say."""
    (identity,) = database.execute("PRAGMA application_id").fetchone()
    if identity != INCREMENT_ID:
        return 1, FIRST_LINK
    first, link = database.execute("SELECT first, link FROM increment").fetchone()
    return first, link


def _begin_of(source: sqlite3.Connection, draft: BlockDraft, since: Mark) -> tuple[int, bytes]:
    """Return the number and the link before of the block in which an earlier copy ends.

    Raises:
        StorageError: this journal never was what the copy is of.
    """
    if since.head == 0 and since.link == FIRST_LINK:
        return 1, FIRST_LINK
    if not 0 < since.head < draft.end:
        raise StorageError(
            f"The earlier backup reaches to number {since.head}, and this journal to {draft.end - 1} only:"
            " it is of another journal; make a whole backup"
        )
    if since.head >= draft.first:
        first, link, rows = draft.first, draft.link_before, draft
    else:
        first, link, block = _block_at(source, since.head)
        if block.is_cut:
            if (block.end - 1, block.link) == since:
                return first, link
            raise StorageError("Something was removed where the earlier backup ends; make a whole backup")
        rows = block.draft(link)
    cut = rows.up_to(since.head)
    if link_of(link, first, cut.body()) != since.link:
        raise StorageError(
            "The earlier backup is of another journal, or something at its end was removed since; make a whole backup"
        )
    return first, link


def _block_at(source: sqlite3.Connection, seq: int) -> tuple[int, bytes, PackedBlock]:
    found = list(_rows_down(source, seq))
    first, stored, body = found[0]
    link = found[1][1] if len(found) > 1 else FIRST_LINK
    return first, link, PackedBlock(first, link, stored, body)


def _rows_down(source: sqlite3.Connection, seq: int) -> Iterator[tuple[int, bytes, bytes]]:
    yield from source.execute(
        "SELECT first, link, body FROM blocks WHERE first <= ? ORDER BY first DESC LIMIT 2", (seq,)
    ).fetchall()
