"""Says which characters without a shape of their own belong where they stand, because a script or an emoji needs them.

Persian and Sinhala cannot be written without joiners, nor a family without the joiner between its members, nor the
flag of Wales without its tags.  The same characters anywhere else are a way to hide something, so each has its place:
behind what it changes, once.  What belongs is passed on to the terminal as it is; it moves no cursor and turns no text
round.

Properties of characters come from `unicodedata`, and where that is older than the text (a Python keeps the tables of
its year) from `wcwidth`, whose tables are newer.
"""

import re
import unicodedata
from functools import lru_cache

from reactor_chat.text.widths import iter_graphemes, wcwidth

ZERO_WIDTH_SPACE, NON_JOINER, JOINER = "\u200b", "\u200c", "\u200d"
SOFT_HYPHEN = "\u00ad"
DIRECTION_MARKS = frozenset("\u200e\u200f\u061c")
EMOJI_SELECTORS = frozenset("\ufe0e\ufe0f")
_KEYCAP = "\u20e3"

flag = re.compile(
    "\U0001f3f4\U000e0067\U000e0062"
    "(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073)\U000e007f"
)
"""England, Scotland, Wales: the flags spelled with tags (UTS 51), and no others, for tags can spell anything."""

JOINING = tuple(
    f"{script} "
    for script in (
        *("ARABIC", "SYRIAC", "MANDAIC", "NKO", "MONGOLIAN", "PHAGS-PA", "MANICHAEAN", "PSALTER PAHLAVI", "SOGDIAN"),
        *("HANIFI ROHINGYA", "CHORASMIAN", "ADLAM", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL"),
        *("TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "KHMER", "MYANMAR", "TIBETAN", "BALINESE", "JAVANESE", "BRAHMI"),
        *("SUNDANESE", "TAI THAM", "KAITHI", "CHAKMA", "SHARADA", "GRANTHA", "NEWA", "TIRHUTA", "MODI", "TAKRI"),
        *("MEETEI MAYEK", "KHAROSHTHI", "SIDDHAM", "KHUDAWADI", "KHOJKI", "DOGRA", "NANDINAGARI", "SYLOTI NAGRI"),
    )
)
"""How Unicode names the letters that change their shape beside a joiner: cursive scripts and those of India."""

UNSPACED = tuple(f"{script} " for script in ("THAI", "LAO", "KHMER", "MYANMAR", "JAVANESE", "BALINESE", "TAI THAM"))
"""The same for scripts that put no blanks between words, but a zero-width space where a line may end."""

_VISIBLE_FORMATS = frozenset(
    map(chr, (*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD))
)
"""Format characters that are drawn: the number signs of Arabic and its neighbours."""


@lru_cache(maxsize=4_096)
def is_drawn(sign: str) -> bool:
    """Return whether a character has a shape or is a mark; of those newer than this Python, whether it is a wide one.

    `wcwidth` calls nothing wide that is no character yet, so what is new and wide is an emoji or an ideograph.
    """
    return (
        sign.isprintable()
        or sign in _VISIBLE_FORMATS
        or (unicodedata.category(sign) == "Cn" and wcwidth(sign) == 2 and not sign.isascii())
    )


@lru_cache(maxsize=4_096)
def is_mark(sign: str) -> bool:
    """Return whether a drawn character is drawn into the cell of the one before it."""
    # Vowels and finals of decomposed Korean are letters to Unicode, and have no width.
    return not sign.isascii() and (unicodedata.category(sign).startswith("M") or wcwidth(sign) == 0)


@lru_cache(maxsize=4_096)
def is_selector(sign: str) -> bool:
    """Return whether a character only chooses between the shapes of the one before it."""
    return "\ufe00" <= sign <= "\ufe0f" or "\U000e0100" <= sign <= "\U000e01ef"


def joins(before: str, sign: str, after: str) -> bool:
    """Return whether a joiner, non-joiner or zero-width space belongs between these two (either may be empty)."""
    if sign == ZERO_WIDTH_SPACE:
        return _is_of(before, UNSPACED)
    if _is_of(before, JOINING):
        return True
    return sign == JOINER and joins_emoji(before, after)


def joins_emoji(before: str, after: str) -> bool:
    """Return whether a joiner between these two makes one emoji of two."""
    return bool(before and after) and _is_pictograph(after) and (before in EMOJI_SELECTORS or _ends_emoji(before))


def selects(before: str, sign: str, after: str) -> bool:
    """Return whether a variation selector has a character before it whose shape it can choose."""
    if not before:
        return False
    if before.isascii():
        return sign in EMOJI_SELECTORS and after == _KEYCAP and before in "0123456789#*"
    category = unicodedata.category(before)
    if sign in EMOJI_SELECTORS:
        return category[0] in "SP" or _is_pictograph(before)
    if sign >= "\U000e0100":
        return category == "Lo" and wcwidth(before) == 2
    return category[0] in "LSP"


def hyphenates(before: str, after: str) -> bool:
    """Return whether a soft hyphen between these two only says where the word may be broken."""
    return bool(before and after) and after.isalpha() and (before.isalnum() or is_mark(before))


@lru_cache(maxsize=4_096)
def runs_leftwards(sign: str) -> bool:
    """Return whether a character is written from right to left; a line with one has direction marks for good reason."""
    return sign not in DIRECTION_MARKS and unicodedata.bidirectional(sign) in ("R", "AL")


@lru_cache(maxsize=4_096)
def _is_of(sign: str, scripts: tuple[str, ...]) -> bool:
    return bool(sign) and unicodedata.name(sign, "").startswith(scripts)


@lru_cache(maxsize=4_096)
def _is_pictograph(sign: str) -> bool:
    # Only a pictograph goes on behind a heart and a joiner (UAX 29, GB11); what goes on behind a letter too is a mark.
    return is_drawn(sign) and len(_first(f"❤{JOINER}{sign}")) == 3 and len(_first(f"a{sign}")) == 1


@lru_cache(maxsize=4_096)
def _ends_emoji(sign: str) -> bool:
    return _is_pictograph(sign) or "\U0001f3fb" <= sign <= "\U0001f3ff" or sign == "\U000e007f"


def _first(text: str) -> str:
    return next(iter_graphemes(text))
