"""A program that asks gets what a person gets by typing the same, shown to nobody, and always a last answer."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.boundary import Arrived, RequestAnswer
from reactor_chat.client.program_requests import NOT_DELIVERED
from reactor_chat.client.store.identity import KeyIdentity
from reactor_chat.client.store.vault import MemoryVault
from reactor_chat.text.parser import format_request
from reactor_chat.wire.messages import (
    Accepted,
    AskNames,
    AskReadMarks,
    AskWho,
    GroupAdd,
    GroupSend,
    MarkRead,
    NamesAnswer,
    Notice,
    Ping,
    Pong,
    Question,
    Quit,
    ReadMark,
    ReadMarksAnswer,
    Refused,
    Request,
    Say,
    Tell,
)
from tests.client.party import Party
from tests.client.toy import Watcher, again, code_of, live, said

KEY = KeyIdentity(bytes(32))
REQUESTS: list[Request] = [
    AskNames(),
    AskWho("team"),
    Say("hi"),
    Tell("Bob", "hi"),
    GroupSend("team", "hi"),
    GroupAdd("team", ["Bob"]),
]


class Twin:
    """A client, and what came of what it was asked: a typing one, and one of a program, are used alike."""

    def __init__(self, *, is_program: bool, guest: bool) -> None:
        self.is_program, self.guest = is_program, guest
        self.watcher = live(Watcher(vault=MemoryVault(), identity=None if guest else KEY), guest=guest)
        self.ids: list[str] = []
        self.answered: list[RequestAnswer] = []
        self.seq = 0

    def request(self, request: Request) -> None:
        if self.is_program:
            self.ids.append(self.watcher.engine.ask(request, 0.0))
        else:
            self.watcher.engine.typed(format_request(request), 0.0)
        self.look()

    def look(self) -> None:
        self.watcher.take()
        self.answered += self.watcher.answers
        self.watcher.answers.clear()

    def happen(self, what: str) -> None:
        engine = self.watcher.engine
        sent = [request for request in self.watcher.requests() if request.id and not isinstance(request, Ping)]
        open_ids = [request for request in sent if request.id in engine.messaging.mailbox.outbox.ids()]
        if what == "cut":
            engine.cut(0.0, "cut")
            engine.tick(engine.next_deadline or 0.0)
            self.watcher.sent = b""
            again(self.watcher, seq=self.seq, guest=self.guest)
        elif what == "replayed":
            pings = [request for request in self.watcher.requests() if isinstance(request, Ping)]
            self.watcher.hear(*(Pong(ping.data, re=ping.id) for ping in pings))
        elif what == "other":
            self.seq += 1
            self.watcher.hear(said(self.seq))
        elif open_ids:
            self._answer(open_ids[0], what)
        self.look()

    def _answer(self, request: Request, what: str) -> None:
        if what == "refuse":
            self.watcher.hear(Refused("too_fast", "Too fast", request.id))
        elif isinstance(request, Question):
            self.watcher.hear(NamesAnswer(["Bob"], more=what == "echo", re=request.id))
        elif what == "accept":
            self.seq += 1
            self.watcher.hear(Accepted(request.id or "", self.seq))
        elif isinstance(request, Say):
            self.seq += 1
            self.watcher.hear(said(self.seq, "Ann", request.text or "", request.id))


happenings = st.sampled_from(["accept", "accept", "echo", "refuse", "other", "cut", "replayed"])


@given(st.booleans(), st.lists(st.sampled_from(REQUESTS) | happenings, max_size=25))
def test_a_program_sends_and_hears_what_a_person_does(guest: bool, steps: list[Request | str]) -> None:  # noqa: FBT001
    person, program = Twin(is_program=False, guest=guest), Twin(is_program=True, guest=guest)
    for step in steps:
        for twin in (person, program):
            twin.happen(step) if isinstance(step, str) else twin.request(step)
        assert person.watcher.sent == program.watcher.sent
        assert (
            person.watcher.engine.messaging.mailbox.inbox.cursor
            == program.watcher.engine.messaging.mailbox.inbox.cursor
        )
        assert person.watcher.engine.messaging.changes_waiting == program.watcher.engine.messaging.changes_waiting
    answers = [item for item in person.watcher.shown if isinstance(item, Arrived) and is_answer(item, program.ids)]
    assert [answer.arrived for answer in program.answered if not answer.arrived.is_own] == answers
    assert [item for item in person.watcher.shown if item not in answers] == program.watcher.shown
    last = Counter(answer.request_id for answer in program.answered if answer.is_last)
    waiting = program.watcher.engine.messaging.mailbox.outbox.ids()
    assert last == Counter(request_id for request_id in program.ids if request_id not in waiting)


def is_answer(item: Arrived, ids: list[str]) -> bool:
    return getattr(item.notice, "re", None) in ids


def test_what_a_guest_asked_and_a_cut_swallowed_is_answered_by_the_client() -> None:
    twin = Twin(is_program=True, guest=True)
    twin.request(Say("one"))
    twin.request(Say("two"))
    twin.happen("cut")
    twin.watcher.hear(said(1, "Ann", "one", twin.ids[0]))
    twin.happen("replayed")
    accepted, refused = (answer.arrived for answer in twin.answered)
    assert accepted == Arrived(Accepted(twin.ids[0], 1), is_own=True)
    assert refused == Arrived(Refused("not_delivered", NOT_DELIVERED, twin.ids[1]), is_own=True)


def test_what_outlives_a_run_is_asked_again_under_its_id_and_sent_once() -> None:
    vault = MemoryVault()
    request = Say("hi", id="mine")
    first = Watcher(vault=vault, identity=KEY)
    assert first.engine.ask(request, 0.0) == "mine"
    first.take()
    second = live(Watcher(vault=vault, identity=KEY, id_prefix="later"), guest=False)
    second.engine.ask(request, 0.0)
    assert [one for one in second.requests() if isinstance(one, Say)] == [request]
    second.hear(Accepted("mine", 1))
    second.take()
    assert second.answers == [RequestAnswer("mine", Arrived(Accepted("mine", 1)), is_last=True)]
    assert vault.kept() == []


def test_a_program_that_asks_too_late_or_too_much_is_refused() -> None:
    watcher = live(Watcher(interactive=True))
    watcher.engine.messaging.link.frame_bytes_max = 100
    long = watcher.engine.ask(Say("x" * 200), 0.0)
    watcher.engine.leave(0.0)
    late = watcher.engine.ask(AskNames(), 0.0)
    watcher.take()
    codes = [(answer.request_id, code_of(answer.arrived.notice), answer.is_last) for answer in watcher.answers]
    assert codes == [(long, "too_long", True), (late, "not_allowed", True)]
    with pytest.raises(AssertionError):
        watcher.engine.ask(Quit(), 0.0)


def test_a_program_moves_markers_and_asks_for_them_and_nobody_is_shown_anything() -> None:
    watcher = live(Watcher(vault=MemoryVault(), identity=KEY), guest=False)
    asked = [watcher.engine.ask(request, 0.0) for request in (MarkRead(5, "Bob"), AskReadMarks(), MarkRead(6))]
    watcher.take()
    shown = list(watcher.shown)
    answers: list[Notice] = [
        Accepted(asked[0], 9),
        ReadMarksAnswer([ReadMark(5, "Bob")], asked[1], more=True),
        ReadMarksAnswer([ReadMark(2)], asked[1]),
        Refused("bad_message", "a server from before", asked[2]),
    ]
    watcher.hear(*answers)
    watcher.take()
    assert [answer.arrived.notice for answer in watcher.answers] == answers
    assert [(answer.request_id, answer.is_last) for answer in watcher.answers] == [
        (asked[0], True), (asked[1], False), (asked[1], True), (asked[2], True),
    ]  # fmt: skip
    assert watcher.shown == shown


def test_what_a_program_says_is_encrypted_and_dropped_lines_are_answered() -> None:
    party = Party()
    ann, bob = party.enter("Ann"), party.enter("Bob")
    asked = ann.engine.ask(Tell("Bob", "a secret"), party.now)
    party.settle()
    assert bob.sees("a secret")
    assert b"a secret" not in party.kept()
    assert [(answer.request_id, type(answer.arrived.notice)) for answer in ann.answers] == [(asked, Accepted)]
    assert ann.sees("a secret")
    held = ann.engine.ask(Tell("Zoe", "who is not here"), party.now)
    party.settle()
    ann.type("@held drop 1")
    assert ann.answers[-1].request_id == held
    assert code_of(ann.answers[-1].arrived.notice) == "not_delivered"
