"""From ciphertext to what is shown, and back again for history."""

import msgspec

from reactor_chat.e2ee.boundary import Mark
from tests.e2ee.mallory import heard_sealed
from tests.e2ee.world import World


def test_history_shows_what_was_opened_when_it_came() -> None:
    world = World("history", "Ann", "Bob")
    world.seal_room("Ann")
    world["Ann"].say("canarybird one")
    world["Bob"].say("canarybird two")
    world.settle()
    world["Bob"].crash()
    session = world["Bob"].session
    shown = [session.recall(notice) for notice in heard_sealed(world)]
    assert [one.notice.text for one in shown] == ["canarybird one", "canarybird two"]
    assert {one.mark for one in shown} == {Mark.SEALED}
    assert all(one.notice.sealed is None for one in shown)


def test_history_that_the_server_changed_is_not_shown() -> None:
    world = World("changed", "Ann", "Bob")
    world.seal_room("Ann")
    world["Ann"].say("canarybird one")
    world["Ann"].say("canarybird two")
    world.settle()
    first, second = heard_sealed(world)
    swapped = msgspec.structs.replace(first, sealed=second.sealed)
    assert world["Bob"].session.recall(swapped).mark is Mark.UNREADABLE
    other_number = msgspec.structs.replace(first, seq=first.seq + 100)
    assert world["Bob"].session.recall(other_number).mark is Mark.UNREADABLE


def test_an_echo_that_is_not_what_was_sent() -> None:
    world = World("echo", "Ann", "Bob")
    world.seal_room("Ann")
    world["Bob"].say("canarybird of Bob")
    world["Ann"].say("canarybird of Ann")
    of_bob, of_ann = heard_sealed(world)
    world.service.ready["ann"].clear()
    world.service.tell("Ann", msgspec.structs.replace(of_ann, sealed=of_bob.sealed))
    world.settle()
    assert "more was said in our name" in world["Ann"].alarms
    assert not world.leaked
