"""Many lines at once are a paste; what somebody types is what it seems, however it comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.commands.keys import Key
from reactor_chat.client.terminal.bursts import BURST_SECONDS_MAX, HELD_MAX, Bursts

ENTER, UP, PASTE_END = Key("Enter"), Key("Up"), Key("PasteEnd")


def keys(written: str) -> list[Key]:
    """Text as a terminal without brackets sends it; a slash is Enter."""
    return [ENTER if part == "/" else Key("Text", part) for part in written.replace("/", " / ").split()]


def fed(*pieces: list[Key], apart: float = 0.01, is_rest: bool = False) -> list[Key]:
    bursts, now, out = Bursts(), 0.0, []
    for piece in pieces:
        out += bursts.feed(piece, now, is_rest=is_rest)
        now += apart
    out += bursts.due(now + BURST_SECONDS_MAX)
    assert bursts.deadline is None
    return out


def test_what_is_typed_passes_at_once() -> None:
    bursts = Bursts()
    assert bursts.feed(keys("a"), 0.0) == keys("a")
    assert bursts.feed([UP, Key("")], 0.1) == [UP]
    assert bursts.feed([ENTER], 0.2) == [ENTER]
    assert bursts.feed([ENTER], 0.3) == [ENTER]
    assert bursts.deadline is None


@pytest.mark.parametrize("written", ["hello/", "one/two/", "one/two/three/", "one/two/three", "/", "////////"])
def test_a_few_lines_at_once_are_what_they_are(written: str) -> None:
    assert fed(keys(written)) == keys(written)
    assert fed(*([key] for key in keys(written))) == keys(written)


@pytest.mark.parametrize("written", ["1/2/3/4", "1/2/3/4/", "1//3/4/", "1/2/3/4/5/6"])
def test_more_than_three_lines_at_once_are_a_paste(written: str) -> None:
    first, *rest = keys(written)
    pasted = Key("Paste", "".join("\n" if key == ENTER else key.text for key in rest))
    assert fed(keys(written)) == [first, pasted]
    assert fed(*([key] for key in keys(written))) == [first, pasted]
    assert fed(keys(written)[:2], keys(written)[2:]) == [first, pasted]


def test_lines_typed_one_after_the_other_are_no_paste() -> None:
    assert fed(*(keys(f"{line}/") for line in range(9)), apart=0.2) == [
        key for line in range(9) for key in keys(f"{line}/")
    ]


def test_an_end_of_a_paste_makes_a_paste_of_what_came_with_it() -> None:
    assert fed([*keys("evil/"), PASTE_END]) == [*keys("evil"), Key("Paste", "\n")]
    assert fed(keys("evil/"), [PASTE_END]) == [*keys("evil"), Key("Paste", "\n")]


def test_text_that_follows_a_paste_at_once_is_a_part_of_it() -> None:
    paste = Key("Paste", "safe")
    assert fed([paste, *keys("evil/")]) == [paste, *keys("evil"), Key("Paste", "\n")]
    assert fed([paste], keys("/evil/")) == [paste, Key("Paste", "\nevil\n")]
    assert fed([paste, ENTER]) == [paste, ENTER], "a program that pastes and presses Enter"
    assert fed([paste], keys("meant/"), apart=0.2) == [paste, *keys("meant/")]


def test_the_rest_of_a_torn_paste_is_pasted_too() -> None:
    assert fed(keys("two/three/"), is_rest=True) == [*keys("two"), Key("Paste", "\nthree\n")]


def test_an_enter_is_held_no_longer_than_a_moment() -> None:
    bursts = Bursts()
    assert bursts.feed(keys("hello/"), 1.0) == keys("hello")
    assert bursts.deadline == 1.0 + BURST_SECONDS_MAX
    assert bursts.due(1.04) == []
    assert bursts.due(1.0 + BURST_SECONDS_MAX) == [ENTER]
    assert bursts.feed(keys("again/"), 2.0) == keys("again")
    assert bursts.feed(keys("x"), 3.0) == [ENTER, *keys("x")], "also where nobody asked in time"


def test_what_is_held_is_bounded() -> None:
    bursts = Bursts()
    bursts.feed(keys("a/"), 0.0)
    for _ in range(20):
        bursts.feed([Key("Text", "x"), UP] * 5_000, 0.0)
    assert len(bursts.due(1.0)) <= HELD_MAX


@given(st.lists(st.lists(st.sampled_from([ENTER, UP, PASTE_END, Key("Text", "x"), Key("")]), max_size=9), max_size=9))
def test_no_text_is_lost_and_nothing_is_pressed_that_was_not(pieces: list[list[Key]]) -> None:
    sent = [key for piece in pieces for key in piece if key.name]
    came = fed(*pieces)
    assert sum(key.text.count("x") for key in came) == sum(key.text.count("x") for key in sent)
    assert sum(key == ENTER for key in came) <= sum(key == ENTER for key in sent)


@pytest.mark.parametrize("told", [Key("FocusIn"), Key("Mouse", "0;1;1M"), Key("CursorAt", "1;1")])
def test_what_a_terminal_tells_waits_for_nothing_and_is_no_part_of_a_paste(told: Key) -> None:
    bursts = Bursts()
    assert bursts.feed([*keys("one/two/"), told, *keys("three/four/")], 0.0) == [told, *keys("one")]
    assert bursts.feed([told], 0.01) == [told]
    assert bursts.due(BURST_SECONDS_MAX) == [Key("Paste", "\ntwo\nthree\nfour\n")]
    assert bursts.feed([told, ENTER], 1.0) == [told, ENTER], "nobody pressed two keys at once"
