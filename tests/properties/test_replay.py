"""The same journal is the same state: from zero, from any snapshot, under any hash seed, on any Python.

Journals are made by random people at an app on disk; each is drawn from its number.  Other Pythons from 3.11 on are
those that REACTOR_CHAT_PYTHONS names (paths, with colons between) or the search path holds, if they have our
requirements.  `--nightly` makes 500 journals instead of 20.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from random import Random
from typing import TypedDict

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reactor_chat.chat.state.chat_state import ChatState, Snapshot
from reactor_chat.chat.state.keyring import reference_of
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from reactor_chat.server.operator.orders import Release
from reactor_chat.server.record_log import RecordLog, record_of
from reactor_chat.wire import messages as m
from reactor_chat.wire.transcript import login_transcript
from tests.properties.replaying import hashes
from tests.server.world import Person, World

ROOT = Path(__file__).parents[2]
JOURNALS = 500 if os.environ.get("REACTOR_CHAT_NIGHTLY") == "1" else 20
AT_ONCE = 10
"""Journals of one test."""
ACTS = 150
SNAPSHOTS = 6
NAMES = ["Ann", "ann", "Bob", "bOB", "Cid", "Dee", "Eve", "Fay"]
OWNED = {"ann", "bob", "cid", "dee"}
GROUPS = ["red", "Blue", "blue", "green"]


class Where(TypedDict, total=False):
    """The fields of a request that say which conversation is meant; none of them is the room."""

    with_: str
    group: str


class Crowd:
    """People who come, talk, quarrel and go, and a server that is stopped now and then."""

    def __init__(self, seed: int, directory: Path) -> None:
        self.chance = Random(seed)  # noqa: S311
        self.journal = SqliteJournal(directory)
        self.world = World(self.journal).start()

    def act(self) -> None:
        dice, present = self.chance.random(), [p for p in self.world.people if not p.wire.closed]
        if dice < 0.15 or not present:
            self.enter(self.chance.choice(NAMES))
        elif dice < 0.2:
            self.world.lose(self.chance.choice(present), "reset")
        elif dice < 0.22:
            self.world.order(Release(self.chance.choice(NAMES)))
        elif dice < 0.23:
            self.world = World(self.journal).start()
        else:
            self.chance.choice(present).ask(self.wish())
        if self.chance.random() < 0.3:
            self.world.turn()
            self.world.now += self.chance.random()

    def enter(self, name: str) -> None:
        person = self.world.connect()
        self.world.turn()
        person.ask(self.login(person, name))

    def login(self, person: Person, name: str) -> m.Login:
        if name.lower() not in OWNED or self.chance.random() < 0.1:
            return m.Login(name, 1)
        hello = person.heard[0]
        assert isinstance(hello, m.Hello)
        key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.lower().encode()).digest())
        public = key.public_key().public_bytes_raw()
        after = self.chance.choice((None, 0, self.journal.head))
        return m.Login(name, 1, public, key.sign(login_transcript(hello.nonce, name, public)), after)

    def wish(self) -> m.Request:
        chance = self.chance
        name, group, text = chance.choice(NAMES), chance.choice(GROUPS), "é" * chance.randrange(1, 30)
        request_id = chance.choice((None, f"{chance.randrange(40)}"))
        where = (Where(), Where(with_=name), Where(group=group))
        return chance.choice((
            m.Say(text, None, request_id),
            m.Say(None, {"z": 1, "a": [text, {"y": None, "b": 0.5}]}, request_id),
            m.Tell(name, text, None, request_id),
            m.GroupSend(group, text, None, request_id),
            m.GroupSet(group, chance.sample(NAMES, 2), request_id),
            m.GroupAdd(group, [name], request_id),
            m.GroupKick(group, name, request_id),
            m.GroupLeave(group, request_id),
            m.GroupDelete(group, request_id),
            m.MarkRead(chance.randrange(self.journal.head + 2), **chance.choice(where), id=request_id),
            m.Quit(),
            self.wish_for_secrecy(name, chance.choice(where), request_id),
        ))  # fmt: skip

    def wish_for_secrecy(self, name: str, where: Where, request_id: str | None) -> m.Request:
        chance, epoch = self.chance, self.chance.randrange(3)
        blob, adds = bytes(32), [m.SealAdd(name, reference_of(b"p%d" % self.chance.randrange(3)))]
        return chance.choice((
            m.KeysPut(1, [b"p%d" % chance.randrange(3)], b"p0", id=request_id),
            m.BlobPut(blob, 0, 1, b"welcome", request_id),
            m.SealCreate(bytes(32), 1, bytes(32), **where, id=request_id),
            m.SealCommit(bytes(32), epoch, **where, commit=b"c", adds=adds, welcome=blob, id=request_id),
            m.SealCommit(bytes(32), epoch, **where, commit_blob=blob, removes=[name], id=request_id),
            m.SealAsk(**where, lost=bool(epoch), id=request_id),
            m.SealOff(**where, id=request_id),
        ))  # fmt: skip

    def live(self) -> str:
        """Let all this happen; returns the state's hash, as the living server has it."""
        for _ in range(ACTS):
            self.act()
        self.world.settle()
        self.journal.close()
        return self.world.app.hub.state.hash()


