"""Rendered lines on an emulated terminal: whatever was received, only the cells of its own lines change."""

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.text.render import render
from reactor_chat.wire.messages import Joined, Notice, Refused, Said, Told

COLUMNS, ROWS = 160, 12
ABOVE = 3

HOSTILE = [
    "\x1b[2J\x1b[H",
    "\x1b[1A\x1b[2K[Stella:] forged",
    "\x1b]0;title\x07\x1b]52;c;aGk=\x07\x1bP+q\x1b\\",
    "\x9b2J\x9d0;t\x9c",
    "\x1bc\x1b7\x1b8\x1b#8\x1b(0lqk",
    "\r[Stella:] forged",
    "\x08" * 30 + "[Stella:] forged",
    "\x0e\x0f\x05\x84\x85\x8d\x0b\x0c",
    "\x1b[?25l\x1b[?1049h\x1b[5;10r\x1b[4h",
    "\ud800\udfff\u2028\u2029\u202e\u2066",
    "a" + "\u0301" * 500,
    "\u0301" * 3 + "x",
]

pieces = st.one_of(
    st.sampled_from([*HOSTILE, "\x1b[", "\x1b]", "\x9b", "\x1b", "\r", "\n", "\t", "\x08", "\u0301", "\u200d", "7;1H"]),
    st.text(st.characters(codec=None), max_size=6),
)
texts = st.lists(pieces, max_size=6).map(lambda found: "".join(found)[:12])


def shown(notice: Notice, line_break: str) -> tuple[pyte.Screen, list[str]]:
    """Return a screen with lines above, the notice's lines and a line below, and the notice's lines."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(screen)
    rendered = render(notice, "Me", line_break)
    assert rendered is not None
    lines = rendered.split("\n")
    for line in ["above"] * ABOVE + lines + ["below"]:
        stream.feed(line + "\r\n")
    return screen, lines


def assert_only_its_lines_changed(text: str, line_break: str) -> None:
    notices: list[Notice] = [
        Said(seq=1, at=0, sender="John", text=text),
        Told(seq=1, at=0, sender=text, to="Me", text="Hi"),
        Joined(seq=1, at=0, name=text),
        Refused("no_such_user", text),
    ]
    untouched = pyte.Screen(COLUMNS, ROWS)
    for notice in notices:
        screen, lines = shown(notice, line_break)
        rows = [row.rstrip() for row in screen.display]
        below = ABOVE + len(lines)
        assert rows[:ABOVE] == ["above"] * ABOVE
        assert rows[below:] == ["below"] + [""] * (ROWS - below - 1)
        assert (screen.cursor.x, screen.cursor.y, screen.cursor.hidden) == (0, below + 1, False)
        assert (screen.title, screen.icon_name, screen.mode) == ("", "", untouched.mode)
        assert (screen.margins, screen.charset, screen.cursor.attrs) == (
            None,
            untouched.charset,
            untouched.cursor.attrs,
        )


@pytest.mark.parametrize("line_break", [" ⏎ ", "\n    "])
@pytest.mark.parametrize("text", HOSTILE)
def test_known_tricks(text: str, line_break: str) -> None:
    assert_only_its_lines_changed(text, line_break)


@settings(max_examples=150, deadline=None)
@given(texts)
def test_any_text(text: str) -> None:
    assert_only_its_lines_changed(text.replace("\n", ""), " ⏎ ")


@settings(max_examples=50, deadline=None)
@given(texts)
def test_any_text_of_several_lines(text: str) -> None:
    lines = text.splitlines()[:3]
    assert_only_its_lines_changed("\n".join(lines), "\n    ")
