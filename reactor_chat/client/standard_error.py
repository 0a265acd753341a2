"""What the client's command says on standard error, before and beside what its view shows."""

from contextlib import suppress

from reactor_chat.client.terminal.streams import recoded
from reactor_chat.process_start import STDERR, other_encoding, write_whole
from reactor_chat.text.safe import safe

PROGRAM = "reactor-chat"


def say(text: str) -> None:
    """Say one line, under the program's name."""
    write(f"{PROGRAM}: {safe(text)}\n".encode())


def write(text: bytes) -> None:
    """Write a text in UTF-8 to standard error; when nobody can read it there is nobody to tell."""
    encoding = other_encoding()
    with suppress(OSError):
        write_whole(STDERR, text if encoding is None else recoded(text, encoding))
