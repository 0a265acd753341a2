"""The checker judges every record at its place in the one order, by what was asked and by nothing else."""

from base64 import b64encode
from typing import Any

import pytest

from reactor_chat.journal.reports import Entry
from reactor_chat.testing.checker import NOBODY, Checker, Violation
from reactor_chat.wire import messages as m
from tests.testing.test_client_oracle import kept

ENTERED = {"type": "entered", "name": "Ann"}
SAID = {"type": "said", "from": "Ann", "text": "hello", "id": "1"}
TOO_LONG = {"type": "declined", "name": "Ann", "id": "2", "code": "too_long", "text": ""}
GROUP = {"type": "group_altered", "group": "g", "change": "created", "by": "Ann", "born": 3, "id": "3"}
GROUP = {**GROUP, "members": ["Ann", "Bob"]}
BOB = {"type": "entered", "name": "Bob"}


def checker() -> Checker:
    made = Checker(groups_max=2, members_max=3, people_max=2, text_bytes_max=9)
    for name in ("Ann", "Bob", "Cid"):
        made.logs_in(name, None)
    made.asked("Ann", "1", m.Say("hello", id="1"))
    made.asked("Ann", "2", m.Say("much too long", id="2"))
    made.asked("Ann", "3", m.GroupSet("g", ["Bob"], "3"))
    return made


def entries(*records: dict[str, Any]) -> list[Entry]:
    return [Entry(n, kept({"seq": n, "at": 50, **r})) for n, r in enumerate(records, 1)]


@pytest.mark.parametrize(
    "records",
    [
        [ENTERED, SAID, TOO_LONG],
        [ENTERED, BOB, GROUP, SAID],
        [ENTERED, BOB, {"type": "exited", "name": "Ann"}, ENTERED],
    ],
)
def test_what_was_asked_may_happen(records: list[dict[str, Any]]) -> None:
    made = checker()
    made.committed(entries(*records))
    assert made.head == len(records)
    assert [made.seq_of[row.payload] for row in made.rows if row.payload] == [
        seq for seq, record in enumerate(records, 1) if record is not TOO_LONG
    ]


@pytest.mark.parametrize(
    ("records", "promise"),
    [
        ([{"type": "entered", "name": "Dan"}], "who did not ask to"),
        ([SAID], "only who is there"),
        ([ENTERED, {**SAID, "text": "hallo"}], "what happens is what was asked"),
        ([ENTERED, {**SAID, "id": "7"}], "nothing happens that nobody asked"),
        ([ENTERED, SAID, SAID], "one request for ever"),
        ([ENTERED, {**SAID, "id": "2", "text": "much too long"}], "what has to be refused"),
        ([ENTERED, {**TOO_LONG, "id": "1"}], "a refusal is right"),
        ([ENTERED, {**TOO_LONG, "code": "bad_text"}], "a refusal is right"),
        ([ENTERED, ENTERED], "a login that has to be refused"),
        ([ENTERED, BOB, {"type": "entered", "name": "Cid"}], "a login that has to be refused"),
        ([{"type": "exited", "name": "Ann"}], "only who is there goes"),
        ([ENTERED, BOB, {**GROUP, "members": ["Bob", "Ann"]}], "in the order of their coming"),
        ([ENTERED, BOB, {**GROUP, "members": ["Ann"]}], "what happens is what was asked"),
        ([ENTERED, BOB, {**GROUP, "born": 2}], "an earlier one of its name"),
        ([ENTERED, {**SAID, "at": 49}], "time goes back only from far ahead"),
        ([ENTERED, {"type": "said", "from": "server", "text": "x"}], "speaks for the operator"),
    ],
)
def test_whatever_else_happens_is_a_violation(records: list[dict[str, Any]], promise: str) -> None:
    made = checker()
    with pytest.raises(Violation, match=promise):
        made.committed(entries(*records))


OWNER = {"type": "entered", "name": "Dee", "key": b64encode(bytes(32)).decode()}
ROOM = {"type": "marked_read", "name": "Dee", "conversation": "room", "read": 1}


@pytest.mark.parametrize(
    ("records", "promise"),
    [
        ([OWNER, ROOM, {**ROOM, "read": 2}, {**ROOM, "conversation": "pair/dee"}], ""),
        ([OWNER, {**ROOM, "read": 2}], "not beyond what is"),
        ([OWNER, {**ROOM, "read": 0}], "goes forward"),
        ([OWNER, ROOM, ROOM], "goes forward"),
        ([OWNER, ROOM, {**ROOM, "read": 2}, ROOM], "goes forward"),
        ([OWNER, {**ROOM, "conversation": "pair/ann"}], "where it was asked"),
        ([OWNER, {**ROOM, "conversation": "group/1"}], "where it was asked"),
        ([OWNER, BOB, {**ROOM, "read": 1}], "where it was asked"),
        ([ENTERED, {**ROOM, "name": "Ann"}], "where it was asked"),
        ([ROOM], "only who is there"),
    ],
)
def test_markers_go_forward_as_was_asked(records: list[dict[str, Any]], promise: str) -> None:
    made = checker()
    made.logs_in("Dee", bytes(32))
    for number, request in enumerate((m.MarkRead(9), m.MarkRead(1, "dee"), m.MarkRead(9, "Ann"))):
        made.asked("Dee", f"r{number}", request)
    made.asked("Ann", "r", m.MarkRead(9))
    if not promise:
        made.committed(entries(*records))
        assert made.marks[1][-1][1] == {("", ""): 2, ("with", "dee"): 1}
        return
    with pytest.raises(Violation, match=promise):
        made.committed(entries(*records))


def test_numbers_have_no_gap() -> None:
    with pytest.raises(Violation, match="without a gap"):
        checker().committed([entries(ENTERED, ENTERED)[1]])


def test_a_guest_who_goes_leaves_every_group_first() -> None:
    made = checker()
    made.committed(entries(ENTERED, BOB, GROUP))
    with pytest.raises(Violation):
        made.committed([Entry(4, kept({"type": "exited", "seq": 4, "at": 50, "name": "Bob"}))])


@pytest.mark.parametrize(
    ("lost", "more", "unfinished", "is_right"),
    [(0, 0, 0, True), (0, 2, 2, True), (0, 0, 2, True), (1, 0, 0, False), (0, 1, 2, False), (0, 1, 0, False)],
)
def test_a_recovery_finds_what_was_promised(lost: int, more: int, unfinished: int, *, is_right: bool) -> None:
    made = checker()
    written = entries(ENTERED, SAID)
    made.committed(written)
    found = [entry.payload for entry in written][: 2 - lost] + [b"new"] * more
    if is_right:
        assert made.recovered(found, unfinished) == [b"new"] * more
    else:
        with pytest.raises(Violation):
            made.recovered(found, unfinished)


def test_who_takes_a_name_later_is_somebody_else() -> None:
    made = checker()
    made.committed(entries(ENTERED, BOB, {"type": "exited", "name": "Ann"}, ENTERED))
    assert made.person_at("ANN", 1) == made.person_at("ann", 2) == 1
    assert made.person_at("Ann", 3) == NOBODY
    assert made.person_at("Ann", 4) == 4
    assert made.person_at("Nobody", 4) == NOBODY
