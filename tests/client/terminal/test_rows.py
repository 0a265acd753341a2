"""A line in rows: nothing is lost, nothing is wider than the box, and every place has its cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.terminal.cells import cells
from reactor_chat.client.terminal.rows import BrokenLine, _breaks_of_any, _breaks_of_ascii
from reactor_chat.text.widths import iter_graphemes

FAMILY = "👩\u200d👩\u200d👧"


def rows(text: str, columns: int) -> list[str]:
    broken = BrokenLine(text, columns)
    return [broken.row(row) for row in range(len(broken))]


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("", 10, [""]),
        ("abc", 10, ["abc"]),
        ("123456789", 10, ["123456789"]),
        ("1234567890", 10, ["123456789", "0"]),
        ("one two three", 8, ["one two ", "three"]),
        ("one two three", 9, ["one two ", "three"]),
        ("one two three", 7, ["one ", "two ", "three"]),
        ("123456789 x", 10, ["123456789 ", "x"]),
        ("one\ntwo\n", 10, ["one", "two", ""]),
        ("\n\n", 10, ["", "", ""]),
        ("a\tb", 10, ["a⇥b"]),
        ("a\u202eb", 10, ["a\ufffdb"]),
        ("日本語日本語", 8, ["日本語", "日本語"]),
        ("日本 日本語", 8, ["日本 ", "日本語"]),
        (f"ab{FAMILY}{FAMILY}", 6, [f"ab{FAMILY}", FAMILY]),
        ("e\u0301e\u0301e\u0301", 3, ["e\u0301e\u0301", "e\u0301"]),
        ("abc", 1, ["a", "b", "c"]),
        ("日a", 1, ["\ufffd", "a"]),
        ("word" * 4, 9, ["wordword", "wordword"]),
        ("a wordword", 7, ["a ", "wordwo", "rd"]),
    ],
)
def test_a_line_is_broken_where_people_would(text: str, columns: int, shown: list[str]) -> None:
    assert rows(text, columns) == shown


@pytest.mark.parametrize(
    ("text", "columns", "index", "row", "cell"),
    [
        ("", 10, 0, 0, 0),
        ("abc", 10, 3, 0, 3),
        ("123456789", 10, 9, 0, 9),
        ("1234567890", 10, 9, 1, 0),
        ("one two three", 8, 7, 0, 7),
        ("one two three", 8, 8, 1, 0),
        ("1234567 ", 8, 8, 1, 0),
        ("one\n", 8, 3, 0, 3),
        ("one\n", 8, 4, 1, 0),
        ("日本", 8, 1, 0, 2),
        (f"{FAMILY}x", 8, len(FAMILY), 0, 2),
        ("abc", 1, 3, 2, 0),
    ],
)
def test_every_place_has_its_cell(text: str, columns: int, index: int, row: int, cell: int) -> None:
    assert BrokenLine(text, columns).at(index) == (row, cell)


@pytest.mark.parametrize(
    ("row", "cell", "index"),
    [(0, 0, 0), (0, 3, 3), (0, 99, 7), (1, 2, 10), (1, 99, 13), (2, 0, 14), (2, 3, 16), (2, 4, 17)],
)
def test_a_cell_leads_to_the_place_at_it_or_before_it(row: int, cell: int, index: int) -> None:
    broken = BrokenLine("one two three\nab日", 8)
    assert broken.index(row, cell) == index


@pytest.mark.parametrize(
    ("cursor", "first", "shown", "row"),
    [
        (0, 0, "abc", 0),
        (8, 0, "cde", 2),
        (4, 2, "cde", 0),
        (2, 2, "bcd", 0),
        (0, 4, "abc", 0),
        (8, 4, "cde", 2),
        (4, 99, "cde", 0),
    ],
)
def test_a_box_shows_the_part_around_the_cursor_and_moves_no_more_than_it_must(
    cursor: int, first: int, shown: str, row: int
) -> None:
    window = BrokenLine("a\nb\nc\nd\ne", 10).window(cursor, first, 3)
    assert "".join(window.rows) == shown
    assert (window.cursor_row, window.above, window.above + window.below) == (row, "abcde".index(shown), 2)


def test_a_box_is_no_higher_than_what_is_in_it() -> None:
    assert BrokenLine("a\nb", 10).window(0, 0, 6) == (["a", "b"], 0, 0, 0, 0)


words = st.text(st.sampled_from("ab  日e\u0301🎉\u200d👩👧🇩🇪\ufe0f한ᄀ\n\t\x1b\u202e\ud800"), max_size=80)


@given(words, st.integers(1, 30), st.integers(1, 6), st.integers(0, 20))
def test_nothing_is_wider_than_the_box_and_nothing_is_lost(text: str, columns: int, height: int, first: int) -> None:
    broken = BrokenLine(text, columns)
    shown = rows(text, columns)
    assert max(map(cells, shown)) <= columns
    assert not any(sign in row for row in shown for sign in "\n\t\x1b")
    if columns > 2 and "ᄀ" not in text:  # of these, many are one that is wider than a row
        kept = "".join(shown)
        assert len(kept) == len(text) - text.count("\n")
        assert all(
            was == is_now or is_now in "⇥\ufffd" for was, is_now in zip(text.replace("\n", ""), kept, strict=True)
        )
    places, index = [0], 0
    for character in iter_graphemes(text):
        index += len(character)
        places.append(index)
    where = [broken.at(place) for place in places]
    assert where == sorted(where)
    for place in places:
        window = broken.window(place, first, height)
        assert 1 <= len(window.rows) <= height
        assert window.above + len(window.rows) + window.below == len(broken)
        assert 0 <= window.cursor_row < len(window.rows)
        assert 0 <= window.cursor_cells < columns


@given(words, st.integers(3, 30))
def test_a_place_is_found_again_by_its_cell(text: str, columns: int) -> None:
    broken = BrokenLine(text, columns)
    for place in range(len(text) + 1):
        row, cell = broken.at(place)
        found = broken.index(row, cell)
        assert broken.at(found)[0] == row
        assert broken.at(found)[1] <= cell


@given(st.text(st.sampled_from("ab   "), max_size=60), st.integers(1, 20))
def test_the_quick_way_for_ascii_is_the_same(text: str, room: int) -> None:
    assert _breaks_of_ascii(text, room) == _breaks_of_any(text, room)
