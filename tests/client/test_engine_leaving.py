"""How the engine leaves, and what it does about connections that leave it; the clock stands still until it is moved."""

import pytest

from reactor_chat.client.boundary import Action, ExitStatus, NoteKind
from reactor_chat.client.connecting.states import State
from reactor_chat.wire.messages import (
    Accepted,
    AskNames,
    Bye,
    Closing,
    Login,
    NamesAnswer,
    Ping,
    Pong,
    Quit,
    Refused,
    Say,
)
from tests.client.toy import Watcher, again, hello, ids, live, login, said, said_by, texts

# ---------------------------------------------------------------------------------------------------- leaving


def test_a_pipe_quits_when_everything_is_answered() -> None:
    watcher = live(Watcher())
    watcher.engine.typed("Hello", 0.0)
    watcher.engine.typed("@names", 0.0)
    watcher.engine.end_of_input(0.0)
    (mine,) = ids(watcher)
    watcher.hear(Accepted(mine, 1))
    names = watcher.requests()[-1]
    watcher.hear(NamesAnswer(["Ann"], names.id, more=True))
    assert not any(isinstance(r, Quit) for r in watcher.requests())
    watcher.hear(NamesAnswer(["Bob"], names.id))
    assert watcher.requests()[-1] == Quit()
    watcher.hear(Bye("quit", "Goodbye"))
    assert watcher.took(Action.STOP)
    assert watcher.engine.exit_status is ExitStatus.DONE


def test_an_empty_pipe_logs_in_all_the_same() -> None:
    watcher = Watcher()
    watcher.engine.start(0.0)
    watcher.engine.end_of_input(0.0)
    again(watcher)
    assert watcher.requests() == [login("Ann"), Quit()]


def test_what_follows_quit_is_not_asked() -> None:
    watcher = live(Watcher())
    for line in ("one", "@quit", "two"):
        watcher.engine.typed(line, 0.0)
    assert not watcher.engine.wants_input
    watcher.hear(Accepted(ids(watcher)[0], 1))
    assert [type(r) for r in watcher.requests()] == [Login, Say, Quit]


def test_a_goodbye_that_is_not_heard_does_not_keep_anybody() -> None:
    watcher = live(Watcher(interactive=True))
    watcher.engine.leave(1.0)
    assert watcher.requests()[-1] == Quit()
    assert watcher.engine.next_deadline == 6.0
    watcher.engine.tick(6.0)
    assert watcher.took(Action.STOP)
    assert watcher.engine.exit_status is ExitStatus.DONE


def test_leaving_twice_is_leaving_at_once() -> None:
    watcher = live(Watcher(interactive=True))
    watcher.engine.typed("unanswered", 1.0)
    watcher.engine.leave(1.0)
    assert not watcher.took(Action.STOP)
    watcher.engine.leave(1.0)
    assert watcher.took(Action.STOP)
    assert watcher.notes(NoteKind.DOUBT) == ["Perhaps not delivered: unanswered"]


def test_a_connection_that_ends_instead_of_a_goodbye_is_as_good() -> None:
    watcher = live(Watcher())
    watcher.engine.end_of_input(0.0)
    watcher.engine.cut(0.0, "closed")
    assert watcher.took(Action.STOP)
    assert watcher.engine.exit_status is ExitStatus.DONE


@pytest.mark.parametrize(
    ("reason", "status"),
    [("kicked", ExitStatus.REFUSED), ("taken_over", ExitStatus.REFUSED), ("violation", ExitStatus.FAILED)],
)
def test_who_is_sent_away_does_not_come_back(reason: str, status: ExitStatus) -> None:
    watcher = live(Watcher(interactive=True))
    watcher.hear(Bye(reason, "Away with you"))
    assert watcher.took(Action.STOP)
    assert watcher.engine.exit_status is status


@pytest.mark.parametrize("reason", ["shutdown", "idle", "too_slow", "flood", "for_reasons_of_the_future"])
def test_after_any_other_farewell_we_come_back(reason: str) -> None:
    watcher = live(Watcher(interactive=True))
    watcher.hear(Closing(1, "Shutting down"), Bye(reason, "See you"))
    assert watcher.took(Action.CLOSE)
    assert watcher.engine.state is State.OFFLINE
    watcher.engine.tick(60.0)
    assert watcher.took(Action.CONNECT)


# ---------------------------------------------------------------------------------------------------- cuts


def test_silence_is_broken_by_a_ping_and_a_ping_unanswered_is_a_cut() -> None:
    watcher = live(Watcher(interactive=True))
    assert watcher.engine.next_deadline == 40.0
    watcher.engine.tick(39.9)
    assert len(watcher.requests()) == 1
    watcher.engine.tick(40.0)
    ping = watcher.requests()[-1]
    assert isinstance(ping, Ping)
    watcher.hear(Pong(None, ping.id), now=41.0)
    assert watcher.engine.next_deadline == 80.0
    watcher.engine.tick(80.0)
    assert watcher.engine.next_deadline == 95.0, "then the person is told"
    watcher.engine.tick(95.0)
    assert watcher.engine.next_deadline == 110.0
    watcher.engine.tick(110.0)
    assert watcher.took(Action.CLOSE)
    assert watcher.engine.state is State.OFFLINE
    assert not any(isinstance(n, Pong) for n in watcher.notices)


def deadline(watcher: Watcher) -> float:
    """When the engine wants to be called next."""
    found = watcher.engine.next_deadline
    assert found is not None
    return found


