"""One look does the next thing that is due, and looking again does nothing twice."""

import pytest

from reactor_chat.e2ee.boundary import Arm
from reactor_chat.e2ee.states import State
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import AskSeals, Request
from tests.e2ee.service import noted
from tests.e2ee.world import World


@pytest.mark.parametrize("moment", ["never", "arming", "sealed", "offline"])
def test_looking_again_changes_nothing(moment: str) -> None:
    world = World(("again", moment), "Ann", "Bob")
    if moment == "sealed":
        world.seal_room("Ann")
    elif moment == "arming":
        world.service.swallow = lambda *_: True
        world["Ann"].order(Arm(ROOM))
    elif moment == "offline":
        world["Ann"].disconnect()
    session, part = world["Ann"].session, world["Ann"].part()
    part.advance()
    session.take()
    for _ in range(3):
        part.advance()
        assert not any(session.take())


def test_there_is_a_deadline_for_what_is_to_come_and_none_without_a_connection() -> None:
    world = World("deadline", "Ann", "Bob")
    world.seal_room("Ann")
    session = world["Ann"].session
    assert session.next_deadline is not None
    assert session.next_deadline > world.now + 3600, "a day for fresh keys, and nothing before"
    world["Ann"].disconnect()
    assert session.next_deadline is None


def test_one_question_first_and_the_others_when_it_is_answered() -> None:
    world = World("first", "Ann", "Bob")
    world["Ann"].say("canarybird", Conversation.pair("bob"))
    world.pass_time(5)
    asked: list[Request] = []
    world["Ann"].disconnect()
    world.service.swallow = lambda _, request: noted(asked, request)
    world["Ann"].connect()
    assert asked == [request for request in asked if isinstance(request, AskSeals)]
    assert len(asked) == 1
    world.settle()
    assert sum(isinstance(request, AskSeals) for request in asked) == 2
    assert world["Ann"].state(Conversation.pair("bob")) is State.SEALED
