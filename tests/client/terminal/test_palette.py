"""Whether there are colours, and that they can be read on any ground."""

import pytest

from reactor_chat.client.boundary import NoteKind
from reactor_chat.client.terminal.palette import PEOPLE_256, POSTURES, ColorChoice, Palette, wants_256, wants_color
from reactor_chat.e2ee.boundary import Posture
from reactor_chat.text.render import Part


@pytest.mark.parametrize(
    ("choice", "environ", "is_terminal", "wanted"),
    [
        ("auto", {"TERM": "xterm"}, True, True),
        ("auto", {"TERM": "xterm"}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {}, True, False),
        ("auto", {"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ("auto", {"TERM": "xterm", "NO_COLOR": ""}, True, True),
        ("auto", {"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, True, False),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "0"}, False, False),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, False, True),
        ("never", {"CLICOLOR_FORCE": "1", "TERM": "xterm"}, True, False),
    ],
)
def test_who_decides(choice: ColorChoice, environ: dict[str, str], *, is_terminal: bool, wanted: bool) -> None:
    assert wants_color(choice, environ, is_terminal=is_terminal) is wanted


def test_256_colours_are_used_where_they_are() -> None:
    assert wants_256({"TERM": "xterm-256color"})
    assert wants_256({"TERM": "xterm", "COLORTERM": "truecolor"})
    assert not wants_256({"TERM": "xterm"})


def luminance(number: int) -> float:
    """Relative luminance (WCAG 2) of one of the 256 colours, from the cube of 6."""
    assert 16 <= number < 232
    steps = (0, 95, 135, 175, 215, 255)
    cube = number - 16
    channels = [steps[cube // 36] / 255, steps[cube // 6 % 6] / 255, steps[cube % 6] / 255]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("number", PEOPLE_256)
def test_a_persons_colour_can_be_read_on_black_and_on_white(number: int) -> None:
    assert (luminance(number) + 0.05) / 0.05 >= 3.0
    assert 1.05 / (luminance(number) + 0.05) >= 2.5


def test_a_person_keeps_a_colour_in_any_case_and_others_differ() -> None:
    palette = Palette(is_on=True, has_256=True)
    assert palette.person("Ann") == palette.person("ANN") == "38;5;62"
    assert len({palette.person(f"user{i}") for i in range(200)}) == len(PEOPLE_256)


def test_without_colours_nothing_is_added() -> None:
    palette = Palette(is_on=False)
    assert palette.line([Part("name", "Ann"), Part("text", " x")]) == "Ann x"
    assert palette.note(NoteKind.FAILURE, "no") + palette.dim("x") == "nox"


def test_every_colour_is_ended() -> None:
    palette = Palette(is_on=True)
    line = palette.line([Part("mark", "["), Part("name", "Ann"), Part("text", " x"), Part("refusal", "no")])
    assert line.endswith("\x1b[0m")
    assert line.count("\x1b[0m") == 3


def test_what_becomes_of_a_line_has_a_word_and_a_colour_of_its_own() -> None:
    assert set(POSTURES) == set(Posture)
    assert len({posture.value for posture in Posture}) == len(set(POSTURES.values())) == len(Posture)
    painted = Palette(is_on=True).posture(Posture.SEALED, "sealed")
    assert painted == f"\x1b[{POSTURES[Posture.SEALED]}msealed\x1b[0m"
    assert Palette(is_on=False).posture(Posture.SEALED, "sealed") == "sealed"
