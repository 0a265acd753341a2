"""Typing where nothing is taken back: what is written of it, what waits for its end, what is asked before it leaves."""

import pytest

from reactor_chat.client.boundary import Arrived, Draft, Note, NoteKind
from reactor_chat.client.connecting.states import State
from reactor_chat.client.terminal.accessible_mode import PAUSE_SECONDS, WAITING_MAX
from reactor_chat.wire.messages import (
    Joined,
    NamesAnswer,
    Refused,
    Said,
)
from tests.client.terminal.listener import AT, Listener
from tests.client.terminal.test_accessible_mode import at_home, requests
from tests.client.toy import hello, welcome


def test_what_is_typed_at_the_end_is_written_there_and_any_other_change_writes_the_line_anew() -> None:
    john, written = at_home()
    john.press("a", "b", "\x1b[D", "c", "\x01", "\x05", "d", "\x15", "x")
    assert written() == "> ab\n> acbd\n> x"


def test_what_arrives_waits_for_the_end_of_the_line() -> None:
    john, written = at_home()
    john.press("half")
    john.hear(Said(1, AT, "Ann", "one"))
    assert written() == "> half"
    john.press("\x15")
    assert written() == "> half\nAnn: one\n"
    john.hear(Said(2, AT, "Ann", "two"))
    assert written().endswith("Ann: two\n")


def test_control_l_tells_what_waits_where_the_cursor_is_and_the_line() -> None:
    john, written = at_home()
    john.press("half a line", "\x1b[D" * 4)
    john.hear(Said(1, AT, "Ann", "one"))
    john.press("\x0c", "\x01\x0c", "\x05\x0c", "\x15\x0c")
    assert written().splitlines() == [
        "> half a line",
        "Ann: one",
        'The cursor is before "line".',
        "> half a line",
        "The cursor is at the beginning.",
        "> half a line",
        "The cursor is at the end.",
        "> half a line",
        "Nothing is typed.",
    ]


def test_a_pause_tells_once_how_much_waits() -> None:
    john, written = at_home()
    john.press("half")
    john.hear(Said(1, AT, "Ann", "one"), Joined(2, AT, "Bob"))
    deadline = john.view.next_deadline
    assert deadline is not None
    assert john.now < deadline <= PAUSE_SECONDS
    john.wait(deadline - john.now)
    john.hear(Said(3, AT, "Ann", "two"))
    john.wait(2 * PAUSE_SECONDS)
    assert written() == "> half\n2 lines are waiting. Ctrl-L shows what waits.\n> half"


def test_what_waits_is_bounded() -> None:
    john, written = at_home()
    john.press("half")
    john.show(*(Said(seq, AT, "Ann", f"#{seq}") for seq in range(1, WAITING_MAX + 1)))
    assert "#" not in written()
    john.show(Said(0, AT, "Ann", "#0"))
    assert written().count("#") == WAITING_MAX + 1
    assert written().endswith("\n> half")


def test_what_is_wrong_with_keys_does_not_wait() -> None:
    john, written = at_home()
    john.press("half")
    john.show(Note(NoteKind.NEWS, "later"), Note(NoteKind.ALARM, "Bob's key changed"))
    assert written() == "> half\nBob's key changed\n> half"


def test_tab_tells_at_once_what_fits() -> None:
    john, written = at_home(curious=True)
    john.hear(NamesAnswer(["John", "Stefan", "Stella"], john.watcher.requests()[1].id))
    john.press("@St\t", "\t", "l\thi", "\tx")
    assert written().splitlines() == [
        *("> @Ste", "@Stefan, @Stella", "> @Ste"),
        "What you type to Stella is NOT encrypted.",
        "> @Stella hi",
        "Nothing fits.",
        "> @Stella hix",
    ]


def test_a_line_of_several_lines_is_written_as_it_will_be_read() -> None:
    john, written = at_home()
    john.press("one", "\x1b\r", "two")
    assert written() == "> one\n  two"


def test_a_line_that_is_given_back_stands_there_to_be_edited() -> None:
    john, written = at_home()
    john.show(Draft("@Stella again"))
    assert written() == "What you type to Stella is NOT encrypted.\n> @Stella again"


def test_a_passphrase_is_not_echoed_and_not_recalled() -> None:
    john, written = at_home()
    john.engine.messaging.orders.wants_passphrase = True
    john.show(Note(NoteKind.QUESTION, "Type the passphrase; it is not shown"))
    john.press("correct", "\x7f", "horse", "\x0c", "\r", "\x1b[A")
    assert "corre" not in written()
    assert written().splitlines()[:2] == ["Type the passphrase; it is not shown", "> "]
    assert john.view._editor.text == ""


def test_a_name_is_asked_for_in_words() -> None:
    john = Listener(name=None)
    john.engine.start(0.0)
    john.obey()
    john.engine.connected(0.0)
    john.press("Ann", "\r")
    john.hear(hello(), Refused("name_taken", "Username is already taken"))
    john.press("John", "\r")
    john.hear(welcome("John"))
    assert john.paper.text.splitlines() == [
        "Enter a unique username",
        "> Ann",
        "It is 13:05.",
        "Username is already taken",
        "Choose another name",
        "> John",
        "Welcome John",
        "What you type to everyone is NOT encrypted.",
    ]


@pytest.mark.parametrize(("line", "asks"), [("1\r2\r3\r4", "4 lines were pasted")])
def test_what_may_be_a_slip_is_asked_about(line: str, asks: str) -> None:
    john, written = at_home()
    john.press(line, "\r", "\r")
    assert requests(john) == [], "a bouncing key answers nothing"
    assert written().count(asks) == 1
    john.wait(1.0)
    john.press("\r")
    assert [request.text for request in requests(john)] == [line.replace("\r", "\n")]


def test_what_is_not_utf_8_is_told_and_not_sent() -> None:
    john, written = at_home()
    john.press(b"caf\xe9 x", "\r")
    assert requests(john) == []
    assert "Not sent: your terminal does not send UTF-8" in written()


def test_controls_leave_suspend_and_drop_the_line() -> None:
    john, written = at_home()
    john.press("half", "\x1a")
    assert john.paper.calls[-4:] == ["leave", "flush", "stop", "enter"]
    assert written() == "> half\n> half"
    john.press("\x03", "\x03")
    assert john.engine.state is State.LEAVING


def test_the_end_says_all_that_waits_and_gives_the_terminal_back_first() -> None:
    john, written = at_home()
    john.press("half")
    john.hear(Said(1, AT, "Ann", "one"))
    john.view.end()
    assert written() == "> half\nAnn: one\n"
    assert john.paper.calls[-3:] == ["leave", "flush", "drop"]


def test_what_waits_counts_as_shown_when_it_is_written_and_not_before() -> None:
    john, _ = at_home()
    places: list[int] = []
    john.engine.messaging.mailbox.printed = places.append  # type: ignore[assignment,method-assign]  # as a vault is told
    john.press("half")
    john.show(Arrived(Said(1, AT, "Ann", "one"), 7))
    assert places == []
    john.press("\r")
    assert places == [7]
