"""What a slash means to somebody who types: a command, something for the view, an error, or a slash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.text.grammar import COMMANDS, OWN_COMMANDS, SLASH_COMMANDS, SlashCommand
from reactor_chat.text.parser import parse_typed
from reactor_chat.text.slash import (
    SLASH_WORDS,
    CloseChat,
    Line,
    OpenChat,
    action_said,
    escaped,
    meant,
    read_slash,
)
from reactor_chat.wire.messages import Refused, Say


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("/msg Stella are you there?", "@Stella are you there?"),
        ("/MSG @Stella  hi", "@Stella  hi"),
        ("/msg Stella one\ntwo", "@Stella one\ntwo"),
        ("  /quit", "@quit"),
        ("/quit good night all", "@quit"),
        ("/help", "@help"),
        ("/help keys", "@help keys"),
        ("/names", "@names"),
        ("/names team", "@who team"),
        ("/who #team", "@who team"),
        ("/whois Stella", "@seen Stella"),
        ("/list", "@grouplist"),
        ("/part team", "@group leave team"),
        ("/history 20", "@history 20"),
        ("/group send team hi", "@group send team hi"),
        ("/encrypt status", "@encrypt status"),
        ("/me waves {0}", "/me waves {0}"),
        ("／help", "@help"),
        ("\ufeff/help", "@help"),
        ("//etc/passwd is here", "/etc/passwd is here"),
        ("///", "//"),
        ("//", "/"),
        ("  //x", "  /x"),
    ],
)
def test_a_line_that_means_another(typed: str, line: str) -> None:
    assert read_slash(typed) == Line(line)
    assert meant(typed) == line


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("/query Stella", OpenChat(user="Stella")),
        ("/query @Stella hi  there", OpenChat(user="Stella", text="hi  there")),
        ("/join team", OpenChat(group="team")),
        ("/join #team", OpenChat(group="team")),
        ("/part", CloseChat()),
        ("/close", CloseChat()),
    ],
)
def test_what_only_a_view_can_do(typed: str, wanted: OpenChat | CloseChat) -> None:
    assert read_slash(typed) == wanted
    assert meant(typed) == typed


@pytest.mark.parametrize("typed", ["hello", "/", "/ shrug", "/1", "/-)", "either/or", "@Stella /quit", "@@/x", "", " "])
def test_anything_else_is_what_it_seems(typed: str) -> None:
    assert read_slash(typed) is None
    assert meant(typed) == typed


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("/foo", "Unknown command /foo. Use @help; // sends a line that begins with a slash"),
        ("/etc/passwd x", "Unknown command /etc/passwd. Use @help; // sends a line that begins with a slash"),
        ("/Stella hi", "Unknown command /Stella. Use @help; // sends a line that begins with a slash"),
        (f"/{'x' * 99}", f"Unknown command /{'x' * 32}…. Use @help; // sends a line that begins with a slash"),
        ("/é", "Unknown command /é. Use @help; // sends a line that begins with a slash"),
        ("/msg", "Usage: /msg <user> <message>"),
        ("/msg Stella", "Usage: /msg <user> <message>"),
        ("/me", "Usage: /me <message>"),
        ("/query", "Usage: /query <user> [<message>]"),
        ("/query St-ella", "Usage: /query <user> [<message>]"),
        ("/join team now", "Usage: /join <group>"),
        ("/list team", "Usage: /list"),
        ("/close x", "Usage: /close"),
    ],
)
def test_what_is_no_command_or_lacks_something_is_told(typed: str, why: str) -> None:
    assert read_slash(typed) == Refused("invalid_command", why)


def test_a_private_line_is_private_while_it_is_typed() -> None:
    assert meant("/msg Stella") == "@Stella"
    assert meant("/msg Stella hi") == "@Stella hi"
    assert meant("/m") == "/m"


@pytest.mark.parametrize("row", SLASH_COMMANDS, ids=lambda row: row.usage)
def test_every_row_comes_to_something_the_client_knows(row: SlashCommand) -> None:
    follows = {"user": "Stella", "group": "team", "text": "waves", None: ""}[row.kind]
    for rest in {"", follows, f"{follows} hello"}:
        read = read_slash(f"/{row.word} {rest}")
        assert read is not None
        if isinstance(read, Line):
            assert not isinstance(parse_typed(read.text), Refused) or rest.endswith("hello")
    assert not isinstance(read_slash(f"/{row.word} {follows} hello".strip()), Refused) or "<message>" not in row.takes


@pytest.mark.parametrize("row", [*COMMANDS, *OWN_COMMANDS], ids=lambda row: row.usage)
def test_every_command_may_have_a_slash(row: object) -> None:
    words = str(getattr(row, "words", "")).lstrip("@")
    if words and f"/{words}" not in {f"/{own.word}" for own in SLASH_COMMANDS}:
        assert read_slash(f"/{words} x") == Line(f"@{words} x")
        assert f"/{words.split()[0]}" in SLASH_WORDS


anything = st.text(st.sampled_from("/／ @aMmsgequit{}\n\ufeff#") | st.characters(), max_size=30)


@given(anything)
def test_any_line_comes_to_something_and_nothing_with_a_slash_is_said_by_a_slip(typed: str) -> None:
    read = read_slash(typed)
    if isinstance(read, Line) and isinstance(parse_typed(read.text), Say):
        assert "//" in typed.replace("／", "/") or "me" in typed.lower()


@given(anything)
def test_what_is_to_be_taken_as_it_stands_can_be_typed(text: str) -> None:
    assert read_slash(escaped(text)) in (None, Line(text))
    assert meant(escaped(text)) == text


@pytest.mark.parametrize(
    ("text", "action"),
    [("/me waves", "waves"), ("/me  ", None), ("/mewaves", None), (" /me waves", None), ("me", None)],
)
def test_what_somebody_says_that_they_do(text: str, action: str | None) -> None:
    assert action_said(text) == action
