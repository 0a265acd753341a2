"""Whether a text speaks to somebody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.transcript.mentions import Mentions

SPEAKS = ["John", "john?", "well, JOHN!", "@john", "(@John)", "@all", "hey @ALL: listen", "soup", "Soup, anyone?"]
SPEAKS_NOT = ["", "Johnny", "john_", "ajohn", "@allow", "all", "soups", "a@johnny", None]


@pytest.mark.parametrize("text", SPEAKS)
def test_a_name_as_a_word_everybody_and_a_keyword_speak_to_a_person(text: str) -> None:
    assert Mentions("John", ["soup"]).are_in(text)


@pytest.mark.parametrize("text", SPEAKS_NOT)
def test_a_part_of_another_word_does_not(text: str | None) -> None:
    assert not Mentions("John", ["soup"]).are_in(text)


def test_nobody_without_a_name_is_spoken_to_but_as_everybody() -> None:
    assert not Mentions("").are_in("anything at all")
    assert Mentions("").are_in("@all")


@given(st.text(max_size=20), st.text("(.*[?+\\ab", min_size=1, max_size=8))
def test_a_keyword_is_looked_for_as_it_stands(text: str, keyword: str) -> None:
    found = Mentions("", [keyword]).are_in(f"{text} {keyword} ")
    assert found == bool(keyword.strip() and not keyword[:1].isspace())
