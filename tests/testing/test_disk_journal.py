"""Whatever call to the disk fails, or is the last before the power goes: what was committed is there, all or none."""

from collections.abc import Iterator

import pytest

from reactor_chat.errors import StorageError, StorageFull
from reactor_chat.journal.reports import Entry
from reactor_chat.testing.disk import Disk, Fate, PowerCut
from reactor_chat.testing.disk_journal import DiskJournal

COMMITS = ((1,), (2, 3, 4), (5, 6))
CALLS = 3 * len(COMMITS) + 4


def entries(seqs: tuple[int, ...]) -> list[Entry]:
    return [Entry(seq, b"payload %d" % seq, ("said",)) for seq in seqs]


def write(disk: Disk) -> Iterator[int]:
    """Commit and keep a snapshot; yields the newest number each time something is promised."""
    journal = DiskJournal(disk)
    for seqs in COMMITS:
        journal.commit(entries(seqs))
        yield seqs[-1]
    journal.keep_snapshot(6, b"state")
    yield 6


def promised(disk: Disk) -> int:
    """Write as far as it goes; return the newest number that was promised."""
    newest = 0
    try:
        for newest in write(disk):  # noqa: B007  it is wanted where it ends
            pass
    except (PowerCut, StorageError):
        return newest
    return newest


@pytest.mark.parametrize("call", range(1, CALLS + 1))
@pytest.mark.parametrize("fate", Fate)
@pytest.mark.parametrize("how", ["cut_at", "fail_at"])
def test_what_was_promised_is_there_whichever_call_is_the_last(call: int, fate: Fate, how: str) -> None:
    disk = Disk()
    setattr(disk, how, call)
    newest = promised(disk)
    disk.lose_power(fate)
    journal = DiskJournal(disk)
    assert journal.head >= newest
    assert journal.head in {0, 1, 4, 6}, "a commit is there as a whole, or not at all"
    assert [row.payload for row in journal.replay()] == [b"payload %d" % seq for seq in range(1, journal.head + 1)]
    assert journal.snapshot() in (None, (6, b"state"))
    journal.commit(entries((journal.head + 1,)))
    assert DiskJournal(disk).head == journal.head


@pytest.mark.parametrize("fate", Fate)
def test_a_full_disk_keeps_nothing_of_what_it_refused(fate: Fate) -> None:
    disk = Disk()
    journal = DiskJournal(disk)
    journal.commit(entries((1,)))
    disk.is_full = True
    with pytest.raises(StorageFull):
        journal.commit(entries((2, 3)))
    with pytest.raises(StorageFull):
        journal.keep_snapshot(1, b"state")
    assert (journal.head, journal.full_count) == (1, 2)
    disk.lose_power(fate)
    journal = DiskJournal(disk)
    assert (journal.head, journal.snapshot()) == (1, None)
    journal.commit(entries((2,)))
