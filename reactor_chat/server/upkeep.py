"""Who has to go though nothing came of them: the largest queues when memory is short, and who is silent for too long.

What a connection is owed is kept for it only up to a limit; ten thousand of them at that limit would still be ten
gigabytes.  So there is a limit for all together, and where it is passed those who are owed most are sent away until it
is not: they are the slowest, and lose nothing, for they resume.

Silence alone is no reason to send anybody away: people read, and a machine that has vanished is noticed by the system.
An operator may have it otherwise.
"""

from collections.abc import Collection, Iterator
from heapq import nlargest

from reactor_chat.server.options import Options
from reactor_chat.server.peers import Peer

LOOK_SECONDS = 0.25
"""How often the queues are added up while anything happens at all."""


class Upkeep:
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
        self._look_at = 0.0

    def overdue(self, peers: Collection[Peer], now: float) -> Iterator[tuple[Peer, str]]:
        """Yield who has to go now, and the reason of the `bye`; nobody where it was looked a moment ago."""
        if now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        for peer in self._largest(peers):
            yield peer, "too_slow"
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

    def _silent(self, peers: Collection[Peer], now: float) -> Iterator[Peer]:
        seconds_max = self._options.idle_seconds_max
        self.deadline = None
        if seconds_max is None:
            return
        heard = [peer for peer in peers if peer.entered and peer.is_current]
        yield from (peer for peer in heard if now - peer.heard_at >= seconds_max)
        waits = [peer.heard_at + seconds_max for peer in heard if now - peer.heard_at < seconds_max]
        self.deadline = max(min(waits, default=now + seconds_max), now + LOOK_SECONDS)
