"""Signature schemes of the cipher suites, with the key checks that the primitives leave out.

OpenSSL accepts Ed25519 and Ed448 public keys of small order: with the identity as key, one constant signature
verifies every message.  A point of small order is known by its y coordinate alone, so such keys, and encodings that
are not the shortest name of their point, are refused wherever a key enters: on load, before a signature is looked
at.  ECDSA is deterministic (RFC 6979), so that no scheme draws entropy of its own and a run can be repeated byte for
byte.
"""

from abc import abstractmethod
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.crypto.curve_points import uncompressed

Entropy = Callable[[int], bytes]

KEYS_LOADED_MAX = 1_024
"""Public keys that are kept as the library wants them."""

_P25519 = 2**255 - 19
_P448 = 2**448 - 2**224 - 1
# The y coordinates of the points of order 1, 2, 4 and 8; two of order 8 remain after taking the sign out.
_SMALL_25519 = frozenset(
    {
        0,
        1,
        _P25519 - 1,
        0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    }
)
_SMALL_448 = frozenset({0, 1, _P448 - 1})


class SignatureScheme(Protocol):
    """What a suite asks of its signature scheme."""

    private_key_bits: int

    @abstractmethod
    def load_private(self, private_key: bytes) -> tuple[Callable[[bytes], bytes], bytes]:
        """Return a function that signs and the public key; MlsRefused where the bytes are no key."""

    @abstractmethod
    def verify(self, public_key: bytes, signature: bytes, content: bytes) -> None:
        """Return if the signature holds; MlsRefused if not, or if the key is no key or of small order.

        Args:
            public_key: encoded.
            signature: as it came.
            content: what was signed.
        """

    @abstractmethod
    def check_public_key(self, public_key: bytes) -> None:
        """Return if the key may be used; MlsRefused if it is malformed or of small order."""


@lru_cache(maxsize=KEYS_LOADED_MAX)
def _loaded_ed25519(public_key: bytes) -> ed25519.Ed25519PublicKey:
    """Return a key that was checked; the same people speak again and again."""
    Ed25519().check_public_key(public_key)
    return ed25519.Ed25519PublicKey.from_public_bytes(public_key)


class Ed25519:
    """RFC 8032, 32-byte keys, 64-byte signatures."""

    private_key_bits = 256

    def load_private(self, private_key: bytes) -> tuple[Callable[[bytes], bytes], bytes]:
        """See SignatureScheme."""
        try:
            key = ed25519.Ed25519PrivateKey.from_private_bytes(private_key)
        except ValueError:
            raise MlsRefused("a signature key is not usable") from None
        return key.sign, key.public_key().public_bytes_raw()

    def check_public_key(self, public_key: bytes) -> None:
        """See SignatureScheme."""
        y = int.from_bytes(public_key, "little") & (2**255 - 1)
        if len(public_key) != 32 or y >= _P25519 or y in _SMALL_25519:
            raise MlsRefused("a signature key is not usable")

    def verify(self, public_key: bytes, signature: bytes, content: bytes) -> None:
        """See SignatureScheme."""
        try:
            _loaded_ed25519(public_key).verify(signature, content)
        except (InvalidSignature, ValueError):
            raise MlsRefused("a signature does not hold") from None


class Ed448:
    """RFC 8032, 57-byte keys, 114-byte signatures."""

    private_key_bits = 456

    def load_private(self, private_key: bytes) -> tuple[Callable[[bytes], bytes], bytes]:
        """See SignatureScheme."""
        try:
            key = ed448.Ed448PrivateKey.from_private_bytes(private_key)
        except (ValueError, UnsupportedAlgorithm):
            raise MlsRefused("a signature key is not usable") from None
        return key.sign, key.public_key().public_bytes_raw()

    def check_public_key(self, public_key: bytes) -> None:
        """See SignatureScheme."""
        y = int.from_bytes(public_key, "little") & (2**455 - 1)
        if len(public_key) != 57 or y >= _P448 or y in _SMALL_448:
            raise MlsRefused("a signature key is not usable")

    def verify(self, public_key: bytes, signature: bytes, content: bytes) -> None:
        """See SignatureScheme."""
        self.check_public_key(public_key)
        try:
            ed448.Ed448PublicKey.from_public_bytes(public_key).verify(signature, content)
        except (InvalidSignature, ValueError, UnsupportedAlgorithm):
            raise MlsRefused("a signature does not hold") from None


