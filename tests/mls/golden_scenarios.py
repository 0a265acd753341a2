"""Recorded scenarios of the hybrid suite, for which nothing is published yet.

A scenario is a small group's life drawn from its number.  All its entropy repeats except the ML-KEM encapsulations,
which the library draws itself; those are on the scenario's tape.  Played from the tape, every byte of every message
repeats, so a recording is the tape, a hash of each message in order, and the epoch authenticators.

`python -m tests.mls.golden_scenarios` records them anew into tests/mls/golden; it is to be run only when the suite
changes.
"""

import contextlib
import gzip
import hashlib
import json
import random as randomness
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.crypto import kem
from reactor_chat.mls.epoch.state import PskSecrets
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import OwnKeyPackage
from reactor_chat.mls.messages import ExternalPsk, PreSharedKey, PreSharedKeyID
from reactor_chat.mls.outcomes import PendingCommit
from reactor_chat.mls.suites import HYBRID, suite
from tests.mls.people import SeededEntropy, key_package

FOLDER = Path(__file__).with_name("golden")
TAPES = FOLDER / "hybrid-tapes.json.gz"
PASSIVE = FOLDER / "passive-client-hybrid.json"
SCENARIOS = 200
PASSIVE_CASES = 20

Encapsulate = Callable[[bytes], tuple[bytes, bytes]]


