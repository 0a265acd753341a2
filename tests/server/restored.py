"""A journal in memory as a backup of it would have it."""

from itertools import count

from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.journal.reports import Entry

_restores = count()


def restored(journal: MemoryJournal, head: int, *, is_known: bool = True) -> MemoryJournal:
    """A backup of a journal, taken at a number, as a journal of its own.

    Args:
        is_known: whether it was restored as it should be, and not copied back by hand.
    """
    backup = MemoryJournal()
    for log in journal.logs:
        if log.first <= head:
            backup.logs.begin(log)
    labels = {seq: tuple(label for label, seqs in journal._labels.items() if seq in seqs) for seq in range(1, head + 1)}
    entries = [Entry(row.seq, row.payload, labels[row.seq]) for row in journal.replay() if row.seq <= head]
    if entries:
        backup.commit(entries)
    if is_known:
        backup.begin_log(f"restored-{next(_restores)}", is_after_loss=True)
    return backup
