"""Measures a server with a million stored messages: starting, memory, pages of history, a backup.

    python -m tests.bench.recovery [--messages N] [--directory DIR]

The messages are said by thirty people with claimed names through the app itself, with ids: four in five to everyone,
the others privately or to groups.  DIR is where the journal goes; it is kept there and used again by the next run,
without DIR it is removed.
"""

import argparse
import json
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import msgspec

from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.journal.sqlite.database_file import FILE_NAME
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from reactor_chat.server.record_log import record_of
from reactor_chat.wire.messages import AskHistory, GroupSend, GroupSet, Request, Say, Tell
from tests.end_to_end.returning import Returning
from tests.server.world import Person, World

PEOPLE = 30
GROUPS = 10
AT_ONCE = 32
PAGES = 2_000
PAGES_OVER_SOCKETS = 1_000
BEHIND_SNAPSHOT = 100_000
"""What a recovery replays at most beside a snapshot, and a little: `app.SNAPSHOT_RECORDS`."""


def show(text: str) -> None:
    print(text, flush=True)


# ------------------------------------------------------------------------------------------------------- filling


def entered(world: World, name: str) -> Person:
    """Connect and prove a name."""
    person, client = world.connect(), Returning(name)
    world.turn()
    person.raw(client.received(bytes(person.wire.read)))
    world.turn()
    client.received(bytes(person.wire.read))
    assert client.said() == b""
    person.wire.read.clear()
    return person


def wish(number: int, chance: Random) -> Request:
    text = f"message number {number} of as many words as people use in a sentence"
    dice = chance.random()
    if dice < 0.8:
        return Say(text, id=f"{number}-02f1a2b897ab2f26")
    if dice < 0.9:
        return Tell(f"person{chance.randrange(PEOPLE)}", text, id=f"{number}-02f1a2b897ab2f26")
    return GroupSend(f"group{chance.randrange(GROUPS)}", text, id=f"{number}-02f1a2b897ab2f26")


def fill(directory: Path, messages: int) -> None:
    """Have so many messages said."""
    begun, chance = time.perf_counter(), Random(1)
    journal = SqliteJournal(directory)
    world = World(journal, people_max=PEOPLE).start()
    people = [entered(world, f"person{number}") for number in range(PEOPLE)]
    everyone = [f"person{number}" for number in range(PEOPLE)]
    people[0].ask(*(GroupSet(f"group{number}", everyone) for number in range(GROUPS)))
    world.turn()
    while journal.head < messages:
        for person in people:
            person.ask(*(wish(journal.head + number, chance) for number in range(AT_ONCE)))
        world.turn()
        journal.rest()
        for person in people:
            person.wire.read.clear()
    journal.close()  # as a kill would leave it: everybody is present, and there is no snapshot
    file_bytes = (directory / FILE_NAME).stat().st_size
    show(f"filled: {messages:,} messages in {time.perf_counter() - begun:.0f} s, {file_bytes / 2**20:.0f} MiB")


def keep_snapshot(directory: Path, *, behind: int) -> None:
    """Put a snapshot so many records before the end, as a server that was killed leaves it."""
    journal, state = SqliteJournal(directory), ChatState()
    for seq, payload in journal.replay():
        state.apply(record_of(seq, payload))
        if seq == journal.head - behind:
            break
    journal.keep_snapshot(state.seq, msgspec.json.encode(state.snapshot()))
    journal.close()


# ----------------------------------------------------------------------------------------------------- measuring


def recovery(directory: Path, name: str) -> None:
    """Seconds from opening the journal to a chat that can go on; the best and the median of three."""
    took, count = list[tuple[float, float]](), 0
    for _ in range(3):
        begun, cpu = time.perf_counter(), time.process_time()
        journal = SqliteJournal(directory)
        count = World(journal).app.record_log.recover(ChatState())
        took.append((time.perf_counter() - begun, time.process_time() - cpu))
        journal.close()
    seconds, cpu = min(took)
    show(f"recovery {name:15} {seconds:6.2f} s, processor {cpu:.2f} s, median {sorted(took)[1][0]:.2f} s;"
         f" {count:,} records replayed")  # fmt: skip


