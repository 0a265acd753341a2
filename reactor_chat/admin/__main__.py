"""The operator's tool: looks after a server's journal, and gives orders to a running server.

What reads the whole journal (verify, replay, export) works while no server runs on it, or on a backup.  Everything else
is ordered from the running server over its socket.  Where none runs, what changes only what is on the disk (backup,
release, ban, unban, bans) is done here, by the same code and under the journal's lock; for the rest one has to run.
"""

import argparse
import contextlib
import functools
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from reactor_chat import PRODUCT
from reactor_chat.admin import people
from reactor_chat.admin.asking import ServerSilent, order
from reactor_chat.admin.moments import number_at, read_moment
from reactor_chat.admin.restoring import begin_after_restore
from reactor_chat.chat.state import ChatState
from reactor_chat.errors import ReactorChatError, StorageBusy, UsageError
from reactor_chat.journal.copying import mark_of
from reactor_chat.journal.copying import opened as opened_backup
from reactor_chat.journal.place import FILE_NAME, locked
from reactor_chat.journal.restoring import Backups
from reactor_chat.journal.sqlite import SqliteJournal
from reactor_chat.process_start import OutputLost, program
from reactor_chat.server.app import App
from reactor_chat.server.bans import REASON_CHARS_MAX, Ban, target_of
from reactor_chat.server.ledger import record_of
from reactor_chat.server.operator.ban_file import BanFile
from reactor_chat.server.operator.operations import Operations
from reactor_chat.server.operator.orders import (
    SECONDS_MAX,
    Announce,
    Answer,
    Backup,
    Kick,
    LiftBan,
    ListBans,
    ListPeople,
    Order,
    PutBan,
    ReadRecords,
    Release,
    Repair,
    SetLockdown,
    SetRate,
    TellStatus,
)
from reactor_chat.server.options.command_line import refuse_nowhere
from reactor_chat.server.options.table import DEFAULT_DATA, Options, typed
from reactor_chat.server.options.values import read_directory, read_rate
from reactor_chat.server.resuming import LOG_BYTES
from reactor_chat.text.arguments import SafeArgumentParser
from reactor_chat.text.safe import is_safe, safe, safe_json

EXIT_DONE, EXIT_FAILED, EXIT_NO_SERVER, EXIT_TRY_LATER = 0, 1, 69, 75
NEEDS_A_SERVER = (Kick, Announce, SetRate, SetLockdown, TellStatus, ListPeople)


class _Nobody:
    """Stands where a running server has its connections: there is nobody to tell."""

    def append(self, _data: bytes) -> None:
        """Tell nobody."""


# ------------------------------------------------------------------------------------------ orders to a server


def _do(chosen: argparse.Namespace, what: Order) -> int:
    """Have an order carried out by whoever can, and tell what came of it."""
    answer = order(chosen.data, what)
    if answer is None and isinstance(what, NEEDS_A_SERVER):
        return _tell(chosen, Answer(done=False, text=f"no server is running on {chosen.data}"), EXIT_NO_SERVER)
    return _tell(chosen, answer or _done_here(chosen.data, what))


