"""The public face: a group is a value, keys are used once, and only members with all the keys can follow."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, astuple, replace

from reactor_chat.errors import MlsError, MlsMalformed, MlsRefused
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.encoding.structs import BasicCredential, Extension
from reactor_chat.mls.epoch.state import PskSecrets
from reactor_chat.mls.group import EXPORT_BYTES_MAX, Group
from reactor_chat.mls.messages import (
    Add,
    ContentType,
    ExternalPsk,
    GroupContextExtensions,
    MemberSender,
    PreSharedKey,
    PreSharedKeyID,
    ReInit,
    Remove,
    ResumptionUsage,
)
from reactor_chat.mls.operations.receiving import open_message
from reactor_chat.mls.outcomes import ReceivedCommit, ReceivedProposal
from reactor_chat.mls.suites import CLASSICAL, HYBRID, SUITES
from tests.mls.grown import grown_group
from tests.mls.people import Room, SeededEntropy, identity, key_package

ALICE, BOB, CAROL = b"alice", b"bob", b"carol"
IN_THE_OPEN = CommitOptions(encrypt=False)


def room(seed: object, suite_number: int = CLASSICAL, names: tuple[bytes, ...] = (ALICE, BOB, CAROL)) -> Room:
    """Return a group of three."""
    return Room.of(names, SeededEntropy(("room", seed)), suite_number)


def refused(action: Callable[[], object], error: type[MlsError] = MlsRefused) -> None:
    """Assert that something is refused with exactly this error."""
    with pytest.raises(error) as caught:
        action()
    assert type(caught.value) is error


@pytest.mark.parametrize("suite_number", SUITES)
def test_a_life_in_every_suite(suite_number: int) -> None:
    """Create, add, speak, refresh, propose, remove, join externally, store; everybody agrees all the way."""
    all_of = room("life", suite_number)
    random = all_of.random
    all_of.check_agreement()
    all_of.accept(BOB, all_of.members[BOB].update(random))
    all_of.check_agreement()
    sent = all_of.members[CAROL].protect(b"hello", random)
    all_of.members[CAROL] = sent.group
    opened = all_of.members[ALICE].unprotect(sent.message)
    assert (opened.data, opened.sender, opened.generation) == (b"hello", 2, 0)
    proposed = all_of.members[CAROL].propose_update(random)
    all_of.members[CAROL] = proposed.group
    for name in (ALICE, BOB):
        received = all_of.members[name].receive(proposed.message)
        assert isinstance(received, ReceivedProposal)
        all_of.members[name] = received.group
    all_of.accept(ALICE, all_of.members[ALICE].commit(random))
    all_of.check_agreement()
    all_of.accept(ALICE, all_of.members[ALICE].remove([1], random, options=IN_THE_OPEN))
    assert set(all_of.members) == {ALICE, CAROL}
    joined = Group.join_externally(
        all_of.members[ALICE].group_info(), key_package(b"dave", random, suite_number), random
    )
    for name in (ALICE, CAROL):
        after = all_of.members[name].receive(joined.message).group
        assert after is not None
        all_of.members[name] = Group.deserialize(after.serialize())
    all_of.members[b"dave"] = joined.group
    all_of.check_agreement()


def test_making_a_commit_changes_nothing() -> None:
    """Nor do all other ways to make a message: the group that made it is as it was, and makes it again."""
    members = room("value").members
    alice, random = members[ALICE], SeededEntropy("value")
    before = alice.serialize()
    package = key_package(b"dave", random).package
    actions: list[Callable[[], object]] = [
        lambda: alice.update(random),
        lambda: alice.add([package], random),
        lambda: alice.remove([1], random),
        lambda: alice.commit(random, [Add(package), Remove(2)], options=IN_THE_OPEN),
        lambda: alice.propose(Remove(1), random),
        lambda: alice.propose_update(random),
        lambda: alice.protect(b"data", random),
        lambda: alice.receive(members[BOB].update(random).message),
        lambda: alice.unprotect(members[BOB].protect(b"data", random).message),
        alice.group_info,
        lambda: alice.export(b"label", b"", 32),
        lambda: alice.keeping_resumption(3),
    ]
    for action in actions:
        action()
        assert alice.serialize() == before
    repeated = [members[ALICE].update(SeededEntropy("same")).message for _ in range(2)]
    assert repeated[0] == repeated[1]


def bent(message: bytes) -> list[bytes]:
    """Return copies of a message with one bit changed, all over it."""
    return [
        message[:place] + bytes((message[place] ^ (1 << place % 8),)) + message[place + 1 :]
        for place in range(0, len(message), max(1, len(message) // 150))
    ]


@pytest.mark.parametrize("encrypt", [True, False])
def test_a_failed_receive_changes_nothing(encrypt: bool) -> None:  # noqa: FBT001 - both forms
    """Tampered commits and proposals are refused, every byte of state stays, and then the genuine one is followed."""
    members = room(("failed", encrypt)).members
    alice, bob, random = members[ALICE], members[BOB], SeededEntropy("failed")
    before = bob.serialize()
    for genuine in (
        alice.update(random, options=CommitOptions(encrypt=encrypt)).message,
        alice.propose(Remove(2), random, encrypt=encrypt).message,
    ):
        for copy in bent(genuine):
            with pytest.raises(MlsError):
                bob.receive(copy)
            assert bob.serialize() == before
        bob.receive(genuine)


def test_a_tampered_copy_does_not_use_up_the_key() -> None:
    """Tampered first, genuine second: the genuine opens, once (attack 23)."""
    members = room("poison").members
    sent = members[ALICE].protect(b"genuine", SeededEntropy(1))
    bob = members[BOB]
    for copy in bent(sent.message):
        with pytest.raises(MlsError):
            bob.unprotect(copy)
    opened = bob.unprotect(sent.message)
    assert opened.data == b"genuine"
    refused(lambda: opened.group.unprotect(sent.message))


def test_a_key_is_not_used_up_by_a_bad_signature() -> None:
    """An insider's message under somebody else's ratchet is refused, and the genuine one still opens (attack 24)."""
    members = room("signature").members
    alice, bob, carol = (members[name] for name in (ALICE, BOB, CAROL))
    disguised = Group(replace(carol.state, own_leaf=alice.own_leaf, secret_tree=alice.state.secret_tree))
    forged = disguised.protect(b"as alice", SeededEntropy(1))
    genuine = alice.protect(b"alice", SeededEntropy(2))
    refused(lambda: bob.unprotect(forged.message))
    assert bob.unprotect(genuine.message).data == b"alice"


def test_order_within_a_sender() -> None:
    """A message passed over is lost: its key is gone when a later one was read; the gap can be seen."""
    members = room("order").members
    first = members[ALICE].protect(b"first", SeededEntropy(1))
    second = first.group.protect(b"second", SeededEntropy(2))
    opened = members[BOB].unprotect(second.message)
    assert opened.generation == 1
    refused(lambda: opened.group.unprotect(first.message))
    in_order = members[BOB].unprotect(first.message).group.unprotect(second.message)
    assert in_order.data == b"second"


def test_old_epochs_are_gone() -> None:
    """After a commit nothing of the old epoch opens, and no old secret is left in what is stored (attacks 12, 13)."""
    all_of = room("epochs")
    alice, bob = all_of.members[ALICE], all_of.members[BOB]
    sent = alice.protect(b"before", all_of.random)
    late_commit = bob.update(all_of.random)
    all_of.accept(ALICE, alice.update(all_of.random))
    after = all_of.members[BOB]
    refused(lambda: after.unprotect(sent.message))
    refused(lambda: all_of.members[CAROL].receive(late_commit.message))
    old, stored = bob.state, after.serialize()
    secrets = [value for name, value in asdict(old.secrets).items() if name != "encryption_secret"]
    secrets += [ratchet.secret for ratchet in old.secret_tree.ratchets.values()]
    secrets += list(old.secret_tree.node_secrets.values())
    assert all(secret not in stored for secret in secrets)
    assert old.secrets.encryption_secret == b""


def test_a_copied_state_heals() -> None:
    """Whoever copied a member's whole state cannot follow once that member renewed its keys (attack 12)."""
    all_of = room("heal")
    stolen = Group.deserialize(all_of.members[BOB].serialize())
    all_of.accept(BOB, all_of.members[BOB].update(all_of.random))
    refused(lambda: stolen.receive(all_of.members[ALICE].update(all_of.random).message))
    sent = all_of.members[ALICE].protect(b"healed", all_of.random)
    refused(lambda: stolen.unprotect(sent.message))


