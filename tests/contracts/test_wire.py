"""What carries bytes keeps one promise, over real sockets and in memory: each test runs against each kind of wire.

Goal: nothing that the server can see tells a simulated wire and broadcast from the reactor's connection and fan-out.
Method: one small language of what both sides do, spoken to each; and random programs in it, against a list.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.reactor.connection import ARRIVAL_SECONDS, Connection
from reactor_chat.reactor.fanout import LAG_BYTES_MAX, QUIET_BYTES_MAX, QUIET_SECONDS, Fanout
from reactor_chat.reactor.limits import ConnectionLimits
from reactor_chat.server.connections.peers import Wire
from reactor_chat.testing.clock import Clock
from reactor_chat.testing.network import Broadcast, Network, SimulatedLink, WireLimits
from reactor_chat.testing.network import Wire as SimulatedWire
from tests.reactor.conftest import Diary, Peer
from tests.reactor.conftest import World as RealWorld

SOFT, SECONDS, HARD = 200_000, 10.0, 600_000
SETTLED_TURNS = 12
QUIET_ABOVE = 1


class Client(Protocol):
    """The other end of one wire."""

    wire: Any
    told: list[str]
    data: bytearray

    def send(self, data: bytes) -> None:
        """Send to the server."""

    def end(self) -> None:
        """Send nothing more."""

    def reset(self) -> None:
        """Be gone, so that the server notices."""

    def heard(self) -> bytes:
        """Read what is there, and return everything heard so far."""

    @property
    def has_seen_the_end(self) -> bool:
        """Whether the server has closed its side, after `heard`."""


class Place(Protocol):
    """Where wires live."""

    broadcast: Any

    def connect(self) -> Client:
        """Open a connection."""

    def turn(self) -> None:
        """Let happen whatever can happen now."""

    def pass_time(self, seconds: float) -> None:
        """Let the clock run, and what is due happen."""


class RealClient:
    """The peer of a connection over a socket pair."""

    def __init__(self, wire: Connection, diary: Diary, peer: Peer) -> None:
        self.wire, self._peer = wire, peer
        self.told, self.data = diary.told, diary.data

    def send(self, data: bytes) -> None:
        assert self._peer.sock.send(data) == len(data)

    def end(self) -> None:
        self._peer.sock.shutdown(1)

    def reset(self) -> None:
        self._peer.sock.close()

    def heard(self) -> bytes:
        before = -1
        while len(self._peer.heard) > before and not self._peer.ended:
            before = len(self._peer.heard)
            self._peer.hear()
        return bytes(self._peer.heard)

    @property
    def has_seen_the_end(self) -> bool:
        return self._peer.ended


class RealPlace:
    """Connections of the reactor, and its fan-out."""

    def __init__(self, world: RealWorld) -> None:
        self._world = world
        self.broadcast = Fanout(world.loop, LAG_BYTES_MAX, QUIET_ABOVE)

    def connect(self) -> RealClient:
        return RealClient(*self._world.connect(ConnectionLimits(65_536, SOFT, SECONDS, HARD)))

    def turn(self) -> None:
        self._world.turn(SETTLED_TURNS)

    def pass_time(self, seconds: float) -> None:
        self._world.pass_time(seconds)


class SimulatedClient:
    """The peer of a simulated wire."""

    def __init__(self, clock: Clock, network: Network) -> None:
        self._diary = Diary()
        limits = WireLimits(131_072, SOFT, SECONDS, HARD)
        self.wire = SimulatedWire("peer", self._diary, lambda: clock.now, limits)  # type: ignore[arg-type]
        network.wires.append(self.wire)
        self.link = SimulatedLink(self.wire)
        self._heard = bytearray()
        self.told, self.data = self._diary.told, self._diary.data
        self.send, self.end, self.reset = self.link.send, self.link.end, self.link.reset

    def heard(self) -> bytes:
        self._heard += self.link.move_down(1 << 30)
        return bytes(self._heard)

    @property
    def has_seen_the_end(self) -> bool:
        return self.link.has_ended


class SimulatedPlace:
    """The network of the simulated world."""

    def __init__(self) -> None:
        self._clock = Clock()
        self._network = Network()
        self._clients: list[SimulatedClient] = []
        self.broadcast = Broadcast(QUIET_ABOVE)

    def connect(self) -> SimulatedClient:
        self._clients.append(SimulatedClient(self._clock, self._network))
        return self._clients[-1]

    def turn(self) -> None:
        for _ in range(SETTLED_TURNS):
            for client in self._clients:
                client.link.move_up()
            self._network.flush()

    def pass_time(self, seconds: float) -> None:
        self._clock.advance(seconds)
        self._network.tick()
        self.turn()


@contextmanager
def real() -> Iterator[Place]:
    """The reactor's."""
    with RealWorld() as world:
        yield RealPlace(world)


