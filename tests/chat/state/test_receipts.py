"""What a request came to, for when it is sent again; so much and no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.state.receipts import RECEIPTS_MAX, Outcome, Receipts
from reactor_chat.wire import messages as m
from tests.chat.toy import Key, World, shown

KEY = Key(1)


def test_an_outcome_is_one_persons() -> None:
    receipts = Receipts()
    receipts.add("ann", "1", Outcome(5))
    assert receipts.get("ann", "1") == Outcome(5)
    assert receipts.get("bob", "1") is None
    assert receipts.get("ann", "2") is None
    receipts.forget("ann")
    receipts.forget("nobody")
    assert receipts.get("ann", "1") is None
    assert receipts.dump() == []


def test_the_newest_are_remembered_and_the_oldest_forgotten() -> None:
    receipts = Receipts()
    for number in range(RECEIPTS_MAX):
        receipts.add("ann", str(number), Outcome(number))
    assert receipts.get("ann", "0") == Outcome(0)
    receipts.add("ann", "new", Outcome(9_999))
    assert receipts.get("ann", "0") is None
    assert receipts.get("ann", "1") == Outcome(1)
    assert len(receipts.dump()[0][1]) == RECEIPTS_MAX >= 1_024


@given(st.lists(st.tuples(st.sampled_from("ab"), st.text(max_size=2), st.integers(0, 99))))
def test_what_is_dumped_loads_again_in_the_same_order(added: list[tuple[str, str, int]]) -> None:
    receipts, again = Receipts(), Receipts()
    for person, request_id, seq in added:
        receipts.add(person, request_id, Outcome(seq, "too_long", "text"))
    again.load(receipts.dump())
    assert again.dump() == receipts.dump()
    again.add("c", "1", Outcome(1))
    assert "c" not in dict(receipts.dump())


# ------------------------------------------------------------------------------------------ in the whole core

ONCE: list[tuple[m.Request, str]] = [
    (m.Say("x", id="1"), "Ann: x"),
    (m.Line("x", id="1"), "Ann: x"),
    (m.Tell("Ann", "x", id="1"), "Ann: x"),
    (m.Line("@Ann x", id="1"), "Ann: x"),
    (m.GroupSend("team", "x", id="1"), "Ann: x"),
    (m.GroupSet("new", [], id="1"), "new created Ann"),
    (m.GroupAdd("team", ["Bob"], id="1"), "team added Bob"),
    (m.GroupLeave("team", id="1"), "team left Ann"),
    (m.GroupDelete("team", id="1"), "team deleted Ann"),
]


def room() -> tuple[World, int]:
    world = World()
    world.join("Bob")
    ann = world.join("Ann", KEY)
    world.ask(ann, m.GroupSet("team", []))
    world.take()
    return world, ann


@pytest.mark.parametrize(("request_", "notice"), ONCE)
def test_one_id_is_one_request_in_one_batch_later_and_on_another_connection(request_: m.Request, notice: str) -> None:
    world, ann = room()
    world.send(ann, request_, request_, m.Ping())
    world.commit()
    assert [shown(n) for n in world.take(ann)] == [notice, "accepted 1", "accepted 1", "pong"]
    accepted = world.answer(ann, request_)
    assert accepted.seq == world.hub.state.seq
    new = world.join("ann", KEY)
    assert world.ask(new, request_) == [accepted]
    world.ask(new, m.Quit())
    assert world.ask(world.join("Ann", KEY), request_) == [accepted]


def test_the_first_of_several_notices_carries_the_id_and_its_number_is_the_answer() -> None:
    world, ann = room()
    world.join("Cy")
    told = world.ask(ann, m.GroupAdd("team", ["Bob", "Cy"], id="1"))
    assert [shown(n) for n in told] == ["team added Bob", "team added Cy", "accepted 1"]
    assert told[2].seq == told[0].seq  # type: ignore[union-attr]
    assert world.ask(ann, m.GroupAdd("team", ["Bob", "Cy"], id="1")) == [told[2]]


@pytest.mark.parametrize("request_", [m.Tell("Eve", "x", id="1"), m.Line("@Eve x", id="1"), m.Line("@frob", id="1")])
def test_a_refusal_stays_what_it_was_in_the_same_words(request_: m.Request) -> None:
    world, ann = room()
    world.send(ann, request_, request_)
    world.commit()
    first, second = world.take(ann)
    assert first == second
    world.join("Eve")
    assert world.ask(ann, request_) == [first]
    assert world.ask(ann, m.Say("something else", id="1")) == [first]


def test_a_refusal_that_passes_is_judged_again() -> None:
    world, ann = room()
    world.send(ann, m.Say("x", id="1"), m.Say("x", id="1"))
    world.reject()
    assert [shown(n) for n in world.take(ann)] == ["no_space 1"]
    world.commit()
    assert [shown(n) for n in world.take(ann)] == ["Ann: x", "accepted 1"]


def test_a_read_is_answered_anew_whatever_its_id_was_before() -> None:
    world, ann = room()
    world.ask(ann, m.Say("x", id="1"))
    for names in (m.AskNames(id="1"), m.Line("@names", id="1"), m.AskNames(id="1")):
        assert shown(world.answer(ann, names)) == "names Ann Bob"
    for members in (m.AskWho("none", id="2"), m.Line("@who none", id="2")):
        assert shown(world.answer(ann, members)) == "no_such_group 2"
    assert shown(world.answer(ann, m.Say("y", id="2"))) == "accepted 2"


def test_what_another_connection_of_the_owner_has_on_its_way_is_one_request_too() -> None:
    world, old = room()
    world.send(old, m.Say("x", id="1"))
    new = world.login("Ann", KEY)
    world.send(new, m.Say("x", id="1"))
    world.commit()
    assert [shown(n) for n in world.take(new)] == ["welcome Ann", "accepted 1"]
    assert sum(isinstance(record, m.Said) for record, _ in world.records) == 1


def test_the_same_id_of_another_person_is_another_request() -> None:
    world, ann = room()
    world.send(ann, m.Say("x", id="1"))
    world.send(1, m.Say("y", id="1"))
    world.commit()
    assert [shown(n) for n in world.take(ann)] == ["Ann: x", "accepted 1", "Bob: y"]


def test_the_ids_of_a_guest_end_with_it() -> None:
    world, _ = room()
    first = world.answer(1, m.Say("x", id="1"))
    world.ask(1, m.Quit())
    assert world.answer(world.join("Bob"), m.Say("x", id="1")).seq > first.seq


def test_so_many_ids_are_remembered_and_refusals_count_too() -> None:
    world, ann = room()
    first = world.answer(ann, m.Say("first", id="first"))
    for number in range(RECEIPTS_MAX - 1):
        world.send(ann, m.Say("x", id=str(number)) if number % 2 else m.Line("@frob", id=str(number)))
    world.commit()
    assert world.answer(ann, m.Say("first", id="first")) == first
    world.ask(ann, m.Line("@frob", id="one more"))
    assert world.answer(ann, m.Say("first", id="first")).seq > first.seq
