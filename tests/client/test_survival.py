"""A client killed again and again, sending and receiving: in the end everything was shown, in order, exactly once.

What can be repeated is one piece of output whose write was completed in the very instant before the kill and could not
be noted any more (see `vault`); the test knows such a piece by its place: it ends one run's output and begins the next.
"""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reactor_chat.client.terminal.streams import WRITE_BYTES_MAX
from tests.client.processes import SECONDS_MAX, Piped, ServerProcess, client_command, environment

NIGHTLY = os.environ.get("REACTOR_CHAT_NIGHTLY") == "1"
KILLS = 1_000 if NIGHTLY else 3


class Guest:
    """A client in a pipe that is never killed."""

    def __init__(self, server: ServerProcess, name: str) -> None:
        command = client_command("127.0.0.1", server.port, "--name", name)
        self.process = Piped(command, bufsize=0)
        self.process.stdout.readline()
        self.seen: list[str] = []

    def say(self, line: str) -> None:
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def until(self, wanted: str) -> list[str]:
        """Read up to and with this line; return everything read so far."""
        while not self.seen or self.seen[-1] != wanted:
            line = self.process.stdout.readline()
            assert line, self.seen
            self.seen.append(line.decode().rstrip("\n"))
        return self.seen

    def end(self) -> list[str]:
        """Quit; return what was not read yet."""
        rest, errors = self.process.communicate(timeout=SECONDS_MAX)
        assert (self.process.returncode, errors) == (0, b"")
        return rest.decode().splitlines()


class Transcript:
    """What all runs of one home printed, one after the other; every line is said once."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.repeated = 0

    def add(self, output: bytes) -> None:
        """Join another run's output on; its last line may be torn only where it is longer than a piece."""
        assert output.endswith(b"\n") or not output
        new = [line for line in output.decode().splitlines() if line.startswith(("[Ann:]", "[Bob:]"))]
        known = set(self.lines)
        again = [line for line in new if line in known]
        if again:
            self.repeated += 1
            assert again == new[: len(again)] == self.lines[-len(again) :], "repeated, and not where the kill was"
            assert sum(len(line) + 1 for line in again) <= WRITE_BYTES_MAX
        self.lines += new[len(again) :]


class World:
    """A server with a journal, one who talks, one who watches, and a home whose client is killed."""

    def __init__(self, directory: Path) -> None:
        self.server = ServerProcess(data=directory / "data")
        self.home = directory / "home"
        self.bob, self.eve = Guest(self.server, "Bob"), Guest(self.server, "Eve")
        self.transcript = Transcript()
        self.place = ("127.0.0.1", self.server.port, "--name", "Ann", "--home", str(self.home))

    def come(self) -> None:
        """Let the client come, send what it kept, fetch what it missed, and go."""
        done = subprocess.run(
            client_command(*self.place),
            input=b"",
            capture_output=True,
            env=environment(),
            timeout=SECONDS_MAX,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        self.transcript.add(done.stdout)

    def finish(self, rounds: int, lines: int) -> None:
        """Compare what the client's runs printed with what somebody saw who was there all the time."""
        self.come()
        self.bob.say("the end")
        seen = [line for line in self.eve.until("[Bob:] the end") if line.startswith(("[Ann:]", "[Bob:]"))]
        assert len(seen) == len(set(seen)), "something was said twice"
        self.come()
        # Ann's first run begins where the server stands.
        start = seen.index(self.transcript.lines[0])
        assert self.transcript.lines == seen[start:]
        for number in range(rounds):
            said = [line for line in seen if line.startswith(f"[Ann:] {number}-")]
            assert said == [f"[Ann:] {number}-{i}" for i in range(len(said))]
            assert len(said) <= lines

    def close(self) -> None:
        for guest in (self.bob, self.eve):
            guest.process.kill()
            guest.process.communicate()
        self.server.stop()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def test_killed_at_random_instants_it_shows_everything_exactly_once(world: World) -> None:
    seed = random.randrange(10**6)  # noqa: S311
    print(f"{seed=}")  # noqa: T201  a seed is a bug report
    chance = random.Random(seed)  # noqa: S311
    lines_max = 60
    for number in range(KILLS):
        process = Piped(client_command(*world.place), bufsize=0)
        typed = chance.randrange(lines_max)
        for i in range(typed):
            process.stdin.write(f"{number}-{i}\n".encode())
        process.stdin.flush()
        for i in range(chance.randrange(10)):
            world.bob.say(f"{number} {i} {'x' * chance.choice((1, 300))}")
        read = b"".join(process.stdout.readline() for _ in range(1 + min(typed, chance.randrange(12))) if number % 5)
        process.kill()
        rest, _ = process.communicate(timeout=SECONDS_MAX)
        world.transcript.add(read + rest)
        world.bob.say(f"round {number}")
        for guest in (world.bob, world.eve):  # nobody may stop because nobody reads
            guest.until(f"[Bob:] round {number}")
    world.finish(KILLS, lines_max)
    print(f"{KILLS} kills, {world.transcript.repeated} at the instant between a write and its note")  # noqa: T201


def run_victim(world: World, calls_max: int, number: int) -> subprocess.CompletedProcess[bytes]:
    world.bob.say(f"{number} one")
    command = [sys.executable, "-m", "tests.client.victim", str(calls_max), *map(str, world.place)]
    text = "".join(f"{number}-{i}\n" for i in range(3)).encode()
    done = subprocess.run(command, input=text, capture_output=True, env=environment(), timeout=SECONDS_MAX, check=False)
    world.transcript.add(done.stdout)
    return done


def calls_to_die_at(calls: int) -> list[int]:
    return list(range(1, calls + 1)) if NIGHTLY else list(range(1, calls + 1, max(1, calls // KILLS)))


@pytest.mark.parametrize("runs_before", [0, 1])
def test_killed_before_every_call_that_leaves_a_trace(world: World, runs_before: int) -> None:
    transcript = world.transcript
    for _ in range(runs_before):
        run_victim(world, 0, 0)
    world.transcript = Transcript()
    place, world.place = world.place, (*world.place[:2], "--name", "Cat", "--home", f"{world.home}-of-cat")
    calls = int(run_victim(world, 0, 1_000).stderr.splitlines()[-1])
    world.place, world.transcript = place, transcript
    for number, call in enumerate(calls_to_die_at(calls), 1):
        run_victim(world, call, number)
    print(f"{number} of {calls} calls, {world.transcript.repeated} between a write and its note")  # noqa: T201
    world.finish(number + 1, 3)
