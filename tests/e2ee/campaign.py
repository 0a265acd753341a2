"""Programs by number, as many as time allows: `python -m tests.e2ee.campaign --from 0 --programs 20000`.

A number is a program, the same for everyone.  What is found is made small and printed; `--count` prints how often each
kind of step and of lie really happened, and how often lines were really read.
"""

import argparse
import re
import sys
import time
from random import Random

from tests.e2ee.oracle import counts
from tests.e2ee.programs import Program, Step, steps_of

NEWS_SECONDS = 60.0


def finding(room: str, steps: list[Step]) -> str | None:
    """Return what a program finds, without its numbers; None where everything holds."""
    try:
        Program(room).run(steps)
    except Exception as error:  # noqa: BLE001  a client that fails is a finding too
        return re.sub(r"\d+", "#", f"{type(error).__name__} {error}")[:90]
    return None


def shrunk(room: str, steps: list[Step], found: str) -> list[Step]:
    """Return fewer and more honest steps that find the same."""
    was: list[Step] = []
    while was != steps:
        was = steps
        for at in reversed(range(len(steps))):
            without = steps[:at] + steps[at + 1 :]
            steps = without if finding(room, without) == found else steps
        for at, step in enumerate(steps):
            simpler = [step._replace(lies=lies) for lies in range(step.lies)]
            simpler += [step._replace(seed=seed) for seed in range(min(step.seed, 8))]
            simpler += [step._replace(pause="all")] if step.pause != "all" else []
            tried = ([*steps[:at], one, *steps[at + 1 :]] for one in simpler)
            steps = next((one for one in tried if finding(room, one) == found), steps)
    return steps


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run programs; return how many kinds of findings there were."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2ee.campaign", description=main.__doc__)
    parser.add_argument("--from", dest="first", type=int, default=0, help="number of the first program")
    parser.add_argument("--programs", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--count", action="store_true", help="print how often everything happened")
    chosen = parser.parse_args()
    began, news_at = time.monotonic(), time.monotonic() + NEWS_SECONDS
    found: dict[str, int] = {}
    done = read = 0
    for number in range(chosen.first, chosen.first + chosen.programs):
        if time.monotonic() - began > chosen.seconds:
            break
        room, steps = steps_of(Random(number))  # noqa: S311  a test's dice
        before = counts["read by another"] + counts["read by the server's account"]
        what = finding(room, steps)
        done, read = done + 1, read + (counts["read by another"] + counts["read by the server's account"] > before)
        if what is not None and what not in found:
            found[what] = number
            _say(f"program {number} finds: {what}", room, *map(str, shrunk(room, steps, what)))
        if time.monotonic() > news_at:
            news_at += NEWS_SECONDS
            _say(f"{number}: {done} programs, {len(found)} kinds of findings")
    each_ms = 1000 * time.process_time() / max(1, done)
    _say(f"{done} programs from {chosen.first}, {len(found)} kinds of findings; {each_ms:.0f} ms each")
    _say(f"lines were read in {100 * read / max(1, done):.0f} % of them")
    if chosen.count:
        _say(*(f"{count:8} {what}" for what, count in sorted(counts.items())))
    return min(len(found), 100)


if __name__ == "__main__":
    sys.exit(main())
