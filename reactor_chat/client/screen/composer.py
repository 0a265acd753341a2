"""The box in which a person types: the rows of the text around the cursor."""

from typing import NamedTuple

from reactor_chat.client.screen.rows import Row, Span, row_of
from reactor_chat.client.terminal.cells import cells, fitting
from reactor_chat.text.safe import as_edited

FIRST, FURTHER = "> ", ". "
"""Stand before the first row of a text, and before the others."""


class Composed(NamedTuple):
    """The rows of a box, and the cursor's row and cell in it."""

    rows: list[Row]
    cursor_row: int
    cursor_cell: int


def composed(text: str, cursor: int, columns: int, rows_max: int, *, style: str = "input") -> Composed:
    """Return what a box of at most so many rows shows of a text.

    Args:
        text: as typed; line breaks begin new rows.
        cursor: an index into it, between characters.
        columns: cells of a row, the signs before it included.
        rows_max: at least 1.
        style: of the text.
    """
    room = max(columns - len(FIRST) - 1, 1)  # the last cell is for a cursor behind the text
    pieces = _pieces(text, room)
    at = max(place for place, (begin, _) in enumerate(pieces) if begin <= cursor)
    first = min(max(at - rows_max + 1, 0), max(len(pieces) - rows_max, 0))
    if at - first >= rows_max:
        first = at - rows_max + 1
    shown = as_edited(text.replace("\t", "⇥").replace("\n", " "))
    rows = []
    for place, (begin, end) in enumerate(pieces[first : first + rows_max], first):
        sign = FIRST if place == 0 else FURTHER
        rows.append(row_of(Span("dim", f" {sign}"[:3]), Span(style, shown[begin:end])))
    begin = pieces[at][0]
    return Composed(rows, at - first, 1 + len(FIRST) + cells(shown[begin:cursor]))


def _pieces(text: str, room: int) -> list[tuple[int, int]]:
    """Return where each row begins and ends in the text; a row ends at a line break, or where it is full."""
    pieces = []
    begin = 0
    for line in text.split("\n"):
        end = begin + len(line)
        while True:
            cut = _end_of_row(text, begin, end, room)
            pieces.append((begin, cut))
            begin = cut
            if cut >= end:
                break
        begin = end + 1
    return pieces


def _end_of_row(text: str, begin: int, end: int, room: int) -> int:
    cut = fitting(text[:end], begin, room)
    if cut >= end or cut <= begin:
        return max(cut, min(begin + 1, end))
    blank = text.rfind(" ", begin, cut)
    return blank + 1 if blank > begin else cut
