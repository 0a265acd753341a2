"""A peer tells its wire to pause and to resume only when that changes, and writes as its door does."""

from reactor_chat.server.connections.peers import Peer
from reactor_chat.server.doors.frames import FramesDoor
from reactor_chat.server.doors.lines import LinesDoor
from reactor_chat.wire.codec import encode
from reactor_chat.wire.framing import frame
from reactor_chat.wire.messages import Pong, Said
from tests.server.world import MemoryWire


def peer_of(door: FramesDoor | LinesDoor) -> tuple[Peer, MemoryWire]:
    wire = MemoryWire("127.0.0.1:1")
    return Peer(1, wire, door, None), wire


def test_a_wire_is_told_once() -> None:
    peer, wire = peer_of(FramesDoor(65_536))
    for reading in (True, False, False, True, True, False, True):
        peer.read_on(reading=reading)  # the wire asserts that it is not told twice
        assert wire.paused is not reading


def test_a_notice_is_written_as_the_door_writes() -> None:
    peer, wire = peer_of(FramesDoor(65_536))
    peer.tell(Pong("x"))
    assert wire.queue == frame(encode(Pong("x")))
    peer, wire = peer_of(LinesDoor())
    peer.tell(Said(1, 2, "Ann", "hi"))
    peer.tell(Pong("x"))
    assert wire.queue == b"[Ann:] hi\n"
