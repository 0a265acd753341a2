"""Conversations: the same place under every spelling, other places never under one key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.e2ee.conversation import where_asked
from reactor_chat.wire.conversation import ROOM, Conversation, from_key, where_heard, where_said
from reactor_chat.wire.messages import GroupSaid, GroupSend, Said, Say, SealCommitted, SealsAnswer, Tell, Told

names = st.from_regex(r"[A-Za-z0-9_]{1,32}", fullmatch=True)


@given(names, names)
def test_keys_are_apart_and_lead_back(one: str, other: str) -> None:
    places = [
        ROOM,
        Conversation.pair(one),
        Conversation.group(one),
        Conversation.pair(other),
        Conversation.group(other),
    ]
    for place in places:
        assert from_key(place.key) == place
        for another in places:
            assert another == place or not another.key.startswith(place.key)


@given(names)
def test_spelling_does_not_matter(name: str) -> None:
    assert Conversation.pair(name.upper()) == Conversation.pair(name.lower())


@pytest.mark.parametrize(
    ("said", "heard", "where"),
    [
        (Say("x"), Said(1, 1, "Bob", "x"), ROOM),
        (Tell("Bob", "x"), Told(1, 1, "Bob", "Ann", "x"), Conversation.pair("bob")),
        (Tell("Bob", "x"), Told(1, 1, "Ann", "Bob", "x"), Conversation.pair("bob")),
        (GroupSend("Team", "x"), GroupSaid(1, 1, "Bob", "team", "x"), Conversation.group("team")),
    ],
)
def test_where_it_is_said_it_is_heard(said, heard, where: Conversation) -> None:  # type: ignore[no-untyped-def]
    assert where_said(said) == where_heard(heard, "Ann") == where


def test_what_happens_to_a_pair_is_seen_from_both_sides() -> None:
    commit = SealCommitted(1, 1, "Bob", bytes(32), 0, to="Ann", commit=b"x")
    assert where_heard(commit, "Ann") == Conversation.pair("Bob")
    assert where_heard(commit, "Bob") == Conversation.pair("Ann")
    assert where_asked(SealsAnswer("Bob")) == Conversation.pair("Bob")
    assert where_asked(SealsAnswer(group="Team")) == Conversation.group("team")
    assert where_asked(SealsAnswer()) == ROOM


@given(names, names)
def test_two_people_are_one_conversation_whoever_is_named_first(one: str, other: str) -> None:
    assert Conversation.between(one, other) == Conversation.between(other.upper(), one.lower())
    assert Conversation.between(one, other).label == "pair/" + "/".join(sorted([one.lower(), other.lower()]))


def test_labels_are_those_of_the_records_on_disk() -> None:
    found = [ROOM, Conversation.between("Bob", "ANN"), Conversation.of_group(7), Conversation.group("Team")]
    assert [place.label for place in found] == ["room", "pair/ann/bob", "group/7", "group/team"]
