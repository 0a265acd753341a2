"""What is written so that the line being typed stands in the last row."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.spoken.typed_row import NEW_ROW, PROMPT, TypedRow, cursor_in_words, written_as

TEXTS = st.text(st.sampled_from("ab \t\n日e\u0301👩\u200d👧\u202e\x1b"), max_size=8)


@given(st.lists(st.one_of(st.none(), TEXTS)))
def test_the_last_row_is_the_line_and_what_was_written_stays(lines: list[str | None]) -> None:
    """Where None is, something else is written, and the row is over."""
    row, written = TypedRow(), ""
    for line in lines:
        if line is None:
            written += row.over()
            assert not written or written.endswith(NEW_ROW)
            continue
        is_ended = row.is_ended_by(line)
        new = row.changed(line)
        assert not new or not line or is_ended == (PROMPT in new), "what begins a new row is known before"
        written += new
        shown = written_as(line)
        if line:
            assert written.endswith(f"{PROMPT}{shown}")
        assert row.changed(line) == "", "nothing is written twice"


def test_each_sign_at_the_end_is_written_once() -> None:
    row = TypedRow()
    assert [row.changed("hello"[:end]) for end in range(1, 6)] == ["> h", "e", "l", "l", "o"]
    assert [row.changed("hell"), row.changed("hell"), row.changed(""), row.changed("x")] == [
        *("\r\n> hell", "", "\r\n> ", "x"),
    ]


def test_nothing_stands_there_while_nothing_is_typed() -> None:
    row = TypedRow()
    assert row.changed("") == row.over() == ""
    row.changed("x")
    assert (row.over(), row.over(), row.changed("x")) == ("\r\n", "", "> x")


def test_of_a_secret_nothing_is_seen_but_that_it_is_typed() -> None:
    row = TypedRow()
    assert [row.changed(text, is_secret=True) for text in ("s", "se", "s", "")] == ["> ", "", "", ""]


def test_the_place_of_the_cursor_is_told_by_what_follows_it() -> None:
    assert cursor_in_words("", 0) == "Nothing is typed."
    assert cursor_in_words("one two", 0) == "The cursor is at the beginning."
    assert cursor_in_words("one two", 7) == "The cursor is at the end."
    assert cursor_in_words("one two", 4) == 'The cursor is before "two".'
    assert cursor_in_words(f"one\n\x1b{'x' * 99}", 3) == f'The cursor is before " \ufffd{"x" * 18}".'
