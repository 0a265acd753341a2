"""Runs a target over many inputs from a seed, and says what was found and how to see it again."""

import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from fuzz.target import Target

CANARY_RUNS_MAX = 20_000
SLOWEST_SECONDS_MAX = 0.05
RUNS_PER_GENERATOR = 1_000
"""A generator is made anew after so many runs, so that a late run is reached without making all before it."""
MEASURED_AGAIN = 3


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


class TooSlow(Exception):
    """An input takes longer than any may."""


@dataclass
class Score:
    """How far a target has come.

    Attributes:
        runs: inputs that held.
        busy_s: the time they took, the making included.
        slowest_s: the longest that one of them took of the processor's time.
    """

    target: Target
    seed: int
    runs: int = 0
    busy_s: float = 0.0
    slowest_s: float = 0.0
    slowest: bytes = b""
    inputs: Iterator[tuple[int, bytes]] = field(init=False)

    def __post_init__(self) -> None:
        self.inputs = inputs(self.target, self.seed)

    def __str__(self) -> str:
        rate = self.runs / max(self.busy_s, 1e-9)
        slowest_ms = self.slowest_s * 1e3
        return (
            f"{self.target.name:8} {self.runs:12,} runs  {rate:9,.0f}/s  slowest {slowest_ms:6.1f} ms  seed {self.seed}"
        )

    def go_on(self, runs_max: int | None, until: float | None) -> bool:
        """Run until so many more inputs held or the time is over; returns whether nothing was found.

        Args:
            until: of the monotonic clock.
        """
        began, last = time.monotonic(), None if runs_max is None else self.runs + runs_max
        check, subject = self.target.check, self.target.subject
        for run, data in self.inputs:
            started = time.perf_counter()
            try:
                check(data, subject)
                took_s = time.perf_counter() - started
                if took_s > self.slowest_s:
                    self._measure(data)
            except Exception:  # noqa: BLE001 - whatever it is, it is the finding
                return report(self.target, self.seed, run, data)
            self.runs += 1
            if self.runs == last or (until is not None and time.monotonic() >= until):
                break
        self.busy_s += time.monotonic() - began
        return True

    def _measure(self, data: bytes) -> None:
        """Measure an input that seemed slow again: other programs on this machine are not its fault."""
        measured_s = min(seconds_of(self.target, data) for _ in range(MEASURED_AGAIN))
        if measured_s > self.slowest_s:
            self.slowest_s, self.slowest = measured_s, data
        if measured_s > SLOWEST_SECONDS_MAX:
            raise TooSlow(f"it takes {measured_s:.3f} s; {SLOWEST_SECONDS_MAX} s are allowed")


def seconds_of(target: Target, data: bytes) -> float:
    """Return how much of the processor's time one input takes."""
    started = time.thread_time()
    target.check(data, target.subject)
    return time.thread_time() - started


def fuzz(target: Target, seed: int, runs_max: int | None, seconds_max: float | None) -> bool:
    """Run one target until its runs or its time are over, or something is found; returns whether nothing was."""
    score = Score(target, seed)
    held = score.go_on(runs_max, None if seconds_max is None else time.monotonic() + seconds_max)
    if held:
        print(score, flush=True)
    return held


def volume(
    targets: dict[str, Target], shares: dict[str, int], seed: int, runs_max: int | None, seconds_max: float | None
) -> bool:
    """Run all targets in turns, by their shares, and print how far they are now and then.

    Args:
        shares: inputs of each target in one round; whole rounds are made.
        runs_max: of all targets together.

    Returns:
        Whether nothing was found; it stops at the first finding.
    """
    scores = [Score(target, seed) for target in targets.values()]
    began = shown = time.monotonic()
    until = None if seconds_max is None else began + seconds_max
    held, total = True, 0
    while held and (runs_max is None or total < runs_max) and (until is None or time.monotonic() < until):
        held = all(score.go_on(shares[score.target.name], None) for score in scores)
        total = sum(score.runs for score in scores)
        if time.monotonic() >= shown + 30:
            shown = time.monotonic()
            slowest = max(scores, key=lambda score: score.slowest_s)
            print(
                f"{total:13,} runs in {shown - began:6,.0f} s; slowest {slowest.slowest_s * 1e3:.1f} ms "
                f"({slowest.target.name})",
                flush=True,
            )
    print(*scores, f"{total:,} runs in {time.monotonic() - began:,.0f} s", sep="\n", flush=True)
    return held


def report(target: Target, seed: int, run: int, data: bytes) -> bool:
    """Say what was found and how to see it again; returns False: it does not hold."""
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
