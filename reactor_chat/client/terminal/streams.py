"""The process's own input and output as seen from the loop: read in slices, written in slices, never waited for.

Neither descriptor is made non-blocking: that flag belongs to the open file and not to us, so the shell, or whatever
else shares the terminal, would find it changed.  Instead we read only what the kernel says is there, and write only
when it says there is room, at most `WRITE_BYTES_MAX` at once, which is what a pipe with room always takes (POSIX:
PIPE_BUF).  Within that, what was queued as one leaves as one: whoever kills us finds no half of a line in the pipe.

Files and /dev/null cannot be waited for; they are always ready, and are read a slice a turn so that nobody starves.
"""

import errno
import os
import stat
import time
from collections import deque
from collections.abc import Callable
from selectors import EVENT_READ, EVENT_WRITE
from typing import Protocol

from reactor_chat.process_start import encoded, wait_for_room

READ_BYTES_MAX = 65_536  # as much as a pipe of Linux holds
WRITE_BYTES_MAX = 4_096  # a pipe that is ready takes so much whole (PIPE_BUF)


class _Timers(Protocol):
    def call_at(self, deadline_s: float, callback: Callable[[], None]) -> object:
        """As the loop's timers."""


class Turns(Protocol):
    """What the streams need of a loop."""

    @property
    def now(self) -> float:
        """Monotonic seconds."""

    @property
    def timers(self) -> _Timers:
        """Where deadlines wait."""

    def watch(self, fileobj: int, events: int, callback: Callable[[int], None]) -> None:
        """Call back while the descriptor is ready."""

    def unwatch(self, fileobj: int) -> None:
        """Never call back again."""


