"""What the journal holds is taken strictly in its order, also when it has to wait for a blob, also over a crash."""

from reactor_chat.e2ee.boundary import Arm, Mark
from reactor_chat.e2ee.states import State
from reactor_chat.wire.conversation import ROOM
from reactor_chat.wire.messages import AskBlob, Request
from tests.e2ee.world import World


def waiting_world(seed: object) -> tuple[World, list[Request]]:
    """Return a world where Bob was let in, and the service is slow with his Welcome."""
    world = World(seed, "Ann", "Bob", "Cid")
    asked: list[Request] = []

    def slow(name: str, request: Request) -> bool:
        if name == "bob" and isinstance(request, AskBlob):
            asked.append(request)
            return True
        return False

    world.service.swallow = slow
    world["Ann"].order(Arm(ROOM))
    for number in range(3):
        world["Ann"].say(f"canarybird {number}")
        world.pass_time(2)
    return world, asked


def test_messages_wait_for_the_welcome_before_them() -> None:
    world, asked = waiting_world("waits")
    assert asked
    assert len(world["Bob"].talk().backlog) == 4
    assert not world["Bob"].read
    world.service.swallow = lambda *_: False
    world["Bob"].disconnect()
    world["Bob"].connect()
    world.pass_time(5)
    assert world["Bob"].read == [f"canarybird {number}" for number in range(3)]
    assert not world["Bob"].talk().backlog


def test_they_wait_over_a_crash_too() -> None:
    world, _ = waiting_world("crash")
    world["Bob"].crash()
    world.service.swallow = lambda *_: False
    world["Bob"].connect()
    world.pass_time(5)
    assert world["Bob"].read == [f"canarybird {number}" for number in range(3)], world["Bob"].alarms
    assert world["Bob"].state() is State.SEALED


def test_a_room_too_large_for_a_frame_travels_in_blobs() -> None:
    names = [f"P{number}" for number in range(16)]
    world = World("large", *names)
    world["P0"].order(Arm(ROOM))
    world["P0"].say("canarybird")
    world.pass_time(5)
    assert all(world[name].read == ["canarybird"] for name in names)
    world.join("Late")
    world.pass_time(10)
    world["Late"].say("canarybird too")
    world.pass_time(5)
    assert all(world[name].read[-1] == "canarybird too" for name in names)
    assert any(len(pieces) > 1 for pieces in world.service.blobs.values())


def test_what_is_not_ours_to_read_is_one_line_each() -> None:
    world = World("guest", "Ann", "Bob")
    world["Bob"].disconnect()
    for key in [key for key in world.service.shelves if key[0] == "bob"]:
        del world.service.shelves[key]
    world["Ann"].order(Arm(ROOM))
    world["Ann"].say("canarybird")
    world.pass_time(3)
    world["Bob"].connect()
    world.settle()
    assert [shown.mark for shown in world["Bob"].shown] == [Mark.UNREADABLE]
    assert world["Bob"].shown[0].remark
    assert world["Bob"].shown[0].notice.text is None
