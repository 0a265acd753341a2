"""The middle of the turn: bytes become inputs of the core, and its effects become bytes.

The app owns no socket and reads no clock: wires are given to it, and so is the time.  What came in since the last turn
is judged in `turn`, what the core wants to keep is committed once, and only then are people told; the wires write
after that.  So nobody is shown anything that the journal could still lose, by the order of the turn.

A turn may hold several rounds: what waited for a commit may append in its turn.  That a commit was made is an input
like any other: a journal in this process reports it at once, one on another machine in a later turn.
"""

import logging
from collections import deque
from collections.abc import Callable, Collection

from reactor_chat.chat.boundary import (
    Committed,
    Effect,
    Input,
    Rejected,
    Resumed,
    Retried,
    Started,
    Superseded,
    Terminate,
)
from reactor_chat.chat.hub import Hub
from reactor_chat.errors import StorageFull, StorageReadOnly
from reactor_chat.journal import reports
from reactor_chat.journal.contract import Journal
from reactor_chat.server.bans import Bans
from reactor_chat.server.catch_up import CatchUp
from reactor_chat.server.connections.clock import TurnClock
from reactor_chat.server.connections.peers import Broadcast, Peer, Wire
from reactor_chat.server.connections.registry import ConnectionRegistry
from reactor_chat.server.counters import Counters
from reactor_chat.server.delivery import Delivery
from reactor_chat.server.doors.door import Door
from reactor_chat.server.goodbye import Goodbye
from reactor_chat.server.intake import WATERMARK_POLL_SECONDS, Intake
from reactor_chat.server.maintenance.keeping import Keeping
from reactor_chat.server.options.table import Options, rules_of
from reactor_chat.server.reading import Reading
from reactor_chat.server.record_log import RecordLog, records_of
from reactor_chat.server.resuming import LOG_BYTES, begin_log
from reactor_chat.wire.transcript import NO_BINDING

