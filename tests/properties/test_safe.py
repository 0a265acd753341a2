"""`safe` over every text there is."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from reactor_chat.text import unseen
from reactor_chat.text.safe import LINE_BREAK, MARKS_MAX, is_safe, safe

nasty = (
    "\u00ad\u200c\u200f\u061cש\u06ccکක\u0dca\u09cdর\u0e01\U0001f3fb\U0001fac8\U000e0067\U000e0100葛1\u20e3"
    "\x00\x1b\x7f\x9b\r\n\t\u0301\u0489\u093e\u1161\u11a8\u200b\u200d\u2028\u202e\ufe0f\ud800\udc00\ue000🏳👩 ab"
)
texts = st.text(st.characters(codec=None) | st.sampled_from(nasty), max_size=60)
piled = st.text(st.sampled_from("a\u0301\u1161\u200d\ufe0f👩\n\u09cd\u09b0\u200c"), max_size=80)


NEEDED = frozenset("\u200b\u200c\u200d\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd") | frozenset(
    map(chr, (*range(0x0600, 0x0606), *range(0xE0061, 0xE0080)))
)
"""Format characters that scripts and flags need."""


def acts(sign: str) -> bool:
    """Whether a character may do anything but be drawn: all that are not printable, but the few that are needed."""
    is_new = unicodedata.category(sign) == "Cn" and unseen.is_drawn(sign)
    return not (sign.isprintable() or sign in NEEDED or is_new)


def is_mark(sign: str) -> bool:
    is_korean = "\u1160" <= sign <= "\u11ff" or "\ud7b0" <= sign <= "\ud7fb" or sign in "\u3164\uffa0"
    return unicodedata.category(sign) in ("Mn", "Mc", "Me") or is_korean or sign in "\u200b\u200c"


def longest_pile(text: str) -> int:
    longest = now = 0
    for sign in text:
        now = now + 1 if is_mark(sign) else 0
        longest = max(longest, now)
    return longest


@given(texts | piled)
@example("\x1b[2J")
def test_no_character_acts(text: str) -> None:
    assert not any(map(acts, safe(text)))


@given(texts | piled)
def test_with_a_terminals_line_break_only_that_is_not(text: str) -> None:
    lines = safe(text, "\n    ").split("\n    ")
    assert len(lines) == text.count("\n") + 1
    assert not any(map(acts, "".join(lines)))


@given(texts | piled)
def test_marks_are_bounded_and_stand_on_something(text: str) -> None:
    shown = safe(text)
    assert longest_pile(shown) <= MARKS_MAX
    assert not shown or not is_mark(shown[0])


@given(texts | piled)
def test_what_is_left_out_is_only_what_nobody_would_see(text: str) -> None:
    unseen_signs = unseen.DIRECTION_MARKS | {unseen.SOFT_HYPHEN}
    if not any(map(is_mark, text)):
        rest = iter(safe(text))
        for sign in text:
            if not acts(sign) and sign not in unseen_signs and sign not in "\ufe0f\u200d":
                assert sign in rest


@given(texts | piled)
def test_once_is_enough(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@given(texts | piled)
def test_is_safe_says_whether_anything_changes(text: str) -> None:
    assert is_safe(text) == (safe(text) == text)


@given(texts | piled)
def test_nothing_harmless_is_altered(text: str) -> None:
    has_selector = any(map(unseen.is_selector, text))
    if text.isprintable() and not has_selector and longest_pile(text) <= MARKS_MAX and not (text and is_mark(text[0])):
        assert safe(text) == text


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), min_size=1), texts)
def test_what_is_harmless_is_kept_beside_what_is_not(kept: str, text: str) -> None:
    assert safe(kept + "\n" + text) == kept + LINE_BREAK + safe(text)
