"""Attacks 44 to 52: logins, names, crashes, backups, clocks and versions.

About the login and the channel there are tests of their own:

- 44, proofs replayed, relayed or for another name: `tests/end_to_end/test_replayed_proofs.py`,
  `tests/end_to_end/test_claims.py`, `tests/chat/state/test_identity.py`
- 45, two first uses: `tests/chat/test_logins.py`
- 46, another pin: `tests/end_to_end/test_tls.py`, `tests/client/store/test_known_servers.py`
- 47, garbage and slow handshakes: `tests/reactor/test_tls.py`, `tests/end_to_end/test_tls.py`
- 50, a restored backup: `test_keys.py` beside this file
"""

from collections.abc import Callable

import msgspec
import pytest

from reactor_chat.e2ee.boundary import Arm, Mark, Rekey
from reactor_chat.e2ee.identity import person_of
from reactor_chat.e2ee.payload import padding_for
from reactor_chat.e2ee.states import State
from reactor_chat.errors import MlsRefused
from reactor_chat.mls.group import Group
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import Said, SealAsked, SealCommitted, SealCreated
from tests.e2ee.mallory import group_of, package, sealed
from tests.e2ee.recording import record_seals
from tests.e2ee.world import Crash, World
from tests.mls.people import SeededEntropy

NAMES = ["B\u043eb", "Bob\x1b[2J", "Bob\u202e", "", "B" * 33, "Bob ", "Bob\n[Ann:] hi"]


@pytest.mark.parametrize("name", NAMES)
def test_48_a_credential_with_a_name_that_nobody_can_have(name: str) -> None:
    credential = msgspec.json.encode({"v": 1, "name": name, "device": 0})
    own = package(credential, bytes(32), SeededEntropy("name"))
    with pytest.raises(MlsRefused):
        person_of(own.package.leaf_node)


@pytest.mark.parametrize(
    "credential",
    [
        b'{"v":1,"name":"Bob","device":1}',
        b'{"v":2,"name":"Bob","device":0}',
        b'{"v":1,"name":"Bob","device":0,"also":1}',
        b'{"v":1, "name":"Bob","device":0}',
        b'{"name":"Bob","v":1,"device":0}',
        b"Bob",
        b"",
        b"\xff",
    ],
)
def test_48_a_credential_in_another_form(credential: bytes) -> None:
    with pytest.raises(MlsRefused):
        person_of(package(credential, bytes(32), SeededEntropy("form")).package.leaf_node)


@pytest.mark.parametrize("name", NAMES)
def test_48_what_a_server_calls_people_is_printable_in_every_line(name: str) -> None:
    world = World("names", "Ann", "Bob")
    world.seal_room("Ann")
    group = group_of(world, "Bob")
    seq = world.service.seq
    world.service.tell("Bob", SealAsked(seq, 0, name, id="x"))
    world.service.tell("Bob", SealCommitted(seq + 1, 0, name, group.group_id, group.epoch, commit=b"x"))
    world.service.tell("Bob", SealCreated(seq + 2, 0, name, bytes(32), 1, bytes(32), id="x"))
    world.settle()
    assert all(note.text.isprintable() for note in world["Bob"].notes)


PLAY: list[Callable[[World], object]] = [
    lambda world: world["Ann"].order(Arm(ROOM)),
    lambda world: world["Ann"].say("canarybird 0"),
    lambda world: world["Bob"].say("canarybird 1"),
    lambda world: world["Bob"].order(Rekey(ROOM)),
    lambda world: world["Bob"].say("canarybird 2"),
    lambda world: world["Ann"].order(Rekey(ROOM)),
    lambda world: world["Bob"].say("canarybird 3"),
]


def crash_once(world: World, name: str, number: int, *, after: bool) -> list[int]:
    """Let somebody's process die before or after the commit of that number; return where the count is kept."""
    count = [0]

    def die() -> None:
        count[0] += 1
        if count[0] == number:
            raise Crash

    if after:
        world[name].after_commit = die
    else:
        world[name].before_commit = die
    return count


def play(world: World, name: str, *, after: bool) -> None:
    """Play; what was typed and died before it was stored is typed again by its person."""
    for act in PLAY:
        try:
            act(world)
        except Crash:
            world[name].crash()
            world[name].connect()
            if not after:
                act(world)
        world.pass_time(3)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("name", ["Ann", "Bob"])
