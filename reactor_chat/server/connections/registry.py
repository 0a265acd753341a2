"""Coming and going: which connections there are, who is taken, who is logged in, and who has to go.

Nothing here speaks to the core: what is found is returned, or yielded, as the input that the core is to be handed.
"""

import logging
from collections.abc import Callable, Iterator

from reactor_chat import PRODUCT
from reactor_chat.chat.boundary import Connected, LoggedIn, Terminate
from reactor_chat.server.bans import Bans
from reactor_chat.server.connections.admission import Admission, network_of
from reactor_chat.server.connections.clock import TurnClock
from reactor_chat.server.connections.eviction import Eviction
from reactor_chat.server.connections.login_deadlines import LoginDeadlines, login_timeout
from reactor_chat.server.connections.peers import Peer, Wire
from reactor_chat.server.connections.rates import Rates
from reactor_chat.server.counters import Counters
from reactor_chat.server.doors.door import Door
from reactor_chat.server.options.table import Options
from reactor_chat.wire.messages import PROTOCOL_VERSION, Hello, Limits, Refused
from reactor_chat.wire.transcript import NONCE_BYTES

TURNED_AWAY_MAX = 32
"""How many at once are told why they are not taken; whoever comes beyond is not told."""

_log = logging.getLogger("reactor_chat.server")


class ConnectionRegistry:
    """Every connection, from its first byte to its loss.

    Args:
        options: what the operator chose.
        entropy: returns so many random bytes.
        bans: who is kept out.
        counters: where connections and logins are counted.
        clock: the time of the turn.
        is_waiting: tells whether something that a connection sent waits for a commit.

    Attributes:
        peers: every connection that is not being closed, by the number the core knows it by.
        by_wire: every connection that is not lost; those that were turned away are not among them.
        counters: as given.
    """

    def __init__(
        self,
        options: Options,
        entropy: Callable[[int], bytes],
        bans: Bans,
        counters: Counters,
        clock: TurnClock,
        is_waiting: Callable[[int], bool],
    ) -> None:
        self.peers: dict[int, Peer] = {}
        self.by_wire: dict[Wire, Peer] = {}
        self._options = options
        self._entropy = entropy
        self._bans = bans
        self.counters = counters
        self._clock = clock
        self._turned_away: dict[Wire, Refused] = {}
        self._admission = Admission(options, entropy, is_waiting)
        self._logins = LoginDeadlines(is_waiting)
        self._rates = Rates(options.rate)
        self._eviction = Eviction(options)

    def adopt(self, options: Options) -> None:
        """Go by other options from now on; nobody has to go for that but whom the new limits find."""
        before, self._options = self._options, options
        if options.rate != before.rate:
            self._rates = Rates(options.rate)
            for peer in self.peers.values():
                peer.bucket = self._rates.new(self._clock.now)
        self._eviction.adopt(options)
        self._admission.adopt(options)

    # -------------------------------------------------------------------------------------------- coming

    def judge(self, wire: Wire, now: float) -> tuple[Refused | None, list[Terminate]]:
        """Say whether a new connection is taken, and who has to go for it.

        Args:
            wire: the connection.
            now: seconds of the turns' clock.

        Returns:
            None, or why it is not taken; and what the core is to be handed before anything else is done.
        """
        refusal = self._bans.refuse_peer(wire.peer, self._clock.unix_ms_at(now))
        if refusal is not None:
            return refusal, []
        verdict = self._admission.judge(network_of(wire.peer), now)
        return verdict.refusal, [login_timeout(peer) for peer in verdict.leaving]

    def open(self, wire: Wire, door: Door, login_seconds_max: int, now: float, binding: bytes) -> Connected:
        """Take a connection and greet it.

        Args:
            wire, door: what carries its bytes, and what they mean.
            login_seconds_max: how long it may take somebody to log in.
            now: seconds of the turns' clock.
            binding: SHA-256 of the public key that it is encrypted with.

        Returns:
            What the core is to be handed.
        """
        self.counters.connections += 1
        network = network_of(wire.peer)
        peer = Peer(self.counters.connections, wire, door, self._rates.new(now))
        self.peers[peer.conn] = self.by_wire[wire] = peer
        self._admission.opened(peer, network, now)
        self._logins.expect(peer, login_seconds_max, now)
        hello = self._hello()
        wire.send(door.greet(hello))
        _log.info("conn=%d opened from=%s via=%s", peer.conn, wire.peer, door.name)
        return Connected(peer.conn, hello.nonce, binding, network)

    def turn_away(self, wire: Wire, door: Door, refusal: Refused) -> None:
        """Say why a connection is not taken, and close it; to tell everybody would cost more than to take them."""
        _log.info("refused connection: %s (%s) from=%s via=%s", refusal.code, refusal.text, wire.peer, door.name)
        self.counters.turned_away += 1
        self.counters.refusals[refusal.code] += 1
        told = len(self._turned_away) < TURNED_AWAY_MAX
        self._turned_away[wire] = refusal
        if told:
            wire.send(door.turn_away(self._hello(), refusal))
            wire.finish()
        else:
            wire.abort(refusal.code)

    def _hello(self) -> Hello:
        options = self._options
        limits = Limits(options.frame_bytes_max, options.text_bytes_max, options.sealed_members_max)
        return Hello(PROTOCOL_VERSION, PRODUCT, self._entropy(NONCE_BYTES), limits)

    def entered(self, effect: LoggedIn) -> Peer:
        """Note that somebody is logged in on a connection, and return it."""
        peer = self.peers[effect.conn]
        peer.enter(effect.name)
        self._admission.arrived(peer)
        peer.since_ms = self._clock.unix_ms
        self._rates.entered(peer)
        self._eviction.entered(peer, effect.heartbeat_seconds, self._clock.now)
        self.counters.logins += 1
        _log.info("conn=%d logged in as %s", peer.conn, effect.name)
        return peer

    # --------------------------------------------------------------------------------------------- going

    @property
    def deadline(self) -> float | None:
        """When somebody may have to go, in seconds of the turns' clock; None: when something happens."""
        logins, evictions = self._logins.deadline, self._eviction.deadline
        if logins is None or evictions is None:
            return evictions if logins is None else logins
        return min(logins, evictions)

    def late_logins(self) -> Iterator[Terminate]:
        """Yield, for the core, those on whose connections nobody has logged in in time."""
        return map(login_timeout, self._logins.overdue(self._clock.now))

    def evicted(self) -> Iterator[Terminate]:
        """Yield, for the core, those who have to go though nothing came of them."""
        for peer, reason in self._eviction.overdue(self.peers.values(), self._clock.now):
            yield Terminate(peer.conn, None, reason)

    def close(self, conn: int) -> Peer:
        """Count a connection no more as one of those who are here, and return it; its wire is not lost yet."""
        peer = self.peers.pop(conn)
        self._rates.left(peer, self._clock.now)
        peer.closing = True
        self._admission.arrived(peer)
        return peer

    def lost(self, wire: Wire, reason: str) -> Peer | None:
        """Forget a wire that is gone; returns whose it was, None where it was turned away.

        Args:
            wire: was opened, or turned away.
            reason: what the log says where the connection was told nothing.
        """
        if self._turned_away.pop(wire, None) is not None:
            return None
        peer = self.by_wire.pop(wire)
        self._admission.lost(peer)
        self.counters.closed[peer.close_reason or reason] += 1
        _log.info("conn=%d closed: %s", peer.conn, peer.close_reason or reason)
        return peer
