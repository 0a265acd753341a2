"""The client's command line as one table, from which the parser, `--help` and the table in docs/using.md are made."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from reactor_chat import PRODUCT
from reactor_chat.client.boundary import ExitStatus
from reactor_chat.client.commands.key_map import KeyMap
from reactor_chat.client.commands.keys import ViewKind
from reactor_chat.client.connecting.destination import read_port
from reactor_chat.errors import UsageError
from reactor_chat.text.arguments import SafeArgumentParser
from reactor_chat.wire.messages import NAME_CHARS_MAX
from reactor_chat.wire.transcript import binding_of

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 7667


class ClientOption(NamedTuple):
    """One row: how it is written, what it takes, and what it is for."""

    name: str  # with dashes an option, without a place
    takes: str  # what stands behind it in the usage; empty where it is a switch
    default: Any
    help: str
    choices: tuple[str, ...] = ()


OPTIONS = (
    ClientOption(
        "host",
        "HOST",
        DEFAULT_HOST,
        "the machine that the server runs on, HOST:PORT, or a link: chat://HOST:PORT/#SHA256:…",
    ),
    ClientOption("port", "PORT", DEFAULT_PORT, "the server's port"),
    ClientOption(
        "--name", "NAME", None, f"your name: 1 to {NAME_CHARS_MAX} of A-Z a-z 0-9 _; asked for where it is left out"
    ),
    ClientOption(
        "--guest", "", None, "log in without a key: the name is yours while you are connected, and nothing is kept"
    ),
    ClientOption("--home", "DIR", None, "where your key and archive are kept; left out, in your user data directory"),
    ClientOption("--config", "FILE", None, "your settings; left out, client.toml in your user configuration directory"),
    ClientOption("--pin", "SHA256:…", None, "the server's key, as its operator tells it; also accepts a new one"),
    ClientOption(
        "--invite", "CODE", None, "an invitation to claim a name on a server that lets in registered names only"
    ),
    ClientOption("--recover", "", None, "bring a key back from its recovery code, which is asked for, and stop"),
    ClientOption(
        "--lock", "", None, "protect the home with a passphrase, change or remove it, and stop; it is asked for"
    ),
    ClientOption(
        "--plaintext", "", None, "connect without TLS: anyone on the network path can read and change everything"
    ),
    ClientOption(
        "--plain", "", None, "on a terminal: lines that scroll, and no full screen; in a pipe lines are plain"
    ),
    ClientOption(
        "--accessible",
        "",
        None,
        "on a terminal: sentences for screen readers and braille; nothing moves or changes",
    ),
    ClientOption("--json", "", None, "one notice a line on standard output, as JSON"),
    ClientOption("--color", "WHEN", "auto", "use colours", ("auto", "always", "never")),
    ClientOption("--version", "", None, "print the version and stop"),
    ClientOption("--help", "", None, "print this and stop"),
)

STATUSES: dict[ExitStatus, str] = {
    ExitStatus.DONE: "done",
    ExitStatus.FAILED: "failed",
    ExitStatus.USAGE: "wrong options",
    ExitStatus.HOST_UNKNOWN: "no such host",
    ExitStatus.NO_SERVER: "no server there",
    ExitStatus.TRY_LATER: "try again later; something may not have been delivered, the home is in use, "
    "or the name server does not answer",
    ExitStatus.REFUSED: "refused: the name, or who you are, the server's key, a passphrase, or a home open to others",
}


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the values of all options, by their names without dashes.

    Raises:
        SystemExit: with 0 after `--help` and `--version`, with 2 after a line that says what is wrong.
    """
    return _parser().parse_args(arguments)


def markdown_table() -> str:
    """Return the options as the table in docs/using.md has them."""
    rows = [f"| `{_written(option)}` | {_default(option)} | {option.help} |" for option in OPTIONS]
    return "\n".join(["| option | default | what it does |", "|---|---|---|", *rows])


def _parser() -> SafeArgumentParser:
    parser = SafeArgumentParser(
        prog="reactor-chat",
        description="Talk on a reactor-chat server. Type to talk to everyone; @help lists the commands.",
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    for option in OPTIONS:
        _add(parser, option)
    return parser


def _add(parser: SafeArgumentParser, option: ClientOption) -> None:
    text = option.help if option.default is None else f"{option.help} ({option.default})"
    if option.name == "--help":
        parser.add_argument("-h", option.name, action="help", help=text)
    elif option.name == "--version":
        parser.add_argument(option.name, action="version", version=PRODUCT, help=text)
    elif not option.name.startswith("-"):
        kind = _KINDS.get(option.name, str)
        parser.add_argument(option.name, nargs="?", default=option.default, metavar=option.takes, type=kind, help=text)
    elif not option.takes:
        parser.add_argument(option.name, action="store_true", help=text)
    else:
        parser.add_argument(
            option.name,
            default=option.default,
            type=_KINDS.get(option.name, str),
            metavar="|".join(option.choices) or option.takes,
            choices=option.choices or None,
            help=text,
        )


def _port(written: str) -> int:
    try:
        return read_port(written)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _directory(written: str) -> str:
    if written:
        return written
    raise argparse.ArgumentTypeError("'' is not a directory; use . for where you are")  # a variable that is not set


def _file(written: str) -> str:
    if written:
        return written
    raise argparse.ArgumentTypeError("'' is not a file")


def _pin(written: str) -> bytes:
    if (binding := binding_of(written)) is not None:
        return binding
    raise argparse.ArgumentTypeError(f"Not a key: {written} (use SHA256: and 44 characters, as the server prints it)")


_KINDS: dict[str, Callable[[str], Any]] = {"port": _port, "--pin": _pin, "--home": _directory, "--config": _file}


def _epilog() -> str:
    keys = "\n".join(f"  {pressed:26} {text}" for pressed, text in KeyMap(ViewKind.LINE).help_rows())
    statuses = "\n".join(f"  {status.value:<26} {text}" for status, text in STATUSES.items())
    return f"keys on a terminal:\n{keys}\n\nexit status:\n{statuses}"


def _written(option: ClientOption) -> str:
    takes = "\\|".join(option.choices) or option.takes
    return f"[{takes}]" if not option.name.startswith("-") else f"{option.name} {takes}".strip()


def _default(option: ClientOption) -> str:
    return "" if option.default is None else f"`{option.default}`"
