"""A group stored in two parts is the group; what moved is all that has to be written; nothing leads back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.errors import MlsError, MlsMalformed
from reactor_chat.mls.group import Group
from reactor_chat.mls.increments import NODES, fixed, joined, moved, moving
from reactor_chat.mls.tree.secrettree import RatchetKind
from tests.mls.people import Room, SeededEntropy

RANDOM = SeededEntropy("increments")
NAMES = [b"ann", b"bob", b"cid", b"dan", b"eve"]
ROOM = Room.of(NAMES, RANDOM)


@given(st.lists(st.sampled_from(range(len(NAMES))), max_size=12))
def test_writing_what_moved_is_as_good_as_writing_everything(senders: list[int]) -> None:
    groups = dict(enumerate(ROOM.members.values()))
    stored, rows = fixed(groups[0]), moving(groups[0])
    for sender in senders:
        before = groups[0]
        sent = groups[sender].protect(b"hi", RANDOM)
        groups[sender] = sent.group
        if sender != 0:
            groups[0] = groups[0].unprotect(sent.message).group
        rows |= moved(before, groups[0], sender)
        assert joined(stored, rows) == groups[0]


def test_a_commit_of_ours_moves_the_other_ratchet() -> None:
    group = ROOM.members[b"bob"]
    pending = group.update(RANDOM)
    assert pending.unaccepted is not None
    rows = moving(group) | moved(group, pending.unaccepted, group.own_leaf, RatchetKind.HANDSHAKE)
    assert joined(fixed(group), rows) == pending.unaccepted


def test_what_is_written_later_leads_to_nothing_said_before() -> None:
    ann, bob = ROOM.members[b"ann"], ROOM.members[b"bob"]
    sent = ann.protect(b"secret", RANDOM)
    after = bob.unprotect(sent.message).group
    again = joined(fixed(bob), moving(bob) | moved(bob, after, ann.own_leaf))
    with pytest.raises(MlsError):
        again.unprotect(sent.message)
    assert fixed(bob) == fixed(after), "the part that stays holds nothing that moves"


def test_one_message_costs_few_bytes() -> None:
    ann, bob = ROOM.members[b"ann"], ROOM.members[b"bob"]
    first = ann.protect(b"one", RANDOM)
    opened = bob.unprotect(first.message).group
    second = opened.unprotect(first.group.protect(b"two", RANDOM).message).group
    rows = moved(opened, second, ann.own_leaf)
    assert list(rows) == [f"{ann.own_leaf}.1"]
    assert sum(map(len, rows.values())) == 36


@pytest.mark.parametrize(
    "bend",
    [
        lambda rows: {name: row for name, row in rows.items() if name != NODES},
        lambda rows: rows | {"x": b"\0" * 36},
        lambda rows: rows | {"0.7": b"\0" * 36},
        lambda rows: rows | {"0.1": b"\0\0\0\0"},
        lambda rows: rows | {NODES: rows[NODES] + b"\0\0"},
        lambda rows: rows | {NODES: b"\0\0\0\1\xff"},
    ],
)
def test_rows_that_are_none(bend) -> None:  # type: ignore[no-untyped-def]
    group: Group = ROOM.members[b"cid"]
    with pytest.raises(MlsMalformed):
        joined(fixed(group), bend(moving(group)))
