"""Whoever does not log in in time is found then, once, and nobody else; a login that came in time is waited for."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.server.connections.login_deadlines import (
    EXPIRED_AT_ONCE_MAX,
    ON_ITS_WAY_SECONDS,
    LoginDeadlines,
    login_timeout,
)
from reactor_chat.server.connections.peers import Peer
from reactor_chat.server.doors.frames import FramesDoor
from tests.server.world import MemoryWire


def peer(conn: int) -> Peer:
    return Peer(conn, MemoryWire("?"), FramesDoor(65_536), None)


@given(
    st.lists(st.tuples(st.sampled_from([1, 10, 60]), st.sampled_from(["silent", "entered", "closing"])), max_size=30)
)
def test_the_silent_are_overdue_when_their_time_is_over(rows: list[tuple[int, str]]) -> None:
    deadlines, peers = LoginDeadlines(lambda _: False), [peer(conn) for conn in range(len(rows))]
    for one, (seconds_max, state) in zip(peers, rows, strict=True):
        deadlines.expect(one, seconds_max, 0.0)
        one.entered, one.closing = state == "entered", state == "closing"
    found: list[tuple[float, Peer]] = []
    for now in (0.5, 1.0, 9.5, 10.0, 60.0):
        found += [(now, one) for one in deadlines.overdue(now)]
    expected = {(float(seconds), one) for one, (seconds, state) in zip(peers, rows, strict=True) if state == "silent"}
    assert set(found) == expected
    assert len(found) == len(expected)
    assert deadlines.deadline is None


def test_a_login_that_waits_for_a_commit_is_looked_at_again() -> None:
    waiting = {1}
    deadlines, one = LoginDeadlines(waiting.__contains__), peer(1)
    deadlines.expect(one, 10, 0.0)
    assert not list(deadlines.overdue(10.0))
    assert deadlines.deadline == 10.0 + ON_ITS_WAY_SECONDS
    waiting.clear()
    assert list(deadlines.overdue(10.0 + ON_ITS_WAY_SECONDS)) == [one]


def test_they_are_found_some_at_a_time() -> None:
    deadlines, count = LoginDeadlines(lambda _: False), 2 * EXPIRED_AT_ONCE_MAX + 1
    for conn in range(count):
        deadlines.expect(peer(conn), 10, 0.0)
    found = [len(list(deadlines.overdue(10.0))) for _ in range(3)]
    assert found == [EXPIRED_AT_ONCE_MAX, EXPIRED_AT_ONCE_MAX, 1]


def test_they_are_told_why() -> None:
    broken = login_timeout(peer(7))
    assert broken.refusal is not None
    assert (broken.conn, broken.refusal.code, broken.reason) == (7, "login_timeout", "idle")
