"""The terminal itself: its modes, its size, and stopping for the shell.

Whatever happens, `leave` puts back what `enter` found.  Signals from the keyboard are switched off while we read keys:
Ctrl-C and Ctrl-Z come as keys, so that they can mean what is right at the moment.
"""

import os
import signal
import sys
import termios
from collections.abc import Mapping

SIZE_UNKNOWN = (80, 24)


def speaks_utf_8(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal reads UTF-8, by the locale; where none is named, it most likely does."""
    named = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "UTF-8")
    return named.lower().replace("-", "").partition("@")[0].endswith("utf8")


class Terminal:
    """One terminal, by the descriptors of its two sides.

    Args:
        input_descriptor: where keys come from.
        output_descriptor: where the screen is.
    """

    def __init__(self, input_descriptor: int, output_descriptor: int) -> None:
        self._input = input_descriptor
        self._output = output_descriptor
        self._found: list[int | list[bytes | int]] | None = None

    def enter(self) -> None:
        """Give us every key as it is pressed, unseen; a second call only makes sure of it."""
        try:
            modes = termios.tcgetattr(self._input)
            if self._found is None:
                self._found = [*modes]
            modes[0] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR)
            modes[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
            modes[6] = [*modes[6]]
            modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
            termios.tcsetattr(self._input, termios.TCSADRAIN, modes)
        except termios.error:
            return  # the terminal is gone; reading from it says so

    def leave(self) -> None:
        """Put back what was found; nothing where nothing was changed."""
        if self._found is None:
            return
        found, self._found = self._found, None
        try:
            termios.tcsetattr(self._input, termios.TCSADRAIN, found)
        except termios.error:
            return

    def size(self) -> tuple[int, int]:
        """Return columns and rows, each at least 1."""
        try:
            columns, rows = os.get_terminal_size(self._output)
        except OSError:
            columns, rows = 0, 0
        return columns or SIZE_UNKNOWN[0], rows or SIZE_UNKNOWN[1]

    def stop(self) -> None:
        """Stop, with everything the shell started together with us, until the shell lets us go on."""
        os.kill(0, signal.SIGTSTP)


def is_terminal(descriptor: int) -> bool:
    """Return whether the descriptor is open and a terminal."""
    try:
        return os.isatty(descriptor) and sys.platform != "win32"
    except OSError:
        return False
