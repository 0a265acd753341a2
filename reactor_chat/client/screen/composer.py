"""The box in which a person types: the rows of the line around the cursor, with a sign before each."""

from typing import NamedTuple

from reactor_chat.client.screen.rows import Row, Span, row_of
from reactor_chat.client.terminal.editor import Editor

FIRST, FURTHER = " > ", " . "
"""Stand before the first row of a message, and before the others."""


class Composed(NamedTuple):
    """The rows of a box, and the cursor's row and cell in it."""

    rows: list[Row]
    cursor_row: int
    cursor_cell: int


EMPTY = Composed([row_of(Span("dim", FIRST))], 0, len(FIRST))
"""A box in which nothing is to be seen."""


def composed(editor: Editor, columns: int, rows_max: int) -> Composed:
    """Return what a box of at most so many rows shows.

    Args:
        editor: holds the line.
        columns: cells of a row, the signs before it included.
        rows_max: at least 1.
    """
    shown = editor.rows(max(columns - len(FIRST), 1), rows_max)
    rows = [
        row_of(Span("dim", FIRST if place + shown.above == 0 else FURTHER), Span("input", text))
        for place, text in enumerate(shown.rows)
    ]
    return Composed(rows, shown.cursor_row, len(FIRST) + shown.cursor_cells)