def test_the_removed_and_the_new_are_locked_out() -> None:
    """Who left reads nothing after, with all the keys it ever had; who came reads nothing before (attacks 10, 11)."""
    all_of = room("locked")
    before = all_of.members[ALICE].protect(b"before", all_of.random)
    all_of.members[ALICE] = before.group
    carol = all_of.members[CAROL]
    pending = all_of.members[ALICE].remove([carol.own_leaf], all_of.random)
    received = carol.receive(pending.message)
    assert isinstance(received, ReceivedCommit)
    assert received.group is None
    all_of.accept(ALICE, pending)
    all_of.add(BOB, [b"dave"])
    after = all_of.members[ALICE].protect(b"after", all_of.random)
    refused(lambda: carol.unprotect(after.message))
    refused(lambda: all_of.members[b"dave"].unprotect(before.message))
    assert all_of.members[b"dave"].unprotect(after.message).data == b"after"


def test_pre_shared_keys_lock_out() -> None:
    """Without the key a member cannot follow, nor a newcomer enter; with it, and in order, both do (attack 14)."""
    all_of = room("psk")
    name = ExternalPsk(b"passphrase")
    secrets: PskSecrets = {name: b"five random words"}
    alice, bob, random = all_of.members[ALICE], all_of.members[BOB], all_of.random
    dave = key_package(b"dave", random)
    psk = PreSharedKey(PreSharedKeyID(name, random(32)))
    refused(lambda: alice.commit(random, [psk, Add(dave.package)]))
    pending = alice.commit(random, [psk, Add(dave.package)], psks=secrets)
    assert pending.welcome is not None
    welcome = pending.welcome
    for wrong in ({}, {name: b"another"}, {ExternalPsk(b"other"): b"five random words"}):
        refused(lambda wrong=wrong: bob.receive(pending.message, psks=wrong))  # type: ignore[misc]
        refused(lambda wrong=wrong: Group.join(welcome, dave, psks=wrong))  # type: ignore[misc]
    after = bob.receive(pending.message, psks=secrets).group
    assert after is not None
    assert after.epoch_authenticator == Group.join(welcome, dave, psks=secrets).epoch_authenticator


