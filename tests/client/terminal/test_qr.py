"""QR codes on a terminal: each module is where it belongs, and the longest code fits 80 by 24."""

import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.client.terminal.cells import cells
from reactor_chat.client.terminal.qr import ROWS_MAX, drawn
from reactor_chat.e2ee.trust.scan_code import ScanCode, write

DARK = {" ": (1, 1), "▄": (1, 0), "▀": (0, 1), "█": (0, 0)}
CODES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-", min_size=1, max_size=195)


def modules(rows: list[str]) -> list[list[int]]:
    """What a camera sees, with the row below the last where their number is odd."""
    return [[DARK[sign][half] for sign in row] for row in rows for half in (0, 1)]


@given(CODES)
@settings(max_examples=50)
def test_a_camera_sees_the_code_within_a_light_margin(text: str) -> None:
    rows = drawn(text)
    wanted = [list(row) for row in segno.make_qr(text, error="L", boost_error=False).matrix]
    seen, size = modules(rows), len(wanted)
    margin = (len(rows[0]) - size) // 2
    assert margin in (2, 4)
    assert [row[margin:-margin] for row in seen[margin : margin + size]] == wanted
    edge = [*seen[:margin], *seen[margin + size : 2 * margin + size]]
    assert not any(map(any, edge))
    assert not any(any(row[:margin]) or any(row[-margin:]) for row in seen[: size + 2 * margin])


def test_the_longest_code_fits_a_small_terminal_with_its_prompt() -> None:
    rows = drawn(write(ScanCode("a" * 32, bytes(32), "_" * 32, b"\xff" * 32)))
    assert 0 < len(rows) <= ROWS_MAX < 24
    assert all(cells(row) == len(rows[0]) <= 80 for row in rows)


def test_what_is_too_long_is_not_drawn_in_part() -> None:
    assert drawn("A" * 500) == []
