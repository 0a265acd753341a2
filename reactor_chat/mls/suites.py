"""The cipher suites as one table, and the labelled functions that RFC 9420 §5 and §8 build from their parts.

Seven suites are registered (RFC 9420 §17.1).  The eighth is the one the chat uses by default: X-Wing as KEM,
otherwise as suite 1, the first row of the working group's post-quantum draft; until that has its code point, it
stands under a number reserved for private use.
"""

import hashlib
import hmac
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.crypto import kem
from reactor_chat.mls.crypto.hpke import AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305, Aead, Context, Hpke
from reactor_chat.mls.crypto.kem import Entropy, Hkdf, Kem, KeyPair
from reactor_chat.mls.encoding.codec import with_length
from reactor_chat.mls.encoding.structs import HPKECiphertext
from reactor_chat.mls.signatures import (
    P256_ORDER,
    P384_ORDER,
    P521_ORDER,
    Ecdsa,
    Ed448,
    Ed25519,
    SignatureScheme,
    SigningKey,
)
from reactor_chat.mls.values import Value

PREFIX = b"MLS 1.0 "

_HASHES = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}


@lru_cache(maxsize=1024)
def _label_info(label: bytes, length: int) -> bytes:
    return length.to_bytes(2) + with_length(PREFIX + label)


class Suite(Value, frozen=True, eq=False):
    """A cipher suite: which primitives, under which number, and everything the RFC derives from them by label."""

    number: int
    name: str
    kem: Kem
    kdf: Hkdf
    aead: Aead
    signature: SignatureScheme

    def __repr__(self) -> str:
        return f"<{self.name}>"

    @property
    def hpke(self) -> Hpke:
        """The suite's HPKE."""
        return Hpke(self.kem, self.kdf, self.aead)

    @property
    def hash_bytes(self) -> int:
        """Nh, the size of hashes and secrets: 32, 48 or 64 bytes."""
        return self.kdf.hash_bytes

    def digest(self, content: bytes) -> bytes:
        """Hash `content`."""
        return _HASHES[self.kdf.hash_name](content).digest()

    def mac(self, key: bytes, content: bytes) -> bytes:
        """MAC, which is HMAC in every suite (RFC 9420 §5.1)."""
        return hmac.digest(key, content, self.kdf.hash_name)

    def check_mac(self, key: bytes, content: bytes, tag: bytes | None) -> None:
        """Return if the tag is right, else MlsRefused; takes the same time either way.

        Args:
            key: of the MAC.
            content: what it covers.
            tag: as it came; None where there was none.
        """
        if not hmac.compare_digest(self.mac(key, content), tag or b""):
            raise MlsRefused("a tag does not hold")

    def extract(self, salt: bytes, ikm: bytes) -> bytes:
        """KDF.Extract (RFC 9420 §5.1)."""
        return self.kdf.extract(salt, ikm)

    def expand_with_label(self, secret: bytes, label: bytes, context: bytes, length: int) -> bytes:
        """ExpandWithLabel (RFC 9420 §8); `length` of 0 to 255 * Nh bytes.

        Args:
            secret: to derive from.
            label: what it is for.
            context: likewise.
            length: 0 to 255 * Nh bytes.
        """
        return self.kdf.expand(secret, _label_info(label, length) + with_length(context), length)

    def derive_secret(self, secret: bytes, label: bytes) -> bytes:
        """DeriveSecret (RFC 9420 §8)."""
        return self.expand_with_label(secret, label, b"", self.kdf.hash_bytes)

    def derive_tree_secret(self, secret: bytes, label: bytes, generation: int, length: int) -> bytes:
        """DeriveTreeSecret (RFC 9420 §9.1).

        Args:
            secret: to derive from.
            label: what it is for.
            generation: 0 to 2**32 - 1.
            length: 0 to 255 * Nh bytes.
        """
        return self.expand_with_label(secret, label, generation.to_bytes(4), length)

    def ref_hash(self, label: bytes, value: bytes) -> bytes:
        """RefHash (RFC 9420 §5.2)."""
        return self.digest(with_length(label) + with_length(value))

    def key_package_ref(self, encoded: bytes) -> bytes:
        """MakeKeyPackageRef (RFC 9420 §5.2)."""
        return self.ref_hash(b"MLS 1.0 KeyPackage Reference", encoded)

    def proposal_ref(self, encoded: bytes) -> bytes:
        """MakeProposalRef, of an encoded AuthenticatedContent (RFC 9420 §5.2)."""
        return self.ref_hash(b"MLS 1.0 Proposal Reference", encoded)

    def sign_with_label(self, key: SigningKey, label: bytes, content: bytes) -> bytes:
        """SignWithLabel (RFC 9420 §5.1.2).

        Args:
            key: of the signer.
            label: what is signed.
            content: encoded.
        """
        return key.sign(with_length(PREFIX + label) + with_length(content))

    def verify_with_label(self, public_key: bytes, label: bytes, content: bytes, signature: bytes) -> None:
        """VerifyWithLabel (RFC 9420 §5.1.2): return if it holds, else MlsRefused; keys of small order never do.

        Args:
            public_key: encoded.
            label: what was signed.
            content: encoded.
            signature: as it came.
        """
        self.signature.verify(public_key, signature, with_length(PREFIX + label) + with_length(content))

    def encrypt_with_label(
        self, public_key: bytes, label: bytes, context: bytes, plaintext: bytes, random: Entropy
    ) -> HPKECiphertext:
        """EncryptWithLabel (RFC 9420 §5.1.3).

        Args:
            public_key: encoded.
            label: what it is for.
            context: what both sides must agree on.
            plaintext: of any length.
            random: `random(n)` returns n fresh bytes.
        """
        info = with_length(PREFIX + label) + with_length(context)
        return HPKECiphertext(*self.hpke.seal(public_key, info, plaintext, random))

    def decrypt_with_label(self, private_key: bytes, label: bytes, context: bytes, sealed: HPKECiphertext) -> bytes:
        """DecryptWithLabel (RFC 9420 §5.1.3), or MlsRefused.

        Args:
            private_key: encoded.
            label: what it is for.
            context: what both sides must agree on.
            sealed: as it came.
        """
        info = with_length(PREFIX + label) + with_length(context)
        return self.hpke.open(private_key, info, sealed.kem_output, sealed.ciphertext)

    def generate_key_pair(self, random: Entropy) -> KeyPair:
        """Make a fresh HPKE key pair from Nh bytes of `random`."""
        return self.kem.derive_key_pair(random(self.kdf.hash_bytes))

    def export_external_init(self, context: Context) -> bytes:
        """Return the init secret of an external commit (RFC 9420 §8.3)."""
        return self.hpke.export(context, b"MLS 1.0 external init secret", self.kdf.hash_bytes)


