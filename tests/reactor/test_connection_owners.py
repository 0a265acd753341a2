"""Owners who do the worst, in every callback, to everybody: the turn goes on and everyone is lost exactly once."""

import socket
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.reactor.connection import Connection
from reactor_chat.reactor.fanout import Fanout
from reactor_chat.reactor.limits import ConnectionLimits
from tests.reactor.conftest import World

DEEDS: dict[str, Callable[[Connection, Fanout], object]] = {
    "send": lambda connection, _room: connection.send(b"y" * 300_000),
    "finish": lambda connection, _room: connection.finish(1.0),
    "abort": lambda connection, _room: connection.abort("a deed"),
    "attach": lambda connection, room: connection.attach(room),
    "detach": lambda connection, _room: connection.detach(),
    "pause": lambda connection, _room: connection.pause(),
    "append": lambda _connection, room: room.append(b"z" * 300_000),
}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["received", "ended", "overflowed", "lost"]), st.sampled_from(sorted(DEEDS))))
)
def test_nothing_an_owner_does_to_anybody_breaks_the_turn(deeds: list[tuple[str, str]]) -> None:
    with World() as world:
        room = Fanout(world.loop, lag_bytes_max=100_000)
        limits = ConnectionLimits(output_bytes_soft=1_000, output_seconds_soft=0.5, output_bytes_hard=500_000)
        trios = [world.connect(limits) for _ in range(4)]

        def do(occasion: str) -> None:
            for when, deed in deeds:
                if when == occasion:
                    for connection, _, _ in trios:
                        DEEDS[deed](connection, room)

        for connection, diary, peer in trios:
            diary.on_received = lambda _connection, _data: do("received")
            diary.on_ended = lambda _connection: do("ended")
            diary.on_overflowed = lambda _connection: do("overflowed")
            diary.on_lost = lambda _connection: do("lost")
            connection.attach(room)
            peer.sock.send(b"x")
        world.turn(3)
        room.append(b"w" * 400_000)
        world.turn(3)
        trios[0][2].sock.close()
        for _, _, peer in trios[1:]:
            peer.sock.shutdown(socket.SHUT_WR)
        for _ in range(4):
            world.pass_time(1.0)
    for _, diary, _ in trios:
        assert len(diary.lost_reasons) == 1
    assert len(room) == 0


def test_a_reader_that_takes_nothing_overflows_as_soon_as_too_much_is_queued() -> None:
    """What is queued while the kernel refuses has to fit as well; the clock stands still: no other mark is passed."""
    with World() as world:
        connection, diary, _ = world.connect(ConnectionLimits(output_bytes_hard=500_000))
        connection.send(bytes(400_000))
        world.turn(3)
        assert connection.waiting
        assert diary.told == []
        connection.send(bytes(500_000))
        world.turn(3)
        assert diary.told == ["overflowed"]