class Ecdsa:
    """ECDSA with uncompressed public keys and DER signatures, deterministic by RFC 6979.

    Args:
        curve: of the library.
        algorithm: hash that is signed.
        order: of the curve's group.
    """

    def __init__(self, curve: ec.EllipticCurve, algorithm: hashes.HashAlgorithm, order: int) -> None:
        self.curve = curve
        self.order = order
        self.private_key_bits = curve.key_size
        self._algorithm = algorithm

    def load_private(self, private_key: bytes) -> tuple[Callable[[bytes], bytes], bytes]:
        """See SignatureScheme."""
        number = int.from_bytes(private_key)
        if len(private_key) > (self.private_key_bits + 7) // 8 or not 0 < number < self.order:
            raise MlsRefused("a signature key is not usable")
        key = ec.derive_private_key(number, self.curve)
        signed_with = ec.ECDSA(self._algorithm, deterministic_signing=True)
        return lambda content: key.sign(content, signed_with), uncompressed(key.public_key())

    def check_public_key(self, public_key: bytes) -> None:
        """See SignatureScheme."""
        self._load_public(public_key)

    def verify(self, public_key: bytes, signature: bytes, content: bytes) -> None:
        """See SignatureScheme."""
        try:
            self._load_public(public_key).verify(signature, content, ec.ECDSA(self._algorithm))
        except InvalidSignature:
            raise MlsRefused("a signature does not hold") from None

    def _load_public(self, public_key: bytes) -> ec.EllipticCurvePublicKey:
        if public_key[:1] != b"\x04":
            raise MlsRefused("a signature key is not usable")
        try:
            return ec.EllipticCurvePublicKey.from_encoded_point(self.curve, public_key)
        except ValueError:
            raise MlsRefused("a signature key is not usable") from None


P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P384_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973
P521_ORDER = int(
    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    16,
)


class SigningKey:
    """A loaded private signature key; its bytes appear in no representation.

    Loading costs as much as a signature, so a group loads its key once.

    Args:
        scheme: of the key.
        private_key: encoded, as the scheme has it.
    """

    __slots__ = ("_private_key", "public_key", "sign")

    def __init__(self, scheme: SignatureScheme, private_key: bytes) -> None:
        """Load a key.

        Args:
            scheme: the suite's.
            private_key: as the scheme encodes it.

        Raises:
            MlsRefused: the bytes are no private key.
        """
        self._private_key = private_key
        self.sign, self.public_key = scheme.load_private(private_key)

    @classmethod
    def generate(cls, scheme: SignatureScheme, random: Entropy) -> "SigningKey":
        """Make a fresh key from `random(n) -> n bytes`.

        Raises:
            MlsRefused: the source gave no usable key in 64 attempts, which no honest source does.
        """
        size = (scheme.private_key_bits + 7) // 8
        for _ in range(64):
            number = int.from_bytes(random(size)) & ((1 << scheme.private_key_bits) - 1)
            try:
                return cls(scheme, number.to_bytes(size))
            except MlsRefused:  # not below the order of the curve: once in 2**32 keys of P-256
                continue
        raise MlsRefused("the entropy source gives no keys")

    def private_bytes(self) -> bytes:
        """Return the private key, for storage only."""
        return self._private_key

    def __repr__(self) -> str:
        return f"SigningKey(public_key={self.public_key.hex()})"
