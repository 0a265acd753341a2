"""How fast each person may ask: one bucket each, which a new connection of the same name does not fill again."""

from reactor_chat.chat.limits.ratelimit import TokenBucket
from reactor_chat.server.connections.peers import Peer
from reactor_chat.server.options.values import Rate
from reactor_chat.wire.messages import fold

REMEMBERED_MAX = 10_000
"""How many people who left owing something are remembered; then the oldest are forgotten."""


class Rates:
    """Gives each connection a bucket, and keeps those of people who left before they were full.

    Args:
        rate: None where nobody is slowed down.
    """

    def __init__(self, rate: Rate | None) -> None:
        self._rate = rate
        self._left: dict[str, TokenBucket] = {}

    def new(self, now: float) -> TokenBucket | None:
        """Return the bucket of a connection on which nobody is logged in."""
        return TokenBucket(self._rate.burst, self._rate.per_second, now) if self._rate is not None else None

    def entered(self, peer: Peer) -> None:
        """Give a connection the bucket that the person on it left behind, if there is one."""
        peer.bucket = self._left.pop(fold(peer.name), peer.bucket)

    def left(self, peer: Peer, now: float) -> None:
        """Remember the bucket of somebody who leaves.

        Args:
            peer: whose it is; nothing happens where it is full.
            now: seconds of the turns' clock.
        """
        if peer.bucket is None or not peer.name or peer.bucket.is_full(now):
            return
        self._left[fold(peer.name)] = peer.bucket
        if len(self._left) > REMEMBERED_MAX:
            del self._left[next(iter(self._left))]
