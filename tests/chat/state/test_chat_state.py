"""The state: changed by records only, the same whichever way it was reached."""

import hashlib

import msgspec
import pytest

from reactor_chat.chat.state.chat_state import ChatState, Snapshot
from reactor_chat.chat.state.records import Declined, Entered
from reactor_chat.wire import messages as m
from tests.chat.toy import Key, World

KEY = Key(1)


def test_an_empty_state_has_a_hash_too() -> None:
    state = ChatState()
    assert state.hash() == ChatState().hash()
    assert state.hash() == hashlib.sha256(msgspec.json.encode(state.snapshot())).hexdigest()


def test_records_come_without_a_gap() -> None:
    state = ChatState()
    for seq in (0, 2):
        with pytest.raises(AssertionError):
            state.apply(m.Exited(seq, 0, "Ann"))
    assert state.seq == 0


def test_who_is_told() -> None:
    state = ChatState()
    assert state.apply(Entered(1, 5, "Ann")) is None
    assert state.apply(m.Said(2, 6, "Ann", "x")) is None
    assert state.apply(m.Told(3, 7, "Ann", "Bob", "x")) == ["Bob", "Ann"]
    assert state.apply(Declined(4, 8, "Ann", "1", "too_long", "words")) == []
    assert state.apply(m.Exited(5, 9, "Ann")) is None
    assert (state.seq, state.at) == (5, 9)


def test_everything_counts_for_the_hash() -> None:
    world, hashes = World(), set[str]()
    ann = world.join("Ann", KEY)
    bob = world.join("Bob")
    for request in (
        m.Say("x"), m.Say("x", id="1"), m.Tell("Nobody", "x", id="2"), m.GroupSet("team", ["Bob"]),
        m.GroupKick("team", "Bob"), m.GroupDelete("team"),
    ):  # fmt: skip
        hashes.add(world.hub.state.hash())
        world.ask(ann, request)
    world.ask(bob, m.Quit())
    hashes.add(world.hub.state.hash())
    world.release("Ann")
    world.commit()
    hashes.add(world.hub.state.hash())
    assert len(hashes) == 8


def test_asking_and_being_refused_without_an_id_change_nothing() -> None:
    world = World()
    ann = world.join("Ann", KEY)
    before = world.hub.state.hash()
    for request in (
        m.AskNames(id="1"), m.AskWho("none", id="2"), m.AskHistory(group="none", id="3"), m.Tell("Nobody", "x"),
        m.Line("@frob"), m.Line("@who none", id="4"), m.Ping(id="5"), m.AskHistory(with_="No/body", id="6"),
        m.Login("Ann", 1, id="7"), m.GroupAdd("none", []),
    ):  # fmt: skip
        world.ask(ann, request)
    assert world.hub.state.hash() == before
    assert not world.appended


def test_a_snapshot_is_a_value() -> None:
    world = World()
    ann = world.join("Ann", KEY)
    world.join("Bob")
    world.ask(ann, m.GroupSet("team", ["Bob"]))
    snapshot = world.hub.state.snapshot()
    written, twin = msgspec.json.encode(snapshot), ChatState()
    twin.restore(snapshot)
    for request in (m.GroupKick("team", "Bob"), m.Say("x", id="1"), m.GroupLeave("team"), m.Quit()):
        world.ask(ann, request)
    assert msgspec.json.encode(snapshot) == written
    assert msgspec.json.encode(twin.snapshot()) == written


def test_a_snapshot_from_before_there_were_seals_is_read_and_has_the_hash_it_had() -> None:
    world = World()
    world.ask(world.join("Ann", KEY), m.GroupSet("team", [], id="1"))
    written = msgspec.json.encode(world.hub.state.snapshot())
    assert b'"seals"' not in written
    assert b'"keys"' not in written
    state = ChatState()
    state.restore(msgspec.json.decode(written, type=Snapshot))
    assert state.hash() == world.hub.state.hash() == hashlib.sha256(written).hexdigest()
    assert msgspec.json.decode(written)["type"] == "reactor-chat state 1"


def test_a_snapshot_read_back_is_the_same_state() -> None:
    world = World()
    ann = world.join("Ann", KEY)
    world.ask(ann, m.GroupSet("team", ["Ann"], id="1"))
    again = ChatState()
    again.restore(msgspec.json.decode(msgspec.json.encode(world.hub.state.snapshot()), type=Snapshot))
    assert again.hash() == world.hub.state.hash()
    assert (again.since("ann"), again.spelling("ANN"), again.spelling("Bob"), again.since("Bob")) == (1, "Ann", None, 0)


def test_memory_is_bounded_by_people_and_not_by_what_they_say() -> None:
    world = World()
    ann = world.join("Ann", KEY)
    world.ask(ann, m.GroupSet("team", []))

    def talk(first: int) -> int:
        for number in range(first, first + 1_100):
            world.send(ann, m.Say("x", id=f"{number:05}"), m.GroupSend("team", "y"), m.Tell("Ann", "z"))
        world.commit()
        world.take()
        return len(msgspec.json.encode(world.hub.state.snapshot()))

    once = talk(10_000)
    assert abs(talk(20_000) - once) < 1_024 * 4  # a number may have a digit more
    assert not world.hub._waiting
    assert not world.hub._pending._written


def test_a_guest_leaves_nothing_behind() -> None:
    world = World()
    for _ in range(3):
        ann = world.join("Ann")
        for request in (m.GroupSet("team", [], id="1"), m.Say("x", id="2"), m.Tell("No", "x", id="3"), m.Quit()):
            world.ask(ann, request)
        empty = ChatState()
        empty.seq, empty.at = world.hub.state.seq, world.hub.state.at
        assert world.hub.state.hash() == empty.hash()
        assert not world.hub._sessions
