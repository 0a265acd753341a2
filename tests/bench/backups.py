"""How long somebody waits while a large journal is backed up: python -m tests.bench.backups [--records N].

A journal of a million messages is made, a server is started on it, and one client says something again and again while
`admin backup` runs; the longest time between saying something and hearing it is printed, and the same before.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.records import Entered
from reactor_chat.journal.reports import Entry
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from reactor_chat.server.record_log import RecordLog
from reactor_chat.wire import codec
from reactor_chat.wire.messages import Exited, Said
from tests.end_to_end.client import Client, Server

BATCH = 1_000
QUIET_SECONDS = 3.0


def fill(directory: Path, records: int) -> None:
    """Make a journal of messages of 300 bytes, with a snapshot, so that the server starts at once."""
    state = ChatState()
    with closing(SqliteJournal(directory)) as journal:
        state.apply(entered := Entered(1, 1, "Ann", None))
        state.apply(exited := Exited(2, 1, "Ann"))
        journal.commit([Entry(1, codec.encode(entered), ("presence",)), Entry(2, codec.encode(exited), ("presence",))])
        while journal.head < records:
            said = [Said(journal.head + 1 + place, 1, "Ann", "x" * 230) for place in range(BATCH)]
            journal.commit([Entry(one.seq, codec.encode(one), ("said",)) for one in said])
            for one in said:
                state.apply(one)
            journal.rest()
        RecordLog(journal).keep_snapshot(state)


def longest_wait_seconds(client: Client, process: subprocess.Popen[bytes] | None, seconds_max: float) -> float:
    """Say something again and again, until the process has ended or the time is over."""
    longest, ends = 0.0, time.perf_counter() + seconds_max
    while time.perf_counter() < ends and (process is None or process.poll() is None):
        began = time.perf_counter()
        client.send("say", text="x", id=f"{began}")
        client.expect("accepted", re=f"{began}")
        longest = max(longest, time.perf_counter() - began)
    return longest


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.backups", description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000, help="in the journal (1000000)")
    parser.add_argument("--seconds", type=float, default=300.0, help="at most (300)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        data, copy = Path(scratch) / "data", Path(scratch) / "copy.db"
        fill(data, chosen.records)
        with Server("--rate", "off", storage=("--data", str(data))) as server:
            client = server.client("Bob")
            quiet = longest_wait_seconds(client, None, QUIET_SECONDS)
            began = time.perf_counter()
            command = [sys.executable, "-m", "reactor_chat.admin", "--data", str(data), "backup", str(copy)]
            with subprocess.Popen(command) as process:
                longest = longest_wait_seconds(client, process, chosen.seconds)
                took = time.perf_counter() - began
                if process.poll() is None:
                    process.terminate()
            print(f"{chosen.records} records, {copy.stat().st_size / 1e6 if copy.exists() else 0:.0f} MB, {took:.1f} s")
            print(f"longest wait of a client: {longest * 1e3:.1f} ms; without a backup: {quiet * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
