"""Runs the simulated world: python -m reactor_chat.testing [--seed N] [--operations N | --seconds N] [--shrink].

It prints a line now and then, and at the end what happened: operations, faults, operations per second of processor
time, and how often each thing happened that has to happen sometimes.  The exit status is 0 where every promise was
kept, 1 where one was not; then the seed and the steps that lead there are printed, and the same seed leads there
everywhere.
"""

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from reactor_chat.process_start import program
from reactor_chat.testing.driver import EPISODE_STEPS, EpisodeReport, Failure, episode, episodes
from reactor_chat.testing.shrinking import shrunk
from reactor_chat.testing.sometimes import ALL, missing

OPERATIONS = 1_000_000
NEWS_SECONDS = 60.0


class Totals:
    """What a run has come to.

    Attributes:
        operations, faults, episodes: how many there were.
        seen: what has happened, counted.
    """

    def __init__(self) -> None:
        self.operations = self.faults = self.episodes = 0
        self.seen: Counter[str] = Counter()
        self._began = time.process_time()

    def add(self, report: EpisodeReport) -> None:
        """Count an episode."""
        self.operations += report.operations
        self.faults += report.faults
        self.episodes += 1
        self.seen += report.seen

    def line(self) -> str:
        """Return the account so far."""
        per_second = self.operations / max(time.process_time() - self._began, 1e-9)
        return (
            f"operations={self.operations} faults={self.faults} episodes={self.episodes} "
            f"operations_per_second={per_second:.0f}"
        )


def run(seed: int, operations: int | None, seconds: float | None, out: TextIO) -> tuple[Totals, Failure | None]:
    """Live through episodes until there were enough of them, or one fails.

    Args:
        seed: of the run.
        operations: so many at least; None for no such end.
        seconds: so long at least; None for no such end.
        out: where news go.
    """
    totals = Totals()
    began = news = time.monotonic()
    for one in episodes(seed):
        report = episode(one)
        totals.add(report)
        if report.failure is not None:
            return totals, report.failure
        now = time.monotonic()
        if now >= news + NEWS_SECONDS:
            news = now
            print(f"  {totals.line()} violations=0", file=out, flush=True)
        if (operations is None or totals.operations >= operations) and (seconds is None or now >= began + seconds):
            break
    return totals, None


def show_failure(failure: Failure, *, shrinks: bool, out: TextIO) -> None:
    """Print what is needed to see it again."""
    print(f"violation: {failure.error!r}", file=out)
    print(f"see it again: python -m reactor_chat.testing --episode {failure.seed}", file=out)
    steps = failure.steps
    if shrinks:
        steps = shrunk(failure)
        print(f"the shortest found has {len(steps)} of {len(failure.steps)} steps:", file=out)
    print(f"shape = {failure.shape}\nsteps = [", file=out)
    for step in steps:
        print(f"    {step},", file=out)
    print("]", file=out)


def show_seen(seen: Counter[str], out: TextIO) -> None:
    """Print how often each thing happened that has to happen sometimes."""
    print("sometimes:", file=out)
    for name in ALL:
        print(f"  {seen[name]:>12}  {name}", file=out)
    if absent := missing(seen):
        print(f"never: {', '.join(absent)}", file=out)


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m reactor_chat.testing", description="Run the simulated world.")
    parser.add_argument("--seed", type=int, default=0, help="of the run; the same seed is the same run (0)")
    parser.add_argument("--operations", type=int, help=f"run until there were so many ({OPERATIONS})")
    parser.add_argument("--seconds", type=float, help="run for so long")
    parser.add_argument("--episode", type=int, help="see one episode again, by the seed that a violation printed")
    parser.add_argument("--digest", action="store_true", help="print a hash of everything each episode delivered")
    parser.add_argument("--no-shrink", action="store_true", help="print all steps that lead to a violation")
    parser.add_argument("--sometimes", action="store_true", help="exit with 1 where something never happened")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str], out: TextIO | None = None) -> int:
    """Run, print what came of it (to standard output, where nothing else is said), and return the exit status."""
    out = sys.stdout if out is None else out
    chosen = read_arguments(arguments)
    logging.getLogger("reactor_chat").setLevel(logging.CRITICAL + 1)  # a disk that is full is no news here
    if chosen.episode is not None or chosen.digest:
        report = episode(chosen.episode if chosen.episode is not None else next(episodes(chosen.seed)), EPISODE_STEPS)
        print(f"operations={report.operations} faults={report.faults} digest={report.digest}", file=out)
        failure, absent = report.failure, []
    else:
        operations = OPERATIONS if chosen.operations is None and chosen.seconds is None else chosen.operations
        print(f"seed={chosen.seed}", file=out, flush=True)
        totals, failure = run(chosen.seed, operations, chosen.seconds, out)
        show_seen(totals.seen, out)
        print(f"{totals.line()} violations={int(failure is not None)}", file=out)
        absent = missing(totals.seen) if chosen.sometimes else []
    if failure is not None:
        show_failure(failure, shrinks=not chosen.no_shrink, out=out)
    return int(failure is not None or bool(absent))


if __name__ == "__main__":
    sys.exit(program("reactor-chat-testing")(main)(sys.argv[1:]))
