"""The oracle of one connection objects to whatever is not as it must be, and to nothing else."""

from base64 import b64encode
from typing import Any

import msgspec
import pytest

from reactor_chat.chat.state.records import Record
from reactor_chat.journal.reports import Entry
from reactor_chat.testing.checker import Checker, Violation
from reactor_chat.testing.client_oracle import ClientOracle
from reactor_chat.wire import messages as m
from reactor_chat.wire.codec import encode
from reactor_chat.wire.framing import frame


def kept(record: dict[str, Any]) -> bytes:
    """A record as the journal keeps it."""
    return encode(msgspec.convert(record, Record))


class Story:
    """Ann and Bob are there, and Ann has said and told something."""

    def __init__(self) -> None:
        self.checker = Checker(groups_max=9, members_max=9, people_max=9, text_bytes_max=99)
        for name in ("Ann", "Bob", "Cid"):
            self.checker.logs_in(name, None)
            self.commit({"type": "entered", "name": name})
        self.checker.asked("Ann", "1", m.Say("hello", id="1"))
        self.commit({"type": "said", "from": "Ann", "text": "hello", "id": "1"})
        self.checker.asked("Ann", "2", m.Tell("Bob", "psst", id="2"))
        self.commit({"type": "told", "from": "Ann", "to": "Bob", "text": "psst", "id": "2"})
        self.checker.asked("Ann", "3", m.Say("bye", id="3"))
        self.commit({"type": "said", "from": "Ann", "text": "bye", "id": "3"})

    def commit(self, record: dict[str, Any]) -> None:
        seq = self.checker.head + 1
        self.checker.committed([Entry(seq, kept({"seq": seq, "at": seq, **record}))])

    def oracle(self, name: str, seq: int = 3, key: bytes | None = None) -> ClientOracle:
        """Somebody who is welcome."""
        oracle = ClientOracle(self.checker)
        oracle.sent(frame(encode(m.Login(name, 1, key))))
        welcome = m.Welcome(name, seq, guest=key is None, text="[W]")
        hear(oracle, m.Hello(1, "x", bytes(32), m.Limits(65_536, 99)), welcome)
        return oracle


def hear(oracle: ClientOracle, *notices: m.Notice) -> None:
    oracle.heard(b"".join(frame(encode(notice)) for notice in notices))


SAID, TOLD = m.Said(4, 4, "Ann", "hello", id="1"), m.Told(5, 5, "Ann", "Bob", "psst", id="2")
BYE = m.Said(6, 6, "Ann", "bye", id="3")


def test_everything_that_is_due_is_fine_split_anywhere() -> None:
    story = Story()
    for name, notices in (("Bob", (SAID, TOLD, BYE)), ("Cid", (SAID, BYE))):
        oracle = story.oracle(name)
        data = b"".join(frame(encode(notice)) for notice in notices)
        for place in range(len(data)):
            oracle.heard(data[place : place + 1])
        assert oracle.is_current
        assert oracle.frames == 3 + len(notices)


@pytest.mark.parametrize(
    ("name", "notices", "promise"),
    [
        ("Bob", (SAID, BYE), "nobody misses anything"),
        ("Bob", (TOLD,), "nobody misses anything"),
        ("Bob", (SAID, SAID), "nothing comes twice"),
        ("Bob", (SAID, TOLD, SAID), "nothing comes twice"),
        ("Cid", (SAID, TOLD), "nobody hears what is not for them"),
        ("Cid", (m.Said(4, 4, "Ann", "hallo", id="1"),), "before it is durable, or otherwise"),
        ("Cid", (m.Said(7, 7, "Ann", "not yet"),), "before it is durable, or otherwise"),
        ("Cid", (m.Bye("quit", ""), SAID), "after a goodbye"),
        ("Cid", (m.Accepted("9", 4),), "that was not asked"),
        ("Cid", (m.Welcome("Cid", 3, guest=True, text=""),), "once"),
    ],
)
def test_what_is_not_as_it_must_be_is_a_violation(name: str, notices: tuple[m.Notice, ...], promise: str) -> None:
    oracle = Story().oracle(name)
    with pytest.raises(Violation, match=promise):
        hear(oracle, *notices)


ASKED = (m.Ping("x", "a"), m.AskNames("b"), m.Say("hello", id="1"))
PONG, NAMES = m.Pong("x", "a"), m.NamesAnswer(["Ann", "Bob", "Cid"], "b")


def asking(seq: int = 6) -> ClientOracle:
    oracle = Story().oracle("Ann", seq)
    oracle.sent(b"".join(frame(encode(request)) for request in ASKED))
    return oracle


def test_answers_in_their_order_are_fine() -> None:
    oracle = asking()
    hear(oracle, PONG, NAMES, m.Accepted("1", 4))
    assert oracle.is_current


@pytest.mark.parametrize(
    ("notices", "promise"),
    [
        ((NAMES,), "in the order of the questions"),
        ((m.Pong("y", "a"),), "carries what the ping did"),
        ((PONG, m.NamesAnswer(["Ann", "Bob"], "b")), "those who are there"),
        ((PONG, NAMES, m.Accepted("1", 5)), "durable, with that number"),
        ((PONG, NAMES, m.Refused("too_long", "", "1")), "the recorded one"),
        ((PONG, NAMES, m.Accepted("1", 4), m.Accepted("1", 4)), "that was not asked"),
    ],
)
def test_wrong_answers_are_violations(notices: tuple[m.Notice, ...], promise: str) -> None:
    oracle = asking()
    with pytest.raises(Violation, match=promise):
        hear(oracle, *notices)


