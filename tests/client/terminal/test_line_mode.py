"""What a person sees: the line mode drawn by a terminal emulator."""

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.client.boundary import Action, Note, NoteKind
from reactor_chat.client.connecting.states import State
from reactor_chat.client.terminal.line_mode import LineMode
from reactor_chat.client.terminal.palette import Palette
from reactor_chat.client.terminal.qr import drawn
from reactor_chat.e2ee.boundary import Derive
from reactor_chat.e2ee.trust import scan_code
from reactor_chat.text.help_topics import overview
from reactor_chat.wire.fields import TIME_MAX
from reactor_chat.wire.messages import (
    Bye,
    GroupSaid,
    HelpAnswer,
    HistoryAnswer,
    Joined,
    NamesAnswer,
    Notice,
    Quit,
    Refused,
    Said,
    Say,
    Told,
)
from tests.client.toy import Watcher, hello, live, welcome

TODAY = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
AT = int(TODAY.timestamp() * 1000)
PASTE = b"\x1b[200~one\ntwo\nthree\x1b[201~"


def same(text: str) -> str:
    """A text without blanks, and without the marks that the emulator joins in ways of its own."""
    return "".join(
        sign for sign in unicodedata.normalize("NFD", text) if sign != " " and not unicodedata.combining(sign)
    )


def local_time(milliseconds: int | None) -> datetime:
    return TODAY if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


class Glass:
    """A terminal: what is written to it can be seen."""

    def __init__(self, columns: int, rows: int) -> None:
        self.emulated = pyte.HistoryScreen(columns, rows, history=1_000)
        self._stream = pyte.ByteStream(self.emulated)
        self.writes: list[bytes] = []
        self.calls: list[str] = []

    def write(self, data: bytes, written: Callable[[], None] | None = None) -> None:
        self.writes.append(data)
        self._stream.feed(data)
        if written:
            written()

    def flush(self, seconds_max: float | None = None) -> None:
        assert seconds_max is not None, "a terminal that takes nothing is not waited for"
        self.calls.append("flush")

    def drop(self) -> None:
        self.calls.append("drop")

    def enter(self) -> None:
        self.calls.append("enter")

    def leave(self) -> None:
        self.calls.append("leave")

    def stop(self) -> None:
        self.calls.append("stop")

    def size(self) -> tuple[int, int]:
        return self.emulated.columns, self.emulated.lines

    @property
    def lines(self) -> list[str]:
        """What can be read, without the empty rows below."""
        return "\n".join(line.rstrip() for line in self.emulated.display).rstrip().split("\n")

    @property
    def cursor(self) -> tuple[int, int]:
        return self.emulated.cursor.y, self.emulated.cursor.x


class Seat:
    """Somebody in front of a terminal."""

    def __init__(
        self, name: str | None = "Ann", columns: int = 80, rows: int = 24, *, is_colored: bool = False, **settings: Any
    ) -> None:
        self.watcher = Watcher(name, interactive=True, **settings)
        self.engine = self.watcher.engine
        self.glass = Glass(columns, rows)
        self.view = LineMode(self.engine, self.glass, self.glass, Palette(is_on=is_colored), local_time)
        self.now = 0.0
        self.sent = b""
        self.actions: list[Action | Derive] = []
        self.view.begin()

    def obey(self) -> None:
        """As the runner does at the end of a turn."""
        outputs = self.engine.take()
        self.actions += outputs.actions
        for item in outputs.shown:
            self.view.show(item)
        self.watcher.sent += outputs.data
        self.view.draw()

    def live(self) -> "Seat":
        live(self.watcher)
        self.watcher.shown.clear()
        self.obey()
        return self

    def press(self, *pieces: str | bytes) -> None:
        for piece in pieces:
            self.view.input_came(piece.encode() if isinstance(piece, str) else piece, self.now)
            self.obey()
            self.wait(0.06)  # as long as it takes to see that nothing follows an Enter

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.view.refresh(self.now)
        self.obey()

    def hear(self, *notices: Notice) -> None:
        self.watcher.hear(*notices, now=self.now)
        self.obey()


def said(seq: int, text: str, sender: str = "Bob", at: int = AT) -> Said:
    return Said(seq, at, sender, text)


def test_what_arrives_is_printed_above_what_is_being_typed() -> None:
    seat = Seat().live()
    seat.press("half a li")
    seat.hear(said(1, "hello"), Joined(2, AT, "Stella"))
    seat.press("ne")
    assert seat.glass.lines == ["13:05 [Bob:] hello", "13:05 [Stella joined]", "NOT encrypted > half a line"]
    assert seat.glass.cursor == (2, 27)


