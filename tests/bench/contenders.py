"""Who is measured: ours in several ways, the servers it is compared with, and what the machine and the language allow.

Every server runs alone on one processor, from a configuration that switches its limits off, on a free port of this
machine, and is ended by its own process id.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from reactor_chat.journal.reports import Entry
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from reactor_chat.load.__main__ import LoadTarget
from reactor_chat.load.dialect import Chat, Dialect
from reactor_chat.wire.codec import encode
from reactor_chat.wire.messages import Said
from tests.bench.dialects import ChatWithIds, Irc, Lines, Nats, Redis

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SERVER_CPU, GENERATOR_CPU = 0, 1
START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 10.0
STORED = 1_000_000

NGIRCD = """\
[Global]
Name = irc.load.test
Info = load
MotdPhrase = load
Listen = 127.0.0.1
Ports = {port}
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 16
MaxPenaltyTime = 0
PingTimeout = 3600
PongTimeout = 3600
[Options]
DNS = no
Ident = no
PAM = no
"""

INSPIRCD = """\
<server name="irc.load.test" description="load" network="load" id="001">
<admin name="load" nick="load" email="load@load.test">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect name="main" allow="*" timeout="60" pingfreq="3600" hardsendq="2000000000" softsendq="2000000000"
 recvq="100000000" threshold="1000000000" commandrate="2000000000" fakelag="no" localmax="30000" globalmax="30000"
 limit="30000" maxconnwarn="no" maxchans="100" resolvehostnames="no" useident="no" modes="">