def _done_here(data: Path, what: Order) -> Answer:
    """Carry an order out on the files of a server that does not run."""
    with _journal(data) as journal:
        app = App(Options(), journal, _Nobody(), os.urandom, lambda: None)
        bans = BanFile(data)
        app.bans.load(bans.read())
        if not isinstance(what, Backup | Repair):
            app.start(time.time_ns() // 1_000_000)
        return Operations(app, bans.keep).carry_out(what)


def _tell(chosen: argparse.Namespace, answer: Answer, status_else: int = EXIT_FAILED) -> int:
    """Print an answer, and return the exit status that it stands for."""
    if chosen.json:
        _print_json(answer)
    elif answer.done:
        for line in _lines(answer):
            print(safe(line))  # noqa: T201
    else:
        _complain(answer.text, status_else)
    return EXIT_DONE if answer.done else status_else


def _print_json(answer: Answer) -> None:
    said = {"done": answer.done, "text": answer.text, **(answer.facts or {})}
    sys.stdout.write(safe_json(msgspec.json.encode(said).decode("utf-8")) + "\n")


def _lines(answer: Answer) -> Iterator[str]:
    facts = answer.facts or {}
    if (listed := people.lines_of(facts, answer.text)) is not None:
        yield from listed
    elif "bans" in facts:
        yield from _table([msgspec.convert(ban, Ban) for ban in facts["bans"]])
    elif "status" in facts:
        yield from (f"{name}: {_fact(value)}" for name, value in facts["status"].items())
    else:
        yield answer.text


def _table(bans: list[Ban]) -> Iterator[str]:
    if not bans:
        yield "nobody is banned"
    width = max((len(str(ban.target)) for ban in bans), default=0)
    yield from (f"{ban.target!s:<{width}}  {ban.term}  {ban.reason}".rstrip() for ban in bans)


def _fact(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items()) or "none"
    return typed(value) if value is None or isinstance(value, bool) else str(value)


# ------------------------------------------------------------------------------------------------ the journal


@contextlib.contextmanager
def _journal(directory: Path) -> Iterator[SqliteJournal]:
    """The journal that is in a directory; none is made where there is none."""
    if not (directory / FILE_NAME).exists():
        raise UsageError(f"there is no journal in {directory}")
    with contextlib.closing(SqliteJournal(directory)) as journal:
        yield journal


@contextlib.contextmanager
def _opened(chosen: argparse.Namespace) -> Iterator[SqliteJournal]:
    """The journal of the data directory, or the backup that was named, which is copied so that nothing touches it."""
    if chosen.file is None:
        with _journal(chosen.data) as journal:
            yield journal
        return
    with _copied(chosen.file) as directory, _journal(directory) as journal:
        yield journal


@contextlib.contextmanager
def _copied(file: Path) -> Iterator[Path]:
    if not file.is_file():
        raise UsageError(f"there is no backup at {file}")
    directory = file.with_name(file.name + f".{os.getpid()}.copy")
    directory.mkdir(mode=0o700)
    try:
        shutil.copyfile(file, directory / FILE_NAME)
        yield directory
    finally:
        shutil.rmtree(directory)


def verify(chosen: argparse.Namespace) -> int:
    """Check the chain of every entry, that each is a record of ours, and say what state they come to."""
    with _opened(chosen) as journal:
        report = journal.verify()
        state = _replayed(journal, journal.head)
    facts = {"seq": state.seq, "hash": state.hash(), "chain": str(report.link)}
    return _tell(
        chosen, Answer(done=True, text=" ".join(f"{name} {fact}" for name, fact in facts.items()), facts=facts)
    )


def replay(chosen: argparse.Namespace) -> int:
    """Print the hash of the state at a number, computed from the first record on."""
    with _opened(chosen) as journal:
        if not 0 <= (chosen.at if chosen.at is not None else 0) <= journal.head:
            raise UsageError(f"the journal ends at number {journal.head}")
        state = _replayed(journal, journal.head if chosen.at is None else chosen.at)
    facts = {"seq": state.seq, "hash": state.hash()}
    return _tell(
        chosen, Answer(done=True, text=" ".join(f"{name} {fact}" for name, fact in facts.items()), facts=facts)
    )


def _replayed(journal: SqliteJournal, last: int) -> ChatState:
    state = ChatState()
    for seq, payload in journal.replay():
        if seq > last:
            break
        state.apply(record_of(seq, payload))
    return state


def export(chosen: argparse.Namespace) -> int:
    """Print every record as one line of JSON, oldest first; of a running server those there are when it begins."""
    if chosen.file is None and (first := order(chosen.data, ReadRecords())) is not None:
        return _export_live(chosen, first)
    with _opened(chosen) as journal:
        for row in journal.replay():
            sys.stdout.write(safe_json(row.payload.decode("utf-8")) + "\n")
    return EXIT_DONE


def _export_live(chosen: argparse.Namespace, answer: Answer | None) -> int:
    """Print what a running server reads, some records with each order; what comes later is left out."""
    after, last = 0, None
    while answer is not None and answer.facts is not None:
        last = answer.facts["last"] if last is None else last
        for record in answer.facts["records"]:
            sys.stdout.write(safe_json(record) + "\n")
            after += 1
        if after >= last or not answer.facts["records"]:
            return EXIT_DONE
        answer = order(chosen.data, ReadRecords(after, last))
    raise UsageError(answer.text if answer is not None else "the server stopped; what was printed is not all")


def backup(chosen: argparse.Namespace) -> int:
    """Copy the journal as it is now to a file that does not exist yet; a running server goes on meanwhile."""
    to = str(chosen.to.absolute())
    if chosen.since is None:
        return _do(chosen, Backup(to))
    with contextlib.closing(opened_backup(chosen.since)) as earlier:
        mark = mark_of(earlier)
    return _do(chosen, Backup(to, mark.head, mark.link))


def restore(chosen: argparse.Namespace) -> int:
    """Put a backup, with the increments made after it, where no journal is; everything is checked first."""
    target = chosen.data / FILE_NAME
    if target.exists():
        raise UsageError(f"{target} exists, and nothing is overwritten; move it away first")
    with contextlib.closing(Backups(chosen.backup)) as backups:
        last = number_at(chosen.at, backups.rows()) if chosen.at is not None else None
        os.close(locked(chosen.data))  # a server that lost its file stops, and must not find another one
        head = backups.restore(target, last)
    begin_after_restore(chosen.data, os.urandom(LOG_BYTES))
    return _tell(chosen, Answer(done=True, text=f"{target} holds everything up to number {head}", facts={"seq": head}))


def repair(chosen: argparse.Namespace) -> int:
    """Look for damage in the journal, and bring back from a backup what it has; whatever does not fit is not taken."""
    return _do(chosen, Repair(str(chosen.backup.absolute())))


def release(chosen: argparse.Namespace) -> int:
    """Release a registered name; people are told that whoever uses it next may be a different person."""
    return _do(chosen, Release(chosen.name))


# --------------------------------------------------------------------------------------------- people and switches


def ban(chosen: argparse.Namespace) -> int:
    """Keep somebody out, for a time or for good, and send away who is there."""
    return _do(chosen, PutBan(chosen.whom, chosen.by, chosen.seconds, chosen.reason))


def unban(chosen: argparse.Namespace) -> int:
    """Let somebody in again."""
    return _do(chosen, LiftBan(chosen.whom))


def bans(chosen: argparse.Namespace) -> int:
    """Print who is banned."""
    return _do(chosen, ListBans())


def kick(chosen: argparse.Namespace) -> int:
    """Close somebody's connection; they may come back."""
    return _do(chosen, Kick(chosen.name, chosen.reason))


def announce(chosen: argparse.Namespace) -> int:
    """Say something to everybody, in the name of the server."""
    return _do(chosen, Announce(" ".join(chosen.text)))


def rate(chosen: argparse.Namespace) -> int:
    """Change the rate limit until a restart or a reload of the config."""
    return _do(chosen, SetRate(chosen.rate))


def lockdown(chosen: argparse.Namespace) -> int:
    """Let in only people who own a name or are invited, or everybody, until a restart or a reload of the config."""
    return _do(chosen, SetLockdown(chosen.switch == "on"))


def status(chosen: argparse.Namespace) -> int:
    """Print how the server is: people, messages, refusals, turns, memory."""
    return _do(chosen, TellStatus())


def _ordering(orders: Callable[[argparse.Namespace], Order]) -> Callable[[argparse.Namespace], int]:
    """Return the command that has this ordered; it is called and described as the function is."""

    @functools.wraps(orders)
    def does(chosen: argparse.Namespace) -> int:
        return _do(chosen, orders(chosen))

    return does


# ------------------------------------------------------------------------------------------- the command line


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


def _parser() -> SafeArgumentParser:
    parser = SafeArgumentParser(prog="reactor-chat-admin", description="Look after a server and its journal.")
    parser.add_argument("--version", action="version", version=PRODUCT)
    _add_everywhere(parser, DEFAULT_DATA, json=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(does: Callable[[argparse.Namespace], int], *, reads: bool = False) -> argparse.ArgumentParser:
        said = (does.__doc__ or "").partition("\n")[0]
        added = commands.add_parser(does.__name__, help=said, description=said)
        _add_everywhere(added, argparse.SUPPRESS, json=argparse.SUPPRESS)
        added.set_defaults(does=does, file=None)
        if reads:
            added.add_argument("file", nargs="?", type=_path, help="a backup, instead of the data directory's journal")
        return added

    command(verify, reads=True)
    command(replay, reads=True).add_argument("--at", type=int, metavar="SEQ", help="the number; the newest otherwise")
    command(export, reads=True)
    copying = command(backup)
    copying.add_argument("to", type=_path, metavar="FILE", help="the copy to be made")
    copying.add_argument("--since", type=_path, metavar="BACKUP", help="only what came after this earlier one")
    restoring = command(restore)
    restoring.add_argument("backup", type=_path, nargs="+", metavar="FILE", help="a backup, and increments after it")
    restoring.add_argument("--at", type=read_moment, metavar="SEQ|TIME", help="stop at this number or time")
    mending = command(repair)
    mending.add_argument(
        "--from", dest="backup", type=_path, metavar="BACKUP", required=True, help="where to take from"
    )
    command(release).add_argument("name", type=_utf8, metavar="NAME", help="the name to release")
    _add_people(command)
    people.add_commands(lambda orders: command(_ordering(orders)))
    command(rate).add_argument("rate", type=_rate, metavar="BURST/PER_SECOND", help="for example 100/20, or off")
    command(lockdown).add_argument(
        "switch", choices=("on", "off"), help="on: only people who own a name or are invited"
    )
    command(status)
    return parser


def _add_everywhere(parser: argparse.ArgumentParser, data: Any, *, json: Any) -> None:
    """Options that may stand before and behind the command."""
    parser.add_argument("--data", type=_path, default=data, metavar="DIR", help="the server's data directory")
    parser.add_argument("--json", action="store_true", default=json, help="answer with one line of JSON")


def _add_people(command: Callable[[Callable[[argparse.Namespace], int]], argparse.ArgumentParser]) -> None:
    banning = command(ban)
    banning.add_argument("whom", type=_whom, metavar="WHOM", help="a name, a key in base64, an address or a network")
    banning.add_argument("--by", choices=("name", "key", "address"), help="of a name: ban its key, or where it is from")
    banning.add_argument("--for", dest="seconds", type=_seconds, metavar="TIME", help="30m, 2h, 7d; default: permanent")
    banning.add_argument("--reason", type=_reason, default="", metavar="TEXT", help="shown to whoever is kept out")
    command(unban).add_argument("whom", type=_whom, metavar="WHOM", help="as it was banned")
    command(bans)
    kicking = command(kick)
    kicking.add_argument("name", type=_utf8, metavar="NAME", help="whose connection to close")
    kicking.add_argument("--reason", type=_reason, default="", metavar="TEXT", help="shown to them")
    command(announce).add_argument("text", type=_utf8, nargs="+", metavar="TEXT", help="what to say")


@program("reactor-chat-admin")
def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says, and return the exit status."""
    chosen = _parser().parse_args(arguments)
    try:
        if chosen.file is None:
            refuse_nowhere(chosen.data)
        status = int(chosen.does(chosen))
        sys.stdout.flush()
    except StorageBusy as error:
        return _tell(chosen, Answer(done=False, text=f"{error}; or work on a backup"), EXIT_TRY_LATER)
    except ServerSilent as error:
        return _tell(chosen, Answer(done=False, text=str(error)), EXIT_TRY_LATER)
    except (OutputLost, BrokenPipeError):
        raise  # of standard output: `program` says so
    except ReactorChatError as error:
        return _tell(chosen, Answer(done=False, text=str(error)))
    except OSError as error:
        return _complain(_words(error), EXIT_FAILED)
    return status


def _words(error: OSError) -> str:
    words = error.strerror or str(error)
    return f"{words}: {error.filename}" if error.filename is not None else words


def _complain(text: str, status: int) -> int:
    print(f"reactor-chat-admin: {safe(text)}", file=sys.stderr)  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main())
