"""Cuts at any byte, in both directions: nothing is shown twice, and everything typed is answered or told."""

import os
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from reactor_chat.client.boundary import Action, NoteKind
from reactor_chat.client.connecting.states import ONLINE, State
from reactor_chat.wire.messages import Said, Told
from tests.client.toy import ToyServer, ToySession, Watcher
from tests.conftest import NIGHTLY

STEPS_MAX = 5_000
CUT_STEP = 1 if os.environ.get(NIGHTLY) == "1" else 3


@dataclass
class Key:
    """An identity nobody checks."""

    key: bytes = b"k" * 32

    def sign(self, transcript: bytes) -> bytes:
        return transcript[:64]


class World:
    """One client, the toy server, and a wire that is cut wherever the test wants."""

    def __init__(self, *, claimed: bool) -> None:
        self.server = ToyServer(remembers_ids=claimed)
        self.client = Watcher("Ann", identity=Key() if claimed else None, give_up_seconds=1e9)
        self.now = 0.0
        self.session: ToySession | None = None
        self.up = bytearray()
        self.client.engine.start(self.now)
        # A first connection that is cut before the greeting is no server; all that comes after is a cut.
        while self.client.engine.state is not State.LOGGING_IN:
            self.step(200)

    def step(self, bytes_max: int) -> None:
        """Let a few bytes pass each way, and time where nothing else can happen."""
        self.up += self.client.take()
        engine = self.client.engine
        if self.client.took(Action.CLOSE):
            self.lose()
        if self.client.took(Action.CONNECT):
            engine.connected(self.now)
            self.session, self.up = self.server.connect(), bytearray()
        if self.session is None:
            self.sleep()
            return
        self.session.feed(bytes(self.up[:bytes_max]))
        del self.up[:bytes_max]
        down = bytes(self.session.out[:bytes_max])
        del self.session.out[:bytes_max]
        engine.received(down, self.now)
        if not (down or self.up or self.session.is_open):
            self.cut()

    @property
    def busy(self) -> bool:
        return bool(self.up or (self.session and self.session.out) or len(self.client.engine.messaging.mailbox.outbox))

    def sleep(self) -> None:
        deadline = self.client.engine.next_deadline
        if deadline is not None:
            self.now = deadline
            self.client.engine.tick(self.now)

    def cut(self, *, deliver: bool = False) -> None:
        """End the connection; what the client sent may still arrive."""
        if self.session is None:
            return
        if deliver:
            self.session.feed(bytes(self.up))
        self.lose()
        if self.client.engine.state in ONLINE:
            self.client.engine.cut(self.now, "cut")

    def lose(self) -> None:
        if self.session is not None:
            self.server.disconnect(self.session)
        self.session, self.up = None, bytearray()

    def finish(self) -> None:
        self.client.engine.end_of_input(self.now)
        for _ in range(STEPS_MAX):
            if self.client.engine.state is State.STOPPED:
                return
            self.step(10_000)
        raise AssertionError("it never ends")


Step = tuple[str, Any]
"""What happens, and how."""

things = st.one_of(
    st.tuples(st.just("type"), st.sampled_from(["say", "@Bob tell"])),
    st.tuples(st.just("pass"), st.integers(1, 400)),
    st.tuples(st.just("cut"), st.booleans()),
    st.tuples(st.just("other"), st.just(0)),
)


def played(script: list[Step], *, claimed: bool) -> tuple[World, list[str]]:
    world, typed = World(claimed=claimed), list[str]()
    for what, how in script:
        if what == "type":
            typed.append(f"{how} {len(typed)}")
            world.client.engine.typed(typed[-1], world.now)
        elif what == "pass":
            world.step(how)
        elif what == "cut":
            world.cut(deliver=how)
        else:
            world.server.somebody_says(f"news {world.server.seq}")
    world.finish()
    note(f"{world.client.shown=}")
    return world, typed


def plain(typed: str) -> str:
    return typed.removeprefix("@Bob ")


def shown_seqs(world: World) -> list[int]:
    return [n.seq for n in world.client.notices if isinstance(n, Said | Told)]


@settings(max_examples=150, deadline=None)
@given(st.lists(things, max_size=40))
def test_a_claimed_name_loses_nothing_and_repeats_nothing(script: list[Step]) -> None:
    world, typed = played(script, claimed=True)
    assert world.server.said_by("Ann") == [plain(line) for line in typed]
    assert shown_seqs(world) == sorted(set(shown_seqs(world)))
    mine = {n.seq for n in world.server.log if n.sender == "Ann"}
    assert mine <= set(shown_seqs(world))
    assert world.client.notes(NoteKind.DOUBT) == []
    assert world.client.engine.exit_status == 0


@settings(max_examples=150, deadline=None)
@given(st.lists(things, max_size=40))
def test_a_guest_repeats_nothing_and_is_told_what_is_uncertain(script: list[Step]) -> None:
    world, typed = played(script, claimed=False)
    arrived = world.server.said_by("Ann")
    assert len(arrived) == len(set(arrived)), "something was said twice"
    seqs = shown_seqs(world)
    assert seqs == sorted(set(seqs))
    told = world.client.notes(NoteKind.DOUBT)
    for line in typed:
        assert plain(line) in arrived or told, f"{line} vanished without a word"
    public = {n.seq for n in world.server.log if isinstance(n, Said) and n.sender == "Ann"}
    assert public <= set(seqs), "said and replayed, but not shown"
    for line in typed:  # what everyone may see is never in doubt once it is there
        if not line.startswith("@"):
            assert not (line in arrived and f"Perhaps not delivered: {line}" in told)
    assert (world.client.engine.exit_status == 0) == (not told)


@pytest.mark.parametrize("claimed", [True, False])
@pytest.mark.parametrize("deliver", [True, False])
def test_a_cut_anywhere_in_one_session(*, claimed: bool, deliver: bool) -> None:
    for byte in range(0, 1_000, CUT_STEP):
        world = World(claimed=claimed)
        for i in range(3):
            world.client.engine.typed(f"say {i}", world.now)
        for _ in range(byte):
            world.step(1)
        is_over = world.session is not None and world.client.engine.state is State.LIVE and not world.busy
        world.cut(deliver=deliver)
        world.finish()
        arrived = world.server.said_by("Ann")
        assert len(arrived) == len(set(arrived)), byte
        assert shown_seqs(world) == sorted(set(shown_seqs(world))), byte
        if claimed:
            assert arrived == ["say 0", "say 1", "say 2"], byte
        if is_over:
            break
    assert byte > 300, "the session was not gone through to its end"
