"""`python -m fuzz WHAT`: a target, `smoke`, `volume`, `canary`, `replay`, or `live`, which has options of its own."""

import argparse
import sys
import time
from pathlib import Path

from fuzz.coverage import explore
from fuzz.live import command as live
from fuzz.running import canary, fuzz, replay, volume
from fuzz.targets import RUNS_OF_A_ROUND, TARGETS
from reactor_chat.process_start import program

CORPUS = Path(__file__).parent / "corpus"
SMOKE_SECONDS = 60.0
SECONDS = 10.0


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; exits with 2 where it is wrong."""
    reader = argparse.ArgumentParser(prog="python -m fuzz", description="Fuzz the protocol, from bytes to journal.")
    others = ["smoke", "volume", "canary", "replay", "live"]
    reader.add_argument("what", choices=[*TARGETS, *others], metavar="WHAT", help=", ".join([*TARGETS, *others]))
    reader.add_argument("rest", nargs="*", help="for replay: the target and the file, or what live found [HOST PORT]")
    reader.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000, help="the same seed, the same inputs")
    reader.add_argument("--runs", type=int, help="stop after so many inputs")
    reader.add_argument("--seconds", type=float, help="stop after so long (10 where neither is given)")
    reader.add_argument("--coverage", action="store_true", help="guided by coverage, where atheris is installed")
    chosen = reader.parse_args(arguments)
    if chosen.rest and chosen.what != "replay":
        reader.error(f"{chosen.what} takes nothing more")
    if chosen.what == "replay" and (len(chosen.rest) != 2 or chosen.rest[0] not in TARGETS):
        reader.error("replay takes a target and a file, or a file that live wrote")
    if chosen.coverage and chosen.what not in TARGETS:
        reader.error("--coverage takes one target")
    if chosen.seconds is None and chosen.runs is None:
        chosen.seconds = SECONDS
    return chosen


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; returns 0 where everything held, 1 where not, 2 where it cannot be done."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["live"]:
        return live.main(arguments[1:])
    if arguments[:1] == ["replay"] and len(arguments) in (2, 4):
        return live.replay(Path(arguments[1]), arguments[2:])
    chosen = read_arguments(arguments)
    match chosen.what:
        case "replay":
            held = replay(TARGETS[chosen.rest[0]], Path(chosen.rest[1]))
        case "canary":
            held = sum(canary(target, chosen.seed) for target in TARGETS.values()) == len(TARGETS)
        case "volume":
            held = volume(TARGETS, RUNS_OF_A_ROUND, chosen.seed, chosen.runs, chosen.seconds)
        case "smoke":
            seconds = SMOKE_SECONDS / len(TARGETS)
            held = sum(fuzz(target, chosen.seed, None, seconds) for target in TARGETS.values()) == len(TARGETS)
        case _ if chosen.coverage:
            return explore(chosen.what, chosen.seed, chosen.runs, chosen.seconds)
        case _:
            held = fuzz(TARGETS[chosen.what], chosen.seed, chosen.runs, chosen.seconds)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(program("fuzz")(main)())
