"""The terminal itself: its modes, its size, and stopping for the shell.

Whatever happens, `leave` puts back what `enter` found, and waits for nobody, not even for a screen that was stopped
with Ctrl-S.  Signals from the keyboard are switched off while we read keys: Ctrl-C and Ctrl-Z come as keys, so that
they can mean what is right at the moment.
"""

import os
import signal
import sys
import termios
from collections.abc import Mapping

SIZE_UNKNOWN = (80, 24)  # of the VT100, which all are made to pass for


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
        """Give us every key as it is pressed, unseen; a second call only makes sure of it.

        In the background, where the terminal is the shell's, nothing is changed.
        """
        if not self._is_ours:
            return
        try:
            modes = termios.tcgetattr(self._input)
            if self._found is None:
                self._found = [*modes]
            modes[0] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR)
            modes[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
            modes[6] = [*modes[6]]
            modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
            termios.tcsetattr(self._input, termios.TCSANOW, modes)
        except termios.error:
            return  # the terminal is gone; reading from it says so

    def leave(self) -> None:
        """Put back what was found; nothing where nothing was changed."""
        if self._found is None:
            return
        found, self._found = self._found, None
        # From the background, the kernel would stop us for this.
        masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            # Without flow control, what Ctrl-S stopped goes on; the screen has to take a few more bytes.
            flags = termios.tcgetattr(self._input)
            flags[0] &= ~termios.IXON
            termios.tcsetattr(self._input, termios.TCSANOW, flags)
            termios.tcsetattr(self._input, termios.TCSANOW, found)
        except termios.error:
            return
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)

    @property
    def _is_ours(self) -> bool:
        try:
            return os.tcgetpgrp(self._input) == os.getpgrp()
        except OSError:  # the terminal of another session, or gone
            return True

    def size(self) -> tuple[int, int]:
        """Return columns and rows, each at least 1."""
        try:
            columns, rows = os.get_terminal_size(self._output)
        except OSError:
            columns, rows = 0, 0
        return columns or SIZE_UNKNOWN[0], rows or SIZE_UNKNOWN[1]

    def stop(self) -> None:
        """Stop, with everything the shell started together with us, until the shell lets us go on."""
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)


def opened_again(descriptor: int) -> int:
    """Return another way to the terminal behind a descriptor, on which writing never blocks; else the descriptor.

    A terminal that was stopped takes a part of what is written and blocks for the rest.  To be told instead is a flag
    of the open file, which others share, so we open it once more.
    """
    try:
        flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        return os.open(os.ttyname(descriptor), flags)
    except OSError:  # a terminal of another person, after `su`, or one without a name here
        return descriptor


def is_terminal(descriptor: int) -> bool:
    """Return whether the descriptor is open and a terminal."""
    try:
        return os.isatty(descriptor) and sys.platform != "win32"
    except OSError:
        return False