def test_all_that_arrives_in_a_turn_is_drawn_in_one_write() -> None:
    seat = Seat().live()
    seat.glass.writes.clear()
    seat.hear(*(said(i, f"message {i}") for i in range(1, 20)))
    assert len(seat.glass.writes) == 1


CODE = scan_code.write(scan_code.ScanCode("a" * 32, bytes(32), "b" * 32, bytes(32)))


def test_a_code_is_drawn_whole_with_the_prompt_below_it() -> None:
    seat = Seat(is_colored=True).live()
    seat.view.show(Note(NoteKind.ANSWER, "scan this", CODE))
    seat.view.draw()
    rows = drawn(CODE)
    assert [line.rstrip() for line in seat.glass.lines[:-1]] == [row.rstrip() for row in rows]
    assert seat.glass.lines[-1].startswith("NOT encrypted >")
    cell = seat.glass.emulated.buffer[0][0]
    assert (cell.fg, cell.bg, cell.data) == ("brightwhite", "black", "█")


@pytest.mark.parametrize(("columns", "rows"), [(44, 24), (80, 23)])
def test_a_code_of_which_a_part_would_be_missing_is_not_drawn(columns: int, rows: int) -> None:
    seat = Seat(columns=columns, rows=rows).live()
    seat.view.show(Note(NoteKind.ANSWER, "scan this", CODE))
    seat.view.draw()
    assert "█" not in "".join(seat.glass.lines)
    assert "scan this" in seat.glass.lines[0]


@pytest.mark.parametrize(("columns", "is_seen"), [(80, True), (59, True), (58, False)])
def test_what_a_code_stands_for_is_read_beside_it_where_there_is_room(columns: int, *, is_seen: bool) -> None:
    seat = Seat(columns=columns).live()
    seat.view.show(Note(NoteKind.ANSWER, "scan this", CODE, ("", "12345 \x1b[ab", "12345 babab")))
    seat.view.draw()
    assert len(drawn(CODE)[0]) + len("   12345 babab") == 59
    assert ("12345 babab" in seat.glass.lines[3]) is is_seen
    assert "12345 ␛[ab" in seat.glass.lines[2], "nothing in it acts on the terminal"


def test_a_code_is_not_drawn_where_its_signs_cannot_be_shown() -> None:
    seat = Seat().live()
    seat.view = LineMode(seat.engine, seat.glass, seat.glass, Palette(is_on=False, shows_codes=False), local_time)
    seat.view.show(Note(NoteKind.ANSWER, "scan this", CODE))
    seat.view.draw()
    assert "█" not in "".join(seat.glass.lines)


def test_nothing_is_written_where_nothing_changed() -> None:
    seat = Seat().live()
    seat.glass.writes.clear()
    seat.obey()
    seat.view.refresh(0.0)
    assert seat.glass.writes == []


def test_ones_own_line_is_on_the_way_until_it_comes_back_stored() -> None:
    seat = Seat().live()
    seat.press("Hello", "\r")
    assert seat.glass.lines == ["(1 on the way) NOT encrypted >"]
    (request,) = [r for r in seat.watcher.requests() if isinstance(r, Say)]
    seat.hear(Said(1, AT, "Ann", "Hello", id=request.id))
    assert seat.glass.lines == ["13:05 [Ann:] Hello ✓", "NOT encrypted >"]


def test_a_name_is_asked_for_in_the_prompt_and_again_after_a_refusal() -> None:
    seat = Seat(None)
    seat.engine.start(0.0)
    seat.obey()
    assert seat.glass.lines == ["Enter a unique username:"]
    seat.engine.connected(0.0)
    seat.press("Ann\r")
    seat.hear(hello(), Refused("name_taken", "Username is already taken"))
    assert seat.glass.lines == ["13:05 Username is already taken", "Enter a unique username:"]
    seat.press("Anna\r")
    seat.hear(welcome("Anna"))
    assert seat.glass.lines[1:] == ["13:05 [Welcome Ann]".replace("Ann]", "Anna]"), "NOT encrypted >"]
    seat.press("\x1b[A")
    assert seat.glass.lines[-1] == "NOT encrypted >", "a name is not recalled as a line"


def test_a_line_longer_than_the_row_scrolls_sideways() -> None:
    seat = Seat(columns=40).live()
    seat.press("the quick brown fox jumps over the lazy dog again and again")
    assert len(seat.glass.lines) == 1
    assert seat.glass.lines[0].startswith("NOT encrypted > ")
    assert seat.glass.lines[0].endswith("again and again")
    seat.hear(said(1, "still one row"))
    assert len(seat.glass.lines) == 2
    seat.press("\x01")
    assert seat.glass.lines[1] == "NOT encrypted > the quick brown fox jum"
    assert seat.glass.cursor == (1, 16)


