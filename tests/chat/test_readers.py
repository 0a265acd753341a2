"""Who reads while nothing can be stored: what they hear, what they are answered, and how they enter after all."""

import pytest

from reactor_chat.chat import boundary as b
from reactor_chat.wire import messages as m
from tests.chat.toy import Key, World, shown

KEY = Key(1)


def reading(world: World, name: str, key: Key | None = None) -> int:
    """Somebody lets themselves in while the disk is full."""
    conn = world.login(name, key)
    world.reject()
    assert [shown(notice) for notice in world.take(conn)][-1] == "no_space"
    return conn


def seen(world: World, conn: int) -> list[str]:
    return [shown(notice) for notice in world.take(conn)]


def test_who_reads_alone_is_answered() -> None:
    world = World()
    ann = reading(world, "Ann")
    assert world.answer(ann, m.AskNames(id="1")) == m.NamesAnswer([], "1")
    assert world.answer(ann, m.AskGroups(id="2")) == m.GroupsAnswer([], "2")
    assert world.answer(ann, m.Ping(id="3")) == m.Pong(None, "3")


@pytest.mark.parametrize("change", [m.Say("x", id="1"), m.Tell("Bob", "x", id="1"), m.GroupSet("g", ["Bob"], id="1")])
def test_who_reads_changes_nothing_and_is_told_so(change: m.Request) -> None:
    world = World()
    world.join("Bob")
    ann = reading(world, "Ann")
    assert shown(world.answer(ann, change)) == "no_space 1"
    assert not world.appended


def test_everybody_who_is_there_or_reads_hears_of_each_who_enters_but_not_of_themselves() -> None:
    world = World()
    bob = world.join("Bob")
    ann, cy = reading(world, "Ann"), reading(world, "Cy")
    world.handle(b.Retried())
    world.commit()
    assert seen(world, bob) == ["joined Ann", "joined Cy"]
    assert seen(world, ann) == ["joined Cy"]
    assert seen(world, cy) == ["joined Ann"]


def test_an_owner_who_reads_hears_what_is_sent_to_them() -> None:
    world = World()
    world.send(world.join("Ann", KEY), m.Quit())
    world.commit()
    bob = world.join("Bob")
    ann = reading(world, "Ann", KEY)
    world.send(bob, m.Tell("Ann", "psst"))
    world.commit()
    assert seen(world, ann)[0] == "Bob: psst"


def test_an_owner_who_comes_by_another_connection_hears_nothing_of_it_on_the_first() -> None:
    world = World()
    world.send(world.join("Ann", KEY), m.Quit())
    world.commit()
    first = reading(world, "Ann", KEY)
    world.login("Ann", KEY)
    world.commit()
    assert seen(world, first) == []
    assert world.closed[first] == "taken_over"


def test_nobody_else_reads_under_a_name_that_a_guest_reads_under() -> None:
    world = World()
    reading(world, "Ann")
    other = world.login("ann")
    assert [shown(notice) for notice in world.take(other)] == ["name_taken"]


@pytest.mark.parametrize("key", [KEY, None])
def test_who_reads_with_a_key_is_no_guest_though_the_name_is_not_claimed_yet(key: Key | None) -> None:
    world = World()
    conn = world.login("Ann", key)
    world.reject()
    welcomes = [notice for notice in world.take(conn) if isinstance(notice, m.Welcome)]
    assert [welcome.guest for welcome in welcomes] == [key is None]
