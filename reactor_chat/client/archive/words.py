"""What the words of a text are, in any script, and when two spellings are one word.

Theory of operation.  A text is a sequence of *units*.  In scripts that put blanks between words a unit is a word: a run
of letters, digits and the marks on them.  Where people write without blanks (Chinese, Japanese, Thai and others, and
Korean, whose endings stick to the word) and for symbols such as emoji, each character is a unit of its own, so that
whatever part of such a run is searched for is found.  Everything else, punctuation and `_` too, separates units.

Units are compared folded: compatibility forms and case count for nothing (`ﬁ` is `fi`, `Straße` is `STRASSE`), nor do
accents, and the points and vowel signs that Hebrew and Arabic may leave out.  Marks without which it is another letter
stay: those of Indic scripts, of kana (`か` is not `が`), and of the Russian `й`.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_ASCII_WORD = re.compile(r"[a-z0-9]+")


class Unit(NamedTuple):
    """A word of a text, or a character of a script without blanks.

    Attributes:
        text: folded.
        begin: where it begins in the text as it was written, in characters.
        end: behind its last character there.
        is_sign: a character of a script without blanks, or a symbol.
    """

    text: str
    begin: int
    end: int
    is_sign: bool = False


def units_of(text: str) -> list[Unit]:
    """Return the units of a text in their order."""
    if text.isascii():
        return [Unit(found.group(), found.start(), found.end()) for found in _ASCII_WORD.finditer(text.lower())]
    units: list[Unit] = []
    for begin, end, is_sign in _runs(text):
        folded = _folded(text[begin:end])
        if not is_sign:
            units += [Unit(folded, begin, end)] if folded else []
        elif len(folded) == end - begin:
            units += [Unit(sign, begin + i, begin + i + 1, is_sign=True) for i, sign in enumerate(folded)]
        else:  # written in another number of characters: each stands for the whole run
            units += [Unit(sign, begin, end, is_sign=True) for sign in folded]
    return units


def words_of(text: str) -> list[str]:
    """Return the same without where they are, which is quicker."""
    return _ASCII_WORD.findall(text.lower()) if text.isascii() else [unit.text for unit in units_of(text)]


def _runs(text: str) -> list[tuple[int, int, bool]]:
    """Return begin and end of each run of one kind in a text, and whether it is one of signs."""
    runs: list[tuple[int, int, bool]] = []
    begin, present = 0, _Kind.BETWEEN
    for place, character in enumerate(text):
        kind = _kind(character)
        if kind == present or (kind == _Kind.MARK and present != _Kind.BETWEEN):
            continue
        if present != _Kind.BETWEEN:
            runs.append((begin, place, present == _Kind.SIGN))
        begin, present = place, _Kind.BETWEEN if kind == _Kind.MARK else kind
    if present != _Kind.BETWEEN:
        runs.append((begin, len(text), present == _Kind.SIGN))
    return runs


class _Kind:
    BETWEEN = 0  # separates words
    WORD = 1
    SIGN = 2
    MARK = 3  # belongs to what it stands behind


@lru_cache(16_384)  # the characters that one person reads
def _kind(character: str) -> int:
    category = unicodedata.category(character)
    if category[0] == "M" or category == "Cf":
        return _Kind.MARK
    if category == "So" or (category == "Sk" and character > "\U0001f000"):
        return _Kind.SIGN
    if category[0] not in "LN" and category != "Co":
        return _Kind.BETWEEN
    return _Kind.SIGN if _without_blanks.match(character) else _Kind.WORD


_without_blanks = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaadf"  # Thai to Khmer
    "\u0f00-\u0fff"  # Tibetan, whose syllables are parted, and whose words are not
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff\u3130-\u318f\uffa0-\uffdc"  # Hangul
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u312f\u31a0-\u4dbf\u4e00-\ua4cf\uf900-\ufaff\uff66-\uff9f"  # Han, kana, Yi
    "\U00016fe0-\U00018dff\U0001aff0-\U0001b2ff\U0001f200-\U0001f2ff\U00020000-\U0003ffff]"
)

_MARKS_LEFT_OUT = (
    (0x0300, 0x036F), (0x0483, 0x0489), (0x0591, 0x05C7), (0x0610, 0x061A), (0x064B, 0x065F), (0x0670, 0x0670),
    (0x06D6, 0x06ED), (0x08CA, 0x08FF), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F), (0xE0100, 0xE01EF),
)  # fmt: skip
"""Accents, Slavonic titla, Hebrew and Arabic points, marks around symbols, and selectors of a variant."""

_left_out = {
    code: None
    for first, last in _MARKS_LEFT_OUT
    for code in range(first, last + 1)
    if unicodedata.category(chr(code))[0] == "M"
}


@lru_cache(4_096)
def _folded(run: str) -> str:
    shown = "".join(one for one in run if unicodedata.category(one) != "Cf")  # joiners, soft hyphens, directions
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", shown).casefold())
    return unicodedata.normalize("NFC", apart.replace("и\u0306", "й").translate(_left_out))
