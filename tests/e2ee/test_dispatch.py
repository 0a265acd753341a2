"""Notices taken to where they belong: names given free, people who come, answers nobody asked for."""

import pytest

from reactor_chat.e2ee.boundary import Accept, Arm, Held, HeldAction, Posture, Reset, Verify
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.store import MemoryStore
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import (
    Accepted,
    BlobAnswer,
    Bye,
    Exited,
    Joined,
    KeysAnswer,
    NamesAnswer,
    Notice,
    Pong,
    Refused,
    SealsAnswer,
)
from tests.e2ee.world import Person, World


def replaced(world: World, name: str) -> Person:
    """Give a name free and let somebody else take it."""
    world.service.release(name)
    person = world[name]
    person.disconnect()
    person.seed = bytes(31) + b"\x07"
    person.store, person.saved = MemoryStore(), ({}, 0)
    person.shown.clear()
    person.start()
    person.connect()
    world.settle()
    return person


@pytest.mark.parametrize("order", [Arm, Reset])
def test_a_pair_whose_name_was_given_free_begins_anew_only_with_a_key_that_was_accepted(
    order: type[Arm] | type[Reset],
) -> None:
    world = World("released", "Ann", "Bob")
    pair = Conversation.pair("bob")
    world["Ann"].say("canarybird for the old one", pair)
    world.pass_time(5)
    other = replaced(world, "Bob")
    assert world["Ann"].state(pair) is State.FROZEN
    world["Ann"].say("canarybird for whom?", pair)
    assert world["Ann"].session.posture(pair) is Posture.HELD
    world["Ann"].order(order(pair))
    world.pass_time(10)
    assert "another key" in world["Ann"].alarms
    assert not other.read
    for decision in (Verify("Bob"), Accept("Bob")):
        world["Ann"].order(decision)
    world.pass_time(10)
    assert not other.read, "accepting a key sends nothing by itself"
    world["Ann"].order(Held(HeldAction.SEND))
    world.pass_time(10)
    assert other.read == ["canarybird for whom?"], world["Ann"].alarms
    assert not world.leaked


def test_a_room_goes_on_without_somebody_whose_name_was_given_free_and_lets_the_new_one_in_once_accepted() -> None:
    world = World("room", "Ann", "Bob", "Cid")
    world.seal_room("Ann")
    other = replaced(world, "Bob")
    world["Ann"].say("canarybird for Cid")
    world.pass_time(10)
    assert world["Cid"].read == ["canarybird for Cid"]
    assert "another key" in world["Ann"].alarms
    assert not other.read
    for name in ("Ann", "Cid"):
        world[name].order(Verify("Bob"))
        world[name].order(Accept("Bob"))
    world.pass_time(10)
    world["Cid"].say("canarybird for all")
    world.pass_time(10)
    assert other.read == ["canarybird for all"], world["Ann"].alarms
    assert not world.leaked


def test_a_pair_waits_for_somebody_to_publish_keys_and_not_long() -> None:
    world = World("later", "Ann", "Bob")
    shelves, world.service.shelves = world.service.shelves, {}
    pair = Conversation.pair("bob")
    world["Ann"].order(Arm(pair))
    world["Ann"].say("canarybird", pair)
    world.pass_time(3)
    world.service.shelves = shelves
    world.pass_time(5)
    assert world["Bob"].read == ["canarybird"], world["Ann"].alarms
    assert world["Ann"].alarms.count("bob has no keys") == 1
    assert not world.leaked


@pytest.mark.parametrize(
    ("notice", "is_taken"),
    [
        (Joined(1, 1, "Bob"), False),
        (Exited(1, 1, "Bob"), False),
        (NamesAnswer(["Bob"]), False),
        (NamesAnswer(["Bob"], "somebody's"), False),
        (Refused("too_fast", "too fast", "x"), False),
        (Accepted("x", 1), False),
        (Pong(), False),
        (Bye("quit", "bye"), False),
        (KeysAnswer([], [], "x"), True),
        (SealsAnswer(re="x"), True),
        (BlobAnswer(bytes(32), 0, 1, b"x", "x"), True),
    ],
)
def test_what_is_taken_and_what_is_to_be_shown(notice: Notice, *, is_taken: bool) -> None:
    session = World("taken", "Ann")["Ann"].session
    assert session.noticed(notice, 1.0) is is_taken


def test_who_is_there_is_learnt_and_forgotten_with_the_connection() -> None:
    world = World("present", "Ann", "Bob")
    session = world["Ann"].session
    session.noticed(NamesAnswer(["Ann", "Bob"]), 1.0)
    session.noticed(Joined(90, 1, "Cid"), 1.0)
    session.noticed(Exited(91, 1, "BOB"), 1.0)
    assert session.desk.present == {"ann", "cid"}
    session.cut()
    assert session.desk.present is None


def test_a_gap_in_what_the_server_still_has() -> None:
    world = World("gap", "Ann", "Bob")
    world.seal_room("Ann")
    world.service.tell("Bob", Refused("gap", "gap"))
    world["Bob"].say("canarybird")
    world.settle()
    assert "no longer has everything" in world["Bob"].alarms
    world["Bob"].disconnect()
    world["Bob"].connect()
    world.pass_time(10)
    assert world["Ann"].read == ["canarybird"], world["Bob"].alarms
    assert not world.leaked


def test_a_server_that_knows_nothing_of_encryption_gets_plain_text_where_nothing_was_ever_sealed() -> None:
    world = World("old")
    world.service.twist["ann"] = lambda notice: (
        [Refused("bad_message", "bad_message", notice.re)] if isinstance(notice, SealsAnswer) else [notice]
    )
    ann = world.join("Ann")
    ann.say("plain to all")
    world.join("Bob")
    ann.order(Arm(ROOM))
    ann.say("canarybird")
    world.pass_time(20)
    assert any(b"plain to all" in payload for payload in world.service.passed)
    assert not world.leaked
