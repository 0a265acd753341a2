"""Rendered lines on an emulated terminal: whatever was received, only the cells of its own lines change.

`--nightly` shows it 100,000 strings.
"""

import os
from typing import Any

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.text.render import render
from reactor_chat.text.safe import safe_json
from reactor_chat.wire.codec import encode
from reactor_chat.wire.messages import GroupSaid, HistoryAnswer, Joined, Notice, Refused, Said, Told

COLUMNS, ROWS = 200, 12
ABOVE = 3
PARTS = 4
EXAMPLES = 25_000 if os.environ.get("REACTOR_CHAT_NIGHTLY") == "1" else 100

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
    "\U000e0041\U000e007f\u200b\ufeff\u00ad",
    "1\ufe0f\u20e3❤\ufe0f🇩🇪👩\u200d👩\u200d👧\u200d👦",
    "\ufdfd\U0001242b\u2e3b",
    "\u1100" + "\u1161" * 20,
]

pieces = st.one_of(
    st.sampled_from([*HOSTILE, "\x1b[", "\x1b]", "\x9b", "\x1b", "\r", "\n", "\t", "\x08", "\u0301", "\u200d", "7;1H"]),
    st.text(st.characters(codec=None), max_size=6),
)
texts = st.lists(pieces, max_size=6).map(lambda found: "".join(found)[:14])


class Glass:
    """A terminal with three lines on it, on which others are shown and wiped away."""

    def __init__(self) -> None:
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.Stream(self._screen)
        self._stream.feed("above\r\n" * ABOVE)
        self._before = self._state()

    def _state(self) -> dict[str, Any]:
        """Everything that a line must not change, whatever is in it."""
        screen = self._screen
        return {
            "rows": {y: dict(row) for y, row in screen.buffer.items() if row},
            "place": (screen.cursor.x, screen.cursor.y),
            "cursor": (screen.cursor.hidden, screen.cursor.attrs, screen.charset, screen.g0_charset, screen.g1_charset),
            "modes": (set(screen.mode), screen.margins, set(screen.tabstops), list(screen.savepoints)),
            "words": (screen.title, screen.icon_name),
        }

    def assert_only_its_lines_change(self, lines: list[str]) -> None:
        try:
            self._show(lines)
        except BaseException:  # the next example, or a smaller one that fails too, finds a clean one
            self.__init__()  # type: ignore[misc]
            raise

    def _show(self, lines: list[str]) -> None:
        for line in lines:
            self._stream.feed(line + "\r\n")
        self._stream.feed("below")
        screen, below = self._screen, ABOVE + len(lines)
        after = self._state()
        assert {y for y in after["rows"] if y >= below} == {below}
        assert "".join(screen.buffer[below][x].data for x in range(COLUMNS)).rstrip() == "below"
        assert after["place"] == (len("below"), below)
        for y in range(ABOVE, ROWS):
            after["rows"].pop(y, None)
            screen.buffer.pop(y, None)
        screen.cursor.x, screen.cursor.y = self._before["place"]
        after["place"] = self._before["place"]
        assert after == self._before


@pytest.fixture(scope="module")
def glass() -> Glass:
    return Glass()


def assert_only_its_lines_change(glass: Glass, text: str, line_break: str) -> None:
    said = Said(seq=1, at=0, sender="John", text=text)
    notices: list[Notice] = [
        said,
        Told(seq=1, at=0, sender=text, to="Me", text="Hi"),
        GroupSaid(seq=1, at=0, sender="John", group=text, text="Hi"),
        Joined(seq=1, at=0, name=text),
        Refused("no_such_user", text),
        HistoryAnswer([said], more=False),
    ]
    for notice in notices:
        rendered = render(notice, "Me", line_break)
        assert rendered is not None
        glass.assert_only_its_lines_change(rendered.split("\n"))


@pytest.mark.parametrize("line_break", [" ⏎ ", "\n    "])
@pytest.mark.parametrize("text", HOSTILE)
def test_known_tricks(glass: Glass, text: str, line_break: str) -> None:
    assert_only_its_lines_change(glass, text, line_break)


@pytest.mark.parametrize("part", range(PARTS))
def test_any_text(glass: Glass, part: int) -> None:
    @settings(max_examples=EXAMPLES, deadline=None)
    @given(texts)
    def shown(text: str) -> None:
        assert_only_its_lines_change(glass, text.replace("\n", ""), " ⏎ ")

    shown()


@settings(max_examples=EXAMPLES, deadline=None)
@given(texts)
def test_any_text_of_several_lines(glass: Glass, text: str) -> None:
    lines = text.splitlines()[:3]
    assert_only_its_lines_change(glass, "\n".join(lines), "\n    ")


@settings(max_examples=EXAMPLES, deadline=None)
@given(texts.map(lambda text: text.encode("utf-8", "replace").decode()))
def test_any_text_as_json(glass: Glass, text: str) -> None:
    glass.assert_only_its_lines_change([safe_json(encode(Said(seq=1, at=0, sender="J", text=text[:8])).decode())])
