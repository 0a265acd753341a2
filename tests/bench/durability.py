"""What durability costs: accepted messages per second with and without a journal on disk, and the wait for one.

    python -m tests.bench.durability [--seconds N]

Servers run as processes of their own, one after the other, several times in turn; the ratio of two medians of one run
is the figure, as machines are shared and disks differ.  The wait for one message is compared with one raw `fdatasync`
on the same disk, measured before and after.
"""

import argparse
import json
import os
import selectors
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLIENTS = 100
WINDOW = 32
ROUNDS = 5
ACCEPTED = b'"type":"accepted"'
TAIL_BYTES = len(ACCEPTED) - 1


def frame(**message: object) -> bytes:
    payload = json.dumps(message).encode()
    return struct.pack(">I", len(payload)) + payload


class Server:
    """A server process; `options` are added to its command line."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "reactor_chat.server", "--port", "0", "--plaintext", "--rate", "off", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().split("port=")[1].split()[0])

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()


class Talker:
    """A client that keeps a window of unaccepted messages full."""

    def __init__(self, port: int, name: str) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.sendall(frame(type="login", name=name, protocol=1))
        received = b""
        while b'"welcome"' not in received:
            data = self.sock.recv(65_536)
            assert data, received
            received += data
        self.sent = self.accepted = 0
        self._tail = b""

    def say(self, count: int) -> None:
        frames = (frame(type="say", text="x" * 64, id=str(self.sent + i)) for i in range(count))
        self.sock.sendall(b"".join(frames))
        self.sent += count

    def read(self) -> int:
        received = self.sock.recv(1_048_576)
        assert received, "the server closed"
        data = self._tail + received
        self._tail = data[-TAIL_BYTES:]
        count = data.count(ACCEPTED)
        self.accepted += count
        return count


def accepted_per_second(port: int, seconds: float) -> float:
    """Return how many messages per second a server accepts from many clients that pipeline."""
    talkers = [Talker(port, f"talker{number}") for number in range(CLIENTS)]
    with selectors.DefaultSelector() as selector:
        for talker in talkers:
            selector.register(talker.sock, selectors.EVENT_READ, talker)
            talker.say(WINDOW)
        began = time.perf_counter()
        accepted = 0
        while (elapsed := time.perf_counter() - began) < seconds:
            for key, _ in selector.select(1.0):
                count = key.data.read()
                accepted += count
                key.data.say(count)
    for talker in talkers:
        talker.sock.close()
    return accepted / elapsed


def waits(port: int, count: int) -> list[float]:
    """Return how long each of so many messages, sent one at a time, took to be accepted."""
    talker = Talker(port, "single")
    found = []
    for _ in range(count):
        began = time.perf_counter()
        talker.say(1)
        while not talker.read():
            pass
        found.append(time.perf_counter() - began)
    talker.sock.close()
    return found


def syncs(directory: Path, count: int) -> list[float]:
    """Return how long each of so many raw appends of a page, each with `fdatasync`, took."""
    found = []
    descriptor = os.open(directory / "raw", os.O_RDWR | os.O_CREAT)
    for _ in range(count):
        began = time.perf_counter()
        os.write(descriptor, bytes(4_096))
        os.fdatasync(descriptor)
        found.append(time.perf_counter() - began)
    os.close(descriptor)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of each measurement")
    parser.add_argument("--directory", type=Path, help="where the journals go; here otherwise")
    chosen = parser.parse_args()
    rates: dict[str, list[float]] = {"memory": [], "sqlite": []}
    raw: list[float] = []
    single: list[float] = []
    with tempfile.TemporaryDirectory(dir=chosen.directory or Path.cwd(), prefix="bench-") as name:
        for number in range(ROUNDS):
            raw += syncs(Path(name), 300)
            with Server("--memory") as server:
                rates["memory"].append(accepted_per_second(server.port, chosen.seconds))
            with Server("--data", f"{name}/{number}") as server:
                rates["sqlite"].append(accepted_per_second(server.port, chosen.seconds))
                single += waits(server.port, 300)
    medians = {kind: statistics.median(found) for kind, found in rates.items()}
    for kind, found in rates.items():
        print(f"{kind:7} accepted/s  median {medians[kind]:8.0f}  from {min(found):8.0f} to {max(found):8.0f}")
    print(f"ratio   sqlite / memory  {medians['sqlite'] / medians['memory']:.2f}  (target 0.60 or more)")
    p50, raw_p50 = statistics.median(single), statistics.median(raw)
    print(f"one at a time  p50 {p50 * 1e3:.2f} ms, raw fdatasync p50 {raw_p50 * 1e3:.2f} ms, ratio {p50 / raw_p50:.2f}"
          "  (target 3 or less)")  # fmt: skip


if __name__ == "__main__":
    main()
