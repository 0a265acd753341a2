"""How many cells of a terminal a text takes, and where one visible character ends and the next begins.

Both are `wcwidth`'s, which follows Unicode's tables and the terminals: a character is an extended grapheme cluster
(UAX 29), such as a flag, a family of emoji or a letter with its marks, and is as wide as a terminal that knows it
draws it.  Those that do not join its parts draw it wider; a row is kept from running on there (see `line_mode`).
"""

from wcwidth import grapheme_boundary_before, iter_graphemes, wcswidth


def cells(text: str) -> int:
    """Return the cells of a text without controls."""
    return len(text) if text.isascii() else sum(map(_width, iter_graphemes(text)))


def after(text: str, place: int) -> int:
    """Return where the character that begins at `place` ends; the text's end, at its end."""
    return place + len(next(iter_graphemes(text, place), ""))


def before(text: str, place: int) -> int:
    """Return where the character that ends at `place` begins; 0, at the text's beginning."""
    return grapheme_boundary_before(text, place) if place else 0


def fitting(text: str, place: int, cells_max: int) -> int:
    """Return the last character boundary from `place` on up to which the text takes at most `cells_max` cells."""
    taken = 0
    for character in iter_graphemes(text, place):
        taken += _width(character)
        if taken > cells_max:
            break
        place += len(character)
    return place


def _width(character: str) -> int:
    return max(wcswidth(character), 0)
