"""Where a row went when the terminal became narrower.

Some terminals break a row that is too long for them over several (tmux, VTE, kitty, iTerm2), others cut it off (xterm,
the Linux console).  Where the cursor is afterwards tells the two apart: on a row that was broken it went along with its
character, on one that was cut off it stands in the last column.
"""

from reactor_chat.client.terminal.cells import cells
from reactor_chat.text.widths import iter_graphemes


def broken_at(text: str, columns: int) -> tuple[int, int]:
    """Return how many rows below its first one a text ends that is broken into rows, and in which column, from 0 on.

    Args:
        text: one row, as far as the cursor.
        columns: of each row, at least 1; a wide character that does not fit at the end of a row begins the next one.
    """
    row = column = 0
    for character in iter_graphemes(text):
        width = cells(character)
        if column + width > columns:
            row, column = row + 1, 0
        column += width
    return (row + 1, 0) if column >= columns else (row, column)


def rows_above(text: str, columns: int, column: int) -> int:
    """Return how many rows above the cursor a row begins now.

    Args:
        text: the row, as far as the cursor.
        columns: of the terminal as it is now, at least 1.
        column: where the terminal says that the cursor is, from 0 on.
    """
    row, expected = broken_at(text, columns)
    if column == expected:
        return row
    # Behind the last cell of a row, a cursor waits in that cell for something to be written.
    return row - 1 if expected == 0 and column == columns - 1 else 0
