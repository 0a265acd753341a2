"""Parties outside: joining by one's own commit, coming back, proposing."""

import pytest
from msgspec.structs import replace

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.encoding.structs import (
    BasicCredential,
    Extension,
    ExtensionType,
    ExternalPub,
    ExternalSender,
    ExternalSenders,
)
from reactor_chat.mls.epoch.state import PskSecrets
from reactor_chat.mls.framing import open_envelope
from reactor_chat.mls.group import Group
from reactor_chat.mls.messages import (
    Add,
    ExternalPsk,
    GroupContextExtensions,
    GroupInfo,
    MLSMessage,
    NewMemberCommit,
    OutsideSender,
    PreSharedKeyID,
    Remove,
    Update,
)
from reactor_chat.mls.operations.outside import ExternalJoin, propose_externally, propose_to_be_added
from reactor_chat.mls.outcomes import ReceivedCommit
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.suites import CLASSICAL, HYBRID, SUITES
from tests.mls.people import Room, SeededEntropy, key_package


def room(suite_number: int = CLASSICAL) -> Room:
    """Return a group of three."""
    return Room.of([b"alice", b"bob", b"carol"], SeededEntropy(("outside", suite_number)), suite_number)


@pytest.mark.parametrize("suite_number", [CLASSICAL, HYBRID])
@pytest.mark.parametrize("with_tree", [True, False])
def test_joining_by_oneself(suite_number: int, with_tree: bool) -> None:  # noqa: FBT001 - both ways
    """A newcomer joins; everybody follows; the tree may come separately."""
    all_of = room(suite_number)
    alice, random = all_of.members[b"alice"], all_of.random
    join = ExternalJoin(encoded_tree=None if with_tree else alice.ratchet_tree())
    info = alice.group_info(with_tree=with_tree)
    pending = Group.join_externally(info, key_package(b"dave", random, suite_number), random, join)
    received = all_of.members[b"bob"].receive(pending.message)
    assert isinstance(received, ReceivedCommit)
    assert received.sender == NewMemberCommit()
    all_of.accept(b"nobody", pending)
    all_of.members[b"dave"] = pending.group
    all_of.check_agreement()
    all_of.accept(b"dave", pending.group.update(random))
    all_of.check_agreement()


def test_coming_back() -> None:
    """A member that lost its state replaces its old self; the old self is told that it is out."""
    all_of = room()
    random, bob = all_of.random, all_of.members[b"bob"]
    join = ExternalJoin(resync=bob.own_leaf)
    own = key_package(b"bob", random)
    pending = Group.join_externally(all_of.members[b"alice"].group_info(), own, random, join)
    assert pending.group.own_leaf == bob.own_leaf
    old_self = bob.receive(pending.message)
    assert isinstance(old_self, ReceivedCommit)
    assert old_self.group is None
    del all_of.members[b"bob"]
    all_of.accept(b"nobody", pending)
    all_of.members[b"bob"] = pending.group
    all_of.check_agreement()


def test_joining_with_a_key() -> None:
    """An external commit may ask for a pre-shared key; who lacks it cannot follow."""
    all_of = room()
    random, name = all_of.random, ExternalPsk(b"key")
    secrets: PskSecrets = {name: b"secret"}
    join = ExternalJoin(psks=(PreSharedKeyID(name, random(32)),), psk_secrets=secrets)
    pending = Group.join_externally(all_of.members[b"alice"].group_info(), key_package(b"dave", random), random, join)
    assert "secret'" not in repr(join)
    with pytest.raises(MlsRefused):
        all_of.members[b"bob"].receive(pending.message)
    all_of.accept(b"nobody", pending, secrets)
    all_of.members[b"dave"] = pending.group
    all_of.check_agreement()
    bare = replace(join, psk_secrets=None)
    with pytest.raises(MlsRefused):
        Group.join_externally(all_of.members[b"alice"].group_info(), key_package(b"erin", random), random, bare)


def test_an_invitation_holds_once() -> None:
    """After any commit the GroupInfo leads nowhere; two who use it at once cannot both come in."""
    all_of = room()
    random, info = all_of.random, all_of.members[b"alice"].group_info()
    first, second = (Group.join_externally(info, key_package(name, random), random) for name in (b"dave", b"erin"))
    all_of.accept(b"nobody", first)
    with pytest.raises(MlsRefused):
        all_of.members[b"bob"].receive(second.message)


