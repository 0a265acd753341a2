"""Measures the SQLite journal on this machine's disk.

    python -m tests.bench.journal [DIRECTORY [ROWS]]

DIRECTORY is where the measured journals are made and removed again; by default beside the system's temporary files.
"""

import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from reactor_chat.journal.contract import Span
from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.journal.reports import Entry
from reactor_chat.journal.sqlite.database_file import FILE_NAME
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal

PAYLOAD_BYTES = 300
SEQ_MAX = 2**53 - 1
GROUPS = 200


def batches(first: int, count: int, size: int) -> Iterator[list[Entry]]:
    """Yield entries as a chat has them: nearly all said to everybody, one in 50 to one of 200 groups."""
    for begin in range(first, first + count, size):
        yield [
            Entry(seq, b"%0*d" % (PAYLOAD_BYTES, seq), (f"group/{seq // 50 % GROUPS}",) if seq % 50 == 0 else ("said",))
            for seq in range(begin, begin + size)
        ]


def fill(journal: SqliteJournal | MemoryJournal, count: int, size: int) -> list[float]:
    """Commit, rest now and then as a server does, and return how many seconds each commit took."""
    took = []
    for number, batch in enumerate(batches(journal.head + 1, count, size)):
        begun = time.perf_counter()
        journal.commit(batch)
        took.append(time.perf_counter() - begun)
        if number % 16 == 0:
            journal.rest()
    return took


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of them lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def show(text: str) -> None:
    """Print one line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def measure_sync(directory: Path) -> None:
    """What this disk takes for one write and fdatasync, the floor under every commit."""
    took = []
    with (directory / "raw").open("wb", buffering=0) as file:
        for _ in range(500):
            begun = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - begun)
    show(
        f"raw 4 KiB + fdatasync      p50 {quantile(took, 0.5) * 1e3:6.2f} ms  p99 {quantile(took, 0.99) * 1e3:6.2f} ms"
    )


def measure_commits(directory: Path) -> None:
    """Rows per second by rows per commit."""
    for size, count in ((1, 3_000), (10, 20_000), (100, 200_000), (1000, 500_000)):
        for name, journal in (("sqlite", SqliteJournal(directory / f"batch{size}")), ("memory", MemoryJournal())):
            begun, cpu = time.perf_counter(), time.process_time()
            took = fill(journal, count, size)
            seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
            show(
                f"commit {name} batch {size:5d}  {count / seconds:10,.0f} rows/s  cpu {cpu / count * 1e6:5.2f} µs/row  "
                f"p50 {quantile(took, 0.5) * 1e3:6.2f} ms p99 {quantile(took, 0.99) * 1e3:6.2f} ms  "
                f"max {max(took) * 1e3:6.1f} ms"
            )
            journal.close()


def measure_rest(directory: Path) -> None:
    """How long `rest` takes, and what commits of 100 lose to it, by how large it lets the write-ahead log become."""
    for pages in (64, 256, 1024, 4096):
        journal = SqliteJournal(directory / f"rest{pages}")
        took, begun = [], time.perf_counter()
        for batch in batches(1, 300_000, 100):
            journal.commit(batch)
            if journal._wal_pages >= pages:
                at = time.perf_counter()
                journal._checkpoint()
                took.append(time.perf_counter() - at)
        show(
            f"rest from {pages:5d} pages on  {300_000 / (time.perf_counter() - begun):10,.0f} rows/s  "
            f"each p50 {quantile(took, 0.5) * 1e3:6.2f} ms  max {max(took) * 1e3:6.1f} ms  "
            f"in all {sum(took) / (time.perf_counter() - begun) * 100:.0f} %"
        )
        journal.close()


def measure_replay(journal: SqliteJournal) -> None:
    """Microseconds per row of a replay from zero, with the chain checked."""
    begun, cpu = time.perf_counter(), time.process_time()
    rows = sum(1 for _ in journal.replay())
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    show(f"replay of {rows:,} rows  {seconds / rows * 1e6:.2f} µs/row, of that {cpu / rows * 1e6:.2f} on the processor")


def measure_pages(journal: SqliteJournal) -> None:
    """Pages of 50 at places all over the journal, for several sets of spans."""
    everybody: list[Span] = [("said", 0, SEQ_MAX)]
    groups: list[Span] = [(f"group/{number}", 0, SEQ_MAX) for number in range(GROUPS)]
    stays: list[Span] = [(label, at, at + 3_000) for label, _, _ in groups for at in (1, journal.head // 2)]
    for name, spans in (("said", everybody), ("one group", groups[:1]), ("said + 200 groups", everybody + groups),
                        ("400 stays of 3,000", stays)):  # fmt: skip
        took, cpu = [], []
        for turn in range(400):
            before = None if turn % 4 == 0 else 1 + turn * 7_919_777 % journal.head
            begun, cpu_begun = time.perf_counter(), time.process_time()
            journal.newest(spans, before, 51)
            took.append(time.perf_counter() - begun)
            cpu.append(time.process_time() - cpu_begun)
        show(
            f"page of 50, {name:20s}  p50 {quantile(took, 0.5) * 1e3:6.2f} p99 {quantile(took, 0.99) * 1e3:6.2f} ms  "
            f"processor p50 {quantile(cpu, 0.5) * 1e3:6.2f} ms  p99 {quantile(cpu, 0.99) * 1e3:6.2f} ms"
        )


def measure_large(directory: Path, count: int, size: int) -> None:
    """One large journal: its replay, pages, memory and size."""
    show(f"-- {count:,} rows of {PAYLOAD_BYTES} bytes, committed {size} at a time")
    journal = SqliteJournal(directory / f"large{size}")
    fill(journal, count, size)
    journal.close()
    file_bytes = (directory / f"large{size}" / FILE_NAME).stat().st_size
    show(f"file {file_bytes / count:.0f} bytes per row of {PAYLOAD_BYTES}")
    begun = time.perf_counter()
    journal = SqliteJournal(directory / f"large{size}")
    show(f"open {(time.perf_counter() - begun) * 1e3:.1f} ms")
    measure_replay(journal)
    measure_pages(journal)
    begun = time.perf_counter()
    show(f"verify {journal.verify()} in {time.perf_counter() - begun:.2f} s")
    begun = time.perf_counter()
    journal.backup(directory / f"backup{size}")
    show(f"backup in {time.perf_counter() - begun:.2f} s")
    journal.close()
    show(f"resident at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB, all of the above")


def main() -> None:
    """Measure everything."""
    directory = Path(tempfile.mkdtemp(dir=sys.argv[1] if len(sys.argv) > 1 else None))
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    try:
        measure_sync(directory)
        measure_rest(directory)
        measure_large(directory, rows, 100)
        measure_large(directory, rows // 10, 1)
        measure_commits(directory)
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
