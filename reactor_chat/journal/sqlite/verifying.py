"""Whether everything in a journal is what was written: SQLite's structures, the chain, and the index beside it."""

import sqlite3
from collections.abc import Iterable
from contextlib import AbstractContextManager
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from reactor_chat.errors import StorageCorrupt
from reactor_chat.journal.contract import REPAIR
from reactor_chat.journal.sqlite.blocks import FIRST_LINK, PackedBlock
from reactor_chat.journal.sqlite.label_index import LabelIndex


class Verified(NamedTuple):
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


class Surveyed(NamedTuple):
    """What was found on the way through a chain that is whole: how much, and the newest link."""

    blocks: int
    labels: int
    link: bytes


def check_structures(database: sqlite3.Connection, directory: Path) -> None:
    """Return if SQLite finds its own structures whole; else raise StorageCorrupt."""
    for (found,) in database.execute("PRAGMA quick_check(1)"):
        if found != "ok":
            raise StorageCorrupt(f"The journal in {directory} is damaged ({found}); restore a backup")


def survey_chain(
    walk: Iterable[PackedBlock], index: LabelIndex, fence: AbstractContextManager[object], directory: Path
) -> Surveyed:
    """Go through every block, and compare the index with what they carry.

    Args:
        walk: every block, oldest first, each checked against the chain.
        fence: what stands around every use of the database.

    Raises:
        StorageCorrupt: a block is not what was written, or the index leaves something out or has too much.
    """
    blocks = places_count = 0
    labels: set[str] = set()
    link = FIRST_LINK
    for block in walk:
        carried = set(chain.from_iterable(block.kinds()))
        with fence:
            if not all(index.has(label, block.first) for label in carried):
                raise StorageCorrupt(f"The journal's index leaves out entry {block.first}; {REPAIR}")
        blocks, places_count, link = blocks + 1, places_count + len(carried), block.link
        labels |= carried
    with fence:
        if places_count != index.count():
            raise StorageCorrupt(f"The journal in {directory} has a wrong index; {REPAIR}")
    return Surveyed(blocks, len(labels), link)
