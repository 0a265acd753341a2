"""HPKE in base mode, single-shot and as exporter (RFC 9180).

Sealing is our own, because the entropy of the encapsulation must be an argument; opening goes through
`cryptography`'s HPKE where it offers the suite (it equals the form MLS uses: `info` given, `aad` empty, sequence
number 0), else, and for Curve448, through our own.  The tests drive every suite through both and require equality.
The exporter, which the library lacks, is needed for external commits only.
"""

from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.crypto.kem import Entropy, Hkdf, Kem
from reactor_chat.mls.values import Hidden, Value

NONCE_BYTES = 12  # of every AEAD there is for HPKE (RFC 9180 §7.3)

_LIBRARY_KEMS = {0x0010: "P256", 0x0011: "P384", 0x0012: "P521", 0x0020: "X25519", 0x647A: "MLKEM768_X25519"}
_LIBRARY_KDFS = {1: "HKDF_SHA256", 2: "HKDF_SHA384", 3: "HKDF_SHA512"}


class Aead(Value, frozen=True):
    """An authenticated cipher with 12-byte nonces and 16-byte tags.

    Attributes:
        id: the number in the HPKE registry.
        key_bytes: Nk.
        cipher: the class of `cryptography` that takes the key.
        library_name: as the library's HPKE calls it.
    """

    id: int
    key_bytes: int
    cipher: type[AESGCM] | type[ChaCha20Poly1305]
    library_name: str

    def seal(self, key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypt; the result is 16 bytes longer than the plaintext.

        Args:
            key: `key_bytes` long.
            nonce: `NONCE_BYTES` long, never used with this key before.
            plaintext: of any length.
            aad: covered and not encrypted.
        """
        return self.cipher(key).encrypt(nonce, plaintext, aad)

    def open(self, key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """Decrypt, or raise MlsRefused and reveal nothing.

        Args:
            key: `key_bytes` long.
            nonce: `NONCE_BYTES` long.
            ciphertext: with its tag.
            aad: covered and not encrypted.
        """
        try:
            return self.cipher(key).decrypt(nonce, ciphertext, aad)
        except InvalidTag:
            raise MlsRefused("a ciphertext does not open") from None


AES_128_GCM = Aead(1, 16, AESGCM, "AES_128_GCM")
AES_256_GCM = Aead(2, 32, AESGCM, "AES_256_GCM")
CHACHA20_POLY1305 = Aead(3, 32, ChaCha20Poly1305, "CHACHA20_POLY1305")


class Context(Value, frozen=True):
    """What both sides of an encapsulation share: the first key and nonce, and the exporter's secret."""

    key: Hidden[bytes]
    nonce: Hidden[bytes]
    exporter_secret: Hidden[bytes]


@lru_cache(maxsize=16)
def library_suite(kem: int, kdf: int, aead: str) -> Any:
    """Return `cryptography`'s HPKE for these parts, by number and name; None where it does not offer them.

    Args:
        kem: number (RFC 9180 §7.1).
        kdf: number (RFC 9180 §7.2).
        aead: the library's name.
    """
    try:
        return hpke.Suite(
            getattr(hpke.KEM, _LIBRARY_KEMS[kem]), getattr(hpke.KDF, _LIBRARY_KDFS[kdf]), getattr(hpke.AEAD, aead)
        )
    except (KeyError, UnsupportedAlgorithm):  # Curve448, or a build without ML-KEM
        return None


class Hpke(Value, frozen=True):
    """A KEM, a KDF and an AEAD, as a suite combines them (RFC 9180 §5)."""

    kem: Kem
    kdf: Hkdf
    aead: Aead

    def setup(self, shared_secret: bytes, info: bytes) -> Context:
        """Derive the context of base mode.

        Args:
            shared_secret: of the KEM.
            info: what both sides must agree on.

        Source: RFC 9180 §5.1, KeySchedule with mode_base.
        """
        suite_id = self._suite_id()
        extract, expand = self.kdf.labeled_extract, self.kdf.labeled_expand
        schedule = b"\x00" + extract(suite_id, b"", b"psk_id_hash", b"") + extract(suite_id, b"", b"info_hash", info)
        secret = extract(suite_id, shared_secret, b"secret", b"")
        return Context(
            expand(suite_id, secret, b"key", schedule, self.aead.key_bytes),
            expand(suite_id, secret, b"base_nonce", schedule, NONCE_BYTES),
            expand(suite_id, secret, b"exp", schedule, self.kdf.hash_bytes),
        )

    def export(self, context: Context, exporter_context: bytes, length: int) -> bytes:
        """Return `length` bytes for another purpose, the same on both sides.

        Args:
            context: of `setup`.
            exporter_context: what it is for.
            length: 0 to 255 * Nh bytes.

        Source: RFC 9180 §5.3.
        """
        return self.kdf.labeled_expand(self._suite_id(), context.exporter_secret, b"sec", exporter_context, length)

    def seal(self, public_key: bytes, info: bytes, plaintext: bytes, random: Entropy) -> tuple[bytes, bytes]:
        """Encrypt one message to a public key.

        Args:
            random: source of the ephemeral key (see `kem` for the one exception).

        Returns:
            The encapsulation and the ciphertext.

        Raises:
            MlsRefused: the key is malformed or of low order.

        Source: RFC 9180 §6.1, SealBase with empty aad.
        """
        shared_secret, encapsulation = self.kem.encapsulate(public_key, random)
        context = self.setup(shared_secret, info)
        return encapsulation, self.aead.seal(context.key, context.nonce, plaintext, b"")

    def open(self, private_key: bytes, info: bytes, encapsulation: bytes, ciphertext: bytes) -> bytes:
        """Decrypt one message, through the library where it offers the suite.

        Args:
            private_key: encoded, as the KEM has it.
            info: what both sides must agree on.
            encapsulation: as it came.
            ciphertext: with its tag.

        Raises:
            MlsRefused: whatever does not hold, without distinction.

        Source: RFC 9180 §6.1, OpenBase with empty aad.
        """
        library = library_suite(self.kem.id, self.kdf.id, self.aead.library_name)
        if library is None:
            return self.open_without_library(private_key, info, encapsulation, ciphertext)
        if (
            len(encapsulation) != self.kem.encapsulation_bytes
        ):  # the library takes both parts as one and would not notice
            raise MlsRefused("a ciphertext does not open")
        key = self.kem.library_private_key(private_key)
        try:
            opened: bytes = library.decrypt(encapsulation + ciphertext, key, info)
        except (InvalidTag, ValueError):
            raise MlsRefused("a ciphertext does not open") from None
        return opened

    def open_without_library(self, private_key: bytes, info: bytes, encapsulation: bytes, ciphertext: bytes) -> bytes:
        """Decrypt one message with our own key schedule; the same results and errors as `open`."""
        context = self.setup(self.kem.decapsulate(encapsulation, private_key), info)
        return self.aead.open(context.key, context.nonce, ciphertext, b"")

    def _suite_id(self) -> bytes:
        return b"HPKE" + self.kem.id.to_bytes(2) + self.kdf.id.to_bytes(2) + self.aead.id.to_bytes(2)