@contextmanager
def simulated() -> Iterator[Place]:
    """The world's."""
    yield SimulatedPlace()


every_wire = pytest.mark.parametrize("kind", [real, simulated], ids=lambda kind: kind.__name__)
Kind = Callable[[], Any]


@every_wire
def test_a_wire_is_what_the_server_wants(kind: Kind) -> None:
    with kind() as place:
        wire: Wire = place.connect().wire
        assert wire.queued_bytes == 0
        assert isinstance(wire.peer, str)


@every_wire
def test_what_is_sent_and_what_is_broadcast_comes_in_one_order(kind: Kind) -> None:
    with kind() as place:
        ann, bob = place.connect(), place.connect()
        place.broadcast.append(b"nobody;")
        ann.wire.send(b"1;")
        ann.wire.attach(place.broadcast)
        place.broadcast.append(b"2;")
        ann.wire.send(b"3;")
        bob.wire.attach(place.broadcast)
        place.broadcast.append(b"4;")
        assert ann.heard() == bob.heard() == b"", "nothing leaves before the end of the turn"
        place.turn()
        assert (ann.heard(), bob.heard()) == (b"1;2;3;4;", b"4;")
        assert ann.wire.queued_bytes == bob.wire.queued_bytes == 0


@every_wire
def test_quiet_bytes_leave_with_what_comes_next_or_a_little_later(kind: Kind) -> None:
    with kind() as place:
        ann, bob = place.connect(), place.connect()
        ann.wire.attach(place.broadcast)
        place.broadcast.append_quietly(b"one reader;")
        place.turn()
        assert ann.heard() == b"one reader;"
        bob.wire.attach(place.broadcast)
        place.broadcast.append_quietly(b"1;")
        ann.wire.send(b"ann;")
        place.broadcast.append_quietly(b"2;")
        place.pass_time(QUIET_SECONDS / 2)
        assert (ann.heard().startswith(b"one reader;1;ann;"), bob.heard()) == (True, b"")
        assert bob.wire.queued_bytes == len(b"1;2;")
        place.pass_time(QUIET_SECONDS / 2)
        assert (ann.heard(), bob.heard()) == (b"one reader;1;ann;2;", b"1;2;")
        place.broadcast.append_quietly(b"3;")
        place.broadcast.append(b"4;")
        place.turn()
        assert bob.heard() == b"1;2;3;4;"
        place.broadcast.append_quietly(b"5;")
        bob.wire.finish()
        place.turn()
        assert bob.heard() == b"1;2;3;4;5;"


@every_wire
def test_quiet_bytes_wait_only_where_there_are_few_of_them(kind: Kind) -> None:
    with kind() as place:
        ann, bob = place.connect(), place.connect()
        for one in (ann, bob):
            one.wire.attach(place.broadcast)
        place.broadcast.append_quietly(bytes(QUIET_BYTES_MAX))
        place.turn()
        assert ann.heard() == b""
        place.broadcast.append_quietly(b"!")
        place.turn()
        assert len(ann.heard()) == len(bob.heard()) == QUIET_BYTES_MAX + 1


@every_wire
def test_who_finishes_gets_what_was_queued_and_the_end(kind: Kind) -> None:
    with kind() as place:
        ann = place.connect()
        ann.wire.attach(place.broadcast)
        ann.wire.send(b"goodbye")
        ann.wire.finish()
        ann.wire.send(b" and more")
        place.broadcast.append(b" everybody")
        ann.send(b"too late")
        place.turn()
        assert ann.heard() == b"goodbye"
        assert ann.has_seen_the_end
        assert (ann.told, ann.data) == ([], b""), "it is not lost before the peer has closed too"
        ann.end()
        place.turn()
        assert ann.told == ["lost: finished"]


@every_wire
def test_who_does_not_close_is_not_waited_for_for_long(kind: Kind) -> None:
    with kind() as place:
        ann = place.connect()
        ann.wire.finish()
        place.turn()
        assert ann.told == []
        place.pass_time(ARRIVAL_SECONDS)
        assert ann.told == ["lost: finished"], "everything has arrived; its own end is its own affair"


@every_wire
def test_what_was_sent_while_paused_comes_later(kind: Kind) -> None:
    with kind() as place:
        ann = place.connect()
        ann.wire.pause()
        ann.send(b"hello")
        ann.end()
        place.turn()
        assert (ann.data, ann.told) == (b"", [])
        ann.wire.resume()
        place.turn()
        assert (ann.data, ann.told) == (b"hello", ["ended"])


@every_wire
def test_who_sends_nothing_more_still_reads(kind: Kind) -> None:
    with kind() as place:
        ann = place.connect()
        ann.send(b"bye")
        ann.end()
        place.turn()
        assert (ann.data, ann.told) == (b"bye", ["ended"])
        ann.wire.send(b"goodbye")
        ann.wire.finish()
        place.turn()
        assert ann.heard() == b"goodbye"
        assert ann.told == ["ended", "lost: finished"]


