"""The OPTIONS table: everything an operator may choose, with its default, its bounds and the reason.

`--help`, the table in docs/operating.md, the rows of a `--config` file and the validation are made from it.  A row
marked `live` may change while the server runs.  The others could only be changed under the feet of those who are
connected (they were told the size of a frame), or are the very place where the server is.
"""

import argparse
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from reactor_chat import PRODUCT
from reactor_chat.chat.case import Rules
from reactor_chat.errors import UsageError
from reactor_chat.server.options.config import read_config
from reactor_chat.server.options.networks import Networks, read_networks
from reactor_chat.text.arguments import SafeArgumentParser
from reactor_chat.text.hosts import is_loopback, split_port
from reactor_chat.text.nearness import nearest
from reactor_chat.text.parser import help_text
from reactor_chat.text.safe import safe
from reactor_chat.user_data import user_data_directory
from reactor_chat.wire.framing import FRAME_BYTES_MAX

DEFAULT_PORT = 7667
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Rate:
    """So many messages at once, then so many a second."""

    burst: int
    per_second: float


_USER_DATA = user_data_directory()
NOWHERE = Path()
"""Stands for the data directory where this user has no place of their own and named none."""

DEFAULT_DATA = NOWHERE if _USER_DATA is None else _USER_DATA / "server"
DEFAULT_RATE = Rate(100, 20)
DEFAULT_FAILED_LOGINS = Rate(100, 1)
DEFAULT_CONNECTS = Rate(32, 0.05)


def _whole(least: int, most: int) -> Callable[[str], int]:
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


def _rate_that_is_on(text: str) -> Rate:
    rate = read_rate(text)
    if rate is None:
        raise argparse.ArgumentTypeError("this rate cannot be off; write a large one")
    return rate


