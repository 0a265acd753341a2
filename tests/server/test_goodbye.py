"""A server that stops takes leave of everybody once: when what came was served, or a little later at the latest."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.server.connections.peers import Peer
from reactor_chat.server.doors.frames import FramesDoor
from reactor_chat.server.goodbye import LAST_CALL_SECONDS, Goodbye
from tests.server.world import MemoryWire


def peer(conn: int, replayed_seq: int | None = None) -> Peer:
    made = Peer(conn, MemoryWire("?"), FramesDoor(65_536), None)
    made.replayed_seq = replayed_seq
    return made


@given(st.lists(st.tuples(st.floats(0, 2 * LAST_CALL_SECONDS), st.booleans()), max_size=20))
def test_it_is_said_once_when_it_is_quiet_or_late(moments: list[tuple[float, bool]]) -> None:
    goodbye, peers = Goodbye(), [peer(1), peer(2)]
    assert not goodbye.due(peers, 1e9, is_quiet=True), "nobody has asked for it"
    goodbye.begin(0.0)
    is_said = False
    for now, is_quiet in sorted(moments):
        expected = not is_said and (is_quiet or now >= LAST_CALL_SECONDS)
        assert goodbye.due(peers, now, is_quiet=is_quiet) == (peers if expected else [])
        is_said = is_said or expected
        assert goodbye.is_said is is_said
        assert (goodbye.deadline is None) is is_said


def test_whoever_catches_up_is_left_for_later() -> None:
    goodbye, here, behind = Goodbye(), peer(1), peer(2, replayed_seq=0)
    goodbye.begin(0.0)
    assert goodbye.due([here, behind], 0.0, is_quiet=True) == [here]
