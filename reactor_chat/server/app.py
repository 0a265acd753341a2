"""The middle of the turn: bytes become inputs of the core, and its effects become bytes.

The app owns no socket and reads no clock: wires are given to it, and so is the time.  What came in since the last turn
is judged in `turn`, what the core wants to keep is committed once, and only then are people told; the wires write
after that.  So nobody is shown anything that the journal could still lose, by the order of the turn.

A turn may hold several rounds: what waited for a commit may append in its turn.
"""

import logging
from collections import deque
from collections.abc import Callable, Collection
from typing import Any

from reactor_chat import PRODUCT
from reactor_chat.chat.boundary import (
    Append,
    Broken,
    Close,
    Committed,
    Connected,
    Deliver,
    DeliverAll,
    Effect,
    Enter,
    Input,
    Recall,
    RecallBlob,
    RecallKeys,
    Rejected,
    Resumed,
    Retried,
    Started,
)
from reactor_chat.chat.hub import Hub
from reactor_chat.chat.records import TOLD_AS_KEPT
from reactor_chat.errors import StorageCorrupt, StorageFull, StorageReadOnly
from reactor_chat.journal.contract import Journal
from reactor_chat.server.bans import Bans
from reactor_chat.server.catch_up import Arrears
from reactor_chat.server.close_reason import BYE
from reactor_chat.server.connections.admission import Admission, network_of
from reactor_chat.server.connections.eviction import Upkeep
from reactor_chat.server.connections.peers import Broadcast, Peer, Wire
from reactor_chat.server.connections.rates import Rates
from reactor_chat.server.counters import Counters
from reactor_chat.server.doors.door import Door
from reactor_chat.server.intake import CLOGGED_SECONDS, Intake
from reactor_chat.server.ledger import Ledger
from reactor_chat.server.maintenance.keeping import Keeping
from reactor_chat.server.options.table import Options, rules_of
from reactor_chat.server.reading import recalled
from reactor_chat.server.resuming import LOG_BYTES, begin_log, resumed
from reactor_chat.wire import codec
from reactor_chat.wire.framing import frame
from reactor_chat.wire.messages import PROTOCOL_VERSION, Bye, Closing, Hello, Limits, Notice, Refused
from reactor_chat.wire.transcript import NO_BINDING, NONCE_BYTES

ROUNDS_MAX = 8
ROUNDS_COST_MAX = 1_000
"""Commits in one turn, and what is judged between them of that which waited, in things said; the next turn goes on."""
RETRY_SECONDS = 1.0
SHUTDOWN_SECONDS = 5
LAST_CALL_SECONDS = 1.0
"""How long a server that stops goes on serving what people keep sending."""
TURNED_AWAY_MAX = 32
"""How many at once are told why they are not taken; whoever comes beyond is not told."""

_log = logging.getLogger("reactor_chat.server")


