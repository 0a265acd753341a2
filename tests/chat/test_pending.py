"""What is on its way: counted, marked, and taken off again in its order."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.pending import ENTERING, Flight, Mark, Pending
from reactor_chat.chat.session import Session
from reactor_chat.wire.messages import Exited

MARKS: list[Mark] = [("name", "a"), ("name", "b"), ("group", "a"), ("id", "a", "1"), ENTERING]


def flight(first: int, count: int, marks: tuple[Mark, ...] = (), session: Session | None = None) -> Flight:
    return Flight([Exited(first + i, 1_000 + first, "x") for i in range(count)], marks, session, None)


def test_a_flight_lands_when_its_last_record_is_committed() -> None:
    pending, session = Pending(), Session(1, bytes(32), bytes(32), "")
    pending.add(flight(1, 3, (("name", "a"),), session))
    assert session.flights == 1
    assert pending.records_count == 3
    assert pending.at == 1_001
    assert list(pending.land(2)) == []
    assert pending.blocking([("name", "b"), ("name", "a")]) == ("name", "a")
    assert [landed.records[0].seq for landed in pending.land(3)] == [1]
    assert session.flights == pending.records_count == pending.at == 0
    assert pending.blocking([("name", "a")]) is None


def test_nothing_blocks_nothing() -> None:
    pending = Pending()
    pending.add(flight(1, 1, tuple(MARKS)))
    assert pending.blocking([]) is None
    assert pending.blocking([("name", "c"), ("groups", "a")]) is None
    assert not pending.has(None)


@given(st.lists(st.tuples(st.integers(1, 3), st.sets(st.sampled_from(MARKS)))), st.integers(0, 40), st.booleans())
def test_against_a_list(added: list[tuple[int, set[Mark]]], seq: int, fail: bool) -> None:  # noqa: FBT001
    pending, flights, newest = Pending(), list[Flight](), 0
    for count, marks in added:
        flights.append(flight(newest + 1, count, tuple(sorted(marks))))
        pending.add(flights[-1])
        newest += count
    landed = list(pending.fail() if fail else pending.land(seq))
    kept = [] if fail else [one for one in flights if one.records[-1].seq > seq]
    assert landed == flights[: len(flights) - len(kept)]
    assert pending.records_count == sum(len(one.records) for one in kept)
    for mark in MARKS:
        assert pending.count(mark) == sum(mark in one.marks for one in kept)
        assert pending.has(mark) == any(mark in one.marks for one in kept)
        assert pending.blocking([mark]) == (mark if pending.has(mark) else None)
