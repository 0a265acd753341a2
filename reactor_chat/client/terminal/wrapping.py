"""Breaks a line of parts into rows, so that what goes on in the next row is indented and looks like nobody's line.

A terminal would go on in its first column, where a text that was made for it could pass for a line of its own.  Rows
end at blanks.  A word longer than a row is cut, unless it is a link: that is left to the terminal, so that it can be
copied and clicked, and since it holds no blank and no bracket it passes for no line.
"""

import re
from collections.abc import Iterator

from reactor_chat.client.terminal.cells import cells, fitting
from reactor_chat.text.render import Part

_words = re.compile(r"(\s*)(\S+)")
_link = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9/.?=&%#_~:+@!$,;-]+")

COLUMNS_MIN = 6
"""In fewer columns wrapping would leave nothing to read, nor has a line that could be forged room in them."""


def wrapped(parts: list[Part], columns: int, columns_rest: int, *, cuts_links: bool = False) -> list[list[Part]]:
    """Return the parts in rows.

    Args:
        parts: one line.
        columns: cells of the first row.
        columns_rest: cells of every other one.
        cuts_links: a link that is longer than a row is cut like any word: nothing is left to the terminal.
    """
    text = "".join(part.text for part in parts)
    return [_between(parts, begin, end) for begin, end in places(text, columns, columns_rest, cuts_links=cuts_links)]


def places(text: str, columns: int, columns_rest: int, *, cuts_links: bool = False) -> list[tuple[int, int]]:
    """Return where each row begins and ends in a text.

    Args:
        text: one line.
        columns: cells of the first row.
        columns_rest: cells of every other one.
        cuts_links: a link that is longer than a row is cut as any word is.
    """
    if min(columns, columns_rest) < COLUMNS_MIN or cells(text) <= columns:
        return [(0, len(text))]
    return list(_rows(text, columns, columns_rest, cuts_links=cuts_links))


def _rows(text: str, columns: int, columns_rest: int, *, cuts_links: bool) -> Iterator[tuple[int, int]]:
    begin, end, room = 0, 0, columns
    for found in _words.finditer(text):
        if cells(text[begin : found.end()]) <= room:
            end = found.end()
            continue
        if end > begin:
            yield begin, end
            begin, room = found.start(2), columns_rest
        end = found.end()
        while cells(text[begin:end]) > room and (cuts_links or not _link.fullmatch(text, begin, end)):
            cut = max(fitting(text, begin, room), begin + 1)
            yield begin, cut
            begin, room = cut, columns_rest
    if end > begin:
        yield begin, end


def _between(parts: list[Part], begin: int, end: int) -> list[Part]:
    row: list[Part] = []
    index = 0
    for part in parts:
        inside = part.text[max(begin - index, 0) : max(end - index, 0)]
        if inside:
            row.append(Part(part.role, inside))
        index += len(part.text)
    return row