def test_resumption_keys() -> None:
    """The current epoch's is always at hand; earlier ones only where they are kept."""
    all_of = room("resumption")
    random = all_of.random
    all_of.members = {name: group.keeping_resumption(1) for name, group in all_of.members.items()}
    (name,) = all_of.members[ALICE].psk()
    all_of.accept(ALICE, all_of.members[ALICE].update(random))
    psk = PreSharedKey(PreSharedKeyID(name, random(32)))
    all_of.accept(BOB, all_of.members[BOB].commit(random, [psk]))
    all_of.check_agreement()
    refused(lambda: all_of.members[BOB].commit(random, [psk]))
    forgetful = {group_name: group.keeping_resumption(0) for group_name, group in all_of.members.items()}
    (name,) = forgetful[ALICE].psk()
    assert len(Group.deserialize(forgetful[ALICE].serialize()).update(random).group.state.resumption_psks) == 1


def test_messages_of_elsewhere() -> None:
    """Another group, another kind, our own: refused before any key is touched."""
    here, there = room("here").members, room("there").members
    random = SeededEntropy("elsewhere")
    alice, bob = here[ALICE], here[BOB]
    refused(lambda: bob.unprotect(there[ALICE].protect(b"x", random).message))
    refused(lambda: bob.receive(there[ALICE].update(random).message))
    refused(lambda: bob.receive(alice.protect(b"x", random).message))
    refused(lambda: bob.unprotect(alice.update(random).message))
    refused(lambda: bob.unprotect(alice.update(random, options=IN_THE_OPEN).message))
    refused(lambda: alice.receive(alice.update(random).message))
    refused(lambda: alice.receive(alice.update(random, options=IN_THE_OPEN).message))
    refused(lambda: alice.unprotect(alice.protect(b"x", random).message))
    refused(lambda: bob.receive(alice.group_info()))
    refused(lambda: bob.receive(b""), MlsMalformed)
    refused(lambda: Group.join(alice.group_info(), key_package(b"x", random)))
    refused(lambda: Group.join_externally(key_package(b"x", random).message, key_package(b"x", random), random))


