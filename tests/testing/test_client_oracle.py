"""The oracle of one connection objects to whatever is not as it must be, and to nothing else."""

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

    def oracle(self, name: str, seq: int = 3) -> ClientOracle:
        """Somebody who is welcome."""
        oracle = ClientOracle(self.checker)
        oracle.sent(frame(encode(m.Login(name, 1))))
        hear(oracle, m.Hello(1, "x", bytes(32), m.Limits(65_536, 99)), m.Welcome(name, seq, guest=True, text="[W]"))
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
