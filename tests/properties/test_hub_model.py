"""The core against the reference model, whatever is sent, and whenever commits come, or do not.

The model is asked at the place that each change has in the one order, so every answer has to be the one that a chat
without any concurrency would give there.
"""

import os
from collections import deque
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reactor_chat.chat import boundary as b
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.records import Entered, notice_of
from reactor_chat.chat.transaction import Transaction
from reactor_chat.testing.reference_model import Entry, Marked, ReferenceModel, groups_of, refusal_to_read
from reactor_chat.wire import messages as m
from reactor_chat.wire.messages import fold
from tests.chat.toy import NOW, Key, World, login

KEYS = [None, Key(1), Key(2)]
GROUPS_MAX, PEOPLE_MAX, MEMBERS_MAX = 2, 3, 3
"""Few, so that random programs reach them."""

names = st.sampled_from(["Ann", "Bob", "Cy", "ann", "BOB"])
groups = st.sampled_from(["g", "h", "G", "i"])
numbers = st.sampled_from([0, 1, 3, 8, 20, m.SEQ_MAX])
people = st.lists(names, min_size=1, max_size=3)
changes = st.one_of(
    st.builds(m.Say, st.sampled_from(["x", "y"])),
    st.builds(m.Tell, names, st.just("psst")),
    st.builds(m.GroupSend, groups, st.just("team")),
    st.builds(m.GroupSet, groups, people),
    st.builds(m.GroupSet, groups, people),
    st.builds(m.GroupAdd, groups, people),
    st.builds(m.GroupKick, groups, names),
    st.builds(m.GroupLeave, groups),
    st.builds(m.GroupDelete, groups),
    st.builds(m.MarkRead, numbers),
    st.builds(m.MarkRead, numbers, with_=names),
    st.builds(m.MarkRead, numbers, group=groups),
)
reads = st.one_of(
    st.builds(m.AskNames),
    st.builds(m.AskGroups),
    st.builds(m.AskWho, groups),
    st.builds(m.AskHistory),
    st.builds(m.AskHistory, with_=names),
    st.builds(m.AskHistory, group=groups),
    st.builds(m.Ping),
    st.builds(m.AskReadMarks),
)
END = m.Quit("end of the connection")
ENTERING = m.Login("somebody who reads", 1)
"""What is on its way for somebody who was let in only to read, and asked for nothing."""


class Side:
    """One connection as the test knows it: what it sent that is not judged, and what is judged and not committed."""

    def __init__(self, conn: int) -> None:
        self.conn = conn
        self.queue: deque[Any] = deque()
        self.flying: deque[Any] = deque()
        self.name: str | None = None
        self.joining = False
        self.refusals = 0
        self.ended = False
        self.login: m.Login | None = None
        self.reads = False


class TracedWorld(World):
    """Remembers the effects in their order, and the transaction of each order to append."""

    trace: list[tuple[b.Effect, Transaction | None]]

    def _carry_out(self, effects: list[b.Effect]) -> None:
        transactions = list(self.hub._pending._transactions)
        new = iter(transactions[len(transactions) - sum(isinstance(effect, b.Append) for effect in effects) :])
        self.trace = [(effect, next(new) if isinstance(effect, b.Append) else None) for effect in effects]
        super()._carry_out(effects)


