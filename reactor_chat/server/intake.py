"""Who is served when: so much from each connection, so much in a turn, and nobody faster than the rate allows.

Nothing here refuses anything.  A connection that sends more than is taken is not read until that is taken, so the
kernel slows its sender down and nobody else waits.  Three things let what came lie for a while: the turn's budget is
spent (the next turn goes on), the connection's rate is (it goes on when that allows), or the connection does not take
what it is answered (it goes on when it has).
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from heapq import heapify, heappop, heappush

from reactor_chat.chat.boundary import Disconnected, Input, ReceivedTogether
from reactor_chat.chat.limits.costs import charge_of, charge_together, cost_of, cost_together
from reactor_chat.server.connections.peers import Peer
from reactor_chat.server.doors.door import Sent
from reactor_chat.server.options.table import Options
from reactor_chat.server.record_log import RecordLog
from reactor_chat.wire.framing import FRAME_BYTES_MAX_BEFORE_LOGIN, LENGTH_BYTES

TURN_COST_MAX = 2_000
"""What is taken in one turn from all connections together, in things said: about 20 ms (see `chat.limits.costs`)."""
NEWCOMERS_COST_MAX = 100
NEWCOMERS_COST_PER_CONNECTION = 0.1
"""How much of that is for connections on which nobody is logged in: who is here waits little for those who come.  Where
many are connected a turn is long anyway, for each is written to; there more may come in one turn."""
NEWCOMER_BYTES_MAX = FRAME_BYTES_MAX_BEFORE_LOGIN + LENGTH_BYTES
"""Who waits for a turn to come is read on until so much has come; a login is nearly always less."""
TAKE_AT_ONCE = 16
"""Messages taken before the connection's queue is looked at; what answers exceed it by is held (see `catch_up`)."""
TURN_BYTES_MAX = 262_144
"""Once so much is to be kept, a turn takes no more: everybody may be told all of it at once, and a quick reader's queue
must hold it.  The last few messages taken may exceed it by `TAKE_AT_ONCE` full frames."""
HIGH_WATERMARK_BYTES = 131_072
"""While so much is queued on a wire, nothing more is taken from it, and nothing is read from the journal for it."""
SLOWED_SECONDS_MIN = 0.001
"""A token that is there but for a rounding error is waited for so long, and not for a time that is none."""
WATERMARK_POLL_SECONDS = 0.02
"""How often a clogged wire is looked at."""


