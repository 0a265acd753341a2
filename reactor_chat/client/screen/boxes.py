"""Boxes over the conversation, such as the help, the switcher and what was found."""

from collections.abc import Sequence
from typing import NamedTuple

from reactor_chat.client.screen.rows import Row, Span, cut, filled, row_of, sliced, width

MARGIN = 2
"""Cells left free at both sides, where there are any to spare."""


class Box(NamedTuple):
    """A box.

    Attributes:
        title: at its upper edge.
        rows: what stands in it.
        foot: at its lower edge: the keys that do something here.
        typed: a row in which the person types, above the others, with the cell of the cursor; None where they do not.
        first: the first of the rows that is seen.
        chosen: the row that a key would take; None where none can be taken.
        is_wide: as wide as the screen allows; else as its rows need.
    """

    title: str
    rows: Sequence[Row]
    foot: str = "Esc closes"
    typed: tuple[Row, int] | None = None
    first: int = 0
    chosen: int | None = None
    is_wide: bool = True


class Drawn(NamedTuple):
    """A box on the screen: its rows, where its upper left corner is, and the cursor within the screen."""

    rows: list[Row]
    column: int
    row: int
    cursor: tuple[int, int] | None


def drawn(box: Box, columns: int, rows: int) -> Drawn:
    """Return a box in the middle of a screen, no larger than it needs to be."""
    margin = MARGIN if columns >= 60 else 0
    outer = columns - 2 * margin
    if not box.is_wide:
        needed = max([width(row) for row in box.rows] + [len(box.title) + 4, len(box.foot) + 4, 24]) + 4
        outer = min(outer, needed)
    inner = max(outer - 4, 1)
    head = 0 if box.typed is None else 1
    height = min(len(box.rows) + head, max(rows - 2 - 2 * (rows > 12), 1))
    seen = box.rows[box.first : box.first + height - head]
    lines = [] if box.typed is None else [filled(box.typed[0], inner)]
    for place, row in enumerate(seen, box.first):
        lines.append(_line(row, inner, is_chosen=place == box.chosen))
    lines += [row_of(" " * inner)] * (height - len(lines))
    side = Span("rule", "│")
    framed = [_edge("┌", box.title, "┐", outer), *((side, Span("", " "), *line, Span("", " "), side) for line in lines)]
    framed.append(_edge("└", box.foot, "┘", outer))
    column, row_at = (columns - outer) // 2, max((rows - len(framed)) // 2, 0)
    cursor = None
    if box.typed is not None and row_at + 1 < rows:
        cursor = (min(column + 2 + box.typed[1], columns - 1), row_at + 1)
    return Drawn(framed, column, row_at, cursor)


def _line(row: Row, columns: int, *, is_chosen: bool) -> Row:
    if not is_chosen:
        return filled(row, columns)
    marked = (Span("open", "▸"), *(span._replace(style="open") for span in sliced(row, 1, columns - 1)))
    return filled(marked, columns, "open")


def _edge(left: str, words: str, right: str, columns: int) -> Row:
    shown = cut(row_of(Span("title", f" {words} ")), max(columns - 4, 0)) if words else ()
    room = max(columns - 3 - width(shown), 0)
    return (Span("rule", f"{left}─"), *shown, Span("rule", "─" * room + right))


def laid_over(rows: Sequence[Row], box: Drawn, columns: int) -> list[Row]:
    """Return the rows of a screen with a box over them."""
    result = list(rows)
    for place, row in enumerate(box.rows, box.row):
        if place < len(result):
            end = box.column + width(row)
            under = filled(result[place], columns)
            result[place] = (*sliced(under, 0, box.column), *row, *sliced(under, end, max(columns - end, 0)))
    return result
