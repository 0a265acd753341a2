"""How many cells of a terminal a text takes, and where one visible character ends and the next begins.

Both are `wcwidth`'s, which follows Unicode's tables and the terminals: a character is an extended grapheme cluster
(UAX 29), such as a flag, a family of emoji or a letter with its marks, and is as wide as a terminal that knows it
draws it.  Those that do not join its parts draw it wider; a row is kept from running on there (see `line_mode`).
"""

from functools import lru_cache

from reactor_chat.text.widths import (
    grapheme_boundary_after,
    grapheme_boundary_before,
    iter_graphemes,
    wcswidth,
)


def cells(text: str) -> int:
    """Return the cells of a text without controls."""
    return len(text) if text.isascii() else sum(map(cells_of_one, iter_graphemes(text)))


def after(text: str, index: int) -> int:
    """Return where the character that begins at `index` ends; the text's end, at its end."""
    return grapheme_boundary_after(text, index)


def before(text: str, index: int) -> int:
    """Return where the character that ends at `index` begins; 0, at the text's beginning."""
    return grapheme_boundary_before(text, index) if index else 0


def fitting(text: str, index: int, cells_max: int) -> int:
    """Return the last character boundary from `index` on up to which the text takes at most `cells_max` cells."""
    taken = 0
    for character in iter_graphemes(text, index):
        taken += cells_of_one(character)
        if taken > cells_max:
            break
        index += len(character)
    return index


@lru_cache(maxsize=4_096)
def cells_of_one(character: str) -> int:
    """Return the cells of one visible character."""
    return max(wcswidth(character), 0)
