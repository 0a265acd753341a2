"""Newcomers at the limits: in all, by network, by pace, and who makes room when the hall is crowded."""

from collections.abc import Callable
from itertools import cycle

import pytest

from reactor_chat.server.connections.admission import GRACE_SECONDS, LOOPBACK, NETWORKS_MAX, Admission, network_of
from reactor_chat.server.connections.peers import Peer
from reactor_chat.server.doors.frames import FramesDoor
from reactor_chat.server.options.table import Options
from reactor_chat.server.options.values import Rate
from reactor_chat.wire.messages import Bye, Hello, Login, Refused, Welcome
from tests.server.world import MemoryWire, World

NEVER = b"\xff" * 8  # the largest number: no chance is high enough
ALWAYS = b"\x00" * 8


class Hall:
    """An admission, and everybody who came.

    Args:
        entropy: what every draw gives.
    """

    def __init__(self, entropy: bytes = NEVER, **options: object) -> None:
        self.sent_away: list[Peer] = []
        self.asked: set[Peer] = set()
        self.now = 0.0
        self._count = 0
        chosen = Options(**options)  # type: ignore[arg-type]
        self.admission = Admission(chosen, lambda _: entropy, lambda conn: conn in {one.conn for one in self.asked})

    @property
    def logins_count(self) -> int:
        """On how many connections nobody is logged in yet."""
        return len(self.admission._in_time) + len(self.admission._late)

    def come(self, network: str = LOOPBACK) -> Peer | Refused:
        refusal, leaving = self.admission.judge(network, self.now)
        self.sent_away += leaving
        if refusal is not None:
            return refusal
        self._count += 1
        peer = Peer(self._count, MemoryWire("?"), FramesDoor(65_536), None)
        self.admission.opened(peer, network, self.now)
        return peer

    def many(self, count: int, network: str | Callable[[int], str] = LOOPBACK) -> list[Peer]:
        came = [self.come(network if isinstance(network, str) else network(i)) for i in range(count)]
        assert all(isinstance(peer, Peer) for peer in came), came
        return [peer for peer in came if isinstance(peer, Peer)]


def code(came: Peer | Refused) -> str:
    return came.code if isinstance(came, Refused) else "taken"


@pytest.mark.parametrize(("peer", "network"), [
    ("192.0.2.1:80", "192.0.2.1"), ("[2001:db8:1:2:3:4:5:6]:80", "2001:db8:1:2::/64"), ("[::1]:80", LOOPBACK),
    ("[::ffff:192.0.2.1]:80", "192.0.2.1"), ("127.0.0.1:80", LOOPBACK), ("127.9.9.9:80", LOOPBACK), ("?", "?"),
    ("[::ffff:127.0.0.1]:80", LOOPBACK), ("[fe80::1%eth0]:80", "fe80::/64"), ("/a/path", "/a/path"), ("", ""),
])  # fmt: skip
def test_the_network_of_a_connection(peer: str, network: str) -> None:
    assert network_of(peer) == network


def test_neighbours_in_one_v6_network_are_one_and_others_are_not() -> None:
    assert network_of("[2001:db8::1]:1") == network_of("[2001:db8::ffff:1]:2") != network_of("[2001:db8:0:1::1]:1")


@pytest.mark.parametrize("most", [1, 2, 5])
def test_connections_in_all(most: int) -> None:
    hall = Hall(connections_max=most)
    peers = hall.many(most)
    for peer in peers:
        hall.admission.arrived(peer)
    assert code(hall.come()) == "server_full"
    hall.admission.lost(peers[0])
    assert code(hall.come()) == "taken"


def test_when_all_connections_are_taken_one_without_a_login_makes_room() -> None:
    hall = Hall(connections_max=3)
    first, *others = hall.many(3)
    for peer in others:
        hall.admission.arrived(peer)
    assert code(hall.come()) == "taken"
    assert hall.sent_away == [first]


@pytest.mark.parametrize("most", [1, 2, 16])
def test_connections_of_one_network(most: int) -> None:
    hall = Hall(connections_per_address_max=most)
    peers = hall.many(most, "192.0.2.1")
    refusal = hall.come("192.0.2.1")
    assert code(refusal) == "server_full"
    assert code(hall.come("192.0.2.2")) == "taken"
    hall.admission.arrived(peers[0])
    assert code(hall.come("192.0.2.1")) == "server_full", "who is logged in counts too"
    hall.admission.lost(peers[0])
    assert code(hall.come("192.0.2.1")) == "taken"


def test_loopback_is_exempt_from_what_is_counted_by_network() -> None:
    Hall(connections_per_address_max=1, connects=Rate(1, 0.001)).many(200, LOOPBACK)


@pytest.mark.parametrize("burst", [1, 2, 32])
def test_new_connections_of_one_network(burst: int) -> None:
    hall = Hall(connects=Rate(burst, 0.05))
    for _ in range(burst):
        peer = hall.come("192.0.2.1")
        assert isinstance(peer, Peer)
        hall.admission.lost(peer)
    refusal = hall.come("192.0.2.1")
    assert isinstance(refusal, Refused)
    assert (refusal.code, "20 s" in refusal.text) == ("too_fast", True)
    assert code(hall.come("192.0.2.2")) == "taken"
    hall.now += 19.9
    assert code(hall.come("192.0.2.1")) == "too_fast"
    hall.now += 0.1
    assert code(hall.come("192.0.2.1")) == "taken"


