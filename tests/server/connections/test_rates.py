"""A person's rate is a person's, whatever the number of connections it takes."""

import pytest

from reactor_chat.server.connections import rates as module
from reactor_chat.server.connections.peers import Peer
from reactor_chat.server.connections.rates import Rates
from reactor_chat.server.doors.frames import FramesDoor
from reactor_chat.server.options.values import Rate
from reactor_chat.wire.messages import Ping, Pong, Quit
from tests.server.world import MemoryWire, World


def peer_of(rates: Rates, name: str, taken: int) -> Peer:
    peer = Peer(1, MemoryWire("?"), FramesDoor(65_536), rates.new(0.0))
    peer.name = name
    if peer.bucket is not None:
        peer.bucket.owe(taken)
    return peer


def test_who_comes_again_goes_on_where_one_was() -> None:
    world = World(rate=Rate(5, 0.1)).start()
    ann = world.enter("Ann").ask(Ping(), Ping(), Ping(), Quit())
    world.turn(3)
    assert len(ann.of(Pong)) == 3
    again = world.enter("ANN").ask(*(Ping() for _ in range(5)))
    world.turn(3)
    assert len(again.of(Pong)) == 0
    world.pass_time(60)
    assert len(again.of(Pong)) == 5


def test_who_owes_nothing_is_not_remembered() -> None:
    rates = Rates(Rate(5, 1))
    rates.left(peer_of(rates, "Ann", 0), 0.0)
    rates.left(peer_of(rates, "", 5), 0.0)
    rates.left(peer_of(Rates(None), "Bob", 5), 0.0)
    rates.left(peer_of(rates, "Cy", 5), 5.0)
    assert not rates._left


@pytest.mark.parametrize(("people", "remembered"), [(1, 1), (2, 2), (3, 2)])
def test_the_oldest_are_forgotten(people: int, remembered: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED_MAX", 2)
    rates = Rates(Rate(5, 1))
    for number in range(people):
        rates.left(peer_of(rates, f"P{number}", 5), 0.0)
    assert list(rates._left) == [f"p{number}" for number in range(people)][-remembered:]
