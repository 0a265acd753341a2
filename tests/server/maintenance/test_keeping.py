"""A snapshot comes under constant load too, a piece in each turn, and half of one is none."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from reactor_chat.journal.contract import Slices
from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.journal.sqlite.database_file import FILE_NAME
from reactor_chat.journal.sqlite.snapshots import seq_of
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from reactor_chat.server.maintenance.keeping import REST_SECONDS
from reactor_chat.wire.messages import AskHistory, HistoryAnswer, Say
from tests.server.world import Person, World

DUE = 50
PEOPLE = 10


class PiecesCounted(MemoryJournal):
    """A journal that counts the pieces of snapshots it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces = 0

    def snapshot_slices(self, seq: int, pieces: Iterable[bytes]) -> Slices[None]:
        for _ in super().snapshot_slices(seq, pieces):
            self.pieces += 1
            yield 0


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot is due soon, and has a piece for each person."""
    monkeypatch.setattr("reactor_chat.server.maintenance.keeping.SNAPSHOT_RECORDS", DUE)
    monkeypatch.setattr("reactor_chat.chat.state.chat_state.OUTCOMES_AT_ONCE", 1)


def people_of(world: World) -> list[Person]:
    return [world.enter(f"P{number}") for number in range(PEOPLE)]


def pieces_beyond(directory: Path, seq: int) -> int:
    """Return how many pieces lie in the journal's file of snapshots newer than a number."""
    with closing(sqlite3.connect(directory / FILE_NAME)) as database:
        keys = [key for (key,) in database.execute("SELECT seq FROM snapshots")]
    return sum(seq_of(key) > seq for key in keys)


def speak(world: World, people: list[Person], number: int) -> None:
    """Something is said in this turn, as in all of them, so that the server never rests."""
    people[number % PEOPLE].ask(Say(f"{number}", id=f"{number}"))
    world.turn()
    world.now += REST_SECONDS / 10


def test_a_snapshot_comes_under_constant_load_and_one_piece_in_a_turn() -> None:
    journal = PiecesCounted()
    world = World(journal).start()
    people = people_of(world)
    numbers = []
    for number in range(4 * DUE):
        before = journal.pieces
        speak(world, people, number)
        assert journal.pieces - before <= 1
        kept = journal.snapshot()
        if kept is not None and kept[0] not in numbers:
            numbers.append(kept[0])
    assert len(numbers) >= 3, numbers
    assert journal.pieces >= 3 * PEOPLE
    assert all(later - earlier >= DUE for earlier, later in pairwise(numbers))


def test_where_it_is_killed_between_two_pieces_the_one_before_is_used(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path)) as journal:
        world = World(journal).start()
        people = people_of(world)
        number = 0
        while journal.snapshot() is None:
            speak(world, people, number)
            number += 1
        whole = journal.snapshot()
        assert whole is not None
        while world.head < whole[0] + DUE + 5:  # the next one is due, is begun, and has some of its pieces
            speak(world, people, number)
            number += 1
        assert journal.snapshot() == whole
        head = world.head
    assert 0 < pieces_beyond(tmp_path, whole[0]) < PEOPLE
    with closing(SqliteJournal(tmp_path)) as journal:
        assert (journal.head, journal.snapshot()) == (head, whole)
        world = World(journal)
        assert world.app.start(world.unix_ms) == head - whole[0]
        late = world.enter("Late").ask(AskHistory(limit=1))
        world.turn()
        (page,) = late.of(HistoryAnswer)
        assert [message.text for message in page.messages] == [f"{number - 1}"]
