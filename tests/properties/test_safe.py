"""`safe` over every text there is."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from reactor_chat.text.safe import LINE_BREAK, MARKS_MAX, is_safe, safe

nasty = "\x00\x1b\x7f\x9b\r\n\t\u0301\u0489\u093e\u1161\u11a8\u200b\u200d\u2028\u202e\ufe0f\ud800\udc00\ue000🏳👩 ab"
texts = st.text(st.characters(codec=None) | st.sampled_from(nasty), max_size=60)
piled = st.text(st.sampled_from("a\u0301\u1161\u200d\ufe0f👩\n"), max_size=80)


def is_mark(sign: str) -> bool:
    return (
        unicodedata.category(sign) in ("Mn", "Mc", "Me") or "\u1160" <= sign <= "\u11ff" or "\ud7b0" <= sign <= "\ud7fb"
    )


def longest_pile(text: str) -> int:
    longest = now = 0
    for sign in text:
        now = now + 1 if is_mark(sign) else 0
        longest = max(longest, now)
    return longest


@given(texts | piled)
@example("\x1b[2J")
def test_every_sign_is_printable(text: str) -> None:
    assert safe(text).isprintable()


@given(texts | piled)
def test_with_a_terminals_line_break_only_that_is_not(text: str) -> None:
    lines = safe(text, "\n    ").split("\n    ")
    assert len(lines) == text.count("\n") + 1
    assert all(line.isprintable() for line in lines)


@given(texts | piled)
def test_marks_are_bounded_and_stand_on_something(text: str) -> None:
    shown = safe(text)
    assert longest_pile(shown) <= MARKS_MAX
    assert not shown or not is_mark(shown[0])


@given(texts | piled)
def test_once_is_enough(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@given(texts | piled)
def test_is_safe_says_whether_anything_changes(text: str) -> None:
    assert is_safe(text) == (safe(text) == text)


@given(texts | piled)
def test_nothing_harmless_is_altered(text: str) -> None:
    if text.isprintable() and longest_pile(text) <= MARKS_MAX and not (text and is_mark(text[0])):
        assert safe(text) == text


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), min_size=1), texts)
def test_what_is_harmless_is_kept_beside_what_is_not(kept: str, text: str) -> None:
    assert safe(kept + "\n" + text) == kept + LINE_BREAK + safe(text)
