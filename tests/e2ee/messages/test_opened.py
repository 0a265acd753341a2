"""What was opened is kept for history, and shown only as it came."""

import msgspec

from reactor_chat.e2ee.boundary import Mark, Shown
from reactor_chat.wire.messages import Said
from tests.e2ee.mallory import heard_sealed
from tests.e2ee.world import World


def recalled(world: World, notice: Said) -> Shown:
    """Return a message of a page of history as Bob sees it."""
    shown = world["Bob"].session.recall(notice)
    assert shown is not None
    return shown


def test_history_shows_what_was_opened_when_it_came() -> None:
    world = World("history", "Ann", "Bob")
    world.seal_room("Ann")
    world["Ann"].say("canarybird one")
    world["Bob"].say("canarybird two")
    world.settle()
    world["Bob"].crash()
    shown = [recalled(world, notice) for notice in heard_sealed(world)]
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
    assert recalled(world, swapped).mark is Mark.UNREADABLE
    other_number = msgspec.structs.replace(first, seq=first.seq + 100)
    assert recalled(world, other_number).mark is Mark.UNREADABLE
