"""Key encapsulation: DHKEM over X25519, X448 and the NIST curves, and the hybrid X-Wing (ML-KEM-768 with X25519).

All entropy is an argument, with one exception that the primitives force: `cryptography` has no ML-KEM encapsulation
with given randomness, so the ML-KEM half of an X-Wing encapsulation draws its own.  `encapsulate_mlkem768` is the
only place; everything else repeats byte for byte from the same `random`.

A private key is bytes: the scalar (X-Wing: the 32-byte seed).  Low-order points, points off the curve and encodings
of the wrong length are refused both when a public key enters and when a result would be all zeros.
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x448, x25519

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.crypto.curve_points import uncompressed
from reactor_chat.mls.values import Hidden, Value

Entropy = Callable[[int], bytes]

_REFUSED = "a public key or an encapsulation is not usable"


class KeyPair(Value, frozen=True):
    """An HPKE key pair; the private half is in no representation."""

    private_key: Hidden[bytes]
    public_key: bytes


class Kem(Protocol):
    """What HPKE asks of a KEM (RFC 9180 §4)."""

    @property
    def id(self) -> int:
        """The number in the HPKE registry."""

    @property
    def encapsulation_bytes(self) -> int:
        """Nenc, the size of an encapsulation."""

    def derive_key_pair(self, ikm: bytes) -> KeyPair:
        """Return the key pair that belongs to the input keying material, at least 32 bytes of it."""

    def public_key(self, private_key: bytes) -> bytes:
        """Return the public half; MlsRefused where the bytes are no private key."""

    def check_public_key(self, public_key: bytes) -> None:
        """Return if the key may be encrypted to; MlsRefused if it is malformed or of low order."""

    def encapsulate(self, public_key: bytes, random: Entropy) -> tuple[bytes, bytes]:
        """Return a fresh shared secret and its encapsulation; MlsRefused for a bad key.

        Args:
            public_key: encoded.
            random: `random(n)` returns n fresh bytes.
        """

    def decapsulate(self, encapsulation: bytes, private_key: bytes) -> bytes:
        """Return the shared secret; MlsRefused where the encapsulation is malformed or of low order.

        Args:
            encapsulation: as it came.
            private_key: encoded.
        """

    def library_private_key(self, private_key: bytes) -> Any:
        """Return the private key as `cryptography`'s HPKE takes it."""


