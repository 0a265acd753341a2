"""Where a row begins after its terminal was made narrower, by what the terminal says of its cursor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.terminal.cells import cells
from reactor_chat.client.terminal.reflow import broken_at, rows_above


@pytest.mark.parametrize(
    ("text", "columns", "place"),
    [
        ("", 10, (0, 0)), ("abc", 10, (0, 3)), ("x" * 10, 10, (1, 0)), ("x" * 25, 10, (2, 5)),
        ("日" * 5, 5, (2, 2)), ("x" * 4 + "日", 5, (1, 2)), ("e\u0301" * 10, 10, (1, 0)), ("日", 1, (2, 0)),
    ],
)  # fmt: skip
def test_where_a_broken_row_ends(text: str, columns: int, place: tuple[int, int]) -> None:
    assert broken_at(text, columns) == place


def test_a_terminal_that_breaks_rows_and_one_that_cuts_them_off() -> None:
    assert rows_above("x" * 25, 10, 5) == 2
    assert rows_above("x" * 25, 10, 9) == 0
    assert rows_above("x" * 20, 10, 0) == 2
    assert rows_above("x" * 20, 10, 9) == 1, "the cursor waits behind the last cell"
    assert rows_above("x" * 25, 10, 7) == 0, "somebody else moved it"


@given(st.text(st.sampled_from("ab日e\u0301🎉"), max_size=60), st.integers(2, 40))
def test_every_cell_of_it_is_in_one_of_the_rows(text: str, columns: int) -> None:
    row, column = broken_at(text, columns)
    assert 0 <= column < columns
    assert cells(text) <= row * columns + column
    assert cells(text) >= row * (columns - 1) + column