class App:
    """The server without its sockets.

    Args:
        options: what the operator chose.
        journal: where records are kept; recovered from and owned by the caller.
        broadcast: what carries bytes to everybody.
        entropy: returns so many random bytes.
        wake: asks for another turn at once; the end of a connection may be learnt after a turn's middle.

    Attributes:
        deadline: when `turn` wants to be called at the latest, in seconds of the turns' clock; None: no hurry.
    """

    def __init__(
        self,
        options: Options,
        journal: Journal,
        broadcast: Broadcast,
        entropy: Callable[[int], bytes],
        wake: Callable[[], None],
    ) -> None:
        self.deadline: float | None = None
        self.bans = Bans()
        self.counters = Counters()
        self.hub = Hub(rules_of(options), self.bans.refuse_login)
        self._options = options
        self._ledger = Ledger(journal)
        self.keeping = Keeping(self._ledger, self.hub.state)
        self._broadcast = broadcast
        self.entropy = entropy
        self._wake = wake
        self._peers: dict[int, Peer] = {}
        self._by_wire: dict[Wire, Peer] = {}
        self._intake = Intake(
            options, self._handle, self.hub.is_waiting, lambda: self._ledger.pending_bytes, lambda: len(self._peers)
        )
        self._admission = Admission(options, entropy, self._intake.expire, self._intake.has_asked)
        self._rates = Rates(options.rate)
        self._upkeep = Upkeep(options)
        self._turned_away: dict[Wire, Refused] = {}
        self._unshared: dict[Peer, None] = {}
        self._arrears = Arrears(self._ledger, self.hub, self.keeping, self._go_live, self._listen_again)
        self._effects = self._table_of_effects()
        self._inputs: deque[Input] = deque()
        self._retry_at: float | None = None
        self._said_goodbye = False
        self._goodbye_at: float | None = None
        self._now = 0.0
        self._unix_ms = 0

    # -------------------------------------------------------------------------------- what happens outside

    def start(self, unix_ms: int) -> int:
        """Recover from the journal and let everybody exit whom it left present.

        Returns:
            How many records were replayed.

        Raises:
            StorageError: the journal cannot be used.
        """
        self._unix_ms = unix_ms
        count = self._ledger.recover(self.hub.state)
        self.keeping.started(self.hub.state.seq - count)
        self._handle(Started(begin_log(self._ledger.journal, self.entropy(LOG_BYTES))))
        self._commit()
        return count

    def stop(self) -> None:
        """Leave the journal so that the next start is short.

        Raises:
            StorageError: the journal failed; what was committed stays.
        """
        self.keeping.stop()

    @property
    def options(self) -> Options:
        """What the operator chose, as it holds now."""
        return self._options

    def adopt(self, options: Options) -> None:
        """Go by other options from now on; nobody is dropped, and nothing that was accepted becomes wrong.

        Args:
            options: may differ in its live rows only.
        """
        before, self._options = self._options, options
        self.hub.adopt(rules_of(options))
        if options.rate != before.rate:
            self._rates = Rates(options.rate)
            for peer in self._peers.values():
                peer.bucket = self._rates.new(self._now)
        self._intake.adopt(options)
        self._upkeep.adopt(options)
        self._admission.adopt(options)
        self._wake()

    def opened(self, wire: Wire, door: Door, login_seconds_max: int, now: float, binding: bytes = NO_BINDING) -> None:
        """Take a new connection and greet it, or turn it away.

        Args:
            binding: SHA-256 of the public key that the connection is encrypted with (PROTOCOL §7); a login signs it.
        """
        network = network_of(wire.peer)
        # The time of the last turn would do, were it not that a silent server's may be an hour ago.
        unix_ms = self._unix_ms + (int((now - self._now) * 1_000) if self._now else 0)
        refusal = self.bans.refuse_peer(wire.peer, unix_ms) or self._admission.judge(network, now)
        if refusal is not None:
            self._turn_away(wire, door, refusal)
            return
        self.counters.connections += 1
        peer = Peer(self.counters.connections, wire, door, self._rates.new(now))
        self._peers[peer.conn] = self._by_wire[wire] = peer
        self._admission.opened(peer, network, now)
        hello = self._hello()
        self.hub.handle(Connected(peer.conn, hello.nonce, binding, network), self._unix_ms)
        wire.send(door.greet(hello))
        self._intake.expect_login(peer, login_seconds_max, now)
        _log.info("conn=%d opened from=%s via=%s", peer.conn, wire.peer, door.name)

    def _hello(self) -> Hello:
        options = self._options
        limits = Limits(options.frame_bytes_max, options.text_bytes_max, options.sealed_members_max)
        return Hello(PROTOCOL_VERSION, PRODUCT, self.entropy(NONCE_BYTES), limits)

    def _turn_away(self, wire: Wire, door: Door, refusal: Refused) -> None:
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

    def received(self, wire: Wire, data: bytes) -> None:
        """Take bytes; they are looked at in the turn."""
        peer = self._by_wire.get(wire)
        if peer is not None and not peer.closing:
            self.counters.bytes_in += len(data)
            peer.feed(data)
            self._intake.add(peer)

    def ended(self, wire: Wire) -> None:
        """Learn that the other side will send nothing more; what it sent still counts."""
        peer = self._by_wire.get(wire)
        if peer is not None:
            peer.door.end()
            self._end(peer)

    def overflowed(self, wire: Wire) -> None:
        """Learn that the other side reads too slowly; it is sent away and resumes without loss."""
        peer = self._by_wire.get(wire)
        if peer is not None and not peer.closing:
            self._inputs.append(Broken(peer.conn, None, "too_slow"))

    def lost(self, wire: Wire, reason: str) -> None:
        """Learn that the connection is gone."""
        if self._turned_away.pop(wire, None) is not None:
            return
        peer = self._by_wire.pop(wire)
        self._admission.lost(peer)
        self.counters.closed[peer.farewell or reason] += 1
        _log.info("conn=%d closed: %s", peer.conn, peer.farewell or reason)
        self._arrears.forgive(peer)
        self._end(peer)
        if self._said_goodbye:
            self._wake()  # it may have been the last one

    def _end(self, peer: Peer) -> None:
        if not peer.closing and not peer.ended:
            peer.ended = True
            self._intake.add(peer)
            self._wake()

    # ------------------------------------------------------------------------ for `operations`, between turns

    @property
    def peers(self) -> Collection[Peer]:
        """Every connection that is not being closed."""
        return self._peers.values()

    @property
    def ledger(self) -> Ledger:
        """Where records go."""
        return self._ledger

    @property
    def unix_ms(self) -> int:
        """The time of this turn, in milliseconds since the Unix epoch."""
        return self._unix_ms

    def idle_seconds(self, peer: Peer) -> int:
        """Return for how long nothing has come on a connection."""
        return max(0, int(self._now - peer.heard_at))

    def carry_out(self, effects: list[Effect]) -> bool:
        """Do what the core says to an order of the operator's, and commit it with everything that follows from it.

        Returns:
            False where there was no space for it.

        Raises:
            StorageError: the journal failed; the process must stop.
        """
        self._carry_out(effects)
        stored = not self._ledger.has_entries or self._commit_once()
        while self._ledger.has_entries:  # somebody who is in many groups leaves them in steps
            self._commit_once()
        self._wake()
        return stored

    # ------------------------------------------------------------------------------------------- stopping

    def shut_down(self, now: float) -> None:
        """Say goodbye to everybody when what was received so far has been served, or a little later at the latest."""
        self._goodbye_at = now + LAST_CALL_SECONDS
        for peer in self._peers.values():
            self._intake.hurry(peer)

    @property
    def is_empty(self) -> bool:
        """Whether no connection is left."""
        return not self._by_wire

    # -------------------------------------------------------------------------------------------- the turn

    def turn(self, now: float, unix_ms: int) -> None:
        """Serve what came in: judge, commit, tell.

        Args:
            now: seconds of a clock that never goes back; deadlines are kept by it.
            unix_ms: milliseconds since the Unix epoch; records are stamped with it.

        Raises:
            StorageError: the journal failed; nothing of this turn was shown to anybody, and the process must stop.
        """
        self._now, self._unix_ms = now, unix_ms
        if self.hub.has_work:  # it came before what comes now
            self._handle(Resumed())
        self._intake.turn(now)
        self._inputs.extend(Broken(peer.conn, None, why) for peer, why in self._upkeep.overdue(self.peers, now))
        while self._inputs:
            self._handle(self._inputs.popleft())
        if self._retry_at is not None and now >= self._retry_at:
            self._retry_at = None
            self._handle(Retried())
        self._commit()
        self._arrears.pay()
        if self._goodbye_at is not None and (not self._intake.has_work or now >= self._goodbye_at):
            self._say_goodbye()
        self.keeping.turn(now, unix_ms)
        self.deadline = self._next_deadline()

    def _next_deadline(self) -> float | None:
        if self._inputs or self._ledger.has_entries or self._arrears.has_work or self.hub.has_work:
            return self._now
        times = (
            self._intake.deadline(self._now),
            self._retry_at,
            self.keeping.deadline,
            self._goodbye_at,
            self._upkeep.deadline,
        )
        deadlines = [at for at in times if at is not None]
        if self._arrears.wait_for_wires:
            deadlines.append(self._now + CLOGGED_SECONDS)
        return min(deadlines, default=None)

    # -------------------------------------------------------------------------------- the core and the journal

    def _handle(self, what: Input) -> None:
        self._carry_out(self.hub.handle(what, self._unix_ms))

    def _commit(self) -> None:
        cost_before = self.hub.waiting_cost
        for _ in range(ROUNDS_MAX):
            if not self._ledger.has_entries or self.hub.waiting_cost - cost_before > ROUNDS_COST_MAX:
                return
            self._commit_once()

    def _commit_once(self) -> bool:
        before = self.hub.state.at
        try:
            seq = self._ledger.commit()
        except StorageReadOnly:
            self._handle(Rejected(read_only=True))
            return False
        except StorageFull as error:
            _log.error("%s", error)
            self._retry_at = self._now + RETRY_SECONDS
            self._handle(Rejected())
            return False
        self.keeping.committed(self._now)
        self._handle(Committed(seq))
        if self.hub.state.at < before:
            ahead = (before - self.hub.state.at) // 1_000
            _log.warning("the clock was set back by %d s; new messages use the new time", ahead)
        return True

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            self._effects[type(effect)](effect)

    def _append(self, effect: Append) -> None:
        self._ledger.append(effect.records)

    def _deliver(self, effect: Deliver) -> None:
        notice, framed = effect.notice, b""
        if type(notice) is Refused:
            self.counters.refusals[notice.code] += 1
        for conn in effect.conns:
            peer = self._peers.get(conn)
            if peer is None:
                continue
            if self._arrears.take(peer, notice):
                continue
            if peer.door.shares_frames:
                framed = framed or self._framed(notice)
                peer.wire.send(framed)
            else:
                peer.tell(notice)

    def _deliver_all(self, effect: DeliverAll) -> None:
        self._broadcast.append(self._framed(effect.notice))
        for peer in self._unshared:
            peer.tell(effect.notice)

    def _framed(self, notice: Notice) -> bytes:
        """One notice as a frame; what the journal holds in the same words is not encoded again."""
        if isinstance(notice, TOLD_AS_KEPT):
            return frame(self._ledger.written.get(notice.seq) or codec.encode(notice))
        return frame(codec.encode(notice))

    def _enter(self, effect: Enter) -> None:
        peer = self._peers[effect.conn]
        peer.enter(effect.name)
        self._admission.arrived(peer)
        peer.since_ms = self._unix_ms
        self._rates.entered(peer)
        self._upkeep.entered(peer, effect.heartbeat_seconds, self._now)
        self.counters.logins += 1
        _log.info("conn=%d logged in as %s", peer.conn, effect.name)
        self._ledger.journal.keep_log()
        after, gap = resumed(self._ledger.journal, effect)
        if gap is not None:
            peer.tell(gap)
        if after is None:
            self._go_live(peer)
        else:
            self._arrears.begin(peer, after)

    def _recall(self, effect: Recall | RecallKeys | RecallBlob) -> None:
        if effect.conn in self._peers:
            try:
                for answer in recalled(effect, self._ledger, self._options.frame_bytes_max):
                    self._deliver(Deliver([effect.conn], answer))
            except StorageCorrupt as error:
                self._deliver(Deliver([effect.conn], self.keeping.refused(error, effect.re)))

    def _close(self, effect: Close) -> None:
        peer = self._peers.pop(effect.conn)
        self._unshared.pop(peer, None)
        self._arrears.close(peer)
        self._rates.left(peer, self._now)
        peer.closing = True
        self._admission.arrived(peer)
        if effect.reason is not None:
            peer.farewell = effect.reason
            peer.tell(Bye(effect.reason, BYE[effect.reason]))
        peer.wire.finish()

    def _table_of_effects(self) -> dict[type, Callable[[Any], None]]:
        return {
            Append: self._append,
            Deliver: self._deliver,
            DeliverAll: self._deliver_all,
            Enter: self._enter,
            Recall: self._recall,
            RecallKeys: self._recall,
            RecallBlob: self._recall,
            Close: self._close,
        }

    # -------------------------------------------------------------------------------------------- coming and going

    def _go_live(self, peer: Peer) -> None:
        if peer.door.shares_frames:
            peer.wire.attach(self._broadcast)
        else:
            self._unshared[peer] = None
        if self._said_goodbye:
            self._dismiss(peer)

    def _listen_again(self, peer: Peer) -> None:
        """Look at what somebody sent meanwhile who has been told everything that was owed."""
        self._intake.add(peer)
        self._wake()

    # -------------------------------------------------------------------------------------------- the end

    def abandon(self) -> None:
        """Say goodbye to everybody at once, as the journal can take nothing more; no turn may follow."""
        for peer in list(self._peers.values()):
            self._dismiss(peer)

    def _say_goodbye(self) -> None:
        self._goodbye_at = None
        self._said_goodbye = True
        for peer in list(self._peers.values()):
            if peer.heard is None:  # who is behind is told what was accepted first
                self._dismiss(peer)

    def _dismiss(self, peer: Peer) -> None:
        self._arrears.close(peer)
        peer.tell(Closing(SHUTDOWN_SECONDS, "[Server is shutting down]"))
        self._close(Close(peer.conn, "shutdown"))