class InputStream:
    """Reads a descriptor.

    Args:
        loop: where it is watched.
        descriptor: open for reading, and left open.
        got: is given what came, 1 byte or more.
        ended: is called once, when nothing more will come.

    It begins paused.
    """

    def __init__(self, loop: Turns, descriptor: int, got: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._got = got
        self._ended = ended
        self._is_wanted = False
        self._is_over = False
        self._is_waiting = False  # for a turn of our own, with a descriptor that is always ready
        self._is_watched = False
        self._is_watchable = True

    def resume(self) -> None:
        """Read from now on."""
        self._is_wanted = not self._is_over
        if not self._is_wanted:
            return
        if self._is_watchable and not self._is_watched:
            self._watch()
        if not self._is_watchable and not self._is_waiting:
            self._is_waiting = True
            self._loop.timers.call_at(self._loop.now, self._read_in_turn)

    def pause(self) -> None:
        """Read nothing until `resume`."""
        self._is_wanted = False
        if self._is_watched:
            self._is_watched = False
            self._loop.unwatch(self._descriptor)

    def close(self) -> None:
        """Read nothing more and call nobody."""
        self._is_over = True
        self.pause()

    def _watch(self) -> None:
        try:
            self._loop.watch(self._descriptor, EVENT_READ, self._read)
            self._is_watched = True
        except (OSError, ValueError):  # a file, /dev/null, or closed before we began: reading says which
            self._is_watchable = False

    def _read_in_turn(self) -> None:
        self._is_waiting = False
        if self._is_wanted:
            self._read(EVENT_READ)
            if self._is_wanted:
                self.resume()

    def _read(self, _mask: int) -> None:
        try:
            data = os.read(self._descriptor, READ_BYTES_MAX)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:  # the terminal is gone
            data = b""
        if data:
            self._got(data)
        else:
            self.close()
            self._ended()


class OutputStream:
    """Writes a descriptor, in the order of `write`.

    Args:
        loop: where it is watched.
        descriptor: open for writing, and left open.
        broken: is called once, when nobody reads any more; what is written from then on is dropped.

    Attributes:
        failure: why what was written is lost, where that is not that whoever reads has gone.
    """

    def __init__(self, loop: Turns, descriptor: int, broken: Callable[[], None]) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._broken = broken
        self._pending = bytearray()
        self._queued_bytes = self._written_bytes = 0
        # Behind each piece, counted from the first byte ever, oldest first; with whom to call when it is written.
        self._ends: deque[tuple[int, Callable[[], None] | None]] = deque()
        self._is_watched = False
        self._is_over = False
        self.failure: OSError | None = None

    @property
    def pending_bytes(self) -> int:
        """What waits for somebody to read."""
        return len(self._pending)

    def write(self, data: bytes, written: Callable[[], None] | None = None) -> None:
        """Queue bytes; a file gets them at once.

        Args:
            data: one piece, such as a line; not torn apart where it fits into `WRITE_BYTES_MAX`.
            written: is called when whoever reads has taken all of it; of several taken together, the last one's.
        """
        if self._is_over or not (data or written):
            return
        self._pending += data
        self._queued_bytes += len(data)
        self._ends.append((self._queued_bytes, written))
        if not self._pending:
            self._tell()
            return
        if self._is_watched:
            return
        try:
            self._loop.watch(self._descriptor, EVENT_WRITE, self._write_some)
            self._is_watched = True
        except (OSError, ValueError):
            self.flush()

    def flush(self, seconds_max: float | None = None) -> None:
        """Write everything now, waiting for whoever reads: for the end, and before the process is suspended.

        Args:
            seconds_max: how long to wait in all, at least 0; what has not left then stays.  None waits for ever.
        """
        by = None if seconds_max is None else time.monotonic() + seconds_max
        while self._pending and not self._is_over:
            left = None if by is None else by - time.monotonic()
            if left is not None and left <= 0:
                break
            wait_for_room(self._descriptor, left)
            self._write()
        self._unwatch()

    def drop(self) -> None:
        """Forget what has not left, and call nobody for it."""
        self._written_bytes += len(self._pending)
        self._pending.clear()
        self._ends.clear()
        self._unwatch()

    def _write_some(self, _mask: int) -> None:
        self._write()
        if not self._pending:
            self._unwatch()

    def _write(self) -> bool:
        """Write a piece; return False where there is no room."""
        try:
            written = os.write(self._descriptor, self._pending[: self._piece_bytes()])
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            self._is_over = True
            self.failure = None if _has_gone(error, self._descriptor) else error
            self._pending.clear()
            self._unwatch()
            self._broken()
        else:
            del self._pending[:written]
            self._written_bytes += written
            self._tell()
        return True

    def _piece_bytes(self) -> int:
        """Return how much to write at once: as many whole pieces as fit, or a part of one that does not."""
        whole = 0
        for end, _ in self._ends:
            if end - self._written_bytes > WRITE_BYTES_MAX:
                break
            whole = end - self._written_bytes
        return whole or WRITE_BYTES_MAX

    def _tell(self) -> None:
        last = None
        while self._ends and self._ends[0][0] <= self._written_bytes:
            last = self._ends.popleft()[1] or last
        if last is not None:
            last()

    def _unwatch(self) -> None:
        if self._is_watched:
            self._is_watched = False
            self._loop.unwatch(self._descriptor)


class InEncoding:
    """An output that people read in another encoding than UTF-8, as their locale says.

    Args:
        out: takes the bytes.
        encoding: the name of a codec.
    """

    def __init__(self, out: OutputStream, encoding: str) -> None:
        self._out = out
        self._encoding = encoding

    def write(self, data: bytes, written: Callable[[], None] | None = None) -> None:
        """Queue bytes of UTF-8 that end where a letter does; see `OutputStream.write`."""
        self._out.write(recoded(data, self._encoding), written)

    def flush(self, seconds_max: float | None = None) -> None:
        """See `OutputStream.flush`."""
        self._out.flush(seconds_max)

    def drop(self) -> None:
        """See `OutputStream.drop`."""
        self._out.drop()


def recoded(data: bytes, encoding: str) -> bytes:
    """Return a text in UTF-8 in another encoding; letters that it does not have are replaced."""
    return encoded(data.decode("utf-8", "replace"), encoding)


def _has_gone(error: OSError, descriptor: int) -> bool:
    """Return whether an error means that the other end of a pipe was closed, or the terminal hung up."""
    if error.errno == errno.EIO:
        return not stat.S_ISREG(os.fstat(descriptor).st_mode)  # of a file it is the disk
    return error.errno in (errno.EPIPE, errno.ECONNRESET)
