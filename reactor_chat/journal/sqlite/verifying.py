"""Whether everything in a journal is what was written: SQLite's structures, the chain, and the index beside it."""

import sqlite3
from collections.abc import Iterable
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from reactor_chat.errors import StorageCorrupt
from reactor_chat.journal.contract import REPAIR
from reactor_chat.journal.sqlite.blocks import FIRST_LINK, PackedBlock
from reactor_chat.journal.sqlite.label_index import LabelIndex
from reactor_chat.journal.unindexed import UnindexedBlocks

COMPARED_AT_ONCE = 1_024
"""Blocks whose labels are looked up together; their labels take a megabyte or two."""


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
    coming = iter(walk)
    while some := list(islice(coming, COMPARED_AT_ONCE)):
        carried = _carried(some)
        with fence:
            for label, firsts in carried.items():
                if lacking := set(firsts).difference(index.carrying(label, firsts[0], firsts[-1])):
                    raise StorageCorrupt(f"The journal's index leaves out entry {min(lacking)}; {REPAIR}")
        blocks, places_count, link = blocks + len(some), places_count + sum(map(len, carried.values())), some[-1].link
        labels.update(carried)
    with fence:
        if places_count != index.count():
            raise StorageCorrupt(f"The journal in {directory} has a wrong index; {REPAIR}")
    return Surveyed(blocks, len(labels), link)


def _carried(blocks: list[PackedBlock]) -> dict[str, list[int]]:
    """Return which of these blocks carry each label."""
    found = UnindexedBlocks()
    for block in blocks:
        found.put(block.first, dict.fromkeys(block.kinds()))
    return found.by_label(block.first for block in blocks)
