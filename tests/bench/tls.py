"""What TLS costs without a network: a handshake, a byte sealed and opened, and the memory of a connection at rest.

    python -m tests.bench.tls [--connections N]

The memory is that of the server's side alone.  What an idle connection costs a whole server, chat and all, is printed
by `python -m reactor_chat.load idle`, with and without `--plaintext`.
"""

import argparse
import gc
import os
import time
from collections.abc import Callable
from pathlib import Path

from reactor_chat.reactor.tls import TlsFilter
from tests.reactor.certificates import moved, shaken

ROUNDS = 7
LENGTHS = (200, 6_000, 16_384, 40_000, 262_144)
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


def best_seconds(work: Callable[[], object]) -> float:
    """Processor seconds of the quickest of several runs: what else the machine does only makes them longer."""
    seconds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        seconds.append(time.process_time() - began)
    return min(seconds)


def at_rest(connections: int) -> tuple[list[TlsFilter], float]:
    """The server's sides of so many connections, and how many bytes each of them takes."""
    kept = [shaken()[0] for _ in range(10)]
    gc.collect()
    before = resident_bytes()
    kept = [shaken()[0] for _ in range(connections)]
    gc.collect()
    return kept, (resident_bytes() - before) / connections


def sealing(servers: list[TlsFilter], length: int) -> float:
    """Seconds to seal the same bytes for everybody, as a fan-out does."""
    news = os.urandom(length)

    def seal() -> None:
        for server in servers:
            server.seal(news)
            server.left(len(server.unsent))

    return best_seconds(seal)


def opening(length: int) -> float:
    """Seconds to open what one other side sealed."""
    server, client = shaken()
    news = os.urandom(length)
    times = max(1, 1_000_000 // length)

    def seal_and_open() -> None:
        for _ in range(times):
            client.seal(news)
            moved(client, server)

    def seal_only() -> None:
        for _ in range(times):
            client.seal(news)
            client.left(len(client.unsent))

    return (best_seconds(seal_and_open) - best_seconds(seal_only)) / times


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--connections", type=int, default=1_000)
    connections = reader.parse_args().connections
    shake_seconds = best_seconds(lambda: [shaken() for _ in range(100)]) / 100
    print(f"handshake, both sides      {shake_seconds * 1e6:9.0f} µs")
    servers, rest_bytes = at_rest(connections)
    print(f"at rest, the server's side {rest_bytes / 1024:9.1f} KiB  ({connections:,} connections)")
    for length in LENGTHS:
        seconds = sealing(servers, length) / connections
        print(f"seal {length:7,} bytes         {seconds * 1e6:9.1f} µs  {length / seconds / 1e6:7,.0f} MB/s")
    for length in LENGTHS:
        seconds = opening(length)
        print(f"open {length:7,} bytes         {seconds * 1e6:9.1f} µs  {length / seconds / 1e6:7,.0f} MB/s")


if __name__ == "__main__":
    main()
