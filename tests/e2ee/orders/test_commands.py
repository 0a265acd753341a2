"""Orders of a person and the lines that answer them."""

from reactor_chat.e2ee.boundary import Arm, Disarm, Held, HeldAction, Posture, Rekey, Reset
from reactor_chat.wire.conversation import ROOM, Conversation
from tests.e2ee.world import World


def met(seed: object) -> World:
    world = World(seed, "Ann", "Bob")
    world.seal_room("Ann")
    return world


def test_orders_that_need_what_is_not_there() -> None:
    world = World("missing", "Ann", "Bob")
    assert "You have no keys in the room" in world["Ann"].order(Rekey(ROOM))[0]
    world["Ann"].disconnect()
    assert "needs a connection" in world["Ann"].order(Reset(ROOM))[0]
    assert "sent once there is a connection" in world["Ann"].order(Arm(ROOM))[0]
    assert "cannot be encrypted" in world["Ann"].order(Arm(Conversation.pair("ann")))[0]


def test_a_passphrase_where_none_is_wanted_and_one_that_is_none() -> None:
    world = met("words")
    assert "without a passphrase" in world["Bob"].order(Arm(ROOM, "horse"))[0]
    assert "1 to 1024 bytes" in World("long", "Ann")["Ann"].order(Arm(ROOM, "x" * 1025))[0]


def test_off_for_everybody_ends_it_at_the_server_and_holds_the_others() -> None:
    world = met("ends")
    world["Ann"].order(Disarm(ROOM, for_everybody=True))
    world.settle()
    assert not world.service.seals
    assert world["Bob"].session.posture(ROOM) is Posture.HELD
    world["Bob"].say("canarybird")
    world.pass_time(5)
    assert not world.leaked
    world["Bob"].order(Arm(ROOM))
    world["Bob"].order(Held(HeldAction.SEND))
    world.pass_time(10)
    assert world["Ann"].read == ["canarybird"], "begun anew, and read by who has said that his own lines are plain"


def test_off_and_who_still_reads() -> None:
    world = met("reads")
    world["Bob"].order(Disarm(ROOM))
    assert world["Bob"].session.posture(ROOM) is Posture.PLAIN
    world["Ann"].say("canarybird")
    world.settle()
    assert world["Bob"].read == ["canarybird"]
