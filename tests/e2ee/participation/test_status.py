"""`@encrypt status`: the same code for everybody in an epoch, and what a person has to know."""

from reactor_chat.e2ee.boundary import Arm, AskStatus, Rekey
from reactor_chat.e2ee.participation.status import group_code
from reactor_chat.wire.conversation import ROOM
from tests.e2ee.mallory import group_of
from tests.e2ee.world import World


def test_everybody_sees_the_same_code_and_another_one_in_the_next_epoch() -> None:
    world = World("status", "Ann", "Bob", "Cid")
    world.seal_room("Ann")
    codes = {group_code(group_of(world, name)) for name in world.people}
    assert len(codes) == 1
    world["Bob"].order(Rekey(ROOM))
    world.pass_time(5)
    later = {group_code(group_of(world, name)) for name in world.people}
    assert len(later) == 1
    assert later != codes
    code = later.pop().replace(" ", "")
    assert len(code) == 30
    assert code.isdigit()


def test_what_is_said_of_a_sealed_and_of_a_plain_conversation() -> None:
    world = World("lines", "Ann", "Bob")
    assert world["Ann"].order(AskStatus(ROOM)) == ["The room: what you type is NOT encrypted"]
    world.seal_room("Ann")
    lines = "\n".join(world["Bob"].order(AskStatus(ROOM)))
    assert "The room: encrypted" in lines
    assert "safe against quantum computers" in lines
    assert "Members: Ann (new), Bob (you)" in lines


def test_what_is_held_and_why() -> None:
    world = World("held", "Ann", "Bob")
    world["Ann"].disconnect()
    world["Ann"].order(Arm(ROOM))
    world["Ann"].say("canarybird")
    lines = "\n".join(world["Ann"].order(AskStatus(ROOM)))
    assert "getting keys; not sent yet: waiting for the server" in lines
    assert "1 line not sent yet" in lines
