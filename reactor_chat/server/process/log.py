"""The log on a descriptor that may be a pipe nobody reads: a line that would have to wait is left out and counted.

To write to a full pipe waits for its reader, and the whole server would wait with it.  So it is asked first whether the
kernel takes a line at once, which it does as a whole up to PIPE_BUF bytes.  A storm of connections must not become a
storm of lines either: of each kind of line there are so many at once and so many a second, and the next one that is
written says how many like it were left out.
"""

import logging
import os
import select
import time
from collections.abc import Callable

from reactor_chat.chat.limits.ratelimit import TokenBucket

LINE_BYTES_MAX = min(select.PIPE_BUF, 4_096)
KIND_LINES_BURST = 200
KIND_LINES_PER_SECOND = 20
"""Of lines that the same place in the program writes."""


def log_quickly() -> None:
    """Have no record of a line look for what ours never say: the file, the thread and the process it comes from.

    Each costs more than the line, and thousands who come at once are three lines each.
    """
    logging._srcfile = None  # noqa: SLF001  documented (Logging HOWTO, Optimization)
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


class PatientHandler(logging.Handler):
    """Writes lines and never waits.

    Args:
        descriptor: where to; it stays open and as blocking as it is, for it may be others' too.
        monotonic: the clock in seconds.
    """

    def __init__(self, descriptor: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._monotonic = monotonic
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self._buckets: dict[str, TokenBucket] = {}
        self._left_out: dict[str, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, or count it among those that were left out."""
        kind = str(record.msg)
        if not self._is_within_its_rate(kind) or not self._is_writable() or not self._write(self._line(record, kind)):
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
        else:
            self._left_out.pop(kind, None)

    def _is_within_its_rate(self, kind: str) -> bool:
        now = self._monotonic()
        bucket = self._buckets.get(kind)
        if bucket is None:
            bucket = self._buckets[kind] = TokenBucket(KIND_LINES_BURST, KIND_LINES_PER_SECOND, now)
        if bucket.available(now) < 1:
            return False
        bucket.take(1)
        return True

    def _is_writable(self) -> bool:
        return any(mask & select.POLLOUT for _, mask in self._poll.poll(0))

    def _line(self, record: logging.LogRecord, kind: str) -> bytes:
        count = self._left_out.get(kind)
        like_it = f" (and {count} more like it, left out)" if count else ""
        line = f"{self.format(record)}{like_it}\n".encode("utf-8", "backslashreplace")
        return line if len(line) <= LINE_BYTES_MAX else line[: LINE_BYTES_MAX - 4] + b"...\n"

    def _write(self, line: bytes) -> bool:
        try:
            os.write(self._descriptor, line)
        except OSError:  # nobody is there to read it
            return False
        return True