@every_wire
def test_who_is_gone_is_lost_once(kind: Kind) -> None:
    with kind() as place:
        ann, bob = place.connect(), place.connect()
        for one in (ann, bob):
            one.wire.attach(place.broadcast)
        ann.reset()
        place.turn()
        for _ in range(3):
            ann.wire.send(b"are you there?")
            place.broadcast.append(b"all")
            place.turn()
        ann.wire.abort("enough")
        place.turn()
        assert len([line for line in ann.told if line.startswith("lost: ")]) == 1
        assert ann.told[-1].startswith("lost: ")
        assert bob.heard() == b"all" * 3


@every_wire
def test_who_is_aborted_gets_nothing_more(kind: Kind) -> None:
    with kind() as place:
        ann = place.connect()
        ann.wire.send(b"never")
        ann.wire.abort("because")
        ann.wire.send(b"never")
        ann.wire.finish()
        place.turn()
        assert ann.told == ["lost: because"]
        assert ann.heard() == b""
        assert ann.has_seen_the_end


@every_wire
@pytest.mark.parametrize("broadcast", [False, True])
def test_more_than_may_be_owed_is_an_overflow_at_once_and_once(kind: Kind, *, broadcast: bool) -> None:
    with kind() as place:
        ann = place.connect()
        ann.wire.attach(place.broadcast)
        for _ in range(3):
            (place.broadcast.append if broadcast else ann.wire.send)(bytes(HARD))
            place.turn()
        assert ann.told == ["overflowed"]


@every_wire
def test_a_reader_that_stays_behind_overflows_and_one_that_moves_does_not(kind: Kind) -> None:
    with kind() as place:
        slow, quick = place.connect(), place.connect()
        for one in (slow, quick):
            one.wire.send(bytes(HARD - 1))
        place.turn()
        for _ in range(4):
            place.pass_time(SECONDS / 3)
            quick.heard()
            place.turn()
        assert (slow.told, quick.told) == (["overflowed"], [])
        assert slow.wire.queued_bytes > SOFT
        while slow.wire.queued_bytes:
            slow.heard()
            place.turn()
        assert len(slow.heard()) == len(quick.heard()) == HARD - 1, "nothing is lost of what was owed"


programs = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["send", "ask", "broadcast", "quiet"]), st.integers(0, 2), st.integers(1, 70_000)),
        st.tuples(st.sampled_from(["attach", "detach", "pause", "resume", "turn", "finish"]),
                  st.integers(0, 2), st.just(0)),
    ),
    max_size=40,
)  # fmt: skip


class Listed:
    """One client, and what should come of everything."""

    def __init__(self, place: Place) -> None:
        self._place, self._client = place, place.connect()
        self._owed, self._asked = bytearray(), bytearray()
        self._is_attached = self._is_finished = False

    def send(self, data: bytes) -> None:
        self._client.wire.send(data)
        self._owed += b"" if self._is_finished else data

    def ask(self, data: bytes) -> None:
        self._client.send(data[:9])
        self._asked += data[:9]

    def hear_all(self, data: bytes) -> None:
        self._owed += data if self._is_attached else b""

    def do(self, name: str) -> None:
        if name == "turn":
            self._place.turn()
            assert self._owed.startswith(self._client.heard())
        elif not self._is_finished:
            getattr(self._client.wire, name)(*([self._place.broadcast] if name == "attach" else []))
            self._is_finished = name == "finish"
            self._is_attached = name == "attach" or (self._is_attached and name in ("pause", "resume"))

    def check(self) -> None:
        if not self._is_finished:
            self._client.wire.resume()
        before = -1
        while len(self._client.heard()) > before:
            before = len(self._client.heard())
            self._place.turn()
        assert self._client.heard() == self._owed
        assert self._asked == self._client.data or (self._is_finished and self._asked.startswith(self._client.data))


@every_wire
@given(program=programs)
@settings(max_examples=60, deadline=None)
def test_whatever_is_done_everybody_gets_what_a_list_says(kind: Kind, program: list[tuple[str, int, int]]) -> None:
    """Bytes come whole, in order, to whom they belong; nothing else does."""
    with kind() as place:
        clients = [Listed(place) for _ in range(3)]
        for step, (name, who, size) in enumerate(program):
            data = bytes([step % 256]) * size
            if name in ("broadcast", "quiet"):
                (place.broadcast.append if name == "broadcast" else place.broadcast.append_quietly)(data)
                for client in clients:
                    client.hear_all(data)
            elif name in ("send", "ask"):
                getattr(clients[who], name)(data)
            else:
                clients[who].do(name)
        place.pass_time(QUIET_SECONDS)
        for client in clients:
            client.check()
