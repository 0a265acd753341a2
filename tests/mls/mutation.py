"""Mutated inputs: whatever is done to a genuine object, it is refused with a declared error and nothing changes.

`python -m tests.mls.mutation COUNT SEED` runs COUNT mutants and prints how many were malformed and how many refused;
it stops with the mutant in hexadecimal at the first one that is accepted or raises anything else.
"""

import contextlib
import random as randomness
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from reactor_chat.errors import MlsMalformed, MlsRefused
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.epoch.schedule import welcome_key_nonce, welcome_secret
from reactor_chat.mls.epoch.state import PskSecrets
from reactor_chat.mls.framing import open_envelope, sign
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import OwnKeyPackage, read_key_package
from reactor_chat.mls.messages import (
    Add,
    Commit,
    CommitContent,
    ContentType,
    EncryptedGroupSecrets,
    ExternalPsk,
    GroupInfo,
    GroupSecrets,
    MLSMessage,
    PreSharedKey,
    PreSharedKeyID,
    Remove,
    Welcome,
)
from reactor_chat.mls.operations.outside import propose_to_be_added
from reactor_chat.mls.operations.receiving import open_message
from reactor_chat.mls.operations.sending import carry
from reactor_chat.mls.outcomes import ReceivedCommit
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from reactor_chat.mls.tree.ratchet_tree import RatchetTree
from reactor_chat.mls.tree.validation import check_tree
from tests.mls.people import Room, SeededEntropy, key_package


@dataclass(frozen=True)
class Target:
    """A genuine object and whoever takes it in.

    Attributes:
        may_pass: nothing authenticates the object, so a mutant may be accepted; it must only never break anything.
    """

    name: str
    genuine: bytes
    take_in: Callable[[bytes], object]
    may_pass: bool = False


PSK: PskSecrets = {ExternalPsk(b"key"): b"a pre-shared key of some length"}


def targets_of(suite_number: int, seed: object) -> tuple[list[Target], list[Group]]:
    """Return objects of every kind in one suite, and the groups that take them in."""
    random = SeededEntropy((seed, suite_number))
    room = Room.of([b"alice", b"bob", b"carol", b"dave"], random, suite_number)
    alice, bob = room.members[b"alice"], room.members[b"bob"]
    open_commit = CommitOptions(encrypt=False)
    psk = PreSharedKey(PreSharedKeyID(ExternalPsk(b"key"), random(bob.suite.hash_bytes)))
    erin, frank = key_package(b"erin", random, suite_number), key_package(b"frank", random, suite_number)
    added = alice.add([erin.package], random)
    without_tree = alice.add([frank.package], random, options=CommitOptions(tree_in_welcome=False))
    newcomer = propose_to_be_added((bob.group_id, bob.epoch), frank)
    assert added.welcome is not None
    assert without_tree.welcome is not None

    stored = bob.propose_update(random).group

    def receive(data: bytes) -> object:
        return bob.receive(data, psks=PSK)

    def use_stored(data: bytes) -> object:
        loaded = Group.deserialize(data)
        results: list[object] = []
        for action in (
            lambda: loaded.update(random),
            lambda: loaded.protect(b"x", random),
            lambda: loaded.receive(targets[1].genuine),
            lambda: loaded.unprotect(targets[9].genuine),
        ):
            with contextlib.suppress(MlsMalformed, MlsRefused):
                results.append(action())
        return results

    def join_with_tree(data: bytes) -> object:
        assert without_tree.welcome is not None
        return Group.join(without_tree.welcome, frank, tree=data)

    targets = [
        Target("private commit", alice.update(random).message, receive),
        Target("public commit", alice.update(random, options=open_commit).message, receive),
        Target("private commit with an add", added.message, receive),
        Target("public commit with a removal", alice.remove([2], random, options=open_commit).message, receive),
        Target("commit with a key", alice.commit(random, [psk], psks=PSK).message, receive),
        Target("private proposal", alice.propose(Remove(2), random).message, receive),
        Target("public proposal", alice.propose(Remove(2), random, encrypt=False).message, receive),
        Target("newcomer's proposal", newcomer, receive),
        Target("external commit", Group.join_externally(alice.group_info(), frank, random).message, receive),
        Target("message", alice.protect(b"hello" * 9, random).message, bob.unprotect),
        Target("message with padding", alice.protect(b"hi", random, padding=64).message, bob.unprotect),
        Target("KeyPackage", erin.message, read_key_package),
        Target("Welcome", added.welcome, lambda data: Group.join(data, erin)),
        Target("GroupInfo", alice.group_info(), lambda data: Group.join_externally(data, frank, random)),
        Target("ratchet tree", without_tree.group.ratchet_tree(), join_with_tree),
        Target(
            "tree whose hash fits", added.group.ratchet_tree(), lambda data: check_any_tree(data, alice), may_pass=True
        ),
        Target("stored group", stored.serialize(), use_stored, may_pass=True),
        Target("stored KeyPackage", erin.serialize(), OwnKeyPackage.deserialize, may_pass=True),
        *insider_targets(alice, bob, erin, random),
    ]
    return targets, [alice, bob]


def check_any_tree(data: bytes, group: Group) -> None:
    """Check a tree as if the GroupInfo had been made for it."""
    tree = RatchetTree.decode(group.suite, data)
    check_tree(tree, replace(group.context, tree_hash=tree.root_hash()))


