"""Markers go forward, each person's own, as many as are kept; against a list that is looked through."""

from copy import deepcopy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.state import read_marks as module
from reactor_chat.chat.state.chat_state import ChatState, Snapshot
from reactor_chat.chat.state.read_marks import MARKS_MAX, ReadMarks, in_pieces
from reactor_chat.chat.state.records import Entered, GroupAltered, MarkedRead
from reactor_chat.wire.messages import Exited, Released

FEW = 3
names, places = st.sampled_from(["Ann", "ANN", "bob"]), st.sampled_from(["room", "pair/cy", "group/1", "group/2"])
steps = st.lists(
    st.tuples(st.sampled_from(["read", "read", "read", "leave", "forget"]), names, places, st.integers(1, 9))
)


def marked(seq: int, name: str, place: str, read: int) -> MarkedRead:
    return MarkedRead(seq, 0, name, place, read)


@given(steps)
def test_markers_against_a_list_that_is_looked_through(steps: list[tuple[str, str, str, int]]) -> None:
    marks, simple = ReadMarks(), list[tuple[str, str, int]]()  # folded name, place, number; as they were moved
    dumps: list[tuple[Any, Any]] = []  # each with a copy of it as it was
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MARKS_MAX", FEW)
        for seq, (what, name, place, read) in enumerate(steps, 1):
            me = name.lower()
            known = max([one[2] for one in simple if one[:2] == (me, place)], default=0)
            if what == "read":
                marks.apply(marked(seq, name, place, read))
                simple = [one for one in simple if one[:2] != (me, place)] + [(me, place, max(known, read))]
                own = [one for one in simple if one[0] == me]
                simple = [one for one in simple if one[0] != me or one in own[-FEW:]]
            elif what == "leave":
                marks.leave(name, place)
                simple = [one for one in simple if one[:2] != (me, place)]
            else:
                marks.forget(name)
                simple = [one for one in simple if one[0] != me]
            if seq % 3 == 0:
                dumps.append((dumped := marks.dump(), deepcopy(dumped)))
            assert list(marks.of(name).items()) == [one[1:] for one in simple if one[0] == me]
            assert marks.get(name, place) == max([one[2] for one in simple if one[:2] == (me, place)], default=0)
    assert all(dumped == as_it_was for dumped, as_it_was in dumps)
    again = ReadMarks()
    again.load(marks.dump())
    assert again.dump() == marks.dump()
    assert [name for name, _ in again.dump()] == sorted({one[0] for one in simple})


@pytest.mark.parametrize("count", [MARKS_MAX - 1, MARKS_MAX, MARKS_MAX + 1])
def test_so_many_are_kept_and_who_was_moved_longest_ago_goes_first(count: int) -> None:
    marks = ReadMarks()
    for seq in range(count):
        marks.apply(marked(seq + 2, "Ann", f"pair/n{seq}", 1))
        marks.apply(marked(seq + 2, "Ann", "pair/n0", seq + 1))
    assert len(marks.of("ann")) == min(count, MARKS_MAX)
    assert marks.get("Ann", "pair/n0") == count
    assert marks.get("Ann", "pair/n1") == (1 if count <= MARKS_MAX else 0)
    assert not marks.of("Bob")


def test_a_dump_does_not_change_with_what_it_was_made_of() -> None:
    marks, again = ReadMarks(), ReadMarks()
    marks.apply(marked(2, "Bob", "room", 1))
    marks.apply(marked(3, "ann", "room", 2))
    again.load(dumped := marks.dump())
    marks.apply(marked(4, "Bob", "room", 3))
    marks.leave("Ann", "room")
    again.apply(marked(4, "ann", "pair/bob", 3))
    assert dumped == [("ann", {"room": 2}), ("bob", {"room": 1})]
    assert again.dump() == [("ann", {"room": 2, "pair/bob": 3}), ("bob", {"room": 1})]
    assert marks.dump() == [("bob", {"room": 3})]


@pytest.mark.parametrize("people", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("count_max", [1, 2, 3, 4, 100])
def test_a_dump_in_pieces_is_the_same_dump(people: int, count_max: int) -> None:
    dumped = [(f"n{number}", {f"pair/{other}": 1 for other in range(1 + number % 3)}) for number in range(people)]
    pieces = list(in_pieces(dumped, count_max))
    assert [one for piece in pieces for one in piece] == dumped
    assert all(sum(len(marks) for _, marks in piece[:-1]) < count_max for piece in pieces)
    assert all(sum(len(marks) for _, marks in piece) >= count_max for piece in pieces[:-1])


@pytest.mark.parametrize(
    ("change", "user", "members", "kept"),
    [
        ("left", "bob", ["Ann"], ["ann"]),
        ("kicked", "Bob", ["Ann"], ["ann"]),
        ("added", "Cy", ["Ann", "Bob", "Cy"], ["ann", "bob"]),
        ("owner", "Bob", ["Ann", "Bob"], ["ann", "bob"]),
        ("deleted", None, None, []),
    ],
)
def test_a_groups_marker_goes_with_who_leaves_it(
    change: str, user: str | None, members: list[str] | None, kept: list[str]
) -> None:
    state = ChatState()
    for seq, name in ((1, "Ann"), (2, "Bob")):
        state.apply(Entered(seq, 0, name, bytes([seq]) * 32))
    state.apply(GroupAltered(3, 0, "team", "created", "Ann", 3, None, ["Ann", "Bob"]))
    for seq, name in ((4, "Ann"), (5, "Bob")):
        assert state.apply(marked(seq, name, "group/3", 3)) == []
    state.apply(GroupAltered(6, 0, "TEAM", change, "Ann", 3, user, members))
    assert [name for name, _ in state.read_marks.dump()] == kept


def test_a_marker_makes_nothing_that_holds_of_names_and_groups_be_looked_up_again() -> None:
    state = ChatState()
    state.apply(Entered(1, 0, "Ann", bytes(32)))
    state.apply(marked(2, "Ann", "room", 1))
    assert (state.altered, state.seq) == (1, 2)


def test_markers_are_part_of_the_state_and_go_with_the_name() -> None:
    state, twin = ChatState(), ChatState()
    for one in (state, twin):
        one.apply(Entered(1, 0, "Ann", bytes(32)))
    written = msgspec.json.encode(state.snapshot())
    assert b"read_marks" not in written, "where there is nothing of it a state has the hash it had"
    state.apply(marked(2, "Ann", "room", 1))
    twin.apply(marked(2, "Ann", "room", 0))
    assert state.hash() != twin.hash()
    twin.restore(msgspec.json.decode(msgspec.json.encode(state.snapshot()), type=Snapshot))
    assert twin.hash() == state.hash()
    pieces, whole = state.written(), msgspec.json.encode(state.snapshot())
    state.apply(marked(3, "Ann", "room", 2))
    assert b"".join(pieces) == whole, "as it was when it was begun"
    for one in (state, twin):
        one.apply(Exited(one.seq + 1, 0, "Ann"))
        assert one.read_marks.get("Ann", "room")
        one.apply(Released(one.seq + 1, 0, "Ann"))
        assert one.read_marks.dump() == []
