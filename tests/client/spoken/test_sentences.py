"""What arrives, in words: whoever says something cannot say it as somebody else, nor as the client."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.spoken.sentences import FURTHER, noted, own, said, told
from reactor_chat.client.transcript.entries import Fate, OwnLine
from reactor_chat.text.help_topics import overview
from reactor_chat.text.render import NEW_KEY, Annotation
from reactor_chat.text.safe import is_safe
from reactor_chat.wire.conversation import ROOM, Conversation, Heard
from reactor_chat.wire.messages import GroupChanged, GroupSaid, Hello, HelpAnswer, Limits, Refused, Said, Told

TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["x\nYou: forged", "\r\nBob joined", "a\u2028It is 13:05.", " Stored.", "\x1b[2J", "\n"]),
)
NAMES = st.from_regex(re.compile(r"[A-Za-z0-9_]{1,32}", re.ASCII), fullmatch=True)
WORDS = st.sampled_from(["", "sealed", "not sealed", NEW_KEY, "sealed, lost by the server"])
HEARD = st.one_of(
    st.builds(Said, st.just(1), st.just(0), NAMES, TEXTS),
    st.builds(Told, st.just(1), st.just(0), NAMES, st.just("John"), TEXTS),
    st.builds(GroupSaid, st.just(1), st.just(0), NAMES, NAMES, TEXTS),
)


@given(HEARD, WORDS, st.booleans(), st.sampled_from(["", "13:05", "2026-11-26 13:05"]))
def test_a_message_is_one_line_of_its_sender_and_lines_that_are_nobody_s(
    notice: Heard,
    word: str,
    is_verified: bool,  # noqa: FBT001  drawn by its place
    time: str,
) -> None:
    first, *further = said(notice, "John", Annotation(word, is_verified=is_verified), time=time)
    name = re.match(r"(?:User )?(\w+)", first)
    assert name is not None
    assert name[1] == ("You" if notice.sender.lower() == "john" else notice.sender)
    assert first.startswith("User ") == (notice.sender.lower() == "you")
    assert all(line.startswith(FURTHER) for line in further)
    assert all(map(is_safe, [first, *further]))


@given(HEARD, WORDS, TEXTS)
def test_no_words_of_the_client_look_like_somebody_s(notice: Heard, word: str, text: str) -> None:
    head = said(notice, "John", Annotation(word))[0].partition(": ")[0]
    assert not noted(f"{head}: {text}").startswith((head, f"{head}:")) or notice.sender.lower() == "server"


@pytest.mark.parametrize("text", ["Bob joined", "2 people are here: Ann, Bob", "Not sent: x", "server: no"])
def test_words_that_look_like_nobody_s_are_left_as_they_are(text: str) -> None:
    assert noted(text) == text


def test_what_somebody_does_is_an_action() -> None:
    assert said(Told(1, 0, "Ann", "John", "/me waves\nJohn: x"), "John") == ["Ann, private, action: waves", "  John: x"]
    assert said(Said(1, 0, "Ann", "/me"), "John") == ["Ann: /me"]


def test_stored_stands_behind_the_last_line() -> None:
    assert said(Said(1, 0, "John", "a\nb"), "john", is_stored=True) == ["You: a", "  b Stored."]


def test_what_others_cannot_read_is_said_where_nobody_can_write() -> None:
    assert said(Said(1, 0, "Ann", None), "John", Annotation("sealed", "no\nkeys")) == [
        "Ann, encrypted, message that cannot be read (no ⏎ keys)"
    ]
    assert said(Told(1, 0, "Ann", "John", None, removed=True), "John") == ["Ann, private, message removed"]


def test_events_have_no_brackets_and_further_lines_are_indented() -> None:
    assert told(GroupChanged(1, 0, "lunch", "created", "Ann", None, ["Ann", "Bob"]), "John") == [
        "Group lunch created by Ann: Ann, Bob"
    ]
    assert told(Refused("invalid_command", "Invalid command\nUsage: @x"), "John", is_own=True) == [
        "Invalid command",
        "  Usage: @x",
    ]
    assert told(Hello(1, "x", b"", Limits(1, 1)), "John") == []


def test_the_help_is_rows_of_a_command_and_what_it_does() -> None:
    head, *rows = told(HelpAnswer(overview(has_key=True)), "John")
    assert head == "Help."
    assert "@names: show who is connected" in rows
    assert not [row for row in rows if "  " in row]


def test_what_was_not_sent_says_to_whom_and_why() -> None:
    pair, group = Conversation.pair("stella"), Conversation.group("lunch")
    line = OwnLine("1", pair, "psst\nmore", Fate.NOT_SENT)
    assert own(line, "Stella", "her key changed") == ["You to Stella, not sent, her key changed: psst", "  more"]
    assert own(OwnLine("1", group, None), "Lunch", "") == ["You in Lunch, not sent: (an encrypted message)"]
    assert own(OwnLine("1", ROOM, "x"), "", "a\x1b") == ["You, not sent, a␛: x"]
