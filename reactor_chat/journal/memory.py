"""A journal that lasts as long as its process, for trying things out and for servers that keep nothing."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from pathlib import Path

from reactor_chat.errors import StorageError
from reactor_chat.journal.contract import Condition, Copy, Mark, Slices, Span
from reactor_chat.journal.logs import Log, Logs
from reactor_chat.journal.reports import Entry, ReportsAtOnce, Row

ROWS_MAX = 100_000


class MemoryJournal(ReportsAtOnce):
    """Keeps the newest rows, and forgets the oldest beyond `rows_max`.

    Args:
        rows_max: most rows kept, 1 or more; up to twice as many are held for a while, so that forgetting is cheap.
    """

    is_read_only = False

    def __init__(self, rows_max: int = ROWS_MAX) -> None:
        self._rows_max = rows_max
        self._rows: list[Row | Entry] = []
        self._labels: defaultdict[str, list[int]] = defaultdict(list)
        self._snapshot: tuple[int, bytes] | None = None
        self.head = 0
        self.oldest = 1
        self.logs = Logs()

    def begin_log(self, name: str, *, is_after_loss: bool = False) -> None:
        """Begin another log; see `contract.Journal`."""
        self.logs.begin(Log(name, self.head + 1, is_after_loss))

    def keep_log(self) -> None:
        """Do nothing: it is kept as long as everything else."""

    def commit(self, entries: Sequence[Entry]) -> None:
        """Append entries, all or none; see `reports.ReportsAtOnce`."""
        labels: tuple[str, ...] = ()
        found_by: list[list[int]] = []
        seq = self.head
        for entry in entries:
            seq += 1
            assert entry.seq == seq, f"entry {entry.seq} where {seq} is next"
            if entry.labels is not labels:  # nearly always those of the entry before
                labels = entry.labels
                found_by = [self._labels[label] for label in dict.fromkeys(labels)]
            for seqs in found_by:
                seqs.append(seq)
        self._rows.extend(entries)
        self.head = seq
        if len(self._rows) > 2 * self._rows_max:
            self._forget(len(self._rows) - self._rows_max)

    def newest(self, spans: Sequence[Span], before: int | None, limit: int) -> list[Row]:
        """Read back from the newest; see `contract.Journal`."""
        end = self.head + 1 if before is None else before
        found = merge(*(reversed(self._seqs(span, 0, end, newest=limit)) for span in spans), reverse=True)
        return [self._row(seq) for seq in islice(_each_once(found), limit)]

    def since(self, spans: Sequence[Span], after: int, limit: int) -> list[Row]:
        """Read on from a number; see `contract.Journal`."""
        found = merge(*(self._seqs(span, after + 1, self.head + 1, oldest=limit) for span in spans))
        return [self._row(seq) for seq in islice(_each_once(found), limit)]

    def behind(self, seq: int) -> int:
        """Return the number itself: nothing is ever broken here."""
        return seq

    def replay(self, after: int = 0) -> Iterator[Row]:
        """Yield every row above a number that is still kept; see `contract.Journal`."""
        return (Row(row.seq, row.payload) for row in islice(self._rows, max(0, after + 1 - self.oldest), None))

    def rewrite(self, rows: Sequence[Row]) -> None:
        """Replace payloads; see `contract.Journal`."""
        for row in rows:
            if row.seq >= self.oldest:
                self._rows[row.seq - self.oldest] = row

    def purge(self) -> None:
        """Do nothing: what was replaced is nowhere."""

    def keep_snapshot(self, seq: int, snapshot: bytes) -> None:
        """Keep a snapshot; see `contract.Journal`."""
        self._snapshot = (seq, snapshot)

    def snapshot_slices(self, seq: int, pieces: Iterable[bytes]) -> Slices[None]:
        """Keep a snapshot; see `contract.Journal`."""
        kept = []
        for piece in pieces:
            kept.append(piece)
            yield 0
        self._snapshot = (seq, b"".join(kept))

    def snapshot(self) -> tuple[int, bytes] | None:
        """Return the newest snapshot; see `contract.Journal`."""
        return self._snapshot

    def scrub_slices(self) -> Slices[Condition]:
        """Find nothing: memory is believed."""
        yield from ()
        return Condition([])

    def repair_slices(self, backup: Path) -> Slices[Condition]:
        """Refuse: there is nothing that could be damaged."""
        raise StorageError(f"A journal in memory takes nothing from {backup}; start the server without --memory")

    def backup_slices(self, path: Path, since: Mark | None = None) -> Slices[Copy]:  # noqa: ARG002
        """Refuse: what is only in memory is not meant to be kept."""
        raise StorageError(f"A journal in memory is not copied to {path}; start the server without --memory")

    def check_ground(self) -> None:
        """Do nothing: nobody can take away what is in memory."""

    def keep_mark(self) -> None:
        """Do nothing: nothing lasts long enough to be missed."""

    def rest(self) -> None:
        """Do nothing: there is nothing that could wait."""

    def close(self) -> None:
        """Do nothing: everything goes with the process."""

    def _row(self, seq: int) -> Row:
        row = self._rows[seq - self.oldest]
        return Row(row.seq, row.payload)

    def _seqs(self, span: Span, first: int, end: int, *, newest: int = 0, oldest: int = 0) -> list[int]:
        """The numbers of a span from `first` up to and without `end`; only so many of the newest, or the oldest."""
        label, span_first, span_last = span
        seqs = self._labels.get(label, [])
        begin = bisect_left(seqs, max(first, span_first))
        stop = bisect_right(seqs, min(end - 1, span_last))
        return seqs[max(begin, stop - newest) if newest else begin : min(stop, begin + oldest) if oldest else stop]

    def _forget(self, count: int) -> None:
        del self._rows[:count]
        self.oldest += count
        for label, seqs in list(self._labels.items()):
            del seqs[: bisect_left(seqs, self.oldest)]
            if not seqs:
                del self._labels[label]


def _each_once(seqs: Iterator[int]) -> Iterator[int]:
    """Leave out repetitions from a sorted row of numbers."""
    last = -1
    for seq in seqs:
        if seq != last:
            last = seq
            yield seq
