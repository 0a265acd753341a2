"""Safety numbers: the same on both sides, another for another key, and readable."""

from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.e2ee.safety import DIGITS, compared, grouped, safety_number, words

ANN, BOB, EVE = (bytes((at,)) * 32 for at in (1, 2, 3))


def test_the_two_see_the_same_and_a_third_key_another() -> None:
    number = safety_number("Ann", ANN, "Bob", BOB)
    assert number == safety_number("BOB", BOB, "ann", ANN)
    assert len(number) == DIGITS
    assert number.isdigit()
    others = {
        safety_number("Ann", ANN, "Bob", EVE),
        safety_number("Ann", EVE, "Bob", BOB),
        safety_number("Ann", ANN, "Cid", BOB),
    }
    assert number not in others
    assert len(others) == 3


def test_it_stays_what_it_was() -> None:
    """People wrote it down: a change of the computation is a change of everybody's numbers."""
    assert grouped(safety_number("Ann", ANN, "Bob", BOB)) == GOLDEN


GOLDEN = "31574 85051 10326 14889 92067 36913 90758 71872 13039 43781 18980 61249"


@given(st.text("0123456789", min_size=60, max_size=60))
@settings(max_examples=50)
def test_however_it_is_typed(digits: str) -> None:
    assert compared(grouped(digits), digits)
    assert compared(f" {grouped(digits).replace(' ', '-')}\n", digits)
    assert not compared(digits[:-1], digits)
    assert not compared("", digits)


@given(st.text("0123456789", min_size=60, max_size=60), st.text("0123456789", min_size=60, max_size=60))
@settings(max_examples=50)
def test_words_are_the_number_said_otherwise(one: str, other: str) -> None:
    assert (words(one) == words(other)) == (one == other)
    assert len(words(one).split()) == 12
    assert all(len(word) == 5 and word.isalpha() for word in words(one).split())
