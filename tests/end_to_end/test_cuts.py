"""Connections cut anywhere, in either direction: everyone sees everything exactly once, in one order.

Goal: PROTOCOL §5.1, §5.4, §5.5, §5.6. Method: one scripted session of two people with claimed names, cut after every
ninth byte (`--nightly`: every byte) of every direction, once with the server noticing before the client is back and
once only afterwards (a takeover); in process, against `server.app.App`, which takes 3 ms a session where sockets take
30. Then random cuts with kills of the server and restarts of the clients, over real processes and sockets;
`--nightly` makes 20,000.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.end_to_end.client import Object, Server
from tests.end_to_end.fleet import STUCK_SECONDS, Fleet
from tests.end_to_end.returning import Returning, words
from tests.end_to_end.story import Story, ask_something
from tests.server.world import Person, World

NIGHTLY = os.environ.get("REACTOR_CHAT_NIGHTLY") == "1"
CUTS = 20_000 if NIGHTLY else 200
CUTS_OF_ONE_JOURNAL = 1_000 if NIGHTLY else 100
CUTS_OF_ONE_LIFE = 100 if NIGHTLY else 50
CUT_STEP = 1 if NIGHTLY else 9
PARTS = 8
"""The offsets are dealt out to so many tests, which can run beside each other."""
FOR_EVER = 1 << 60

SCRIPT: list[tuple[str, str, Object]] = [
    ("Ann", "say", {"text": "Hello everyone! é"}),
    ("Bob", "say", {"text": "Hello Ann"}),
    ("Ann", "tell", {"to": "Bob", "text": "psst"}),
    ("Bob", "tell", {"to": "Ann", "text": "what?"}),
    ("Ann", "tell", {"to": "Nobody", "text": "x"}),
    ("Ann", "group_set", {"group": "team", "members": ["Bob"]}),
    ("Bob", "group_send", {"group": "team", "text": "in the team"}),
    ("Ann", "group_kick", {"group": "team", "user": "Bob"}),
    ("Ann", "group_send", {"group": "team", "text": "without Bob"}),
    ("Ann", "history", {"limit": 4}),
    ("Ann", "group_add", {"group": "team", "users": ["Bob"]}),
    ("Bob", "say", {"text": "last words"}),
]
"""Who wants what; each waits until the one before is answered."""


class Wire:
    """What carries one client to the server in memory, so many bytes in each direction."""

    def __init__(self, world: World, client: Returning, up_bytes: int, down_bytes: int) -> None:
        self.client, self.up_bytes, self.down_bytes = client, up_bytes, down_bytes
        self.up = self.down = 0
        self.person: Person = world.connect()
        client.connected()

    def pass_on(self) -> bool:
        """Pass on what there is; False where this was the last byte that passes."""
        data = bytes(self.person.wire.read[self.down : self.down_bytes])
        self.down += len(data)
        out = self.client.received(data)[: self.up_bytes - self.up]
        self.up += len(out)
        if out:
            self.person.raw(out)
        return self.down < self.down_bytes and self.up < self.up_bytes


class Session:
    """The script, with Ann's first connection cut after so many bytes."""

    def __init__(self, up_bytes: int, down_bytes: int, *, noticed: bool) -> None:
        self.world = World().start()
        self.noticed = noticed
        self.clients = {name: Returning(name) for name in ("Ann", "Bob")}
        self.wires = {
            "Ann": Wire(self.world, self.clients["Ann"], up_bytes, down_bytes),
            "Bob": Wire(self.world, self.clients["Bob"], FOR_EVER, FOR_EVER),
        }
        self.first = self.wires["Ann"]

    def play(self) -> "Session":
        for name, type_, fields in SCRIPT:
            self.clients[name].ask(type_, **fields)
            self.turn_until_done()
        if self.wires["Ann"] is not self.first and not self.noticed and not self.first.person.wire.closed:
            self.world.lose(self.first.person)
        for _ in range(3):
            self.turn()
        return self

    def turn_until_done(self) -> None:
        for _ in range(60):
            if all(client.is_done for client in self.clients.values()):
                return
            self.turn()
        pytest.fail(f"no answer: {self.clients['Ann'].outcomes}")

    def turn(self) -> None:
        for name, wire in self.wires.items():
            if not wire.pass_on():
                if self.noticed:
                    self.world.turn()  # what has arrived counts; the answers to it get lost
                    self.world.lose(wire.person)
                self.wires[name] = Wire(self.world, self.clients[name], FOR_EVER, FOR_EVER)
        self.world.turn()

    def transcripts(self) -> dict[str, list[list[object]]]:
        """What each heard and was answered, but for numbers and times, and comings and goings, which a cut makes."""
        return {
            name: [
                [words(notice) for notice in client.heard if notice["type"] not in ("joined", "exited")],
                [kind if kind == "accepted" else (kind, what) for kind, what in client.outcomes],
            ]
            for name, client in self.clients.items()
        }