def test_proposals_before_messages() -> None:
    """Who has seen a proposal of another commits before speaking (RFC 9420 §12.4); a proposal comes once."""
    members = room("waiting").members
    random = SeededEntropy("waiting")
    proposed = members[ALICE].propose(Remove(2), random, encrypt=False)
    bob = members[BOB].receive(proposed.message).group
    assert bob is not None
    assert [entry.sender for entry in bob.proposals] == [MemberSender(0)]
    refused(lambda: bob.protect(b"x", random))
    refused(lambda: bob.receive(proposed.message))
    proposed.group.protect(b"x", random)
    bob.commit(random).group.protect(b"x", random)
    alone = bob.commit(random, options=CommitOptions(include_received=False))
    assert 2 in alone.group.members


def test_a_new_identity() -> None:
    """A commit may change credential and signature key; what follows is signed with the new one."""
    all_of = room("identity")
    random = all_of.random
    renamed = identity(b"alice the second", random)
    all_of.accept(ALICE, all_of.members[ALICE].update(random, options=CommitOptions(identity=renamed)))
    all_of.check_agreement()
    assert all_of.members[BOB].members[0].credential == BasicCredential(b"alice the second")
    assert all_of.members[BOB].members[0].signature_key == renamed.signing_key.public_key
    sent = Group.deserialize(all_of.members[ALICE].serialize()).protect(b"new", random)
    assert all_of.members[BOB].unprotect(sent.message).data == b"new"
    proposed = all_of.members[BOB].propose_update(random, identity(b"bob the second", random))
    all_of.members[BOB] = Group.deserialize(proposed.group.serialize())
    for name in (ALICE, CAROL):
        all_of.members[name] = all_of.members[name].receive(proposed.message).group or all_of.members[name]
    all_of.accept(CAROL, all_of.members[CAROL].commit(random))
    all_of.check_agreement()
    sent = all_of.members[BOB].protect(b"new", random)
    assert all_of.members[ALICE].unprotect(sent.message).data == b"new"


def test_two_commits_in_one_epoch_use_two_keys() -> None:
    """A commit nobody accepted, then another: the second does not encrypt under the first one's key (attack 37)."""
    members = room("twice").members
    first = members[ALICE].update(SeededEntropy(1))
    assert first.unaccepted is not None
    second = first.unaccepted.update(SeededEntropy(2))
    bob = members[BOB]
    generations = [
        open_message(bob.state, pending.message, frozenset({ContentType.COMMIT})).generation
        for pending in (first, second)
    ]
    assert generations == [0, 1]
    after = bob.receive(second.message).group
    assert after is not None
    assert after.epoch_authenticator == second.group.epoch_authenticator
    in_the_open = members[ALICE].update(SeededEntropy(3), options=IN_THE_OPEN)
    assert in_the_open.unaccepted == members[ALICE]


