"""What operations give back: a new group each, the old one beside it unchanged, and nothing said in the open."""

import pytest

from reactor_chat.mls import outcomes
from reactor_chat.mls.group import Group
from tests.mls.people import Room, SeededEntropy, key_package

RANDOM = SeededEntropy("outcomes")
ROOM = Room.of([b"alice", b"bob"], RANDOM)
ALICE, BOB = ROOM.members[b"alice"], ROOM.members[b"bob"]
OWN = key_package(b"carol", RANDOM)
PENDING = ALICE.add([OWN.package], RANDOM)
SENT = ALICE.protect(b"what was said", RANDOM)
RESULTS = [
    PENDING,
    SENT,
    BOB.unprotect(SENT.message),
    BOB.receive(ALICE.propose_update(RANDOM).message),
    BOB.receive(PENDING.message),
    Group.open_welcome(PENDING.welcome or b"", OWN),
]


def test_every_kind_is_here() -> None:
    """All that the module defines."""
    kinds = {
        value for value in vars(outcomes).values() if isinstance(value, type) and value.__module__ == outcomes.__name__
    }
    assert {type(result) for result in RESULTS} == kinds


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: type(result).__name__)
def test_a_group_beside_the_result(result: outcomes.PendingCommit) -> None:
    """Another one than the one asked, and nothing that was said in its representation."""
    assert "group" in result.__struct_fields__
    assert result.group not in (ALICE, BOB)
    assert "what was said" not in repr(result)
