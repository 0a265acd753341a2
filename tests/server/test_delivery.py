"""Who comes and goes is told to everybody in order: at once where few are there, else with what comes next."""

import pytest

from reactor_chat.testing.network import QUIET_SECONDS
from reactor_chat.wire.messages import Bye, Closing, Exited, Joined, Quit, Said, Say, Tell, Told
from tests.server.world import Person, World

PRESENCE = (Joined, Exited)


class CrowdedWorld(World):
    """A server on which two people are few, and three are many."""

    quiet_above = 2


def crowd() -> tuple[World, Person, Person, Person]:
    """A server with three people."""
    world = CrowdedWorld().start()
    ann, bob, cid = (world.enter(name) for name in ("Ann", "Bob", "Cid"))
    for person in (ann, bob, cid):
        person.new()
    return world, ann, bob, cid


def names(person: Person) -> list[str]:
    return [notice.name for notice in person.of(*PRESENCE)]


def test_where_few_are_it_is_told_in_the_same_turn() -> None:
    world = CrowdedWorld().start()
    ann, bob = world.enter("Ann"), world.enter("Bob")
    assert names(ann) == ["Bob"]
    bob.ask(Quit())
    world.turn()
    assert names(ann) == ["Bob", "Bob"]


def test_where_many_are_it_is_told_a_little_later() -> None:
    world, ann, bob, cid = crowd()
    world.enter("Dee")
    cid.ask(Quit())
    world.turn(3)
    assert (ann.new(), bob.new()) == ([], [])
    world.broadcast.tick(QUIET_SECONDS)
    world.turn()
    assert names(ann)[-2:] == names(bob)[-2:] == ["Dee", "Cid"]


@pytest.mark.parametrize("to_all", [True, False])
def test_what_is_said_or_told_comes_at_once_and_after_who_came_before(*, to_all: bool) -> None:
    world, ann, bob, cid = crowd()
    world.enter("Dee")
    ann.ask(Say("hello") if to_all else Tell("Bob", "hello"))
    world.turn()
    assert [type(notice) for notice in bob.new()] == [Joined, Said if to_all else Told]
    assert [type(notice) for notice in cid.new()] == ([Joined, Said] if to_all else [])


def test_a_server_that_stops_tells_first_who_came_and_went() -> None:
    world, ann, bob, _ = crowd()
    world.enter("Dee")
    world.app.shut_down(world.now)
    world.turn(2)
    for person in (ann, bob):
        assert [type(notice) for notice in person.new()] == [Joined, Closing, Bye]


def test_who_leaves_is_told_first_who_came() -> None:
    world, ann, bob, _ = crowd()
    world.enter("Dee")
    ann.ask(Quit())
    world.turn(2)
    assert [type(notice) for notice in ann.new()] == [Joined, Bye]
    assert bob.new() == []
