"""Those who say something and those who hear it, and when the next message is due."""

import time
from collections.abc import Callable, Sequence

from reactor_chat.load.client_pool import Client
from reactor_chat.load.latency import Histogram
from reactor_chat.load.marks import OUTSTANDING_MAX, Script
from reactor_chat.load.shared_stream import SharedStream, StreamReader


class Audience:
    """Some senders whose messages all of some receivers get.

    Args:
        senders: who sends, with what each sends; one or more.
        listeners: who is to get every message; one or more.
        latency, completion: where times are counted; see `SharedStream`.
    """

    def __init__(
        self,
        senders: Sequence[tuple[Client, Script]],
        listeners: Sequence[Client],
        latency: Histogram,
        completion: Histogram,
    ) -> None:
        self._senders = senders
        self._listeners = len(listeners)
        self._next = 0
        self.sent = 0
        self.streams: list[SharedStream] = []
        scripts = {script.mark: script for _, script in senders}
        common = SharedStream(scripts, self.streams.append, latency, completion)
        self.streams.append(common)
        for listener in listeners:
            listener.received = StreamReader(common).received

    @property
    def completed(self) -> int:
        """Messages that every listener has."""
        if len(self.streams) == 1:
            return self.streams[0].completed
        return min(stream.completed for stream in self.streams if stream.is_read)

    @property
    def expected(self) -> int:
        """Deliveries that are to come of what was sent."""
        return self.sent * self._listeners

    @property
    def delivered(self) -> int:
        """Deliveries that came, each counted once."""
        return sum(stream.delivered for stream in self.streams)

    @property
    def duplicates(self) -> int:
        """Messages that came more than once, in each stream of bytes."""
        return sum(account.duplicates for stream in self.streams for account in stream.accounts.values())

    @property
    def out_of_order(self) -> int:
        """Messages that came after a later one of the same sender, in each stream of bytes."""
        return sum(account.out_of_order for stream in self.streams for account in stream.accounts.values())

    @property
    def last_ns(self) -> int:
        """When something was delivered last."""
        return max(stream.last_ns for stream in self.streams)

    def keep_on_the_way(self, window: int) -> None:
        """Send as much as makes so many messages that not every listener has.

        Args:
            window: 1 to `OUTSTANDING_MAX`.
        """
        room = window - (self.sent - self.completed)
        if room <= 0:
            return
        stamp_ns = time.monotonic_ns()
        each, rest = divmod(room, len(self._senders))
        for place in range(len(self._senders) if each else rest):
            client, script = self._senders[(self._next + place) % len(self._senders)]
            client.send(script.take(each + (place < rest), stamp_ns))
        self._next = (self._next + rest) % len(self._senders)
        self.sent += room

    def send_one(self, stamp_ns: int) -> None:
        """Send one message, the senders taking turns.

        Args:
            stamp_ns: since when it counts.
        """
        client, script = self._senders[self._next]
        self._next = (self._next + 1) % len(self._senders)
        client.send(script.take(1, stamp_ns))
        self.sent += 1


class Pace:
    """Sends at a steady rate, whatever comes back: a message counts from when it was due.

    Attributes:
        interval_s: seconds from one message to the next.

    Args:
        per_second: above 0.
        send: sends one message; is given since when it counts.
        outstanding: how many were sent and have not come.
    """

    def __init__(self, per_second: float, send: Callable[[int], None], outstanding: Callable[[], int]) -> None:
        self.interval_s = 1 / per_second
        self._interval_ns = 1e9 / per_second
        self._send = send
        self._outstanding = outstanding
        self._begun_ns = time.monotonic_ns()
        self._sent = 0

    def catch_up(self) -> None:
        """Send what is due."""
        due = int((time.monotonic_ns() - self._begun_ns) / self._interval_ns) + 1
        while self._sent < due and self._outstanding() < OUTSTANDING_MAX:
            self._send(self._begun_ns + int(self._sent * self._interval_ns))
            self._sent += 1

    @property
    def next_s(self) -> float:
        """When the next message is due, in seconds of the monotonic clock."""
        return (self._begun_ns + self._sent * self._interval_ns) / 1e9
