"""What is stored comes back the same, in every situation a member can be in; what is not ours is refused."""

import pytest

from reactor_chat.errors import MlsError, MlsMalformed, MlsRefused
from reactor_chat.mls.group import Group
from reactor_chat.mls.messages import Add, ExternalPsk, PreSharedKey, PreSharedKeyID, ReInit, Remove
from reactor_chat.mls.storage import STORED_VERSION
from reactor_chat.mls.suites import HYBRID, SUITES
from tests.mls.people import Room, SeededEntropy, key_package


@pytest.mark.parametrize("suite_number", SUITES)
def test_every_situation(suite_number: int) -> None:
    """Fresh, after messages, with proposals of every kind, with an update of its own, remembering, closed."""
    room = Room.of([b"alice", b"bob", b"carol"], SeededEntropy(("storage", suite_number)), suite_number)
    random, alice, bob = room.random, room.members[b"alice"], room.members[b"bob"]
    spoken = alice.protect(b"x", random)
    read = bob.unprotect(spoken.message).group
    updating = bob.propose_update(random).group
    for proposal in (
        Add(key_package(b"dave", random, suite_number).package),
        Remove(0),
        PreSharedKey(PreSharedKeyID(ExternalPsk(b"key"), random(alice.suite.hash_bytes))),
        ReInit(b"next", 1, 1, ()),
    ):
        updating = updating.propose(proposal, random).group
    closed = alice.commit(random, [ReInit(b"next", 1, 1, ())]).group
    remembering = alice.keeping_resumption(5).update(random).group.update(random).group
    assert len(remembering.state.resumption_psks) == 3
    for group in (alice, spoken.group, read, updating, closed, remembering):
        stored = group.serialize()
        again = Group.deserialize(stored)
        assert again == group
        assert again.serialize() == stored
        assert hash(again) == hash(group)
        assert stored[0] == STORED_VERSION
    assert alice != spoken.group
    assert alice != b"something else"


def test_a_loaded_group_goes_on_where_it_was() -> None:
    """The same commit from the same entropy, and the next message has the next generation."""
    room = Room.of([b"alice", b"bob"], SeededEntropy("goes on"))
    alice, bob = room.members[b"alice"], room.members[b"bob"]
    sent = alice.protect(b"one", room.random)
    again = Group.deserialize(sent.group.serialize())
    assert again.update(SeededEntropy(1)).message == sent.group.update(SeededEntropy(1)).message
    second = again.protect(b"two", room.random)
    assert bob.unprotect(sent.message).group.unprotect(second.message).generation == 1


def test_other_versions_and_pieces() -> None:
    """Another version byte is refused, anything cut or longer is malformed, nothing is not a group."""
    stored = Room.of([b"alice", b"bob"], SeededEntropy("pieces")).members[b"alice"].serialize()
    with pytest.raises(MlsRefused):
        Group.deserialize(bytes((STORED_VERSION + 1,)) + stored[1:])
    with pytest.raises(MlsRefused):
        Group.deserialize(b"")
    for end in range(1, len(stored), 7):
        with pytest.raises(MlsMalformed):
            Group.deserialize(stored[:end])
    with pytest.raises(MlsMalformed):
        Group.deserialize(stored + b"\x00")


def test_parts_that_do_not_belong_together() -> None:
    """The tree of another group, or a bit of it, under this group's context."""
    room = Room.of([b"alice", b"bob"], SeededEntropy("together"), HYBRID)
    stored = room.members[b"alice"].serialize()
    tree = room.members[b"alice"].ratchet_tree()
    place = stored.index(tree)
    for offset in (100, 700, 1300):
        bent = bytearray(stored)
        bent[place + offset] ^= 1
        with pytest.raises(MlsError):
            Group.deserialize(bytes(bent))