def test_invitations_that_are_none() -> None:
    """Without an external key, with a low-order one, for another suite, bent, or something else altogether."""
    all_of = room()
    alice, random = all_of.members[b"alice"], all_of.random
    dave = key_package(b"dave", random)
    info = open_envelope(alice.group_info()).body
    assert isinstance(info, GroupInfo)
    key = alice.state.signing_key

    def signed(changed: GroupInfo) -> bytes:
        signature = alice.suite.sign_with_label(key, b"GroupInfoTBS", changed.to_be_signed())
        return MLSMessage(1, replace(changed, signature=signature)).encode()

    others = tuple(e for e in info.extensions if e.extension_type != ExtensionType.EXTERNAL_PUB)
    low_order = Extension(ExtensionType.EXTERNAL_PUB, ExternalPub(bytes(32)).encode())
    Group.join_externally(signed(info), dave, random)
    for bad in (
        signed(replace(info, extensions=others)),
        signed(replace(info, extensions=(low_order, *others))),
        signed(replace(info, signer=1)),
        signed(replace(info, signer=77)),
        MLSMessage(1, replace(info, signature=bytes(64))).encode(),
        alice.group_info(with_tree=False),
        dave.message,
    ):
        with pytest.raises(MlsRefused):
            Group.join_externally(bad, dave, random)
    with pytest.raises(MlsRefused):
        Group.join_externally(alice.group_info(), key_package(b"dave", random, 3), random)


def with_outsider(all_of: Room, key: SigningKey) -> None:
    """Let the group name a party that may propose."""
    sender = ExternalSender(key.public_key, BasicCredential(b"a service"))
    listed = Extension(ExtensionType.EXTERNAL_SENDERS, ExternalSenders((sender,)).encode())
    pending = all_of.members[b"alice"].commit(all_of.random, [GroupContextExtensions((listed,))])
    all_of.accept(b"alice", pending)


def test_a_service_proposes() -> None:
    """Listed in the context, it may propose to add and to remove; any member commits."""
    all_of = room()
    key = SigningKey.generate(SUITES[CLASSICAL].signature, all_of.random)
    with_outsider(all_of, key)
    alice, random = all_of.members[b"alice"], all_of.random
    place = (alice.group_id, alice.epoch)
    dave = key_package(b"dave", random)
    messages = [propose_externally(CLASSICAL, place, 0, key, p) for p in (Remove(2), Add(dave.package))]
    for message in messages:
        for name, group in all_of.members.items():
            all_of.members[name] = group.receive(message).group or group
    assert all_of.members[b"bob"].proposals[0].sender == OutsideSender(0)
    pending = all_of.members[b"bob"].commit(random)
    all_of.accept(b"bob", pending)
    assert set(all_of.members) == {b"alice", b"bob"}
    assert pending.welcome is not None
    all_of.members[b"dave"] = Group.join(pending.welcome, dave)
    all_of.check_agreement()


def test_a_service_that_may_not() -> None:
    """Not listed, another key, another place in the list, an Update, an old epoch."""
    all_of = room()
    random = all_of.random
    key, other = (SigningKey.generate(SUITES[CLASSICAL].signature, random) for _ in range(2))
    bob = all_of.members[b"bob"]
    place = (bob.group_id, bob.epoch)
    with pytest.raises(MlsRefused):
        bob.receive(propose_externally(CLASSICAL, place, 0, key, Remove(2)))
    with_outsider(all_of, key)
    bob = all_of.members[b"bob"]
    now = (bob.group_id, bob.epoch)
    bob.receive(propose_externally(CLASSICAL, now, 0, key, Remove(2)))
    update = bob.propose_update(random).group.proposals[-1].proposal
    assert isinstance(update, Update)
    for bad in (
        propose_externally(CLASSICAL, now, 0, other, Remove(2)),
        propose_externally(CLASSICAL, now, 1, key, Remove(2)),
        propose_externally(CLASSICAL, place, 0, key, Remove(2)),
        propose_externally(CLASSICAL, now, 0, key, update),
        propose_externally(CLASSICAL, now, 0, key, Remove(9)),
    ):
        with pytest.raises(MlsRefused):
            bob.receive(bad)


def test_a_newcomer_proposes_itself() -> None:
    """Signed with its own key, committed by a member; a bent copy is refused."""
    all_of = room()
    alice, random = all_of.members[b"alice"], all_of.random
    dave = key_package(b"dave", random)
    message = propose_to_be_added((alice.group_id, alice.epoch), dave)
    with pytest.raises(MlsRefused):
        alice.receive(message[:-1] + bytes((message[-1] ^ 1,)))
    for name, group in all_of.members.items():
        all_of.members[name] = group.receive(message).group or group
    pending = all_of.members[b"carol"].commit(random, options=CommitOptions(encrypt=False))
    all_of.accept(b"carol", pending)
    assert pending.welcome is not None
    all_of.members[b"dave"] = Group.join(pending.welcome, dave)
    all_of.check_agreement()
