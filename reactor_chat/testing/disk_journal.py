"""A journal on a simulated disk: it keeps the contract through whatever the disk does, and shows what that takes.

A commit is one piece of the file: a head (the body's length, and a link over the link before it and the body), then
the body.  Both are written, then synced; only then is the commit done.  A recovery reads pieces as long as the chain
holds and cuts off the rest: it was never promised to anybody.
"""

import errno
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from struct import Struct

import msgspec

from reactor_chat.errors import StorageError, StorageFull
from reactor_chat.journal.contract import Condition, Copy, Mark, Slices, Span
from reactor_chat.journal.logs import Log, Logs
from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.journal.reports import Entry, ReportsAtOnce, Row
from reactor_chat.testing.disk import Disk

FILE = "journal"
LOGS = "logs"
SNAPSHOT, NEW_SNAPSHOT = "snapshot", "snapshot.new"
FIRST_LINK = bytes(32)

_HEAD = Struct(">I32s")
_encode_logs, _decode_logs = msgspec.msgpack.encode, msgspec.msgpack.Decoder(list[Log]).decode
_SNAPSHOT_HEAD = Struct(">q32s")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[list[Log], list[tuple[int, bytes, tuple[str, ...]]]]).decode


class DiskJournal(ReportsAtOnce):
    """Keeps everything it is given.

    Args:
        disk: where an earlier one may have kept something.

    Attributes:
        oldest: 1: nothing is ever forgotten.
        logs: see `contract.Journal`.
        full_count: how often there was no space.

    Raises:
        StorageError: the disk fails.
        PowerCut: the power goes.
    """

    oldest = 1
    is_read_only = False

    def __init__(self, disk: Disk) -> None:
        self.full_count = 0
        self.logs = Logs()
        self._unkept_logs: list[Log] = []
        self._disk = disk
        self._rows = MemoryJournal(rows_max=1 << 40)
        self._link = FIRST_LINK
        self._end_bytes = 0
        self._recover()

    @property
    def head(self) -> int:
        """See `contract.Journal`."""
        return self._rows.head

    def begin_log(self, name: str, *, is_after_loss: bool = False) -> None:
        """Begin another log, which is kept with the next commit; see `contract.Journal`."""
        log = Log(name, self.head + 1, is_after_loss)
        self.logs.begin(log)
        self._unkept_logs.append(log)

    def keep_log(self) -> None:
        """Keep the running log beside the journal, where no commit has; see `contract.Journal`."""
        if self._unkept_logs:
            try:
                self._disk.overwrite(LOGS, _encode_logs(self._unkept_logs))
            except OSError as error:
                raise _failed(error) from error

    def commit(self, entries: Sequence[Entry]) -> None:
        """Append entries durably, all or none; see `reports.ReportsAtOnce`."""
        assert entries, "a commit without entries"
        for seq, entry in enumerate(entries, self.head + 1):
            assert entry.seq == seq, f"entry {entry.seq} where {seq} is next"
        self._write(entries)
        self._rows.commit(entries)

    def rewrite(self, rows: Sequence[Row]) -> None:
        """Replace payloads, by a piece with numbers that are there already; see `contract.Journal`."""
        self._write([Entry(row.seq, row.payload) for row in rows])
        self._rows.rewrite(rows)

    def purge(self) -> None:
        """Do nothing: there are no files in which anybody could look."""

    def _write(self, entries: Sequence[Entry]) -> None:
        body = _encode((self._unkept_logs, entries))
        link = sha256(self._link + body).digest()
        try:
            self._disk.append(FILE, _HEAD.pack(len(body), link))
            self._disk.append(FILE, body)
            self._disk.sync(FILE)
        except OSError as error:
            self._give_up(error, FILE, self._end_bytes)
        self._link = link
        self._unkept_logs.clear()
        self._end_bytes += _HEAD.size + len(body)

    def newest(self, spans: Sequence[Span], before: int | None, limit: int) -> list[Row]:
        """Read back from the newest; see `contract.Journal`."""
        return self._rows.newest(spans, before, limit)

    def since(self, spans: Sequence[Span], after: int, limit: int) -> list[Row]:
        """Read on from a number; see `contract.Journal`."""
        return self._rows.since(spans, after, limit)

    def behind(self, seq: int) -> int:
        """Return the number itself: nothing is ever broken here."""
        return seq

    def replay(self, after: int = 0) -> Iterator[Row]:
        """Yield every row above a number; see `contract.Journal`."""
        return self._rows.replay(after)

    def keep_snapshot(self, seq: int, snapshot: bytes) -> None:
        """Keep a snapshot in place of older ones; see `contract.Journal`."""
        head = _SNAPSHOT_HEAD.pack(seq, _digest(seq, snapshot))
        try:
            self._disk.truncate(NEW_SNAPSHOT, 0)
            self._disk.append(NEW_SNAPSHOT, head + snapshot)
            self._disk.sync(NEW_SNAPSHOT)
            self._disk.replace(NEW_SNAPSHOT, SNAPSHOT)
        except OSError as error:
            self._give_up(error, NEW_SNAPSHOT, 0)

    def snapshot_slices(self, seq: int, pieces: Iterable[bytes]) -> Slices[None]:
        """Keep a snapshot in place of older ones, all of it last of all; see `contract.Journal`."""
        kept = []
        for piece in pieces:
            kept.append(piece)
            yield 50
        self.keep_snapshot(seq, b"".join(kept))

    def snapshot(self) -> tuple[int, bytes] | None:
        """Return the snapshot where there is one that is what was kept; see `contract.Journal`."""
        data = self._disk.read(SNAPSHOT)
        if len(data) < _SNAPSHOT_HEAD.size:
            return None
        seq, digest = _SNAPSHOT_HEAD.unpack_from(data)
        snapshot = data[_SNAPSHOT_HEAD.size :]
        return (seq, snapshot) if digest == _digest(seq, snapshot) else None

    def scrub_slices(self) -> Slices[Condition]:
        """Find nothing: a recovery has looked at everything."""
        yield from ()
        return Condition([])

    def repair_slices(self, backup: Path) -> Slices[Condition]:
        """Refuse: there is no path from a real disk to a simulated one."""
        raise StorageError(f"A simulated journal takes nothing from {backup}")

    def backup_slices(self, path: Path, since: Mark | None = None) -> Slices[Copy]:  # noqa: ARG002
        """Refuse: there is no path from a simulated disk to a real one."""
        raise StorageError(f"A simulated journal is not copied to {path}")

    def check_ground(self) -> None:
        """Do nothing: nobody renames anything on a simulated disk."""

    def keep_mark(self) -> None:
        """Do nothing: what a simulated disk loses, the checker knows."""

    def rest(self) -> None:
        """Do nothing: there is nothing that could wait."""

    def close(self) -> None:
        """Do nothing: what was committed is on the disk."""

    def _recover(self) -> None:
        data = self._disk.read(FILE)
        while len(data) >= self._end_bytes + _HEAD.size:
            body_bytes, link = _HEAD.unpack_from(data, self._end_bytes)
            begin = self._end_bytes + _HEAD.size
            body = data[begin : begin + body_bytes]
            if not body or sha256(self._link + body).digest() != link:
                break
            logs, entries = _decode(body)
            for log in logs:
                self.logs.begin(log)
            self._take([Entry(*entry) for entry in entries])
            self._link, self._end_bytes = link, begin + body_bytes
        for log in _decode_logs(self._disk.read(LOGS) or _encode_logs([])):
            if log.name not in self.logs:
                self.logs.begin(log)
                self._unkept_logs.append(log)
        if len(data) > self._end_bytes:
            try:
                self._disk.truncate(FILE, self._end_bytes)
                self._disk.sync(FILE)
            except OSError as error:
                raise _failed(error) from error

    def _take(self, entries: list[Entry]) -> None:
        if entries[0].seq > self.head:
            self._rows.commit(entries)
        else:
            self._rows.rewrite([Row(entry.seq, entry.payload) for entry in entries])

    def _give_up(self, error: OSError, name: str, size_bytes: int) -> None:
        """Take back what was written where the disk is full, for good; whatever else happened is the end."""
        if error.errno != errno.ENOSPC:
            raise _failed(error) from error
        try:
            self._disk.truncate(name, size_bytes)
            self._disk.sync(name)
        except OSError as another:
            raise _failed(another) from another
        self.full_count += 1
        raise StorageFull("The simulated disk is full; nothing was stored") from error


def _digest(seq: int, snapshot: bytes) -> bytes:
    return sha256(seq.to_bytes(8, "big") + snapshot).digest()


def _failed(error: OSError) -> StorageError:
    return StorageError(f"The simulated disk fails: {error.strerror}; the process must stop")
