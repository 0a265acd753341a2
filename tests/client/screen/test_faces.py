"""Which face the client has."""

from argparse import Namespace

import pytest

from reactor_chat.client.screen.faces import Face, chosen_face, local_time

XTERM = {"TERM": "xterm", "LANG": "C.UTF-8"}


def chosen(environ: dict[str, str] | None = None, *, on_terminal: bool = True, **options: bool) -> Face:
    given = Namespace(**{"json": False, "plain": False, "accessible": False} | options)
    return chosen_face(given, XTERM if environ is None else environ, on_terminal=on_terminal)


def test_on_a_terminal_it_is_a_screen_unless_the_person_wants_otherwise() -> None:
    assert chosen() is Face.SCREEN
    assert chosen(plain=True) is Face.LINES
    assert chosen(accessible=True) is Face.ACCESSIBLE
    assert chosen(accessible=True, plain=True) is Face.ACCESSIBLE


@pytest.mark.parametrize("options", [{}, {"plain": True}, {"accessible": True}])
def test_nobody_else_than_a_terminal_gets_anything_but_lines_of_a_pipe(options: dict[str, bool]) -> None:
    assert chosen(None, on_terminal=False, **options) is Face.PIPE
    assert chosen(None, json=True, **options) is Face.PIPE
    for environ in ({"TERM": "dumb"}, {"TERM": ""}, {}):
        assert chosen(environ, **options) is Face.PIPE


def test_a_terminal_that_does_not_read_utf_8_has_lines() -> None:
    latin = {"TERM": "xterm", "LANG": "de_DE.ISO-8859-1"}
    assert chosen(latin) is Face.LINES
    assert chosen(latin, accessible=True) is Face.ACCESSIBLE


def test_local_time_knows_its_zone() -> None:
    assert local_time(0).tzinfo is not None
    assert local_time(1_000) > local_time(0)
    assert local_time(None) > local_time(0)
