"""The core: takes one input, gives back effects; nothing else goes in or out.

A request is judged by the committed state.  What would change the chat becomes an `Append`; when the journal has it,
the same door says so, the record is applied, and only then is anybody told.  Three rules keep each connection's
answers in the order of its requests:

1. While one of its changes is on the way, a request that would be answered at once waits.
2. While something that a change depends on is about to change, the request waits (see `pending`).
3. While a connection has something waiting, everything it sends waits behind it.

After each commit whatever waited is judged again (see `waiting`).
"""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import structs

from reactor_chat.chat.boundary import (
    Broken,
    Close,
    Committed,
    Connected,
    Deliver,
    Disconnected,
    Effect,
    Enter,
    Garbled,
    Input,
    Received,
    Rejected,
    Resumed,
    Retried,
    Sent,
    Started,
)
from reactor_chat.chat.case import Case, Change, Decide, Rules, Sequencer, time_after
from reactor_chat.chat.decisions import refuse_list
from reactor_chat.chat.endings import Endings
from reactor_chat.chat.logins import NAME_TAKEN, Bar, Barred, Logins, Takeover, nobody_barred
from reactor_chat.chat.moderation import farewell
from reactor_chat.chat.pending import ConflictKey, Pending, Transaction
from reactor_chat.chat.readers import FULL, NO_SPACE, READ_ONLY, Readers, told
from reactor_chat.chat.rules import RULES
from reactor_chat.chat.searches import Searches
from reactor_chat.chat.session import BAD_MESSAGES_MAX, LOGIN_REFUSALS_MAX, NOT_SERVED, SERVED, Session, State
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.operator_records import Dismissed
from reactor_chat.chat.state.receipts import NOT_REMEMBERED
from reactor_chat.chat.state.records import Declined, Entered, Record, notice_of
from reactor_chat.chat.state.timeline import Span
from reactor_chat.chat.waiting import Waiting
from reactor_chat.text.parser import parse
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
        self._rules = rules
        self._pending = Pending()
        self._logins = Logins(rules, self.state, self._pending, bar)
        self._sessions: dict[int, Session] = {}
        self._waiting = Waiting(self._pending, self._judge)
        self._readers = Readers(self.state)
        self._full = FULL
        self._searches = Searches(self.state.roster)
        self._endings = Endings(self.state, self._pending, self._sequencer, self._launch_alone, self._session_of)
        self._clock = 0
        self._log: str | None = None
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
        self._clock = now
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
        self._clock = now
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
        self._clock = now
        change = decide(self.state, self._rules, self._sequencer())
        if isinstance(change, Refused):
            return change
        effects: list[Effect] = []
        self._launch(change, None, None, effects)
        return effects

    def adopt(self, rules: Rules) -> None:
        """Judge everything that comes from now on by other rules."""
        self._rules = rules
        self._logins.adopt(rules)

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
        if session is None or session.state not in {State.PRESENT, State.READING}:
            return []
        return self.state.timeline.everything(session.name, session.since)

    def is_waiting(self, conn: int) -> bool:
        """Return whether something this connection sent cannot be judged before a commit; more of it would wait too."""
        session = self._sessions.get(conn)
        return session is not None and (session.state is State.JOINING or bool(session.backlog))

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
        self._log = what.log
        for presence in self.state.roster.people():
            self._endings.departing[fold(presence.name)] = presence.name
        self._endings.record(effects)

    def _on_retried(self, _: Retried, effects: list[Effect]) -> None:
        self._endings.record(effects)
        self._let_readers_in(effects)

    def _on_connected(self, what: Connected, _: list[Effect]) -> None:
        assert what.conn not in self._sessions
        self._sessions[what.conn] = Session(what.conn, what.nonce, what.binding, what.address)

    def _on_sent(self, what: Sent, effects: list[Effect]) -> None:
        session = self._sessions.get(what.conn)
        if session is None or session.superseded:
            return  # it was closed from this side, or is about to be; what still came in does not count
        if session.backlog or not self._judge(session, what, effects):
            self._waiting.add(session, what)

    def _on_resumed(self, _: Resumed, effects: list[Effect]) -> None:
        self._waiting.go_on(effects)

    def _on_committed(self, what: Committed, effects: list[Effect]) -> None:
        for transaction in self._pending.committed(what.seq):
            for record in transaction.records:
                self._announce(record, transaction, effects)
            self._answer(transaction, effects)
        self._endings.record(effects)
        if self._readers:
            self._let_readers_in(effects)
        self._waiting.go_on(effects)

    def _on_rejected(self, what: Rejected, effects: list[Effect]) -> None:
        self._full = READ_ONLY if what.read_only else FULL
        for transaction in self._pending.rolled_back():
            for record in transaction.records:
                if isinstance(record, Exited) and self._session_of(record.name) is None:
                    self._endings.departing[fold(record.name)] = record.name
            session = transaction.session
            if session is not None and session.state is State.JOINING:
                self._let_read(session, effects)
            elif session is not None and session.state is not State.READING:
                self._refuse(session, READ_ONLY if what.read_only else NO_SPACE, transaction.request_id, effects)
        self._endings.releasing.clear()
        for session in self._endings.sessions.values():
            session.ending = False  # nothing became of it
        self._endings.sessions.clear()
        self._waiting.go_on(effects)

    def _table_of_inputs(self) -> dict[type, Callable[[Any, list[Effect]], None]]:
        return {
            Started: self._on_started,
            Retried: self._on_retried,
            Resumed: self._on_resumed,
            Connected: self._on_connected,
            Received: self._on_sent,
            Garbled: self._on_sent,
            Broken: self._on_sent,
            Disconnected: self._on_sent,
            Committed: self._on_committed,
            Rejected: self._on_rejected,
        }

    # ---------------------------------------------------------------------------------------------- judging

    def _judge(self, session: Session, what: Sent, effects: list[Effect]) -> bool:
        """Serve what a connection sent; False where it has to wait, and then nothing has changed."""
        session.blocked_by = None
        if session.state is State.GONE:
            return True
        if session.state is State.JOINING or session.ending:
            return False
        if isinstance(what, Received):
            return self._serve(session, what.request, effects)
        if session.transactions:
            return False
        if isinstance(what, Disconnected):
            return self._depart(session, None, effects)
        return self._reproach(session, what, effects)

    def _reproach(self, session: Session, what: Garbled | Broken, effects: list[Effect]) -> bool:
        if what.refusal is not None:
            self._tell(session, what.refusal, effects)
        if isinstance(what, Broken):
            return self._depart(session, what.reason, effects)
        session.bad_messages += 1
        return session.bad_messages < BAD_MESSAGES_MAX or self._depart(session, "violation", effects)

    # ------------------------------------------------------------------------------------------- requests

    def _serve(self, session: Session, request: m.Request, effects: list[Effect]) -> bool:
        verdict: m.Request | Refused = request
        if type(request) not in SERVED[session.state]:
            verdict = structs.replace(NOT_SERVED[session.state], re=request.id)
            return self._answer_now(session, [Deliver([session.conn], verdict)], effects)
        if isinstance(request, m.Line):
            verdict = parse(request.text, request.id)
        if session.state is State.READING and not isinstance(verdict, (m.Question, m.Quit)):
            verdict = structs.replace(verdict if isinstance(verdict, Refused) else self._full, re=request.id)
            return self._answer_now(session, [Deliver([session.conn], verdict)], effects)
        if isinstance(verdict, m.Question):
            return self._serve_read(session, verdict, effects)
        if isinstance(verdict, m.Login):
            return self._serve_login(session, verdict, effects)
        if isinstance(verdict, m.Quit):
            return not session.transactions and self._depart(session, "quit", effects)
        return self._serve_change(session, request.id, verdict, effects)

    def _serve_read(self, session: Session, request: Any, effects: list[Effect]) -> bool:
        if session.transactions:
            return False
        verdict = RULES[type(request)].decide(self._case(session), request)
        if isinstance(verdict, Refused):  # not recorded: a read is judged anew each time it comes
            verdict = [Deliver([session.conn], structs.replace(verdict, re=request.id))]
        return self._answer_now(session, verdict, effects)

    def _serve_change(self, session: Session, request_id: str | None, what: Any, effects: list[Effect]) -> bool:
        if request_id is not None:
            person = fold(session.name)
            if self._is_blocked(session, [("id", person, request_id)]):
                return False
            outcome = self.state.receipts.get(person, request_id)
            if outcome is not None:
                return self._answer_now(session, [Deliver([session.conn], outcome.answer(request_id))], effects)
        refusal = what if isinstance(what, Refused) else refuse_list(what)
        if refusal is not None:
            return self._conclude(session, request_id, refusal, effects)
        rule = RULES[type(what)]
        if self._is_blocked(session, rule.read_set(what, session.name)):
            return False
        return self._conclude(session, request_id, rule.decide(self._case(session), what), effects)

    def _is_blocked(self, session: Session, read_set: Iterable[ConflictKey]) -> bool:
        session.blocked_by = self._pending.blocking(read_set)
        return session.blocked_by is not None

    def _conclude(
        self, session: Session, request_id: str | None, verdict: Change | Refused, effects: list[Effect]
    ) -> bool:
        """Carry a verdict out: launch a change, tell a refusal (or record it, where its id is to be remembered)."""
        if isinstance(verdict, Change):
            self._launch(verdict, session, request_id, effects)
            return True
        if request_id is None or verdict.code in NOT_REMEMBERED:
            refusal = structs.replace(verdict, re=request_id)
            return self._answer_now(session, [Deliver([session.conn], refusal)], effects)
        sequencer = self._sequencer()
        declined = Declined(sequencer.seq(), sequencer.at, session.name, request_id, verdict.code, verdict.text)
        self._launch(Change([(declined, ())]), session, request_id, effects)
        return True

    def _serve_login(self, session: Session, login: m.Login, effects: list[Effect]) -> bool:
        login = self._logins.named(session, login)
        name = fold(login.name)
        departs = name in self._endings.departing and self.state.identity.claim_of(name) is None
        if self._is_blocked(session, self._logins.read_set(login)) or (departs and self._pending.records_count):
            return False
        # A guest that could not leave for lack of space holds the name, but not for anybody's sake.
        verdict = NO_SPACE if departs else self._logins.judge(session, login, self._sequencer(), self._clock)
        if isinstance(verdict, Change) and self._readers.refuses(login):
            verdict = NAME_TAKEN
        if isinstance(verdict, Barred):
            self._refuse(session, verdict.refusal, login.id, effects)
            return self._depart(session, "kicked", effects)
        if isinstance(verdict, Refused):
            self._refuse(session, verdict, login.id, effects)
            session.login_refusals += 1
            return session.login_refusals < LOGIN_REFUSALS_MAX or self._depart(session, "violation", effects)
        session.login = login
        if isinstance(verdict, Takeover):
            return self._take_over(session, login, effects)
        session.state = State.JOINING
        self._launch(verdict, session, login.id, effects)
        return True

    def _take_over(self, session: Session, login: m.Login, effects: list[Effect]) -> bool:
        """Let an owner in in place of an older connection, once what that one sent before is served."""
        old = self._session_of(login.name)
        if old is not None and (old.transactions or old.backlog):
            old.superseded = True
            return False
        self._endings.departing.pop(fold(login.name), None)
        if old is not None:
            self._close(old, "taken_over", effects)
        self._welcome(session, effects)
        return True

    # -------------------------------------------------------------------------------- changes on their way

    def _launch(self, change: Change, session: Session | None, request_id: str | None, effects: list[Effect]) -> None:
        write_set = change.write_set
        if session is not None and request_id is not None:
            write_set = (*write_set, ("id", fold(session.name), request_id))
        records = [record for record, _ in change.records]
        self._pending.add(Transaction(records, write_set, session, request_id))
        effects.append(change.append())

    def _launch_alone(self, change: Change, effects: list[Effect]) -> None:
        self._launch(change, None, None, effects)

    def _announce(self, record: Record, transaction: Transaction, effects: list[Effect]) -> None:
        """Apply a committed record and tell those it concerns."""
        if isinstance(record, Exited):
            self._dismiss(record.name, effects)
        elif isinstance(record, Entered) and transaction.session is not None:
            self._end_reading(record.name, transaction.session, effects)
        audience = self.state.apply(record)
        notice = notice_of(record)
        if notice is None:
            if isinstance(record, Dismissed):
                self._expel(record, effects)
            return
        effects.append(told(notice, audience, self.state.roster, self._readers, transaction.session))
        if isinstance(record, Entered) and transaction.session is not None:
            self._welcome(transaction.session, effects)

    def _dismiss(self, name: str, effects: list[Effect]) -> None:
        """Close the connection of an owner whose name was released; whoever left was closed before."""
        session = self._endings.sessions.pop(fold(name), None)
        if session is not None and session.state is not State.GONE:
            self._close(session, "kicked", effects)

    def _expel(self, record: Dismissed, effects: list[Effect]) -> None:
        """Have somebody go whom a moderator disconnects, behind what they sent before."""
        if (conn := self.state.roster.conn_of(record.name)) is not None:
            self._on_sent(Broken(conn, farewell(record), "kicked"), effects)

    def _answer(self, transaction: Transaction, effects: list[Effect]) -> None:
        session, first = transaction.session, transaction.records[0]
        if session is None or transaction.request_id is None:
            return
        if isinstance(first, Declined):
            self._tell(session, Refused(first.code, first.text, transaction.request_id), effects)
        else:
            self._tell(session, m.Accepted(transaction.request_id, first.seq), effects)

    def _welcome(self, session: Session, effects: list[Effect]) -> None:
        """Let somebody in whose name is present: by a new record, or in place of an older connection."""
        login, session.login = session.login, None
        presence = self.state.roster.get(login.name if login is not None else session.name)
        assert presence is not None
        session.state, session.name = State.PRESENT, presence.name
        session.since = self.state.since(presence.name)
        self.state.roster.reach(presence.name, session.conn)
        if login is not None:  # else it was welcome before, to read
            self._greet(session, login, effects, guest=presence.guest)

    def _greet(self, session: Session, login: m.Login, effects: list[Effect], *, guest: bool) -> None:
        text = f"[Welcome {session.name}]"
        self._tell(session, m.Welcome(session.name, self.state.seq, guest, text, self._log), effects)
        effects.append(Enter(session.conn, session.name, login.after, login.seen or (), login.heartbeat_seconds))

    # -------------------------------------------------------------------------- reading, where nothing is stored

    def _let_read(self, session: Session, effects: list[Effect]) -> None:
        """Let somebody in without a record, and say so: there is no space for one."""
        login, session.login = session.login, None
        assert login is not None
        self._end_reading(login.name, session, effects)
        is_owner = self._readers.add(session, login)
        session.state = State.READING
        self._greet(session, login, effects, guest=not is_owner)
        self._refuse(session, self._full, login.id, effects)

    def _end_reading(self, name: str, unless: Session, effects: list[Effect]) -> None:
        reader = self._readers.superseded(name, unless)
        if reader is not None:
            self._close(reader, "taken_over", effects)

    def _let_readers_in(self, effects: list[Effect]) -> None:
        for session, change in self._readers.entering(self._logins, self._pending, self._sequencer, self._clock):
            self._launch(change, session, None, effects)

    # --------------------------------------------------------------------------------------------- leaving

    def _depart(self, session: Session, reason: str | None, effects: list[Effect]) -> bool:
        if session.state is State.PRESENT:
            self._endings.departing[fold(session.name)] = session.name
        self._close(session, reason, effects)
        self._endings.record_departures([session.name], effects)
        return True

    def _close(self, session: Session, reason: str | None, effects: list[Effect]) -> None:
        if session.state is State.PRESENT:
            self.state.roster.unreach(session.name)
        self._readers.remove(session)
        session.state = State.GONE
        del self._sessions[session.conn]
        effects.append(Close(session.conn, reason))

    # ------------------------------------------------------------------------------------------- small words

    def _session_of(self, name: str) -> Session | None:
        conn = self.state.roster.conn_of(name)
        return self._sessions[conn] if conn is not None else None

    def _case(self, session: Session) -> Case:
        return Case(self.state, self._rules, session, self._sequencer(), self._suggestion)

    def _suggestion(self, name: str) -> str | None:
        return self._searches.suggestion(name, self._clock)

    def _sequencer(self) -> Sequencer:
        at = time_after(self._pending.at or self.state.at, self._clock)
        return Sequencer(self.state.seq + self._pending.records_count, at)

    def _answer_now(self, session: Session, answers: Any, effects: list[Effect]) -> bool:
        if session.transactions:
            return False
        effects.extend(answers)
        return True

    def _refuse(self, session: Session, refusal: Refused, request_id: str | None, effects: list[Effect]) -> None:
        self._tell(session, structs.replace(refusal, re=request_id), effects)

    def _tell(self, session: Session, notice: m.Notice, effects: list[Effect]) -> None:
        if session.state is not State.GONE:
            effects.append(Deliver([session.conn], notice))
