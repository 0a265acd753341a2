"""A server that rests keeps a snapshot, so that damage in what was said before stops no start after a crash."""

import pytest

from reactor_chat.server.maintenance import keeping
from reactor_chat.wire.messages import Login, Say
from tests.server.world import World

RECORDS = 20


@pytest.fixture(autouse=True)
def few_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SNAPSHOT_RECORDS_AT_REST", RECORDS)


def snapshot_seq(world: World) -> int:
    found = world.app.record_log.journal.snapshot()
    return 0 if found is None else found[0]


def talk(world: World, count: int, name: str = "Ann") -> None:
    ann = world.connect().ask(Login(name, 1))
    world.turn()
    for number in range(count):
        ann.ask(Say(str(number)))
        world.turn()


def rest(world: World, seconds: float) -> None:
    """Let time pass in which nobody says anything."""
    world.now += seconds
    for _ in range(4):
        world.turn()


def test_it_is_kept_once_the_server_rests_and_no_earlier() -> None:
    world = World()
    talk(world, 2 * RECORDS)
    assert snapshot_seq(world) == 0
    rest(world, keeping.REST_SECONDS)
    assert snapshot_seq(world) == world.app.hub.state.seq


def test_a_few_records_are_not_worth_one() -> None:
    world = World()
    talk(world, RECORDS - 2)
    rest(world, keeping.REST_SECONDS)
    assert snapshot_seq(world) == 0


def test_there_is_one_a_minute_at_most() -> None:
    world = World()
    talk(world, RECORDS)
    rest(world, keeping.REST_SECONDS)
    first = snapshot_seq(world)
    talk(world, RECORDS, "Bob")
    rest(world, keeping.REST_SECONDS)
    assert snapshot_seq(world) == first
    assert world.app.keeping.deadline is not None
    rest(world, keeping.SNAPSHOT_SECONDS_AT_REST)
    assert snapshot_seq(world) == world.app.hub.state.seq
