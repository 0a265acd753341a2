"""Measures what commits of the SQLite journal cost of the processor's time, of two versions taking turns.

    python -m tests.bench.commits [--against TREE] [--pairs N] [--directory DIRECTORY]

TREE is the directory of another version of this project.  Every figure is the median of N processes of each version,
and counts user and system time: of `commit` alone, of the same where SQLite does not sync, and of everything up to the
end of `close` (the index and the emptying of the log too).  Beside them stands one bare write of 4 KiB with fdatasync,
below which no durable commit can come.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reactor_chat.journal.reports import Entry
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal

SIZES = (1, 2, 16, 50)
ENTRIES = 24_000
"""Of one process at most: enough for the pages of the index to be many."""
COMMITS_MAX = 2_000
SYNCS = 500
PAYLOAD_BYTES = 200
PAIRS_TALKING = 50
REST_COMMITS = 16
ROOT = Path(__file__).parents[2]


def told(seq: int) -> Entry:
    """An entry as a private message is one: found under its two people, and under the pair."""
    one, other = f"told/{2 * (seq % PAIRS_TALKING)}", f"told/{2 * (seq % PAIRS_TALKING) + 1}"
    return Entry(seq, b"%0*d" % (PAYLOAD_BYTES, seq), (one, other, f"pair/{one}/{other}"))


def measure(directory: Path, size: int) -> dict[str, float]:
    """Return microseconds of processor time: of a commit, all that it leads to, one without a sync, and a bare sync."""
    commit_us, all_us = committed(directory / "data", size, is_synced=True)
    unsynced_us, _ = committed(directory / "unsynced", size, is_synced=False)
    sync_us = bare_sync_us(directory / "bare")
    return {"commit": commit_us, "unsynced": unsynced_us, "all": all_us, "sync": sync_us}


def committed(directory: Path, size: int, *, is_synced: bool) -> tuple[float, float]:
    """Fill a journal, and return what a commit costs, and what it costs with all that follows."""
    count = min(COMMITS_MAX, ENTRIES // size)
    batches = [[told(seq) for seq in range(first, first + size)] for first in range(1, count * size, size)]
    journal = SqliteJournal(directory)
    if not is_synced:
        journal._database.execute("PRAGMA synchronous = 0")
    in_commits_ns, begun_ns = 0, time.process_time_ns()
    for number, batch in enumerate(batches):
        at_ns = time.process_time_ns()
        journal.commit(batch)
        in_commits_ns += time.process_time_ns() - at_ns
        if number % REST_COMMITS == 0:
            journal.rest()
    journal.close()
    return in_commits_ns / count / 1e3, (time.process_time_ns() - begun_ns) / count / 1e3


def bare_sync_us(path: Path) -> float:
    """Return what one write of a page with fdatasync costs, into a file that is as long already."""
    with path.open("w+b", buffering=0) as file:
        file.write(bytes(4_096 * SYNCS))
        os.fsync(file.fileno())
        begun_ns = time.process_time_ns()
        for number in range(SYNCS):
            os.pwrite(file.fileno(), bytes(4_096), 4_096 * number)
            os.fdatasync(file.fileno())
        return (time.process_time_ns() - begun_ns) / SYNCS / 1e3


def measured(tree: Path, directory: Path, size: int) -> dict[str, float]:
    """Measure one version in a process of its own."""
    with tempfile.TemporaryDirectory(dir=directory) as place:
        command = [sys.executable, __file__, "--size", str(size), "--directory", place]
        done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(tree)}, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def compare(trees: dict[str, Path], pairs: int, directory: Path) -> None:
    """Print a line for each size and version."""
    for size in SIZES:
        found: dict[str, list[dict[str, float]]] = {name: [] for name in trees}
        for _ in range(pairs):
            for name, tree in trees.items():
                found[name].append(measured(tree, directory, size))
        for name, runs in found.items():
            median = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            sys.stdout.write(
                f"{size:3} entries, {name:5}  commit {median['commit']:5.0f} µs, "
                f"unsynced {median['unsynced']:5.0f} µs; "
                f"with all that follows {median['all']:5.0f} µs or {median['all'] / size:6.1f} an entry; "
                f"bare sync {median['sync']:3.0f} µs\n"
            )
            sys.stdout.flush()


def main() -> None:
    """Compare, or measure one size of one version."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.commits", description=__doc__.partition("\n")[0])
    parser.add_argument("--against", type=Path, help="the directory of another version")
    parser.add_argument("--pairs", type=int, default=5, help="processes for each figure and version")
    parser.add_argument("--directory", type=Path, help="where the journals are made; by default with temporary files")
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.size is not None:
        json.dump(measure(chosen.directory, chosen.size), sys.stdout)
        return
    trees = {"this": ROOT} | ({"other": chosen.against.absolute()} if chosen.against else {})
    compare(trees, chosen.pairs, chosen.directory)


if __name__ == "__main__":
    main()