def test_networks_are_forgotten_when_they_are_many() -> None:
    hall = Hall(connects=Rate(1, 0.05), connections_max=1_000_000)
    for number in range(NETWORKS_MAX + 10):
        peer = hall.come(str(number))
        assert isinstance(peer, Peer)
        hall.admission.lost(peer)
    assert len(hall.admission._connects) <= NETWORKS_MAX
    assert code(hall.come(str(NETWORKS_MAX + 9))) == "too_fast", "the newest are remembered"


@pytest.mark.parametrize("most", [1, 2, 8, 9])
def test_who_is_late_is_never_more_than_allowed_and_the_newcomer_is_taken(most: int) -> None:
    hall = Hall(logins_max=most)
    for goes in [0] * most + [1] * 20:
        before = len(hall.sent_away)
        hall.many(1)
        assert len(hall.sent_away) - before == goes
        hall.now += GRACE_SECONDS
    assert hall.logins_count == most


def test_a_town_that_comes_back_is_not_late() -> None:
    hall = Hall(ALWAYS, logins_max=2)
    peers = hall.many(1_000)
    hall.now += GRACE_SECONDS - 0.1
    peers += hall.many(1_000)
    assert not hall.sent_away
    hall.now += 0.1
    hall.many(1)
    assert len(hall.sent_away) == 64 + 1, "they are all late together, and do not go all at once"
    hall.many(20)
    assert not set(hall.sent_away) & set(peers[1_000:])
    assert hall.logins_count == 1_000 + 21 + 1


def test_from_half_on_one_goes_with_a_growing_chance() -> None:
    lucky, unlucky = Hall(NEVER, logins_max=8), Hall(ALWAYS, logins_max=8)
    for hall in (lucky, unlucky):
        hall.many(4)
        hall.now += GRACE_SECONDS
        hall.many(1)
        hall.now += GRACE_SECONDS
    assert not unlucky.sent_away
    unlucky.many(1)
    assert len(unlucky.sent_away) == 1
    lucky.many(8)
    assert not lucky.sent_away


def test_of_those_drawn_the_largest_network_loses_its_oldest() -> None:
    hall = Hall(logins_max=8)
    hall.many(5, lambda i: f"192.0.2.{i}")
    crowd = hall.many(3, "2001:db8::/64")
    hall.now += GRACE_SECONDS
    draws = cycle(range(8))
    hall.admission._entropy = lambda _: ((1 + 2 * next(draws)) << 60).to_bytes(8, "big")  # each of the eight once
    hall.many(1, "192.0.2.10")
    assert hall.sent_away == crowd[:1]


def test_who_has_asked_is_not_sent_away() -> None:
    hall = Hall(logins_max=4, connections_max=6)
    peers = hall.many(4)
    hall.now += GRACE_SECONDS
    hall.asked.update(peers[1:])
    hall.many(1)
    assert hall.sent_away == [peers[0]]
    hall.asked.update(hall.many(1))
    hall.asked.update(hall.admission._in_time)
    assert code(hall.come()) == "server_full"
    assert len(hall.sent_away) == 1


def test_nothing_is_left_of_those_who_have_gone() -> None:
    hall = Hall()
    for peer in hall.many(50, lambda i: f"192.0.2.{i % 7}"):
        if peer.conn % 3:
            hall.admission.arrived(peer)
        hall.admission.lost(peer)
    assert not hall.logins_count
    assert not hall.admission._open
    assert not hall.admission._by_network
    assert not hall.admission._arriving_by_network
    assert not hall.admission._places


def test_who_is_turned_away_is_told_why_and_closed() -> None:
    world = World(connections_max=1).start()
    world.enter("Ann")
    late = world.connect()
    world.turn()
    hello, refusal = late.heard
    assert isinstance(hello, Hello)
    assert isinstance(refusal, Refused)
    assert refusal.code == "server_full"
    assert late.wire.closed
    typist = world.connect_lines()
    world.turn()
    assert typist.shown == "There are 1 connections already; try again later\n"


def test_who_is_turned_away_by_the_hundred_is_not_told_but_closed() -> None:
    world = World(connections_max=1).start()
    world.enter("Ann")
    late = [world.connect() for _ in range(100)]
    world.turn()
    assert all(person.wire.closed for person in late)
    assert sum(bool(person.heard) for person in late) == 32


def test_what_is_sent_by_who_was_turned_away_is_not_looked_at() -> None:
    world = World(connections_max=1).start()
    world.enter("Ann")
    late = world.connect().ask(Login("Bob", 1))
    late.half_close()
    world.turn(2)
    assert not late.of(Welcome)
    assert late.wire.closed


def test_the_hall_full_of_silent_people_lets_honest_ones_in() -> None:
    world = World(logins_max=8).start()
    silent = [world.connect() for _ in range(100)]
    world.pass_time(GRACE_SECONDS)
    honest = [world.enter(f"User{number}") for number in range(60)]
    world.turn()
    assert all(person.of(Welcome) for person in honest)
    gone = [person for person in silent if person.wire.closed]
    assert len(gone) > 92
    assert all(person.of(Refused, Bye)[0].code == "login_timeout" for person in gone)  # type: ignore[union-attr]