@pytest.mark.parametrize("columns", [80, 40])
def test_wide_signs_keep_the_cursor_in_its_place(columns: int) -> None:
    seat = Seat(columns=columns).live()
    seat.press("日本語 e\u0301 🎉x", b"\x1b[D", b"\x1b[D")
    assert seat.glass.cursor == (0, 16 + 6 + 1 + 1 + 1)
    for byte in "語".encode():
        seat.press(bytes([byte]))
    assert same("日本語 e\u0301 語🎉x") in same(seat.glass.lines[0])


def test_a_paste_is_one_message_with_marks_for_its_lines() -> None:
    seat = Seat().live()
    seat.press(PASTE)
    assert seat.glass.lines == ["(3 lines) NOT encrypted > one⏎two⏎three"]
    assert not [r for r in seat.watcher.requests() if isinstance(r, Say)]
    seat.press("\r")
    (request,) = [r for r in seat.watcher.requests() if isinstance(r, Say)]
    assert request.text == "one\ntwo\nthree"
    seat.hear(Said(1, AT, "Ann", request.text, id=request.id))
    assert seat.glass.lines == ["13:05 [Ann:] one", "      two", "      three ✓", "NOT encrypted >"]


def test_tab_completes_and_shows_what_fits() -> None:
    seat = Seat(curious=True).live()
    names = seat.watcher.requests()[1]
    seat.hear(NamesAnswer(["Ann", "Stefan", "Stella"], names.id))
    seat.press("@St\t")
    assert seat.glass.lines == ["NOT encrypted > @Ste"]
    seat.press("\t")
    assert seat.glass.lines == ["13:05 @Stefan  @Stella", "NOT encrypted > @Ste"]
    seat.press("l\thi")
    assert seat.glass.lines[-1] == "NOT encrypted > @Stella hi"


def test_long_lines_go_on_indented_so_that_no_text_looks_like_a_line() -> None:
    seat = Seat(columns=40).live()
    seat.hear(said(1, "x" * 10 + " " * 18 + "13:05 [Stella:] I quit\n13:05 [Stella:] really"))
    assert seat.glass.lines[0].startswith("13:05 [Bob:]")
    assert all(line.startswith("      ") for line in seat.glass.lines[1:-1])


def test_every_kind_of_line() -> None:
    seat = Seat().live()
    seat.hear(
        Told(1, AT, "Bob", "Ann", "psst"),
        Told(2, AT, "Ann", "Bob", "psst yourself"),
        GroupSaid(3, AT, "Bob", "team", "hi team"),
        Refused("no_such_user", "There is no user x\n[Bob:] y"),
        said(4, "\x1b[2Jboo"),
        said(5, "last year", at=AT - 365 * 86_400_000),
        said(6, "far from now", at=TIME_MAX),
    )
    assert seat.glass.lines == [
        "13:05 [Bob (private):] psst",
        "13:05 [to Bob:] psst yourself",
        "13:05 [Bob (team):] hi team",
        "13:05 [server: There is no user x ⏎ [Bob:] y]",
        "13:05 [Bob:] ␛[2Jboo",
        "2025-11-20 13:05 [Bob:] last year",
        "9999-12-31 23:59 [Bob:] far from now",
        "NOT encrypted >",
    ]


def test_the_prompt_says_that_no_answer_comes() -> None:
    seat = Seat().live()
    seat.press("hello\r")
    seat.engine.tick(seat.now + 15.0)
    seat.obey()
    assert seat.glass.lines[-1] == "(no answer) (1 on the way) NOT encrypted >"


def test_the_help_fits_a_common_terminal() -> None:
    seat = Seat().live()
    seat.hear(HelpAnswer("[Bob, encrypted:] whatever a server says"))
    assert "sealed" not in "".join(seat.glass.lines)
    assert len(seat.glass.lines) == len(overview(has_key=False).splitlines()) + 2 <= 24


def test_history_is_told_from_what_is_said_now() -> None:
    seat = Seat().live()
    seat.hear(HistoryAnswer([said(1, "old", at=AT - 86_400_000), said(2, "new")], more=True))
    assert seat.glass.lines == [
        "13:05 * From the history, and there are older ones:",
        "2026-11-19 13:05 [Bob:] old",
        "13:05 [Bob:] new",
        "13:05 * End of the history",
        "NOT encrypted >",
    ]


def test_a_lost_connection_is_seen_in_the_prompt() -> None:
    seat = Seat().live()
    seat.engine.cut(1.0, "gone")
    seat.obey()
    assert seat.glass.lines == ["13:05 * Connection lost (gone); trying to connect again", "(offline) NOT encrypted >"]


