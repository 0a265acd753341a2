"""Who came and went, in one line."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.transcript.comings import BACK_MS_MAX, in_words, joined
from reactor_chat.client.transcript.entries import Comings

NAMES = ["Ann", "Bob", "Chen", "Dora", "Eve"]
Steps = list[tuple[str, bool, int]]
STEPS = st.lists(st.tuples(st.sampled_from(NAMES), st.booleans(), st.integers(0, 10 * BACK_MS_MAX)), min_size=1)


def words(*steps: tuple[str, bool, int]) -> str:
    line = in_words(Comings(steps, steps[-1][2]))
    return "" if line is None else "".join(part.text for part in line)


def test_those_who_came_and_those_who_went_are_named() -> None:
    assert words(("Bob", True, 0)) == "Bob joined"
    assert words(("Bob", True, 0), ("Ines", True, 1), ("Gus", False, 2)) == "Bob and Ines joined, Gus left"
    assert words(*((name, True, 0) for name in NAMES[:3])) == "Ann, Bob and Chen joined"
    assert words(*((name, False, 0) for name in NAMES)) == "Ann, Bob and 3 others left"


def test_whoever_is_back_within_a_minute_is_not_worth_a_word() -> None:
    assert words(("Bob", False, 0), ("Bob", True, BACK_MS_MAX)) == ""
    assert words(("Bob", False, 0), ("BOB", True, BACK_MS_MAX + 1)) == "1 person came and went"
    assert words(("Bob", True, 0), ("Bob", False, 5)) == "1 person came and went"


@given(STEPS)
def test_a_line_says_how_each_stands_at_the_end(steps: Steps) -> None:
    """Against the dullest way of counting: whoever's last step is as their first came, or went, once and for all."""
    said = words(*steps)
    firsts = {name: is_coming for name, is_coming, _ in reversed(steps)}
    lasts = {name: is_coming for name, is_coming, _ in steps}
    came = sorted(name for name in lasts if firsts[name] and lasts[name])
    went = sorted(name for name in lasts if not firsts[name] and not lasts[name])
    assert ("joined" in said) == bool(came)
    assert ("left" in said) == bool(went)
    if len(came) == 1:
        assert f"{came[0]} joined" in said


@given(STEPS, STEPS)
def test_two_that_follow_one_another_are_one(one: Steps, other: Steps) -> None:
    first, second = Comings(tuple(one), one[-1][2], 3, 1), Comings(tuple(other), other[-1][2], 9, 5)
    both = joined(first, second)
    assert both.steps == (*one, *other)
    assert (both.first_place, both.place) == (1, 9)
