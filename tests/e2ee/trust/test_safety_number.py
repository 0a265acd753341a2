"""Safety numbers: the same on both sides, another for another key, and readable."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.e2ee.trust.safety_number import DIGITS, TypedNumber, grouped, read_typed, safety_number, words

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


NUMBERS = st.text("0123456789", min_size=60, max_size=60)


@given(digits=NUMBERS, between=st.sampled_from([" ", "-", ", ", "\n", " – ", ""]), as_words=st.booleans())
@settings(max_examples=100)
def test_however_it_is_typed(digits: str, between: str, *, as_words: bool) -> None:
    between = between or "-" if as_words else between
    typed = between.join((words(digits).title() if as_words else grouped(digits)).split())
    assert read_typed(f" {typed}\n") == TypedNumber(digits)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("12345 67890", "You typed 10 of 60 digits"),
        ("1" * 61, "You typed 61 of 60 digits"),
        (" ".join(words(GOLDEN.replace(" ", "")).split()[:3]), "You typed 3 of 12 words"),
        ("hello world", "'hello' is not a word of a safety number"),
        ("zuzuz " * 12, "'zuzuz' is not a word"),
        ("", "60 digits or 12 words"),
        ("12345 babab", "60 digits or 12 words"),
        ("١" * 60, "60 digits or 12 words"),
    ],
)
def test_what_is_incomplete_is_no_alarm(typed: str, problem: str) -> None:
    read = read_typed(typed)
    assert problem in read.problem
    assert not read.digits


@given(st.text(max_size=80))
def test_whatever_is_typed_is_a_number_or_has_a_problem(typed: str) -> None:
    read = read_typed(typed)
    assert bool(read.digits) != bool(read.problem)


@given(NUMBERS, NUMBERS)
@settings(max_examples=50)
def test_words_are_the_number_said_otherwise(one: str, other: str) -> None:
    assert (words(one) == words(other)) == (one == other)
    assert len(words(one).split()) == 12
    assert all(len(word) == 5 and word.isalpha() for word in words(one).split())
