"""The styles of the screen and their colours; colour never says anything that is not also said in words or signs."""

import zlib
from typing import NamedTuple

from reactor_chat.client.terminal.palette import PEOPLE_256
from reactor_chat.wire.messages import fold


class Look(NamedTuple):
    """How a style is drawn, in urwid's words.

    Attributes:
        plain: without colours.
        sixteen: in the sixteen colours that every terminal has.
        dark: in 256 colours on a dark ground.
        light: on a light one.
    """

    plain: str
    sixteen: str
    dark: str
    light: str


def _same(plain: str, sixteen: str, color: str | None = None) -> Look:
    return Look(plain, sixteen, color or sixteen, color or sixteen)


LOOKS: dict[str, Look] = {
    "dim": Look("", "dark gray", "h245", "h243"),
    "time": Look("", "dark gray", "h245", "h243"),
    "rule": Look("", "dark gray", "h240", "h249"),
    "day": Look("", "dark gray", "h245", "h243"),
    "new": Look("bold", "yellow,bold", "h214,bold", "h130,bold"),
    "title": _same("bold", "bold"),
    "open": Look("standout", "standout", "standout", "standout"),
    "unread": _same("bold", "bold"),
    "mention": Look("bold", "light magenta,bold", "h213,bold", "h127,bold"),
    "stored": Look("", "dark green", "h71", "h28"),
    "sending": Look("", "dark cyan", "h74", "h25"),
    "not sent": Look("bold", "yellow", "h214", "h130"),
    "refused": Look("bold", "light red", "h203", "h160"),
    "encrypted": Look("", "dark green", "h71", "h28"),
    "not encrypted": Look("", "brown", "h179", "h130"),
    "held": Look("bold", "light red", "h203", "h160"),
    "getting keys": Look("", "dark cyan", "h74", "h25"),
    "key": _same("bold", "bold"),
    "found": Look("underline", "underline", "underline", "underline"),
    "link": Look("underline", "underline", "underline", "underline"),
    "system": Look("", "dark gray", "h245", "h243"),
    "mark": Look("", "dark gray", "h245", "h243"),
    "alarm": Look("bold", "light red,bold", "h203,bold", "h160,bold"),
    "group": _same("bold", "bold"),
    "refusal": Look("", "brown", "h179", "h130"),
    "announcement": Look("bold,standout", "bold,standout", "bold,standout", "bold,standout"),
    "input": Look("", "", "", ""),
    "text": Look("", "", "", ""),
    "help": Look("", "", "", ""),
    "box": Look("", "", "", ""),
}
"""Every style but those of names and the empty one, which is drawn as the terminal draws by itself."""

NAMES = tuple(f"h{color}" for color in PEOPLE_256)
NAMES_SIXTEEN = ("dark red", "dark green", "brown", "dark magenta", "dark cyan")

THEMES = ("dark", "light", "none")


def look_of_name(style: str) -> Look:
    """Return how a name is drawn: a colour that follows from the name alone, and is the same on every machine."""
    number = zlib.crc32(fold(style.removeprefix("name ")).encode("utf-8", "surrogatepass"))
    color = f"{NAMES[number % len(NAMES)]},bold"
    return Look("bold", f"{NAMES_SIXTEEN[number % len(NAMES_SIXTEEN)]},bold", color, color)


def look(style: str, theme: str, colors: int) -> str:
    """Return how a style is drawn, in urwid's words.

    Args:
        style: of a span.
        theme: one of THEMES.
        colors: how many the terminal has: 1, 16 or 256.
    """
    if not style:
        return ""
    found = look_of_name(style) if style.startswith("name ") else LOOKS.get(style, LOOKS["box"])
    if theme == "none" or colors < 16:
        return found.plain
    if colors < 256:
        return found.sixteen
    return found.light if theme == "light" else found.dark
