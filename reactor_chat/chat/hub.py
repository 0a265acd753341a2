"""The core: takes one input, gives back effects; nothing else goes in or out.

A request is judged by the committed state (see `judge`).  What would change the chat becomes an `Append`; when the
journal has it, the same door says so, the record is applied, and only then is anybody told.  While a connection has
something waiting, everything it sends waits behind it; after each commit whatever waited is judged again (see
`waiting`).  Messages that came together take a shorter way to the same end (see `fast_path`).

A journal that others write to may hold their records in place of ours.  Then every change on its way is taken back,
theirs are applied, and what was taken back is judged again, in the order in which it came.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from reactor_chat.chat.boundary import (
    BadMessage,
    Committed,
    Connected,
    Disconnected,
    Effect,
    Input,
    Received,
    ReceivedTogether,
    Rejected,
    Resumed,
    Retried,
    Sent,
    Started,
    Superseded,
    Terminate,
)
from reactor_chat.chat.case import Decide, Rules
from reactor_chat.chat.endings import Endings
from reactor_chat.chat.fast_path import FastPath
from reactor_chat.chat.judge import Judge
from reactor_chat.chat.logins import Bar, nobody_barred
from reactor_chat.chat.moderation import farewell
from reactor_chat.chat.pending import Pending
from reactor_chat.chat.readers import FULL, NO_SPACE, READ_ONLY, told
from reactor_chat.chat.session import Session, SessionState
from reactor_chat.chat.sessions import Sessions
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.operator_records import Dismissed
from reactor_chat.chat.state.records import Declined, Entered, Record, notice_of
from reactor_chat.chat.state.timeline import Span
from reactor_chat.chat.transaction import Burst, Transaction
from reactor_chat.chat.waiting import Waiting
from reactor_chat.wire import messages as m
from reactor_chat.wire.messages import Exited, Refused, fold


class Hub:
    """The chat.

    Args:
        rules: what the operator chose.
        bar: knows whom the operator keeps out.
    """

    def __init__(self, rules: Rules, bar: Bar = nobody_barred) -> None:
        self.state = ChatState()
        self._pending = Pending(self.state)
        self._sessions = Sessions(self.state)
        self._endings = Endings(self.state, self._pending, self._sessions)
        self._judge = Judge(rules, self.state, self._pending, self._sessions, self._endings, bar)
        self._fast_path = FastPath(self.state, self._pending, self._sessions, self._judge)
        self._waiting = Waiting(self._pending, self._judge.judge)
        self._orders: list[Decide] = []
        self._inputs = self._table_of_inputs()

    # ------------------------------------------------------------------------------------------- the door

    def handle(self, what: Input, now: int) -> list[Effect]:
        """Take one input and say what is to be done.

        Args:
            what: what happened outside.
            now: the time in milliseconds since the Unix epoch; where it went back, see `time_after`.

        Returns:
            Effects in the order in which they are to be carried out; empty when there is nothing to do.
        """
        self._pending.clock = now
        effects: list[Effect] = []
        self._inputs[type(what)](what, effects)
        return effects

    def release(self, name: str, now: int) -> list[Effect]:
        """Give a claimed name free, as the operator orders; its owner leaves the chat and every group.

        Args:
            name: whatever its spelling.
            now: see `handle`.

        Returns:
            Effects, as of `handle`; none where nobody owns the name, or where the release waits for a commit.  Where
            there is no space for it, it is forgotten: the operator may order it again.
        """
        self._pending.clock = now
        effects: list[Effect] = []
        if self.state.identity.claim_of(name) is not None:
            self._endings.releasing[fold(name)] = name
            self._endings.record(effects)
        return effects

    def order(self, decide: Decide, now: int) -> list[Effect] | Refused:
        """Have a change made that the operator orders.

        Args:
            decide: says what it comes to; nothing that it looks at is about to change.
            now: see `handle`.

        Returns:
            Effects, as of `handle`; or why it is not done.
        """
        self._pending.clock = now
        effects: list[Effect] = []
        refusal = self._order(decide, effects)
        return effects if refusal is None else refusal

    def _order(self, decide: Decide, effects: list[Effect]) -> Refused | None:
        change = decide(self.state, self._judge.rules, self._pending.sequencer())
        if isinstance(change, Refused):
            return change
        self._pending.launch(change, effects, put_back=partial(self._orders.append, decide))
        return None

    def adopt(self, rules: Rules) -> None:
        """Judge everything that comes from now on by other rules."""
        self._judge.adopt(rules)

    @property
    def has_work(self) -> bool:
        """Whether a `Resumed` may let somebody go on."""
        return self._waiting.has_work

    @property
    def waiting_cost(self) -> int:
        """What everything has cost so far that had to wait and was judged again, in things said."""
        return self._waiting.cost

    def entitlement(self, conn: int) -> list[Span]:
        """Return the spans of everything the person on this connection is told of; empty where nobody is on it."""
        session = self._sessions.get(conn)
        if session is None or session.state not in {SessionState.PRESENT, SessionState.READING}:
            return []
        return self.state.timeline.everything(session.name, session.since)

    def is_waiting(self, conn: int) -> bool:
        """Return whether something this connection sent cannot be judged before a commit; more of it would wait too."""
        session = self._sessions.get(conn)
        return session is not None and (session.state is SessionState.JOINING or bool(session.backlog))

    def is_own(self, conn: int, record: Record) -> bool:
        """Return whether a record tells of the coming or going of the very person on this connection."""
        session = self._sessions.get(conn)
        return (
            session is not None
            and isinstance(record, Entered | Exited)
            and fold(record.name) == fold(session.name)
            and record.seq >= session.since
        )

    # --------------------------------------------------------------------------------------------- inputs

    def _on_started(self, what: Started, effects: list[Effect]) -> None:
        self._sessions.log = what.log
        for presence in self.state.roster.people():
            self._endings.departing[fold(presence.name)] = presence.name
        self._endings.record(effects)

    def _on_retried(self, _: Retried, effects: list[Effect]) -> None:
        self._endings.record(effects)
        self._judge.let_readers_in(effects)

    def _on_connected(self, what: Connected, _: list[Effect]) -> None:
        self._sessions.open(what)

    def _on_sent(self, what: Sent, effects: list[Effect]) -> None:
        session = self._sessions.get(what.conn)
        if session is None or session.superseded:
            return  # it was closed from this side, or is about to be; what still came in does not count
        if session.backlog or not self._judge.judge(session, what, effects):
            self._waiting.add(session, what)

    def _on_received_together(self, what: ReceivedTogether, effects: list[Effect]) -> None:
        session, requests, place = self._sessions.get(what.conn), what.requests, 0
        while session is not None and not session.superseded and place < len(requests):
            taken = self._fast_path.take(session, what, place, effects)
            if not taken:
                self._on_sent(Received(what.conn, requests[place]), effects)
            place += taken or 1

    def _on_resumed(self, _: Resumed, effects: list[Effect]) -> None:
        self._waiting.go_on(effects)

    def _on_committed(self, what: Committed, effects: list[Effect]) -> None:
        for transaction in self._pending.committed(what.seq):
            if isinstance(transaction, Burst):
                self._fast_path.announce(transaction, effects)
                continue
            for record in transaction.records:
                self._announce(record, transaction.session, effects)
            self._answer(transaction, effects)
        self._go_on(effects)

    def _go_on(self, effects: list[Effect]) -> None:
        """Do what the records that were just applied made possible."""
        self._endings.record(effects)
        if self._sessions.readers:
            self._judge.let_readers_in(effects)
        self._waiting.go_on(effects)

    def _on_rejected(self, what: Rejected, effects: list[Effect]) -> None:
        self._judge.full = READ_ONLY if what.read_only else FULL
        for transaction in self._pending.rolled_back():
            for record in transaction.records:
                if isinstance(record, Exited) and self._sessions.of(record.name) is None:
                    self._endings.departing[fold(record.name)] = record.name
            session = transaction.session
            if session is not None and session.state is SessionState.JOINING:
                self._sessions.let_read(session, self._judge.full, effects)
            elif session is not None and session.state is not SessionState.READING:
                refusal = READ_ONLY if what.read_only else NO_SPACE
                for request_id in transaction.request_ids():
                    self._sessions.refuse(session, refusal, request_id, effects)
        self._endings.releasing.clear()
        self._endings.forget_sessions()
        self._waiting.go_on(effects)

    def _on_superseded(self, what: Superseded, effects: list[Effect]) -> None:
        for transaction in reversed(list(self._pending.rolled_back())):
            self._take_back(transaction)
        self._endings.forget_sessions()
        self._waiting.return_to_front()
        for record in what.records:
            self._apply_foreign(record, effects)
        orders = self._orders[::-1]
        self._orders.clear()
        for decide in orders:  # whoever gave one that is refused now learns it from what it judged last
            self._order(decide, effects)
        self._go_on(effects)

    def _take_back(self, transaction: Transaction) -> None:
        """Put what became this change back to where it came from; the newest of all is taken back first."""
        session = transaction.session
        if transaction.put_back is not None:
            transaction.put_back()
        elif session is not None and session.state is not SessionState.READING:  # a reader enters again by itself
            if session.state is SessionState.JOINING:
                session.state = SessionState.ARRIVED
            for sent in reversed(transaction.each_sent()):
                self._waiting.return_sent(session, sent)

    def _apply_foreign(self, record: Record, effects: list[Effect]) -> None:
        session = None
        if isinstance(record, Exited):
            self._endings.departing.pop(fold(record.name), None)  # recorded elsewhere, whoever was to do it
            session = self._sessions.of(record.name)
        if session is not None:  # released elsewhere while its owner is here
            self._sessions.close(session, "kicked", effects)
        self._announce(record, None, effects)

    def _table_of_inputs(self) -> dict[type, Callable[[Any, list[Effect]], None]]:
        return {
            Started: self._on_started,
            Retried: self._on_retried,
            Resumed: self._on_resumed,
            Connected: self._on_connected,
            Received: self._on_sent,
            ReceivedTogether: self._on_received_together,
            BadMessage: self._on_sent,
            Terminate: self._on_sent,
            Disconnected: self._on_sent,
            Committed: self._on_committed,
            Superseded: self._on_superseded,
            Rejected: self._on_rejected,
        }

    # -------------------------------------------------------------------------------- changes on their way

    def _announce(self, record: Record, by: Session | None, effects: list[Effect]) -> None:
        """Apply a committed record and tell those it concerns; `by` is whose request it was."""
        if isinstance(record, Exited):
            self._dismiss(record.name, effects)
        elif isinstance(record, Entered) and by is not None:
            self._sessions.end_reading(record.name, by, effects)
        audience = self.state.apply(record)
        notice = notice_of(record)
        if notice is None:
            if isinstance(record, Dismissed):
                self._expel(record, effects)
            return
        effects.append(told(notice, audience, self.state.roster, self._sessions.readers, by))
        if isinstance(record, Entered) and by is not None:
            self._sessions.welcome(by, effects)

    def _dismiss(self, name: str, effects: list[Effect]) -> None:
        """Close the connection of an owner whose name was released; whoever left was closed before."""
        session = self._endings.sessions.pop(fold(name), None)
        if session is not None and session.state is not SessionState.GONE:
            self._sessions.close(session, "kicked", effects)

    def _expel(self, record: Dismissed, effects: list[Effect]) -> None:
        """Have somebody go whom a moderator disconnects, behind what they sent before."""
        if (conn := self.state.roster.conn_of(record.name)) is not None:
            self._on_sent(Terminate(conn, farewell(record), "kicked"), effects)

    def _answer(self, transaction: Transaction, effects: list[Effect]) -> None:
        session, first = transaction.session, transaction.records[0]
        if session is None or transaction.request_id is None:
            return
        if isinstance(first, Declined):
            self._sessions.tell(session, Refused(first.code, first.text, transaction.request_id), effects)
        else:
            self._sessions.tell(session, m.Accepted(transaction.request_id, first.seq), effects)
