"""Bytes that go to many connections: appended once, written to each in one system call a turn.

The cost of a turn is (messages) + (connections): a message is appended to one `SharedBuffer`, and at the end of the
turn every connection that is in sync is sent the same bytes object by a loop that does nothing else.  Only those the
kernel did not take everything from get a place of their own and come back when they are writable; they merely lag, and
cost the others nothing but the memory of what is shared from the slowest of them on.  That memory is bounded: a reader
further behind than `lag_bytes_max` is told so through its owner and given no more.

A reader with private bytes queued is not in sync for that turn, because its bytes are not everybody's.

Where many come and go, telling each of them at once of each of the others costs (people)² system calls.  So bytes may
be appended *quietly*: they take their place in the buffer like all others, and leave with whatever is written next, or
when a timer goes off.  Only the moment differs; what anybody gets, and in which order, is the same.
"""

from collections.abc import Callable
from typing import Protocol

from reactor_chat.reactor.buffers import OutputQueue, SharedBuffer
from reactor_chat.reactor.loop import Flushable, Loop
from reactor_chat.reactor.timers import Timer

LAG_BYTES_MAX = 1_048_576
"""As much as one connection may be owed (see `limits`): whoever is further behind would be closed anyway."""
QUIET_ABOVE = 256
"""With so many readers or fewer nothing waits: to write to all of them takes a millisecond or two."""
QUIET_SECONDS = 0.25
"""How long quiet bytes wait at most: with the turn that they leave in they are at most 300 ms late, as the protocol
says, and those of a hurried quarter of a second cost each reader one system call."""
QUIET_BYTES_MAX = 65_536
"""More quiet bytes do not wait: so much fits what the kernel holds for a reader that reads, and is half of what may be
queued for somebody before nothing more is taken from them."""


class Reader(Flushable, Protocol):
    """What a fan-out needs of a connection."""

    @property
    def output(self) -> OutputQueue:
        """What it is owed, its place in the shared buffer included."""

    @property
    def try_send(self) -> Callable[[bytes], int]:
        """Gives bytes to the kernel and returns how many it took; raises OSError."""

    @property
    def waiting(self) -> bool:
        """Whether the kernel refused bytes, sealed ones too, and has not asked for more since."""

    def write_incomplete(self, error: OSError | None) -> None:
        """Learn that the kernel took less than it was offered, or why it took nothing."""

    def check_watermarks(self) -> None:
        """Compare what is owed with what may be owed."""

    def lagged(self) -> None:
        """Learn that what is owed exceeds what may be kept: leave."""


