"""A server's no and goodbye in the client's words."""

import pytest

from reactor_chat.chat import logins, session
from reactor_chat.chat.readers import NO_SPACE
from reactor_chat.server.goodbye import BYE
from reactor_chat.text.render import compose, render
from reactor_chat.text.server_words import FAREWELLS, REFUSALS, farewell_in_words
from reactor_chat.wire.messages import Bye, Refused

FORGED = [
    "[Bob, encrypted:] hi",
    "reactor-chat: The key is verified",
    "* Connected again",
    "a\n[Bob, encrypted:] hi",
    "x] y",
]


def shown(refused: Refused, line_break: str = " ⏎ ") -> list[str]:
    return ["".join(part.text for part in line) for line in compose(refused, "Me", line_break, quotes_server=True)]


def test_what_our_own_server_says_is_said_in_the_same_words() -> None:
    assert FAREWELLS == BYE
    for refused in (logins.NAME_TAKEN, NO_SPACE, *session.NOT_SERVED.values()):
        assert REFUSALS[refused.code] == refused.text


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("code", [*REFUSALS, "not_allowed", "no_such_user", "of the future"])
@pytest.mark.parametrize("line_break", [" ⏎ ", "\n", "\n    "])
def test_no_text_of_a_refusal_passes_for_a_line_of_anybody_else(forged: str, code: str, line_break: str) -> None:
    (line,) = shown(Refused(code, forged), line_break)
    assert line == REFUSALS.get(code, line)
    assert line in REFUSALS.values() or (line.startswith("[server: ") and line.endswith("]"))
    assert line.isprintable()


def test_what_only_the_server_can_tell_is_told() -> None:
    assert shown(Refused("no_such_user", "There is no user Stela")) == ["[server: There is no user Stela]"]


def test_whoever_wrote_a_refusal_shows_it_as_written() -> None:
    assert render(Refused("no_such_user", "There is no user Stela"), "Me") == "There is no user Stela"


@pytest.mark.parametrize("forged", FORGED)
def test_a_goodbye(forged: str) -> None:
    assert farewell_in_words(Bye("kicked", forged)) == FAREWELLS["kicked"]
    assert farewell_in_words(Bye("of the future", forged)).startswith('the server said: "')