class Intake:
    """Takes what connections sent, so much at a time.

    Args:
        options: what the operator chose.
        is_waiting: tells whether something of a connection waits for a commit; more of it would only wait too.
        record_log: knows how much this turn is going to keep so far.
    """

    def __init__(self, options: Options, is_waiting: Callable[[int], bool], record_log: RecordLog) -> None:
        self._messages_max = options.messages_per_turn_max
        self._is_waiting = is_waiting
        self._record_log = record_log
        self._ready: dict[Peer, None] = {}  # a dictionary is a set that keeps its order
        self._slowed: list[tuple[float, int, Peer]] = []
        self._now = 0.0

    def adopt(self, options: Options) -> None:
        """Take so much from each connection from now on as other options say; who was slowed down is looked at anew."""
        self._messages_max = options.messages_per_turn_max
        slowed, self._slowed = self._slowed, []
        for _, _, peer in sorted(slowed, key=lambda entry: entry[:2]):
            peer.slowed = False
            self._ready[peer] = None

    def add(self, peer: Peer) -> None:
        """Look at this connection in the coming turn: something came, or nothing more will."""
        self._ready[peer] = None

    def turn(self, now: float, connections_count: int) -> Iterator[Sequence[Input]]:
        """Yield what may be served now, connections in the order in which they became ready.

        Args:
            now: seconds of the turns' clock.
            connections_count: how many connections there are.

        Yields:
            Inputs of one connection, oldest first.  They are served before the next ones are asked for: what is taken
            then depends on what became of these.
        """
        self._now = now
        while self._slowed and self._slowed[0][0] <= now:
            peer = heappop(self._slowed)[2]
            peer.slowed = False
            self._ready[peer] = None
        left, for_newcomers = TURN_COST_MAX, NEWCOMERS_COST_MAX + NEWCOMERS_COST_PER_CONNECTION * connections_count
        for peer in list(self._ready):
            if left <= 0 or self._record_log.pending_bytes >= TURN_BYTES_MAX:
                return
            if not peer.entered and for_newcomers <= 0:
                peer.read_on(reading=peer.door.waiting_bytes <= NEWCOMER_BYTES_MAX)
                continue
            del self._ready[peer]
            peer.heard_at = now
            if not peer.slowed and not peer.closing:
                entered = peer.entered
                spent = yield from self._take_from(peer, min(left, self._messages_max))
                left -= spent
                for_newcomers -= 0 if entered else spent

    @property
    def has_work(self) -> bool:
        """Whether something that came could be handed over at once."""
        return bool(self._ready)

    def hurry(self, peer: Peer) -> None:
        """Serve what this connection sent without regard to its rate: there is little time left."""
        peer.bucket = None
        self._slowed = [entry for entry in self._slowed if entry[2] is not peer]
        heapify(self._slowed)
        peer.slowed = False
        self._ready[peer] = None

    def deadline(self, now: float) -> float | None:
        """Return when the next turn is due at the latest; None where nothing is pending."""
        if self._ready:
            return now
        return self._slowed[0][0] if self._slowed else None

    def _take_from(self, peer: Peer, cost_max: int) -> Generator[Sequence[Input], None, int]:
        """Yield some of what a connection sent; returns what that cost; the last few may make it more than allowed."""
        if peer.bucket is not None:
            cost_max = min(cost_max, peer.bucket.available(self._now))
        spent = owed = 0
        while spent < cost_max and self._may_go_on(peer):
            # What follows a login is looked at when that is done: what it means depends on what becomes of it.
            some_max = min(TAKE_AT_ONCE if peer.entered else 1, cost_max - spent)
            some, looked_at = peer.door.take(peer.conn, some_max)
            cost, charge = _bill(some, looked_at)
            spent += cost
            owed += charge
            yield some
            if looked_at < some_max:
                break
        if peer.bucket is not None:
            peer.bucket.owe(owed)
        if self._is_at_end(peer):
            end = Disconnected(peer.conn)
            yield [end]
            spent += cost_of(end)
        return spent

    def _may_go_on(self, peer: Peer) -> bool:
        return (
            not peer.closing
            and peer.is_current
            and peer.wire.queued_bytes < HIGH_WATERMARK_BYTES
            and self._record_log.pending_bytes < TURN_BYTES_MAX
            and not self._is_waiting(peer.conn)
        )

    def _is_at_end(self, peer: Peer) -> bool:
        """Return whether everything was taken and nothing more comes; of what is left more is read when it is taken."""
        more = peer.door.has_more and not peer.closing
        peer.read_on(reading=not more)
        if not peer.is_current:
            return False  # it is looked at again when it has been told what it is owed
        if not more:
            return peer.ended and not peer.closing
        if peer.bucket is not None and peer.bucket.available(self._now) < 1:
            self._slow_down(peer, peer.bucket.wait_seconds())
        elif peer.wire.queued_bytes >= HIGH_WATERMARK_BYTES:
            self._slow_down(peer, WATERMARK_POLL_SECONDS)
        else:
            self._ready[peer] = None
        return False

    def _slow_down(self, peer: Peer, seconds: float) -> None:
        peer.slowed = True
        heappush(self._slowed, (self._now + max(seconds, SLOWED_SECONDS_MIN), peer.conn, peer))


def _bill(some: Sequence[Sent], looked_at: int) -> tuple[int, int]:
    """Return what it costs to serve some of what was sent, and what it counts against its connection's rate.

    Args:
        some: what was sent.
        looked_at: how many frames or lines that was; those that ask nothing cost as much as the least that does.
    """
    cost = charge = looked_at
    for one in some:
        if isinstance(one, ReceivedTogether):
            count, together = len(one.requests), cost_together(one.requests)
            cost += together - count
            charge += charge_together(one.requests) - count if together != count else 0
        else:
            cost += cost_of(one) - 1
            charge += charge_of(one) - 1
    return cost, charge
