"""Quiet bytes leave a little later where there are many readers, and nothing else about them differs."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.reactor.connection import Connection
from reactor_chat.reactor.fanout import QUIET_ABOVE, QUIET_BYTES_MAX, QUIET_SECONDS, Fanout
from reactor_chat.reactor.limits import ConnectionLimits
from tests.reactor.conftest import Peer, World
from tests.reactor.faulty import FaultySocket

PATIENT = ConnectionLimits(output_bytes_soft=1 << 30, output_bytes_hard=1 << 30)


class Hall:
    """A fan-out in which quiet bytes wait, and its readers.

    Attributes:
        connections, peers, socks: of each reader, who is attached.
    """

    def __init__(self, world: World, count: int = 3, lag_bytes_max: int = 1 << 30) -> None:
        self._world = world
        self.room = Fanout(world.loop, lag_bytes_max, quiet_above=0)
        self.connections: list[Connection] = []
        self.peers: list[Peer] = []
        self.socks: list[FaultySocket] = []
        for _ in range(count):
            connection, _, peer, sock = world.connect_faulty(PATIENT)
            connection.attach(self.room)
            self.connections.append(connection)
            self.peers.append(peer)
            self.socks.append(sock)

    @property
    def heard(self) -> list[bytes]:
        return [peer.hear() for peer in self.peers]

    @property
    def sends(self) -> list[int]:
        return [sock.sends for sock in self.socks]


@pytest.fixture
def hall(world: World) -> Hall:
    return Hall(world)


def test_quiet_bytes_wait_for_the_end_of_their_time(world: World, hall: Hall) -> None:
    for data in (b"1", b"2", b"3"):
        hall.room.append_quietly(data)
        world.turn()
        world.clock.advance(QUIET_SECONDS / 4)
    assert (hall.heard, hall.sends) == ([b""] * 3, [0] * 3)
    assert {connection.queued_bytes for connection in hall.connections} == {3}, "they are owed from the first moment on"
    world.clock.advance(QUIET_SECONDS / 4)
    world.turn()
    assert (hall.heard, hall.sends) == ([b"123"] * 3, [1] * 3)
    assert (hall.room.kept_bytes, len(world.loop.timers)) == (0, 0)


def test_quiet_bytes_wake_a_loop_that_sleeps(world: World, hall: Hall) -> None:
    hall.room.append_quietly(b"x")
    world.turn()
    assert world.loop.timers.next_deadline() == world.clock() + QUIET_SECONDS


def test_quiet_bytes_leave_with_the_next_ones_and_before_them(world: World, hall: Hall) -> None:
    hall.room.append_quietly(b"came;")
    world.turn()
    hall.room.append(b"said;")
    hall.room.append_quietly(b"went;")
    world.turn()
    assert (hall.heard, hall.sends) == ([b"came;said;went;"] * 3, [1] * 3)
    assert len(world.loop.timers) == 0
    hall.room.append_quietly(b"came;")
    world.pass_time(QUIET_SECONDS)
    assert hall.heard == [b"came;said;went;came;"] * 3


def test_who_is_told_something_alone_gets_the_quiet_bytes_before_it(world: World, hall: Hall) -> None:
    hall.room.append_quietly(b"came;")
    hall.connections[0].send(b"[told]")
    hall.room.append_quietly(b"went;")
    world.turn()
    assert hall.heard == [b"came;[told]went;", b"", b""]
    hall.room.append_quietly(b"came again;")
    world.pass_time(QUIET_SECONDS)
    assert hall.heard == [b"came;[told]went;came again;", *[b"came;went;came again;"] * 2]
    assert hall.sends == [2, 1, 1]


def test_who_comes_while_something_waits_gets_only_what_comes_after(world: World, hall: Hall) -> None:
    hall.room.append_quietly(b"before;")
    late, _, peer = world.connect(PATIENT)
    late.attach(hall.room)
    hall.room.append_quietly(b"after;")
    world.pass_time(QUIET_SECONDS)
    assert (hall.heard, peer.hear()) == ([b"before;after;"] * 3, b"after;")


@pytest.mark.parametrize("leave", [Connection.finish, Connection.detach], ids=["finish", "detach"])
def test_who_leaves_gets_what_waited_and_nothing_after(
    world: World, hall: Hall, leave: Callable[[Connection], None]
) -> None:
    hall.room.append_quietly(b"came;")
    world.turn()
    hall.connections[0].send(b"bye")
    leave(hall.connections[0])
    hall.room.append_quietly(b"went;")
    world.turn()
    assert hall.heard == [b"came;bye", b"", b""]
    world.pass_time(QUIET_SECONDS)
    assert hall.heard == [b"came;bye", *[b"came;went;"] * 2]


def test_nothing_is_kept_when_nobody_is_left(world: World, hall: Hall) -> None:
    hall.room.append_quietly(b"x")
    for connection in hall.connections:
        connection.abort("gone")
    world.turn(2)
    assert (hall.room.kept_bytes, len(world.loop.timers)) == (0, 0)


def test_a_storm_of_quiet_bytes_does_not_wait(world: World, hall: Hall) -> None:
    hall.room.append_quietly(bytes(QUIET_BYTES_MAX))
    world.turn()
    assert hall.sends == [0] * 3
    hall.room.append_quietly(b"!")
    world.turn()
    assert hall.sends == [1] * 3
    world.until(lambda: hall.room.kept_bytes == 0)
    assert [len(heard) for heard in hall.heard] == [QUIET_BYTES_MAX + 1] * 3


def test_one_too_far_behind_is_told_where_everything_is_quiet(world: World) -> None:
    hall = Hall(world, lag_bytes_max=100)
    hall.connections[0].pause()
    hall.socks[0].script["send"].extend([("at most", 0)] * 9)
    for _ in range(3):
        hall.room.append_quietly(bytes(60))
        world.pass_time(QUIET_SECONDS)
    assert len(hall.room) == 2
    assert hall.room.kept_bytes <= 100


def test_with_few_readers_nothing_waits(world: World) -> None:
    room = Fanout(world.loop, quiet_above=2)
    peers = []
    for _ in range(3):
        connection, _, peer = world.connect(PATIENT)
        connection.attach(room)
        peers.append(peer)
        room.append_quietly(b"x")
        world.turn()
    assert [peer.hear() for peer in peers] == [b"xx", b"x", b""]
    assert len(world.loop.timers) == 1
    assert QUIET_ABOVE == 256, "the protocol says so"


steps = st.one_of(
    st.tuples(st.sampled_from(["quiet", "quiet", "append"]), st.just(0), st.binary(min_size=1, max_size=30)),
    st.tuples(st.just("send"), st.integers(0, 3), st.binary(min_size=1, max_size=30)),
    st.tuples(st.sampled_from(["attach", "attach", "detach", "finish"]), st.integers(0, 3), st.just(b"")),
    st.tuples(st.just("short"), st.integers(0, 3), st.binary(max_size=12)),
    st.tuples(st.just("turn"), st.just(0), st.just(b"")),
    st.tuples(st.just("time"), st.integers(1, 4), st.just(b"")),
)


class Course:
    """The same course of events in a hall where quiet bytes wait, and in a list for each reader where nothing does."""

    def __init__(self, world: World) -> None:
        self.world, self.hall = world, Hall(world, 4)
        self.model = [b""] * 4
        self.at_once = [b""] * 4  # of it: what each must have when the turn is over
        self.inside, self.open = [True] * 4, [True] * 4
        self.quiet_since: float | None = None

    def do(self, what: str, number: int, data: bytes) -> None:
        getattr(self, what)(number, data)
        for connection, heard, model in zip(self.hall.connections, self.hall.heard, self.model, strict=True):
            assert model.startswith(heard), "what anybody hears, and in which order, is as without quietness"
            assert len(heard) + connection.queued_bytes == len(model)

    def _tell(self, data: bytes) -> None:
        self.model = [model + data if here else model for model, here in zip(self.model, self.inside, strict=True)]

    def quiet(self, _number: int, data: bytes) -> None:
        self.hall.room.append_quietly(data)
        self._tell(data)
        if any(self.inside) and self.quiet_since is None:
            self.quiet_since = self.world.clock()

    def append(self, _number: int, data: bytes) -> None:
        self.hall.room.append(data)
        self._tell(data)
        self.at_once = [model if here else due for model, here, due in self._rows()]
        self.quiet_since = None

    def _rows(self) -> Iterator[tuple[bytes, bool, bytes]]:
        return zip(self.model, self.inside, self.at_once, strict=True)

    def send(self, number: int, data: bytes) -> None:
        self.hall.connections[number].send(data)
        if self.open[number]:
            self.model[number] += data
            self.at_once[number] = self.model[number]

    def attach(self, number: int, _data: bytes) -> None:
        self.hall.connections[number].attach(self.hall.room)
        self.inside[number] = self.open[number]

    def detach(self, number: int, _data: bytes) -> None:
        self.hall.connections[number].detach()
        self.inside[number] = False
        self.at_once[number] = self.model[number]

    def finish(self, number: int, _data: bytes) -> None:
        self.hall.connections[number].finish()
        self.inside[number] = self.open[number] = False
        self.at_once[number] = self.model[number]

    def short(self, number: int, data: bytes) -> None:
        self.hall.socks[number].script["send"].append(("at most", len(data)))

    def turn(self, _number: int, _data: bytes) -> None:
        cut = any(sock.script["send"] for sock in self.hall.socks)
        self.world.turn()
        for heard, due in zip(self.hall.heard, self.at_once, strict=True):
            assert cut or len(heard) >= len(due)

    def time(self, quarters: int, _data: bytes) -> None:
        self.world.clock.advance(quarters * QUIET_SECONDS / 4)
        if self.quiet_since is not None and self.world.clock() >= self.quiet_since + QUIET_SECONDS:
            self.at_once = [model if here else due for model, here, due in self._rows()]
            self.quiet_since = None
        self.turn(0, b"")


@settings(max_examples=300, deadline=None)
@given(st.lists(steps, max_size=60))
def test_everybody_hears_the_same_in_the_same_order_and_in_time(course: list[tuple[str, int, bytes]]) -> None:
    with World() as world:
        events = Course(world)
        for what, number, data in course:
            events.do(what, number, data)
        for sock in events.hall.socks:
            sock.script["send"].clear()
        world.pass_time(QUIET_SECONDS)
        world.until(lambda: not any(connection.queued_bytes for connection in events.hall.connections))
        assert events.hall.heard == events.model
        assert events.hall.room.kept_bytes == 0
