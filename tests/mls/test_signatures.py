"""Signatures: keys of small order never verify anything, and no scheme draws entropy of its own."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.signatures import P256_ORDER, P384_ORDER, P521_ORDER, Ed448, Ed25519, SigningKey
from reactor_chat.mls.suites import SUITES, Suite
from tests.mls.people import SeededEntropy

EVERY = list(SUITES.values())
P = 2**255 - 19
P448 = 2**448 - 2**224 - 1
ORDER_8 = (
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
)
assert sum(ORDER_8) == P, "they are each other's negatives: a digit miscopied in one shows"
# Every encoding in 32 bytes of the eight points of small order: y, y + p where it fits, each with either sign bit.
SMALL_ORDER = sorted(
    {
        (y | sign).to_bytes(32, "little")
        for base in (0, 1, P - 1, *ORDER_8)
        for y in (base, base + P)
        if y < 2**255
        for sign in (0, 2**255)
    }
)


@pytest.mark.parametrize("suite", EVERY, ids=repr)
def test_round_trip(suite: Suite) -> None:
    """A signature holds for its key and content, and for nothing else; it repeats byte for byte."""
    key, other = (SigningKey.generate(suite.signature, SeededEntropy((suite.number, n))) for n in range(2))
    signature = key.sign(b"content")
    suite.signature.verify(key.public_key, signature, b"content")
    assert signature == key.sign(b"content")
    flipped = signature[:-1] + bytes((signature[-1] ^ 1,))
    for public_key, tried, content in (
        (other.public_key, signature, b"content"),
        (key.public_key, signature, b"other"),
        (key.public_key, flipped, b"content"),
        (key.public_key, b"", b"content"),
        (key.public_key[:-1], signature, b"content"),
        (b"", signature, b"content"),
        (bytes(len(key.public_key)), signature, b"content"),
    ):
        with pytest.raises(MlsRefused):
            suite.signature.verify(public_key, tried, content)


@pytest.mark.parametrize("suite", EVERY, ids=repr)
def test_private_keys(suite: Suite) -> None:
    """Loading the stored bytes gives the key back; bytes that are no key are refused; none is shown."""
    key = SigningKey.generate(suite.signature, SeededEntropy(suite.number))
    again = SigningKey(suite.signature, key.private_bytes())
    assert again.public_key == key.public_key
    assert key.private_bytes().hex() not in repr(key)
    assert repr(key.private_bytes()) not in repr(key)
    for bad in (b"", b"\x01" * 200):
        with pytest.raises(MlsRefused):
            SigningKey(suite.signature, bad)


@pytest.mark.parametrize("number", [2, 5, 7])
def test_ecdsa_private_keys_lie_below_the_order(number: int) -> None:
    """0 and the order are no keys; a source that gives only those is given up."""
    scheme = SUITES[number].signature
    size = (scheme.private_key_bits + 7) // 8
    order = {2: P256_ORDER, 5: P521_ORDER, 7: P384_ORDER}[number]
    for bad in (0, order):
        with pytest.raises(MlsRefused):
            SigningKey(scheme, bad.to_bytes(size))
    SigningKey(scheme, (order - 1).to_bytes(size))
    with pytest.raises(MlsRefused):
        SigningKey.generate(scheme, bytes)


def test_orders_are_the_orders_of_the_curves() -> None:
    """Order - 1 times the generator is the generator mirrored."""
    for curve, order in ((ec.SECP256R1(), P256_ORDER), (ec.SECP384R1(), P384_ORDER), (ec.SECP521R1(), P521_ORDER)):
        below = ec.derive_private_key(order - 1, curve).public_key().public_numbers()
        generator = ec.derive_private_key(1, curve).public_key().public_numbers()
        assert below.x == generator.x
        assert below.y != generator.y


@pytest.mark.parametrize("public_key", SMALL_ORDER, ids=bytes.hex)
def test_small_order_keys_of_ed25519(public_key: bytes) -> None:
    """Refused before the signature is looked at, in every encoding."""
    with pytest.raises(MlsRefused):
        Ed25519().check_public_key(public_key)
    with pytest.raises(MlsRefused):
        Ed25519().verify(public_key, bytes(64), b"content")


def test_why_small_order_keys_are_refused() -> None:
    """The primitive alone lets one constant stand for every signature under the identity point."""
    identity = (1).to_bytes(32, "little")
    constant = identity + bytes(32)
    for content in (b"one", b"two", b"three"):
        Ed25519PublicKey.from_public_bytes(identity).verify(constant, content)
        with pytest.raises(MlsRefused):
            Ed25519().verify(identity, constant, content)


@pytest.mark.parametrize("y", [P, P + 2, 2**255 - 1])
def test_keys_of_ed25519_that_are_not_reduced(y: int) -> None:
    """A second name for a point is no key."""
    with pytest.raises(MlsRefused):
        Ed25519().check_public_key(y.to_bytes(32, "little"))


@pytest.mark.parametrize("y", [0, 1, P448 - 1, P448, P448 + 1, P448 + 5])
@pytest.mark.parametrize("sign", [0, 2**455])
def test_small_order_keys_of_ed448(y: int, sign: int) -> None:
    """Orders 1, 2 and 4, and encodings that are not reduced."""
    with pytest.raises(MlsRefused):
        Ed448().check_public_key((y | sign).to_bytes(57, "little"))
