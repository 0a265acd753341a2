"""KeyPackages of our own: made, stored, published, read."""

import pytest
from msgspec.structs import replace

from reactor_chat.errors import LifetimeRefused, MlsMalformed, MlsRefused
from reactor_chat.mls.encoding.structs import Lifetime
from reactor_chat.mls.keypackage import OwnKeyPackage, read_key_package
from reactor_chat.mls.messages import MLSMessage
from reactor_chat.mls.suites import CLASSICAL, HYBRID, SUITES
from tests.mls.people import Room, SeededEntropy, identity, key_package


@pytest.mark.parametrize("number", SUITES)
def test_made_published_and_stored(number: int) -> None:
    """In every suite; the same entropy makes the same KeyPackage."""
    own = key_package(b"alice", SeededEntropy(number), number)
    assert read_key_package(own.message) == own.package
    again = OwnKeyPackage.deserialize(own.serialize())
    assert again.serialize() == own.serialize()
    assert again.reference == own.reference
    assert key_package(b"alice", SeededEntropy(number), number).message == own.message
    assert len(own.message) < (3000 if number == HYBRID else 1000)


def test_nothing_secret_is_shown() -> None:
    """Not by the KeyPackage, the identity or the key."""
    own = key_package(b"alice", SeededEntropy("shown"))
    shown = repr(own) + repr(identity(b"bob", SeededEntropy(1)))
    for secret in (own.init_private_key, own.encryption_private_key, own.signing_key.private_bytes()):
        assert repr(secret)[2:-1] not in shown
        assert secret.hex() not in shown


def test_keys_must_belong() -> None:
    """Another KeyPackage's private keys, in any place, are refused."""
    own, other = (key_package(b"alice", SeededEntropy(n)) for n in range(2))
    init, encryption, signature = own.init_private_key, own.encryption_private_key, own.signing_key.private_bytes()
    assert OwnKeyPackage.from_parts(own.message, init, encryption, signature).message == own.message
    for keys in (
        (other.init_private_key, encryption, signature),
        (init, other.encryption_private_key, signature),
        (init, encryption, other.signing_key.private_bytes()),
    ):
        with pytest.raises(MlsRefused):
            OwnKeyPackage.from_parts(own.message, *keys)


def test_what_is_stored_is_checked() -> None:
    """Another version, cut short, with a tail."""
    stored = key_package(b"alice", SeededEntropy("stored")).serialize()
    with pytest.raises(MlsRefused):
        OwnKeyPackage.deserialize(b"\x02" + stored[1:])
    for bad in (stored[:-1], stored + b"\x00", b""):
        with pytest.raises(MlsMalformed):
            OwnKeyPackage.deserialize(bad)


def test_what_is_read_is_checked() -> None:
    """Something else than a KeyPackage, an unknown suite, an expired one."""
    room = Room.of([b"alice"], SeededEntropy("read"))
    with pytest.raises(MlsRefused):
        read_key_package(room.members[b"alice"].group_info())
    own = key_package(b"alice", SeededEntropy("read"))
    with pytest.raises(MlsRefused):
        read_key_package(MLSMessage(1, replace(own.package, cipher_suite=0x0A0A)).encode())
    random = SeededEntropy("expired")
    expired = OwnKeyPackage.generate(CLASSICAL, identity(b"x", random), random, lifetime=Lifetime(0, 5))
    read_key_package(expired.message, now=5)
    with pytest.raises(LifetimeRefused):
        read_key_package(expired.message, now=6)
    with pytest.raises(MlsRefused):
        OwnKeyPackage.generate(0x0A0A, identity(b"x", random), random)
