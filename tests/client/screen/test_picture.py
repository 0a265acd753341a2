"""The whole screen, put together: nothing of it is larger than the terminal, and nothing is hidden by the rest."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.screen.keyboard import Keyboard
from reactor_chat.client.screen.picture import ONE_PANE_BELOW, PEOPLE_FROM, draw_picture
from reactor_chat.client.screen.rows import width
from reactor_chat.wire.messages import Joined
from tests.client.screen.seat import AT, DAY_MS, Seat, said, told

PAGE_UP, PAGE_DOWN = "\x1b[5~", "\x1b[6~"


def busy() -> Seat:
    """John's screen with a bit of everything."""
    seat = Seat().live()
    seat.hear(
        said(1, "日本語 " * 40, at=AT - DAY_MS), Joined(2, AT, "Bob"), told(3, "psst"), said(4, "one\ntwo", "John")
    )
    seat.press("typed 日本 " * 9)
    return seat


def shown(board: Keyboard, columns: int, rows: int) -> list[str]:
    return ["".join(span.text for span in row) for row in draw_picture(board, columns, rows).rows]


@pytest.fixture(scope="module")
def seats() -> dict[str, Seat]:
    """The same screen, with something over it or not."""
    found = {"nothing": busy(), "help": busy(), "switcher": busy(), "find": busy(), "unsent": busy(), "secret": busy()}
    for what, keys in {"help": "\x1bOP", "switcher": "\x15\x0b", "find": "\x06", "unsent": "\x1bOR"}.items():
        found[what].press(keys)
        assert found[what].view.keyboard.asking is not None
    found["secret"].engine.messaging.orders.wants_passphrase = True
    return found


@given(
    st.sampled_from(["nothing", "help", "switcher", "find", "unsent", "secret"]),
    st.integers(1, 140),
    st.integers(1, 50),
)
def test_a_picture_fills_the_screen_and_the_cursor_is_in_it(
    seats: dict[str, Seat], what: str, columns: int, rows: int
) -> None:
    picture = draw_picture(seats[what].view.keyboard, columns, rows)
    assert len(picture.rows) == rows
    assert all(width(row) == columns for row in picture.rows)
    if picture.cursor is not None:
        assert 0 <= picture.cursor[0] < columns
        assert 0 <= picture.cursor[1] < rows


@given(st.integers(20, 140), st.integers(6, 50))
def test_the_cursor_stands_behind_what_is_typed(seats: dict[str, Seat], columns: int, rows: int) -> None:
    picture = draw_picture(seats["nothing"].view.keyboard, columns, rows)
    assert picture.cursor is not None
    column, row = picture.cursor
    typed = "".join(span.text for span in picture.rows[row])
    assert typed.startswith((" > ", " . "))
    assert not typed.strip(" .>") or typed.rstrip().endswith(("typed", "日本"))
    assert column <= columns - 1


@given(st.integers(20, 140), st.integers(4, 50))
def test_where_a_line_goes_stands_above_it(seats: dict[str, Seat], columns: int, rows: int) -> None:
    lines = shown(seats["nothing"].view.keyboard, columns, rows)
    assert any(("to # room · " in line or columns < 30) and "NOT encrypted" in line for line in lines)


@pytest.mark.parametrize("columns", [ONE_PANE_BELOW - 1, ONE_PANE_BELOW, PEOPLE_FROM - 1, PEOPLE_FROM])
def test_panes_at_the_sides_stand_where_there_is_room(seats: dict[str, Seat], columns: int) -> None:
    text = "\n".join(shown(seats["nothing"].view.keyboard, columns, 30))
    assert (" Chats" in text) == (columns >= ONE_PANE_BELOW)
    assert (" People" in text) == (columns >= PEOPLE_FROM)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40), (40, 12), (60, 9), (80, 7)])
def test_paging_to_the_top_and_back_shows_every_message(columns: int, rows: int) -> None:
    seat = Seat(columns=columns, rows=rows).live()
    seat.hear(*(said(seq, f"#{seq}." + " word" * (seq % 40)) for seq in range(1, 41)))
    ways: dict[str, set[str]] = {PAGE_UP: set(), PAGE_DOWN: set()}
    for key, numbers in ways.items():
        for _ in range(200):
            numbers.update(re.findall(r"#(\d+)\.", seat.text))
            seat.press(key)
    assert all({int(number) for number in numbers} == set(range(1, 41)) for numbers in ways.values())
    assert "more below" not in seat.text
    seat.press("\x1b[1;5H", PAGE_UP * 9)
    assert "▼" in seat.text


def test_the_first_row_there_is_is_seen_at_the_top() -> None:
    seat = Seat().live()
    seat.hear(*(said(seq, f"#{seq}") for seq in range(1, 60)))
    seat.press(*[PAGE_UP] * 9)
    first = next(line for line in seat.lines[1:] if line[27:].strip())
    assert "Fri 27 Nov 2026" in first
    assert re.search(r"▼ \d+ more below, End goes there", seat.text)
    seat.press("\x1b[F")
    assert "#59" in seat.text
    assert "▼" not in seat.text
