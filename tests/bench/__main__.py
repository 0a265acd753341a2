"""Measures the server beside others in one go, and says what came of every claim.

    python -m tests.bench DIRECTORY                                  everything: about a quarter of an hour
    python -m tests.bench DIRECTORY --cells 'fan-1000.*' --runs 7    some of it
    python -m tests.bench DIRECTORY --report                         only the table and the plots again
    python -m tests.bench DIRECTORY --document                         ... and the table in docs/performance.md

The server has one processor, the generator another.  The contenders of a cell take turns, so that what disturbs the
machine disturbs all of them alike, and a ratio is one of neighbours.  Every run is kept in DIRECTORY/results.json.
"""

import argparse
import json
import os
import platform
import re
import resource
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

from reactor_chat.errors import LoadFailed
from reactor_chat.load.__main__ import run as run_load
from reactor_chat.load.report import as_json
from tests.bench.cells import CELLS, DISK, RATE, Cell, Figures, figure_of
from tests.bench.contenders import CONTENDERS, GENERATOR_CPU, Interpreters, serving, why_not
from tests.bench.plot import Curve, plot
from tests.bench.verdicts import Runs, table, verdicts

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
SYNCS = 200
PLOTTED = ("us", "Redis", "NATS", "InspIRCd")


def main() -> int:
    """Measure, and report."""
    options = _options()
    options.directory.mkdir(parents=True, exist_ok=True)
    kept = options.directory / "results.json"
    if not (options.report or options.document):
        _measure(options, kept)
    results = json.loads(kept.read_text(encoding="utf-8"))
    runs = _by_cell(results["runs"])
    said = f"{_about(results)}\n\n{table(verdicts(runs))}\n\n{NOTE}\n"
    print(said)
    (options.directory / "table.md").write_text(said, encoding="utf-8")
    for name, picture in _plots(runs).items():
        (options.directory / name).write_text(picture, encoding="utf-8")
    if options.document:
        text = PAGE.read_text(encoding="utf-8")
        begin, end = "<!-- bench -->\n", "<!-- end bench -->"
        before, rest = text.split(begin)
        PAGE.write_text(f"{before}{begin}{said}{end}{rest.split(end)[1]}", encoding="utf-8")
    return 0


NOTE = """\
Deliveries a second unless it says otherwise; the median of all runs, and the ratios of neighbouring runs.  By processor
time: deliveries for each second of the server's processor.  * The generator was the limit at least once; then it is the
ratio by processor time that counts."""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", type=Path, help="where results, table and plots go; runs are added to those there")
    parser.add_argument("--cells", default=".*", help="which; a regular expression: " + ", ".join(CELLS))
    parser.add_argument("--contenders", default=".*", help="who; a regular expression: " + ", ".join(CONTENDERS))
    parser.add_argument("--runs", type=int, default=5, help="how often (5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each load is (1)")
    parser.add_argument("--compiled", metavar="PYTHON", help="an interpreter with the compiled build installed")
    parser.add_argument("--twisted", metavar="PYTHON", help="an interpreter with Twisted installed")
    parser.add_argument("--fresh", action="store_true", help="forget the results that are there")
    parser.add_argument("--report", action="store_true", help="measure nothing")
    parser.add_argument("--document", action="store_true", help="measure nothing; write docs/performance.md")
    return parser.parse_args()


# ---------------------------------------------------------------------------------------------------- measuring


def _measure(options: argparse.Namespace, kept: Path) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # the servers inherit it
    os.sched_setaffinity(0, {GENERATOR_CPU})
    results = {"runs": []} if options.fresh or not kept.exists() else json.loads(kept.read_text(encoding="utf-8"))
    results |= {
        "date": time.strftime("%Y-%m-%d"),
        "machine": _machine(),
        "command": f"python -m tests.bench {_words()}",
    }
    first = 1 + max((run["run"] for run in results["runs"]), default=0)
    interpreters = Interpreters(options.compiled, options.twisted)
    cells = {name: cell for name, cell in CELLS.items() if re.fullmatch(options.cells, name)}
    absent = _absent(cells, options.contenders, interpreters)
    with tempfile.TemporaryDirectory(dir=options.directory) as scratch:
        for number in range(first, first + options.runs):
            for name, cell in cells.items():
                for contender in cell.contenders:
                    if contender not in absent:
                        figures = _run(contender, cell, options.seconds, Path(scratch), interpreters)
                        results["runs"].append({"run": number, "cell": name, "contender": contender, **figures})
                        _tell(number, name, contender, figures)
                kept.write_text(json.dumps(results), encoding="utf-8")