ROUNDS_MAX = 8
ROUNDS_COST_MAX = 1_000
"""Commits in one turn, and what is judged between them of that which waited, in things said; the next turn goes on."""
RETRY_SECONDS = 1.0
"""After the journal had no space: an operator who makes some does not wait, and a full disk is not asked every turn."""

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
        clock: the time of the turn.
        commits_refused: how many the journal had no space for.
        options: what the operator chose, as it holds now.
        record_log: where records go.
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
        self.commits_refused = 0
        self.bans = Bans()
        self.counters = Counters()
        self.entropy = entropy
        self.hub = Hub(rules_of(options), self.bans.refuse_login)
        self.options = options
        self._wake = wake
        self.record_log = RecordLog(journal)
        self.keeping = Keeping(self.record_log, self.hub.state)
        self.clock = TurnClock()
        self._connections = ConnectionRegistry(
            options, entropy, self.bans, self.counters, self.clock, self.hub.is_waiting
        )
        self._intake = Intake(options, self.hub.is_waiting, self.record_log)
        self._catch_up = CatchUp(self.record_log, self.hub, self.keeping)
        self._goodbye = Goodbye()
        reading = Reading(self.record_log, self.keeping, options.frame_bytes_max)
        self._delivery = Delivery(self.record_log, reading, broadcast, self._connections, self._catch_up, self._goodbye)
        self._inputs: deque[Input] = deque()
        self._retry_at: float | None = None

    # -------------------------------------------------------------------------------- what happens outside

    def start(self, unix_ms: int) -> int:
        """Recover from the journal and let everybody exit whom it left present.

        Returns:
            How many records were replayed.

        Raises:
            StorageError: the journal cannot be used.
        """
        self.clock.unix_ms = unix_ms
        count = self.record_log.recover(self.hub.state)
        self.keeping.started(self.hub.state.seq - count)
        self._handle(Started(begin_log(self.record_log.journal, self.entropy(LOG_BYTES))))
        self._commit()
        return count

    def adopt(self, options: Options) -> None:
        """Go by other options from now on; nobody is dropped, and nothing that was accepted becomes wrong.

        Args:
            options: may differ in its live rows only.
        """
        self.options = options
        self.hub.adopt(rules_of(options))
        self._connections.adopt(options)
        self._intake.adopt(options)
        self._wake()

    def opened(self, wire: Wire, door: Door, login_seconds_max: int, now: float, binding: bytes = NO_BINDING) -> None:
        """Take a new connection and greet it, or turn it away.

        Args:
            wire, door: what carries its bytes, and what they mean.
            login_seconds_max: how long it may take somebody to log in.
            now: seconds of the turns' clock.
            binding: SHA-256 of the public key that the connection is encrypted with (PROTOCOL §7); a login signs it.
        """
        refusal, leaving = self._connections.judge(wire, now)
        for what in leaving:
            self._handle(what)
        if refusal is not None:
            self._connections.turn_away(wire, door, refusal)
        else:
            self._handle(self._connections.open(wire, door, login_seconds_max, now, binding))

    def received(self, wire: Wire, data: bytes) -> None:
        """Take bytes; they are looked at in the turn.

        Args:
            wire: whose they are; those of a connection that was turned away are dropped.
            data: 1 byte or more.
        """
        peer = self._connections.by_wire.get(wire)
        if peer is not None and not peer.closing:
            self.counters.bytes_in += len(data)
            peer.feed(data)
            self._intake.add(peer)

    def ended(self, wire: Wire) -> None:
        """Learn that the other side will send nothing more; what it sent still counts."""
        peer = self._connections.by_wire.get(wire)
        if peer is not None:
            peer.door.end()
            self._end(peer)

    def overflowed(self, wire: Wire) -> None:
        """Learn that the other side reads too slowly; it is sent away and resumes without loss."""
        peer = self._connections.by_wire.get(wire)
        if peer is not None and not peer.closing:
            self._inputs.append(Terminate(peer.conn, None, "too_slow"))

    def lost(self, wire: Wire, reason: str) -> None:
        """Learn that the connection is gone.

        Args:
            wire: which; nothing may be called with it after that.
            reason: what the log says where the connection was told nothing.
        """
        peer = self._connections.lost(wire, reason)
        if peer is None:
            return
        if self._catch_up.drop(peer):
            self._caught_up(peer)
        self._end(peer)
        if self._goodbye.is_said:
            self._wake()  # it may have been the last one

    def _end(self, peer: Peer) -> None:
        if not peer.closing and not peer.ended:
            peer.ended = True
            self._look_at(peer)

    def _look_at(self, peer: Peer) -> None:
        """Look at what somebody sent, soon."""
        self._intake.add(peer)
        self._wake()

    # ------------------------------------------------------------------------ for `operations`, between turns

    @property
    def peers(self) -> Collection[Peer]:
        """Every connection that is not being closed."""
        return self._connections.peers.values()

    def carry_out(self, effects: list[Effect]) -> None:
        """Do what the core says to an order of the operator's, and submit it with everything that follows from it.

        Where the journal does not report at once, `record_log.is_settled` tells when it has.

        Raises:
            StorageError: the journal failed; the process must stop.
        """
        self._delivery.carry_out(effects)
        while self.record_log.can_submit:  # somebody who is in many groups leaves them in steps
            self._submit()
        self._wake()

    # ------------------------------------------------------------------------------------------- stopping

    def shut_down(self, now: float) -> None:
        """Say goodbye to everybody when what was received so far has been served, or a little later at the latest."""
        self._goodbye.begin(now)
        for peer in self.peers:
            self._intake.hurry(peer)

    def abandon(self) -> None:
        """Say goodbye to everybody at once, as the journal can take nothing more; no turn may follow."""
        for peer in list(self.peers):
            self._delivery.dismiss(peer)

    @property
    def is_empty(self) -> bool:
        """Whether no connection is left."""
        return not self._connections.by_wire

    # -------------------------------------------------------------------------------------------- the turn

    def turn(self, now: float, unix_ms: int) -> None:
        """Serve what came in: judge, commit, tell.

        Args:
            now: seconds of a clock that never goes back; deadlines are kept by it.
            unix_ms: milliseconds since the Unix epoch; records are stamped with it.

        Raises:
            StorageError: the journal failed; nothing of this turn was shown to anybody, and the process must stop.
        """
        self.clock.now, self.clock.unix_ms = now, unix_ms
        self._take_reports()
        if self.hub.has_work:  # it came before what comes now
            self._handle(Resumed())
        for late in self._connections.late_logins():
            self._handle(late)
        for received in self._intake.turn(now, len(self._connections.peers)):
            for what in received:
                self._handle(what)
        self._inputs.extend(self._connections.evicted())
        while self._inputs:
            self._handle(self._inputs.popleft())
        if self._retry_at is not None and now >= self._retry_at:
            self._retry_at = None
            self._handle(Retried())
        self._commit()
        if self._catch_up.wait_for_wires:
            self._tell_what_was_missed()
        if self._goodbye.deadline is not None:
            for peer in self._goodbye.due(self.peers, now, is_quiet=self._is_quiet):
                self._delivery.dismiss(peer)
        self.keeping.turn(now, unix_ms)
        self.deadline = self._next_deadline()

    @property
    def _is_quiet(self) -> bool:
        return not self._intake.has_work and self.record_log.is_settled

    def _tell_what_was_missed(self) -> None:
        for peer in self._catch_up.pump():
            self._caught_up(peer)
        for peer in self._catch_up.drain():
            self._look_at(peer)

    def _caught_up(self, peer: Peer) -> None:
        """Have somebody who has caught up hear what everybody hears, and look at what they sent meanwhile."""
        self._delivery.go_live(peer)
        self._look_at(peer)

    def _next_deadline(self) -> float | None:
        now = self.clock.now
        if self._inputs or self.record_log.can_submit or self._catch_up.has_work or self.hub.has_work:
            return now
        times = (
            self._intake.deadline(now),
            self._connections.deadline,
            self._retry_at,
            self.keeping.deadline,
            self._goodbye.deadline,
            now + WATERMARK_POLL_SECONDS if self._catch_up.wait_for_wires else None,
        )
        return min([at for at in times if at is not None], default=None)

    # -------------------------------------------------------------------------------- the core and the journal

    def _handle(self, what: Input) -> None:
        self._delivery.carry_out(self.hub.handle(what, self.clock.unix_ms))

    def _commit(self) -> None:
        """Submit what was collected, as often as what is reported leads to more of it."""
        cost_before = self.hub.waiting_cost
        for _ in range(ROUNDS_MAX):
            if not self.record_log.can_submit or self.hub.waiting_cost - cost_before > ROUNDS_COST_MAX:
                return
            self._submit()

    def _submit(self) -> None:
        self.record_log.submit()
        self._take_reports()

    def _take_reports(self) -> None:
        while (report := self.record_log.report()) is not None:
            match report:
                case reports.Appended():
                    self._committed(Committed(report.head))
                case reports.Overtaken():
                    self._committed(Superseded(records_of(report.rows)))
                case reports.Full():
                    self._rejected(report.error)
                case reports.Unknown():
                    _log.warning("the journal does not answer (%s); nothing is accepted until it does", report.why)

    def _committed(self, what: Committed | Superseded) -> None:
        before = self.hub.state.at
        self.keeping.committed(self.clock.now)
        self._handle(what)
        if self.hub.state.at < before:
            ahead = (before - self.hub.state.at) // 1_000
            _log.warning("the clock was set back by %d s; new messages use the new time", ahead)

    def _rejected(self, error: StorageFull) -> None:
        self.commits_refused += 1
        is_read_only = isinstance(error, StorageReadOnly)
        if not is_read_only:
            _log.error("%s", error)
            self._retry_at = self.clock.now + RETRY_SECONDS
        self._handle(Rejected(is_read_only))