<performance softlimit="30000" somaxconn="1024" netbuffersize="65534" quietbursts="yes">
<options defaultmodes="n" hostintopic="yes">
<limits maxnick="16">
<path datadir="{dir}" logdir="{dir}" runtimedir="{dir}">
<log method="file" type="*" level="default" target="inspircd.log">
<pid file="inspircd.pid">
"""

NATS = 'listen: "127.0.0.1:{port}"\nmax_connections: 65536\nmax_pending: 4GB\nwrite_deadline: "60s"\n'

REDIS = (
    "redis-server --bind 127.0.0.1 --port {port} --maxclients 15000 --tcp-backlog 1024 --appendonly no --dir {dir}"
).split()


class Interpreters(NamedTuple):
    """Pythons other than ours, where the command line names them."""

    compiled: str | None = None
    twisted: str | None = None


class Contender(NamedTuple):
    """One server.

    Attributes:
        command: `{port}`, `{dir}` and `{python}` are filled in.
        dialect: what it speaks.
        is_plain: without TLS.
        burst: logins on their way at once; None: as many as the cell says.
        configuration: a file in `{dir}`, by name and content.
        python: whose interpreter runs it; returns None where it is not to be had.
        environment: besides ours.
        prepare: makes something in `{dir}` before it starts.
    """

    command: list[str]
    dialect: Dialect
    is_plain: bool = True
    burst: int | None = None
    configuration: tuple[str, str] | None = None
    python: Callable[[Interpreters], str | None] = lambda _: sys.executable
    environment: tuple[tuple[str, str], ...] = ()
    prepare: Callable[[Path], None] = lambda _: None


def _ours(*options: str) -> list[str]:
    limits = "--rate off --people-max 20000 --connections-max 20000 --logins-max 10000".split()
    return ["{python}", "-m", "reactor_chat.server", "--port", "{port}", "--data", "{dir}", *limits, *options]


def _with_twisted(interpreters: Interpreters) -> str | None:
    return interpreters.twisted or (sys.executable if find_spec("twisted") else None)


def build_limit(directory: Path) -> None:
    """Compile the loop in C."""
    compiler = shutil.which("cc") or "cc"
    subprocess.run([compiler, "-O2", "-o", str(directory / "limit_each"), str(HERE / "limit_each.c")], check=True)


def fill_journal(directory: Path) -> None:
    """Make a journal in which much has been said; the same for all runs of a bench, made once."""
    filled = directory.parent / "filled"
    if not filled.exists():
        filled.mkdir()
        journal = SqliteJournal(filled)
        for first in range(1, STORED + 1, 1_000):
            said = (Said(seq, 1_700_000_000_000, "Past", "x" * 64) for seq in range(first, first + 1_000))
            journal.commit([Entry(message.seq, encode(message), ("said",)) for message in said])
        journal.close()
    shutil.copytree(filled, directory, dirs_exist_ok=True)


CONTENDERS: dict[str, Contender] = {
    "us": Contender(_ours("--memory", "--plaintext"), Chat()),
    "us, SQLite": Contender(_ours("--plaintext"), Chat()),
    "us, SQLite, 1,000,000 stored": Contender(_ours("--plaintext"), Chat(), prepare=fill_journal),
    "us, with ids": Contender(_ours("--memory", "--plaintext"), ChatWithIds()),
    "us, TLS": Contender(_ours("--memory"), Chat(), is_plain=False),
    "us, compiled": Contender(
        _ours("--memory", "--plaintext"), Chat(), python=lambda interpreters: interpreters.compiled
    ),
    "us, compiled, with ids": Contender(
        _ours("--memory", "--plaintext"), ChatWithIds(), python=lambda interpreters: interpreters.compiled
    ),
    "Redis": Contender([*REDIS, "--save", "", "--client-output-buffer-limit", "pubsub 0 0 0"], Redis()),
    "NATS": Contender(
        ["nats-server", "-c", "{dir}/nats.conf"],
        Nats(),
        configuration=("nats.conf", NATS),
        environment=(("GOMAXPROCS", "1"),),
    ),
    "InspIRCd": Contender(
        ["inspircd", "--nofork", "--runasroot", "--config={dir}/inspircd.conf"],
        Irc(),
        burst=1_000,  # logins wait for a timer of one second there
        configuration=("inspircd.conf", INSPIRCD),
    ),
    "ngIRCd": Contender(
        ["ngircd", "-n", "-f", "{dir}/ngircd.conf"], Irc(), burst=8, configuration=("ngircd.conf", NGIRCD)
    ),
    "Twisted's IRC": Contender(["{python}", str(HERE / "twisted_irc.py"), "{port}"], Irc(b"x"), python=_with_twisted),
    "bare Python loop": Contender(["{python}", "-m", "tests.bench.limit_framed", "{port}"], Chat()),
    "C loop, a send each": Contender(["{dir}/limit_each", "{port}"], Lines(), prepare=build_limit),
}


def why_not(name: str, interpreters: Interpreters) -> str:
    """Return why somebody cannot be measured here; empty where it can."""
    contender = CONTENDERS[name]
    if contender.python(interpreters) is None:
        return "no interpreter has it; see --help"
    program = contender.command[0]
    if contender.prepare is build_limit:
        return "" if shutil.which("cc") else "there is no C compiler"
    return "" if program == "{python}" or _found(program) else "it is not installed"


@contextmanager
def serving(name: str, directory: Path, interpreters: Interpreters) -> Iterator[LoadTarget]:
    """Start a server, and end it afterwards.

    Args:
        directory: empty; the server's files go there.

    Raises:
        RuntimeError: it did not start.
    """
    contender = CONTENDERS[name]
    port = _free_port()
    words = {"{port}": str(port), "{dir}": str(directory), "{python}": contender.python(interpreters) or ""}
    contender.prepare(directory)
    if contender.configuration is not None:
        (directory / contender.configuration[0]).write_text(_filled(contender.configuration[1], words))
    command = [_filled(word, words) for word in contender.command]
    command[0] = _found(command[0]) or command[0]
    environment = os.environ | dict(contender.environment)
    if words["{python}"] == interpreters.compiled:
        environment.pop("PYTHONPATH", None)  # the compiled modules are those that are installed there
    else:
        environment["PYTHONPATH"] = str(ROOT)
    with (directory / "output").open("wb") as output:
        process = _start_pinned(command, environment, directory, output.fileno())
    try:
        _await(process, port, directory / "output")
        yield LoadTarget("127.0.0.1", port, contender.dialect, contender.is_plain, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _start_pinned(
    command: list[str], environment: dict[str, str], directory: Path, output: int
) -> subprocess.Popen[bytes]:
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {SERVER_CPU})  # a child begins where its parent is
    try:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=directory
        )
    finally:
        os.sched_setaffinity(0, ours)


def _await(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    deadline_s = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            time.sleep(0.2)
            return
    said = output.read_text(errors="replace").split("\n")
    raise RuntimeError(f"it did not start: {' / '.join(said[-3:])}")


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _found(program: str) -> str | None:
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
