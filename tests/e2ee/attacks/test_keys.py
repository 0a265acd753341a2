"""Attacks 32 to 37: keys that are none, keys used twice.

Below a session the `mls` package has tests of its own: low-order points of X25519 (33) in
`tests/mls/crypto/test_kem.py`, keys twice in a tree (35) in `tests/mls/tree/test_validation.py`, keys used again in a
path (36) in `tests/mls/tree/test_treekem.py`.
"""

from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from reactor_chat.e2ee.boundary import Arm, Rekey
from reactor_chat.e2ee.membership.peer_keys import PeerKeys
from reactor_chat.e2ee.packages import reference_of
from reactor_chat.e2ee.states import State
from reactor_chat.errors import MlsRefused
from reactor_chat.mls.encoding.structs import MLS10, HPKECiphertext
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import OwnKeyPackage
from reactor_chat.mls.messages import EncryptedGroupSecrets, MLSMessage, Welcome
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import Notice, PublishedKey, Refused, Request, Said, SealCommit
from tests.chat.state.test_identity import P, torsion
from tests.e2ee.mallory import heard_sealed
from tests.e2ee.recording import record_seals
from tests.e2ee.world import World
from tests.mls.crypto.test_kem import LOW_ORDER

YS = sorted({y for point in torsion() for y in (point[1], point[1] + P) if y < 2**255})
SMALL_ORDER = [(y | sign).to_bytes(32, "little") for y in YS for sign in (0, 1 << 255)]
"""Every encoding of the eight points of small order, those that are not the shortest among them."""


@pytest.mark.parametrize("key", SMALL_ORDER)
def test_32_an_account_key_of_small_order_or_in_another_encoding(key: bytes) -> None:
    world = World("small", "Ann")
    with pytest.raises(MlsRefused):
        world["Ann"].session.desk.trust.see("Bob", key, 0)
    assert world["Ann"].session.desk.trust.look_up("Bob") is None
    published = PublishedKey("Bob", key, b"package", bytes(32))
    assert PeerKeys(world["Ann"].session.desk).checked(published, HYBRID) is None


@pytest.mark.parametrize("point", LOW_ORDER)
@pytest.mark.parametrize("where", ["init", "leaf"])
def test_33_a_package_with_a_point_of_low_order(monkeypatch: pytest.MonkeyPatch, point: bytes, where: str) -> None:
    """Signed by its owner, so nothing else is wrong with it; in a commit it would spoil what is done for the others."""
    world = World("low", "Ann", "Mal")
    desk = world["Mal"].session.desk
    own = OwnKeyPackage.generate(CLASSICAL, desk.identity, desk.random)
    leaf = own.package.leaf_node
    if where == "leaf":
        leaf = replace(leaf, encryption_key=point)
        signature = own.suite.sign_with_label(own.signing_key, b"LeafNodeTBS", leaf.to_be_signed(b"", 0))
        leaf = replace(leaf, signature=signature)
    bent = replace(own.package, leaf_node=leaf, init_key=point if where == "init" else own.package.init_key)
    signature = own.suite.sign_with_label(own.signing_key, b"KeyPackageTBS", bent.to_be_signed())
    message = MLSMessage(MLS10, replace(bent, signature=signature)).encode()
    asker = world["Ann"].session.desk
    published = PublishedKey("Mal", desk.own_key, message, reference_of(message))
    monkeypatch.setattr(
        "reactor_chat.e2ee.membership.peer_keys.suites", lambda: (CLASSICAL,)
    )  # as on a machine without the hybrid
    assert PeerKeys(asker).checked(published, CLASSICAL) is None


def test_34_garbage_for_the_hybrid_decapsulation_is_one_error() -> None:
    world = World("kem", "Ann", "Bob")
    desk = world["Bob"].session.desk
    own = OwnKeyPackage.generate(HYBRID, desk.identity, desk.random)
    said = []
    for garbage in (HPKECiphertext(bytes(1120), bytes(60)), HPKECiphertext(b"\xff" * 1120, bytes(60))):
        welcome = Welcome(HYBRID, (EncryptedGroupSecrets(own.reference, garbage),), bytes(80))
        with pytest.raises(MlsRefused) as caught:
            Group.open_welcome(MLSMessage(MLS10, welcome).encode(), own)
        said.append(str(caught.value))
    assert len(set(said)) == 1


def test_37_no_key_is_used_twice_by_anybody_in_a_long_play(monkeypatch: pytest.MonkeyPatch) -> None:
    used = record_seals(monkeypatch)
    world = World("nonces", "Ann", "Bob", "Cid")
    world.seal_room("Ann")
    for number in range(12):
        for name in world.people:
            world[name].say(f"canarybird {number}")
        world[["Ann", "Bob", "Cid"][number % 3]].order(Rekey(ROOM))
        world["Ann"].say("canarybird", Conversation.pair("bob"))
        if number % 4 == 3:
            world["Bob"].crash()
            world["Bob"].connect()
        world.pass_time(3)
    assert len(used) > 60
    assert len({key for key, _ in used}) == len(used), "each key seals one thing"


def test_37_a_second_commit_in_one_epoch_uses_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    used = record_seals(monkeypatch)
    world = World("handshake", "Ann", "Bob")
    world.seal_room("Ann")
    refused: list[Request] = []

    def refuse(name: str, request: Request) -> bool:
        if isinstance(request, SealCommit) and len(refused) < 2:
            refused.append(request)
            world.service.tell(name, Refused("not_allowed", "not_allowed", request.id))
            return True
        return False

    world.service.swallow = refuse
    for _ in range(3):
        world["Bob"].order(Rekey(ROOM))
        world.pass_time(5)
        world["Bob"].crash()
        world["Bob"].connect()
        world.settle()
    assert len({request.epoch for request in refused if isinstance(request, SealCommit)}) == 1
    assert len({key for key, _ in used}) == len(used)
    assert len(refused) == 2


@pytest.mark.parametrize("server", ["honest", "hides"])
def test_37_a_restored_backup_uses_no_key_twice(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    """An honest server shows what was said since; one that hides it leaves the random guard between two messages."""
    used = record_seals(monkeypatch)
    world = World(("restored", server), "Ann", "Bob")
    world.seal_room("Ann")
    world["Bob"].say("canarybird one")
    world.settle()
    backup = world["Bob"].back_up()
    world["Bob"].say("canarybird two")
    world.settle()
    if server == "hides":

        def hiding(notice: Notice) -> Iterable[Notice]:
            return [] if isinstance(notice, Said) and notice.sender == "Bob" else [notice]

        world.service.twist["bob"] = hiding
    world["Bob"].restore(backup)
    world["Bob"].say("canarybird typed before anything is known")
    world["Bob"].connect()
    world["Bob"].say("canarybird typed before anything has arrived")
    world.settle()
    world["Bob"].say("canarybird three")
    world.pass_time(20)
    pairs = set(used)
    assert len(pairs) == len(used)
    if server == "honest":
        assert len({key for key, _ in used}) == len(used)
        assert world["Bob"].state() is State.FROZEN
        assert len(heard_sealed(world)) == 2
    world["Bob"].order(Arm(ROOM))
    world.pass_time(30)
    world["Bob"].say("canarybird four")
    world.pass_time(30)
    assert len(set(used)) == len(used)
    if server == "honest":
        assert world["Ann"].read[-1] == "canarybird four", world["Bob"].alarms
    assert not world.leaked
