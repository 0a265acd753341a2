"""Did you mean."""

import itertools
import time
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.text.nearness import nearest

PEOPLE = ["Stella", "john", "Peter", "Nearby", "Ann", "Bo"]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("Nearbi", "Nearby"),  # a wrong letter
        ("Jon", "john"),  # one too few
        ("Stellla", "Stella"),  # one too many
        ("Petre", "Peter"),  # two swapped
        ("Nexxby", "Nearby"),  # two wrong letters
        ("STELLA", "Stella"),
        ("Stel", "Stella"),  # stopped in the middle
        ("Ane", "Ann"),
        ("bo", "Bo"),
        ("B", None),
        ("Bob", "Bo"),
        ("Ob", None),
        ("Zacharias", None),
        ("Stefan", None),
        ("", None),
        ("\ud800\n", None),
        ("x" * 100_000, None),
    ],
)
def test_nearest(word: str, found: str | None) -> None:
    assert nearest(word, PEOPLE) == found


def slips(one: str, other: str) -> int:
    """Count the slips by the definition, however slowly."""
    if not one or not other:
        return len(one) + len(other)
    counts = [slips(one[1:], other) + 1, slips(one, other[1:]) + 1, slips(one[1:], other[1:]) + (one[0] != other[0])]
    if one[:2] == other[1::-1] and len(one) > 1:
        counts.append(slips(one[2:], other[2:]) + 1)
    return min(counts)


@given(st.text("abc", min_size=3, max_size=6), st.text("abcd", max_size=6))
def test_near_is_what_the_definition_says(word: str, name: str) -> None:
    near = slips(word, name) <= len(word) // 3 or name.startswith(word)
    assert nearest(word, [name]) == (name if near else None)


def test_nothing_is_near_where_nobody_is_known() -> None:
    assert nearest("Ann", []) is None


def test_a_tie_is_decided_by_the_alphabet_whatever_the_order() -> None:
    for order in itertools.permutations(["Dana", "dane", "DANI"]):
        assert nearest("danx", order) == "Dana"


def test_fewer_slips_win_over_the_alphabet() -> None:
    assert nearest("stellar", ["Stealer", "Stella"]) == "Stella"


def test_a_crowd_of_like_names_does_not_hide_the_nearest() -> None:
    crowd = [f"user{number}" for number in range(10_000)]
    assert nearest("usr1234", crowd) == "user1234"


def test_ten_thousand_names_chosen_to_be_slow_are_not() -> None:
    crowd = [
        "".join(letters)
        for letters in itertools.islice(itertools.permutations("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"), 10_000)
    ]
    word = crowd[0][:10] + crowd[0][11:]

    def seconds(known: list[str]) -> float:
        """Return the processor's time for a look at so many names, the best of some."""
        return min(timeit.repeat(lambda: nearest(word, known), time.process_time, number=1, repeat=5))

    few = 256
    assert seconds(crowd) < 12 * seconds(crowd[:few]), f"{len(crowd) // few} times where every one of them is compared"
