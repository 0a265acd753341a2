"""What is typed into a search, read: anything is a search, and what cannot be understood is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.archive.query import Query, Side, Term, read_query
from reactor_chat.wire.conversation import ROOM, Conversation
from tests.client.archive.scribe import moment


def read(typed: str) -> Query:
    return read_query(typed, moment, "john")


def word(*units: str, goes_on: bool = False) -> Term:
    return Term(units, tuple(not unit.isascii() for unit in units), goes_on)


WANTED = [
    ("soup", Side((word("soup", goes_on=True),))),
    ("soup ", Side((word("soup"),))),
    ("hot soup", Side((word("hot"), word("soup", goes_on=True)))),
    ("soup!", Side((word("soup"),))),
    ('"hot soup"', Side((word("hot", "soup"),))),
    ('"hot so', Side((word("hot", "so", goes_on=True),))),
    ('"hot so ', Side((word("hot", "so"),))),
    ("http://x.y/z", Side((word("http", "x", "y", "z", goes_on=True),))),
    ("日本", Side((word("日", "本", goes_on=True),))),
    ("FROM:Ann from:@Bob from:me", Side(senders=frozenset({"ann", "bob", "john"}))),
    ("in:room", Side(conversations=frozenset({ROOM}))),
    ("in:Ann", Side(conversations=frozenset({Conversation.pair("ann"), Conversation.group("ann")}))),
    ("in:@ann in:#x", Side(conversations=frozenset({Conversation.pair("ann"), Conversation.group("x")}))),
    ("has:link", Side(has_link=True)),
    ("subject:soup", Side((word("subject", "soup", goes_on=True),))),
    ("from: in: - \" '", Side()),
    ("... !", Side()),
]


@pytest.mark.parametrize(("typed", "wanted"), WANTED)
def test_what_is_typed_is_wanted(typed: str, wanted: Side) -> None:
    assert read(typed) == Query(wanted, Side())
    assert read(typed).is_empty == (wanted == Side())


def test_what_stands_behind_a_minus_is_unwanted_and_never_goes_on() -> None:
    query = read('soup -"hot pot" -from:Ann -in:room -has:link -bre')
    assert query.wanted == Side((word("soup"),))
    assert query.unwanted == Side(
        (word("hot", "pot"), word("bre")), frozenset({"ann"}), frozenset({ROOM}), has_link=True
    )


def test_times_are_read_by_whoever_knows_the_clock() -> None:
    assert read("after:5 before:9 before:8 after:6") == Query(Side(), Side(), 6, 8)
    assert read("-after:5 -before:3") == Query(Side(), Side(), 3, 5)
    asked: list[str] = []

    def remember(typed: str) -> int:
        asked.append(typed)
        return 7

    read_query('before:"27.11. 14:30"', remember, "john")
    assert asked == ["27.11. 14:30"]


def test_what_cannot_be_understood_is_named_and_the_rest_is_searched_for() -> None:
    query = read("soup before:lunchtime has:dog ")
    assert query.wanted == Side((word("soup"),))
    assert query.problems == (
        "Not a time: lunchtime. Use 2026-11-27, yesterday or 14:30",
        "has:dog is not known. Use has:link",
    )


@given(st.text(st.sampled_from("ab\" :-'frominhaslkbet@#日é\n5"), max_size=30))
def test_anything_can_be_typed(typed: str) -> None:
    query = read(typed)
    assert all(term.units for side in query[:2] for term in side.terms)
    assert sum(term.is_beginning for side in query[:2] for term in side.terms) <= 1
