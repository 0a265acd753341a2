"""Which colours a view uses: whether any, one for each person, and one for each kind of part.

A person's colour follows from the name alone, so it is the same on every day and every machine.  All colours are of
middle brightness, readable on dark and on light grounds alike.
"""

import zlib
from collections.abc import Mapping
from typing import Literal

from reactor_chat.client.boundary import NoteKind
from reactor_chat.e2ee.boundary import Posture
from reactor_chat.text.render import Part, Role
from reactor_chat.wire.messages import fold

ColorChoice = Literal["auto", "always", "never"]

PEOPLE_256 = (
    31,
    32,
    35,
    62,
    65,
    67,
    70,
    97,
    98,
    101,
    103,
    106,
    129,
    131,
    132,
    133,
    136,
    161,
    166,
    167,
    168,
    169,
    170,
    172,
)
"""Of the 256 colours, those of middle brightness that differ in hue."""

PEOPLE_16 = (31, 32, 33, 35, 36)
"""Of the first eight; blue is left out, many terminals show it too dark."""

ROLES: dict[Role, str] = {
    "system": "2",
    "mark": "2",
    "alarm": "1;31",
    "name": "",
    "group": "1",
    "text": "",
    "refusal": "33",
    "help": "",
    "announcement": "1;7",
}
"""The attribute of each part; a name has its own, and empty is none."""

NOTES: dict[NoteKind, str] = {
    NoteKind.NEWS: "2",
    NoteKind.LINK: "2",
    NoteKind.QUESTION: "1",
    NoteKind.ANSWER: "",
    NoteKind.ALARM: "31",
    NoteKind.DOUBT: "33",
    NoteKind.FAILURE: "31",
}


POSTURES: dict[Posture, str] = {
    Posture.PLAIN: "33",
    Posture.WAITING: "36",
    Posture.SEALED: "32",
    Posture.HELD: "31",
}
"""The colour of the word in the prompt; never without the word."""


def wants_color(choice: ColorChoice, environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Decide whether to use colours: the option, then the environment, then what the output is.

    Args:
        choice: what `--color` says.
        environ: the environment; `NO_COLOR` (set and not empty) goes before `CLICOLOR_FORCE` and `FORCE_COLOR` (set,
            not empty, not 0), and these before the rest.
        is_terminal: the output is one.
    """
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "0") not in ("", "0") for name in ("CLICOLOR_FORCE", "FORCE_COLOR")):
        return True
    return is_terminal and environ.get("TERM", "dumb") != "dumb"


def wants_256(environ: Mapping[str, str]) -> bool:
    """Tell whether the terminal knows the 256 colours."""
    return "256color" in environ.get("TERM", "") or environ.get("COLORTERM", "") not in ("", "0")


class Palette:
    """Paints parts and notes, or leaves them as they are.

    Args:
        is_on: colours are wanted.
        has_256: the terminal knows 256 of them.
        shows_codes: it has the signs that a QR code is drawn with.
    """

    def __init__(self, *, is_on: bool, has_256: bool = False, shows_codes: bool = True) -> None:
        self.shows_codes = shows_codes
        self._is_on = is_on
        self._has_256 = has_256

    def part(self, part: Part) -> str:
        """Return a part's text with its colours around it."""
        return self._painted(self.person(part.text) if part.role == "name" else ROLES[part.role], part.text)

    def line(self, parts: list[Part]) -> str:
        """Return a line of parts as one text."""
        return "".join(map(self.part, parts))

    def note(self, kind: NoteKind, text: str) -> str:
        """Return one of our own lines."""
        return self._painted(NOTES[kind], text)

    def posture(self, posture: Posture, text: str) -> str:
        """Return the word that says what becomes of the line being typed."""
        return self._painted(POSTURES[posture], text)

    def scannable(self, row: str) -> str:
        """Return a row of a QR code, light on dark whatever the terminal's colours are."""
        return self._painted("97;40", row)

    def dim(self, text: str) -> str:
        """Return something that matters less, such as a time."""
        return self._painted("2", text)

    def person(self, name: str) -> str:
        """Return the attribute of a person's name."""
        number = zlib.crc32(fold(name).encode("utf-8", "surrogatepass"))
        if self._has_256:
            return f"38;5;{PEOPLE_256[number % len(PEOPLE_256)]}"
        return str(PEOPLE_16[number % len(PEOPLE_16)])

    def _painted(self, attribute: str, text: str) -> str:
        return f"\x1b[{attribute}m{text}\x1b[0m" if self._is_on and attribute else text
