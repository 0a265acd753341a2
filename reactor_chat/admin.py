"""The operator's tool: looks after a server's journal, and gives orders to a running server.

What reads the whole journal (verify, replay, export) works while no server runs on it, or on a backup.  What changes a
running chat (release) or copies it (backup) is ordered from the running server over its socket, and done here where
none runs.
"""

import argparse
import contextlib
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from reactor_chat import PRODUCT
from reactor_chat.chat.state import ChatState
from reactor_chat.errors import ReactorChatError, StorageBusy, UsageError
from reactor_chat.journal.place import FILE_NAME
from reactor_chat.journal.sqlite import SqliteJournal
from reactor_chat.server.app import App
from reactor_chat.server.control import CONTROL_SOCKET_NAME, Answer, Backup, Order, Release, short_way
from reactor_chat.server.ledger import record_of
from reactor_chat.server.options import DEFAULT_DATA, Options
from reactor_chat.text.arguments import SafeArgumentParser
from reactor_chat.text.safe import safe
from reactor_chat.wire.framing import FrameDecoder, frame

EXIT_DONE, EXIT_FAILED, EXIT_TRY_LATER = 0, 1, 75
ANSWER_SECONDS_MAX = 600.0
"""How long an order may take: a backup of a large journal is written while we wait."""
RECEIVE_BYTES = 65_536


class _Nobody:
    """Stands where a running server has its connections: there is nobody to tell."""

    def append(self, _data: bytes) -> None:
        """Tell nobody."""


# ------------------------------------------------------------------------------------------ orders to a server


def order(data: Path, what: Order) -> Answer | None:
    """Have a running server carry an order out.

    Args:
        data: its data directory.
        what: the order.

    Returns:
        Its answer; None where no server is running on that directory.

    Raises:
        UsageError: it runs, but does not answer.
    """
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(ANSWER_SECONDS_MAX)
        try:
            with short_way(data / CONTROL_SOCKET_NAME) as address:
                sock.connect(address)
        except OSError:
            return None
        try:
            sock.sendall(frame(msgspec.json.encode(what)))
            return _answer(sock)
        except OSError as error:
            raise UsageError(f"the server does not answer: {error}") from error


def _answer(sock: socket.socket) -> Answer:
    decoder = FrameDecoder()
    while not (payloads := decoder.take(1)):
        received = sock.recv(RECEIVE_BYTES)
        if not received:
            raise UsageError("the server closed without an answer; its log says why")
        decoder.feed(received)
    return msgspec.json.decode(payloads[0], type=Answer)


def _told(answer: Answer) -> int:
    if not answer.done:
        return _complain(answer.text, EXIT_FAILED)
    print(safe(answer.text))  # noqa: T201
    return EXIT_DONE


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
    print(f"seq {state.seq} hash {state.hash()} chain {report.link}")  # noqa: T201
    return EXIT_DONE


def replay(chosen: argparse.Namespace) -> int:
    """Print the hash of the state at a number, computed from the first record on."""
    with _opened(chosen) as journal:
        if not 0 <= (chosen.at if chosen.at is not None else 0) <= journal.head:
            raise UsageError(f"the journal ends at number {journal.head}")
        state = _replayed(journal, journal.head if chosen.at is None else chosen.at)
    print(f"seq {state.seq} hash {state.hash()}")  # noqa: T201
    return EXIT_DONE


def _replayed(journal: SqliteJournal, last: int) -> ChatState:
    state = ChatState()
    for seq, payload in journal.replay():
        if seq > last:
            break
        state.apply(record_of(seq, payload))
    return state


def export(chosen: argparse.Namespace) -> int:
    """Print every record as one line of JSON, oldest first."""
    with _opened(chosen) as journal:
        for row in journal.replay():
            sys.stdout.write(row.payload.decode("utf-8") + "\n")
    return EXIT_DONE


def backup(chosen: argparse.Namespace) -> int:
    """Copy the journal as it is now to a file that does not exist yet; a running server stands still meanwhile."""
    file = chosen.to.absolute()
    answer = order(chosen.data, Backup(str(file)))
    if answer is None:
        with _journal(chosen.data) as journal:
            journal.backup(file)
            answer = Answer(done=True, text=f"{file} holds everything up to number {journal.head}")
    return _told(answer)


def restore(chosen: argparse.Namespace) -> int:
    """Put a backup, after checking it, where no journal is."""
    target = chosen.data / FILE_NAME
    if target.exists():
        raise UsageError(f"{target} exists, and nothing is overwritten; move it away first")
    with _copied(chosen.backup) as directory:
        with _journal(directory) as journal:
            head = journal.verify().entries
        chosen.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _journal(directory) as journal:
            journal.backup(target)
    return _told(Answer(done=True, text=f"{target} holds everything up to number {head}"))


def release(chosen: argparse.Namespace) -> int:
    """Give a claimed name free; everybody is told."""
    answer = order(chosen.data, Release(chosen.name))
    if answer is None:
        with _journal(chosen.data) as journal:
            app = App(Options(), journal, _Nobody(), os.urandom, lambda: None)
            app.start(time.time_ns() // 1_000_000)
            done = app.release(chosen.name)
        answer = Answer(done, f"the name {chosen.name} is free" if done else f"nobody owns the name {chosen.name}")
    return _told(answer)


# ------------------------------------------------------------------------------------------- the command line


def _path(text: str) -> Path:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not UTF-8") from error
    return Path(text)


def _parser() -> SafeArgumentParser:
    parser = SafeArgumentParser(prog="reactor-chat-admin", description="Look after a server and its journal.")
    parser.add_argument("--version", action="version", version=PRODUCT)
    parser.add_argument("--data", type=_path, default=DEFAULT_DATA, metavar="DIR", help="the server's data directory")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(does: Callable[[argparse.Namespace], int], *, reads: bool = False) -> SafeArgumentParser:
        said = (does.__doc__ or "").partition("\n")[0]
        added = commands.add_parser(does.__name__, help=said, description=said)
        added.set_defaults(does=does, file=None)
        if reads:
            added.add_argument("file", nargs="?", type=_path, help="a backup, instead of the data directory's journal")
        return added

    command(verify, reads=True)
    command(replay, reads=True).add_argument("--at", type=int, metavar="SEQ", help="the number; the newest otherwise")
    command(export, reads=True)
    command(backup).add_argument("to", type=_path, metavar="FILE", help="the copy to be made")
    command(restore).add_argument("backup", type=_path, metavar="FILE", help="the backup to be put in place")
    command(release).add_argument("name", metavar="NAME", help="the name to give free")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says, and return the exit status."""
    chosen = _parser().parse_args(arguments)
    try:
        status = int(chosen.does(chosen))
        sys.stdout.flush()
    except StorageBusy as error:
        return _complain(f"{error}; or work on a backup", EXIT_TRY_LATER)
    except BrokenPipeError:
        _give_up_printing()
        return EXIT_FAILED
    except (ReactorChatError, OSError) as error:
        _give_up_printing()
        return _complain(str(error), EXIT_FAILED)
    return status


def _give_up_printing() -> None:
    """Throw away what could not be printed; Python would try it again at the end, and say so in its own words."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def _complain(text: str, status: int) -> int:
    print(f"reactor-chat-admin: {safe(text)}", file=sys.stderr)  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main())