class HubAgainstTheModel(RuleBasedStateMachine):
    """Every rule is one input, after which everything the core ordered is explained by the model."""

    @initialize()
    def begin(self) -> None:
        self.world = TracedWorld(groups_max=GROUPS_MAX, people_max=PEOPLE_MAX, group_members_max=MEMBERS_MAX)
        self.model = ReferenceModel(groups_max=GROUPS_MAX, people_max=PEOPLE_MAX, members_max=MEMBERS_MAX)
        self.model.at = NOW
        self.sides: dict[int, Side] = {}
        self.transactions: deque[Transaction] = deque()
        self.ids = 0
        for name, key in (("Ann", None), ("Bob", KEYS[1]), ("Cy", None)):
            self.arrive(name, key, None)
        self.commit_all()
        self._send(1, m.GroupSet("g", ["Bob", "Cy"], id="first"))
        self.commit_all()

    # ----------------------------------------------------------------------------------------------- rules

    @precondition(lambda self: len(self.sides) < 20)
    @rule(name=names, key=st.sampled_from(KEYS), after=st.none() | st.integers(0, 9))
    def arrive(self, name: str, key: Key | None, after: int | None) -> None:
        conn = self._connect()
        self._send(conn, login(conn, name, key, after=after, id="login"))

    @rule(pick=st.integers(0, 9), name=names, key=st.sampled_from(KEYS))
    def log_in_again(self, pick: int, name: str, key: Key | None) -> None:
        conn = self._pick(pick)
        self._send(conn, login(conn, name, key, id="login"))

    @rule(sent=st.lists(st.tuples(st.integers(0, 9), changes, st.integers(0, 9)), min_size=2, max_size=8))
    def change(self, sent: list[tuple[int, Any, int]]) -> None:
        self._ask(sent)

    @rule(sent=st.lists(st.tuples(st.integers(0, 9), changes | reads, st.integers(0, 9)), min_size=2, max_size=8))
    def change_and_read(self, sent: list[tuple[int, Any, int]]) -> None:
        self._ask(sent)

    @rule(sent=st.lists(st.tuples(st.integers(0, 9), changes, st.integers(0, 9)), max_size=3), pick=st.integers(0, 9))
    def change_and_leave(self, sent: list[tuple[int, Any, int]], pick: int) -> None:
        self._ask([(pick, request, again) for _, request, again in sent])
        self._send(self._pick(pick), m.Quit() if len(sent) % 2 else END)

    @rule(count=st.integers(1, 3))
    def commit_some(self, count: int) -> None:
        self._commit(count)

    @rule()
    def commit_all(self) -> None:
        while self.transactions:
            self._commit(len(self.transactions))

    @rule(name=names, what=st.integers(0, 2))
    def disturb(self, name: str, what: int) -> None:
        if what == 0:
            self._reject()
        elif what == 1:
            self.world.handle(b.Retried())
            self._explain(self.world.trace)
        else:
            self.world.release(name)
            self._explain(self.world.trace)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.commit_all()
            self.disturb("Ann", 1)
            self.commit_all()
            within = [side for side in self.sides.values() if side.name]
            assert sorted(self.model.present) == sorted(side.name for side in within if side.name and not side.reads)
            assert len(self.model.present) == PEOPLE_MAX or not any(side.reads for side in within)

    # ------------------------------------------------------------------------------------------ invariants

    @invariant()
    def nothing_waits_without_cause(self) -> None:
        for side in self.sides.values():
            if side.queue and not side.flying and not side.joining:
                assert self.transactions, f"{side.queue[0]} waits for nothing"
                session = self.world.hub._sessions.get(side.conn)
                # what it sends waits for what comes of a release
                is_ending = session is not None and session.ending
                assert is_ending or not isinstance(side.queue[0], m.Question)

    @invariant()
    def everybody_may_read_what_they_were_told(self) -> None:
        for side in self.sides.values():
            if side.name is not None and not side.ended:
                found = self.world.readable(self.world.hub.entitlement(side.conn))
                assert [notice_of(record) for record in found] == self.model.entitled(side.name)

    @invariant()
    def the_state_follows_from_the_records(self) -> None:
        assert self.world.hub.state.seq == self.model.seq == len(self.world.records)
        if not self.transactions:
            replayed = ChatState()
            for record, _ in self.world.records:
                replayed.apply(record)
            assert replayed.hash() == self.world.hub.state.hash()

    # --------------------------------------------------------------------------------------------- sending

    def _connect(self) -> int:
        conn = self.world.connect()
        self.sides[conn] = Side(conn)
        return conn

    def _pick(self, pick: int) -> int:
        """One of the connections that are open; of those that are in, if there are any."""
        open_ = [conn for conn, side in self.sides.items() if not side.ended]
        within = [conn for conn in open_ if self.sides[conn].name] if pick < 8 else []
        found = within or open_ or [self._connect()]
        return found[pick % len(found)]

    def _ask(self, sent: list[tuple[int, Any, int]]) -> None:
        """Each with an id of its own, now and then with that of the one before."""
        for pick, request, again in sent:
            self.ids += again > 0
            fields = {field: getattr(request, field) for field in request.__struct_fields__}
            self._send(self._pick(pick), type(request)(**fields | {"id": str(self.ids)}))

    def _send(self, conn: int, request: m.Request) -> None:
        self.sides[conn].queue.append(request)
        if self.sides[conn].ended or self._is_superseded(conn):
            self.sides[conn].queue.pop()
        self.world.handle(b.Disconnected(conn) if request is END else b.Received(conn, request))
        self._explain(self.world.trace)

    def _is_superseded(self, conn: int) -> bool:
        session = self.world.hub._sessions.get(conn)
        return session is None or session.superseded

    # ------------------------------------------------------------------------------------ what was ordered

    def _reject(self) -> None:
        self.world.reject()
        expected: list[b.Effect] = []
        for transaction in self.transactions:
            if transaction.session is not None:
                side = self.sides[transaction.session.conn]
                request = side.flying.popleft()
                if isinstance(request, m.Login) and request is not ENTERING:
                    expected += self._let_read(side, request)
                if not side.ended and request is not ENTERING:
                    expected.append(b.Deliver([side.conn], m.Refused("no_space", "", request.id)))
        self.transactions.clear()
        self._explain(self._compare(expected))

    def _let_read(self, side: Side, request: m.Login) -> list[b.Effect]:
        """A login that nothing is stored of lets in to read; who reads under that name elsewhere already is closed."""
        side.joining, side.reads, side.login = False, True, request
        effects = self._end_reading(side, fold(request.name))
        side.name = fold(request.name)
        welcome = m.Welcome(request.name, self.model.seq, request.key is None, f"[Welcome {request.name}]")
        return [*effects, b.Deliver([side.conn], welcome), b.LoggedIn(side.conn, request.name, request.after)]

    def _end_reading(self, unless: Side, name: str) -> list[b.Effect]:
        effects: list[b.Effect] = []
        for side in self.sides.values():
            if side.reads and side is not unless and side.name == name:
                effects.append(b.Close(side.conn, "taken_over"))
                self._close(b.Close(side.conn, "taken_over"))
        return effects

    def _commit(self, count: int) -> None:
        landing = [self.transactions.popleft() for _ in range(min(count, len(self.transactions)))]
        self.world.commit_some(len(landing))
        self._explain(self._compare([effect for transaction in landing for effect in self._land(transaction)]))

    def _compare(self, expected: list[b.Effect]) -> list[tuple[b.Effect, Transaction | None]]:
        """Check the beginning of what was ordered, and return the rest."""
        trace = self.world.trace
        for wanted, (effect, _) in zip(expected, trace, strict=False):
            assert _comparable(effect) == _comparable(wanted)
        assert len(trace) >= len(expected), expected[len(trace) :]
        return trace[len(expected) :]

    def _land(self, transaction: Transaction) -> list[b.Effect]:
        if transaction.session is None:
            gone = transaction.records[-1]
            assert isinstance(gone, m.Exited | m.Released)
            effects = self._happen(self.model.end(fold(gone.name), released=isinstance(gone, m.Released)))
            return [one for effect in effects for one in self._dismissed(effect)]
        side = self.sides[transaction.session.conn]
        request = side.flying.popleft()
        if request is ENTERING:
            return self._enter_who_reads(side)
        if isinstance(request, m.Login):
            return self._enter(side, request)
        key = fold(transaction.session.name)
        outcome = self.model.change(key, request)
        known = self.model.outcomes.setdefault(key, {})
        if isinstance(outcome, str):
            self.model.happen((None, []))
            known[request.id] = outcome
            return self._to(side, m.Refused(outcome, "", request.id))
        if not isinstance(request, m.MarkRead):
            known[request.id] = self.model.seq + 1
        return [
            *self._happen(outcome),
            *self._to(side, m.Accepted(request.id, self.model.seq - len(outcome) + 1)),
        ]

    def _dismissed(self, effect: b.Effect) -> list[b.Effect]:
        """Before everybody learns that somebody is gone whose name was released, that one's connection is closed."""
        if isinstance(effect, b.DeliverAll) and isinstance(effect.notice, m.Exited):
            for side in self.sides.values():
                if side.name == fold(effect.notice.name):
                    self._close(b.Close(side.conn, "kicked"))
                    return [b.Close(side.conn, "kicked"), effect]
        return [effect]

    def _enter(self, side: Side, request: m.Login) -> list[b.Effect]:
        entries = self.model.login(request, entering=0)
        assert isinstance(entries, list)
        effects = self._end_reading(side, fold(request.name))
        effects += self._happen(entries, request.key)
        effects += self._welcome(side, request)
        return [*effects, *self._to(side, m.Accepted("login", self.model.seq))]

    def _enter_who_reads(self, side: Side) -> list[b.Effect]:
        """Everybody else is told, also those who read; whoever comes was welcome before."""
        assert side.login is not None
        entries = self.model.login(side.login, entering=0)
        assert isinstance(entries, list)
        side.reads = False
        effects = self._happen(entries, side.login.key)
        others = [other.conn for other in self.sides.values() if other.name and not other.ended and other is not side]
        return [b.Deliver(others, e.notice) if isinstance(e, b.DeliverAll) else e for e in effects]

    def _welcome(self, side: Side, request: m.Login) -> list[b.Effect]:
        side.name, side.joining = fold(request.name), False
        name = self.model.present[side.name]
        welcome = m.Welcome(name, self.model.seq, side.name not in self.model.owners, f"[Welcome {name}]")
        return [b.Deliver([side.conn], welcome), b.LoggedIn(side.conn, name, request.after)]

    def _happen(self, entries: list[Entry], owner_key: bytes | None = None) -> list[b.Effect]:
        effects: list[b.Effect] = []
        for entry in entries:
            told, notice = self.model.happen(entry, owner_key), entry[0]
            if notice is None or isinstance(notice, Marked):
                continue
            if told is None:
                effects.append(b.DeliverAll(notice))
            else:
                conns = [s.conn for s in self.sides.values() if s.name in told and not s.ended]
                effects.append(b.Deliver(conns, notice))
        return effects

    def _to(self, side: Side, notice: m.Notice) -> list[b.Effect]:
        return [] if side.ended else [b.Deliver([side.conn], notice)]

    def _explain(self, trace: list[tuple[b.Effect, Transaction | None]]) -> None:
        """Check what was ordered at once, in the order in which it was."""
        for effect, transaction in trace:
            match effect:
                case b.Append():
                    assert transaction is not None
                    self._fly(transaction)
                case b.Close():
                    self._close(effect)
                case b.ReadMessages():
                    self._recalled(effect)
                case b.Deliver():
                    self._answered(self.sides[effect.conns[0]], effect.notice)
                case b.DeliverAll():
                    raise AssertionError(effect)

    def _fly(self, transaction: Transaction) -> None:
        self.transactions.append(transaction)
        if transaction.session is None:
            return
        side = self.sides[transaction.session.conn]
        if side.reads:
            side.flying.append(ENTERING)
            return
        request = side.queue.popleft()
        assert request.id == transaction.request_id
        side.flying.append(request)
        side.joining = isinstance(request, m.Login)

    def _close(self, effect: b.Close) -> None:
        side = self.sides[effect.conn]
        match effect.reason:
            case "quit":
                assert isinstance(side.queue.popleft(), m.Quit)
                assert not side.flying
            case None:
                assert side.queue.popleft() is END
            case "violation":
                assert side.refusals == 5
            case "taken_over":
                assert not side.queue
                assert not side.flying
            case _:
                assert effect.reason == "kicked"
        side.queue.clear()
        side.ended, side.name, side.reads = True, None, False

    def _recalled(self, effect: b.ReadMessages) -> None:
        side = self.sides[effect.conn]
        request = side.queue.popleft()
        assert not side.flying
        assert side.name is not None
        expected = self.model.history(side.name, request)
        assert [notice_of(record) for record in self.world.readable(effect.spans)] == expected
        known = request.with_ is None or fold(request.with_) in self.model.spelled
        assert (effect.if_empty is None) == known

    def _answered(self, side: Side, notice: m.Notice) -> None:
        request = side.queue.popleft()
        assert not side.flying, "answered before what was asked before it"
        if isinstance(request, m.Login) and side.name is None:
            self._login_answered(side, request, notice)
        elif side.name is None:
            assert _words(notice) == ("login_first", request.id)
        elif isinstance(request, m.Login):
            assert _words(notice) == ("already_logged_in", request.id)
        elif isinstance(request, m.Question):
            self._read(side.name, request, notice)
        elif side.reads:
            assert _words(notice) == ("no_space", request.id)
        elif isinstance(request, m.MarkRead) and request.id not in self.model.outcomes.get(side.name, {}):
            verdict = self.model.change(side.name, request)
            assert not isinstance(verdict, list) or verdict == []
            assert _words(notice) == (verdict or self.model.seq, request.id)
        else:
            outcome = self.model.outcomes[side.name][request.id]
            assert _words(notice) == (outcome, request.id)

    def _login_answered(self, side: Side, request: m.Login, notice: m.Notice) -> None:
        entering = sum(isinstance(transaction.records[0], Entered) for transaction in self.transactions)
        outcome = self.model.login(request, entering=entering)
        if isinstance(notice, m.Welcome):
            assert outcome == "takeover"
            assert notice == self._welcome(side, request)[0].notice  # type: ignore[union-attr]
            return
        side.refusals += 1
        if isinstance(outcome, list) and fold(request.name) not in self.model.owners:
            assert any(s.reads and s.name == fold(request.name) for s in self.sides.values())
            outcome = "name_taken"
        held = any(s.name == fold(request.name) and not s.ended for s in self.sides.values())
        if _words(notice) == ("no_space", "login"):
            assert outcome == "name_taken"
            assert not held
            return
        assert _words(notice) == (outcome, "login")
        assert held or outcome != "name_taken" or fold(request.name) in self.model.owners

    def _read(self, key: str, request: Any, notice: m.Notice) -> None:
        groups, refusal = self.model.overview(), None
        if getattr(request, "group", None) is not None:
            refusal = refusal_to_read(groups, key, request.group)
        assert refusal == (notice.code if isinstance(notice, m.Refused) else None)
        match notice:
            case m.NamesAnswer():
                assert notice.names == self.model.names()
            case m.GroupsAnswer():
                assert [(one.group, one.owner, one.members) for one in notice.groups] == groups_of(groups, key)
            case m.ReadMarksAnswer():
                assert notice.marks == self.model.marks_of(key)
            case m.MembersAnswer():
                assert (notice.group, notice.owner, notice.members) == groups[fold(request.group)]
            case m.Refused():
                pass
            case _:
                assert isinstance(notice, m.Pong)
        assert notice.re == request.id


def _words(notice: m.Notice) -> tuple[int | str, str | None]:
    assert isinstance(notice, m.Refused | m.Accepted)
    return (notice.code if isinstance(notice, m.Refused) else notice.seq), notice.re


def _comparable(effect: b.Effect) -> object:
    """An effect without what nobody promised: the words of a refusal, the order of the connections."""
    if isinstance(effect, b.Deliver):
        notice = effect.notice
        return sorted(effect.conns), _words(notice) if isinstance(notice, m.Refused) else notice
    return effect


TestHub = HubAgainstTheModel.TestCase
NIGHTLY = os.environ.get("REACTOR_CHAT_NIGHTLY") == "1"
TestHub.settings = settings(max_examples=2_000 if NIGHTLY else 60, stateful_step_count=50)
