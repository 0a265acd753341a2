"""What is asked before a line leaves, and what cannot leave at all."""

import pytest

from reactor_chat.client.terminal.caution import NOT_UTF_8, hindrance, question

SLASH = "Commands here begin with @, not /. Enter again says it to everyone"


@pytest.mark.parametrize("typed", ["/quit", "/msg Stella hi", "  /nick x", "\ufeff/who", "／help"])
def test_a_command_of_another_chat_is_asked_about(typed: str) -> None:
    assert question(typed) == SLASH


@pytest.mark.parametrize("typed", ["hello", "/", "/ shrug", "/1", "//", "either/or", "@Stella /quit", "@@x", ""])
def test_anything_else_is_not(typed: str) -> None:
    assert question(typed) is None


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("1\n2\n3", None),
        ("1\n2\n3\n4", "4 lines were pasted. Enter again sends them to everyone"),
        ("@Stella 1\n2\n3\n4\n5", "5 lines were pasted. Enter again sends them to Stella"),
        ("@group send Team 1\n2\n3\n4", "4 lines were pasted. Enter again sends them to Team"),
        ("@group set team a\nb\nc\nd", "4 lines were pasted. Enter again sends them"),
        ("/msg\n2\n3\n4", SLASH),
    ],
)
def test_a_paste_of_more_than_three_lines_is_asked_about(typed: str, asked: str | None) -> None:
    assert question(typed, pasted_lines=5) == asked
    if asked != SLASH:
        assert question(typed) is None, "typed by hand, it is meant"


def test_what_is_not_utf_8_cannot_be_sent() -> None:
    assert hindrance("caf\udce9") == NOT_UTF_8
    assert hindrance("café \ufffd") is None