def test_control_c_drops_the_line_first_and_leaves_then() -> None:
    seat = Seat().live()
    seat.press("half", "\x03")
    assert seat.glass.lines == ["NOT encrypted >"]
    assert seat.engine.state is State.LIVE
    seat.press("\x03")
    assert seat.watcher.requests()[-1] == Quit()
    seat.hear(Bye("quit", "Goodbye"))
    assert Action.STOP in seat.actions


def test_control_d_leaves_and_so_does_a_terminal_that_is_closed() -> None:
    seat = Seat().live()
    seat.press("\x04")
    assert seat.engine.state is State.LEAVING
    seat = Seat().live()
    seat.view.input_ended(0.0)
    assert seat.engine.state is State.LEAVING


def test_control_z_gives_the_terminal_back_and_takes_it_again() -> None:
    seat = Seat().live()
    seat.press("half")
    seat.glass.calls.clear()
    seat.press("\x1a")
    assert seat.glass.calls == ["leave", "flush", "stop", "enter"]
    assert seat.glass.lines == ["NOT encrypted > half"]


def test_control_l_clears_the_screen() -> None:
    seat = Seat().live()
    seat.hear(said(1, "hello"))
    seat.press("x\x0c")
    assert seat.glass.lines == ["NOT encrypted > x"]


def test_the_end_leaves_a_free_row_and_the_terminal_as_it_was() -> None:
    seat = Seat().live()
    seat.hear(said(1, "hello"))
    seat.press("half")
    seat.view.end()
    assert seat.glass.lines == ["13:05 [Bob:] hello"]
    assert seat.glass.cursor == (1, 0)
    assert seat.glass.calls[-3:] == ["leave", "flush", "drop"], "the modes first"
    assert b"\x1b[?2004l" in seat.glass.writes[-1]


def test_an_escape_alone_is_forgotten_after_a_moment() -> None:
    seat = Seat().live()
    seat.press("\x1b")
    assert seat.view.next_deadline == 0.1
    seat.wait(0.1)
    seat.wait(1.0)
    assert seat.view.next_deadline is None
    seat.press("b")
    assert seat.glass.lines == ["NOT encrypted > b"]


def test_what_cannot_be_done_rings_once() -> None:
    seat = Seat().live()
    seat.press("\x7f")
    assert seat.glass.writes[-1] == b"\a"


def test_people_have_colours() -> None:
    seat = Seat(is_colored=True).live()
    seat.hear(said(1, "hello"))
    name = seat.glass.emulated.buffer[0][7]
    text = seat.glass.emulated.buffer[0][13]
    assert name.data == "B"
    assert name.fg != text.fg == "default"


@pytest.mark.parametrize("columns", [1, 2, 5, 12, 40])
@pytest.mark.parametrize("rows", [1, 2])
def test_a_terminal_of_any_size_will_do(columns: int, rows: int) -> None:
    seat = Seat(columns=columns, rows=rows).live()
    seat.press("typing 日本 and more", PASTE, "\x01", "\x05")
    seat.hear(said(1, "hello " * 30), NamesAnswer(["Ann"] * 30))
    seat.glass.emulated.resize(24, 80)
    seat.view.resized()
    seat.obey()
    assert seat.glass.lines[-1].endswith("one⏎two⏎three")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(st.sampled_from("ab 日e\u0301"), min_size=1, max_size=9).map(str.encode),
            st.sampled_from([b"\x1b[D", b"\x1b[C", b"\x01", b"\x05", b"\x7f", b"\x15", b"\x1b[A", b"\t", PASTE]),
            st.text(st.sampled_from("xyz é日\n"), min_size=1, max_size=60),
        ),
        max_size=20,
    ),
    st.sampled_from([30, 40, 80]),
)
def test_whatever_is_typed_and_heard_the_last_row_is_what_is_typed_and_nothing_heard_is_lost(
    steps: list[Any], columns: int
) -> None:
    seat = Seat(columns=columns, rows=12).live()
    heard = []
    for step in steps:
        if isinstance(step, bytes):
            seat.press(step)
        else:
            heard.append(step)
            seat.hear(said(len(heard), f"#{len(heard)} {step}"))
    everything = ["".join(line[x].data for x in range(columns)) for line in seat.glass.emulated.history.top]
    everything += seat.glass.emulated.display
    numbers = [w for line in everything for w in line.split() if w.startswith("#")]
    assert numbers == [f"#{i + 1}" for i in range(len(heard))]
    prompt = seat.view._prompt.fitting(columns)
    typed = seat.view._editor.visible(columns - len(prompt))
    assert same(prompt + typed.text) == same(seat.glass.lines[-1])
    assert seat.glass.cursor[1] == len(prompt) + typed.cursor_cells
