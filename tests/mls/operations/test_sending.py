"""A member's own messages: what is kept, what is refused before it leaves."""

import pytest
from msgspec.structs import replace

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.encoding.structs import Extension
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import DEFAULT_CAPABILITIES, OwnKeyPackage
from reactor_chat.mls.messages import (
    Add,
    ByReference,
    CommitContent,
    ContentType,
    ExternalInit,
    GroupContextExtensions,
    Remove,
)
from reactor_chat.mls.operations import sending
from reactor_chat.mls.operations.receiving import open_message
from reactor_chat.mls.outcomes import ReceivedCommit
from reactor_chat.mls.suites import CLASSICAL
from tests.mls.people import Room, SeededEntropy, identity, key_package

RANDOM = SeededEntropy("sending")


def test_a_proposal_is_kept_as_everybody_keeps_it() -> None:
    """The same reference at the sender and at a receiver; the commit names it."""
    room = Room.of([b"alice", b"bob", b"carol"], RANDOM)
    proposed = room.members[b"alice"].propose(Remove(2), RANDOM)
    received = room.members[b"bob"].receive(proposed.message).group
    assert received is not None
    assert proposed.group.proposals == received.proposals
    pending = received.commit(RANDOM)
    content = open_message(proposed.group.state, pending.message, frozenset({ContentType.COMMIT})).authenticated.content
    assert isinstance(content.content, CommitContent)
    assert content.content.commit.proposals == (ByReference(received.proposals[0].reference),)


def test_only_so_many_proposals_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one beyond the limit is refused, ours as well as others' (attack 40)."""
    monkeypatch.setattr(sending, "PROPOSALS_KEPT_MAX", 3)
    room = Room.of([b"alice", b"bob"], RANDOM)
    alice, bob = room.members[b"alice"], room.members[b"bob"]
    for _ in range(3):
        proposed = alice.propose_update(RANDOM)
        alice, bob = proposed.group, bob.receive(proposed.message).group or bob
    assert len(bob.proposals) == 3
    with pytest.raises(MlsRefused):
        alice.propose_update(RANDOM)
    fresh = room.members[b"alice"].propose_update(RANDOM)
    with pytest.raises(MlsRefused):
        bob.receive(fresh.message)
    assert bob.commit(RANDOM).group.proposals == ()


def test_what_cannot_be_committed_is_not_proposed() -> None:
    """An invalid proposal is refused before anything is signed for others to see."""
    room = Room.of([b"alice", b"bob"], RANDOM)
    for bad in (Remove(7), ExternalInit(bytes(32))):
        with pytest.raises(MlsRefused):
            room.members[b"alice"].propose(bad, RANDOM)


def test_a_commit_without_a_path_keeps_the_old_key() -> None:
    """A new identity takes effect only with a path, for only then does the leaf change."""
    room = Room.of([b"alice", b"bob", b"carol"], RANDOM)
    alice = room.members[b"alice"]
    fresh = identity(b"alice again", RANDOM)
    with_path = alice.update(RANDOM, options=CommitOptions(identity=fresh)).group
    assert with_path.state.signing_key is fresh.signing_key
    pending = room.add(b"bob", [b"dave"])
    assert pending.group.state.signing_key is not fresh.signing_key


def test_an_update_without_its_keys() -> None:
    """An Update proposed as bare data, by whoever has its key: once committed, we cannot follow and are told so."""
    room = Room.of([b"alice", b"bob"], RANDOM)
    alice, bob = room.members[b"alice"], room.members[b"bob"]
    update = alice.propose_update(RANDOM).group.proposals[-1].proposal
    proposed = alice.propose(update, RANDOM)
    received = bob.receive(proposed.message).group
    assert received is not None
    with pytest.raises(MlsRefused, match="whose keys we do not have"):
        proposed.group.receive(received.commit(RANDOM).message)


def test_an_own_update_survives_only_its_epoch() -> None:
    """Its private key is kept until a commit, and forgotten with it if it was not covered."""
    room = Room.of([b"alice", b"bob"], RANDOM)
    proposed = room.members[b"alice"].propose_update(RANDOM)
    assert len(proposed.group.state.own_updates) == 1
    room.members[b"alice"] = proposed.group
    room.accept(b"bob", room.members[b"bob"].update(RANDOM))
    assert not room.members[b"alice"].state.own_updates
    assert not room.members[b"alice"].proposals
    room.check_agreement()


def test_an_extension_of_ones_own_in_the_context() -> None:
    """Set with the group, replaced in the same commit that adds and removes, seen by who stays and by who comes."""
    random, number = SeededEntropy("list"), 0xF0C5
    listed = replace(DEFAULT_CAPABILITIES, extensions=(number,))
    alice, bob, carol, dave = (
        OwnKeyPackage.generate(CLASSICAL, identity(name, random, capabilities=listed), random)
        for name in (b"alice", b"bob", b"carol", b"dave")
    )
    founded = Group.create(alice, b"group", random, (Extension(number, b"1"), Extension(1, b"kept")))
    first = founded.add([bob.package, carol.package], random)
    assert first.welcome is not None
    bobs, carols = (Group.join(first.welcome, own) for own in (bob, carol))
    change = GroupContextExtensions((Extension(number, b"2"), Extension(1, b"kept")))
    second = first.group.commit(random, [Remove(carols.own_leaf), Add(dave.package), change])
    assert second.welcome is not None
    received, gone = bobs.receive(second.message), carols.receive(second.message)
    assert isinstance(received, ReceivedCommit)
    assert isinstance(gone, ReceivedCommit)
    assert [entry.proposal for entry in received.proposals][-1] == change
    assert received.group is not None
    assert gone.group is None
    daves = Group.join(second.welcome, dave)
    assert received.group.context.extensions == daves.context.extensions == change.extensions
    third = daves.commit(random, [GroupContextExtensions((Extension(number, b"3"),))])
    by_others = received.group.receive(third.message).group
    assert by_others is not None
    assert by_others.context.extensions == (Extension(number, b"3"),), "what is not repeated is gone"
    stranger = key_package(b"eve", random).package
    with pytest.raises(MlsRefused):
        third.group.add([stranger], random)
    with pytest.raises(MlsRefused):
        third.group.commit(random, [change, change])