def _choice(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise argparse.ArgumentTypeError(f"{text!r} must be {' or '.join(words)}")
        return text

    return read


def _address(text: str) -> tuple[str, int]:
    try:
        host, port = (LOOPBACK, text) if text.isdigit() else split_port(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if not host or port is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address; write PORT, HOST:PORT or [::1]:PORT")
    return host, _whole(0, 65_535)(port)


def _host(text: str) -> str:
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


def _file(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("'' is not a file")
    return Path(text)


def _option(default: Any, read: Callable[[str], Any] | None, shown: str, reason: str, *, live: bool = False) -> Any:
    """A row: default, how its text is read (None: a switch), how the value is called, what it is for and why so.

    Args:
        live: whether it may change while the server runs (SIGHUP).
    """
    return field(default=default, metadata={"read": read, "shown": shown, "reason": reason, "live": live})


@dataclass(frozen=True)
class Options:
    """What the operator chose; each field is one option of the command line."""

    host: str = _option(LOOPBACK, _host, "ADDRESS", "address to listen on")
    port: int = _option(DEFAULT_PORT, _whole(0, 65_535), "PORT", "port to listen on; 0 picks a free one")
    data: Path = _option(
        DEFAULT_DATA,
        read_directory,
        "DIR",
        "where the journal and the server's key are kept; only one server can use it at a time",
    )
    memory: bool = _option(False, None, "", "keep everything in memory: nothing survives the process")  # noqa: FBT003
    plaintext: bool = _option(False, None, "", "no TLS; on loopback only, unless forced")  # noqa: FBT003
    force: bool = _option(False, None, "", "listen without TLS on other addresses than loopback")  # noqa: FBT003
    cert: Path | None = _option(
        None,
        _file,
        "FILE",
        "a certificate of your own (PEM), including intermediate certificates, instead of a generated one",
        live=True,
    )
    key: Path | None = _option(None, _file, "FILE", "its private key, where the first file does not hold it", live=True)
    lines: tuple[str, int] | None = _option(
        None, _address, "[HOST:]PORT", "also listen for nc and telnet, in plain text; default: off"
    )
    proxy_from: Networks = _option(
        Networks(),
        read_networks,
        "ADDRESS[,ADDRESS]",
        "proxies, as addresses or networks, that say who is there (PROXY protocol, version 2); default: none",
        live=True,
    )
    config: Path | None = _option(None, _file, "FILE", "more of these, as TOML; the command line wins; default: none")
    lockdown: bool = _option(
        False,  # noqa: FBT003
        None,
        "",
        "no guests and no new names: only people who own a name or are invited come in",
        live=True,
    )
    lookalike_names: str = _option(
        "refuse",
        _choice("refuse", "allow"),
        "WORD",
        "refuse or allow new names that look like one that is taken, such as PauI and Paul",
        live=True,
    )
    rate: Rate | None = _option(
        DEFAULT_RATE,
        read_rate,
        "BURST/PER_SECOND",
        "messages per connection; faster clients are slowed down; or off",
        live=True,
    )
    failed_logins: Rate = _option(
        DEFAULT_FAILED_LOGINS,
        _rate_that_is_on,
        "BURST/PER_SECOND",
        "refused logins from one address before it has to wait",
        live=True,
    )
    connections_max: int = _option(
        10_000,
        _whole(1, 1_000_000),
        "COUNT",
        "connections at once, as far as the system's descriptors reach",
        live=True,
    )
    connections_per_address_max: int = _option(
        16,
        _whole(1, 1_000_000),
        "COUNT",
        "of them from one IPv4 address or IPv6 /64 network; loopback is exempt",
        live=True,
    )
    connects: Rate = _option(
        DEFAULT_CONNECTS,
        _rate_that_is_on,
        "BURST/PER_SECOND",
        "new connections from one such address before it has to wait; loopback is exempt",
        live=True,
    )
    logins_max: int = _option(
        128,
        _whole(1, 10_000),
        "COUNT",
        "connections on which nobody is logged in after 3 s; from half of it on, they make room for new ones",
        live=True,
    )
    people_max: int = _option(10_000, _whole(1, 1_000_000), "COUNT", "people connected at once", live=True)
    groups_max: int = _option(500, _whole(1, 100_000), "COUNT", "groups one person can be in", live=True)
    group_members_max: int = _option(
        1_000, _whole(1, 1_000), "COUNT", "members of one group; a list of so many names fits one frame", live=True
    )
    sealed_members_max: int = _option(
        256,
        _whole(2, 1_000),
        "COUNT",
        "members of one encrypted conversation; each new one costs all the others work",
        live=True,
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
    accept_loss: bool = _option(
        False,  # noqa: FBT003
        None,
        "",
        "start although part of the journal is lost; the log says how much, and clients are told",
    )
    keep_days: int | None = _option(
        None,
        _whole(1, 36_500),
        "DAYS",
        "how long messages are kept; then what they say is removed, as by admin delete; default: forever",
        live=True,
    )
    read_only: bool = _option(
        False,  # noqa: FBT003
        None,
        "",
        "serve a journal on a disk that cannot be written: people read, and nothing is stored; it is copied to TMPDIR",
    )
    output_bytes_max: int = _option(
        268_435_456,
        _whole(1_048_576, 2**43),
        "BYTES",
        "memory for what people do not read, in total; beyond it, the client with the longest queue is disconnected",
        live=True,
    )
    idle_seconds_max: int | None = _option(
        None,
        _whole(30, 31_536_000),
        "SECONDS",
        "people who send nothing for so long are disconnected; default: never",
        live=True,
    )
    login_seconds_max: int = _option(10, _whole(1, 3_600), "SECONDS", "from connecting to being logged in", live=True)
    typed_login_seconds_max: int = _option(
        60, _whole(1, 3_600), "SECONDS", "the same on the plain-text port, where people type", live=True
    )
    messages_per_turn_max: int = _option(
        256,
        _whole(1, 100_000),
        "COUNT",
        "messages taken from one connection in one turn, so that others wait little",
        live=True,
    )


def option_rows() -> list[tuple[str, str, str, str]]:
    """Return the table in its order: option, value as shown (empty for a switch), default as typed, reason."""
    return [
        (_flag(row), row.metadata["shown"], _default(row.default), row.metadata["reason"] + _mark(row))
        for row in dataclasses.fields(Options)
    ]


def _name(row: dataclasses.Field[Any]) -> str:
    return row.name.replace("_", "-")


def _flag(row: dataclasses.Field[Any]) -> str:
    return "--" + _name(row)


def _mark(row: dataclasses.Field[Any]) -> str:
    return " (live)" if row.metadata["live"] else ""


def _default(default: Any) -> str:
    if default is None or default is False or default == ():
        return ""
    return "the user's data directory" if default == DEFAULT_DATA else typed(default)


def typed(value: Any) -> str:
    """Return the value of a row as it is typed; `off` for none, `on` and `off` for a switch."""
    if value is None or isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Networks):
        return str(value) or "off"
    if isinstance(value, tuple):
        return f"[{value[0]}]:{value[1]}" if ":" in value[0] else f"{value[0]}:{value[1]}"
    return f"{value.burst}/{value.per_second:g}" if isinstance(value, Rate) else str(value)


class Difference(NamedTuple):
    """One row that differs: its option, both values as typed, and whether it may change while the server runs."""

    flag: str
    before: str
    after: str
    live: bool


def differences(before: Options, after: Options) -> Iterator[Difference]:
    """Yield the rows in which two choices differ, in the order of the table."""
    for row in dataclasses.fields(Options):
        old, new = getattr(before, row.name), getattr(after, row.name)
        if old != new:
            yield Difference(_flag(row), typed(old), typed(new), row.metadata["live"])


def rules_of(options: Options) -> Rules:
    """Return what the core needs to know of the operator's choice."""
    return Rules(
        options.text_bytes_max,
        options.group_members_max,
        options.groups_max,
        options.people_max,
        options.failed_logins.burst,
        options.failed_logins.per_second,
        help_text(),
        options.lockdown,
        options.sealed_members_max,
        options.lookalike_names == "allow",
    )


def live_part(running: Options, wanted: Options) -> Options:
    """Return what a running server may become: the live rows as wanted, all others as they are."""
    rows = (row.name for row in dataclasses.fields(Options) if row.metadata["live"])
    return dataclasses.replace(running, **{name: getattr(wanted, name) for name in rows})


# ------------------------------------------------------------------------------------------- reading them


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line, and the file of options that it names.

    Args:
        arguments: without the program's name.

    Returns:
        What the operator chose, every value within its bounds.

    Raises:
        SystemExit: 2 for wrong usage, 0 after `--help` and `--version`; what there is to say has been printed.

    Source: PROTOCOL §10.
    """
    parser = _parser()
    try:
        return _read(parser, arguments)
    except UsageError as error:
        parser.exit(2, f"{parser.prog}: {safe(str(error))}\n")


def reread_options(arguments: Sequence[str]) -> Options:
    """Read the file of options again, under a command line that `read_options` has read.

    Raises:
        UsageError: the file says what cannot be.
    """
    return _read(_parser(), arguments)


def _parser() -> SafeArgumentParser:
    parser = SafeArgumentParser(
        prog="reactor-chatd",
        description="Serve a chat: one process, one loop, nothing else to install.",
        epilog="What is marked (live) changes without a restart: edit the file of --config and send SIGHUP.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=PRODUCT)
    parser.add_argument("positional_port", metavar="PORT", nargs="?", type=_whole(0, 65_535), help="same as --port")
    for row in dataclasses.fields(Options):
        default = _default(row.default)
        said = row.metadata["reason"] + (f" ({default})" if default else "") + _mark(row)
        if row.metadata["read"] is None:
            parser.add_argument(_flag(row), action="store_true", help=said)
        else:
            parser.add_argument(
                _flag(row), type=row.metadata["read"], default=row.default, metavar=row.metadata["shown"], help=said
            )
    return parser


def _read(parser: SafeArgumentParser, arguments: Sequence[str]) -> Options:
    chosen = parser.parse_args(arguments)
    if chosen.config is not None:
        parser.set_defaults(**_rows_of(chosen.config))
        chosen = parser.parse_args(arguments)
    values = vars(chosen)
    positional_port = values.pop("positional_port")
    if positional_port is not None:
        values["port"] = positional_port
    options = Options(**values)
    if not options.memory:
        refuse_nowhere(options.data)
    _refuse_exposure(options)
    _refuse_half_a_certificate(options)
    return options


def _rows_of(file: Path) -> dict[str, Any]:
    """What a file of options says, by field of `Options`."""
    rows = {_name(row): row for row in dataclasses.fields(Options) if row.name != "config"}
    values = {}
    for name, text in read_config(file).items():
        if name not in rows:
            raise UsageError(f"{file}: there is no option {name!r}; {_hint(name, rows)}")
        try:
            values[rows[name].name] = _value(rows[name], text)
        except argparse.ArgumentTypeError as error:
            raise UsageError(f"{file}: {name}: {error}") from error
    return values


def _hint(name: str, rows: Sequence[str] | dict[str, Any]) -> str:
    near = nearest(name, rows)
    return f"did you mean {near}?" if near is not None else "its rows are called as in --help, without the dashes"


def _value(row: dataclasses.Field[Any], text: str | bool) -> Any:  # noqa: FBT001
    read = row.metadata["read"]
    if (read is None) is not isinstance(text, bool):
        raise argparse.ArgumentTypeError("write true or false" if read is None else f"write {row.metadata['shown']}")
    return text if isinstance(text, bool) else read(text)


def refuse_nowhere(data: Path) -> None:
    """Return where a data directory was named or this user has one.  Raises UsageError."""
    if data == NOWHERE:
        raise UsageError("There is no home directory (HOME) for the journal. Name a directory with --data DIR")


def _refuse_exposure(options: Options) -> None:
    unencrypted = ([options.host] if options.plaintext else []) + ([options.lines[0]] if options.lines else [])
    exposed = [host for host in unencrypted if not is_loopback(host)]
    if exposed and not options.force:
        raise UsageError(
            f"{exposed[0]} can be reached from outside, and nothing is encrypted there; pass --force to allow it"
        )


def _refuse_half_a_certificate(options: Options) -> None:
    if options.plaintext and (options.cert or options.key):
        raise UsageError("--plaintext is without TLS, and --cert and --key are for TLS; choose")
    if options.key and not options.cert:
        raise UsageError("--key is the key of a certificate; pass that with --cert")
