"""The high-water mark: how far a journal once came, kept outside of it, so that one that ends before is found out.

Theory of operation.  A database cannot know that its own end is missing: with its write-ahead log deleted, or an older
copy of its file put back, it is a sound database of which less was written.  The mark is a file beside it that says
which number was the newest and what the chain's link was there.  It is written behind each commit, which costs a
system call, and synced when there is time, at the latest a second later: so the death of the process leaves it exact,
and a power cut leaves it a second behind.  It is written once a commit is durable and never before: a mark beyond the
journal's end always means that something is gone.

Two places in the file take turns, one for each sync, each with a checksum; what is torn is at most the one that was
being written, and the other one is a sync older.  A file without any sound place was damaged: then nobody knows what
the journal once held.

The names of logs that the journal has no entry of, and somebody was told of, stand there too (see `logs`).

    each place   512 bytes: `reactor-chat mark 1 SEQ LINK LOGS SUM`, LOGS with commas between or `none`, SUM over what
                 is before it, then blanks and a line end
"""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from reactor_chat.errors import StorageError, StorageLost
from reactor_chat.journal.sqlite.database_file import synced

MARK_NAME = "journal.mark"
PLACE_BYTES = 512
"""A disk writes so much whole or not at all."""
PLACES = 2
LOGS_MAX = 4
"""As many names as a place has room for; there is more than one only where several starts found a full disk."""
VERSION = 1
_WORDS = b"reactor-chat mark"
_PLACE = b"%%-%db\n" % (PLACE_BYTES - 1)


class Mark(NamedTuple):
    """What a mark says.

    Attributes:
        seq: the newest number when it was written.
        link: the chain's link of everything up to that number.
        logs: of which the journal has no entry, oldest first.
    """

    seq: int
    link: bytes
    logs: tuple[str, ...] = ()


def written(mark: Mark) -> bytes:
    """Return one place of the file."""
    logs = ",".join(mark.logs[-LOGS_MAX:]).encode() or b"none"
    said = b"%b %d %d %b %b" % (_WORDS, VERSION, mark.seq, mark.link.hex().encode(), logs)
    return _PLACE % (said + b" " + _sum(said))


def _sum(said: bytes) -> bytes:
    return sha256(said).hexdigest()[:32].encode()


def read(path: Path) -> Mark | None:
    """Return what a mark's file says; None where there is none.

    Raises:
        StorageLost: it is damaged.
        StorageError: a newer version of this program wrote it.
        OSError: it cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    places = [data[begin : begin + PLACE_BYTES] for begin in range(0, PLACES * PLACE_BYTES, PLACE_BYTES)]
    marks = [mark for mark in map(_read_place, places) if mark is not None]
    if marks:
        return max(marks)
    for place in places:
        words = place.removeprefix(_WORDS).split()
        if place.startswith(_WORDS) and words and words[0].isdigit() and int(words[0]) > VERSION:
            raise StorageError(f"{path} was written by a newer reactor_chat; update this one")
    raise StorageLost(
        f"{path} is damaged, so the server cannot tell whether the journal is complete; see --accept-loss"
    )


def _read_place(place: bytes) -> Mark | None:
    said, _, total = place.rstrip().rpartition(b" ")
    words = said.removeprefix(_WORDS).split()
    if total != _sum(said) or len(words) != 4 or int(words[0]) != VERSION:
        return None
    logs = () if words[3] == b"none" else tuple(words[3].decode().split(","))
    return Mark(int(words[1]), bytes.fromhex(words[2].decode()), logs)


class MarkFile:
    """The file of a mark, open for writing.

    Args:
        path: where it is.
        mark: the newest; everything that it says is durable.
        is_sound: whether what is there is to be believed; it is replaced where it is not.

    Raises:
        OSError: it cannot be made or opened.
    """

    def __init__(self, path: Path, mark: Mark, *, is_sound: bool) -> None:
        self._path = path
        self._mark = mark
        self._place = 0
        self._is_synced = True
        self._failure: OSError | None = None
        self._descriptor = -1
        if is_sound:
            self._open()
        else:
            self._make()

    def move(self, mark: Mark) -> None:
        """Write a mark; what it says is durable.  Where that fails, `sync` says so."""
        self._mark = mark
        self._is_synced = False
        try:
            os.pwrite(self._descriptor, written(mark), self._place * PLACE_BYTES)
        except OSError as error:
            self._failure = error

    def sync(self) -> None:
        """Make the newest mark durable.  Raises OSError: an older one is."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        if os.fstat(self._descriptor).st_nlink == 0:  # somebody removed it
            self.close()
            self._make()
        elif not self._is_synced:
            os.fsync(self._descriptor)
            self._place = (self._place + 1) % PLACES
        self._is_synced = True

    def close(self) -> None:
        """Close the file, as it is."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self) -> None:
        self._descriptor = os.open(self._path, os.O_RDWR)
        places = [os.pread(self._descriptor, PLACE_BYTES, place * PLACE_BYTES) for place in range(PLACES)]
        marks = [_read_place(place) or Mark(-1, b"") for place in places]
        self._place = marks.index(min(marks))
        self.move(self._mark)

    def _make(self) -> None:
        new = self._path.with_name(self._path.name + ".new")
        new.unlink(missing_ok=True)
        try:
            self._descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            os.pwrite(self._descriptor, written(self._mark) * PLACES, 0)
            os.fsync(self._descriptor)
            new.replace(self._path)
            synced(self._path.absolute().parent)
        except BaseException:
            self.close()
            with suppress(OSError):
                new.unlink(missing_ok=True)
            raise
