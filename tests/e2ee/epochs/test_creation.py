"""Sealing what was not sealed: who is in it from the start, with which suite, and who is told that he cannot read."""

import pytest

from reactor_chat.e2ee.boundary import Arm
from reactor_chat.e2ee.states import State
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from reactor_chat.wire.conversation import ROOM, Conversation
from tests.e2ee.mallory import group_of
from tests.e2ee.world import World


def test_everybody_with_keys_is_in_and_the_others_are_named() -> None:
    world = World("names", "Ann", "Bob", "Cid")
    for key in [key for key in world.service.shelves if key[0] == "cid"]:
        del world.service.shelves[key]
    world.seal_room("Ann")
    assert world["Ann"].talk().names == {"ann", "bob"}
    assert "These people cannot read the room, as they have no keys: cid" in world["Ann"].alarms


def test_members_of_a_group_who_are_away_are_in_it_too() -> None:
    world = World("away", "Ann", "Bob", "Cid")
    world.service.make_group("team", "Ann", "Bob", "Cid")
    world["Cid"].disconnect()
    team = Conversation.group("team")
    world["Ann"].order(Arm(team))
    world["Ann"].say("canarybird", team)
    world.pass_time(5)
    world["Cid"].connect()
    world.pass_time(5)
    assert world["Cid"].read == ["canarybird"], world["Cid"].alarms


def test_the_hybrid_suite_where_it_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World("suite", "Ann", "Bob")
    world.seal_room("Ann")
    assert group_of(world, "Bob").suite.number == HYBRID


def test_the_classical_one_for_somebody_whose_machine_has_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World("classical", "Ann")
    with monkeypatch.context() as patch:
        for module in ("identity", "packages", "participation.reconcile"):
            patch.setattr(f"reactor_chat.e2ee.{module}.suites", lambda: (CLASSICAL,))
        world.join("Bob")
    pair = Conversation.pair("bob")
    world["Ann"].say("canarybird", pair)
    world.pass_time(10)
    assert world["Bob"].read == ["canarybird"], world["Ann"].alarms
    assert group_of(world, "Ann", pair).suite.number == CLASSICAL
    assert not world.leaked


def test_who_may_not_seal_a_group_is_told_and_his_lines_are_held() -> None:
    world = World("owner", "Ann", "Bob")
    world["Ann"].disconnect()
    world.service.make_group("team", "Ann", "Bob")
    world.settle()
    team = Conversation.group("team")
    world["Bob"].order(Arm(team))
    world["Bob"].say("canarybird", team)
    world.pass_time(100)
    assert world["Bob"].state(team) is State.ARMING
    assert "only the owner of group team" in world["Bob"].alarms
    assert not world.leaked


def test_alone_in_a_room_it_is_sealed_for_whoever_comes() -> None:
    world = World("alone", "Ann")
    world["Ann"].order(Arm(ROOM))
    world.pass_time(3)
    assert world["Ann"].state() is State.SEALED
    world.join("Bob")
    world.pass_time(5)
    world["Ann"].say("canarybird")
    world.settle()
    assert world["Bob"].read == ["canarybird"]