def test_authenticated_data_is_readable_and_bound() -> None:
    """Anyone can read it on the way; it arrives as it was sent, with messages, proposals and commits."""
    members = room("data").members
    alice, bob, random = members[ALICE], members[BOB], SeededEntropy("data")
    sent = alice.protect(b"secret", random, authenticated_data=b"readable")
    assert b"readable" in sent.message
    assert b"secret" not in sent.message
    assert bob.unprotect(sent.message).authenticated_data == b"readable"
    refused(lambda: bob.unprotect(sent.message.replace(b"readable", b"writable")))
    pending = alice.update(random, options=CommitOptions(authenticated_data=b"with a commit"))
    assert bob.receive(pending.message).authenticated_data == b"with a commit"
    proposed = alice.propose(Remove(2), random, authenticated_data=b"with a proposal")
    assert bob.receive(proposed.message).authenticated_data == b"with a proposal"
    refused(lambda: alice.protect(b"", random, authenticated_data=bytes(65537)), MlsMalformed)
    refused(lambda: alice.protect(bytes(2**20 + 1), random), MlsMalformed)
    refused(lambda: alice.export(b"", b"", EXPORT_BYTES_MAX + 1), MlsMalformed)


def test_what_a_commit_reports() -> None:
    """Who committed and what, so that a policy can be applied before the new group is adopted."""
    members = room("report").members
    random = SeededEntropy("report")
    package = key_package(b"dave", random).package
    pending = members[ALICE].commit(random, [Add(package), Remove(1)])
    received = members[CAROL].receive(pending.message)
    assert isinstance(received, ReceivedCommit)
    assert received.sender == MemberSender(0)
    assert [entry.proposal for entry in received.proposals] == [Add(package), Remove(1)]
    assert received.group is not None
    assert received.group.members[1] == package.leaf_node


def test_a_context_all_must_support() -> None:
    """An extension of the GroupContext that a member or newcomer does not list cannot be introduced by us."""
    members = room("context").members
    random = SeededEntropy("context")
    change = GroupContextExtensions((Extension(0x7777, b"salt"),))
    refused(lambda: members[ALICE].commit(random, [change]))
    refused(lambda: members[ALICE].propose(change, random))
    known = GroupContextExtensions((Extension(1, b"application id"),))
    pending = members[ALICE].commit(random, [known])
    assert pending.group.context.extensions == known.extensions
    after = members[BOB].receive(pending.message).group
    assert after is not None
    assert after.context == pending.group.context


def test_nothing_secret_is_shown() -> None:
    """Not by the group, its parts, its results or its exceptions."""
    members = room("shown").members
    alice, bob, random = members[ALICE], members[BOB], SeededEntropy("shown")
    pending, sent, proposed = alice.update(random), alice.protect(b"plain words", random), bob.propose_update(random)
    opened = bob.unprotect(sent.message)
    results = (alice, alice.state, alice.state.secrets, alice.state.secret_tree, pending, sent, proposed, opened)
    shown = "".join(map(repr, (*results, proposed.group.state, bob.receive(pending.message))))
    state = alice.state
    secrets = [*astuple(state.secrets), *state.private_keys.values(), *state.secret_tree.node_secrets.values()]
    secrets += [ratchet.secret for ratchet in state.secret_tree.ratchets.values()]
    secrets += [state.signing_key.private_bytes(), b"plain words"]
    secrets += [update.private_key for update in proposed.group.state.own_updates.values()]
    for secret in filter(None, secrets):
        assert secret.hex() not in shown
        assert repr(secret)[2:-1] not in shown
    with pytest.raises(MlsRefused) as caught:
        bob.unprotect(sent.message[:-1] + bytes((sent.message[-1] ^ 1,)))
    assert caught.value.args == ("a ciphertext does not open",)
    assert caught.value.__cause__ is None