@dataclass
class Recording:
    """What a scenario leaves behind.

    Attributes:
        tape: shared secret and ciphertext of each ML-KEM encapsulation, in order.
        messages: the first 16 bytes of SHA-256 of each object sent or published, in order.
        authenticators: of each epoch, in order.
    """

    tape: list[tuple[bytes, bytes]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    authenticators: list[str] = field(default_factory=list)

    def note(self, message: bytes) -> bytes:
        """Record an object and hand it on."""
        self.messages.append(hashlib.sha256(message).digest()[:16].hex())
        return message

    def as_json(self) -> dict[str, Any]:
        """Return the form in the file."""
        tape = [[secret.hex(), ciphertext.hex()] for secret, ciphertext in self.tape]
        return {"tape": tape, "messages": self.messages, "authenticators": self.authenticators}


@contextlib.contextmanager
def encapsulating(encapsulate: Encapsulate) -> Iterator[None]:
    """Replace the one source of entropy that is the library's and not an argument."""
    original = kem.encapsulate_mlkem768
    setattr(kem, "encapsulate_mlkem768", encapsulate)  # noqa: B010 - a function is replaced on purpose
    try:
        yield
    finally:
        setattr(kem, "encapsulate_mlkem768", original)  # noqa: B010 - and put back


def record(number: int) -> Recording:
    """Play a scenario with fresh encapsulations, keeping them."""
    recording, original = Recording(), kem.encapsulate_mlkem768

    def keep(public_key: bytes) -> tuple[bytes, bytes]:
        recording.tape.append(original(public_key))
        return recording.tape[-1]

    with encapsulating(keep):
        Scenario(number, recording).play()
    return recording


def replay(number: int, tape: list[tuple[bytes, bytes]]) -> Recording:
    """Play a scenario from its tape."""
    left = iter(tape)
    recording = Recording(list(tape))
    with encapsulating(lambda _: next(left)):
        Scenario(number, recording).play()
    assert next(left, None) is None, "the tape is longer than the scenario"
    return recording


class Scenario:
    """Two to four members, three epochs or four, a message in each."""

    def __init__(self, number: int, recording: Recording) -> None:
        self.dice = randomness.Random(number)  # noqa: S311 - a scenario repeats
        self.random = SeededEntropy(("golden", number))
        self.recording = recording
        self.groups: list[Group] = []

    def play(self) -> None:
        """Play it through; what is sent is recorded."""
        creator, second = self.package(), self.package()
        self.groups = [Group.create(creator, self.random(32), self.random)]
        self.add(second)
        steps: list[Callable[[], None]] = [self.refresh, self.remove_or_key, self.external, self.add_another]
        for step in self.dice.sample(steps, 1 + self.dice.randrange(2)):
            step()
            self.talk()

    def package(self) -> OwnKeyPackage:
        """Return somebody's KeyPackage, recorded."""
        own = key_package(b"somebody", self.random, HYBRID)
        self.recording.note(own.message)
        return own

    def add(self, own: OwnKeyPackage) -> None:
        """Add somebody, with or without a path."""
        options = CommitOptions(force_path=self.dice.random() < 0.3)
        pending = self.groups[0].add([own.package], self.random, options=options)
        self.accept(0, pending)
        assert pending.welcome is not None
        self.groups.append(Group.join(self.recording.note(pending.welcome), own))
        self.agree()

    def add_another(self) -> None:
        """Add somebody new."""
        self.add(self.package())

    def refresh(self) -> None:
        """Renew the last member's keys."""
        place = len(self.groups) - 1
        options = CommitOptions(encrypt=self.dice.random() < 0.5)
        self.accept(place, self.groups[place].update(self.random, options=options))
        self.agree()

    def remove_or_key(self) -> None:
        """Remove a member where there are three; else commit a pre-shared key."""
        if len(self.groups) > 2:
            leaf = self.groups.pop(1).own_leaf
            self.accept(0, self.groups[0].remove([leaf], self.random))
        else:
            name = ExternalPsk(b"key")
            psk = PreSharedKey(PreSharedKeyID(name, self.random(32)))
            options = CommitOptions(force_path=False)
            secrets: PskSecrets = {name: b"secret"}
            self.accept(0, self.groups[0].commit(self.random, [psk], psks=secrets, options=options), secrets)
        self.agree()

    def external(self) -> None:
        """Let somebody join by a commit of its own."""
        info = self.recording.note(self.groups[0].group_info())
        pending = Group.join_externally(info, self.package(), self.random)
        message = self.recording.note(pending.message)
        self.groups = [followed(group, message) for group in self.groups] + [pending.group]
        self.agree()

    def talk(self) -> None:
        """Send a message that everybody reads."""
        sent = self.groups[0].protect(b"hello", self.random, authenticated_data=b"seen", padding=11)
        self.recording.note(sent.message)
        for group in self.groups[1:]:
            assert group.unprotect(sent.message).data == b"hello"

    def accept(self, committer: int, pending: PendingCommit, psks: PskSecrets | None = None) -> None:
        """Deliver a commit."""
        message = self.recording.note(pending.message)
        self.groups = [
            pending.group if place == committer else followed(group, message, psks)
            for place, group in enumerate(self.groups)
        ]

    def agree(self) -> None:
        """Assert that all are in one epoch, and record it."""
        found = {group.epoch_authenticator for group in self.groups}
        assert len(found) == 1
        self.recording.authenticators.append(found.pop().hex())


def followed(group: Group, message: bytes, psks: PskSecrets | None = None) -> Group:
    """Return a group after a commit that keeps its member."""
    after = group.receive(message, psks=psks or {}).group
    assert after is not None
    return after


def passive_case(number: int) -> dict[str, Any]:
    """Return a scenario in the published form of passive clients, made with fresh encapsulations."""
    random, dice = SeededEntropy(("passive", number)), randomness.Random(number)  # noqa: S311 - repeats
    alice, own = key_package(b"alice", random, HYBRID), key_package(b"passive", random, HYBRID)
    name = ExternalPsk(b"key")
    secrets: PskSecrets = {name: b"secret"}
    group = Group.create(alice, random(32), random)
    with_tree = dice.random() < 0.5
    pending = group.add([own.package], random, options=CommitOptions(tree_in_welcome=with_tree))
    assert pending.welcome is not None
    group, epochs = pending.group, []
    first, tree = group.epoch_authenticator, group.ratchet_tree()
    for _ in range(2):
        psk = PreSharedKey(PreSharedKeyID(name, random(32)))
        encrypt = dice.random() < 0.5
        proposed = group.propose(psk, random, encrypt=encrypt)
        options = CommitOptions(encrypt=encrypt, force_path=dice.random() < 0.5)
        following = proposed.group.commit(random, psks=secrets, options=options)
        group = following.group
        epochs.append(
            {
                "proposals": [proposed.message.hex()],
                "commit": following.message.hex(),
                "epoch_authenticator": group.epoch_authenticator.hex(),
            }
        )
    return {
        "cipher_suite": suite(HYBRID).number,
        "external_psks": [{"psk_id": b"key".hex(), "psk": b"secret".hex()}],
        "key_package": own.message.hex(),
        "signature_priv": own.signing_key.private_bytes().hex(),
        "encryption_priv": own.encryption_private_key.hex(),
        "init_priv": own.init_private_key.hex(),
        "welcome": pending.welcome.hex(),
        "ratchet_tree": None if with_tree else tree.hex(),
        "initial_epoch_authenticator": first.hex(),
        "epochs": epochs,
    }


def read_tapes() -> list[dict[str, Any]]:
    """Return the recorded scenarios, by number."""
    recorded: list[dict[str, Any]] = json.loads(gzip.decompress(TAPES.read_bytes()))
    return recorded


def main() -> None:
    """Record everything anew."""
    FOLDER.mkdir(exist_ok=True)
    recorded = json.dumps([record(number).as_json() for number in range(SCENARIOS)], separators=(",", ":"))
    TAPES.write_bytes(gzip.compress(recorded.encode(), 9, mtime=0))
    cases = [passive_case(number) for number in range(PASSIVE_CASES)]
    PASSIVE.write_text(json.dumps(cases, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
