"""Rows of a screen: pieces of text, each in a style; cut, filled and put beside each other by the cells they take.

A row's text is safe already (`text/safe`); everything here only shortens it or adds blanks and our own signs.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from reactor_chat.client.terminal.cells import cells, fitting
from reactor_chat.text.render import Part

ROWS_REMEMBERED = 4_096
"""Rows of which the cells are not counted again: nearly all of a screen is as it was a moment ago; a megabyte."""
CUT = "…"
"""Stands at the end of what had no room."""


class Span(NamedTuple):
    """A piece of a row.

    Attributes:
        style: its name, see `themes`.
        text: without line breaks and controls.
        link: where it leads; empty where it is none.
    """

    style: str
    text: str
    link: str = ""


Row = tuple[Span, ...]


def row_of(*pieces: Span | str) -> Row:
    """Return a row; what is a text only is in no style."""
    return tuple(piece if isinstance(piece, Span) else Span("", piece) for piece in pieces if piece)


def styled(parts: Iterable[Part]) -> Row:
    """Return the parts of a line as they are drawn; a person's name carries their own style."""
    return tuple(Span(_style_of(part), part.text) for part in parts)


def _style_of(part: Part) -> str:
    return name_style(part.text) if part.role == "name" else part.role


def name_style(name: str) -> str:
    """Return the style of a person's name: the same for one name always."""
    return f"name {name.lower()}"


@lru_cache(ROWS_REMEMBERED)
def width(row: Row) -> int:
    """Return the cells that a row takes."""
    return sum(cells(span.text) for span in row)


def cut(row: Row, columns: int) -> Row:
    """Return a row that takes at most so many cells; where it is shortened, its last cell says so."""
    if width(row) <= columns:
        return row
    room = max(columns - 1, 0)
    kept: list[Span] = []
    for span in row:
        end = fitting(span.text, 0, room)
        kept.append(span._replace(text=span.text[:end]))
        room -= cells(kept[-1].text)
        if end < len(span.text):
            break
    kept.append(Span("dim", CUT if columns > 0 else ""))
    return tuple(kept)


@lru_cache(ROWS_REMEMBERED)
def filled(row: Row, columns: int, style: str = "") -> Row:
    """Return a row of exactly so many cells: shortened, or with blanks behind it."""
    row = cut(row, columns)
    room = columns - width(row)
    return (*row, Span(style, " " * room)) if room > 0 else row


def justified(left: Row, right: Row, columns: int) -> Row:
    """Return a row of so many cells with one part at each end; the left one is shortened where both have no room."""
    right = cut(right, columns)
    return (*filled(left, columns - width(right)), *right)


def ruled(words: str, columns: int, sign: str, style: str) -> Row:
    """Return words in the middle of a ruler made of a sign."""
    words = f" {words} " if words else ""
    room = columns - cells(words)
    if room < 2:
        return cut(row_of(Span(style, words.strip())), columns)
    left = room // 2
    return row_of(Span(style, f"{sign * left}{words}{sign * (room - left)}"))


def beside(columns: Sequence[tuple[Sequence[Row], int]], height: int, between: Span) -> list[Row]:
    """Return panes side by side, each so many cells wide, as rows of the height."""
    lines = []
    for line in range(height):
        row: list[Span] = []
        for number, (rows, pane_columns) in enumerate(columns):
            if number:
                row.append(between)
            row += filled(rows[line], pane_columns) if line < len(rows) else [Span("", " " * pane_columns)]
        lines.append(tuple(row))
    return lines


def sliced(row: Row, begin: int, columns: int) -> Row:
    """Return the cells of a row from one on; half a wide character at either end becomes a blank."""
    kept: list[Span] = []
    at, end = 0, begin + columns
    for span in row:
        kept += _pieces(span, at, begin, end)
        at += cells(span.text)
    return tuple(kept)


def _pieces(span: Span, at: int, begin: int, end: int) -> list[Span]:
    span_end = at + cells(span.text)
    if span_end <= begin or at >= end or begin >= end:
        return []
    first = fitting(span.text, 0, max(begin - at, 0))
    lost = max(begin - at, 0) - cells(span.text[:first])
    if lost:  # half of a wide character
        first = fitting(span.text, first, 2)
    blank = " " * (cells(span.text[:first]) - max(begin - at, 0)) if lost else ""
    last = fitting(span.text, first, max(end - max(at, begin), 0) - len(blank))
    text = blank + span.text[first:last]
    missing = min(end, span_end) - max(at, begin) - cells(text)
    return [span._replace(text=text + " " * missing)]
