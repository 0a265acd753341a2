"""What leaves a terminal's line, and what becomes of its row: nothing that nobody sent, and no ghosts."""

import pytest

from reactor_chat.client.boundary import Draft
from reactor_chat.client.commands.key_map import Bound, KeyMap
from reactor_chat.client.commands.keys import KeyAction, ViewKind
from reactor_chat.client.terminal.line_mode import LineMode
from reactor_chat.client.terminal.palette import Palette
from reactor_chat.wire.messages import Say, Tell
from tests.client.terminal.test_line_mode import Seat, local_time, said


def texts(seat: Seat) -> list[str | None]:
    return [request.text for request in seat.watcher.requests() if isinstance(request, Say)]


UNKNOWN = "13:05 * Unknown command /shrug. Use @help; // sends a line that begins with a slash"


def test_a_command_of_other_chats_means_what_it_means_there() -> None:
    seat = Seat().live()
    seat.press("/msg Stella the secret", "\r")
    assert [(r.to, r.text) for r in seat.watcher.requests() if isinstance(r, Tell)] == [("Stella", "the secret")]
    seat.press("/me waves", "\r", "//etc/passwd", "\r", "/quit", "\r")
    assert texts(seat) == ["/me waves", "/etc/passwd"]
    assert not seat.engine.wants_input


def test_a_line_with_a_slash_that_is_no_command_stays_to_be_changed() -> None:
    seat = Seat(columns=100).live()
    seat.press("/shrug ok", "\r")
    seat.wait(1.0)
    seat.press("\r")
    assert texts(seat) == [], "however often Enter comes"
    assert seat.glass.lines == [UNKNOWN, UNKNOWN, "NOT encrypted > /shrug ok"]
    seat.press("\x01", "/", "\r")
    assert texts(seat) == ["/shrug ok"]


def test_what_is_given_back_to_be_edited_is_typed_as_it_was_meant() -> None:
    seat = Seat().live()
    seat.view.show(Draft("/shrug ok"))
    seat.press("\r")
    assert texts(seat) == ["/shrug ok"]


def test_a_paste_is_asked_about_again_when_it_was_changed_and_each_time() -> None:
    seat = Seat().live()
    seat.press(b"\x1b[200~1\n2\n3\n4\x1b[201~", "\r")
    seat.wait(1.0)
    seat.press("y", "\r", "\r")
    assert texts(seat) == [], "a bouncing key answers nothing"
    seat.wait(1.0)
    seat.press("\r")
    assert texts(seat) == ["1\n2\n3\n4y"]
    for _ in range(2):
        seat.press(b"\x1b[200~1\n2\n3\n4\x1b[201~", "\r")
        seat.wait(1.0)
        seat.press("\x15")
    assert len(texts(seat)) == 1


def test_a_name_and_a_passphrase_may_begin_with_a_slash() -> None:
    seat = Seat(None)
    seat.engine.start(0.0)
    seat.press("/etc", "\r")
    assert "Unknown command" not in "".join(seat.glass.lines)


@pytest.mark.parametrize("data", [b"\x1b[200~1\n2\n3\n4\x1b[201~", b"1\r2\r3\r4", b"1\r2\r3\r4\r"])
def test_a_long_paste_is_asked_about_whether_it_has_brackets_or_not(data: bytes) -> None:
    seat = Seat().live()
    seat.press(data)
    assert seat.glass.lines == ["(4 lines) NOT encrypted > 1⏎2⏎3⏎4"]
    seat.press("\r")
    assert texts(seat) == []
    assert seat.glass.lines[0] == "13:05 * 4 lines were pasted. Enter again sends them to everyone"
    seat.wait(1.0)
    seat.press("\r")
    assert texts(seat) == ["1\n2\n3\n4"]


def test_a_long_message_written_by_hand_is_not_asked_about() -> None:
    seat = Seat().live()
    seat.press("1", "\x1b\r", "2", "\x1b\r", "3", "\x1b\r", "4", "\r")
    assert texts(seat) == ["1\n2\n3\n4"]


def test_what_a_terminal_sends_that_is_not_utf_8_is_told_and_not_sent() -> None:
    seat = Seat().live()
    seat.press(b"caf\xe9 f\xfcr \xa3", b"\r")
    assert texts(seat) == []
    assert seat.glass.lines[0].startswith("13:05 * Not sent: your terminal does not send UTF-8")
    assert seat.glass.lines[-1] == "NOT encrypted > caf\ufffd f\ufffdr \ufffd"
    seat.press("\x15", "cafe", "\r")
    assert texts(seat) == ["cafe"]


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b]11;rgb:0000/0000/0000\x1b\\",
        b"\x1bP>|xterm(390)\x1b\\",
        b"\x1b[?1;2c",
        b"\x1b[[A",
        b"\x1b[I",
        b"\x1b[24;80R",
    ],
)
def test_what_terminals_say_by_themselves_is_typed_by_nobody(data: bytes) -> None:
    seat = Seat().live()
    seat.press("a", data)
    for byte in data:
        seat.view.input_came(bytes([byte]), seat.now)
    seat.press("b")
    assert seat.glass.lines == ["NOT encrypted > ab"]


def narrowed(seat: Seat, columns: int) -> None:
    seat.glass.emulated.resize(24, columns)
    seat.view.resized()
    seat.wait(0.0)


