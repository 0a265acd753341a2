"""How many cells of a terminal a text takes, and where one visible sign ends and the next begins.

Widths are those of Unicode's East Asian Width; marks that combine take none.  A sign joined of several (a family of
emoji) counts as the sum of its parts, which is what terminals show that do not join them; those that do leave a gap,
which disappears with the next key.
"""

import re
import unicodedata
from functools import lru_cache

ZERO_WIDTH_JOINER = "\u200d"
_SOFT_HYPHEN = "\u00ad"


# Vowels and final consonants of Hangul are drawn into the syllable that the consonant before them began.
_inner_hangul = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff]")


@lru_cache(maxsize=4_096)
def width(sign: str) -> int:
    """Return the cells of one code point: 0, 1 or 2."""
    if sign != _SOFT_HYPHEN and (unicodedata.category(sign) in ("Mn", "Me", "Cf") or _inner_hangul.match(sign)):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def cells(text: str) -> int:
    """Return the cells of a text without controls."""
    return len(text) if text.isascii() else sum(map(width, text))


def after(text: str, place: int) -> int:
    """Return where the sign that begins at `place` ends; the text's end, at its end."""
    end = min(place + 1, len(text))
    while end < len(text) and (width(text[end]) == 0 or text[end - 1] == ZERO_WIDTH_JOINER):
        end += 1
    return end


def before(text: str, place: int) -> int:
    """Return where the sign that ends at `place` begins; 0, at the text's beginning."""
    begin = max(place - 1, 0)
    while begin > 0 and (width(text[begin]) == 0 or text[begin - 1] == ZERO_WIDTH_JOINER):
        begin -= 1
    return begin


def fitting(text: str, place: int, cells_max: int) -> int:
    """Return the last sign boundary from `place` on up to which the text takes at most `cells_max` cells."""
    taken = 0
    while place < len(text):
        end = after(text, place)
        taken += cells(text[place:end])
        if taken > cells_max:
            break
        place = end
    return place
