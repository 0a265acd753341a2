"""The command line of `admin`: what each command takes, and what the texts mean."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reactor_chat import PRODUCT
from reactor_chat.admin import commands, people
from reactor_chat.admin.moments import read_moment
from reactor_chat.errors import UsageError
from reactor_chat.server.bans import REASON_CHARS_MAX, target_of
from reactor_chat.server.operator.orders import SECONDS_MAX
from reactor_chat.server.options.table import DEFAULT_DATA
from reactor_chat.server.options.values import read_directory, read_rate
from reactor_chat.text.arguments import SafeArgumentParser
from reactor_chat.text.safe import is_safe


def _utf8(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not UTF-8") from error
    return text


def _path(text: str) -> Path:
    if not text:  # a variable of the shell that is not set, most likely
        raise argparse.ArgumentTypeError("'' is no path")
    return read_directory(_utf8(text))


def _whom(text: str) -> str:
    try:
        target_of(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _reason(text: str) -> str:
    if len(_utf8(text)) > REASON_CHARS_MAX or not is_safe(text):
        most = f"one line of at most {REASON_CHARS_MAX} characters, without control characters"
        raise argparse.ArgumentTypeError(f"a reason is {most}")
    return text


def _rate(text: str) -> str:
    read_rate(text)
    return text


_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_duration = re.compile(r"(?:[0-9]{1,9}[smhdw])+", re.ASCII)


def _seconds(text: str) -> int:
    if not _duration.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; one is written 90s, 30m, 2h, 7d, 4w or 1d12h")
    seconds = sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"([0-9]+)([smhdw])", text))
    if not 1 <= seconds <= SECONDS_MAX:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not within 1s and {SECONDS_MAX // 86_400}d; left out, it is for good"
        )
    return seconds


def admin_parser() -> SafeArgumentParser:
    """Return what reads the command line; `does` is the command's function, `file` a backup that was named."""
    parser = SafeArgumentParser(prog="reactor-chat-admin", description="Look after a server and its journal.")
    parser.add_argument("--version", action="version", version=PRODUCT)
    _add_everywhere(parser, DEFAULT_DATA, json=False)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(does: Callable[[argparse.Namespace], int], *, reads: bool = False) -> argparse.ArgumentParser:
        said = (does.__doc__ or "").partition("\n")[0]
        added = subparsers.add_parser(does.__name__, help=said, description=said)
        _add_everywhere(added, argparse.SUPPRESS, json=argparse.SUPPRESS)
        added.set_defaults(does=does, file=None)
        if reads:
            added.add_argument("file", nargs="?", type=_path, help="a backup, instead of the data directory's journal")
        return added

    command(commands.verify, reads=True)
    command(commands.replay, reads=True).add_argument(
        "--at", type=int, metavar="SEQ", help="the number; the newest otherwise"
    )
    command(commands.export, reads=True)
    copying = command(commands.backup)
    copying.add_argument("to", type=_path, metavar="FILE", help="the copy to be made")
    copying.add_argument("--since", type=_path, metavar="BACKUP", help="only what came after this earlier one")
    restoring = command(commands.restore)
    restoring.add_argument("backup", type=_path, nargs="+", metavar="FILE", help="a backup, and increments after it")
    restoring.add_argument("--at", type=read_moment, metavar="SEQ|TIME", help="stop at this number or time")
    mending = command(commands.repair)
    mending.add_argument(
        "--from", dest="backup", type=_path, metavar="BACKUP", required=True, help="where to take from"
    )
    command(commands.release).add_argument("name", type=_utf8, metavar="NAME", help="the name to release")
    _add_people(command)
    people.add_commands(lambda orders: command(commands.ordering(orders)))
    command(commands.rate).add_argument(
        "rate", type=_rate, metavar="BURST/PER_SECOND", help="for example 100/20, or off"
    )
    command(commands.lockdown).add_argument(
        "switch", choices=("on", "off"), help="on: only people who own a name or are invited"
    )
    command(commands.status)
    return parser


def _add_everywhere(parser: argparse.ArgumentParser, data: Any, *, json: Any) -> None:
    """Options that may stand before and behind the command."""
    parser.add_argument("--data", type=_path, default=data, metavar="DIR", help="the server's data directory")
    parser.add_argument("--json", action="store_true", default=json, help="answer with one line of JSON")


def _add_people(command: Callable[[Callable[[argparse.Namespace], int]], argparse.ArgumentParser]) -> None:
    banning = command(commands.ban)
    banning.add_argument("whom", type=_whom, metavar="WHOM", help="a name, a key in base64, an address or a network")
    banning.add_argument("--by", choices=("name", "key", "address"), help="of a name: ban its key, or where it is from")
    banning.add_argument("--for", dest="seconds", type=_seconds, metavar="TIME", help="30m, 2h, 7d; default: permanent")
    banning.add_argument("--reason", type=_reason, default="", metavar="TEXT", help="shown to whoever is kept out")
    command(commands.unban).add_argument("whom", type=_whom, metavar="WHOM", help="as it was banned")
    command(commands.bans)
    kicking = command(commands.kick)
    kicking.add_argument("name", type=_utf8, metavar="NAME", help="whose connection to close")
    kicking.add_argument("--reason", type=_reason, default="", metavar="TEXT", help="shown to them")
    command(commands.announce).add_argument("text", type=_utf8, nargs="+", metavar="TEXT", help="what to say")
