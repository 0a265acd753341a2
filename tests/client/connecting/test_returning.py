"""A restart is one line to everybody, and who really has left is told to have left."""

from typing import Any

import pytest

from reactor_chat.client.boundary import Arrived, NoteKind
from reactor_chat.client.connecting.returning import RETURN_SECONDS_MIN
from reactor_chat.wire.messages import Closing, Exited, Joined, NamesAnswer, Notice, Ping, Pong
from tests.client.party import Party
from tests.client.toy import Watcher, again, live, said

OTHERS = ["Bob", "Cid", "Dee"]


def cut_off(
    present: list[str], *, farewell: bool = False, logs: tuple[str | None, str | None] = (None, None), **settings: Any
) -> Watcher:
    """Somebody who knew these to be there, and is connected again after one second."""
    watcher = live(Watcher(interactive=True, **settings), log=logs[0])
    watcher.hear(NamesAnswer(["Ann", *present]))
    if farewell:
        watcher.hear(Closing(1, "Shutting down"))
    watcher.engine.cut(0.0, "gone")
    watcher.engine.tick(1.0)
    return again(watcher, seq=100, now=1.0, log=logs[1])


def replay(watcher: Watcher, *missed: Notice, now: float = 1.0) -> None:
    (ping,) = [request for request in watcher.requests() if isinstance(request, Ping)][-1:]
    watcher.hear(*missed, Pong(None, ping.id), now=now)


def test_what_was_missed_is_known_from_what_comes_now_also_where_both_come_at_once() -> None:
    watcher = cut_off([])
    (ping,) = [request for request in watcher.requests() if isinstance(request, Ping)][-1:]
    watcher.shown.clear()
    watcher.hear(said(101), Pong(None, ping.id), said(102), now=1.0)
    watcher.take()
    assert [one.is_missed for one in watcher.shown if isinstance(one, Arrived)] == [True, False]


def presence(watcher: Watcher) -> list[str]:
    return [f"{type(n).__name__} {n.name}" for n in watcher.notices if isinstance(n, Exited | Joined)]


def restarted(watcher: Watcher, names: list[str] = OTHERS) -> None:
    replay(watcher, *(Exited(seq, 1_000, name) for seq, name in enumerate(names, 1)))


@pytest.mark.parametrize("farewell", [True, False])
def test_those_who_come_back_are_one_line(*, farewell: bool) -> None:
    watcher = cut_off(OTHERS, farewell=farewell)
    restarted(watcher)
    for seq, name in enumerate(OTHERS, 10):
        watcher.hear(Joined(seq, 2_000, name.upper()), now=2.0)
        watcher.engine.tick(2.0)
    assert presence(watcher) == []
    assert watcher.notes(NoteKind.NEWS)[-1] == "The server was restarted; 3 people are back"


@pytest.mark.parametrize(
    ("logs", "line"),
    [
        (("old", "new"), "The server was restarted; 1 person is back"),
        (("same", "same"), "Connected again"),
        ((None, "new"), "Connected again"),
    ],
)
def test_a_new_log_is_a_restart_whoever_was_known_to_be_there(logs: tuple[str | None, str], line: str) -> None:
    watcher = cut_off([], logs=logs)
    replay(watcher, Exited(1, 1_000, "Bob"))
    watcher.hear(Joined(2, 2_000, "Bob"), now=2.0)
    watcher.engine.tick(2.0)
    assert watcher.notes(NoteKind.NEWS)[-1] == line


def test_many_who_left_at_once_are_no_restart_where_the_log_is_the_same() -> None:
    watcher = cut_off(OTHERS, logs=("same", "same"))
    restarted(watcher)
    watcher.hear(*(Joined(seq, 2_000, name) for seq, name in enumerate(OTHERS, 10)), now=2.0)
    watcher.engine.tick(2.0)
    assert presence(watcher) == []
    assert watcher.notes(NoteKind.NEWS)[-1] == "3 people are back"


def test_who_was_back_before_us_is_counted_too() -> None:
    watcher = cut_off(OTHERS)
    exits = [Exited(seq, 1_000, name) for seq, name in enumerate(OTHERS, 1)]
    replay(watcher, *exits, *(Joined(seq, 1_500, name) for seq, name in enumerate(OTHERS, 10)))
    assert presence(watcher) == []
    assert watcher.notes(NoteKind.NEWS)[-1] == "The server was restarted; 3 people are back"


def test_who_does_not_come_back_has_left() -> None:
    watcher = cut_off(OTHERS)
    restarted(watcher)
    watcher.hear(Joined(10, 2_000, "Bob"), now=2.0)
    end = 1.0 + RETURN_SECONDS_MIN + 1.0
    watcher.engine.tick(end - 0.1)
    assert presence(watcher) == []
    watcher.engine.tick(end)
    assert presence(watcher) == ["Exited Cid", "Exited Dee"]
    assert watcher.notes(NoteKind.NEWS)[-1] == "The server was restarted; 1 person is back"
    watcher.hear(Joined(11, 9_000, "Cid"), now=end)
    assert presence(watcher)[2:] == ["Joined Cid"]


def test_where_our_own_connection_was_cut_nobody_is_waited_for() -> None:
    watcher = cut_off(OTHERS)
    replay(watcher, Exited(1, 1_000, "Bob"), Joined(2, 2_000, "Bob"), Exited(3, 3_000, "Cid"), said(4))
    assert presence(watcher) == ["Exited Cid"]
    assert watcher.notes(NoteKind.NEWS)[-1] == "Connected again"


def test_what_happens_later_is_told_as_it_happens() -> None:
    watcher = cut_off(OTHERS)
    restarted(watcher)
    for seq, name in enumerate(OTHERS, 10):
        watcher.hear(Joined(seq, 2_000, name), now=2.0)
    watcher.engine.tick(2.0)
    watcher.hear(Exited(20, 9_000, "Bob"), Joined(21, 9_500, "Bob"), now=9.0)
    assert presence(watcher) == ["Exited Bob", "Joined Bob"]


def test_a_program_is_told_everything() -> None:
    watcher = cut_off(OTHERS, tells_all=True)
    restarted(watcher)
    assert presence(watcher) == [f"Exited {name}" for name in OTHERS]


def test_another_cut_meanwhile_hides_nobodys_exit() -> None:
    watcher = cut_off(OTHERS)
    restarted(watcher)
    watcher.engine.cut(2.0, "gone")
    watcher.engine.tick(3.0)
    again(watcher, seq=100, now=3.0)
    assert presence(watcher) == [f"Exited {name}" for name in OTHERS]


def test_a_restart_of_a_real_server_is_one_line_to_each_of_its_guests() -> None:
    party = Party()
    guests = [party.enter(f"P{number}", key=number % 2 == 0) for number in range(6)]
    party.settle()
    for guest in guests:
        guest.lines.clear()
    party.restart()
    party.wait(60)
    for guest in guests:
        assert not [line for line in guest.lines if "exited" in line or "joined" in line], guest.lines
        assert [line.endswith("5 people are back") for line in guest.lines if "back" in line] == [True]
    assert "* The server was restarted; 5 people are back" in guests[0].lines
