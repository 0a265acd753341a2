"""A search letter by letter: the newest line first, further back on demand."""

import pytest

from reactor_chat.client.editing.recall_search import RecallSearch
from tests.client.editing.test_sent_lines import sent

LINES = ("lunch at noon", "soup?", "no soup today", "lunch")


def search(*steps: str, words_before: str = "") -> RecallSearch:
    """Type what is given; `^R` looks further back, `<` takes a character back."""
    found = RecallSearch(sent(*LINES), words_before)
    for step in steps:
        if step == "^R":
            found.go_on()
        elif step == "<":
            found.shorten()
        else:
            found.type(step)
    return found


@pytest.mark.parametrize(
    ("steps", "place", "is_found"),
    [
        ([], 4, True),
        (["s"], 2, True),
        (["s", "o", "u", "p", "?"], 1, True),
        (["soup", "^R"], 1, True),
        (["soup", "^R", "^R"], 1, False),
        (["lunch", "^R"], 0, True),
        (["lunch", " "], 0, True),
        (["lunch", "x"], 3, False),
        (["lunch", "x", "<"], 3, True),
        (["soup", "^R", "<"], 2, True),
        (["x", "<"], 4, True),
        (["^R"], 4, True),
        (["SOUP"], 2, True),
    ],
)
def test_which_line_is_found(steps: list[str], place: int, *, is_found: bool) -> None:
    found = search(*steps)
    assert (found.place, found.is_found) == (place, is_found)


def test_the_words_of_the_last_search_are_looked_for_again() -> None:
    found = search("^R", words_before="soup")
    assert (found.words, found.place) == ("soup", 2)
    assert search("l", "^R", words_before="soup").words == "l"


def test_a_character_is_taken_back_as_people_see_it() -> None:
    assert search("ae\u0301", "<").words == "a"
    assert search("<").words == ""
