"""Who has to go though nothing came of them: the largest queues when memory is short, and who is silent for too long.

What a connection is owed is kept for it only up to a limit; ten thousand of them at that limit would still be ten
gigabytes.  So there is a limit for all together, and where it is passed those who are owed most are sent away until it
is not: they are the slowest, and lose nothing, for they resume.

Silence alone is no reason to send anybody away: people read, and a machine that has vanished is noticed by the system.
But a system notices only that another system is gone.  So a client may promise at its login to say something every so
many seconds, and who breaks that promise is gone, even if a relay or a stopped process still holds the connection.  An
operator may send away the silent in any case.
"""

from collections.abc import Collection, Iterator
from heapq import nlargest

from reactor_chat.server.connections.peers import Peer
from reactor_chat.server.options.table import Options

LOOK_SECONDS = 0.25
"""How often the queues are added up while anything happens at all."""


HEARTBEAT_GRACE_SECONDS = 60
"""So much later than promised a connection on which nothing comes is given up."""
CATCHING_UP_SECONDS = 5.0
"""How often those are looked at who are still told what they missed: nothing is taken from them meanwhile."""


class Eviction:
    """Finds who has to go.

    Args:
        options: what the operator chose.

    Attributes:
        deadline: when to look again at the latest, in seconds of the turns' clock; None: when something happens.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._look_at = 0.0
        self.deadline: float | None = None

    def adopt(self, options: Options) -> None:
        """Go by other options from now on."""
        self._options = options
        self._look_at = self.deadline = 0.0

    def entered(self, peer: Peer, heartbeat_seconds: int | None, now: float) -> None:
        """Learn that somebody logged in, and how often something will come from them (None: they do not say).

        Args:
            peer: on which connection.
            heartbeat_seconds: how often something will come, at least; None: they do not say.
            now: seconds of the turns' clock.
        """
        peer.heartbeat_seconds = heartbeat_seconds
        seconds_max = self._silent_seconds_max(peer)
        if seconds_max is not None:
            at = now + seconds_max
            self.deadline = at if self.deadline is None else min(self.deadline, at)

    def overdue(self, peers: Collection[Peer], now: float) -> Iterator[tuple[Peer, str]]:
        """Yield who has to go now, and the reason of the `bye`; nobody where it was looked a moment ago.

        Args:
            peers: everybody.
            now: seconds of the turns' clock.
        """
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            for peer in self._largest(peers):
                yield peer, "too_slow"
        if self.deadline is not None and now >= self.deadline:
            for peer in self._silent(peers, now):
                yield peer, "idle"

    def _largest(self, peers: Collection[Peer]) -> Iterator[Peer]:
        over_bytes = sum(peer.wire.held_bytes for peer in peers) - self._options.output_bytes_max
        if over_bytes <= 0:
            return
        for peer in nlargest(len(peers), peers, key=lambda peer: peer.wire.held_bytes):
            if over_bytes <= 0:
                return
            over_bytes -= peer.wire.held_bytes
            yield peer

    def _silent(self, peers: Collection[Peer], now: float) -> list[Peer]:
        silent, waits = [], []
        for peer in peers:
            seconds_max = self._silent_seconds_max(peer) if peer.entered else None
            if seconds_max is None:
                continue
            left = peer.heard_at + seconds_max - now if peer.is_current else CATCHING_UP_SECONDS
            if left <= 0:
                silent.append(peer)
            else:
                waits.append(left)
        self.deadline = now + max(min(waits), LOOK_SECONDS) if waits else None
        return silent

    def _silent_seconds_max(self, peer: Peer) -> float | None:
        promised = peer.heartbeat_seconds
        limits = (self._options.idle_seconds_max, promised and promised + HEARTBEAT_GRACE_SECONDS)
        return min((limit for limit in limits if limit is not None), default=None)
