"""Which face the client has, and its view: a full screen, lines that scroll above the one being typed, sentences for
those who hear them, or a pipe's.
"""

import os
from argparse import Namespace
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from reactor_chat.client.archive.contract import Archive
from reactor_chat.client.commands.key_map import KeyMap
from reactor_chat.client.commands.keys import ViewKind
from reactor_chat.client.engine import Engine
from reactor_chat.client.preferences.table import Preferences
from reactor_chat.client.standard_error import write
from reactor_chat.client.terminal.accessible_mode import AccessibleMode
from reactor_chat.client.terminal.line_mode import LineMode
from reactor_chat.client.terminal.palette import Palette, wants_256, wants_color
from reactor_chat.client.terminal.pipe_mode import PipeMode
from reactor_chat.client.terminal.streams import InEncoding, OutputStream
from reactor_chat.client.terminal.tty import Terminal, is_terminal, speaks_utf_8
from reactor_chat.process_start import STDIN, STDOUT, other_encoding

if TYPE_CHECKING:
    from reactor_chat.client.screen.view import ScreenView


class Face(Enum):
    """One of them."""

    SCREEN = auto()
    LINES = auto()
    ACCESSIBLE = auto()
    PIPE = auto()


def chosen_face(options: Namespace, environ: Mapping[str, str], *, on_terminal: bool) -> Face:
    """Return which it is.

    Args:
        options: of the command line: `json`, `plain` and `accessible`.
        environ: the environment, which names the terminal and its encoding.
        on_terminal: both input and output are one.
    """
    if options.json or not on_terminal or environ.get("TERM", "dumb") in ("", "dumb"):
        return Face.PIPE
    if options.accessible:
        return Face.ACCESSIBLE
    if options.plain or not speaks_utf_8(environ):
        return Face.LINES
    return Face.SCREEN


class Wishes(NamedTuple):
    """What a person wants of a view.

    Attributes:
        keys: what each key does.
        prefers: what stands in their `client.toml`.
        colors: whether there are any.
        as_json: one notice a line, as JSON.
    """

    keys: KeyMap
    prefers: Preferences
    colors: bool
    as_json: bool


def wishes_of(face: Face, options: Namespace, prefers: Preferences) -> Wishes:
    """Return what a person wants of a view, by their command line and their `client.toml`."""
    colors = wants_color(options.color, os.environ, is_terminal=is_terminal(STDOUT))
    keys = KeyMap(ViewKind.SCREEN if face is Face.SCREEN else ViewKind.LINE, prefers.keys)
    return Wishes(keys, prefers, colors, options.json)


def view_of(
    face: Face, wishes: Wishes, engine: Engine, out: OutputStream, archive: Archive
) -> "LineMode | AccessibleMode | PipeMode | ScreenView":
    """Return the view.

    Args:
        face: which.
        wishes: what the person wants of it.
        engine: whose view it is.
        out: where it writes.
        archive: what was read.
    """
    if face is Face.SCREEN:
        return _screen(wishes, engine, out, archive)
    palette = Palette(is_on=wishes.colors, has_256=wants_256(os.environ), shows_codes=speaks_utf_8(os.environ))
    encoding = None if wishes.as_json else other_encoding()
    screen = out if encoding is None else InEncoding(out, encoding)
    if face is Face.PIPE:
        return PipeMode(engine, screen.write, write, palette, as_json=wishes.as_json, is_typed=is_terminal(STDIN))
    if face is Face.ACCESSIBLE:
        return AccessibleMode(engine, screen, Terminal(STDIN, STDOUT), local_time, wishes.keys)
    return LineMode(engine, screen, Terminal(STDIN, STDOUT), palette, local_time, wishes.keys)


def _screen(wishes: Wishes, engine: Engine, out: OutputStream, archive: Archive) -> "ScreenView":
    # Long to load, and not everybody has a terminal.
    from reactor_chat.client.screen.painting import Attributes  # noqa: PLC0415
    from reactor_chat.client.screen.telling import telling_of  # noqa: PLC0415
    from reactor_chat.client.screen.view import Manner, ScreenView  # noqa: PLC0415

    prefers = wishes.prefers
    colors = (256 if wants_256(os.environ) else 16) if wishes.colors else 1
    telling = telling_of(os.environ, prefers.notify, rings=prefers.bell)
    manner = Manner(Attributes(prefers.theme, colors), telling, wishes.keys, prefers)
    return ScreenView(engine, out, Terminal(STDIN, STDOUT), archive, local_time, manner)


def local_time(milliseconds: int | None) -> datetime:
    """Return the local time of a moment in milliseconds since 1970, and of now for None."""
    local = datetime.now(UTC) if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
    return local.astimezone()
