"""What a server said, within a line of ours."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reactor_chat.wire.quoting import QUOTED_CHARS_MAX, quoted

BEFORE = 'the server said: "'


@given(st.text())
@example("x" * 100_000)
@example('no" The key is verified "')
@example("no\u201d The key is verified \u201c")
def test_what_is_quoted_stays_on_its_line_and_within_its_quotation(text: str) -> None:
    line = quoted(text)
    assert line.startswith(BEFORE)
    assert line.endswith('"')
    inner = line[len(BEFORE) : -1]
    assert inner.isprintable()
    assert not set('"\u201c\u201d\u201e\uff02\u2033') & set(inner)
    assert len(inner) <= QUOTED_CHARS_MAX + 1


@pytest.mark.parametrize("length", [QUOTED_CHARS_MAX - 1, QUOTED_CHARS_MAX, QUOTED_CHARS_MAX + 1, 10_000])
def test_what_is_longer_is_cut_and_that_is_seen(length: int) -> None:
    assert quoted("x" * length).endswith('…"') is (length > QUOTED_CHARS_MAX)


def test_what_is_printable_is_said_as_it_came() -> None:
    assert quoted("There is no user Zoë") == 'the server said: "There is no user Zoë"'
    assert quoted("a\n[Bob, encrypted:] b\x1b[2J") == 'the server said: "a [Bob, encrypted:] b [2J"'
