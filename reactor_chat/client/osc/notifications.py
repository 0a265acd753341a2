"""Notifications of the desktop, as terminals pass them on, and which of their three forms a terminal knows.

    OSC 9     a text                                       iTerm2, WezTerm, ghostty and others
    OSC 777   `notify`, a title and a text                 rxvt-unicode, foot, VTE
    OSC 99    keys and values, and a text in base64        kitty

A terminal that knows none of them shows nothing.
"""

import base64
import re
from collections.abc import Mapping
from enum import Enum

from reactor_chat.client.osc.sequences import Envelope, bounded, sequence

BELL = b"\a"

TITLE_CHARS_MAX = 60
TEXT_CHARS_MAX = 200

_number_first = re.compile(r"\d+(;|\Z)")


class Form(Enum):
    """The forms, by their names in `client.toml`."""

    OSC9 = "osc9"
    OSC777 = "osc777"
    OSC99 = "osc99"
    OFF = "off"


_BY_PROGRAM = {"iTerm.app": Form.OSC9, "iTerm2": Form.OSC9, "WezTerm": Form.OSC9, "ghostty": Form.OSC9}
_BY_TERM = {
    "xterm-kitty": Form.OSC99,
    "rxvt": Form.OSC777,
    "foot": Form.OSC777,
    "xterm-ghostty": Form.OSC9,
    "wezterm": Form.OSC9,
}
"""By what `TERM` begins with."""
_SILENT = ("", "dumb", "linux")
"""Those that would print what they are told."""


def form_of(environ: Mapping[str, str], chosen: str = "auto") -> Form:
    """Return the form in which this terminal is told.

    Args:
        environ: the environment; behind SSH little more than `TERM` is left of it.
        chosen: what `client.toml` says: one of the forms, or `auto`.
    """
    if chosen != "auto":
        return Form(chosen)
    term = environ.get("TERM", "")
    if term in _SILENT:
        return Form.OFF
    if environ.get("KITTY_WINDOW_ID"):
        return Form.OSC99
    for name in ("TERM_PROGRAM", "LC_TERMINAL"):  # SSH passes on what begins with LC_
        if (form := _BY_PROGRAM.get(environ.get(name, ""))) is not None:
            return form
    by_term = next((form for begins, form in _BY_TERM.items() if term.startswith(begins)), None)
    return by_term or (Form.OSC777 if environ.get("VTE_VERSION") else Form.OSC9)


def envelope_of(environ: Mapping[str, str]) -> Envelope:
    """Return what stands between us and the terminal; of what stands on this side of SSH, `TERM` tells."""
    term = environ.get("TERM", "")
    if environ.get("TMUX") or term.startswith("tmux"):
        return Envelope.TMUX
    return Envelope.SCREEN if environ.get("STY") or term.startswith("screen") else Envelope.NONE


def knows_links(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal may be told of links; one that knows none shows the text."""
    return environ.get("TERM", "") not in _SILENT and envelope_of(environ) is not Envelope.SCREEN


def notification(title: str, text: str, form: Form, envelope: Envelope = Envelope.NONE) -> bytes:
    """Return what shows a notification; nothing, where it is off.

    Args:
        title: who, or where.
        text: what; both may hold anything.
        form: as the terminal knows it.
        envelope: what it has to pass.
    """
    title, text = bounded(title, TITLE_CHARS_MAX), bounded(text, TEXT_CHARS_MAX)
    match form:
        case Form.OSC9:
            return sequence(9, _without_number(f"{title}: {text}" if title else text), envelope)
        case Form.OSC777:  # a semicolon would end the part it stands in
            return sequence(777, f"notify;{title.replace(';', ',')};{text.replace(';', ',')}", envelope)
        case Form.OSC99:
            said = base64.b64encode(f"{title}: {text}".encode("utf-8", "replace")).decode("ascii")
            return sequence(99, f"e=1:o=unfocused;{said}", envelope)
        case Form.OFF:
            return b""


def _without_number(text: str) -> str:
    """A text that begins with a number and a semicolon would be another command there (progress, in ConEmu)."""
    return f" {text}" if _number_first.match(text) else text
