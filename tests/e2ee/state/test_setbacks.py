"""What does not hold stops a conversation, and where nothing is to be stopped its keys are given up all the same."""

import pytest

from reactor_chat.e2ee.boundary import Arm, Disarm
from reactor_chat.e2ee.state.setbacks import FORK, RESTORED
from reactor_chat.e2ee.states import State
from reactor_chat.wire.conversation import ROOM, Conversation
from tests.e2ee.world import World


@pytest.mark.parametrize("reason", [FORK, RESTORED])
def test_keys_that_do_not_hold_are_given_up_where_plain_text_is_sent(reason: str) -> None:
    world = World(("plain", reason), "Ann", "Bob")
    world.seal_room("Ann")
    bob = world["Bob"]
    bob.order(Disarm(ROOM))
    assert bob.talk().group is not None, "he reads along"
    bob.part().setbacks.freeze(reason)
    assert bob.state() is State.PLAIN
    assert bob.talk().group is None
    bob.order(Arm(ROOM))
    world.pass_time(10)
    bob.say("canarybird with new keys")
    world.settle()
    assert world["Ann"].read == ["canarybird with new keys"], bob.alarms


def test_what_is_found_while_something_is_said_lets_no_held_line_leave_by_itself() -> None:
    world = World("stop", "Ann", "Bob")
    pair = Conversation.pair("bob")
    world.service.swallow = lambda *_: True
    world["Ann"].say("canarybird", pair)
    world["Ann"].part(pair).setbacks.stop_sending("a test")
    assert world["Ann"].state(pair) is State.FROZEN
    assert [line.needs_yes for line in world["Ann"].talk(pair).lines.held.values()] == [True]
    assert "Nothing more is sent in your chat with bob: a test" in "".join(
        note.text for note in world["Ann"].session.take().notes
    )
