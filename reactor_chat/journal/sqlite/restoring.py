"""Makes a journal of a backup and the increments that were made after it, whole or up to a number.

Everything is checked on the way: each block against the chain, and each increment against what it is put behind.  The
index is made anew, for it follows from the blocks.  What is damaged in the files is not restored, and said.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from reactor_chat.errors import StorageCorrupt, StorageError
from reactor_chat.journal.contract import Mark
from reactor_chat.journal.reports import Row
from reactor_chat.journal.sqlite.blocks import PackedBlock, link_of
from reactor_chat.journal.sqlite.copying import INCREMENT_ID, CopiedPart, link_before_of, mark_of, opened
from reactor_chat.journal.sqlite.database_file import APPLICATION_ID, SCHEMA, SCHEMA_VERSION, plain_name
from reactor_chat.journal.sqlite.failures import of_sqlite, of_system
from reactor_chat.journal.sqlite.label_index import LAG_BLOCKS_MAX, LabelIndex
from reactor_chat.journal.sqlite.snapshots import seq_of
from reactor_chat.journal.sqlite.survey import Survey, in_words


class _Source(NamedTuple):
    """One of the files: its database, where it begins, how far it reaches."""

    path: Path
    database: sqlite3.Connection
    first: int
    link: bytes
    mark: Mark


class Backups:
    """A backup and its increments, open for reading only.

    Args:
        paths: in any order.

    Attributes:
        head: the newest number that they hold.

    Raises:
        StorageError: one cannot be read, none or several are whole, or one does not follow the one before it.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._sources: list[_Source] = []
        try:
            for path in paths:
                self._sources.append(_source(path))
            self._put_in_order()
        except BaseException:
            self.close()
            raise
        self.head = self._sources[-1].mark.head

    def close(self) -> None:
        """Close the files."""
        for source in self._sources:
            source.database.close()

    def rows(self) -> Iterator[Row]:
        """Yield every entry, oldest first.

        Raises:
            StorageCorrupt: one is not what was written.
        """
        return chain.from_iterable(block.rows() for _, block, _ in self._blocks(self.head))

    def restore(self, path: Path, last: int | None = None) -> int:
        """Write a journal.

        Args:
            path: a file that does not exist yet.
            last: the newest number to be restored; None for all.

        Returns:
            The newest number that the journal holds.

        Raises:
            StorageCorrupt: something is not what was written; nothing was restored.
            StorageError: it cannot be written, or there is no such number.
        """
        last = self.head if last is None else last
        if not 1 <= last <= self.head:
            raise StorageError(f"The backup holds the numbers 1 to {self.head}, and not {last}; nothing was restored")
        try:
            part = CopiedPart(path)
            try:
                with closing(sqlite3.connect(plain_name(part.part), isolation_level=None)) as target:
                    self._fill(target, last)
                part.finish()
            finally:
                part.give_up()
        except sqlite3.Error as error:
            raise of_sqlite(error, path) from error
        except OSError as error:
            raise of_system(error, path) from error
        return last

    # ----------------------------------------------------------------------------------------------- reading

    def _put_in_order(self) -> None:
        self._sources.sort(key=lambda source: (source.first > 1, source.mark.head))
        whole = [source for source in self._sources if not _is_increment(source.database)]
        if len(whole) != 1:
            raise StorageError(
                "One whole backup is needed, and then the increments made after it;"
                f" {len(whole)} of these files are whole"
            )
        self._sources.sort(key=lambda source: (source is not whole[0], source.mark.head))
        for before, increment in zip(self._sources, self._sources[1:], strict=False):
            if not _follows(before.mark, increment):
                raise StorageError(f"{increment.path} does not follow {before.path}: it was made after another backup")

    def _blocks(self, last: int) -> Iterator[tuple[bytes, PackedBlock, bytes]]:
        """Yield every block up to the one that holds a number, with the link before it and its stored body."""
        for source, following in zip(self._sources, [*self._sources[1:], None], strict=True):
            end = source.mark.head + 1 if following is None else following.first
            link = source.link
            survey = Survey(source.database, source.first, link, end)
            for piece in chain.from_iterable(survey):
                if piece.block is None:
                    break
                yield link, piece.block, piece.body
                link = piece.link
                if piece.block.end > last:
                    return
            if survey.broken:
                list(survey)
                raise StorageCorrupt(
                    f"{source.path} is damaged: entries {in_words(survey.damaged)} are not what was written"
                )

    # ----------------------------------------------------------------------------------------------- writing

    def _fill(self, target: sqlite3.Connection, last: int) -> None:
        for name, value in (("page_size", 4_096), ("journal_mode", "OFF"), ("synchronous", "OFF")):
            target.execute(f"PRAGMA {name} = {value}").fetchall()
        target.execute("BEGIN")
        for table in SCHEMA:
            target.execute(table)
        target.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        target.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self._put_blocks(target, last)
        snapshots = _rows_of(self._sources[0].database, "snapshots")
        _put(target, "snapshots", (row for row in snapshots if seq_of(row[0]) <= last))
        self._put_logs(target, last)
        target.execute("COMMIT")

    def _put_blocks(self, target: sqlite3.Connection, last: int) -> None:
        index = LabelIndex(target)
        for link_before, block, stored in self._blocks(last):
            draft = block.draft(link_before).up_to(last)
            if block.is_cut and block.end <= last:  # the next one stands on the link that it has
                link, body = block.link, stored
            else:
                body = draft.body()
                link = link_of(link_before, draft.first, body)
            target.execute("INSERT INTO blocks VALUES (?, ?, ?)", (draft.first, link, body))
            index.note(draft)
            if index.lag() > LAG_BLOCKS_MAX:
                index.write(nullcontext, draft.first)
        while index.end < draft.first:
            index.write(nullcontext, draft.first)

    def _put_logs(self, target: sqlite3.Connection, last: int) -> None:
        """Copy the logs as the newest file has them; what begins behind the last number is left out."""
        newest = self._sources[-1].database
        if newest.execute("SELECT 1 FROM sqlite_schema WHERE name = 'logs'").fetchone() is None:
            return  # format 1
        columns = [row[1] for row in newest.execute("SELECT * FROM pragma_table_info(?)", ("logs",))]
        first_at = columns.index("first")
        _put(target, "logs", (row for row in _rows_of(newest, "logs") if row[first_at] <= last))


