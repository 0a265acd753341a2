"""Which face the client has: a full screen, lines that scroll above the one being typed, or plain lines of a pipe."""

from argparse import Namespace
from collections.abc import Mapping
from enum import Enum, auto

from reactor_chat.client.terminal.tty import speaks_utf_8


class Face(Enum):
    """One of them."""

    SCREEN = auto()
    LINES = auto()
    PIPE = auto()


def chosen_face(options: Namespace, environ: Mapping[str, str], *, on_terminal: bool) -> Face:
    """Return which it is.

    Args:
        options: of the command line: `json` and `plain`.
        environ: the environment, which names the terminal and its encoding.
        on_terminal: both input and output are one.
    """
    if options.json or not on_terminal or environ.get("TERM", "dumb") in ("", "dumb"):
        return Face.PIPE
    if options.plain or not speaks_utf_8(environ):
        return Face.LINES
    return Face.SCREEN
