"""The full screen as a person sees it, drawn by a terminal emulator."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.client.boundary import Action, Note, NoteKind
from reactor_chat.client.screen.view import FRAME_SECONDS
from reactor_chat.wire.conversation import where_said
from reactor_chat.wire.messages import Exited, GroupSaid, Joined, NamesAnswer, Notice, Refused, Said, Say, Tell
from tests.client.screen.seat import AT, DAY_MS, Seat, said, told

SIZES = [(80, 24), (120, 40), (200, 50), (40, 12)]


def said_by(seat: Seat) -> list[tuple[str, str]]:
    """What was said so far: where, and what."""
    sent = [one for one in seat.watcher.requests() if isinstance(one, Say | Tell)]
    return [(where_said(one).in_words, one.text or "") for one in sent]


def full(columns: int = 80, rows: int = 24) -> Seat:
    """John's screen with a day's worth of everything on it."""
    seat = Seat(columns=columns, rows=rows).live()
    link = "the deploy is done, see https://example.org/log/77"
    seat.hear(said(1, link, "Stella", AT - DAY_MS), said(2, "thanks!", "John", AT - DAY_MS + 60_000))
    seat.hear(Joined(3, AT, "Bob"), Joined(4, AT, "Ines"), said(5, "who brings soup on Tuesday?"))
    seat.hear(said(6, "@John you said you would"), told(7, "psst"))
    return seat


def test_a_screen_looks_as_it_was_drawn_up() -> None:
    seat = full()
    seat.press("yes, noodles too", "\r")
    assert seat.lines[0] == " Chats       ^K to switch │ # room · NOT encrypted · 5 here · connected"
    assert seat.lines[1:3] == ["▸# room                   │", " @ Stella             1 @1│"]
    assert [line[28:] for line in seat.lines[11:20]] == [
        "───────────────── Thu 26 Nov 2026 ──────────────────",
        "13:05 Stella  the deploy is done, see",
        "              https://example.org/log/77",
        "13:06 John    thanks!                              ✓",
        "───────────────── Fri 27 Nov 2026 ──────────────────",
        "      · Bob and Ines joined",
        "13:05 Ann     who brings soup on Tuesday?",
        "13:05 @Ann    @John you said you would",
        "      John    yes, noodles too             ◷ sending",
    ]
    assert [line[:26] for line in seat.lines[18:20]] == [" 1 chat unread, 1 for you ", " Alt-A goes there         "]
    assert seat.lines[21] == " to # room · NOT encrypted                             1 on the way   connected"


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_every_size_shows_where_a_line_goes_whether_it_is_encrypted_and_what_was_said_last(
    columns: int, rows: int
) -> None:
    seat = full()
    seat.resize(columns, rows)
    assert "to # room · NOT encrypted" in seat.text
    assert "you said you would" in seat.text
    assert all(len(line) <= columns for line in seat.lines)
    assert ("Chats" in seat.text) == (columns >= 60)
    assert ("People" in seat.text) == (columns >= 110)


def test_what_is_typed_is_said_where_one_is_and_nowhere_else() -> None:
    seat = full()
    seat.press("to all", "\r", "\x0b", "ste", "\r", "to her", "\r")
    assert said_by(seat) == [("the room", "to all"), ("your chat with stella", "to her")]


def test_a_draft_stays_where_it_was_typed() -> None:
    seat = full()
    seat.press("half a line", "\x1b2")
    assert "half a line" not in seat.text
    seat.press("other", "\x1b1")
    assert "> half a line" in seat.text
    assert "to # room" in seat.text


def test_one_s_own_line_is_stored_when_it_comes_back_and_says_why_when_it_is_refused() -> None:
    seat = full()
    seat.press("one", "\r", "two", "\r")
    ids = [one.id for one in seat.watcher.requests() if isinstance(one, Say)]
    assert seat.text.count("◷ sending") == 2
    seat.hear(Said(8, AT, "John", "one", id=ids[0]), Refused("too_long", "That is too long", ids[1]))
    assert "◷" not in seat.text
    assert re.search(r"13:05 John    one +✓", seat.text)
    assert "✗ refused" in seat.text


def test_arrivals_are_drawn_together_and_a_key_at_once() -> None:
    seat = full()
    seat.wait(1.0)
    seat.glass.writes.clear()
    for number in range(20):
        seat.watcher.hear(said(10 + number, f"n{number}"), now=seat.now)
        seat.obey()
        seat.now += FRAME_SECONDS / 20
    drawn = sum(b"n" in data for data in seat.glass.writes)
    assert drawn <= 2
    seat.glass.writes.clear()
    seat.view.input_came(b"x", seat.now)
    seat.obey()
    assert any(b"x" in data for data in seat.glass.writes)


def test_only_what_changed_is_written() -> None:
    seat = full(200, 50)
    seat.glass.writes.clear()
    seat.press("x")
    assert sum(map(len, seat.glass.writes)) < 200


def test_the_terminal_is_given_back_as_it_was_and_the_last_words_stay_on_it() -> None:
    seat = full()
    seat.glass.writes.clear()
    seat.view.show(Note(NoteKind.FAILURE, "The server is gone"))
    seat.view.end()
    written = b"".join(seat.glass.writes)
    assert b"\x1b[?1049l" in written
    assert b"\x1b[?2004l" in written
    assert written.rstrip().endswith(b"The server is gone")
    assert seat.glass.calls[-1] == "drop"


def test_suspended_and_resumed_it_draws_everything_anew() -> None:
    seat = full()
    seat.press("\x1a")
    assert seat.glass.calls == ["enter", "leave", "flush", "stop", "enter"]
    seat.wait(0.1)
    assert "you said you would" in seat.text


def test_who_has_no_name_yet_is_asked_for_one() -> None:
    seat = Seat(None)
    seat.engine.start(0.0)
    seat.obey()
    seat.wait(0.1)
    assert "choose a name" in seat.text
    seat.press("John", "\r")
    assert seat.engine.name == "John"


def test_an_empty_conversation_says_what_to_do() -> None:
    seat = Seat().live()
    seat.wait(0.1)
    assert "Nothing was said here yet" in seat.text


def test_a_mention_rings_and_is_told_of_while_the_person_looks_elsewhere() -> None:
    seat = full()
    seat.press("\x1b[O")
    seat.glass.writes.clear()
    seat.hear(said(8, "nothing"), said(9, "John: soup?"))
    assert b"\x07\x1b]9;Ann in # room: John: soup?\x1b\\" in seat.glass.writes
    seat.press("\x1b[I")
    seat.glass.writes.clear()
    seat.hear(said(10, "John!"))
    assert not any(b"\x07" in data for data in seat.glass.writes)


def test_a_link_leads_somewhere_in_every_row_it_stands_in() -> None:
    seat = full()
    seat.glass.writes.clear()
    uri = "https://chat.example/" + "x" * 70
    seat.hear(said(8, f"see {uri}."))
    written = b"".join(seat.glass.writes).decode()
    opened = [part for part in written.split("\x1b]8;")[1:] if uri in part.partition("\x1b")[0]]
    assert len(opened) == 3
    assert "".join(part.partition("\x1b\\")[2].partition("\x1b")[0] for part in opened) == uri


# ------------------------------------------------------------------------------------------------ whatever happens

KINDS = ["said", "told", "group", "joined", "exited", "names", "refused"]
NASTY = [
    "\x1b[31337m", "\x1b]52;c;AAAA\x07", "\u202eevil", "a" * 300, "日本語 " * 40, "👨‍👩‍👧‍👦" * 9, "שלום עולם",
    "x\ny\nz", "é\u0301\u0301" * 20,
]  # fmt: skip
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=60))
NAMES = st.sampled_from(["Ann", "Bob", "Stella", "John", "A_name_of_thirty_two_characters_"])
KEYS = [
    "\r", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F", "\x7f", "\t", "\x0b",
    "\x06", "\x1b", "\x1b1", "\x1b2", "\x1b3", "\x1ba", "\x1bOP", "\x1bOR", "\x1b[18~", "\x1b[19~", "\x1b\r", "\x03",
    "hello", "@", "@Bob hi\r", "\x1b[I", "\x1b[O", "\x1b[200~one\ntwo\nthree\nfour\x1b[201~", "/", "日本", "@help\r",
]  # fmt: skip


class Everything:
    """A person who presses any key while anything comes, and what must hold at each moment."""

    def __init__(self) -> None:
        self.seat = Seat().live()
        self.seq = 0

    def hear(self, kind: str, name: str, text: str) -> None:
        self.seq += 1
        notices: dict[str, Notice] = {
            "said": Said(self.seq, AT, name, text),
            "told": told(self.seq, text, name, "John"),
            "group": GroupSaid(self.seq, AT, name, "lunch", text),
            "joined": Joined(self.seq, AT, name),
            "exited": Exited(self.seq, AT, name),
            "names": NamesAnswer([name, "John"]),
            "refused": Refused("too_fast", text),
        }
        self.seat.hear(notices[kind])

    def press(self, key: str) -> None:
        seat = self.seat
        before, (target, _) = len(said_by(seat)), seat.view.keyboard.target()
        is_seen = f"to {target}" in seat.text
        seat.press(key)
        for where, _ in said_by(seat)[before:]:
            if key == "\r" and is_seen:
                assert where.split()[-1] == target.lower().split()[-1], "it goes where the person saw it go"

    def resize(self, size: tuple[int, int]) -> None:
        self.seat.resize(*size)

    def wait(self, seconds: float) -> None:
        self.seat.wait(seconds)

    def check(self) -> None:
        columns, rows = self.seat.glass.size()
        lines = self.seat.lines
        assert len(lines) == rows
        to, _ = self.seat.view.keyboard.target()
        if (
            columns >= 40
            and rows >= 8
            and self.seat.view.keyboard.asking is None
            and not self.seat.view.keyboard.question
        ):
            assert f"to {to}"[:20] in self.seat.text, "the person sees to whom the line goes"


STEP = st.one_of(
    st.tuples(
        st.just("hear"),
        st.sampled_from(["said", "told", "group", "joined", "exited", "names", "refused"]),
        NAMES,
        TEXTS,
    ),
    st.tuples(st.just("press"), st.sampled_from(KEYS)),
    st.tuples(st.just("resize"), st.sampled_from([*SIZES, (20, 5), (1, 1), (61, 13), (110, 9)])),
    st.tuples(st.just("wait"), st.floats(0.01, 6.0)),
)
ALLOWED = re.compile(
    rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b\](?:2|8|9);[^\x00-\x1f]*\x1b\\|\x1b[()][0-9A-Z]|[\x07\x08\x0e\x0f\r\n]|[^\x00-\x1f\x7f]"
)


@settings(max_examples=25, deadline=None)
@given(st.lists(STEP, max_size=30))
def test_whatever_comes_and_is_pressed_nothing_breaks_and_only_our_own_controls_leave(
    steps: list[tuple[Any, ...]],
) -> None:
    everything = Everything()
    for what, *how in steps:
        getattr(everything, what)(*how)
        if Action.STOP in everything.seat.actions:
            return
        everything.check()
    written = b"".join(everything.seat.glass.writes)
    assert not ALLOWED.sub(b"", written), "no control character leaves but ours"
    assert b"\x1b[31337m" not in written
    assert b"\x1b]52" not in written