def test_a_row_that_became_too_long_is_looked_for_before_anything_is_drawn() -> None:
    seat = Seat().live()
    seat.press("x" * 54)
    seat.glass.writes.clear()
    narrowed(seat, 40)
    seat.hear(said(1, "hello"))
    assert seat.glass.writes == [b"\x1b[6n"], "nothing is drawn while we do not know where"
    seat.press(b"\x1b[9;31R")  # 16 cells of prompt and 54 of text are a row of 40 and 30 cells
    assert seat.glass.writes[1] == b"\x1b[1A\r\x1b[J"
    assert b"hello" in seat.glass.writes[2]


def test_a_terminal_that_cuts_rows_off_loses_no_line_above() -> None:
    seat = Seat().live()
    seat.press("x" * 54)
    seat.glass.writes.clear()
    narrowed(seat, 40)
    seat.press(b"\x1b[9;40R")
    assert seat.glass.writes[1] == b"\r\x1b[J"


def test_a_terminal_that_does_not_answer_is_not_waited_for() -> None:
    seat = Seat().live()
    seat.press("x" * 54)
    seat.glass.writes.clear()
    narrowed(seat, 40)
    seat.wait(0.25)
    assert seat.glass.writes[1] == b"\r\x1b[J"
    assert seat.glass.lines[-1].endswith("x" * 23)
    seat.press(b"\x1b[9;31R", "y")
    assert b"\x1b[1A" not in b"".join(seat.glass.writes), "its answer comes too late"


def test_only_the_answer_to_the_last_question_counts() -> None:
    seat = Seat().live()
    seat.press("x" * 54)
    seat.glass.writes.clear()
    narrowed(seat, 60)
    narrowed(seat, 40)
    seat.press(b"\x1b[9;11R")
    assert seat.glass.writes == [b"\x1b[6n", b"\x1b[6n"]
    seat.press(b"\x1b[9;31R")
    assert seat.glass.writes[2] == b"\x1b[1A\r\x1b[J"


@pytest.mark.parametrize("evil", [b"evil\r", b"\r@Stella evil\r", b"\r"])
def test_a_paste_that_brings_its_own_end_sends_nothing(evil: bytes) -> None:
    seat = Seat().live()
    seat.press(b"\x1b[200~safe\x1b[201~" + evil + b"\x1b[201~")
    assert [r for r in seat.watcher.requests() if isinstance(r, Say | Tell)] == []
    seat.press("\x15", b"\x1b[200~safe\x1b[201~" + evil + b"x", b"\x1b[201~")
    assert [r for r in seat.watcher.requests() if isinstance(r, Say | Tell)] == []


def test_a_paste_that_broke_off_is_in_the_line_and_its_rest_too() -> None:
    seat = Seat().live()
    seat.press(b"\x1b[200~one\rtw")
    seat.wait(1.0)
    assert seat.glass.lines == ["(2 lines) NOT encrypted > one⏎tw"]
    seat.press(b"o\rthree\r\x1b[201~")
    assert texts(seat) == []
    assert seat.glass.lines == ["(3 lines) NOT encrypted > one⏎two⏎three"]


def test_a_stop_in_the_middle_of_a_paste_sends_nothing_of_it() -> None:
    seat = Seat().live()
    seat.press(b"\x1b[200~one\r")
    seat.view.suspend()
    seat.press(b"two\r\x1b[201~")
    assert texts(seat) == []
    assert seat.glass.lines[-1] == "(2 lines) NOT encrypted > one⏎two"


def test_what_was_sent_is_searched_and_not_sent_by_the_enter_that_ends_the_search() -> None:
    seat = Seat().live()
    seat.press("soup\r", "bread\r", "x", "\x12", "so")
    assert seat.glass.lines[-1] == "(recall: so) NOT encrypted > soup"
    seat.press("z")
    assert seat.glass.lines[-1] == "(not found: soz) NOT encrypted > soup"
    seat.press("\r")
    assert (seat.glass.lines[-1], texts(seat)) == ("(2 on the way) NOT encrypted > soup", ["soup", "bread"])
    seat.press("\r")
    assert texts(seat) == ["soup", "bread", "soup"]


def test_an_escape_gives_a_search_up() -> None:
    seat = Seat().live()
    seat.press("soup\r", "half", "\x12", "so", "\x1b")
    seat.wait(0.2)
    assert seat.glass.lines[-1] == "(1 on the way) NOT encrypted > half"


def test_what_was_dropped_is_undone() -> None:
    seat = Seat().live()
    seat.press("half a li", "\x03", "\x1f")
    assert seat.glass.lines == ["NOT encrypted > half a li"]


def test_keys_do_what_a_person_chose_and_the_help_says_so() -> None:
    keys = KeyMap(ViewKind.LINE, [("F5", Bound(KeyAction.KILL_WORD)), ("Ctrl-X Ctrl-X", Bound(KeyAction.UNDO))])
    seat = Seat(keys=keys.help_rows()).live()
    seat.view = LineMode(seat.engine, seat.glass, seat.glass, Palette(is_on=False), local_time, keys)
    seat.press("one two", "\x1b[15~")
    assert seat.glass.lines[-1] == "NOT encrypted > one"
    seat.press("\x18\x18")
    assert seat.glass.lines[-1] == "NOT encrypted > one two"
    seat.press("\x15", "@help keys", "\r")
    assert any(line.startswith("Ctrl-W, Alt-Backspace, F5") for line in seat.glass.lines)