@pytest.fixture(scope="module")
def uncut() -> Session:
    return Session(FOR_EVER, FOR_EVER, noticed=True).play()


def offsets(uncut: Session, part: int) -> Iterator[tuple[int, int, bool]]:
    for noticed in (True, False):
        first = 1 + CUT_STEP * part + (CUT_STEP // 2) * noticed
        for offset in range(first, uncut.first.up + 1, CUT_STEP * PARTS):
            yield offset, FOR_EVER, noticed
        for offset in range(first, uncut.first.down + 1, CUT_STEP * PARTS):
            yield FOR_EVER, offset, noticed


def test_the_uncut_session_is_what_it_is_meant_to_be(uncut: Session) -> None:
    ann, bob = uncut.transcripts().values()
    assert len(ann[0]) == 10
    assert len(bob[0]) == 9, "all but what was said in the team without Bob"
    assert uncut.first.up > 500
    assert uncut.first.down > 2_000


@pytest.mark.parametrize("part", range(PARTS))
def test_a_cut_anywhere_is_not_to_be_seen(uncut: Session, part: int) -> None:
    for up_bytes, down_bytes, noticed in offsets(uncut, part):
        where = f"cut after {up_bytes if down_bytes == FOR_EVER else -down_bytes} bytes, {noticed=}"
        try:
            session = Session(up_bytes, down_bytes, noticed=noticed).play()
        except AssertionError as error:
            raise AssertionError(where) from error
        assert session.wires["Ann"] is not session.first, f"{where}: it was none"
        assert session.transcripts() == uncut.transcripts(), where


# -------------------------------------------------------------------------------------------- over real processes


class Storm:
    """One journal, several servers on it one after the other, and clients that are cut all the time."""

    def __init__(self, seed: int, data: Path) -> None:
        self.chance = Random(seed)  # noqa: S311
        self.names = ["Ann", "Bob", "Cid"]
        self.fleet = Fleet(self.names, self.chance, cut_bytes=6_000)
        self.storage = ("--data", str(data))
        self.data = data

    def rage(self, cuts: int) -> None:
        while self.fleet.cuts < cuts:
            with Server(storage=self.storage) as server:
                self.fleet.connect(server.port)
                end = min(self.fleet.cuts + CUTS_OF_ONE_LIFE, cuts)
                while self.fleet.cuts < end:
                    for client in self.fleet.clients.values():
                        while len(client.requests) - len(client.outcomes) < 10:
                            ask_something(client, self.names, self.chance)
                    self.fleet.pump(0.01)
                server.process.kill()
                server.process.wait()
                self.fleet.server_died()

    def calm(self) -> None:
        self.fleet.cut_bytes = None
        with Server(storage=self.storage) as server:
            self.fleet.connect(server.port)
            self.fleet.pump(STUCK_SECONDS, until_done=True)
            server.check()
            self.fleet.close()
            assert server.stop() == 0
        story = Story().read(self.data)
        for client in self.fleet.clients.values():
            story.check_whole(client)


@pytest.mark.parametrize("seed", range(0, CUTS, CUTS_OF_ONE_JOURNAL))
def test_a_storm_of_cuts_kills_and_restarts_is_not_to_be_seen(tmp_path: Path, seed: int) -> None:
    storm = Storm(seed, tmp_path / "data")
    try:
        storm.rage(CUTS_OF_ONE_JOURNAL)
        storm.calm()
    finally:
        storm.fleet.close()
    heard = [len(client.heard) for client in storm.fleet.clients.values()]
    print(f"seed={seed} cuts={storm.fleet.cuts} restarts={storm.fleet.restarts} heard={heard}")  # noqa: T201
