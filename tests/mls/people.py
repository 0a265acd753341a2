"""Members for tests: entropy that repeats from a seed, KeyPackages, a group whose members all follow each commit."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reactor_chat.mls.encoding.structs import BasicCredential, Capabilities
from reactor_chat.mls.epoch.state import PskSecrets
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import DEFAULT_CAPABILITIES, Identity, OwnKeyPackage
from reactor_chat.mls.outcomes import PendingCommit
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.suites import CLASSICAL, suite

Entropy = Callable[[int], bytes]


class SeededEntropy:
    """The same bytes in the same order for the same seed."""

    def __init__(self, seed: object) -> None:
        self._seed = repr(seed).encode()
        self._calls = 0

    def __call__(self, length: int) -> bytes:
        self._calls += 1
        return hashlib.shake_256(self._seed + self._calls.to_bytes(8)).digest(length)


def identity(
    name: bytes, random: Entropy, suite_number: int = CLASSICAL, capabilities: Capabilities = DEFAULT_CAPABILITIES
) -> Identity:
    """Return somebody with a fresh signature key."""
    return Identity(BasicCredential(name), SigningKey.generate(suite(suite_number).signature, random), capabilities)


def key_package(name: bytes, random: Entropy, suite_number: int = CLASSICAL) -> OwnKeyPackage:
    """Return a fresh KeyPackage of somebody with that name."""
    return OwnKeyPackage.generate(suite_number, identity(name, random, suite_number), random)


@dataclass
class Room:
    """Several members of one group, by name, all in the same epoch."""

    random: Entropy
    suite_number: int
    members: dict[bytes, Group] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Sequence[bytes], random: Entropy, suite_number: int = CLASSICAL) -> "Room":
        """Return a room the first of `names` created and added the others to."""
        room = cls(random, suite_number)
        own = key_package(names[0], random, suite_number)
        room.members[names[0]] = Group.create(own, b"group", random)
        if names[1:]:
            room.add(names[0], list(names[1:]))
        return room

    def add(self, committer: bytes, names: list[bytes], psks: PskSecrets | None = None) -> PendingCommit:
        """Let a member add people; everybody follows."""
        packages = [key_package(name, self.random, self.suite_number) for name in names]
        pending = self.members[committer].add([own.package for own in packages], self.random)
        self.accept(committer, pending, psks)
        assert pending.welcome is not None
        for name, own in zip(names, packages, strict=True):
            self.members[name] = Group.join(pending.welcome, own, psks=psks or {})
        return pending

    def accept(self, committer: bytes, pending: PendingCommit, psks: PskSecrets | None = None) -> None:
        """Deliver a commit to everybody; those it removes leave."""
        for name, group in list(self.members.items()):
            if name == committer:
                self.members[name] = pending.group
                continue
            after = group.receive(pending.message, psks=psks or {}).group
            if after is None:
                del self.members[name]
            else:
                self.members[name] = after

    def check_agreement(self) -> None:
        """Assert that everybody is in the same epoch of the same group."""
        seen = {(g.epoch, g.epoch_authenticator, g.context.tree_hash) for g in self.members.values()}
        assert len(seen) == 1, f"members disagree: {len(seen)} states among {len(self.members)}"
