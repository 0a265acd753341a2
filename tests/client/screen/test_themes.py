"""Every style has a look, in every theme and with any number of colours."""

import ast
from pathlib import Path
from typing import Literal, get_args

import pytest
import urwid

from reactor_chat.client.screen import themes
from reactor_chat.client.screen.themes import LOOKS, THEMES, look, look_of_name
from reactor_chat.text.render import Role

SCREEN = Path(themes.__file__).parent
COLORS: tuple[Literal[1, 16, 256], ...] = (1, 16, 256)


def styles_used() -> set[str]:
    """The styles that are named in the package: what a `Span` begins with, and what a `ruled` ends with."""
    found: set[str] = set()
    for path in SCREEN.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Span", "ruled"):
                place = node.args[0 if node.func.id == "Span" else -1]
                found |= constants(place)
    return {style for style in found if style}


def constants(place: ast.expr) -> set[str]:
    """The texts that an expression may be: one, or either of two."""
    if isinstance(place, ast.IfExp):
        return constants(place.body) | constants(place.orelse)
    return {place.value} if isinstance(place, ast.Constant) and isinstance(place.value, str) else set()


def test_every_style_that_is_used_has_a_look() -> None:
    used = styles_used()
    assert {"dim", "encrypted", "held", "alarm", "input"} <= used
    assert used - set(LOOKS) == set()


def test_every_role_of_a_line_has_a_look() -> None:
    assert {role for role in get_args(Role) if role != "name"} - set(LOOKS) == set()


def test_no_look_is_left_that_nobody_uses() -> None:
    assert set(LOOKS) - styles_used() - set(get_args(Role)) == {"box"}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("colors", COLORS)
def test_urwid_understands_every_look(theme: str, colors: Literal[1, 16, 256]) -> None:
    for style in ["", "name ann", "name Ünn", "of no table", *LOOKS]:
        shown = look(style, theme, colors)
        urwid.AttrSpec(shown or "default", "default", colors)
        if colors == 1 or theme == "none":
            assert set(shown.split(",")) <= {"", "bold", "standout", "underline"}, "no colour where there is none"


def test_a_name_has_one_colour_however_it_is_spelled() -> None:
    assert look_of_name("name Ann") == look_of_name("name ANN")
    assert len({look_of_name(f"name n{number}").dark for number in range(200)}) > 5


def test_what_needs_the_person_stands_out_without_colours_too() -> None:
    for style in ("not sent", "refused", "held", "alarm", "mention", "unread", "new", "open"):
        assert look(style, "none", 256)
