"""Breaks the line being typed into the rows of a box, and says where in them its cursor is.

Every character of the line is in one row, so a place in the line is a place in the rows.  A row ends at a line break,
or behind a blank, or, where a word is longer than the row, within that word; never within a character that people see
as one.  The last cell of a row is kept for the blank that ends it, or for the cursor behind the last character.

A message may have 65,536 characters, and only one of its lines is edited at a time, so what came of the others is kept.
"""

import re
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from reactor_chat.client.terminal.cells import before, cells, cells_of_one, fitting
from reactor_chat.text.safe import NOT_SHOWN, as_edited
from reactor_chat.text.widths import iter_graphemes

_tabs = str.maketrans({"\t": "⇥"})
_lines = re.compile(r"[^\n]*\n|[^\n]+\Z")


class EditedRows(NamedTuple):
    """What a box shows of the line.

    Attributes:
        rows: at least one, each for as many cells as the box has; no control is in them.
        cursor_row: an index into them.
        cursor_cells: how far to the right the cursor is in that row.
        above: how many rows there are above those that are shown.
        below: how many below.
    """

    rows: list[str]
    cursor_row: int
    cursor_cells: int
    above: int
    below: int


class BrokenLine:
    """A line as rows of so many cells.

    Args:
        text: any text.
        columns: cells of a row, at least 1.
    """

    def __init__(self, text: str, columns: int) -> None:
        self.text = text
        self.columns = columns
        self._room = _room(columns)
        lines = _lines.findall(text)
        self._shown = "".join(map(_shown, lines))
        self._begins = [0]
        for line, begin in zip(lines, accumulate(map(len, lines), initial=0), strict=False):
            self._begins += [begin + place for place in _breaks(line, self._room)]

    def __len__(self) -> int:
        return len(self._begins)

    def at(self, index: int) -> tuple[int, int]:
        """Return the row of a place in the line, and the cells before it there."""
        row = bisect_right(self._begins, index) - 1
        drawn = _drawn(self._shown[self._begins[row] : index], self._room)
        return row, min(cells(drawn), self.columns - 1)

    def index(self, row: int, cursor_cells: int) -> int:
        """Return the place in a row that so many cells lead to, or the last one before them.

        It is a place between the characters as they are shown; of what is not shown as it is, it may be inside.
        """
        begin, end = self._span(row)
        last = end if row == len(self) - 1 else before(self._shown, end)
        return min(fitting(self._shown, begin, cursor_cells), last)

    def row(self, row: int) -> str:
        """Return what is drawn in a row."""
        begin, end = self._span(row)
        text = _drawn(self._shown[begin:end].rstrip("\n"), self._room)
        return text[: fitting(text, 0, self.columns)]

    def window(self, cursor: int, first: int, rows_max: int) -> EditedRows:
        """Return the part around the cursor, which begins where it did if it can.

        Args:
            cursor: a place in the line.
            first: the first row that was shown last.
            rows_max: how many fit, at least 1.
        """
        row, cursor_cells = self.at(cursor)
        first = min(max(first, row - rows_max + 1, 0), row, max(len(self) - rows_max, 0))
        end = min(first + rows_max, len(self))
        return EditedRows(
            [self.row(one) for one in range(first, end)], row - first, cursor_cells, first, len(self) - end
        )

    def _span(self, row: int) -> tuple[int, int]:
        return self._begins[row], self._begins[row + 1] if row + 1 < len(self) else len(self.text)


def _room(columns: int) -> int:
    return max(columns - 1, 1)


@lru_cache(maxsize=64)
def _shown(line: str) -> str:
    """A line with its line break as somebody who edits it sees it, and as long."""
    text = line.removesuffix("\n")
    return as_edited(text.translate(_tabs)) + line[len(text) :]


@lru_cache(maxsize=64)
def _breaks(line: str, room: int) -> list[int]:
    """Where in a line, which may end in a line break, other rows begin."""
    text = _shown(line).removesuffix("\n")
    begins = _breaks_of_ascii(text, room) if text.isascii() else _breaks_of_any(text, room)
    return [*begins, len(line)] if line.endswith("\n") else begins


def _breaks_of_ascii(text: str, room: int) -> list[int]:
    """The same as of any text, where each character has one cell."""
    begins, begin = [], 0
    while len(text) - begin > room:
        blank = text.rfind(" ", begin, begin + room + 1)
        begin = blank + 1 if blank >= 0 else begin + room
        begins.append(begin)
    return begins


def _breaks_of_any(text: str, room: int) -> list[int]:
    begins, begin, width, index = [], 0, 0, 0
    behind_blank = width_there = 0
    for character in iter_graphemes(text):
        taken = _cells_of(character, room)
        end = index + len(character)
        if width + taken > room and character == " ":
            begin, width, taken = end, 0, 0
            begins.append(begin)
        while width + taken > room:
            is_word = behind_blank > begin
            width = width - width_there if is_word else 0
            begin = behind_blank if is_word else index
            begins.append(begin)
        width += taken
        index = end
        if character == " ":
            behind_blank, width_there = end, width
    return begins


def _drawn(text: str, room: int) -> str:
    """A part of a row; what is wider than a whole row (as many letters of old Korean are) cannot be drawn."""
    if text.isascii():
        return text
    return "".join(one if _cells_of(one, room) == cells_of_one(one) else NOT_SHOWN for one in iter_graphemes(text))


def _cells_of(character: str, room: int) -> int:
    width = cells_of_one(character)
    return width if width <= room else 1