def test_an_acceptance_before_its_notice_is_a_violation() -> None:
    oracle = asking(seq=3)
    hear(oracle, PONG, NAMES)
    with pytest.raises(Violation, match="after its notices"):
        hear(oracle, m.Accepted("1", 4))


def test_names_may_be_those_of_any_time_since_they_were_asked_for() -> None:
    story = Story()
    oracle = story.oracle("Ann", 6)
    oracle.sent(frame(encode(m.AskNames("b"))))
    story.commit({"type": "exited", "name": "Cid"})
    for names in (["Ann", "Bob"], ["Ann", "Bob", "Cid"]):
        again = story.oracle("Ann", 6)
        again.sent(frame(encode(m.AskNames("b"))))
        hear(again, m.NamesAnswer(names, "b"))
    with pytest.raises(Violation, match="those who are there"):
        hear(oracle, m.NamesAnswer(["Bob"], "b"))


def test_a_page_of_history_leaves_out_nothing_and_shows_nothing_of_others() -> None:
    pages: list[tuple[list[m.Said | m.Told | m.GroupSaid], bool]] = [
        ([SAID, BYE], True), ([SAID], False), ([SAID, TOLD, BYE], False), ([BYE], False),
    ]  # fmt: skip
    for shown, is_right in pages:
        oracle = Story().oracle("Cid", 6)
        oracle.sent(frame(encode(m.AskHistory(id="h"))))
        answer = m.HistoryAnswer(list(shown), more=False, re="h")
        if is_right:
            hear(oracle, answer)
        else:
            with pytest.raises(Violation):
                hear(oracle, answer)


KEY = bytes(range(32))


def reading(*asked: m.Request) -> ClientOracle:
    """Dee, who owns the name, has read up to 5 in the room and up to 6 with Bob, and asks for something."""
    story = Story()
    story.checker.logs_in("Dee", KEY)
    story.commit({"type": "entered", "name": "Dee", "key": b64encode(KEY).decode()})
    for read, where, request in ((5, "room", m.MarkRead(5)), (6, "pair/bob", m.MarkRead(6, "Bob"))):
        story.checker.asked("Dee", f"r{read}", request)
        story.commit({"type": "marked_read", "name": "Dee", "conversation": where, "read": read})
    oracle = story.oracle("Dee", 9, KEY)
    oracle.sent(b"".join(frame(encode(request)) for request in asked))
    return oracle


MINE = [m.ReadMark(5), m.ReadMark(6, "Bob")]


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        (m.AskReadMarks("a"), [m.ReadMarksAnswer(MINE, "a")]),
        (m.AskReadMarks("a"), [m.ReadMarksAnswer([one], "a", one is MINE[0]) for one in MINE]),
        (m.MarkRead(4, id="a"), [m.Accepted("a", 9)]),
        (m.MarkRead(6, "BOB", id="a"), [m.Accepted("a", 9)]),
        (m.MarkRead(6, "Nobody", id="a"), [m.Refused("no_such_user", "", "a")]),
        (m.MarkRead(6, None, "g", id="a"), [m.Refused("no_such_group", "", "a")]),
        (m.MarkRead(6, id="a"), [m.Refused("no_space", "", "a")]),
    ],
)
def test_right_answers_about_markers_are_fine(asked: m.Request, answers: list[m.Notice]) -> None:
    oracle = reading(asked)
    hear(oracle, *answers)
    assert oracle.is_current


@pytest.mark.parametrize(
    ("asked", "answer", "promise"),
    [
        (m.AskReadMarks("a"), m.ReadMarksAnswer(MINE[:1], "a"), "markers are one's own"),
        (m.AskReadMarks("a"), m.ReadMarksAnswer(MINE[::-1], "a"), "markers are one's own"),
        (m.AskReadMarks("a"), m.ReadMarksAnswer([m.ReadMark(4), MINE[1]], "a"), "markers are one's own"),
        (m.MarkRead(6, id="a"), m.Accepted("a", 9), "where it was asked to be"),
        (m.MarkRead(1, "Cid", id="a"), m.Accepted("a", 9), "where it was asked to be"),
        (m.MarkRead(4, id="a"), m.Accepted("a", 10), "is durable"),
        (m.MarkRead(6, id="a"), m.Refused("not_allowed", "", "a"), "for what it asks"),
        (m.MarkRead(6, None, "g", id="a"), m.Refused("not_a_member", "", "a"), "for what is the case"),
    ],
)
def test_wrong_answers_about_markers_are_violations(asked: m.Request, answer: m.Notice, promise: str) -> None:
    oracle = reading(asked)
    with pytest.raises(Violation, match=promise):
        hear(oracle, answer)


def test_guests_are_refused_markers() -> None:
    oracle = Story().oracle("Ann", 6)
    oracle.sent(frame(encode(m.MarkRead(4, id="a"))) + frame(encode(m.MarkRead(4, "Bob", id="b"))))
    hear(oracle, m.Refused("not_allowed", "", "a"))
    with pytest.raises(Violation, match="guests have no markers"):
        hear(oracle, m.Refused("no_such_user", "", "b"))