_X25519_KEM = kem.DhKem(0x0020, kem.X25519(), kem.HKDF_SHA256)
_X448_KEM = kem.DhKem(0x0021, kem.X448(), kem.HKDF_SHA512)
_P256_KEM = kem.DhKem(0x0010, kem.NistCurve(ec.SECP256R1(), P256_ORDER), kem.HKDF_SHA256)
_P384_KEM = kem.DhKem(0x0011, kem.NistCurve(ec.SECP384R1(), P384_ORDER), kem.HKDF_SHA384)
_P521_KEM = kem.DhKem(0x0012, kem.NistCurve(ec.SECP521R1(), P521_ORDER), kem.HKDF_SHA512)
_P256_ECDSA = Ecdsa(ec.SECP256R1(), hashes.SHA256(), P256_ORDER)
_P384_ECDSA = Ecdsa(ec.SECP384R1(), hashes.SHA384(), P384_ORDER)
_P521_ECDSA = Ecdsa(ec.SECP521R1(), hashes.SHA512(), P521_ORDER)

CLASSICAL = 0x0001
HYBRID = 0xF001  # private use (RFC 9420 §17.1) until draft-ietf-mls-pq-ciphersuites has its code points

SUITES = {
    suite.number: suite
    for suite in (
        Suite(1, "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519", _X25519_KEM, kem.HKDF_SHA256, AES_128_GCM, Ed25519()),
        Suite(2, "MLS_128_DHKEMP256_AES128GCM_SHA256_P256", _P256_KEM, kem.HKDF_SHA256, AES_128_GCM, _P256_ECDSA),
        Suite(
            3, "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
            _X25519_KEM, kem.HKDF_SHA256, CHACHA20_POLY1305, Ed25519(),
        ),
        Suite(4, "MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448", _X448_KEM, kem.HKDF_SHA512, AES_256_GCM, Ed448()),
        Suite(5, "MLS_256_DHKEMP521_AES256GCM_SHA512_P521", _P521_KEM, kem.HKDF_SHA512, AES_256_GCM, _P521_ECDSA),
        Suite(
            6, "MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448",
            _X448_KEM, kem.HKDF_SHA512, CHACHA20_POLY1305, Ed448(),
        ),
        Suite(7, "MLS_256_DHKEMP384_AES256GCM_SHA384_P384", _P384_KEM, kem.HKDF_SHA384, AES_256_GCM, _P384_ECDSA),
        Suite(
            HYBRID, "MLS_128_MLKEM768X25519_AES128GCM_SHA256_Ed25519",
            kem.XWing(), kem.HKDF_SHA256, AES_128_GCM, Ed25519(),
        ),
    )
}  # fmt: skip


def suite(number: int) -> Suite:
    """Return the suite with that number.

    Raises:
        MlsRefused: no such suite here.

    Source: RFC 9420 §17.1.
    """
    found = SUITES.get(number)
    if found is None:
        raise MlsRefused("an unsupported cipher suite")
    return found


@lru_cache(maxsize=1)
def available() -> tuple[int, ...]:
    """Return the numbers of the suites whose primitives the installed `cryptography` has, in ascending order.

    A distribution's build may lack ML-KEM or Curve448; a caller shows that instead of finding out in a handshake.
    """
    found = []
    for number, candidate in SUITES.items():
        try:
            candidate.kem.derive_key_pair(bytes(64))
            SigningKey.generate(candidate.signature, lambda n: b"\x01" * n)
        except (MlsRefused, UnsupportedAlgorithm):
            continue
        found.append(number)
    return tuple(found)
