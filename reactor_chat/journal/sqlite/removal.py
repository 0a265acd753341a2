"""Replaces payloads that are in the file already, so that what was there is nowhere in it any more.

The block of such an entry is written anew, under its number.  A full block keeps its link, for the next one stands on
it (see `blocks`); the newest one still grows, and simply has other content from then on.

SQLite overwrites what it deletes with zeros (`secure_delete`).  The old row is deleted before the new one is put in its
place, so that its page is wiped whole: copies from when the block was shorter lie about in it, in a file that was
written before that setting was on too.  What the file system or the disk keeps of a page that was overwritten, and
backups that were made before, are out of reach.
"""

import sqlite3
from collections.abc import Callable, Iterable
from typing import NamedTuple

from reactor_chat.journal.sqlite.blocks import BlockDraft, PackedBlock, link_of


class Written(NamedTuple):
    """One block as it is to be stored."""

    first: int
    link: bytes
    body: bytes


def rewritten(
    database: sqlite3.Connection,
    read: Callable[[int], tuple[bytes, PackedBlock]],
    newest: BlockDraft,
    payloads: dict[int, bytes],
) -> tuple[list[Written], BlockDraft]:
    """Return the blocks in which payloads change, and the newest block as it is then.

    Args:
        database: where the blocks are.
        read: reads the block with this first number, and the link before it.
        newest: the block that still grows.
        payloads: the new ones, by the numbers of their entries.

    Raises:
        StorageCorrupt: one of these blocks is not what was written.
    """
    by_block: dict[int, dict[int, bytes]] = {}
    for seq in sorted(payloads):
        (first,) = database.execute("SELECT max(first) FROM blocks WHERE first <= ?", (seq,)).fetchone()
        by_block.setdefault(first, {})[seq] = payloads[seq]
    found = []
    for first, changes in by_block.items():
        link_before, block = read(first)
        if first == newest.first:
            newest = block.rewritten(link_before, changes)
            body = newest.body()
            found.append(Written(first, link_of(link_before, first, body), body))
        else:
            found.append(Written(first, block.link, block.cut(link_before, changes)))
    return found, newest


def replace(database: sqlite3.Connection, blocks: Iterable[Written]) -> None:
    """Put these blocks in the place of those with the same numbers; within a transaction."""
    for block in blocks:
        database.execute("DELETE FROM blocks WHERE first = ?", (block.first,))
        database.execute("INSERT INTO blocks VALUES (?, ?, ?)", block)
