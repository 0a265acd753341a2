"""The same records give the same state: replayed, from a snapshot at any number, in any process, with any hash seed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.chat.state.chat_state import ChatState, Snapshot
from reactor_chat.chat.state.keyring import reference_of
from reactor_chat.wire import messages as m
from tests.chat.sealed_toy import WELCOME, add, commit, create, group_id, put
from tests.chat.toy import Key, World, encoded

ROOT = Path(__file__).parents[2]
REPLAY = """
import base64, json, sys
from reactor_chat.chat.state.chat_state import ChatState
from tests.chat.toy import record_decoder
state = ChatState()
for line in json.load(sys.stdin):
    state.apply(record_decoder.decode(base64.b64decode(line)))
print(state.hash(), state.roster.suggestion("user"))
"""

names = st.sampled_from(["Ann", "bob", "Cy", "user1", "user2"])
groups = st.sampled_from(["g", "h", "i"])
ids = st.none() | st.integers(0, 5).map(str)
epochs, group_ids, packages = st.integers(0, 2), st.just(group_id(1)), st.sampled_from([b"p", b"q"])
adds = st.lists(st.builds(m.SealAdd, names, packages.map(reference_of)), min_size=1, max_size=2)


def somewhere(kind: Any, **fields: Any) -> Any:
    """Requests about the sealing of the room, a pair or a group."""
    where = st.sampled_from([{}, {"with_": "Ann"}, {"with_": "bob"}, {"group": "g"}])
    return st.builds(lambda where, **fields: kind(**fields, **where), where, id=ids, **fields)


requests = st.one_of(
    st.builds(m.Say, st.just("x"), id=ids),
    st.builds(m.Tell, names, st.just("x"), id=ids),
    st.builds(m.GroupSet, groups, st.lists(names, max_size=3), id=ids),
    st.builds(m.GroupAdd, groups, st.lists(names, min_size=1, max_size=3), id=ids),
    st.builds(m.GroupKick, groups, names, id=ids),
    st.builds(m.GroupLeave, groups, id=ids),
    st.builds(m.GroupDelete, groups, id=ids),
    st.builds(m.MarkRead, st.integers(0, 9), id=ids),
    st.builds(m.MarkRead, st.integers(0, 9), names, id=ids),
    st.builds(m.MarkRead, st.integers(0, 9), group=groups, id=ids),
    st.builds(m.Quit),
)
creations = {"group_id": group_ids, "suite": st.just(1), "salt": st.just(bytes(32)), "replaces": st.none() | group_ids}
commits = {"group_id": group_ids, "epoch": epochs, "commit": st.just(b"c")}
sealing = st.one_of(
    st.builds(m.KeysPut, st.just(1), st.lists(packages, min_size=1, max_size=3), st.none() | packages, id=ids),
    st.builds(m.BlobPut, st.just(bytes(32)), st.integers(0, 1), st.just(2), st.just(b"d"), id=ids),
    somewhere(m.SealCreate, **creations),
    somewhere(m.SealCommit, **commits, removes=st.lists(names, max_size=1)),
    somewhere(m.SealCommit, **commits, adds=adds, welcome=st.just(bytes(32))),
    somewhere(m.SealAsk, lost=st.booleans()),
    somewhere(m.SealOff),
)
programs = st.lists(st.tuples(names, st.sampled_from([None, Key(1)]), requests | sealing), max_size=40)
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


def seal_much(world: World) -> None:
    """Somebody with every kind of sealed conversation, people who wait and objects in pieces."""
    names = ["Ann", "Bob", "Cy", "Dee"]
    people = [world.join(name, Key(100 + number)) for number, name in enumerate(names)]
    for name, conn in zip(names, people, strict=True):
        world.send(conn, put(name, 0, 1, 2, 3, last_resort=b"last"), m.BlobPut(WELCOME, 0, 1, b"w"))
        world.commit()
    conversations: list[dict[str, Any]] = [{}, {"with_": "Bob"}, {"group": "sealed"}]
    for number, where in enumerate(conversations):
        entered = commit(0, add("Bob", number), **where)
        world.send(people[0], m.GroupSet("sealed", ["Bob", "Cy"]), create(**where), entered)
        world.send(people[2], m.SealAsk(group=where.get("group")), m.BlobPut(bytes([1]) * 32, 1, 2, b"d"))
        world.commit()
    assert [len(seal.members) for seal in world.hub.state.seals.dump()] == [2, 2, 2]


def test_so_does_another_process_with_another_hash_seed() -> None:
    world = World()
    seal_much(world)
    conns = [world.login(f"user{n}", Key(n + 1) if n % 3 else None) for n in range(40)]
    world.commit()
    for n, conn in enumerate(conns):
        world.send(conn, m.GroupSet(f"g{n % 7}", [f"user{n * i % 40}" for i in range(5)], id=f"{n}"))
        world.send(conn, m.MarkRead(n, id="m"), m.MarkRead(n + 9, f"user{n // 2}"), m.MarkRead(7, group=f"g{n % 7}"))
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
