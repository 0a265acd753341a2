"""`python -m tests.planted`: plant every bug, one at a time, and see whether the tests find it.

Each bug is planted in a copy of the project, and the tests that its row names are run there; the ordinary run has them
all.  Prints a table with the seconds each took; exit status 1 where one survived.
"""

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.planted.bugs import BUGS
from tests.planted.copying import Bug, Verdict, hunt

HEAD = "| bug | planted in | found after |\n|---|---|---|"


def row(bug: Bug, verdict: Verdict) -> str:
    """Return a line of the table."""
    after = f"{verdict.took_s:.1f} s" if verdict.is_found else "**not found**"
    return f"| {bug.name} | `{bug.file.removeprefix('reactor_chat/')}` | {after} |"


def try_out(bug: Bug) -> tuple[Bug, Verdict]:
    """Plant one bug, and say on the way what came of it."""
    with tempfile.TemporaryDirectory() as name:
        verdict = hunt(bug, Path(name))
    sys.stdout.write(row(bug, verdict) + "\n")
    sys.stdout.flush()
    if not verdict.is_found:
        sys.stderr.write(f"{bug.name}: {verdict.words}\n")
    return bug, verdict


def main(arguments: list[str]) -> int:
    """Try out the bugs of which a name or file has one of the words, all without any."""
    reader = argparse.ArgumentParser(prog="python -m tests.planted")
    reader.add_argument("words", nargs="*")
    reader.add_argument("--jobs", type=int, default=1, help="how many at a time")
    reader.add_argument("--table", type=Path, help="write the table into this file too")
    chosen = reader.parse_args(arguments)
    bugs = [bug for bug in BUGS if not chosen.words or any(word in bug.name + bug.file for word in chosen.words)]
    with ThreadPoolExecutor(chosen.jobs) as executor:  # each only waits for a process
        tried = list(executor.map(try_out, bugs))
    found = sum(verdict.is_found for _, verdict in tried)
    slowest_s = max((verdict.took_s for _, verdict in tried), default=0.0)
    sys.stdout.write(f"{found} of {len(tried)} found, the slowest after {slowest_s:.1f} s\n")
    if chosen.table is not None:
        chosen.table.write_text("\n".join([HEAD, *(row(*one) for one in tried)]) + "\n", "utf-8")
    return 0 if found == len(tried) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
