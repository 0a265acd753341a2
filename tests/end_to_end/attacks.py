"""A server under attack, real processes on loopback; prints what it came to.

python -m tests.end_to_end.attacks garbage [FRAMES [SEED]]
python -m tests.end_to_end.attacks slowloris [CONNECTIONS [LOGIN_SECONDS]]
python -m tests.end_to_end.attacks readers [READERS [SLOW [SECONDS]]]
python -m tests.end_to_end.attacks descriptors [CONNECTS [SECONDS]]
"""

import contextlib
import json
import os
import re
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.end_to_end.bystanders import Bystanders, p99
from tests.end_to_end.client import WAIT_SECONDS, Client, Server, framed

GENEROUS = ("--failed-logins", "1000000/1000000")
"""Loopback is one address to the count of failed logins, and the honest come from there too."""


@contextlib.contextmanager
def attacker(attack: str, port: int, *numbers: int) -> Iterator[subprocess.Popen[str]]:
    """A process that attacks, and that has ended afterwards."""
    command = [sys.executable, "-m", "tests.end_to_end.hostile", attack, str(port), *map(str, numbers)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def report_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The next line an attacker prints."""
    assert process.stdout is not None
    return dict(json.loads(process.stdout.readline()))


def descriptors_of(server: Server) -> int:
    return sum(1 for _ in Path(f"/proc/{server.process.pid}/fd").iterdir())


def cpu_seconds_of(server: Server) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes_of(server: Server, row: str = "VmRSS") -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    found = re.search(rf"^{row}:\s+(\d+) kB", status, re.MULTILINE)
    assert found is not None
    return int(found.group(1)) * 1_024


def settled_descriptors_of(server: Server, most: int) -> int:
    """How many descriptors are open when those that are being closed are closed."""
    end = time.monotonic() + WAIT_SECONDS
    while (count := descriptors_of(server)) > most and time.monotonic() < end:
        select.select([], [], [], 0.1)
    return count


# ------------------------------------------------------------------------------------------------ garbage


@dataclass
class GarbageFigures:
    """What came of garbage."""

    frames: int
    connections: int
    seconds: float
    p99_before: float
    p99_during: float
    descriptors_before: int
    descriptors_after: int


def garbage(frames: int, seed: int, quiet_seconds: float = 5.0) -> GarbageFigures:
    """Send random and mutated frames while ten people talk."""
    with Server(*GENEROUS) as server:
        people = Bystanders(server.port, 10, per_second=20)
        before = people.talk(quiet_seconds)
        descriptors = descriptors_of(server)
        during: list[float] = []
        began = time.monotonic()
        with attacker("garbage", server.port, frames, seed) as process:
            while process.poll() is None:
                during += people.talk(1.0)
            seconds = time.monotonic() - began
            met = report_of(process)
        after = settled_descriptors_of(server, descriptors)
        server.check()
        people.close()
        return GarbageFigures(met["frames"], met["connections"], seconds, p99(before), p99(during), descriptors, after)


# ---------------------------------------------------------------------------------------------- slowloris


@dataclass
class SlowlorisFigures:
    """What came of people who never log in."""

    held: int
    logins: int
    longest_login: float
    closed: int
    left: int
    longest_life: float


def slowloris(connections: int, login_seconds: int, *options: str) -> SlowlorisFigures:
    """Hold connections without a login while honest people log in, one after the other."""
    with Server("--login-seconds-max", str(login_seconds), *options) as server:
        with attacker("slowloris", server.port, connections, login_seconds + 5) as process:
            held = report_of(process)["held"]
            took: list[float] = []
            while process.poll() is None:
                took.append(_login_seconds(server, len(took)))
                select.select([], [], [], 0.1)
            met = report_of(process)
        server.check()
        return SlowlorisFigures(held, len(took), max(took), met["closed"], met["left"], met["longest_life_s"])


def _login_seconds(server: Server, number: int) -> float:
    began = time.monotonic()
    client = Client(server.port)
    client.login(f"Honest{number}")
    took = time.monotonic() - began
    client.close()
    return took


# ------------------------------------------------------------------------------------------- slow readers


@dataclass
class ReaderFigures:
    """What came of people who do not read."""

    said: int
    p99_without: float
    p99_with: float
    resident_before: int
    resident_most: int
    closed: int
    resumed_whole: int


class SlowReader:
    """Somebody who reads a byte a second, or none, until it is closed; and comes back for the rest."""

    def __init__(self, port: int, name: str, *, reads: bool) -> None:
        self.name, self._reads, self._port = name, reads, port
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)  # or the kernel would read for it
        self.sock.settimeout(WAIT_SECONDS)
        self.sock.connect(("127.0.0.1", port))
        self.sock.sendall(framed({"type": "login", "name": name, "protocol": 1}))
        heard = b""
        while b'"type":"welcome"' not in heard:
            heard += self.sock.recv(1_024)
        self.seq = int(re.findall(rb'"seq":(\d+)', heard)[0])
        self.sock.setblocking(False)

    def sip(self) -> None:
        if self._reads:
            with contextlib.suppress(OSError):
                self.sock.recv(1)

    def resumes_whole(self, said: set[int]) -> bool:
        """Come back, read all that was missed, and compare with what was said."""
        self.sock.close()
        client = Client(self._port)
        client.login(self.name, after=self.seq)
        client.send("ping", data="end")
        heard: set[int] = set()
        while True:
            got = client.receive()
            assert got is not None, "closed again"
            if got["type"] == "pong":
                break
            assert got.get("code") != "gap"
            if got["type"] == "said":
                assert got["seq"] not in heard, "told twice"
                heard.add(got["seq"])
        client.close()
        return heard == {seq for seq in said if seq > self.seq}


def readers(
    count: int,
    slow: int,
    seconds: float,
    quiet_seconds: float | None = None,
    per_second: float = 40,
    text_bytes: int = 1_000,
    *,
    ends_early: bool = False,
) -> ReaderFigures:
    """Let `count` people hear what is said; then the same beside `slow` who never read and as many who hardly do.

    It goes on for `seconds`, or only until all the slow ones are closed.
    """
    with Server() as server:
        people = Bystanders(server.port, count, per_second, text_bytes)
        without = p99(people.talk(quiet_seconds or seconds))
        people.close()
    with Server() as server:
        witness = Witness(server.port)
        people = Bystanders(server.port, count, per_second, text_bytes)
        sluggish = [SlowReader(server.port, f"Slow{i}", reads=i % 2 == 1) for i in range(2 * slow)]
        before, most = resident_bytes_of(server), 0
        during: list[float] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            during += people.talk(1.0)
            for one in sluggish:
                one.sip()
            most = max(most, resident_bytes_of(server))
            if ends_early and server.stderr().count("closed: too_slow") == len(sluggish):
                break
        people.close()
        said = witness.said()
        whole = sum(one.resumes_whole(said) for one in sluggish)
        server.check()
        closed = server.stderr().count("closed: too_slow")  # they themselves cannot know before they read
        return ReaderFigures(people.said, without, p99(during), before, most, closed, whole)


class Witness:
    """Somebody who was there from the beginning, and asks at the end what was said."""

    def __init__(self, port: int) -> None:
        self._port = port
        client = Client(port)
        self._after = client.login("Witness")["seq"]
        client.close()

    def said(self) -> set[int]:
        client = Client(self._port)
        client.login("Witness", after=self._after)
        found = {got["seq"] for got in client.until_pong() if got["type"] == "said"}
        client.close()
        return found


# -------------------------------------------------------------------------------------------- descriptors


@dataclass
class DescriptorFigures:
    """What came of a process without descriptors."""

    descriptors: int
    connections: int
    cpu_share: float
    honest_login: float
    log_lines: int


def descriptors(connects: int, seconds: int, descriptors_max: int = 256) -> DescriptorFigures:
    """Connect more often than there are descriptors, and hold what is given; an honest login comes in between."""
    server = Server("--login-seconds-max", "60", descriptors_max=descriptors_max)
    with server, attacker("hold", server.port, connects, seconds) as process:
        held = report_of(process)["held"]
        cpu, began = cpu_seconds_of(server), time.monotonic()
        honest = _login_seconds(server, 0)
        full = descriptors_of(server)
        process.wait(seconds + WAIT_SECONDS)
        share = (cpu_seconds_of(server) - cpu) / (time.monotonic() - began)
        server.check()
        return DescriptorFigures(full, held, share, honest, len(server.stderr().splitlines()))


def main(words: list[str]) -> None:
    """Attack as told, and print what it came to."""
    attack, *numbers = words
    defaults: dict[str, tuple[Any, list[int]]] = {
        "garbage": (garbage, [1_000_000, 1]),
        "slowloris": (slowloris, [1_000, 10]),
        "readers": (readers, [300, 100, 120]),
        "descriptors": (descriptors, [1_000, 20]),
    }
    run, usual = defaults[attack]
    given = [int(number) for number in numbers]
    print(run(*given, *usual[len(given) :]), f"load {os.getloadavg()[0]:.1f}")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
