"""The load generator's command line as one table, of which parser, `--help` and docs/performance.md are made."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from reactor_chat import PRODUCT
from reactor_chat.load.marks import OUTSTANDING_MAX as WINDOW_MAX
from reactor_chat.load.marks import TEXT_BYTES_MIN

SCENARIOS: dict[str, str] = {
    "fanout": "some say things that everybody else hears",
    "pairs": "clients two by two tell each other things; whoever is told something answers",
    "groups": "one member of each group says things that its members hear",
    "connect": "clients log in as fast as they are let in",
    "idle": "clients log in and then do nothing",
    "mixed": "most clients listen; some say or tell things at a steady rate",
}


class LoadOption(NamedTuple):
    """One row: how it is written, what it takes, and what it is for."""

    name: str
    takes: str
    """What stands behind it; empty where it is a switch."""
    default: Any
    help: str
    read: Callable[[str], Any] | None = None


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(written: str) -> int:
        if written.isascii() and written.isdigit() and least <= int(written) <= most:
            return int(written)
        raise argparse.ArgumentTypeError(f"{written!r} is not a whole number from {least} to {most}")

    return read


def _real(least: float, most: float) -> Callable[[str], float]:
    def read(written: str) -> float:
        try:
            number = float(written)
        except ValueError:
            number = float("nan")
        if least <= number <= most:
            return number
        raise argparse.ArgumentTypeError(f"{written!r} is not a number from {least:g} to {most:g}")

    return read


OPTIONS = (
    LoadOption("--host", "HOST", "127.0.0.1", "the machine that the server runs on"),
    LoadOption("--port", "PORT", 7667, "the server's port", _whole(1, 65_535)),
    LoadOption("--clients", "COUNT", 100, "clients that log in, senders not counted", _whole(1, 50_000)),
    LoadOption("--senders", "COUNT", 1, "those who say something to everyone, besides the clients", _whole(1, 10_000)),
    LoadOption("--members", "COUNT", 10, "members of each group (groups)", _whole(2, 1_000)),
    LoadOption("--window", "COUNT", 16, "messages on their way at once, in each pair or group", _whole(1, WINDOW_MAX)),
    LoadOption(
        "--rate", "PER_SECOND", None, "messages a second in all, whatever comes back, instead", _real(0.01, 1e6)
    ),
    LoadOption("--said", "PERCENT", 10, "of the messages, how many go to everyone (mixed)", _whole(0, 100)),
    LoadOption("--size", "BYTES", 64, "bytes of each text", _whole(TEXT_BYTES_MIN, 16_384)),
    LoadOption("--seconds", "SECONDS", 3.0, "how long messages are sent", _real(0.05, 3_600)),
    LoadOption("--burst", "COUNT", 256, "logins on their way at once", _whole(1, 10_000)),
    LoadOption("--server-pid", "PID", None, "whose cost to report; else who listens on the port", _whole(1, 2**31)),
    LoadOption("--plaintext", "", None, "connect without TLS"),
    LoadOption("--json", "", None, "print the result as one JSON object"),
    LoadOption("--version", "", None, "print the version and stop"),
    LoadOption("--help", "", None, "print this and stop"),
)


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the values of all options, by their names without dashes.

    Raises:
        SystemExit: with 0 after `--help` and `--version`, with 2 after a line that says what is wrong.
    """
    parser = argparse.ArgumentParser(
        prog="python -m reactor_chat.load",
        description="Put a load on a server and report what it did with it; every message is accounted for.",
        epilog="scenarios:\n" + "\n".join(f"  {name:10} {text}" for name, text in SCENARIOS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("scenario", nargs="?", choices=tuple(SCENARIOS), default="fanout", help="see below (fanout)")
    for option in OPTIONS:
        _add(parser, option)
    return parser.parse_args(arguments)


def markdown_table() -> str:
    """Return the options as the table in docs/performance.md has them."""
    rows = [f"| `{_written(option)}` | {_default(option)} | {option.help} |" for option in OPTIONS]
    return "\n".join(["| option | default | what it does |", "|---|---|---|", *rows])


def _add(parser: argparse.ArgumentParser, option: LoadOption) -> None:
    text = option.help if option.default is None else f"{option.help} ({option.default})"
    if option.name == "--help":
        parser.add_argument("-h", option.name, action="help", help=text)
    elif option.name == "--version":
        parser.add_argument(option.name, action="version", version=PRODUCT, help=text)
    elif not option.takes:
        parser.add_argument(option.name, action="store_true", help=text)
    else:
        parser.add_argument(
            option.name, default=option.default, metavar=option.takes, type=option.read or str, help=text
        )


def _written(option: LoadOption) -> str:
    return f"{option.name} {option.takes}".strip()


def _default(option: LoadOption) -> str:
    if isinstance(option.default, float):
        return f"`{option.default:g}`"
    return "" if option.default is None else f"`{option.default}`"
