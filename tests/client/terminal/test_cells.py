"""Widths and the boundaries of visible characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.terminal.cells import after, before, cells, fitting

ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
FAMILY = "👩\u200d👩\u200d👧"


@pytest.mark.parametrize(
    ("text", "wide"),
    [
        ("", 0),
        ("abc", 3),
        ("日本", 4),
        ("e\u0301", 1),
        ("🎉", 2),
        ("한", 2),
        ("ｱ", 1),
        ("⏎", 1),
        (FAMILY, 2),
        ("🇩🇪", 2),
        ("👍🏽", 2),
        ("\U0001fac8", 2),
        ("می\u200cخواهم", 7),
        ("ශ්\u200dරී", 2),
        (ENGLAND, 2),
    ],
)
def test_cells(text: str, wide: int) -> None:
    assert cells(text) == wide


@pytest.mark.parametrize(
    "sign",
    ["a", "日", "e\u0301", "🎉", FAMILY, "a\u0300\u0301\u0302", "🇩🇪", "👍🏽", "1\ufe0f\u20e3", ENGLAND, "👩🏽\u200d💻"],
)
def test_a_character_is_passed_in_one_step(sign: str) -> None:
    text = f"x{sign}y"
    assert after(text, 1) == 1 + len(sign)
    assert before(text, 1 + len(sign)) == 1


@given(st.text(st.sampled_from("ab日é\u0301\u200d🎉 \u1160🇩🇪🏽\u0dca\u0dbb\ufe0f\udce9")))
def test_steps_on_and_back_meet_the_same_places(text: str) -> None:
    on, place = [0], 0
    while place < len(text):
        place = after(text, place)
        on.append(place)
    back = [len(text)]
    while place > 0:
        place = before(text, place)
        back.append(place)
    assert back == on[::-1]
    assert after(text, len(text)) == len(text)
    assert before(text, 0) == 0


@given(st.text(st.sampled_from("ab日e\u0301🎉🇩🏽\u200d")), st.integers(0, 30))
def test_what_fits_fits_and_one_character_more_does_not(text: str, room: int) -> None:
    end = fitting(text, 0, room)
    assert cells(text[:end]) <= room
    assert end == len(text) or cells(text[: after(text, end)]) > room
