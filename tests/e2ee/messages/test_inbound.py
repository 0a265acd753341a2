"""From ciphertext to what is shown."""

import msgspec

from tests.e2ee.mallory import heard_sealed
from tests.e2ee.world import World


def test_an_echo_that_is_not_what_was_sent() -> None:
    world = World("echo", "Ann", "Bob")
    world.seal_room("Ann")
    world["Bob"].say("canarybird of Bob")
    world["Ann"].say("canarybird of Ann")
    of_bob, of_ann = heard_sealed(world)
    world.service.ready["ann"].clear()
    world.service.tell("Ann", msgspec.structs.replace(of_ann, sealed=of_bob.sealed))
    world.settle()
    assert "more was said in your name" in world["Ann"].alarms
    assert not world.leaked
