"""Who is served when: so much from each connection, so much in a turn, and nobody faster than the rate allows.

Nothing here refuses anything.  A connection that sends more than is taken is not read until that is taken, so the
kernel slows its sender down and nobody else waits.  Three things let what came lie for a while: the turn's budget is
spent (the next turn goes on), the connection's rate is (it goes on when that allows), or the connection does not take
what it is answered (it goes on when it has).
"""

from collections import deque
from collections.abc import Callable
from heapq import heapify, heappop, heappush

from reactor_chat.chat.boundary import Broken, Disconnected, Input
from reactor_chat.chat.costs import charge_of, cost_of
from reactor_chat.server.connections.peers import Peer
from reactor_chat.server.options.table import Options
from reactor_chat.wire.messages import Refused

TURN_COST_MAX = 2_000
"""What is taken in one turn from all connections together, in things said: about 20 ms of work (see `chat.costs`)."""
NEWCOMERS_COST_MAX = 100
NEWCOMERS_COST_PER_CONNECTION = 0.1
"""How much of that is for connections on which nobody is logged in: who is here waits little for those who come.  Where
many are connected a turn is long anyway, for each is written to; there more may come in one turn."""
EXPIRED_AT_ONCE_MAX = 100
"""Connections closed in one turn because nobody has logged in on them; all of them may be late together."""
TAKE_AT_ONCE = 8
"""Messages taken before the connection's queue is looked at; what answers exceed it by is held (see `arrears`)."""
TURN_BYTES_MAX = 262_144
"""Once so much is to be kept, a turn takes no more: everybody may be told all of it at once, and a quick reader's queue
must hold it.  The last few messages taken may exceed it by `TAKE_AT_ONCE` full frames."""
CLOGGED_BYTES = 131_072
"""While so much is queued on a wire, nothing more is taken from it, and nothing is read from the journal for it."""
SLOWED_SECONDS_MIN = 0.001
"""A token that is there but for a rounding error is waited for so long, and not for a time that is none."""
CLOGGED_SECONDS = 0.02
"""How often a clogged wire is looked at."""


