"""Reads what the operator chose: the command line, and the file of options that it names."""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reactor_chat import PRODUCT
from reactor_chat.errors import UsageError
from reactor_chat.server.options.config import read_config
from reactor_chat.server.options.table import NOWHERE, Options, default_of, flag_of, mark_of, name_of
from reactor_chat.server.options.values import PORT_MAX, whole
from reactor_chat.text.arguments import SafeArgumentParser
from reactor_chat.text.hosts import is_loopback
from reactor_chat.text.nearness import nearest
from reactor_chat.text.safe import safe


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
    parser.add_argument("positional_port", metavar="PORT", nargs="?", type=whole(0, PORT_MAX), help="same as --port")
    for row in dataclasses.fields(Options):
        default = default_of(row.default)
        said = row.metadata["reason"] + (f" ({default})" if default else "") + mark_of(row)
        if row.metadata["read"] is None:
            parser.add_argument(flag_of(row), action="store_true", help=said)
        else:
            parser.add_argument(
                flag_of(row), type=row.metadata["read"], default=row.default, metavar=row.metadata["shown"], help=said
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
    rows = {name_of(row): row for row in dataclasses.fields(Options) if row.name != "config"}
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
