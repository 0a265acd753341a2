"""How long messages are kept: what is older goes, a little at a time and to the end, and nothing else does."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from reactor_chat.chat.operator.messages import REMOVED_TEXT
from reactor_chat.chat.operator.registration import DAY_MS
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.errors import StorageFull
from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.journal.reports import Row
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from reactor_chat.server.operator.retention import BUSY_SECONDS_MAX, SLICE_RECORDS, Retention
from reactor_chat.server.record_log import record_of
from reactor_chat.wire.conversation import Heard
from reactor_chat.wire.messages import Say
from tests.server.world import World

DAY_SECONDS = 86_400


def texts(world: World) -> list[str | None]:
    records = [record_of(row.seq, row.payload) for row in world.journal.replay()]
    return [record.text for record in records if isinstance(record, Heard)]


def run(world: World, retention: Retention) -> int:
    """Turn until nothing is left to do at this time; returns how many slices that took."""
    heads = 0
    for _ in range(1_000):
        world.settle()
        before = world.head
        retention.turn(world.now)
        heads += world.head > before
        if retention.deadline is None or retention.deadline > world.now + 1:
            return heads
        world.now = max(world.now, retention.deadline)
    pytest.fail("it wants to go on for ever")


def say(world: World, *said: str) -> None:
    person = world.enter(f"P{len(world.people)}")
    person.ask(*map(Say, said))
    world.settle()


def test_what_is_older_goes_at_the_end_of_its_day_and_the_rest_stays() -> None:
    world = World(keep_days=2).start()
    retention = Retention(world.app)
    say(world, "old", "older than it looks")
    world.now += DAY_SECONDS
    say(world, "young")
    assert run(world, retention) == 0
    world.now += 2 * DAY_SECONDS
    world.turn()
    assert run(world, retention) == 1
    assert texts(world) == [REMOVED_TEXT, REMOVED_TEXT, "young"]
    assert run(world, retention) == 0, "what is done is not done again"


def test_it_goes_on_by_itself_and_looks_again_on_the_next_day() -> None:
    world = World(keep_days=1).start()
    retention = Retention(world.app)
    for day in range(5):
        say(world, f"day {day}")
        for _ in range(24):
            assert retention.deadline is not None
            world.now += 3_600
            world.turn()
            run(world, retention)
    kept = texts(world)
    assert kept[:3] == [REMOVED_TEXT] * 3
    assert kept[-1] == "day 4"


def test_without_the_option_nothing_goes_and_with_it_at_once() -> None:
    world = World().start()
    retention = Retention(world.app)
    say(world, "old")
    world.now += 1_000 * DAY_SECONDS
    world.turn()
    retention.turn(world.now)
    assert retention.deadline is None
    assert texts(world) == ["old"]
    world.app.adopt(World(keep_days=1).options)
    run(world, retention)
    assert texts(world) == [REMOVED_TEXT]


def test_it_is_done_in_slices_and_each_is_small() -> None:
    written: list[int] = []

    class Counted(MemoryJournal):
        def rewrite(self, rows: Sequence[Row]) -> None:
            written.append(len(rows))
            super().rewrite(rows)

    world = World(Counted(), keep_days=1).start()
    retention = Retention(world.app)
    say(world, *(f"{number}" for number in range(3 * SLICE_RECORDS)))
    world.now += 3 * DAY_SECONDS
    world.turn()
    assert run(world, retention) >= 3
    assert max(written) <= SLICE_RECORDS
    assert set(texts(world)) == {REMOVED_TEXT}
    assert world.app.hub.state.expired >= 3 * SLICE_RECORDS


def test_a_restart_goes_on_where_it_was_and_comes_to_the_same_state(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path)) as journal:
        world = World(journal, keep_days=1).start()
        retention = Retention(world.app)
        say(world, *(f"SECRET-{number}" for number in range(SLICE_RECORDS + 100)))
        world.now += 3 * DAY_SECONDS
        world.turn()
        world.settle()
        retention.turn(world.now)
        assert 0 < texts(world).count(REMOVED_TEXT) <= SLICE_RECORDS
        again = World(journal, keep_days=1)
        again.now = world.now
        again.start()
        run(again, Retention(again.app))
        assert set(texts(again)) == {REMOVED_TEXT}
        assert journal.verify().entries == journal.head
        state = ChatState()
        for row in journal.replay():
            state.apply(record_of(row.seq, row.payload))
        assert state.hash() == again.app.hub.state.hash()
        assert [file.name for file in tmp_path.iterdir() if b"SECRET-" in file.read_bytes()] == []


def test_a_server_that_always_has_something_to_do_removes_all_the_same() -> None:
    world = World(keep_days=1).start()
    retention = Retention(world.app)
    say(world, "old")
    world.now += 3 * DAY_SECONDS
    world.turn()
    world.app.deadline = world.now
    retention.turn(world.now)
    assert texts(world) == ["old"]
    world.app.deadline = world.now = world.now + BUSY_SECONDS_MAX + 0.01
    retention.turn(world.now)
    assert texts(world) == [REMOVED_TEXT]


def test_without_space_it_waits_and_tries_again() -> None:
    class Full(MemoryJournal):
        is_full = True

        def rewrite(self, rows: Sequence[Row]) -> None:
            if self.is_full:
                raise StorageFull("full")
            super().rewrite(rows)

    journal = Full()
    world = World(journal, keep_days=1).start()
    retention = Retention(world.app)
    say(world, "old")
    world.now += 3 * DAY_SECONDS
    run(world, retention)
    assert texts(world) == ["old"]
    journal.is_full = False
    assert retention.deadline is not None
    world.now = retention.deadline
    run(world, retention)
    assert texts(world) == [REMOVED_TEXT]


def test_a_day_has_the_length_of_a_day() -> None:
    assert DAY_MS == DAY_SECONDS * 1_000