def _rows_of(database: sqlite3.Connection, table: str) -> Iterator[tuple[Any, ...]]:
    return iter(database.execute(f"SELECT * FROM {table}"))  # noqa: S608  a name of our schema


def _put(target: sqlite3.Connection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    for row in rows:
        marks = ", ".join("?" * len(row))
        target.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608  likewise


def _is_increment(database: sqlite3.Connection) -> bool:
    return bool(database.execute("PRAGMA application_id").fetchone()[0] == INCREMENT_ID)


def _source(path: Path) -> _Source:
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        raise StorageError(f"{wal} holds a part of {path}: that is the journal of a server, and not a backup of it")
    database = opened(path)
    try:
        first, link = link_before_of(database)
        return _Source(path, database, first, link, mark_of(database))
    except sqlite3.Error as error:
        database.close()
        raise of_sqlite(error, path) from error
    except BaseException:
        database.close()
        raise


def _follows(before: Mark, increment: _Source) -> bool:
    """Whether an increment has, where it begins, what the files before it end with."""
    if not increment.first <= before.head + 1 <= increment.mark.head + 1:
        return False
    if before.head < increment.first:
        return before.link == increment.link
    row = increment.database.execute("SELECT link, body FROM blocks WHERE first = ?", (increment.first,)).fetchone()
    if row is None:
        return False
    block = PackedBlock(increment.first, increment.link, row[0], row[1])
    if block.is_cut:
        return (block.end - 1, block.link) == before
    draft = block.draft(increment.link).up_to(before.head)
    return draft.end == before.head + 1 and link_of(increment.link, increment.first, draft.body()) == before.link