def check_snapshots(directory: Path, chance: Random) -> None:
    """A state that was restored from a snapshot at any number goes on as the one that was replayed."""
    journal = SqliteJournal(directory)
    points = set(chance.sample(range(journal.head + 1), min(SNAPSHOTS, journal.head)))
    state, restored = ChatState(), list[ChatState]()
    for seq, payload in [(0, b""), *journal.replay()]:
        if seq:
            for one in [state, *restored]:
                one.apply(record_of(seq, payload))
        if seq in points:
            again = ChatState()
            again.restore(msgspec.json.decode(msgspec.json.encode(state.snapshot()), type=Snapshot))
            restored.append(again)
        assert {one.hash() for one in restored} <= {state.hash()}, f"at {seq}"
    kept = ChatState()
    RecordLog(journal).keep_snapshot(restored[0])
    assert RecordLog(journal).recover(kept) == 0
    assert kept.hash() == state.hash()
    journal.close()


@cache
def pythons() -> list[str]:
    """Every other CPython ≥ 3.11 here that has our requirements, one of each version."""
    named = os.environ.get("REACTOR_CHAT_PYTHONS", "").split(":")
    found: dict[str, str] = {}
    for candidate in filter(None, [*named, *(shutil.which(f"python3.{minor}") for minor in range(11, 20))]):
        asked = subprocess.run(
            [candidate, "-c", "import sys, msgspec, cryptography, platformdirs; print(sys.version_info[:3])"],
            capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
        if asked.returncode == 0 and asked.stdout >= "(3, 11" and asked.stdout.strip() != str(sys.version_info[:3]):
            found.setdefault(asked.stdout, candidate)
    return list(found.values())


def elsewhere(python: str, hash_seed: int, directories: list[Path]) -> list[list[str]]:
    """What another process makes of the journals."""
    done = subprocess.run(
        [python, "-m", "tests.properties.replaying", *map(str, directories)],
        capture_output=True, encoding="utf-8", check=True, cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": str(hash_seed), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    return [line.split()[1:] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("seed", range(0, JOURNALS, AT_ONCE))
def test_the_same_journal_is_the_same_state(tmp_path: Path, seed: int) -> None:
    directories = [tmp_path / str(number) for number in range(seed, seed + AT_ONCE)]
    living = [Crowd(int(directory.name), directory).live() for directory in directories]
    here = [hashes(directory) for directory in directories]
    assert [found[-1] for found in here] == living, "what the server had is what a replay gives"
    assert all(len(found) >= 5 and len(set(found)) == len(found) for found in here), "something happened in each"
    for directory in directories:
        check_snapshots(directory, Random(seed))  # noqa: S311
    for python, hash_seed in [(sys.executable, 0), (sys.executable, 4_242), *((one, 7) for one in pythons())]:
        assert elsewhere(python, hash_seed, directories) == here, f"{python} with the hash seed {hash_seed}"


def test_the_operator_reads_the_same_on_every_python(tmp_path: Path) -> None:
    expected = Crowd(1, tmp_path / "data").live()
    if not pythons():
        pytest.skip("no other Python ≥ 3.11 here has msgspec, cryptography and platformdirs; see REACTOR_CHAT_PYTHONS")
    printed = set()
    for python in [sys.executable, *pythons()]:
        for at in ([], ["--at", "20"]):
            command = [python, "-m", "reactor_chat.admin", "--data", str(tmp_path / "data"), "replay", *at]
            done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, cwd=ROOT)
            printed.add(done.stdout)
    assert len(printed) == 2
    assert any(expected in line for line in printed)
