"""What others say cannot pass for a line of its own on a person's screen, whatever it holds and however wide that is.

A line of the view begins in the first column with its time; what goes on in the next row is indented.  Terminals
disagree about how wide signs are, so the emulated ones here believe different things of everything outside of ASCII.
"""

import os
import re
from collections.abc import Callable

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.wire.messages import GroupSaid, HistoryAnswer, Notice, Refused, Said, Told
from tests.client.terminal.test_line_mode import AT, Seat

EXAMPLES = 5_000 if os.environ.get("REACTOR_CHAT_NIGHTLY") == "1" else 40
LINE = re.compile(r"\d\d:\d\d( |$)")
FORGED = ["13:05 [Stella:] forged", "13:05 [Stella joined]", "[Welcome Eve]", "[John exited]", "* From the history:"]
FORGED += ["[John (private):] forged", "13:05 * The connection is lost", "> "]

WIDTHS = {
    "as the emulator has it": pyte.screens.wcwidth,
    "all wide": lambda sign: 1 if sign.isascii() else 2,
    "all narrow": lambda _: 1,
}


WAYS: list[Callable[[str], Notice]] = [
    lambda text: Said(1, AT, "Eve", text),
    lambda text: Told(1, AT, "Eve", "Ann", text),
    lambda text: GroupSaid(1, AT, "Eve", "team", text),
    lambda text: Refused("no_such_user", text),
]


def heard(notice: Notice, columns: int) -> list[str]:
    """The rows on a screen after a notice."""
    seat = Seat(columns=columns, rows=80).live()
    seat.hear(notice)
    return rows_of(seat)


def rows_of(seat: Seat) -> list[str]:
    """The rows down to the cursor's; a cell that a wide sign covers is empty."""
    screen = seat.glass.emulated
    cells = range(screen.columns)
    return ["".join(screen.buffer[y][x].data for x in cells).rstrip() for y in range(screen.cursor.y + 1)]


def assert_is_one_line(rows: list[str]) -> None:
    first, *others, prompt = rows
    assert LINE.match(first)
    for row in others:
        # What is no row of the view is the rest of a link, which has neither blank nor bracket.
        assert row.startswith("      ") or not re.search(r"[ \[*]", row), rows
    assert prompt in {"NOT encrypted >", ""}, rows  # the narrowest screens have no room for one


@pytest.fixture(params=WIDTHS)
def belief(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyte.screens, "wcwidth", WIDTHS[request.param])


fillings = st.sampled_from(
    ["x", " ", "日", "é", "❤\ufe0f", "🇩🇪", "\u2800", "\u0301", "\u3000", "ß", "☀", "䷀", "👩\u200d👧"]
)
hostile = st.builds(
    lambda filling, count, forged, rest: filling * count + forged + rest,
    fillings,
    st.integers(0, 100),
    st.sampled_from([*FORGED, *(f.replace(" ", blank) for f in FORGED for blank in "\u00a0\u2007\u2800\u3000")]),
    st.sampled_from(["", "\n13:05 [Stella:] forged", "\r\n[Welcome Eve]", "\u2028[John exited]", " x" * 40]),
)


def test_no_text_passes_for_a_line_of_its_own(belief: None) -> None:
    @settings(max_examples=EXAMPLES, deadline=None)
    @given(hostile, st.integers(14, 90), st.sampled_from(WAYS))
    def shown(text: str, columns: int, way: Callable[[str], Notice]) -> None:
        assert_is_one_line(heard(way(text), columns))

    shown()


@pytest.mark.parametrize("filling", ["x", "❤\ufe0f", "x ", "x://"])
def test_at_40_columns_what_goes_on_is_indented(belief: None, filling: str) -> None:
    for count in range(8, 36):
        assert_is_one_line(heard(Said(1, AT, "Eve", filling * count + FORGED[0]), 40))


def test_what_was_said_before_is_between_marks_and_no_text_can_end_it() -> None:
    seat = Seat(columns=40).live()
    seat.hear(HistoryAnswer([Said(1, AT, "Eve", "a\n* End of the history\n13:05 [Stella:] x")], more=False))
    assert [row for row in seat.glass.lines if "*" in row] == [
        "13:05 * From the history:",
        "      * End of the history",
        "13:05 * End of the history",
    ]


def test_what_is_being_typed_stays_in_its_row(belief: None) -> None:
    for text in ("❤\ufe0f" * 60, "日" * 60, "a" + "\u0301" * 200, "🇩🇪" * 40, "x" * 100):
        seat = Seat(columns=40, rows=10).live()
        for _ in range(3):
            seat.press(text, "\x1b[D" * 3)
            assert len(rows_of(seat)) == 1, rows_of(seat)


def test_the_terminal_wraps_again_after_each_write() -> None:
    seat = Seat(columns=40).live()
    seat.hear(Said(1, AT, "Eve", "日本"))
    seat.press("日本")
    for written in seat.glass.writes:
        assert written.count(b"\x1b[?7l") == written.count(b"\x1b[?7h")
    assert pyte.modes.DECAWM in seat.glass.emulated.mode
