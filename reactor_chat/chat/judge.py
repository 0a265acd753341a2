"""What becomes of each thing that a connection sent: an answer, a change on its way, or that it has to wait.

Three rules keep each connection's answers in the order of its requests:

1. While one of its changes is on the way, a request that would be answered at once waits.
2. While something that a change depends on is about to change, the request waits (see `pending`).
3. While a connection has something waiting, everything it sends waits behind it (see `hub`).
"""

from collections.abc import Iterable
from typing import Any

from msgspec import structs

from reactor_chat.chat.boundary import BadMessage, Deliver, Disconnected, Effect, Received, Sent, Terminate
from reactor_chat.chat.case import NOTHING_NEW, Case, Change, Rules
from reactor_chat.chat.conflicts import ConflictKey
from reactor_chat.chat.decisions import refuse_list
from reactor_chat.chat.endings import Endings
from reactor_chat.chat.limits.searches import Searches
from reactor_chat.chat.logins import NAME_TAKEN, Bar, Barred, Logins, Takeover
from reactor_chat.chat.pending import Pending
from reactor_chat.chat.readers import FULL, NO_SPACE
from reactor_chat.chat.rules import RULES
from reactor_chat.chat.session import BAD_MESSAGES_MAX, LOGIN_REFUSALS_MAX, NOT_SERVED, SERVED, Session, SessionState
from reactor_chat.chat.sessions import Sessions
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.receipts import NOT_REMEMBERED
from reactor_chat.chat.state.records import Declined
from reactor_chat.text.parser import parse
from reactor_chat.wire import messages as m
from reactor_chat.wire.messages import Refused, fold


