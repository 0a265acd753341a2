"""The passive client: what it follows, and how it fails."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.encoding.structs import (
    Capabilities,
    Certificate,
    Extension,
    ExtensionType,
    RequiredCapabilities,
    X509Credential,
)
from reactor_chat.mls.epoch.state import PskSecrets
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import DEFAULT_CAPABILITIES, Identity, OwnKeyPackage
from reactor_chat.mls.messages import (
    Add,
    ExternalPsk,
    GroupContextExtensions,
    PreSharedKey,
    PreSharedKeyID,
    ReInit,
    Remove,
)
from reactor_chat.mls.operations.outside import propose_to_be_added
from reactor_chat.mls.passive import CaseFailed, follow, main, read_cases
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.suites import CLASSICAL, HYBRID, suite
from tests.mls.people import SeededEntropy, key_package

REPOSITORY = Path(__file__).resolve().parents[2]
GREASE = Capabilities((1, 0x0A0A), (1, 0xF001, 0x1A1A), (0x2A2A,), (0x3A3A,), (1, 2, 0x4A4A))


class Recorder:
    """A group that records itself in the published form, through everything a passive client must follow."""

    def __init__(self, seed: object, suite_number: int = CLASSICAL) -> None:
        self.random, self.suite_number = SeededEntropy(seed), suite_number
        self.epochs: list[dict[str, Any]] = []
        self.psks: PskSecrets = {ExternalPsk(b"key"): b"secret"}
        key = SigningKey.generate(suite(suite_number).signature, self.random)
        chain = X509Credential((Certificate(b"leaf certificate"), Certificate(b"authority")))
        creator = OwnKeyPackage.generate(suite_number, Identity(chain, key, GREASE), self.random)
        self.own = OwnKeyPackage.generate(
            suite_number,
            Identity(chain, SigningKey.generate(suite(suite_number).signature, self.random), GREASE),
            self.random,
            extensions=(Extension(0x2A2A, b"grease"),),
        )
        group = Group.create(creator, b"recorded", self.random).keeping_resumption(100)
        greased = CommitOptions(tree_in_welcome=False, group_info_extensions=(Extension(0x2A2A, b"grease"),))
        pending = group.add([self.own.package], self.random, options=greased)
        assert pending.welcome is not None
        self.group, self.welcome = pending.group, pending.welcome
        self.first, self.tree = self.group.epoch_authenticator, self.group.ratchet_tree()

    def commit(self, *proposals: Any, sent: list[bytes] | None = None, encrypt: bool = True) -> None:
        """Commit something, with what was sent before."""
        options = CommitOptions(encrypt=encrypt)
        pending = self.group.commit(self.random, list(proposals), psks=self.psks, options=options)
        self.became(pending.message, pending.group, sent or [])

    def became(self, commit: bytes, group: Group, sent: list[bytes]) -> None:
        """Record an epoch."""
        self.group = group
        self.epochs.append(
            {
                "proposals": [message.hex() for message in sent],
                "commit": commit.hex(),
                "epoch_authenticator": group.epoch_authenticator.hex(),
            }
        )

    def person(self) -> OwnKeyPackage:
        """Return somebody whose credential is understood here."""
        key = SigningKey.generate(suite(self.suite_number).signature, self.random)
        return OwnKeyPackage.generate(self.suite_number, Identity(X509Credential(()), key, GREASE), self.random)

    def case(self) -> dict[str, Any]:
        """Return the whole in the published form."""
        return {
            "cipher_suite": self.suite_number,
            "external_psks": [{"psk_id": b"key".hex(), "psk": b"secret".hex()}],
            "key_package": self.own.message.hex(),
            "signature_priv": self.own.signing_key.private_bytes().hex(),
            "encryption_priv": self.own.encryption_private_key.hex(),
            "init_priv": self.own.init_private_key.hex(),
            "welcome": self.welcome.hex(),
            "ratchet_tree": self.tree.hex(),
            "initial_epoch_authenticator": self.first.hex(),
            "epochs": self.epochs,
        }


def eventful(suite_number: int) -> dict[str, Any]:
    """Return a case with every kind of proposal, by value and by reference, in the open and encrypted."""
    story = Recorder("eventful", suite_number)
    random = story.random
    remembered = next(iter(story.group.psk()))
    story.commit()
    story.commit(Add(story.person().package), encrypt=False)
    nonce = random(story.group.suite.hash_bytes)
    story.commit(PreSharedKey(PreSharedKeyID(ExternalPsk(b"key"), nonce)))
    story.commit(PreSharedKey(PreSharedKeyID(remembered, nonce)), encrypt=False)
    required = Extension(ExtensionType.REQUIRED_CAPABILITIES, RequiredCapabilities((0x2A2A,), (0x3A3A,), (2,)).encode())
    story.commit(GroupContextExtensions((required, Extension(0x2A2A, b"grease"))))
    joiner = story.person()
    joined = Group.join_externally(story.group.group_info(), joiner, random)
    after = story.group.receive(joined.message).group
    assert after is not None
    story.became(joined.message, after, [])
    first = joined.group.propose_update(random)
    second = first.group.propose(Remove(2), random, encrypt=False)
    newcomer = propose_to_be_added((story.group.group_id, story.group.epoch), story.person())
    sent = [first.message, second.message, newcomer]
    for message in sent:
        story.group = story.group.receive(message).group or story.group
    story.commit(sent=sent)
    story.commit(ReInit(b"next", 1, CLASSICAL, ()))
    return story.case()


@pytest.mark.parametrize("suite_number", [CLASSICAL, HYBRID, 2, 4])
def test_an_eventful_life(suite_number: int) -> None:
    """X.509 credentials, GREASE everywhere, a tree beside the Welcome, and every kind of commit."""
    case = json.loads(json.dumps(eventful(suite_number)))
    assert follow(case) == 9


CHANGES: dict[str, tuple[str, Any, str]] = {
    "authenticator": ("initial_epoch_authenticator", "00" * 32, "after joining: the epoch authenticator differs"),
    "no tree": ("ratchet_tree", None, "joining: no ratchet tree"),
    "key": ("init_priv", "01" * 32, "joining: private keys do not belong to a KeyPackage"),
    "no psk": ("external_psks", [], "in epoch 3 after joining: a pre-shared key is not known"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_how_cases_fail(name: str) -> None:
    """Said where and why, in one line."""
    field, value, reason = CHANGES[name]
    with pytest.raises(CaseFailed, match=reason):
        follow({**eventful(CLASSICAL), field: value})


def test_a_proposal_that_is_missing() -> None:
    """A commit that refers to it cannot be followed."""
    case = eventful(CLASSICAL)
    case["epochs"][6]["proposals"].pop()
    with pytest.raises(CaseFailed, match="in epoch 7 after joining: a commit refers to a proposal"):
        follow(case)


def test_proposals_in_another_order_than_sent() -> None:
    """Encrypted proposals of one sender, listed the other way round; one that is garbage does no harm."""
    story = Recorder("order")
    other = story.person()
    pending = story.group.add([other.package], story.random, options=CommitOptions(tree_in_welcome=True))
    assert pending.welcome is not None
    story.became(pending.message, pending.group, [])
    sender = Group.join(pending.welcome, other)
    messages = []
    for package in (story.person().package, story.person().package, story.person().package):
        sent = sender.propose(Add(package), story.random)
        sender = sent.group
        messages.append(sent.message)
        story.group = story.group.receive(sent.message).group or story.group
    story.commit(sent=[messages[2], b"garbage", messages[0], messages[1]])
    assert follow(story.case()) == 3
    bare = story.case()
    bare["epochs"][1]["proposals"].pop(0)
    with pytest.raises(CaseFailed, match="proposal: another protocol version"):
        follow(bare)


def write(folder: Path, name: str, text: str) -> str:
    """Return the path of a file with that text."""
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Counts over several files; the status says whether all went well."""
    case = eventful(CLASSICAL)
    good = write(tmp_path, "good.json", json.dumps([case, case]))
    assert main([good]) == 0
    assert capsys.readouterr().out == "2 passed, 0 failed\n"
    mixed = write(tmp_path, "mixed.json", json.dumps([case, {}, {**case, "welcome": "zz"}, {**case, "epochs": 7}]))
    assert main([good, mixed]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "3 passed, 3 failed"
    assert lines[0] == f"{mixed}: case 1: not of the passive client form (KeyError)"
    assert main([]) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not JSON"),
        ("{}", "is not a list"),
        ("[1]", "is not a list"),
        ("[" * 100_000, "is not JSON"),
        ("\xff", "is not JSON"),
    ],
)
def test_files_that_cannot_be_read(text: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on the error channel, no traceback, status 1; the other files are run all the same."""
    path = tmp_path / "bad.json"
    path.write_bytes(text.encode("latin-1"))
    for bad in (str(path), str(tmp_path / "absent.json"), str(tmp_path)):
        assert main([bad]) == 1
        shown = capsys.readouterr()
        assert shown.out == "0 passed, 0 failed\n"
        assert shown.err.count("\n") == 1
        assert shown.err.startswith(f"{bad}: ")
    with pytest.raises(CaseFailed, match=reason):
        read_cases(str(path))


def test_as_a_program() -> None:
    """`python -m reactor_chat.mls.passive FILE`."""
    recorded = REPOSITORY / "tests" / "mls" / "golden" / "passive-client-hybrid.json"
    done = subprocess.run(
        [sys.executable, "-m", "reactor_chat.mls.passive", str(recorded)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "20 passed, 0 failed\n", "")


def test_capabilities_of_the_cast() -> None:
    """The default says no more than it can do."""
    assert DEFAULT_CAPABILITIES.credentials == (1,)
    assert key_package(b"x", SeededEntropy(1)).package.leaf_node.capabilities == DEFAULT_CAPABILITIES
