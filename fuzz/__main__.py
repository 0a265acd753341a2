"""`python -m fuzz TARGET [--seed N] [--runs N | --seconds N]`, `smoke`, `canary`, `replay TARGET FILE`."""

import argparse
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from random import Random

from fuzz import codec, framing, journal, parser, safe, session
from fuzz.target import Target

TARGETS = {
    target.name: target
    for target in (
        framing.TARGET,
        codec.TARGET,
        parser.TARGET,
        safe.TARGET,
        session.TARGET,
        session.LINES_TARGET,
        journal.TARGET,
    )
}
CORPUS = Path(__file__).parent / "corpus"
SMOKE_SECONDS = 60.0
CANARY_RUNS_MAX = 20_000
SLOWEST_SECONDS_MAX = 0.05
RUNS_PER_GENERATOR = 1_000
"""A generator is made anew after so many runs, so that a late run is reached without making all before it."""


def inputs(target: Target, seed: int, first_run: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield run numbers and inputs; the same seed gives the same ones on every machine and Python."""
    run = first_run - first_run % RUNS_PER_GENERATOR
    while True:
        random = Random(f"{target.name}/{seed}/{run}")
        for _ in range(RUNS_PER_GENERATOR):
            data = target.make(random)
            if run >= first_run:
                yield run, data
            run += 1


def fuzz(target: Target, seed: int, runs_max: int | None, seconds_max: float | None) -> bool:
    """Run one target until its runs or its time are over, or something is found; returns whether nothing was."""
    began = time.monotonic()
    slowest_s, slowest, runs = 0.0, b"", 0
    for run, data in inputs(target, seed):
        started = time.perf_counter()
        try:
            target.check(data, target.subject)
        except Exception:  # noqa: BLE001 - whatever it is, it is the finding
            return report(target, seed, run, data)
        took_s = time.perf_counter() - started
        runs = run + 1
        if took_s > slowest_s:
            slowest_s, slowest = took_s, data
        if (runs_max is not None and runs >= runs_max) or (
            seconds_max is not None and time.monotonic() - began >= seconds_max
        ):
            break
    rate = runs / max(time.monotonic() - began, 1e-9)
    print(
        f"{target.name:8} {runs:10,} runs  {rate:9,.0f}/s  slowest {slowest_s * 1e3:6.1f} ms  seed {seed}", flush=True
    )
    if slowest_s > SLOWEST_SECONDS_MAX:
        print(f"         slow input: {slowest[:64].hex()} ({len(slowest)} bytes)")
    return True


def report(target: Target, seed: int, run: int, data: bytes) -> bool:
    """Say what was found and how to see it again."""
    traceback.print_exc(limit=-4)
    found = Path(f"found-{target.name}-{seed}-{run}.bin")
    found.write_bytes(data)
    print(f"{target.name}: FOUND at seed {seed}, run {run}: {data[:80].hex()}")
    print(f"again: python -m fuzz replay {target.name} {found}    keep it: move it to fuzz/corpus/{target.name}/")
    return False


def replay(target: Target, file: Path) -> bool:
    """Check one input from a file."""
    try:
        target.check(file.read_bytes(), target.subject)
    except Exception:  # noqa: BLE001 - whatever it is, it is the finding
        traceback.print_exc(limit=-4)
        return False
    print(f"{target.name}: {file} holds")
    return True


def canary(target: Target, seed: int) -> bool:
    """See whether a bug that was planted on purpose is found; returns whether it was."""
    for run, data in inputs(target, seed):
        try:
            target.check(data, target.broken)
        except Exception as error:  # noqa: BLE001 - any sign of the bug will do
            print(f"{target.name:8} found its planted bug at run {run}: {type(error).__name__}")
            return True
        if run >= CANARY_RUNS_MAX:
            break
    print(f"{target.name:8} did NOT find its planted bug in {CANARY_RUNS_MAX} runs")
    return False


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; returns 0 where everything held, 1 where not."""
    parser_ = argparse.ArgumentParser(prog="python -m fuzz", description="Fuzz the protocol, from bytes to journal.")
    parser_.add_argument("what", choices=[*TARGETS, "smoke", "canary", "replay"], help="a target, or one of the others")
    parser_.add_argument("rest", nargs="*", help="for replay: the target and the file")
    parser_.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000, help="the same seed, the same inputs")
    parser_.add_argument("--runs", type=int, help="stop after so many inputs")
    parser_.add_argument("--seconds", type=float, help="stop after so long (10 where neither is given)")
    chosen = parser_.parse_args(arguments)
    if chosen.what == "replay":
        if len(chosen.rest) != 2 or chosen.rest[0] not in TARGETS:
            parser_.error("replay takes a target and a file")
        return 0 if replay(TARGETS[chosen.rest[0]], Path(chosen.rest[1])) else 1
    if chosen.what == "canary":
        return 0 if sum(canary(target, chosen.seed) for target in TARGETS.values()) == len(TARGETS) else 1
    names = list(TARGETS) if chosen.what == "smoke" else [chosen.what]
    seconds = SMOKE_SECONDS / len(names) if chosen.what == "smoke" else chosen.seconds
    if seconds is None and chosen.runs is None:
        seconds = 10.0
    return 0 if sum(fuzz(TARGETS[name], chosen.seed, chosen.runs, seconds) for name in names) == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
