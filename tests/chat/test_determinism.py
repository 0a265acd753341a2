"""The same records give the same state: replayed, from a snapshot at any number, in any process, with any hash seed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.chat.state import ChatState, Snapshot
from reactor_chat.wire import messages as m
from tests.chat.toy import Key, World, encoded

ROOT = Path(__file__).parents[2]
REPLAY = """
import base64, json, sys
from reactor_chat.chat.state import ChatState
from tests.chat.toy import record_decoder
state = ChatState()
for line in json.load(sys.stdin):
    state.apply(record_decoder.decode(base64.b64decode(line)))
print(state.hash(), state.roster.suggestion("user"))
"""

names = st.sampled_from(["Ann", "bob", "Cy", "user1", "user2"])
groups = st.sampled_from(["g", "h", "i"])
ids = st.none() | st.integers(0, 5).map(str)
requests = st.one_of(
    st.builds(m.Say, st.just("x"), id=ids),
    st.builds(m.Tell, names, st.just("x"), id=ids),
    st.builds(m.GroupSet, groups, st.lists(names, max_size=3), id=ids),
    st.builds(m.GroupAdd, groups, st.lists(names, min_size=1, max_size=3), id=ids),
    st.builds(m.GroupKick, groups, names, id=ids),
    st.builds(m.GroupLeave, groups, id=ids),
    st.builds(m.GroupDelete, groups, id=ids),
    st.builds(m.Quit),
)
programs = st.lists(st.tuples(names, st.sampled_from([None, Key(1)]), requests), max_size=40)
Program = list[tuple[str, Key | None, m.Request]]


def lived_through(program: Program) -> World:
    """A world in which all these people asked for all that."""
    world = World()
    for name, key, request in program:
        conn = world.hub.state.roster.conn_of(name) or world.login(name, key)
        world.commit()
        world.send(conn, request)
    world.commit()
    return world


@given(programs)
def test_replay_gives_the_same_state(program: Program) -> None:
    world = lived_through(program)
    replayed = ChatState()
    for record, _ in world.records:
        replayed.apply(record)
    assert replayed.hash() == world.hub.state.hash()
    assert lived_through(program).hub.state.hash() == replayed.hash()


@given(programs, st.data())
@settings(max_examples=100)
def test_so_does_replay_from_a_snapshot_at_any_number(program: Program, data: st.DataObject) -> None:
    world = lived_through(program)
    cut = data.draw(st.integers(0, len(world.records)))
    early, late = ChatState(), ChatState()
    for record, _ in world.records[:cut]:
        early.apply(record)
    late.restore(msgspec.json.decode(msgspec.json.encode(early.snapshot()), type=Snapshot))
    for record, _ in world.records[cut:]:
        late.apply(record)
    assert late.hash() == world.hub.state.hash()


def test_so_does_another_process_with_another_hash_seed() -> None:
    world = World()
    conns = [world.login(f"user{n}", Key(n + 1) if n % 3 else None) for n in range(40)]
    world.commit()
    for n, conn in enumerate(conns):
        world.send(conn, m.GroupSet(f"g{n % 7}", [f"user{n * i % 40}" for i in range(5)], id=f"{n}"))
        world.send(conn, m.Tell(f"user{n // 2}", "x", id="t"), m.GroupLeave(f"g{n % 5}", id="l"), m.Line("@frob", "f"))
        world.commit()
    world.send(conns[3], m.Quit())
    world.commit()
    lines = json.dumps(encoded([record for record, _ in world.records]))
    said = set()
    for seed in ("0", "1", "4711"):
        replay = subprocess.run(
            [sys.executable, "-c", REPLAY],
            input=lines,
            capture_output=True,
            encoding="utf-8",
            check=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            timeout=60,
        )
        said.add(replay.stdout)
    assert said == {f"{world.hub.state.hash()} {world.hub.state.roster.suggestion('user')}\n"}
