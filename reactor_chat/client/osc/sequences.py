"""One sequence for a terminal, whatever is put into it: its title, a link, text for the clipboard.

A sequence is `ESC ]`, a number, what it says, and its end; a control character in what it says could end it early, and
the rest would be typed onto the screen or do something.  So every text goes through `text.safe`, is as long as
terminals take, and comes out as exactly one sequence.  A terminal multiplexer keeps to itself what it does not know;
for the terminal behind it a sequence is put into an envelope, where the multiplexer lets such pass (tmux:
`allow-passthrough on`).
"""

import base64
import re
import zlib
from enum import Enum, auto

from reactor_chat.text.links import URI_CHARS_MAX, is_uri
from reactor_chat.text.safe import safe

TITLE_KEEP, TITLE_RESTORE = b"\x1b[22;2t", b"\x1b[23;2t"
"""The terminal remembers the title of its window, and puts it back."""

TITLE_CHARS_MAX = 120
COPY_BYTES_MAX = 74_994
"""As base64, 100,000: what most terminals take."""

_control = re.compile("[\x00-\x1f\x7f-\x9f]")

LINK_END = b"\x1b]8;;\x1b\\"

_SCREEN_BYTES_MAX = 250
"""In one envelope: older versions of GNU screen drop what is longer than 256."""


class Envelope(Enum):
    """How a sequence passes what stands between us and the terminal."""

    NONE = auto()
    TMUX = auto()
    SCREEN = auto()


def sequence(number: int, text: str, envelope: Envelope = Envelope.NONE) -> bytes:
    """Return an operating system command.

    Args:
        number: which.
        text: without control characters.
        envelope: what it has to pass.
    """
    assert _control.search(text) is None, "a control character would end it"
    said = f"{number};{text}".encode("utf-8", "replace")
    if envelope is Envelope.TMUX:
        return b"\x1bPtmux;\x1b\x1b]" + said + b"\x1b\x1b\\\x1b\\"
    if envelope is Envelope.SCREEN:  # which ends at the first ESC \, so the one inside ends with BEL
        inside = b"\x1b]" + said + b"\a"
        pieces = [inside[at : at + _SCREEN_BYTES_MAX] for at in range(0, len(inside), _SCREEN_BYTES_MAX)]
        return b"".join(b"\x1bP" + piece + b"\x1b\\" for piece in pieces)
    return b"\x1b]" + said + b"\x1b\\"


def bounded(text: str, chars_max: int) -> str:
    """Return a text as a sequence may hold it: made safe, and no longer than so many characters."""
    shown = safe(text)
    return shown if len(shown) <= chars_max else f"{shown[: chars_max - 1]}…"


def title(text: str) -> bytes:
    """Return what gives the window a title."""
    return sequence(2, bounded(text, TITLE_CHARS_MAX))


def title_text(where: str, unread: int, for_me: int = 0) -> str:
    """Return the title of our window.

    Args:
        where: the chat that is open.
        unread: messages in all chats that were not read.
        for_me: those among them that are private or mention me.
    """
    count = f"({unread}, {for_me} for you) " if for_me else f"({unread}) " if unread else ""
    return f"{count}{where} - reactor-chat"


def link_begin(uri: str) -> bytes:
    """Return what makes the text that follows, up to `LINK_END`, a link; nothing where it leads nowhere.

    Parts of one link in several rows are known as one.
    """
    return (
        sequence(8, f"id={zlib.crc32(uri.encode('utf-8', 'replace')):x};{uri}")
        if len(uri) <= URI_CHARS_MAX and is_uri(uri)
        else b""
    )


def copy(text: str, envelope: Envelope = Envelope.NONE) -> bytes:
    """Return what puts a text into the clipboard, made safe, with its line breaks; nothing, where it is too long."""
    data = safe(text, "\n").encode("utf-8", "replace")
    if len(data) > COPY_BYTES_MAX:
        return b""
    return sequence(52, f"c;{base64.b64encode(data).decode('ascii')}", envelope)
