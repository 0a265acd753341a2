"""What an option's text means: numbers, rates, addresses and paths, with the bounds that each may have."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reactor_chat.text.hosts import split_port

LOOPBACK = "127.0.0.1"
"""Where is meant when a port is named and no address: nobody is reached from outside by mistake."""
PORT_MAX = 65_535
"""Of 16 bits."""


@dataclass(frozen=True)
class Rate:
    """So many messages at once, then so many a second."""

    burst: int
    per_second: float


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return what reads a whole number from `least` to `most`, both included; it raises argparse.ArgumentTypeError."""

    def read(text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() else -1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return number

    return read


def read_rate(text: str) -> Rate | None:
    """Return what `BURST/PER_SECOND` says; None for `off`.  Raises argparse.ArgumentTypeError where it says nothing."""
    if text == "off":
        return None
    burst, slash, per_second = text.partition("/")
    try:
        rate = Rate(int(burst), float(per_second))
    except ValueError:
        rate = Rate(0, 0)
    if not slash or not 1 <= rate.burst <= 1_000_000 or not 0.001 <= rate.per_second <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} must be BURST/PER_SECOND (for example 100/20) or off")
    return rate


def rate_that_is_on(text: str) -> Rate:
    """Return a rate that cannot be `off`.  Raises argparse.ArgumentTypeError."""
    rate = read_rate(text)
    if rate is None:
        raise argparse.ArgumentTypeError("this rate cannot be off; write a large one")
    return rate


def choice(*words: str) -> Callable[[str], str]:
    """Return what reads one of these words; it raises argparse.ArgumentTypeError."""

    def read(text: str) -> str:
        if text not in words:
            raise argparse.ArgumentTypeError(f"{text!r} must be {' or '.join(words)}")
        return text

    return read


def read_address(text: str) -> tuple[str, int]:
    """Return host and port; a port alone is one of loopback.  Raises argparse.ArgumentTypeError."""
    try:
        host, port = (LOOPBACK, text) if text.isdigit() else split_port(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if not host or port is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address; write PORT, HOST:PORT or [::1]:PORT")
    return host, whole(0, PORT_MAX)(port)


def read_host(text: str) -> str:
    """Return a host without a port.  Raises argparse.ArgumentTypeError."""
    try:
        host, port = split_port(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if port is not None:
        raise argparse.ArgumentTypeError(f"{text!r} has a port in it; that is named with --port")
    if not host:  # a variable of the shell that is not set, most likely
        raise argparse.ArgumentTypeError("'' is not an address; 0.0.0.0 and :: listen on all of them")
    return host


def read_directory(text: str) -> Path:
    """Return the directory that is meant, absolute.  Raises argparse.ArgumentTypeError where there can be none."""
    if not text:  # a variable of the shell that is not set, most likely
        raise argparse.ArgumentTypeError("'' is not a directory; use . for where you are")
    try:
        return Path(text).absolute()
    except FileNotFoundError as error:
        raise argparse.ArgumentTypeError(f"{text!r} leads nowhere: the current directory was deleted") from error


def read_file(text: str) -> Path:
    """Return a path; whether a file is there is seen when it is read.  Raises argparse.ArgumentTypeError."""
    if not text:
        raise argparse.ArgumentTypeError("'' is not a file")
    return Path(text)
