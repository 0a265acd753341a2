"""`kill -9` of the server at any instant, under load: nothing accepted is lost, nothing shown is not on disk.

Goal: the promise of PROTOCOL §5.3 and §5.4, from outside.  Method: one journal, many lives of a server on it, four
clients that pipeline everything that changes the chat; after every kill what was shown is compared with a copy of the
files as the dead server left them, and the next server recovers from the files themselves.  `--nightly` kills 2,000.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from tests.end_to_end.client import Server
from tests.end_to_end.fleet import STUCK_SECONDS, Fleet
from tests.end_to_end.story import Story, ask_something

NIGHTLY = os.environ.get("REACTOR_CHAT_NIGHTLY") == "1"
KILLS = 2_000 if NIGHTLY else 10
LIVES = 25 if NIGHTLY else 5
"""Kills of one journal; a failing run names its seed."""
NAMES = ["Ann", "Bob", "Cid", "Dee"]
LIFE_SECONDS_MAX = 0.2


class Trial:
    """One journal and all that happens to it."""

    def __init__(self, seed: int, data: Path) -> None:
        self.chance = Random(seed)  # noqa: S311
        self.data = data
        self.fleet = Fleet(NAMES, self.chance)
        self.story = Story()
        self.checked = dict.fromkeys(NAMES, 0)

    def live_and_die(self) -> None:
        """Start a server, load it, kill it at a random instant, and look at what it left."""
        if self.chance.random() < 0.1:
            self.kill_while_it_starts()
        with Server(storage=("--data", str(self.data))) as server:
            self.fleet.connect(server.port)
            end = time.monotonic() + self.chance.random() * LIFE_SECONDS_MAX
            while (now := time.monotonic()) < end:
                self.load()
                self.fleet.pump(min(0.01, end - now))
            server.process.kill()
            server.process.wait()
            self.fleet.server_died()
        self.look()

    def load(self) -> None:
        for client in self.fleet.clients.values():
            while len(client.requests) - len(client.outcomes) < 40:
                ask_something(client, NAMES, self.chance)

    def kill_while_it_starts(self) -> None:
        command = [sys.executable, "-m", "reactor_chat.server", "--port", "0", "--plaintext", "--data", str(self.data)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(self.chance.uniform(0.1, 0.5))
        except subprocess.TimeoutExpired:
            process.kill()
        assert process.wait() == -signal.SIGKILL

    def look(self) -> None:
        """What was shown is on disk, as the dead server left it."""
        copy = self.data.with_name("copy")
        copy.mkdir()
        for path in self.data.glob("journal.db*"):
            shutil.copyfile(path, copy / path.name)
        self.story.read(copy)
        shutil.rmtree(copy)
        for name, client in self.fleet.clients.items():
            self.story.check(client, self.checked[name])
            self.checked[name] = len(client.heard)

    def finish(self) -> None:
        """Let everyone get every answer, stop the server kindly, and compare all transcripts with the journal."""
        with Server(storage=("--data", str(self.data))) as server:
            self.fleet.connect(server.port)
            self.fleet.pump(STUCK_SECONDS, until_done=True)
            server.check()
            assert server.stop() == 0
        self.story.read(self.data)
        for client in self.fleet.clients.values():
            self.story.check_whole(client)


@pytest.mark.parametrize("seed", range(0, KILLS, LIVES))
def test_nothing_shown_is_lost_when_the_server_is_killed(tmp_path: Path, seed: int) -> None:
    trial = Trial(seed, tmp_path / "data")
    try:
        for _ in range(LIVES):
            trial.live_and_die()
        trial.finish()
    finally:
        trial.fleet.close()
    print(f"seed={seed} kills={LIVES} records={len(trial.story.records)}")  # noqa: T201
    assert len(trial.story.records) > LIVES, "nothing happened between the kills"