def _absent(cells: dict[str, Cell], wanted: str, interpreters: Interpreters) -> set[str]:
    """Who is not to be measured; says of whom that cannot be."""
    absent = set()
    for contender in sorted({one for cell in cells.values() for one in cell.contenders} - {DISK}):
        reason = why_not(contender, interpreters)
        if reason:
            print(f"without {contender}: {reason}")
        if reason or not re.fullmatch(wanted, contender):
            absent.add(contender)
    return absent


def _run(contender: str, cell: Cell, seconds: float, scratch: Path, interpreters: Interpreters) -> Figures:
    directory = Path(tempfile.mkdtemp(dir=scratch))
    if contender == DISK:
        return {"sync_us": {"p99": _sync_p99_us(directory)}}
    burst = CONTENDERS[contender].burst or cell.plan.burst
    try:
        with serving(contender, directory, interpreters) as target:
            result = run_load(cell.scenario, cell.plan._replace(seconds=seconds, burst=burst), target)
    except (LoadFailed, RuntimeError) as error:
        return {"failed": str(error)}
    figures: Figures = json.loads(as_json(result))
    return figures


def _sync_p99_us(directory: Path) -> float:
    took = []
    with (directory / "raw").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            begun = time.perf_counter()
            file.write(bytes(4_096))
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - begun) * 1e6)
    return sorted(took)[SYNCS * 99 // 100]


def _tell(number: int, name: str, contender: str, figures: Figures) -> None:
    if "failed" in figures:
        said = figures["failed"]
    elif contender == DISK:
        said = f"p99 of a sync {figures['sync_us']['p99']:,.0f} µs"
    elif RATE in figures:
        whole = "" if figures["is_complete"] else f" LOST {figures['lost']:,}"
        said = f"{figures[RATE]:14,.0f}/s {figures.get('deliveries_per_cpu_second', 0):14,.0f} a CPU second{whole}"
    else:
        said = f"{figures['logins_per_second']:14,.0f} logins/s"
    print(
        f"{number} {name:14} {contender:28} {said}  generator {figures.get('generator_cpu_share', 0):.0%}", flush=True
    )


def _machine() -> str:
    try:
        names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        names = []
    cpu = names[0] if names else platform.machine()
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{os.cpu_count()} processors ({cpu}), {system}, Python {platform.python_version()}"


def _words() -> str:
    return " ".join(word for word in sys.argv[1:] if not word.startswith("/"))


# ---------------------------------------------------------------------------------------------------- reporting


def _by_cell(results: list[dict[str, Any]]) -> Runs:
    runs: dict[tuple[str, str], list[Figures]] = defaultdict(list)
    for row in results:
        if "failed" not in row:
            runs[row["cell"], row["contender"]].append(row)
    return runs


def _about(results: dict[str, Any]) -> str:
    counts = {row["run"] for row in results["runs"]}
    return f"{results['date']}, {results['machine']}, {len(counts)} runs, `{results['command']}`:"


def _plots(runs: Runs) -> dict[str, str]:
    pictures = {}
    fan = _curves(runs, "fan", "w16", RATE)
    if fan:
        pictures["fanout.svg"] = plot(
            "Telling everyone: deliveries a second, 16 messages on their way",
            "receivers",
            "deliveries a second",
            fan,
            lambda value: f"{value / 1e6:g} M" if value >= 1e6 else f"{value / 1e3:g} k",
        )
    late = _curves(runs, "rate", "", "latency_us.p99")
    if late:
        pictures["latency.svg"] = plot(
            "Telling 200 people: how long 99 % of the deliveries take at most",
            "messages a second",
            "p99",
            late,
            lambda us: f"{us / 1e3:g} ms",
        )
    return pictures


def _curves(runs: Runs, kind: str, ending: str, figure: str) -> dict[str, Curve]:
    curves: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for (cell, contender), figures in runs.items():
        first, across, *rest = [*cell.split("-"), ""]
        if first == kind and rest[0] == ending and contender in PLOTTED:
            curves[contender].append((float(across), median(figure_of(one, figure) for one in figures)))
    return {name: sorted(curves[name]) for name in PLOTTED if name in curves}


if __name__ == "__main__":
    sys.exit(main())
