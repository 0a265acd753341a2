"""The largest queues go first when all together are too much, and silence is a reason only where somebody says so."""

import pytest

from reactor_chat.client.boundary import HEARTBEAT_SECONDS
from reactor_chat.reactor.sockets import GONE_SECONDS_MAX
from reactor_chat.server.connections.eviction import LOOK_SECONDS, Eviction
from reactor_chat.server.connections.peers import Peer
from reactor_chat.server.doors.frames import FramesDoor
from reactor_chat.server.options.table import Options
from reactor_chat.wire.messages import Bye, Exited, Ping, Said, Say, Tell, Told, Welcome
from tests.server.world import MemoryWire, World

MOST = 1_048_576


def peers_owed(*owed: int) -> list[Peer]:
    peers = []
    for conn, held_bytes in enumerate(owed):
        wire = MemoryWire("?")
        wire.queue += bytes(held_bytes)
        peers.append(Peer(conn, wire, FramesDoor(65_536), None))
    return peers


@pytest.mark.parametrize(("owed", "gone"), [
    ([], []), ([MOST - 1], []), ([MOST], []), ([MOST + 1], [0]), ([MOST // 2, MOST // 2], []),
    ([MOST // 2, MOST // 2 + 1], [1]), ([400_000, 500_000, 300_000, 600_000], [3, 1]), ([0, 0, MOST + 1, 5], [2]),
])  # fmt: skip
def test_all_queues_together(owed: list[int], gone: list[int]) -> None:
    eviction = Eviction(Options(output_bytes_max=MOST))
    assert [(peer.conn, reason) for peer, reason in eviction.overdue(peers_owed(*owed), 100.0)] == [
        (conn, "too_slow") for conn in gone
    ]


def test_it_looks_now_and_then_and_not_in_every_turn() -> None:
    eviction, peers = Eviction(Options(output_bytes_max=MOST)), peers_owed(MOST + 1)
    assert len(list(eviction.overdue(peers, 100.0))) == 1
    assert len(list(eviction.overdue(peers, 100.0 + LOOK_SECONDS / 2))) == 0
    assert len(list(eviction.overdue(peers, 100.0 + LOOK_SECONDS))) == 1


def test_those_who_are_owed_most_go_until_the_others_have_room() -> None:
    world = World(output_bytes_max=MOST).start()
    people = [world.enter(f"P{number}") for number in range(20)]
    speaker = world.enter("Speaker")
    for person in people:
        person.wire.leaves_bytes_max = 0
    for number in range(20):
        speaker.ask(*(Tell(f"P{i}", "x" * 10_000) for i in range(number)), Say(f"{number}"))
        world.turn(3)
        world.now += 1.0
    world.turn()
    gone = [person for person in people if person.wire.finishing]
    assert gone
    assert sum(len(person.wire.queue) for person in people if person not in gone) <= MOST
    assert speaker not in gone
    assert [n.reason for person in gone for n in person.of(Bye)] == []  # it is queued behind what they do not read
    assert people[0] in gone, "who was told most goes first"
    assert people[19] not in gone


@pytest.mark.parametrize(("silent_seconds", "closed"), [(89.0, False), (90.0, True), (91.0, True)])
def test_silence_where_the_operator_says_so(silent_seconds: float, *, closed: bool) -> None:
    world = World(idle_seconds_max=90).start()
    ann = world.enter("Ann")
    bob = world.enter("Bob")
    world.now += 30
    ann.ask(Ping())
    world.turn()
    world.pass_time(silent_seconds - 30)
    assert [n.reason for n in bob.of(Bye)] == ["idle"] * closed
    assert not ann.of(Bye)
    world.pass_time(40)
    assert [n.reason for n in ann.of(Bye)] == ["idle"] * (silent_seconds > 80)


def test_silence_is_no_reason_otherwise() -> None:
    world = World().start()
    ann = world.enter("Ann")
    world.pass_time(1_000_000)
    world.enter("Bob").ask(Say("still there?"), Tell("Ann", "are you?"))
    world.turn()
    assert len(ann.of(Said, Told)) == 2


@pytest.mark.parametrize(("silent_seconds", "closed"), [(99.9, False), (100.0, True)])
def test_who_promised_to_say_something_and_does_not_is_gone(silent_seconds: float, *, closed: bool) -> None:
    world = World().start()
    ann = world.enter("Ann", heartbeat_seconds=40)
    bob = world.enter("Bob")
    world.pass_time(silent_seconds)
    assert [n.reason for n in ann.of(Bye)] == ["idle"] * closed
    assert [n.name for n in bob.of(Exited)] == ["Ann"] * closed
    assert not bob.of(Bye), "who promised nothing may be silent"


def test_a_heartbeat_is_enough_and_the_last_one_counts() -> None:
    world = World().start()
    ann = world.enter("Ann", heartbeat_seconds=40)
    for _ in range(10):
        world.pass_time(40)
        ann.ask(Ping())
        world.turn()
    world.pass_time(99)
    assert not ann.of(Bye)
    world.pass_time(1)
    assert [n.reason for n in ann.of(Bye)] == ["idle"]


def test_the_shorter_of_two_limits_counts() -> None:
    world = World(idle_seconds_max=30).start()
    world.enter("Ann", heartbeat_seconds=40)
    world.enter("Bob", heartbeat_seconds=3_600)
    world.pass_time(30)
    assert all(person.of(Bye) for person in world.people)


def test_the_name_of_a_machine_that_vanished_is_free_after_two_minutes_talked_to_or_not() -> None:
    assert GONE_SECONDS_MAX == 120
    for talks in (False, True):
        world = World().start()
        guest = world.enter("Ann", heartbeat_seconds=HEARTBEAT_SECONDS)
        bob = world.enter("Bob")
        for _ in range(GONE_SECONDS_MAX):
            if talks:
                bob.ask(Say("Ann, are you there?"))
            world.pass_time(1)
        assert guest.wire.finishing
        assert world.enter("Ann").of(Welcome)