class Hkdf(Value, frozen=True):
    """HKDF with the labels of HPKE (RFC 9180 §4).

    Attributes:
        id: the number in the HPKE registry.
        hash_name: as `hashlib` calls it.
        hash_bytes: Nh.
    """

    id: int
    hash_name: str
    hash_bytes: int

    def extract(self, salt: bytes, ikm: bytes) -> bytes:
        """HKDF-Extract (RFC 5869 §2.2)."""
        return hmac.digest(salt or bytes(self.hash_bytes), ikm, self.hash_name)

    def expand(self, prk: bytes, info: bytes, length: int) -> bytes:
        """HKDF-Expand (RFC 5869 §2.3), `length` of 0 to 255 * Nh bytes."""
        if length <= self.hash_bytes:
            return hmac.digest(prk, info + b"\x01", self.hash_name)[:length]
        okm = block = b""
        for counter in range(1, -(-length // self.hash_bytes) + 1):
            block = hmac.digest(prk, block + info + bytes((counter,)), self.hash_name)
            okm += block
        return okm[:length]

    def labeled_extract(self, suite_id: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
        """LabeledExtract (RFC 9180 §4)."""
        return self.extract(salt, b"HPKE-v1" + suite_id + label + ikm)

    def labeled_expand(self, suite_id: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
        """LabeledExpand (RFC 9180 §4)."""
        return self.expand(prk, length.to_bytes(2) + b"HPKE-v1" + suite_id + label + info, length)


HKDF_SHA256 = Hkdf(1, "sha256", 32)
HKDF_SHA384 = Hkdf(2, "sha384", 48)
HKDF_SHA512 = Hkdf(3, "sha512", 64)


class DhGroup(Protocol):
    """A Diffie-Hellman group of RFC 9180 §7.1."""

    private_key_bytes: int
    public_key_bytes: int

    def derive_private(self, expand: Callable[[bytes, bytes, int], bytes]) -> bytes:
        """Derive a private key with `expand(label, info, length)` (RFC 9180 §7.1.3)."""

    def load(self, private_key: bytes) -> Any:
        """Return the loaded private key; MlsRefused where the bytes are none."""

    def public_bytes(self, loaded: Any) -> bytes:
        """Return the public key of a loaded private one."""

    def check(self, public_key: bytes) -> None:
        """Return if the point may be used, else MlsRefused."""

    def exchange(self, loaded: Any, public_key: bytes) -> bytes:
        """Return the Diffie-Hellman result, or MlsRefused for a point that may not be used."""


_P25519 = 2**255 - 19
_P448 = 2**448 - 2**224 - 1
# The u coordinates of the low-order points of Curve25519, reduced; RFC 7748 masks the top bit and reduces on input.
_LOW_25519 = frozenset(
    {
        0,
        1,
        _P25519 - 1,
        0x00B8495F16056286FDB1329CEB8D09DA6AC49FF1FAE35616AEB8413B7C7AEBE0,
        0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
    }
)
_LOW_448 = frozenset({0, 1, _P448 - 1})


class X25519:
    """Curve25519 (RFC 7748 §5)."""

    private_key_bytes = 32
    public_key_bytes = 32

    def derive_private(self, expand: Callable[[bytes, bytes, int], bytes]) -> bytes:
        """See DhGroup."""
        return expand(b"sk", b"", 32)

    def load(self, private_key: bytes) -> x25519.X25519PrivateKey:
        """See DhGroup."""
        try:
            return x25519.X25519PrivateKey.from_private_bytes(private_key)
        except ValueError:
            raise MlsRefused("a private key is not usable") from None

    def public_bytes(self, loaded: x25519.X25519PrivateKey) -> bytes:
        """See DhGroup."""
        return loaded.public_key().public_bytes_raw()

    def check(self, public_key: bytes) -> None:
        """See DhGroup."""
        u = int.from_bytes(public_key, "little") & (2**255 - 1)
        if len(public_key) != 32 or u % _P25519 in _LOW_25519:
            raise MlsRefused(_REFUSED)

    def exchange(self, loaded: x25519.X25519PrivateKey, public_key: bytes) -> bytes:
        """See DhGroup."""
        try:
            return loaded.exchange(x25519.X25519PublicKey.from_public_bytes(public_key))
        except ValueError:  # wrong length, or the all-zero result of a low-order point
            raise MlsRefused(_REFUSED) from None


class X448:
    """Curve448 (RFC 7748 §5)."""

    private_key_bytes = 56
    public_key_bytes = 56

    def derive_private(self, expand: Callable[[bytes, bytes, int], bytes]) -> bytes:
        """See DhGroup."""
        return expand(b"sk", b"", 56)

    def load(self, private_key: bytes) -> x448.X448PrivateKey:
        """See DhGroup."""
        try:
            return x448.X448PrivateKey.from_private_bytes(private_key)
        except (ValueError, UnsupportedAlgorithm):
            raise MlsRefused("a private key is not usable") from None

    def public_bytes(self, loaded: x448.X448PrivateKey) -> bytes:
        """See DhGroup."""
        return loaded.public_key().public_bytes_raw()

    def check(self, public_key: bytes) -> None:
        """See DhGroup."""
        if len(public_key) != 56 or int.from_bytes(public_key, "little") % _P448 in _LOW_448:
            raise MlsRefused(_REFUSED)

    def exchange(self, loaded: x448.X448PrivateKey, public_key: bytes) -> bytes:
        """See DhGroup."""
        try:
            return loaded.exchange(x448.X448PublicKey.from_public_bytes(public_key))
        except ValueError:
            raise MlsRefused(_REFUSED) from None


class NistCurve:
    """P-256, P-384 or P-521 with uncompressed points (RFC 9180 §7.1).

    Args:
        curve: of the library.
        order: of its group.
    """

    def __init__(self, curve: ec.EllipticCurve, order: int) -> None:
        self.curve = curve
        self.order = order
        self.private_key_bytes = (curve.key_size + 7) // 8
        self.public_key_bytes = 1 + 2 * self.private_key_bytes

    def derive_private(self, expand: Callable[[bytes, bytes, int], bytes]) -> bytes:
        """See DhGroup: candidates until one lies below the order (RFC 9180 §7.1.3)."""
        for counter in range(256):
            candidate = expand(b"candidate", bytes((counter,)), self.private_key_bytes)
            number = int.from_bytes(candidate) & ((1 << self.curve.key_size) - 1)
            if 0 < number < self.order:
                return number.to_bytes(self.private_key_bytes)
        raise MlsRefused("no private key could be derived")

    def load(self, private_key: bytes) -> ec.EllipticCurvePrivateKey:
        """See DhGroup."""
        number = int.from_bytes(private_key)
        # Shorter is allowed: published vectors leave the leading zero octet of P-521 out.
        if len(private_key) > self.private_key_bytes or not 0 < number < self.order:
            raise MlsRefused("a private key is not usable")
        return ec.derive_private_key(number, self.curve)

    def public_bytes(self, loaded: ec.EllipticCurvePrivateKey) -> bytes:
        """See DhGroup."""
        return uncompressed(loaded.public_key())

    def check(self, public_key: bytes) -> None:
        """See DhGroup."""
        self._point(public_key)

    def exchange(self, loaded: ec.EllipticCurvePrivateKey, public_key: bytes) -> bytes:
        """See DhGroup."""
        return loaded.exchange(ec.ECDH(), self._point(public_key))

    def _point(self, public_key: bytes) -> ec.EllipticCurvePublicKey:
        if public_key[:1] != b"\x04":
            raise MlsRefused(_REFUSED)
        try:
            return ec.EllipticCurvePublicKey.from_encoded_point(self.curve, public_key)
        except ValueError:
            raise MlsRefused(_REFUSED) from None


class DhKem(Value, frozen=True):
    """DHKEM of a group and a KDF (RFC 9180 §4.1)."""

    id: int
    group: DhGroup
    kdf: Hkdf

    @property
    def encapsulation_bytes(self) -> int:
        """See Kem."""
        return self.group.public_key_bytes

    @property
    def _suite_id(self) -> bytes:
        return b"KEM" + self.id.to_bytes(2)

    def derive_key_pair(self, ikm: bytes) -> KeyPair:
        """See Kem (RFC 9180 §7.1.3)."""
        private_key = self._derive_private(ikm)
        return KeyPair(private_key, self.group.public_bytes(self.group.load(private_key)))

    def public_key(self, private_key: bytes) -> bytes:
        """See Kem."""
        return self.group.public_bytes(self.group.load(private_key))

    def check_public_key(self, public_key: bytes) -> None:
        """See Kem."""
        self.group.check(public_key)

    def encapsulate(self, public_key: bytes, random: Entropy) -> tuple[bytes, bytes]:
        """See Kem; the ephemeral key pair is derived from as many bytes of entropy as a private key has."""
        self.group.check(public_key)
        ephemeral = self.group.load(self._derive_private(random(self.group.private_key_bytes)))
        encapsulation = self.group.public_bytes(ephemeral)
        return self._shared(self.group.exchange(ephemeral, public_key), encapsulation + public_key), encapsulation

    def decapsulate(self, encapsulation: bytes, private_key: bytes) -> bytes:
        """See Kem."""
        self.group.check(encapsulation)
        loaded = self.group.load(private_key)
        own_public_key = self.group.public_bytes(loaded)
        return self._shared(self.group.exchange(loaded, encapsulation), encapsulation + own_public_key)

    def library_private_key(self, private_key: bytes) -> Any:
        """See Kem."""
        return self.group.load(private_key)

    def _derive_private(self, ikm: bytes) -> bytes:
        prk = self.kdf.labeled_extract(self._suite_id, b"", b"dkp_prk", ikm)
        return self.group.derive_private(
            lambda label, info, length: self.kdf.labeled_expand(self._suite_id, prk, label, info, length)
        )

    def _shared(self, exchanged: bytes, context: bytes) -> bytes:
        prk = self.kdf.labeled_extract(self._suite_id, b"", b"eae_prk", exchanged)
        return self.kdf.labeled_expand(self._suite_id, prk, b"shared_secret", context, self.kdf.hash_bytes)


def encapsulate_mlkem768(public_key: bytes) -> tuple[bytes, bytes]:
    """Encapsulate to an ML-KEM-768 key with the library's entropy, the only entropy that is no argument.

    Returns:
        The 32-byte shared secret and the 1,088-byte ciphertext.

    Raises:
        MlsRefused: no ML-KEM-768 key (its modulus check fails), or the library lacks the algorithm.

    Source: FIPS 203 §7.2.
    """
    try:
        return mlkem.MLKEM768PublicKey.from_public_bytes(public_key).encapsulate()
    except (ValueError, UnsupportedAlgorithm):
        raise MlsRefused(_REFUSED) from None


class XWing:
    """ML-KEM-768 with X25519 (draft-connolly-cfrg-xwing-kem; MLKEM768-X25519 of draft-ietf-hpke-pq)."""

    id = 0x647A
    encapsulation_bytes = 1120
    _group = X25519()
    _LABEL = b"\\.//^\\"

    def derive_key_pair(self, ikm: bytes) -> KeyPair:
        """See Kem; a single-stage derivation with SHAKE256 (draft-ietf-hpke-pq §4)."""
        labeled = ikm + b"HPKE-v1" + b"KEM\x64\x7a" + b"\x00\x0dDeriveKeyPair" + b"\x00\x20"
        seed = hashlib.shake_256(labeled).digest(32)
        return KeyPair(seed, self.public_key(seed))

    def public_key(self, private_key: bytes) -> bytes:
        """See Kem."""
        lattice, curve = self._expand(private_key)
        return lattice.public_key().public_bytes_raw() + self._group.public_bytes(curve)

    def check_public_key(self, public_key: bytes) -> None:
        """See Kem."""
        if len(public_key) != 1216:
            raise MlsRefused(_REFUSED)
        self._group.check(public_key[1184:])
        try:
            mlkem.MLKEM768PublicKey.from_public_bytes(public_key[:1184])
        except (ValueError, UnsupportedAlgorithm):
            raise MlsRefused(_REFUSED) from None

    def encapsulate(self, public_key: bytes, random: Entropy) -> tuple[bytes, bytes]:
        """See Kem."""
        lattice_key, curve_key = public_key[:1184], public_key[1184:]
        self._group.check(curve_key)
        lattice_secret, lattice_ciphertext = encapsulate_mlkem768(lattice_key)
        ephemeral = self._group.load(random(32))
        point = self._group.public_bytes(ephemeral)
        curve_secret = self._group.exchange(ephemeral, curve_key)
        return self._combine(lattice_secret, curve_secret, point, curve_key), lattice_ciphertext + point

    def decapsulate(self, encapsulation: bytes, private_key: bytes) -> bytes:
        """See Kem."""
        if len(encapsulation) != self.encapsulation_bytes:
            raise MlsRefused(_REFUSED)
        lattice, curve = self._expand(private_key)
        point = encapsulation[1088:]
        curve_secret = self._group.exchange(curve, point)
        lattice_secret = lattice.decapsulate(encapsulation[:1088])
        return self._combine(lattice_secret, curve_secret, point, self._group.public_bytes(curve))

    def library_private_key(self, private_key: bytes) -> Any:
        """See Kem."""
        return hpke.MLKEM768X25519PrivateKey(*self._expand(private_key))

    def _expand(self, seed: bytes) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
        if len(seed) != 32:
            raise MlsRefused("a private key is not usable")
        expanded = hashlib.shake_256(seed).digest(96)
        try:
            return mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), self._group.load(expanded[64:])
        except UnsupportedAlgorithm:
            raise MlsRefused("the library lacks ML-KEM") from None

    def _combine(self, lattice_secret: bytes, curve_secret: bytes, point: bytes, curve_key: bytes) -> bytes:
        return hashlib.sha3_256(lattice_secret + curve_secret + point + curve_key + self._LABEL).digest()
