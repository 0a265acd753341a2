"""Where somebody can go on who saw some of a journal that went back since."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.journal.logs import Log, Logs, Meeting
from reactor_chat.wire.messages import Seen


def logs(**first: int) -> Logs:
    return Logs([Log(name, at) for name, at in first.items()])


def seen(*pairs: tuple[str, int]) -> list[Seen]:
    return [Seen(log, seq) for log, seq in pairs]


Told = tuple[int, list[Seen]]
"""What somebody says who comes back: the last number, and how far each log was seen."""

LOST = [
    ("restored to 50, and asked at once", logs(a=1, b=51), 51, (100, seen(("a", 100))), 50),
    ("restored to 50, and grown beyond what was seen", logs(a=1, b=51), 120, (100, seen(("a", 100))), 50),
    ("restored twice", logs(a=1, b=51, c=81), 90, (120, seen(("b", 120), ("a", 100))), 80),
    ("restored to the same backup again", logs(a=1, c=51), 70, (120, seen(("b", 120), ("a", 100))), 50),
    ("restored to something newer than the backup before", logs(a=1, c=91), 95, (60, seen(("b", 60), ("a", 100))), 90),
    ("another journal", logs(x=1), 500, (100, seen(("a", 100))), 0),
    ("a log that is there, and was seen beyond its end", logs(a=1), 60, (100, seen(("a", 100))), 60),
    ("some of it is asked for again", logs(a=1, b=51), 60, (20, seen(("a", 100))), 20),
]


@pytest.mark.parametrize(("logs", "head", "told", "common"), [row[1:] for row in LOST], ids=[row[0] for row in LOST])
def test_what_both_have_is_found(logs: Logs, head: int, told: Told, common: int) -> None:
    assert logs.meet(*told, head) == Meeting(common, is_lost=True)


HELD = [
    ("the running log", logs(a=1), 100, (100, seen(("a", 100)))),
    ("an older one, to its end", logs(a=1, b=101), 140, (100, seen(("a", 100)))),
    ("what was lost was told of, and more came since", logs(a=1, b=51), 90, (60, seen(("b", 60), ("a", 100)))),
    ("some of an older one, told by a newer", logs(a=1, b=101), 140, (30, seen(("b", 30), ("a", 20)))),
    ("a log in which nothing was given", logs(a=1, b=101, c=101), 140, (100, seen(("b", 100), ("a", 90)))),
    ("who knows of no logs", logs(a=1, b=51), 120, (100, [])),
]


@pytest.mark.parametrize(("logs", "head", "told"), [row[1:] for row in HELD], ids=[row[0] for row in HELD])
def test_where_everything_is_there_nobody_is_told_of_a_loss(logs: Logs, head: int, told: Told) -> None:
    assert logs.meet(*told, head) == Meeting(told[0], is_lost=False)


def test_who_knows_of_no_logs_is_told_what_came_since_the_loss() -> None:
    known = Logs([Log("a", 1), Log("b", 51, is_after_loss=True), Log("c", 71)])
    assert known.meet(100, [], 80) == Meeting(50, is_lost=True)
    assert logs(a=1, b=51).meet(100, [], 80) == Meeting(50, is_lost=True)
    assert Logs().meet(100, [], 80) == Meeting(80, is_lost=True)


class Reader:
    """Somebody who reads a journal now and then, and notes what PROTOCOL §5.5 asks for."""

    def __init__(self) -> None:
        self.view: list[tuple[int, int]] = []
        self.shown: set[tuple[int, int]] = set()
        self.notes: list[Seen] = []

    def look(self, known: Logs, entries: list[tuple[int, int]], upto: int) -> set[tuple[int, int]]:
        """Read on up to a number; return what was shown a second time."""
        met = known.meet(len(self.view), self.notes, len(entries))
        is_prefix = self.view == entries[: len(self.view)]
        assert met.is_lost or is_prefix
        assert not met.is_lost or not is_prefix or self.notes[0].log not in known
        assert self.shown >= set(entries[: met.seq]), "nothing is passed over"
        new = entries[met.seq : max(met.seq, upto)]
        twice = self.shown & set(new)
        self.shown |= set(new)
        self.view = entries[: met.seq + len(new)]
        running = known.running
        assert running is not None
        self.notes = [Seen(running.name, len(self.view)), *(one for one in self.notes if one.log != running.name)]
        return twice


runs = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20), st.integers(0, 60)), max_size=8)


@given(runs)
def test_however_often_a_journal_goes_back_nothing_is_passed_over_and_every_loss_is_told(
    runs: list[tuple[int, int, int]],
) -> None:
    """A reader who is at any place in each run agrees in the end with the journal, and is told when it does not."""
    entries: list[tuple[int, int]] = []
    known, reader = Logs(), Reader()
    for run, (back, count, upto) in enumerate(runs):
        entries = entries[:back]
        known = Logs(log for log in known if log.first <= len(entries))
        known.begin(Log(f"{run}", len(entries) + 1))
        entries = entries + [(run, number) for number in range(count)]
        reader.look(known, entries, upto)


@given(runs)
def test_who_has_read_each_log_to_its_end_is_shown_nothing_twice(runs: list[tuple[int, int, int]]) -> None:
    entries: list[tuple[int, int]] = []
    known, reader = Logs(), Reader()
    for run, (back, count, _) in enumerate(runs):
        entries = entries[:back]
        known = Logs(log for log in known if log.first <= len(entries))
        known.begin(Log(f"{run}", len(entries) + 1))
        entries = entries + [(run, number) for number in range(count)]
        assert not reader.look(known, entries, len(entries))
