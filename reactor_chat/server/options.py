"""The OPTIONS table: everything an operator may choose, with its default, its bounds and the reason.

`--help`, the README's table and the validation are made from it.
"""

import argparse
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from reactor_chat import PRODUCT
from reactor_chat.wire.framing import FRAME_BYTES_MAX

DEFAULT_PORT = 7667
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Rate:
    """So many messages at once, then so many a second."""

    burst: int
    per_second: float


DEFAULT_DATA = Path(platformdirs.user_data_dir("reactor-chat", appauthor=False)) / "server"
DEFAULT_RATE = Rate(100, 20)
DEFAULT_FAILED_LOGINS = Rate(100, 1)
DEFAULT_CONNECTS = Rate(32, 0.05)


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() else -1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} to {most}")
        return number

    return read


def _rate(text: str) -> Rate | None:
    if text == "off":
        return None
    burst, slash, per_second = text.partition("/")
    try:
        rate = Rate(int(burst), float(per_second))
    except ValueError:
        rate = Rate(0, 0)
    if not slash or not 1 <= rate.burst <= 1_000_000 or not 0.001 <= rate.per_second <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is neither BURST/PER_SECOND, such as 100/20, nor off")
    return rate


def _rate_that_is_on(text: str) -> Rate:
    rate = _rate(text)
    if rate is None:
        raise argparse.ArgumentTypeError("this rate cannot be off; write a large one")
    return rate


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    return (host.strip("[]") if colon else LOOPBACK[0]), _whole(0, 65_535)(port)


def _directory(text: str) -> Path:
    if not text:  # a variable of the shell that is not set, most likely
        raise argparse.ArgumentTypeError("'' is no directory; '.' is where you are")
    return Path(text)


def _option(default: Any, read: Callable[[str], Any] | None, shown: str, reason: str) -> Any:
    """A row: default, how its text is read (None: a switch), how the value is called, what it is for and why so."""
    return field(default=default, metadata={"read": read, "shown": shown, "reason": reason})


@dataclass(frozen=True)
class Options:
    """What the operator chose; each field is one option of the command line."""

    host: str = _option("127.0.0.1", str, "ADDRESS", "address to listen on")
    port: int = _option(DEFAULT_PORT, _whole(0, 65_535), "PORT", "port to listen on; 0 picks a free one")
    data: Path = _option(
        DEFAULT_DATA,
        _directory,
        "DIR",
        "where the journal is kept; one server at a time",
    )
    memory: bool = _option(False, None, "", "keep everything in memory: nothing survives the process")  # noqa: FBT003
    plaintext: bool = _option(False, None, "", "no TLS; on loopback only, unless forced")  # noqa: FBT003
    force: bool = _option(False, None, "", "listen without TLS on other addresses than loopback")  # noqa: FBT003
    lines: tuple[str, int] | None = _option(None, _address, "[HOST:]PORT", "a second door, for nc and telnet; off")
    rate: Rate | None = _option(
        DEFAULT_RATE, _rate, "BURST/PER_SECOND", "messages of one connection; a faster one is read more slowly; or off"
    )
    failed_logins: Rate = _option(
        DEFAULT_FAILED_LOGINS,
        _rate_that_is_on,
        "BURST/PER_SECOND",
        "refused logins from one address before it has to wait",
    )
    connections_max: int = _option(
        10_000, _whole(1, 1_000_000), "COUNT", "connections at once, as far as the system's descriptors reach"
    )
    connections_per_address_max: int = _option(
        16, _whole(1, 1_000_000), "COUNT", "of them from one IPv4 address or IPv6 /64 network; loopback is exempt"
    )
    connects: Rate = _option(
        DEFAULT_CONNECTS,
        _rate_that_is_on,
        "BURST/PER_SECOND",
        "new connections from one such address before it has to wait; loopback is exempt",
    )
    logins_max: int = _option(
        512,
        _whole(1, 10_000),
        "COUNT",
        "connections on which nobody is logged in; from half of it on, old ones make room for new ones",
    )
    people_max: int = _option(10_000, _whole(1, 1_000_000), "COUNT", "people connected at once")
    groups_max: int = _option(500, _whole(1, 100_000), "COUNT", "groups one person can be in")
    group_members_max: int = _option(
        1_000, _whole(1, 1_000), "COUNT", "members of one group; a list of so many names fits one frame"
    )
    text_bytes_max: int = _option(16_384, _whole(1, 24_576), "BYTES", "one text; escaped, it still fits one frame")
    frame_bytes_max: int = _option(
        FRAME_BYTES_MAX, _whole(FRAME_BYTES_MAX, 16_777_216), "BYTES", "one frame, in either direction"
    )
    journal_bytes_max: int | None = _option(
        None,
        _whole(1_048_576, 2**43),
        "BYTES",
        "size of the journal; beyond it, writing is refused and reading goes on",
    )
    login_seconds_max: int = _option(10, _whole(1, 3_600), "SECONDS", "from connecting to being logged in")
    typed_login_seconds_max: int = _option(60, _whole(1, 3_600), "SECONDS", "the same on the door for nc: people type")
    messages_per_turn_max: int = _option(
        256, _whole(1, 100_000), "COUNT", "messages taken from one connection in one turn, so that others wait little"
    )


def option_rows() -> list[tuple[str, str, str, str]]:
    """Return the table in its order: option, value as shown (empty for a switch), default as typed, reason."""
    return [
        ("--" + f.name.replace("_", "-"), f.metadata["shown"], _typed(f.default), f.metadata["reason"])
        for f in dataclasses.fields(Options)
    ]


def _typed(default: Any) -> str:
    if default is None or default is False:
        return ""
    if isinstance(default, Path):
        return "the user's data directory"
    return f"{default.burst}/{default.per_second:g}" if isinstance(default, Rate) else str(default)


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line.

    Args:
        arguments: without the program's name.

    Returns:
        What the operator chose, every value within its bounds.

    Raises:
        SystemExit: 2 for wrong usage, 0 after `--help` and `--version`; what there is to say has been printed.

    Source: PROTOCOL §10.
    """
    parser = argparse.ArgumentParser(
        prog="reactor-chatd",
        description="Serve a chat: one process, one loop, nothing else to install.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=PRODUCT)
    parser.add_argument("positional_port", metavar="PORT", nargs="?", type=_whole(0, 65_535), help="same as --port")
    for row in dataclasses.fields(Options):
        flag, default = "--" + row.name.replace("_", "-"), _typed(row.default)
        said = row.metadata["reason"] + (f" ({default})" if default else "")
        if row.metadata["read"] is None:
            parser.add_argument(flag, action="store_true", help=said)
        else:
            parser.add_argument(
                flag, type=row.metadata["read"], default=row.default, metavar=row.metadata["shown"], help=said
            )
    chosen = vars(parser.parse_args(arguments))
    positional_port = chosen.pop("positional_port")
    if positional_port is not None:
        chosen["port"] = positional_port
    options = Options(**chosen)
    _refuse_exposure(parser, options)
    return options


def _refuse_exposure(parser: argparse.ArgumentParser, options: Options) -> None:
    exposed = [host for host, _ in ((options.host, 0), options.lines or (LOOPBACK[0], 0)) if host not in LOOPBACK]
    if exposed and not options.force:
        parser.error(
            f"{exposed[0]} can be reached from outside, and nothing is encrypted there; pass --force to allow it"
        )
