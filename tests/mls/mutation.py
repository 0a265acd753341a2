"""Mutated inputs: whatever is done to a genuine object, it is refused with a declared error and nothing changes.

`python -m tests.mls.mutation COUNT SEED` runs COUNT mutants and prints how many were malformed and how many refused;
it stops with the mutant in hexadecimal at the first one that is accepted or raises anything else.
"""

import random as randomness
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from reactor_chat.errors import MlsMalformed, MlsRefused
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import read_key_package
from reactor_chat.mls.messages import ExternalPsk, PreSharedKey, PreSharedKeyID, Remove
from reactor_chat.mls.outside import propose_to_be_added
from reactor_chat.mls.state import PskSecrets
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from tests.mls.people import Room, SeededEntropy, key_package


@dataclass(frozen=True)
class Target:
    """A genuine object and whoever takes it in."""

    name: str
    genuine: bytes
    take_in: Callable[[bytes], object]


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

    def receive(data: bytes) -> object:
        return bob.receive(data, psks=PSK)

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
    ]
    return targets, [alice, bob]


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


def run(count: int, seed: int) -> Counter[str]:
    """Take in `count` mutants, spread evenly over every kind of object in two suites.

    Raises:
        AssertionError: one was accepted, or a group changed; the message says how to repeat it.
    """
    outcomes = Counter[str]()
    dice = randomness.Random(seed)  # noqa: S311 - a run repeats
    targets: list[Target] = []
    groups: list[Group] = []
    for suite_number in (CLASSICAL, HYBRID):
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
            raise AssertionError(f"seed {seed}, mutant {number} of a {target.name} was accepted: {mutant.hex()}")
    for target in targets:
        target.take_in(target.genuine)
    assert before == [group.serialize() for group in groups], f"seed {seed}: a group changed"
    return outcomes


def main(arguments: list[str]) -> None:
    """Run from the command line."""
    count, seed = int(arguments[0]), int(arguments[1])
    outcomes = run(count, seed)
    print(f"seed {seed}: {outcomes.total()} mutants, {outcomes['malformed']} malformed, {outcomes['refused']} refused")  # noqa: T201 - a command line


if __name__ == "__main__":
    main(sys.argv[1:])