def insider_targets(alice: Group, bob: Group, erin: OwnKeyPackage, random: SeededEntropy) -> list[Target]:
    """Return objects that a member with all its keys bends before signing, tagging and encrypting them."""
    state, suite = alice.state, alice.suite
    pending = alice.commit(random, [Remove(2), Add(erin.package)])
    opened = open_message(bob.state, pending.message, frozenset({ContentType.COMMIT})).authenticated
    assert isinstance(opened.content.content, CommitContent)
    assert pending.welcome is not None
    welcome = open_envelope(pending.welcome).body
    assert isinstance(welcome, Welcome)
    sealed = welcome.secrets[0].encrypted_group_secrets
    info_key = erin.init_private_key
    secrets = GroupSecrets.decode(suite.decrypt_with_label(info_key, b"Welcome", welcome.encrypted_group_info, sealed))
    key, nonce = welcome_key_nonce(suite, welcome_secret(suite, secrets.joiner_secret, bytes(suite.hash_bytes)))
    info = GroupInfo.decode(suite.aead.open(key, nonce, welcome.encrypted_group_info, b""))

    def bent_commit(data: bytes) -> object:
        content = replace(opened.content, content=CommitContent(Commit.decode(data)))
        signed = sign(suite, state.signing_key, opened.wire_format, content, state.epoch.encoded_context)
        signed = replace(signed, confirmation_tag=opened.confirmation_tag)
        received = bob.receive(carry(state, signed, random).message)
        if received.group is None:
            # Bent into the removal of Bob himself, by a member who may remove him: he is told so and keeps nothing new.
            # The tag of an epoch that he is not part of is not his to check.
            assert isinstance(received, ReceivedCommit)
            removed = [entry.proposal for entry in received.proposals]
            assert Remove(bob.own_leaf) in removed
            raise MlsRefused("removed")
        return received

    def bent_info(data: bytes) -> object:
        unsigned = GroupInfo.decode(data + b"\x00")
        if unsigned.to_be_signed() != data:
            raise MlsMalformed("the mutant's end was read as the signature, which is made anew")
        signature = suite.sign_with_label(state.signing_key, b"GroupInfoTBS", unsigned.to_be_signed())
        encrypted = suite.aead.seal(key, nonce, replace(unsigned, signature=signature).encode(), b"")
        again = suite.encrypt_with_label(erin.package.init_key, b"Welcome", encrypted, secrets.encode(), random)
        entry = EncryptedGroupSecrets(erin.reference, again)
        return Group.join(MLSMessage(1, Welcome(suite.number, (entry,), encrypted)).encode(), erin)

    return [
        Target("commit by an insider", opened.content.content.commit.encode(), bent_commit),
        Target("GroupInfo by an insider", info.to_be_signed(), bent_info),
    ]


def mutate(genuine: bytes, dice: randomness.Random, others: list[bytes]) -> bytes:
    """Return `genuine` after one to three small accidents."""
    data = bytearray(genuine)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        place = dice.randrange(len(data)) if data else 0
        accident = dice.randrange(8)
        if accident <= 2 and data:
            data[place] ^= 1 << dice.randrange(8)
        elif accident == 3 and data:
            data[place] = dice.choice((0, 1, 2, 0x3F, 0x40, 0x7F, 0x80, 0xBF, 0xC0, 0xFF))
        elif accident == 4:
            data[place:place] = dice.randbytes(dice.choice((1, 2, 4, 32)))
        elif accident == 5:
            del data[place : place + dice.choice((1, 2, 4, 32))]
        elif accident == 6:
            del data[place:]
        else:
            other = dice.choice(others)
            start = dice.randrange(len(other))
            length = dice.choice((1, 2, 8, 33, 200))
            data[place : place + length] = other[start : start + length]
    return bytes(data)


def run(count: int, seed: int, suite_numbers: tuple[int, ...] = (CLASSICAL, HYBRID)) -> Counter[str]:
    """Take in `count` mutants, spread evenly over every kind of object, in the suites given.

    Raises:
        AssertionError: one was accepted, or a group changed; the message says how to repeat it.
    """
    outcomes = Counter[str]()
    dice = randomness.Random(seed)  # noqa: S311 - a run repeats
    targets: list[Target] = []
    groups: list[Group] = []
    for suite_number in suite_numbers:
        more_targets, more_groups = targets_of(suite_number, seed)
        targets, groups = targets + more_targets, groups + more_groups
    before = [group.serialize() for group in groups]
    genuine = [target.genuine for target in targets]
    for number in range(count):
        target = targets[number % len(targets)]
        mutant = mutate(target.genuine, dice, genuine)
        if mutant in genuine:
            continue
        try:
            target.take_in(mutant)
        except MlsMalformed:
            outcomes["malformed"] += 1
        except MlsRefused:
            outcomes["refused"] += 1
        else:
            outcomes["passed"] += 1
            assert target.may_pass, f"seed {seed}, mutant {number} of a {target.name} was accepted: {mutant.hex()}"
    for target in targets:
        target.take_in(target.genuine)
    assert before == [group.serialize() for group in groups], f"seed {seed}: a group changed"
    return outcomes


def main(arguments: list[str]) -> None:
    """Run from the command line."""
    count, seed = int(arguments[0]), int(arguments[1])
    outcomes = run(count, seed)
    shown = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    print(f"seed {seed}: {outcomes.total()} mutants: {shown} (only where nothing authenticates)")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