class Intake:
    """Hands the core what connections sent.

    Args:
        options: what the operator chose.
        handle: takes one input.
        is_waiting: whether something of a connection waits for a commit; more of it would only wait too.
        kept_bytes: how much this turn is going to keep so far.
        count: how many connections there are.
    """

    def __init__(
        self,
        options: Options,
        handle: Callable[[Input], None],
        is_waiting: Callable[[int], bool],
        kept_bytes: Callable[[], int],
        count: Callable[[], int],
    ) -> None:
        self._messages_max = options.messages_per_turn_max
        self._handle = handle
        self._is_waiting = is_waiting
        self._kept_bytes = kept_bytes
        self._count = count
        self._ready: dict[Peer, None] = {}  # a dictionary is a set that keeps its order
        self._slowed: list[tuple[float, int, Peer]] = []
        self._logins: dict[int, deque[tuple[float, Peer]]] = {}
        self._now = 0.0

    def adopt(self, options: Options) -> None:
        """Take so much from each connection from now on as other options say; who was slowed down is looked at anew."""
        self._messages_max = options.messages_per_turn_max
        slowed, self._slowed = self._slowed, []
        for _, _, peer in sorted(slowed, key=lambda entry: entry[:2]):
            peer.slowed = False
            self._ready[peer] = None

    def expect_login(self, peer: Peer, seconds_max: int, now: float) -> None:
        """Close the connection unless somebody logs in on it within so many seconds."""
        # Deadlines of one length fall due in the order they were set: a row for each length needs no sorting.
        self._logins.setdefault(seconds_max, deque()).append((now + seconds_max, peer))

    def expire(self, peer: Peer) -> None:
        """Close a connection on which nobody has logged in: its time is over, or others need its place."""
        self._handle(Broken(peer.conn, Refused("login_timeout", "You took too long to log in"), "idle"))

    def has_asked(self, peer: Peer) -> bool:
        """Whether something that this connection sent, a login most likely, has not been answered yet."""
        return peer.door.has_more or self._is_waiting(peer.conn)

    def add(self, peer: Peer) -> None:
        """Look at this connection in the coming turn: something came, or nothing more will."""
        self._ready[peer] = None

    def turn(self, now: float) -> None:
        """Hand over what may be handed over now, connections in the order in which they became ready."""
        self._now = now
        self._expire_logins()
        while self._slowed and self._slowed[0][0] <= now:
            peer = heappop(self._slowed)[2]
            peer.slowed = False
            self._ready[peer] = None
        left, for_newcomers = TURN_COST_MAX, NEWCOMERS_COST_MAX + NEWCOMERS_COST_PER_CONNECTION * self._count()
        for peer in list(self._ready):
            if left <= 0 or self._kept_bytes() >= TURN_BYTES_MAX:
                return
            if not peer.entered and for_newcomers <= 0:
                peer.read_on(reading=False)  # who waits for a turn to come sends nothing more meanwhile
                continue
            del self._ready[peer]
            peer.heard_at = now
            if not peer.slowed and not peer.closing:
                entered = peer.entered
                spent = self._take_from(peer, min(left, self._messages_max))
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
        deadlines = [waiting[0][0] for waiting in self._logins.values() if waiting]
        if self._slowed:
            deadlines.append(self._slowed[0][0])
        return min(deadlines, default=None)

    def _take_from(self, peer: Peer, cost_max: int) -> int:
        """Serve some of what a connection sent; returns what that cost; the last few may make it more than allowed."""
        if peer.bucket is not None:
            cost_max = min(cost_max, peer.bucket.available(self._now))
        spent = owed = 0
        while spent < cost_max and self._may_go_on(peer):
            # What follows a login is looked at when that is done: what it means depends on what becomes of it.
            some_max = min(TAKE_AT_ONCE if peer.entered else 1, cost_max - spent)
            some, looked_at = peer.door.take(peer.conn, some_max)
            spent += looked_at - len(some)
            owed += looked_at - len(some)
            for one in some:
                spent += cost_of(one)
                owed += charge_of(one)
                self._handle(one)
            if looked_at < some_max:
                break
        if peer.bucket is not None:
            peer.bucket.owe(owed)
        return spent + self._see_to_the_rest(peer)

    def _may_go_on(self, peer: Peer) -> bool:
        return (
            not peer.closing
            and peer.is_current
            and peer.wire.queued_bytes < CLOGGED_BYTES
            and self._kept_bytes() < TURN_BYTES_MAX
            and not self._is_waiting(peer.conn)
        )

    def _see_to_the_rest(self, peer: Peer) -> int:
        """Where something was left, read no more of this connection until that is taken; returns what an end costs."""
        more = peer.door.has_more and not peer.closing
        peer.read_on(reading=not more)
        if not peer.is_current:
            return 0  # it is looked at again when it has been told what it is owed
        if not more:
            if peer.ended and not peer.closing:
                self._handle(end := Disconnected(peer.conn))
                return cost_of(end)
        elif peer.bucket is not None and peer.bucket.available(self._now) < 1:
            self._slow_down(peer, peer.bucket.wait_seconds())
        elif peer.wire.queued_bytes >= CLOGGED_BYTES:
            self._slow_down(peer, CLOGGED_SECONDS)
        else:
            self._ready[peer] = None
        return 0

    def _slow_down(self, peer: Peer, seconds: float) -> None:
        peer.slowed = True
        heappush(self._slowed, (self._now + max(seconds, SLOWED_SECONDS_MIN), peer.conn, peer))

    def _expire_logins(self) -> None:
        for waiting in self._logins.values():
            left = EXPIRED_AT_ONCE_MAX
            while left and waiting and (waiting[0][0] <= self._now or waiting[0][1].entered or waiting[0][1].closing):
                peer = waiting.popleft()[1]
                if self._is_waiting(peer.conn):
                    waiting.append((self._now + 1, peer))  # the login came in time, and is on its way
                elif not peer.entered and not peer.closing:
                    self.expire(peer)
                    left -= 1
