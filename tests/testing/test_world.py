"""The world as whoever writes a bot sees it: the example of docs/fuzzing.md runs, and what it promises is the case."""

import re
from pathlib import Path

import pytest

from reactor_chat.testing.checker import Violation
from reactor_chat.testing.clients import Human
from reactor_chat.testing.disk import Fate
from reactor_chat.testing.world import PEOPLE, World

PAGE = Path(__file__).parents[2] / "docs" / "fuzzing.md"


def test_the_example_of_the_readme_runs() -> None:
    (example,) = re.findall(r"```python\n(from reactor_chat\.testing.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    exec(compile(example, PAGE.name, "exec"), {})  # noqa: S102  it is ours


@pytest.mark.parametrize("shape", range(len(PEOPLE)))
def test_everybody_comes_in_and_hears_everybody(shape: int) -> None:
    world = World(shape)
    world.settle()
    for person in world.people:
        person.type(f"I am {person.name}")
    world.settle()
    assert len(world.people) == PEOPLE[shape]
    for person in world.people:
        if isinstance(person, Human):
            assert person.screen.texts == [f"I am {one.name}" for one in world.people]


def test_nothing_moves_by_itself() -> None:
    world = World()
    world.settle()
    before = world.digest()
    world.people[0].type("hello")
    world.people[3].type("hello too")
    assert world.digest() == before
    world.flow()
    assert world.digest() != before


@pytest.mark.parametrize("fate", Fate)
def test_what_was_accepted_survives_the_power(fate: Fate) -> None:
    world = World()
    world.settle()
    world.people[0].type("kept")
    world.flow()
    world.crash(fate)
    world.settle()
    assert world.checker.said["kept"]
    assert world.people[1].screen.texts == ["kept"]  # type: ignore[attr-defined]


def test_who_is_never_served_is_a_violation() -> None:
    """The liveness phase can fail: here the server takes nothing from anybody any more."""
    world = World()
    world.settle()
    for link, _ in world.links:
        link.wire.pause()
    world.people[0].type("hello?")
    with pytest.raises(Violation, match="current within 10 s"):
        world.settle()


def test_every_operation_counts_once() -> None:
    world = World()
    world.settle()
    before, moves = world.operations, world.moves
    world.people[3].type("hello")
    assert world.operations == before + 2, "a line, and the frame it is sent in"
    world.flow()
    received, commits = 6 + 1, 1
    assert world.moves == moves + 1 + len(world.people)
    assert world.operations == before + 2 + (1 + len(world.people)) + received + commits