class Fanout:
    """One shared buffer and the connections that get it.

    Args:
        loop: whose turns end in flushing this.
        lag_bytes_max: most bytes a connection may be behind after a flush; 1 or more.
        quiet_above: with more readers than this, quiet bytes wait; 0 or more.
    """

    def __init__(self, loop: Loop, lag_bytes_max: int = LAG_BYTES_MAX, quiet_above: int = QUIET_ABOVE) -> None:
        self._loop = loop
        self._lag_bytes_max = lag_bytes_max
        self._quiet_above = quiet_above
        self._quiet_alarm: Timer | None = None  # armed while quiet bytes wait
        self._shared = SharedBuffer()
        self._in_sync: dict[Reader, Callable[[bytes], int]] = {}
        self._lagging: dict[Reader, None] = {}  # a dictionary is a set that keeps its order
        self._touched: dict[Reader, None] = {}  # in sync, but for private bytes that this turn brought

    def __len__(self) -> int:
        return len(self._in_sync) + len(self._lagging)

    @property
    def kept_bytes(self) -> int:
        """Memory held for the slowest reader."""
        return self._shared.kept_bytes

    def append(self, data: bytes) -> None:
        """Queue bytes for everyone who is attached now; they leave at the end of this turn."""
        self._shared.append(data)
        self._loop.flush_later(self)

    def append_quietly(self, data: bytes) -> None:
        """Queue bytes for everyone who is attached now; they leave with what is written next, or QUIET_SECONDS later.

        Whoever has private bytes to write, or leaves, gets them then.  With few readers this is `append`.
        """
        shared = self._shared
        shared.append(data)
        if len(self) <= self._quiet_above or shared.end - shared.settled > QUIET_BYTES_MAX:
            self._loop.flush_later(self)
        elif self._quiet_alarm is None:
            self._quiet_alarm = self._loop.timers.call_at(self._loop.now + QUIET_SECONDS, self._end_quiet)

    def join(self, reader: Reader) -> None:
        """Give `reader` everything that is appended from now on; called by `Connection.attach`."""
        reader.output.attach(self._shared)
        self._lagging[reader] = None
        self.settle(reader)

    def leave(self, reader: Reader) -> None:
        """Give `reader` nothing more than it is owed now; called by `Connection.detach`."""
        reader.output.detach()
        for readers in (self._in_sync, self._lagging, self._touched):
            readers.pop(reader, None)
        self._clear_when_all_had_it()
        if self._quiet_alarm is not None and not len(self):
            self._loop.flush_later(self)  # nobody is left to hear what waits

    def touch(self, reader: Reader) -> None:
        """Learn that `reader` has private bytes now; where nothing else is written, it will have been in sync."""
        if reader in self._in_sync:
            self._touched[reader] = None

    def wrote(self, reader: Reader) -> None:
        """Learn that `reader` has written."""
        if reader in self._touched:
            del self._touched[reader]
            if not reader.waiting and reader.output.come_in_sync():
                return
        self.settle(reader)

    def settle(self, reader: Reader) -> None:
        """Count `reader` among those who are in sync where it is, and only there."""
        if reader.waiting or not reader.output.come_in_sync():  # who waits is not to be written to with the others
            self._in_sync.pop(reader, None)
            self._lagging[reader] = None
        elif reader in self._lagging:
            del self._lagging[reader]
            self._in_sync[reader] = reader.try_send
            self._clear_when_all_had_it()

    def flush(self) -> None:
        """Write the news to everyone who is in sync, and see to those who are not."""
        if self._quiet_alarm is not None:
            self._quiet_alarm.cancel()
            self._quiet_alarm = None
        touched, self._touched = self._touched, {}
        for reader in touched:
            self.settle(reader)
        place, short = self._shared.settled, self._write_news()
        self._shared.settle()
        for reader, taken, _ in short:
            self._loop.written_bytes -= self._shared.settled - place - taken
            reader.output.start_lagging(place + taken)
            self.settle(reader)
        for reader, _, error in short:
            reader.write_incomplete(error)
        for reader in tuple(self._lagging):
            self._follow(reader)
        # an owner that was told something may have appended by now, and those who came then stand beyond `settled`
        self._shared.trim(
            min(self._shared.settled, *(reader.output.place for reader in self._lagging), self._shared.end)
        )

    def _end_quiet(self) -> None:
        self._loop.flush_later(self)

    def _write_news(self) -> list[tuple[Reader, int, OSError | None]]:
        """Offer the news to everyone who is in sync; returns of whom the kernel took how much too little, and why."""
        short: list[tuple[Reader, int, OSError | None]] = []
        news = self._shared.news()
        if not news:
            return short
        news_bytes = len(news)
        self._loop.written_bytes += news_bytes * len(self._in_sync)  # once a turn; who takes less is seen to below
        for reader, try_send in self._in_sync.items():  # nothing in here calls anybody's code
            try:
                taken = try_send(news)
            except OSError as error:
                short.append((reader, 0, error))
            else:
                if taken != news_bytes or reader.waiting:  # TLS takes what the kernel has not
                    short.append((reader, taken, None))
        return short

    def _follow(self, reader: Reader) -> None:
        """Write to a reader that is not in sync, unless it waits for the kernel, and see how far behind it is."""
        if reader not in self._lagging:
            return  # the owner of one before it had it leave
        if not reader.waiting:
            reader.flush()
        else:
            reader.check_watermarks()
        if reader in self._lagging and self._shared.end - reader.output.place > self._lag_bytes_max:
            reader.lagged()

    def _clear_when_all_had_it(self) -> None:
        """Free what is shared without waiting for the next message; to look for the slowest here would be quadratic."""
        if not self._lagging and self._shared.kept_bytes:
            self._shared.trim(self._shared.settled)
