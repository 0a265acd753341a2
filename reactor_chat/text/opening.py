"""Says where a typed line really begins: what cannot be seen in front of an `@` must not make a private line public.

Files from Windows begin with a byte order mark, phones and web pages leave direction marks and zero-width characters
behind, and input methods type ＠ (U+FF20) or ﹫ (U+FE6B) for `@`.  A person sees `@Stella …` each time, and means it.

`split_opening` is used wherever a line is looked at: by the parser, by the prompt, by completion.
"""

import re
import unicodedata

AT_SIGNS = "@＠﹫"
"""What counts as `@` at the beginning of a line (PROTOCOL §8)."""

# Blank or never drawn (Unicode's Default_Ignorable_Code_Point), although their category is not one of those below.
_UNSEEN = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x2800, 0x3164, 0xFFA0, 0x1D159))
) | frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000))))

_VISIBLE_FORMATS = frozenset(
    map(chr, (*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD))
)
"""Of the format characters, the number signs of Arabic and its neighbours: they are drawn, and are text."""

_UNSEEN_CATEGORIES = ("Cc", "Cf", "Zs", "Zl", "Zp")

_plain_beginning = re.compile(r"[!-?A-~]")


def split_opening(typed: str) -> tuple[str, str]:
    """Return what stands unseen in front of a line, and the line from its first visible character on.

    Args:
        typed: any text.

    Returns:
        Two parts, which together are the line, but that an at sign of another kind at the beginning of the second one
        is an `@`.  The second one is empty where nothing can be seen.
    """
    if _plain_beginning.match(typed):
        return "", typed
    begin = next((place for place, sign in enumerate(typed) if not _is_unseen(sign)), len(typed))
    bare = typed[begin:]
    return typed[:begin], "@" + bare[1:] if bare.startswith(tuple(AT_SIGNS)) else bare


def is_blank(typed: str) -> bool:
    """Return whether nothing in a line can be seen."""
    return not split_opening(typed)[1]


def stripped(typed: str) -> str:
    """Return a line without what is unseen at both of its ends, such as a name that was typed."""
    _, bare = split_opening(typed)
    end = len(bare)
    while end and _is_unseen(bare[end - 1]):
        end -= 1
    return bare[:end]


def _is_unseen(sign: str) -> bool:
    if sign in _UNSEEN:
        return True
    return unicodedata.category(sign) in _UNSEEN_CATEGORIES and sign not in _VISIBLE_FORMATS