def test_pauses_grow_and_begin_anew_after_a_connection_that_lasted() -> None:
    watcher = live(Watcher(interactive=True))
    pauses, now = list[float](), 0.0
    watcher.engine.cut(now, "gone")
    for _ in range(9):
        pauses.append(deadline(watcher) - now)
        now = deadline(watcher)
        watcher.engine.tick(now)
        watcher.engine.unreachable(now, "refused")
    assert pauses == [0.375, 0.75, 1.5, 3.0, 6.0, 12.0, 22.5, 22.5, 22.5]
    assert len(watcher.notes(NoteKind.NEWS)) == 2
    now = deadline(watcher)
    watcher.engine.tick(now)
    again(watcher, now=now)
    watcher.engine.cut(now + 11, "gone")
    assert watcher.engine.next_deadline == now + 11.375


def test_a_name_that_our_own_dead_connection_holds_is_waited_for() -> None:
    watcher = live(Watcher(interactive=True))
    watcher.engine.cut(0.0, "gone")
    now = 0.0
    while now < 150.0:
        now = deadline(watcher)
        watcher.engine.tick(now)
        watcher.engine.connected(now)
        assert not watcher.engine.wants_name
        watcher.hear(hello(), Refused("name_taken", "Username is already taken"), now=now)
    assert watcher.engine.wants_name
    assert [n.code for n in watcher.notices if isinstance(n, Refused)] == ["name_taken"]


def test_a_claimed_name_sends_again_what_was_not_answered() -> None:
    watcher = live(Watcher(interactive=True), guest=False)
    for line in ("one", "two", "three"):
        watcher.engine.typed(line, 0.0)
    first = ids(watcher)
    watcher.hear(Accepted(first[0], 1))
    watcher.engine.cut(1.0, "gone")
    watcher.engine.typed("four", 1.0)
    watcher.engine.tick(2.0)
    again(watcher, guest=False, now=2.0)
    assert ids(watcher)[3:] == [*first[1:], ids(watcher)[-1]]


def test_a_guest_is_told_what_perhaps_was_not_delivered() -> None:
    watcher = live(Watcher(interactive=True))
    for line in ("@Bob one", "two", "three", "@names"):
        watcher.engine.typed(line, 0.0)
    sent = ids(watcher)
    watcher.engine.cut(1.0, "gone")
    watcher.engine.typed("four", 1.0)
    watcher.engine.tick(2.0)
    watcher.sent = b""
    again(watcher, seq=7, now=2.0)
    login, end, names, four = watcher.requests()
    assert (type(login), type(end), type(names), said_by([four])) == (Login, Ping, AskNames, ["four"])
    watcher.hear(said(5, "Ann", "two", sent[1]), now=2.0)  # what everyone may see is replayed
    assert watcher.notes(NoteKind.DOUBT) == []
    watcher.hear(Pong(None, end.id), now=2.0)
    assert watcher.notes(NoteKind.DOUBT) == ["Perhaps not delivered: @Bob one", "Perhaps not delivered: three"]


def test_a_pipe_that_cannot_tell_what_was_delivered_says_so_with_its_status() -> None:
    watcher = live(Watcher())
    watcher.engine.typed("lost?", 0.0)
    watcher.engine.end_of_input(0.0)
    watcher.engine.cut(1.0, "gone")
    watcher.engine.tick(2.0)
    again(watcher, now=2.0)
    watcher.hear(Pong(None, watcher.requests()[-1].id), now=2.0)
    watcher.hear(Bye("quit", "Goodbye"), now=2.0)
    assert watcher.took(Action.STOP)
    assert watcher.engine.exit_status is ExitStatus.TRY_LATER


def test_a_pipe_gives_up_after_a_minute_and_says_what_was_not_sent() -> None:
    watcher = live(Watcher())
    watcher.engine.cut(5.0, "gone")
    for i in range(8):
        watcher.engine.typed(f"line {i}", 6.0)
    while not watcher.took(Action.STOP):
        now = deadline(watcher)
        watcher.engine.tick(now)
        if watcher.took(Action.CONNECT):
            watcher.engine.unreachable(now, "refused")
    assert now == 65.0
    assert watcher.engine.exit_status is ExitStatus.TRY_LATER
    assert watcher.notes(NoteKind.DOUBT) == [*(f"Not sent: line {i}" for i in range(5)), "Not sent: and 3 more"]


def test_a_pipe_that_has_nothing_left_to_say_does_not_wait_for_a_lost_server() -> None:
    watcher = live(Watcher())
    watcher.engine.cut(5.0, "gone")
    watcher.engine.end_of_input(6.0)
    assert watcher.took(Action.STOP)
    assert watcher.engine.exit_status is ExitStatus.DONE


def test_a_person_who_types_without_a_connection_is_told_that_it_waits() -> None:
    watcher = live(Watcher(interactive=True))
    watcher.engine.cut(1.0, "gone")
    watcher.engine.typed("later", 1.0)
    assert "will be sent" in watcher.notes(NoteKind.NEWS)[-1]


def test_a_second_word_about_a_cut_is_ignored() -> None:
    watcher = live(Watcher(interactive=True))
    watcher.engine.cut(1.0, "gone")
    watcher.engine.cut(1.0, "gone again")
    watcher.engine.received(b"late", 1.0)
    assert len(watcher.notes(NoteKind.NEWS)) == 1


def test_a_stopped_engine_stays_stopped() -> None:
    watcher = live(Watcher())
    watcher.engine.leave(0.0)
    watcher.engine.leave(0.0)
    for _ in range(2):
        watcher.engine.typed("x", 1.0)
        watcher.engine.end_of_input(1.0)
        watcher.engine.leave(1.0)
        watcher.engine.tick(1e9)
        watcher.hear(said(1))
        watcher.engine.cut(1.0, "gone")
    assert watcher.engine.next_deadline is None
    assert watcher.engine.state is State.STOPPED
    assert texts(watcher.notices) == []