@contextmanager
def served(directory: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server process on the journal, killed at the end, which changes nothing; yields it with its port."""
    command = [sys.executable, "-m", "reactor_chat.server", "--port", "0", "--plaintext", "--rate", "off"]
    begun = time.perf_counter()
    with subprocess.Popen(
        [*command, "--data", str(directory)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().split("port=")[1].split()[0])
        show(f"process: start to listening {time.perf_counter() - begun:.2f} s")
        try:
            yield process, port
        finally:
            process.kill()


def resident(process: subprocess.Popen[str]) -> str:
    status = Path(f"/proc/{process.pid}/status").read_text()
    kibibytes = {line.split()[0]: int(line.split()[1]) for line in status.splitlines() if line.startswith("Vm")}
    return f"RSS {kibibytes['VmRSS:'] / 1024:.1f} MiB, at most {kibibytes['VmHWM:'] / 1024:.1f} MiB"


class Guest:
    """A guest on a socket, who asks one thing at a time; what was said to everyone is there for guests too."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self._send(type="login", name="Guest", protocol=1)
        while b'"welcome"' not in self._exactly(struct.unpack(">I", self._exactly(4))[0]):
            pass

    def ask(self, **request: object) -> dict[str, object]:
        """Return what answers a request with an id."""
        self._send(**request)
        while True:
            (length,) = struct.unpack(">I", self._exactly(4))
            got: dict[str, object] = json.loads(self._exactly(length))
            if got.get("re") == request["id"]:
                return got

    def _send(self, **request: object) -> None:
        payload = json.dumps(request).encode()
        self.sock.sendall(struct.pack(">I", len(payload)) + payload)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            received = self.sock.recv(count - len(data))
            assert received, "the server closed"
            data += received
        return data


def memory(directory: Path, head: int) -> None:
    """What a server process weighs, after starting and after many pages; and how long a backup holds it up."""
    chance = Random(2)
    with served(directory) as (process, port):
        show(f"process: after start {resident(process)}")
        guest = Guest(port)
        for _ in range(PAGES_OVER_SOCKETS):
            page = guest.ask(type="history", id="1", before=chance.randrange(1_000, head))
            assert len(page["messages"]) == 50  # type: ignore[arg-type]
        show(f"process: after {PAGES_OVER_SOCKETS:,} pages {resident(process)}")
        copy = directory.with_name("backup.db")
        copy.unlink(missing_ok=True)
        waits = []
        command = [sys.executable, "-m", "reactor_chat.admin", "--data", str(directory), "backup", str(copy)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as admin:
            while admin.poll() is None:
                begun = time.perf_counter()
                guest.ask(type="ping", id="p", data="x")
                waits.append(time.perf_counter() - begun)
            assert admin.returncode == 0
        show(f"backup: longest wait for an answer meanwhile {max(waits):.2f} s; afterwards {resident(process)}")
        copy.unlink()


def quantiles(seconds: list[float]) -> str:
    ranked = sorted(seconds)
    p50, p99 = (ranked[int(len(ranked) * share)] * 1e3 for share in (0.5, 0.99))
    return f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, longest {ranked[-1] * 1e3:.1f} ms"


def pages(directory: Path) -> None:
    """How long the app's turn takes that serves one page of 50, at places all over the journal."""
    chance = Random(3)
    journal = SqliteJournal(directory)
    world = World(journal, people_max=PEOPLE + 1).start()
    person = entered(world, "person3")
    for name, with_, group in (
        ("all I may see", None, None),
        ("with a person", "person5", None),
        ("a group", None, "group2"),
    ):
        took, processor = [], []
        for _ in range(PAGES):
            person.ask(AskHistory(50, chance.randrange(10_000, journal.head), with_, group))
            begun, cpu = time.perf_counter(), time.process_time()
            world.app.turn(world.now, world.unix_ms)
            took.append(time.perf_counter() - begun)
            processor.append(time.process_time() - cpu)
            assert len(person.wire.queue) > 1_000
            person.wire.queue.clear()
        show(f"page of 50, {name:14} {quantiles(took)}; processor {quantiles(processor)}")
    journal.close()


def main() -> None:
    """Fill where nothing is, and measure everything."""
    parser = argparse.ArgumentParser(description="Measure a server with many stored messages.")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--directory", type=Path)
    chosen = parser.parse_args()
    top = chosen.directory or Path(tempfile.mkdtemp(dir=Path.cwd(), prefix="bench-"))
    directory = top / "journal"
    try:
        if not (directory / FILE_NAME).exists():
            fill(directory, chosen.messages)
        work = top / "work"
        shutil.copytree(directory, work)
        recovery(work, "from zero")
        memory(work, chosen.messages)
        keep_snapshot(work, behind=BEHIND_SNAPSHOT)
        recovery(work, "with snapshot")
        with served(work) as (process, _):
            show(f"process: after start with a snapshot {resident(process)}")
        pages(work)
        shutil.rmtree(work)
    finally:
        if chosen.directory is None:
            shutil.rmtree(top)
    show(f"this process: at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
