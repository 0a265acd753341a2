"""Random walks of a group: members come, go, refresh, crash and lose races, and after each commit all of them agree.

`python -m tests.mls.walk COUNT FIRST_SEED` plays COUNT walks and prints what happened in them; a failing walk names
its seed.
"""

import random as randomness
import sys
from collections import Counter
from collections.abc import Callable

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.epoch.state import AnyProposal, PskSecrets
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import OwnKeyPackage
from reactor_chat.mls.messages import (
    Add,
    ExternalPsk,
    MemberSender,
    PreSharedKey,
    PreSharedKeyID,
    ResumptionPsk,
)
from reactor_chat.mls.operations.outside import ExternalJoin
from reactor_chat.mls.outcomes import PendingCommit
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from tests.mls.people import SeededEntropy, identity, key_package

MEMBERS_MAX = 20
STEPS = 30
SUITES = (CLASSICAL,) * 14 + (HYBRID,) * 3 + (3, 3, 2)


class Walk:
    """One group's life, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.dice = randomness.Random(seed)  # noqa: S311 - a walk repeats
        self.random = SeededEntropy(seed)
        self.suite_number = self.dice.choice(SUITES)
        self.counts: Counter[str] = Counter()
        self.names = 0
        own = key_package(self.new_name(), self.random, self.suite_number)
        created = Group.create(own, b"walk %d" % seed, self.random)
        self.members: list[Group] = [created.keeping_resumption(3)]
        self.gone: list[Group] = []
        self.psks: dict[ExternalPsk, bytes] = {}

    def new_name(self) -> bytes:
        """Return a name nobody had."""
        self.names += 1
        return b"member %d" % self.names

    def play(self) -> Counter[str]:
        """Take STEPS steps and return what happened how often."""
        steps = [self.grow, self.grow, self.shrink, self.refresh, self.refresh, self.talk, self.by_reference]
        steps += [self.with_key, self.lose_race, self.join_externally, self.crash, self.resume, self.rotate]
        for _ in range(STEPS):
            self.dice.choice(steps)()
            self.counts["steps"] += 1
        self.talk()
        return self.counts

    # -- what may happen --------------------------------------------------------------------------------------------

    def grow(self) -> None:
        """Add one to three people, sometimes without renewing the committer's path."""
        room = MEMBERS_MAX - len(self.members)
        if room == 0:
            self.shrink()
            return
        owns = [
            key_package(self.new_name(), self.random, self.suite_number)
            for _ in range(self.dice.randint(1, min(3, room)))
        ]
        options = CommitOptions(
            force_path=self.dice.random() < 0.5,
            encrypt=self.dice.random() < 0.7,
            tree_in_welcome=self.dice.random() < 0.7,
        )
        place = self.someone()
        pending = self.members[place].add([own.package for own in owns], self.random, options=options)
        newcomers = self.welcome(pending, owns)
        self.accept(place, pending)
        self.members += newcomers
        self.agree()

    def shrink(self) -> None:
        """Remove one or two members, who try to read on."""
        if len(self.members) < 3:
            return
        place = self.someone()
        leaves = [group.own_leaf for group in self.members if group is not self.members[place]]
        chosen = self.dice.sample(leaves, self.dice.randint(1, min(2, len(leaves))))
        self.accept(place, self.members[place].remove(chosen, self.random, options=self.options()))
        self.agree()

    def refresh(self) -> None:
        """Renew one member's keys."""
        place = self.someone()
        self.accept(place, self.members[place].update(self.random, options=self.options()))
        self.agree()

    def rotate(self) -> None:
        """Renew one member's keys and its signature key."""
        place = self.someone()
        fresh = identity(self.new_name(), self.random, self.suite_number)
        self.accept(place, self.members[place].update(self.random, options=CommitOptions(identity=fresh)))
        self.agree()
        self.counts["rotations"] += 1

    def talk(self) -> None:
        """Let somebody say something; everybody else reads it once, nobody twice, those who left not at all."""
        place = self.someone()
        said = self.dice.randbytes(self.dice.randint(0, 50))
        sent = self.members[place].protect(said, self.random, padding=self.dice.choice((0, 32)))
        self.members[place] = sent.group
        for reader, group in enumerate(self.members):
            if reader == place:
                continue
            opened = group.unprotect(sent.message)
            assert opened.data == said
            assert_refused(opened.group.unprotect, sent.message)
            self.members[reader] = opened.group
        for group in self.gone[-5:]:
            assert_refused(group.unprotect, sent.message)
        self.counts["messages"] += 1

    def by_reference(self) -> None:
        """Let several members propose, then one commit."""
        committer = self.someone()
        touched: set[int] = {self.members[committer].own_leaf}
        owns: list[OwnKeyPackage] = []
        for place in self.dice.sample(range(len(self.members)), min(3, len(self.members))):
            group = self.members[place]
            if place != committer and group.own_leaf not in touched and self.dice.random() < 0.6:
                touched.add(group.own_leaf)
                fresh = identity(self.new_name(), self.random, self.suite_number) if self.dice.random() < 0.5 else None
                sent = group.propose_update(self.random, fresh, encrypt=self.dice.random() < 0.5)
            elif len(self.members) + len(owns) < MEMBERS_MAX:
                owns.append(key_package(self.new_name(), self.random, self.suite_number))
                sent = group.propose(Add(owns[-1].package), self.random)
            else:
                continue
            self.members[place] = sent.group
            for reader, other in enumerate(self.members):
                if reader != place:
                    self.members[reader] = other.receive(sent.message).group or other
        pending = self.members[committer].commit(self.random, options=self.options())
        newcomers = self.welcome(pending, owns) if owns else []
        self.accept(committer, pending)
        self.members += newcomers
        self.agree()
        self.counts["commits by reference"] += 1

    def with_key(self) -> None:
        """Commit a pre-shared key and a newcomer; who lacks the key cannot follow or enter."""
        name, secret = ExternalPsk(b"key %d" % self.names), self.dice.randbytes(20)
        place, own = self.someone(), key_package(self.new_name(), self.random, self.suite_number)
        proposals: list[AnyProposal] = [self.use_of(name)]
        if len(self.members) < MEMBERS_MAX:
            proposals.append(Add(own.package))
        pending = self.members[place].commit(self.random, proposals, psks={name: secret})
        for group in self.members:
            if group is not self.members[place]:
                assert_refused(group.receive, pending.message)
        if pending.welcome is not None:
            assert_refused(lambda welcome: Group.join(welcome, own, tree=pending.group.ratchet_tree()), pending.welcome)
        newcomers = self.welcome(pending, [own], {name: secret}) if pending.welcome is not None else []
        self.accept(place, pending, {name: secret})
        self.members += newcomers
        self.agree()
        self.counts["locked out without the key"] += 1

    def resume(self) -> None:
        """Commit the resumption key of an epoch that everybody remembers."""
        place = self.someone()
        group = self.members[place]
        psk = self.use_of(ResumptionPsk(1, group.group_id, group.epoch))
        self.accept(place, group.commit(self.random, [psk]))
        self.agree()

    def lose_race(self) -> None:
        """Let two members commit at once; the second one's commit is refused by all, and its author follows the
        first.
        """
        if len(self.members) < 2:
            return
        winner, loser = self.dice.sample(range(len(self.members)), 2)
        first = self.members[winner].update(self.random)
        second = self.members[loser].update(self.random)
        self.accept(winner, first)
        for group in self.members:
            assert_refused(group.receive, second.message)
        self.agree()
        self.counts["lost races"] += 1

    def join_externally(self) -> None:
        """Let somebody join by a commit of its own, sometimes one who was in and lost everything."""
        if len(self.members) >= MEMBERS_MAX:
            return
        source = self.members[self.someone()]
        own = key_package(self.new_name(), self.random, self.suite_number)
        lost = self.someone() if len(self.members) > 2 and self.dice.random() < 0.4 else None
        resync = None if lost is None else self.members[lost].own_leaf
        if lost is not None:
            self.gone.append(self.members.pop(lost))
        pending = Group.join_externally(source.group_info(), own, self.random, ExternalJoin(resync=resync))
        self.members = [self.followed(group, pending.message, {}) for group in self.members]
        self.members.append(pending.group.keeping_resumption(0))
        self.agree()
        self.counts["external joins"] += 1

    def crash(self) -> None:
        """Let several members die and come back from what they stored."""
        for place in self.dice.sample(range(len(self.members)), self.dice.randint(1, len(self.members))):
            stored = self.members[place].serialize()
            self.members[place] = Group.deserialize(stored)
            assert self.members[place].serialize() == stored
        self.counts["crashes"] += 1

    # -- the parts of it --------------------------------------------------------------------------------------------

    def someone(self) -> int:
        """Return a member's place in the list."""
        return self.dice.randrange(len(self.members))

    def options(self) -> CommitOptions:
        """Return one way to send a commit."""
        return CommitOptions(encrypt=self.dice.random() < 0.7)

    def use_of(self, psk: ExternalPsk | ResumptionPsk) -> PreSharedKey:
        """Return the proposal to use a key."""
        return PreSharedKey(PreSharedKeyID(psk, self.random(self.members[0].suite.hash_bytes)))

    def welcome(self, pending: PendingCommit, owns: list[OwnKeyPackage], psks: PskSecrets | None = None) -> list[Group]:
        """Let the newcomers in."""
        assert pending.welcome is not None
        tree = pending.group.ratchet_tree()
        return [Group.join(pending.welcome, own, psks=psks or {}, tree=tree) for own in owns]

    def accept(self, committer: int, pending: PendingCommit, psks: PskSecrets | None = None) -> None:
        """Deliver a commit; the removed leave, and learn nothing from what follows."""
        before, self.members = self.members, []
        for place, group in enumerate(before):
            if place == committer:
                self.members.append(self.perhaps_reloaded(pending.group))
                continue
            after = group.receive(pending.message, psks=psks or {}).group
            if after is None:
                self.gone.append(group)
                self.counts["removed"] += 1
            else:
                self.members.append(self.perhaps_reloaded(after))
        self.counts["commits"] += 1
        for group in self.gone[-5:]:
            sender = self.members[0].protect(b"secret", self.random)
            assert_refused(group.unprotect, sender.message)

    def followed(self, group: Group, message: bytes, psks: PskSecrets) -> Group:
        """Return the group after a commit that keeps its member."""
        after = group.receive(message, psks=psks).group
        assert after is not None
        return self.perhaps_reloaded(after)

    def perhaps_reloaded(self, group: Group) -> Group:
        """Return the group, one time in ten through its stored form."""
        return Group.deserialize(group.serialize()) if self.dice.random() < 0.1 else group

    def agree(self) -> None:
        """Assert that all members are in the same place, and hold the private keys of the nodes they should."""
        states = {(g.epoch, g.epoch_authenticator, g.context.tree_hash, g.ratchet_tree()) for g in self.members}
        assert len(states) == 1
        assert len({group.own_leaf for group in self.members}) == len(self.members)
        state = self.members[self.someone()].state
        for number, private_key in state.private_keys.items():
            node = state.epoch.tree.node(number)
            assert node is not None
            assert node.encryption_key == state.epoch.suite.kem.public_key(private_key)
        assert all(MemberSender(g.own_leaf).leaf_index in g.members for g in self.members)


def assert_refused(action: Callable[[bytes], object], message: bytes) -> None:
    """Assert that an action on a message is refused."""
    try:
        action(message)
    except MlsRefused:
        return
    raise AssertionError("something was accepted that must be refused")


def walks(count: int, first_seed: int) -> Counter[str]:
    """Play walks with consecutive seeds.

    Raises:
        AssertionError: one failed; the message names its seed, the cause is chained.
    """
    counts: Counter[str] = Counter()
    for seed in range(first_seed, first_seed + count):
        try:
            counts += Walk(seed).play()
        except Exception as error:
            raise AssertionError(f"walk with seed {seed} failed: python -m tests.mls.walk 1 {seed}") from error
        counts["walks"] += 1
    return counts


def main(arguments: list[str]) -> None:
    """Run from the command line."""
    print(dict(walks(int(arguments[0]), int(arguments[1]))))  # noqa: T201 - a command line


if __name__ == "__main__":
    main(sys.argv[1:])
