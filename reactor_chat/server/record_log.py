"""The core's records as the journal's entries, and back."""

from collections.abc import Sequence
from typing import TypeVar, get_args

import msgspec

from reactor_chat.chat.state.chat_state import ChatState, Snapshot
from reactor_chat.chat.state.records import Record
from reactor_chat.chat.state.timeline import Span
from reactor_chat.errors import StorageCorrupt
from reactor_chat.journal.contract import Journal, Slices
from reactor_chat.journal.reports import Appended, Entry, Full, Overtaken, Report, Row
from reactor_chat.wire import codec
from reactor_chat.wire.conversation import Heard

T = TypeVar("T")
SPOKEN = frozenset(get_args(Heard))

_records: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)
_snapshots: msgspec.json.Decoder[Snapshot] = msgspec.json.Decoder(Snapshot)


class RecordLog:
    """Collects what is to be appended, submits it, and reads it back.

    Args:
        journal: where it goes.

    Attributes:
        pending_bytes: payloads collected or submitted of which the journal has not reported yet.
        spoken: how many messages of people were committed since the start.
        written: the payloads that the newest report was of, by number; what was said is broadcast as it was written.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.spoken = 0
        self.written: dict[int, bytes] = {}
        self.pending_bytes = 0
        self._entries: list[Entry] = []
        self._spoken_pending = 0
        self._submitted: list[Entry] = []
        self._spoken_submitted = 0

    def append(self, records: Sequence[tuple[Record, tuple[str, ...]]]) -> None:
        """Collect records for the next commit."""
        encode, append, new = codec.encode, self._entries.append, tuple.__new__
        payload_bytes = 0
        for record, labels in records:
            payload = encode(record)
            payload_bytes += len(payload)
            append(new(Entry, (record.seq, payload, labels)))  # as its own constructor does, in half the time
            if type(record) in SPOKEN:
                self._spoken_pending += 1
        self.pending_bytes += payload_bytes

    @property
    def can_submit(self) -> bool:
        """Whether something is collected, and the journal has reported of everything that was submitted before."""
        return bool(self._entries) and not self._submitted

    @property
    def is_settled(self) -> bool:
        """Whether nothing is collected, and nothing submitted of which the journal has not reported."""
        return not self._entries and not self._submitted

    def submit(self) -> None:
        """Submit everything collected.

        Raises:
            StorageError: the process must stop.
        """
        self._submitted, self._entries = self._entries, []
        self._spoken_submitted, self._spoken_pending = self._spoken_pending, 0
        self.journal.submit(self._submitted)

    def report(self) -> Report | None:
        """Return the next thing that the journal has to report; None where there is nothing.

        Where nothing of it was stored, nothing is collected any more either: whatever was numbered on from it is to be
        judged again.
        """
        report = self.journal.report()
        if report is None:
            return None
        if type(report) is Appended:
            self.spoken += self._spoken_submitted
            self.written = {entry.seq: entry.payload for entry in self._submitted}
            self._submitted = []
            self.pending_bytes = sum([len(entry.payload) for entry in self._entries]) if self._entries else 0
        elif isinstance(report, Full | Overtaken):
            self._forget()
            self.written = {row.seq: row.payload for row in report.rows} if isinstance(report, Overtaken) else {}
        return report

    def _forget(self) -> None:
        self._submitted, self._entries = [], []
        self._spoken_pending = self.pending_bytes = 0

    def recover(self, state: ChatState) -> int:
        """Bring a new state up to the journal's head, from a snapshot where there is one.

        Returns:
            How many records were replayed.

        Raises:
            StorageCorrupt: a record is not what was written, or is none of ours.
        """
        kept = self.journal.snapshot()
        if kept is not None and kept[0] <= self.journal.head:
            state.restore(_decoded(_snapshots, kept[1], kept[0]))
        began, decode, apply = state.seq, _records.decode, state.apply
        try:  # around the loop and not in it, for there may be millions
            for _, payload in self.journal.replay(began):
                apply(decode(payload))
        except msgspec.MsgspecError as error:
            raise _foreign(state.seq + 1, error) from error
        return state.seq - began

    def keep_snapshot(self, state: ChatState) -> None:
        """Keep the state, so that the next recovery is short.

        Raises:
            StorageFull, StorageError: see `Journal.keep_snapshot`.
        """
        self.journal.keep_snapshot(state.seq, b"".join(state.written()))

    def snapshot_slices(self, state: ChatState) -> Slices[None]:
        """Keep the state as it is now, piece by piece, while it changes.

        Raises:
            StorageFull, StorageError: see `Journal.snapshot_slices`.
        """
        return self.journal.snapshot_slices(state.seq, state.written())

    def page(
        self, spans: Sequence[Span], before: int | None, limit: int, page_bytes_max: int
    ) -> tuple[list[Heard], bool]:
        """Read one page of messages.

        Args:
            spans, before, limit: see `Journal.newest`.
            page_bytes_max: the page holds fewer messages where they would not fit.

        Returns:
            The newest messages, oldest first, and whether there are older ones.
        """
        rows = self.journal.newest(spans, before, limit + 1)
        messages: list[Heard] = []
        page_bytes = 0
        for row in rows[:limit]:
            page_bytes += len(row.payload) + 1
            if messages and page_bytes > page_bytes_max:
                break
            record = record_of(row.seq, row.payload)
            assert isinstance(record, Heard)
            messages.append(record)
        return messages[::-1], len(rows) > len(messages)

    def record(self, label: str, seq: int) -> Record | None:
        """Read one record by its number and one of its labels; None where the journal has it no more."""
        rows = self.journal.newest([(label, seq, seq)], None, 1)
        return record_of(rows[0].seq, rows[0].payload) if rows else None


def records_of(rows: Sequence[Row]) -> list[Record]:
    """Return the records that rows hold, in their order.  Raises StorageCorrupt where one holds none."""
    return [record_of(row.seq, row.payload) for row in rows]


def record_of(seq: int, payload: bytes) -> Record:
    """Return the record that a journal's payload holds.  Raises StorageCorrupt where it holds none."""
    return _decoded(_records, payload, seq)


def _decoded(decoder: msgspec.json.Decoder[T], payload: bytes, seq: int) -> T:
    try:
        return decoder.decode(payload)
    except msgspec.MsgspecError as error:
        raise _foreign(seq, error) from error


def _foreign(seq: int, error: msgspec.MsgspecError) -> StorageCorrupt:
    return StorageCorrupt(f"Entry {seq} of the journal was not written by this program: {error}")
