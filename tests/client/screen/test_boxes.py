"""Boxes over the screen."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.screen.boxes import MARGIN, Box, drawn, laid_over
from reactor_chat.client.screen.rows import Row, Span, filled, row_of, sliced, width

ROWS = st.lists(st.text(st.sampled_from("ab 日"), max_size=30).map(row_of), max_size=30)
BOXES = st.builds(
    Box,
    st.sampled_from(["", "Find", "a long title of a box, longer than many screens are wide"]),
    ROWS,
    st.sampled_from(["Esc closes", "a foot that is longer than many screens are wide"]),
    st.one_of(st.none(), st.tuples(st.just(row_of(" > typed")), st.integers(3, 40))),
    st.integers(0, 5),
    st.one_of(st.none(), st.integers(0, 30)),
    st.booleans(),
)
COLUMNS, HEIGHT = st.integers(8, 140), st.integers(1, 50)


def shown(row: Row) -> str:
    return "".join(span.text for span in row)


@given(BOXES, COLUMNS, HEIGHT)
def test_a_box_is_a_frame_within_the_screen(box: Box, columns: int, rows: int) -> None:
    over = drawn(box, columns, rows)
    (outer,) = {width(row) for row in over.rows}
    assert over.column + outer <= columns
    assert over.row + len(over.rows) <= max(rows, 3)
    assert shown(over.rows[0])[0] + shown(over.rows[0])[-1] == "┌┐"
    assert shown(over.rows[-1])[0] + shown(over.rows[-1])[-1] == "└┘"
    assert all(shown(row)[0] + shown(row)[-1] == "││" for row in over.rows[1:-1])
    if over.cursor is not None:
        assert box.typed is not None
        assert over.cursor[0] < columns
        assert over.cursor[1] < rows


@given(BOXES, COLUMNS, st.integers(4, 50))
def test_the_rows_from_the_first_one_on_stand_in_it_and_the_chosen_one_is_marked(
    box: Box, columns: int, rows: int
) -> None:
    over = drawn(box, columns, rows)
    inside = [sliced(row, 2, width(row) - 4) for row in over.rows[1:-1]]
    if box.typed is not None:
        typed = inside.pop(0)
        assert typed == filled(box.typed[0], width(typed))
    for place, row in enumerate(box.rows[box.first : box.first + len(inside)], box.first):
        got = inside[place - box.first]
        if place == box.chosen:
            assert shown(got)[0] == "▸"
            assert {span.style for span in got if span.text} <= {"open"}
        elif width(row) <= width(got):
            assert shown(got).rstrip() == shown(row).rstrip()


def test_there_is_a_margin_where_there_is_room() -> None:
    assert drawn(Box("x", []), 80, 24).column == MARGIN
    assert drawn(Box("x", []), 40, 24).column == 0
    narrow = drawn(Box("x", [row_of("y" * 40)], is_wide=False), 80, 24)
    assert width(narrow.rows[0]) == 44
    assert narrow.column == 18


@given(BOXES, COLUMNS, HEIGHT, st.lists(st.text(st.sampled_from("ab日"), max_size=80), max_size=50))
def test_what_is_beside_a_box_stays_as_it_was(box: Box, columns: int, rows: int, under: list[str]) -> None:
    screen = [sliced(row_of(Span("u", text)), 0, columns) for text in under][:rows]
    over = drawn(box, columns, rows)
    result = laid_over(screen, over, columns)
    assert len(result) == len(screen)
    for place, (before, after) in enumerate(zip(screen, result, strict=True)):
        row = over.rows[place - over.row] if over.row <= place < over.row + len(over.rows) else None
        if row is None:
            assert after == before
            continue
        assert width(after) == columns
        assert shown(sliced(after, over.column, width(row))) == shown(row)
        end = over.column + width(row)
        assert shown(sliced(after, end, columns - end)).rstrip() == shown(sliced(before, end, columns - end)).rstrip()
