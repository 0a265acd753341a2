"""Rows cut, filled and laid side by side, against a dull way of doing it: cell by cell."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.screen.rows import CUT, Row, Span, beside, cut, filled, justified, ruled, sliced, styled, width
from reactor_chat.client.terminal.cells import cells
from reactor_chat.text.render import Part
from reactor_chat.text.widths import iter_graphemes

SIGNS = ["a", "b", " ", "日", "語", "👩\u200d👧", "🇩🇪", "e\u0301", "ש", "❤\ufe0f", "\u3000"]
SPANS = st.builds(Span, st.sampled_from(["x", "y"]), st.lists(st.sampled_from(SIGNS), max_size=6).map("".join))
ROWS = st.lists(SPANS, max_size=4).map(tuple)
COLUMNS = st.integers(0, 30)


class Cell(NamedTuple):
    """One cell: what begins in it, in which style; nothing in the second cell of a wide character."""

    style: str
    sign: str


def dull(row: Row) -> list[Cell]:
    """A row cell by cell."""
    found = []
    for span in row:
        for sign in iter_graphemes(span.text):
            found += [Cell(span.style, sign), *[Cell(span.style, "")] * (cells(sign) - 1)]
    return found


def dull_slice(row: Row, begin: int, columns: int) -> list[Cell]:
    """Some of the cells; of a wide character of which one is missing, the other is blank."""
    all_of_it = dull(row)
    found = []
    for at in range(max(begin, 0), min(begin + columns, len(all_of_it))):
        style, sign = all_of_it[at]
        first = at if sign else at - 1
        is_whole = first >= begin and first + cells(all_of_it[first].sign) <= begin + columns
        found.append(Cell(style, sign if is_whole else " "))
    return found


def shown(row: Row) -> str:
    return "".join(span.text for span in row)


@given(ROWS)
def test_a_row_is_as_wide_as_it_has_cells(row: Row) -> None:
    assert width(row) == len(dull(row))


@given(ROWS, COLUMNS)
def test_a_row_that_is_cut_keeps_its_beginning_and_says_so(row: Row, columns: int) -> None:
    short = cut(row, columns)
    assert width(short) <= columns
    if width(row) <= columns:
        assert short == row
    elif columns:
        kept = dull(short)
        assert kept[-1].sign == CUT
        assert kept[:-1] == dull(row)[: len(kept) - 1]
        assert len(kept) >= columns - 1, "only half a wide character is lost beside it"


@given(ROWS, COLUMNS)
def test_a_row_that_is_filled_is_exactly_so_wide(row: Row, columns: int) -> None:
    full = filled(row, columns, "z")
    assert width(full) == columns
    assert dull(full)[: width(cut(row, columns))] == dull(cut(row, columns))
    assert all(cell == Cell("z", " ") for cell in dull(full)[width(cut(row, columns)) :])


@given(ROWS, ROWS, COLUMNS)
def test_of_two_at_both_ends_the_right_one_has_the_room(left: Row, right: Row, columns: int) -> None:
    both = justified(left, right, columns)
    assert width(both) == columns
    end = dull(cut(right, columns))
    assert dull(both)[columns - len(end) :] == end


@given(ROWS, st.integers(0, 20), COLUMNS)
def test_a_part_of_a_row_is_those_cells(row: Row, begin: int, columns: int) -> None:
    assert dull(sliced(row, begin, columns)) == dull_slice(row, begin, columns)


@given(st.lists(st.tuples(st.lists(ROWS, max_size=4), st.integers(0, 9)), min_size=1, max_size=3), st.integers(0, 5))
def test_panes_stand_side_by_side(panes: list[tuple[list[Row], int]], height: int) -> None:
    lines = beside(panes, height, Span("r", "|"))
    assert len(lines) == height
    for number, line in enumerate(lines):
        at = 0
        for rows, columns in panes:
            row = filled(rows[number] if number < len(rows) else (), columns)
            assert dull(sliced(line, at, columns)) == dull(row)
            at += columns + 1
        assert width(line) == at - 1


@given(st.text(st.sampled_from("ab 日"), max_size=12), COLUMNS)
def test_a_ruler_is_as_wide_as_there_is_room(words: str, columns: int) -> None:
    row = ruled(words, columns, "=", "r")
    assert width(row) <= columns
    if columns >= cells(words) + 4:
        assert width(row) == columns
        left, right = shown(row).split(f" {words} " if words else " ", 1) if words else (shown(row), "")
        assert set(left + right) <= {"="}
        assert not words or abs(len(left) - len(right)) <= 1


def test_a_name_has_a_style_of_its_own_and_everything_else_that_of_its_role() -> None:
    assert styled([Part("mark", "["), Part("name", "Ann")]) == (Span("mark", "["), Span("name ann", "Ann"))