def test_a_reinitialised_group() -> None:
    """Closed after the commit; its successor, in another suite, is joined with the old group at hand and only so."""
    all_of = room("reinit")
    random = all_of.random
    successor = ReInit(b"successor", 1, HYBRID, ())
    all_of.accept(BOB, all_of.members[BOB].commit(random, [successor], options=CommitOptions(force_path=False)))
    all_of.check_agreement()
    old = {name: Group.deserialize(group.serialize()) for name, group in all_of.members.items()}
    assert old[ALICE].reinit == successor
    for action in (lambda: old[ALICE].update(random), lambda: old[ALICE].protect(b"", random)):
        refused(action)
    alice, bob = (key_package(name, random, HYBRID) for name in (ALICE, BOB))
    created = Group.create(alice, b"successor", random)
    secrets = old[ALICE].psk(ResumptionUsage.REINIT)
    psk = PreSharedKey(PreSharedKeyID(next(iter(secrets)), random(32)))
    pending = created.commit(random, [Add(bob.package), psk], psks={**secrets})
    assert pending.welcome is not None
    welcome = pending.welcome
    joined = Group.join(welcome, bob, previous=old[BOB])
    assert joined.epoch_authenticator == pending.group.epoch_authenticator
    refused(lambda: Group.join(welcome, bob))
    refused(lambda: Group.join(welcome, bob, previous=room("another").members[BOB]))
    refused(lambda: Group.join(welcome, bob, psks={**secrets}))
    wrong = Group.create(key_package(ALICE, random, HYBRID), b"not the successor", random)
    elsewhere = wrong.commit(random, [Add(bob.package), psk], psks={**secrets}).welcome
    assert elsewhere is not None
    refused(lambda: Group.join(elsewhere, bob, previous=old[BOB]))


def test_a_branch() -> None:
    """A subgroup with the same parameters, tied to the old group's epoch."""
    members = room("branch").members
    random = SeededEntropy("branch")
    secrets = members[ALICE].psk(ResumptionUsage.BRANCH)
    psk = PreSharedKey(PreSharedKeyID(next(iter(secrets)), random(32)))
    alice, bob = key_package(ALICE, random), key_package(BOB, random)
    pending = Group.create(alice, b"branch", random).commit(random, [Add(bob.package), psk], psks={**secrets})
    assert pending.welcome is not None
    welcome = pending.welcome
    assert Group.join(welcome, bob, previous=members[BOB]).epoch_authenticator == pending.group.epoch_authenticator
    later = members[ALICE].update(random)
    after = members[BOB].receive(later.message).group
    assert after is not None
    refused(lambda: Group.join(welcome, bob, previous=after))
    refused(lambda: members[CAROL].commit(random, [psk], psks={**secrets}))


def test_a_group_of_a_thousand() -> None:
    """One refresh is followed by members all over the tree."""
    groups = grown_group(CLASSICAL, 1000, [0, 1, 500, 999], SeededEntropy("thousand"))
    pending = groups[500].update(SeededEntropy(1))
    assert len(pending.message) < 1600
    seen = {pending.group.epoch_authenticator}
    for place in (0, 1, 999):
        after = groups[place].receive(pending.message).group
        assert after is not None
        seen.add(after.epoch_authenticator)
    assert len(seen) == 1


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from([ALICE, BOB, CAROL]), st.binary(max_size=30)), max_size=8))
def test_no_key_and_nonce_twice(said: list[tuple[bytes, bytes]]) -> None:
    """Whatever is said by whom, every ciphertext has a generation of its own, and everybody reads everything."""
    all_of = room("nonces")
    seen = set()
    for speaker, data in said:
        sent = all_of.members[speaker].protect(data, all_of.random)
        all_of.members[speaker] = Group.deserialize(sent.group.serialize())
        for name in {ALICE, BOB, CAROL} - {speaker}:
            opened = all_of.members[name].unprotect(sent.message)
            assert opened.data == data
            all_of.members[name] = opened.group
        use = (speaker, opened.generation)
        assert use not in seen
        seen.add(use)