class Judge:
    """Serves what connections sent, by the committed state.

    Args:
        rules: what the operator chose.
        state: of the chat.
        pending: what is on its way.
        sessions: of the connections.
        endings: who leaves.
        bar: knows whom the operator keeps out.

    Attributes:
        rules: replaced by `adopt`.
        full: what is told to whoever asks for a change and was let in only to read.
    """

    def __init__(
        self, rules: Rules, state: ChatState, pending: Pending, sessions: Sessions, endings: Endings, bar: Bar
    ) -> None:
        self.rules = rules
        self.full = FULL
        self._state = state
        self._pending = pending
        self._sessions = sessions
        self._endings = endings
        self._logins = Logins(rules, state, pending, bar)
        self._searches = Searches(state.roster)
        self._sent: Sent | None = None

    def adopt(self, rules: Rules) -> None:
        """Judge everything that comes from now on by other rules."""
        self.rules = rules
        self._logins.adopt(rules)

    def judge(self, session: Session, what: Sent, effects: list[Effect]) -> bool:
        """Serve what a connection sent; False where it has to wait, and then nothing has changed."""
        session.blocked_by = None
        self._sent = what
        if session.state is SessionState.GONE:
            return True
        if session.state is SessionState.JOINING or session.ending:
            return False
        if isinstance(what, Received):
            return self._serve(session, what.request, effects)
        if session.transactions:
            return False
        if isinstance(what, Disconnected):
            return self._depart(session, None, effects)
        return self._reproach(session, what, effects)

    def let_readers_in(self, effects: list[Effect]) -> None:
        """Have those enter who only read so far, as the journal takes records again."""
        for session, change in self._sessions.readers.entering(self._logins, self._pending):
            self._pending.launch(change, effects, session)

    def _reproach(self, session: Session, what: BadMessage | Terminate, effects: list[Effect]) -> bool:
        if what.refusal is not None:
            self._sessions.tell(session, what.refusal, effects)
        if isinstance(what, Terminate):
            return self._depart(session, what.reason, effects)
        session.bad_messages += 1
        return session.bad_messages < BAD_MESSAGES_MAX or self._depart(session, "violation", effects)

    def _serve(self, session: Session, request: m.Request, effects: list[Effect]) -> bool:
        verdict: m.Request | Refused = request
        if type(request) not in SERVED[session.state]:
            verdict = structs.replace(NOT_SERVED[session.state], re=request.id)
            return self._answer_now(session, [Deliver([session.conn], verdict)], effects)
        if isinstance(request, m.Line):
            verdict = parse(request.text, request.id)
        if session.state is SessionState.READING and not isinstance(verdict, (m.Question, m.Quit)):
            verdict = structs.replace(verdict if isinstance(verdict, Refused) else self.full, re=request.id)
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
        verdict = RULES[type(request)].decide(self.case(session), request)
        if isinstance(verdict, Refused):  # not recorded: a read is judged anew each time it comes
            verdict = [Deliver([session.conn], structs.replace(verdict, re=request.id))]
        return self._answer_now(session, verdict, effects)

    def _serve_change(self, session: Session, request_id: str | None, what: Any, effects: list[Effect]) -> bool:
        if request_id is not None:
            person = fold(session.name)
            if self._is_on_its_way(session, person, request_id):
                return False
            outcome = self._state.receipts.get(person, request_id)
            if outcome is not None:
                return self._answer_now(session, [Deliver([session.conn], outcome.answer(request_id))], effects)
        refusal = what if isinstance(what, Refused) else refuse_list(what)
        if refusal is not None:
            return self._conclude(session, request_id, refusal, effects)
        rule = RULES[type(what)]
        if self._is_blocked(session, rule.read_set(what, session.name)):
            return False
        verdict = rule.decide(self.case(session), what)
        return self._conclude(session, request_id, verdict, effects, remembers=rule.remembers)

    def _is_on_its_way(self, session: Session, person: str, request_id: str) -> bool:
        """Return whether a request with the same id is; blocked by a burst, it waits for any commit."""
        if session.unconfirmed and request_id in session.unconfirmed:
            return True
        return self._is_blocked(session, [("id", person, request_id)])

    def _is_blocked(self, session: Session, read_set: Iterable[ConflictKey]) -> bool:
        session.blocked_by = self._pending.blocking(read_set)
        return session.blocked_by is not None

    def _conclude(
        self,
        session: Session,
        request_id: str | None,
        verdict: Change | Refused,
        effects: list[Effect],
        *,
        remembers: bool = True,
    ) -> bool:
        """Carry a verdict out: launch a change, tell a refusal (or record it, where its id is to be remembered)."""
        if verdict is NOTHING_NEW:
            answers = [] if request_id is None else [Deliver([session.conn], m.Accepted(request_id, self._state.seq))]
            return self._answer_now(session, answers, effects)
        if isinstance(verdict, Change):
            self._pending.launch(verdict, effects, session, request_id, self._sent)
            return True
        if request_id is None or not remembers or verdict.code in NOT_REMEMBERED:
            refusal = structs.replace(verdict, re=request_id)
            return self._answer_now(session, [Deliver([session.conn], refusal)], effects)
        sequencer = self._pending.sequencer()
        declined = Declined(sequencer.seq(), sequencer.at, session.name, request_id, verdict.code, verdict.text)
        self._pending.launch(Change([(declined, ())]), effects, session, request_id, self._sent)
        return True

    def _serve_login(self, session: Session, login: m.Login, effects: list[Effect]) -> bool:
        login = self._logins.named(session, login)
        name = fold(login.name)
        departs = name in self._endings.departing and self._state.identity.claim_of(name) is None
        if self._is_blocked(session, self._logins.read_set(login)) or (departs and self._pending.records_count):
            return False
        # A guest that could not leave for lack of space holds the name, but not for anybody's sake.
        pending = self._pending
        verdict = NO_SPACE if departs else self._logins.judge(session, login, pending.sequencer(), pending.clock)
        if isinstance(verdict, Change) and self._sessions.readers.refuses(login):
            verdict = NAME_TAKEN
        if isinstance(verdict, Barred):
            self._sessions.refuse(session, verdict.refusal, login.id, effects)
            return self._depart(session, "kicked", effects)
        if isinstance(verdict, Refused):
            self._sessions.refuse(session, verdict, login.id, effects)
            session.login_refusals += 1
            return session.login_refusals < LOGIN_REFUSALS_MAX or self._depart(session, "violation", effects)
        session.login = login
        if isinstance(verdict, Takeover):
            return self._take_over(session, login, effects)
        session.state = SessionState.JOINING
        self._pending.launch(verdict, effects, session, login.id, self._sent)
        return True

    def _take_over(self, session: Session, login: m.Login, effects: list[Effect]) -> bool:
        """Let an owner in in place of an older connection, once what that one sent before is served."""
        old = self._sessions.of(login.name)
        if old is not None and (old.transactions or old.backlog):
            old.superseded = True
            return False
        self._endings.departing.pop(fold(login.name), None)
        if old is not None:
            self._sessions.close(old, "taken_over", effects)
        self._sessions.welcome(session, effects)
        return True

    def _depart(self, session: Session, reason: str | None, effects: list[Effect]) -> bool:
        if session.state is SessionState.PRESENT:
            self._endings.departing[fold(session.name)] = session.name
        self._sessions.close(session, reason, effects)
        self._endings.record_departures([session.name], effects)
        return True

    def case(self, session: Session) -> Case:
        """Return what a decision about a request of somebody's looks at."""
        return Case(self._state, self.rules, session, self._pending.sequencer(), self._suggestion)

    def _suggestion(self, name: str) -> str | None:
        return self._searches.suggestion(name, self._pending.clock)

    def _answer_now(self, session: Session, answers: Any, effects: list[Effect]) -> bool:
        if session.transactions:
            return False
        effects.extend(answers)
        return True