def test_49_a_crash_at_every_commit_loses_nothing_doubles_nothing_and_uses_no_key_twice(
    monkeypatch: pytest.MonkeyPatch, name: str, moment: str
) -> None:
    number = 0
    while True:
        number += 1
        used = record_seals(monkeypatch)
        world = World(("crash", name), "Ann", "Bob")
        world[name].used = used
        count = crash_once(world, name, number, after=moment == "after")
        play(world, name, after=moment == "after")
        world.pass_time(60)
        texts = [f"canarybird {at}" for at in range(4)]
        reader = "Bob" if name == "Ann" else "Ann"
        assert sorted(world[reader].read) == texts, f"crash {number}: {world[name].alarms}"
        assert sorted(world[name].read) == texts, f"crash {number}: {world[name].alarms}"
        assert len({key for key, _ in used}) == len(used), f"crash {number}"
        assert not world.leaked
        if count[0] < number:
            break
    assert number > 15, "there were commits to crash at"


@pytest.mark.parametrize("years", [-10, 10])
@pytest.mark.parametrize("who", ["Ann", "Bob"])
def test_51_a_clock_ten_years_off_is_harmless(years: int, who: str) -> None:
    """Packages have a time in which they count; somebody whose clock is elsewhere is not let in, and nothing leaks."""
    world = World("clock", "Cid")
    for name in ("Ann", "Bob"):
        person = world.join(name)
        if name == who:
            person.disconnect()
            person.wall_offset_ms += years * 365 * 86_400_000
            world.service.shelves = {
                key: shelf for key, shelf in world.service.shelves.items() if key[0] != name.lower()
            }
            person.crash()
            person.connect()
            world.settle()
    world["Ann"].order(Arm(ROOM))
    for name in world.people:
        world[name].say("canarybird") if world[name].state() is not State.PLAIN else None
    world.pass_time(60)
    world["Cid"].order(Rekey(ROOM))
    world.pass_time(60)
    assert not world.leaked
    assert world["Ann"].talk().group is not None


def seal_by_hand(group: Group, world: World, name: str, fields: dict[str, object]) -> dict[str, object]:
    data = msgspec.msgpack.encode(fields)
    mark = world[name].talk().transcript.mark.encode()
    made = group.protect(data, world[name].random, authenticated_data=mark, padding=padding_for(len(data)))
    return sealed(made.group, made.message)


@pytest.mark.parametrize(
    ("fields", "mark", "text"),
    [
        ({"v": 2, "kind": "text", "id": "x", "sent_at": 0, "body": "hi", "colour": "red"}, Mark.SEALED, "hi"),
        ({"v": 2, "kind": "poll", "id": "x", "sent_at": 0, "body": "?"}, Mark.UNKNOWN, None),
        ({"v": 1, "kind": "text", "id": "x", "sent_at": 0}, Mark.UNKNOWN, None),
        ({"v": 1, "kind": "bad\x1b", "id": "x", "sent_at": 0, "body": "?"}, Mark.UNREADABLE, None),
        ({"kind": "text"}, Mark.UNREADABLE, None),
    ],
)
def test_52_other_versions_of_what_is_inside(fields: dict[str, object], mark: Mark, text: str | None) -> None:
    world = World("versions", "Ann", "Bob")
    world.seal_room("Ann")
    content = seal_by_hand(group_of(world, "Ann"), world, "Ann", fields)
    world.service.tell("Bob", Said(world.service.seq, 0, "Ann", sealed=content, id="x"))
    world.settle()
    shown = world["Bob"].shown[-1]
    assert (shown.mark, shown.notice.text) == (mark, text)
    assert shown.remark == "" if mark is Mark.SEALED else shown.remark


def test_52_other_versions_of_the_sealed_object_are_shown_as_such() -> None:
    world = World("objects", "Ann", "Bob")
    world.seal_room("Ann")
    world.service.tell("Bob", Said(world.service.seq, 0, "Ann", sealed={"v": 2, "new": "form"}, id="x"))
    world.settle()
    assert world["Bob"].shown[-1].mark is Mark.UNREADABLE
    assert "does not know" in world["Bob"].shown[-1].remark


def test_a_pair_survives_a_clash_of_two_that_begin_at_once() -> None:
    world = World("clash", "Ann", "Bob")
    for one, other in (("Ann", "bob"), ("Bob", "ann")):
        world[one].say(f"canarybird of {one}", Conversation.pair(other))
    world.pass_time(20)
    for name in world.people:
        assert sorted(world[name].read) == ["canarybird of Ann", "canarybird of Bob"], world[name].alarms
    assert not world.leaked
