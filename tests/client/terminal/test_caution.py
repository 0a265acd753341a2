"""What is asked before a line leaves, and what cannot leave at all."""

import pytest

from reactor_chat.client.terminal.caution import (
    NOT_UTF_8,
    NOTHING_TO_CLOSE,
    hindrance,
    hindrance_of_slash,
    question,
)


@pytest.mark.parametrize(
    "typed",
    [
        "/quit",
        "/msg Stella hi",
        "\ufeff/who",
        "／help",
        "/me waves",
        "hello",
        "/",
        "/ shrug",
        "/1",
        "//",
        "//x",
        "a/b",
        "",
    ],
)
def test_a_slash_that_means_something_or_nothing_is_taken(typed: str) -> None:
    assert hindrance_of_slash(typed) is None


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("  /nick x", "Unknown command /nick. Use @help; // sends a line that begins with a slash"),
        ("/msg Stella", "Usage: /msg <user> <message>"),
        ("/close", NOTHING_TO_CLOSE),
        ("/query Stella", "There is one window for all chats here. Type @Stella <message> to say something there"),
        (
            "/join team",
            "There is one window for all chats here. Type @group send team <message> to say something there",
        ),
    ],
)
def test_what_the_line_mode_cannot_take_is_told(typed: str, why: str) -> None:
    assert hindrance_of_slash(typed) == why


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("1\n2\n3", None),
        ("1\n2\n3\n4", "4 lines were pasted. Enter again sends them to everyone"),
        ("@Stella 1\n2\n3\n4\n5", "5 lines were pasted. Enter again sends them to Stella"),
        ("@group send Team 1\n2\n3\n4", "4 lines were pasted. Enter again sends them to Team"),
        ("@group set team a\nb\nc\nd", "4 lines were pasted. Enter again sends them"),
        ("/msg Stella 1\n2\n3\n4", "4 lines were pasted. Enter again sends them to Stella"),
        ("//etc\n2\n3\n4", "4 lines were pasted. Enter again sends them to everyone"),
    ],
)
def test_a_paste_of_more_than_three_lines_is_asked_about(typed: str, asked: str | None) -> None:
    assert question(typed, pasted_lines=5) == asked
    assert question(typed) is None, "typed by hand, it is meant"


def test_what_is_not_utf_8_cannot_be_sent() -> None:
    assert hindrance("caf\udce9") == NOT_UTF_8
    assert hindrance("café \ufffd") is None
