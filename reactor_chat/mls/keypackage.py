"""KeyPackages with their private halves: what a client prepares so that it can be added while away (RFC 9420 §10).

`generate` makes the public KeyPackage and keeps the three private keys beside it; the pair is used up by one `join`.
The private keys appear in no representation; `serialize` is the one way to them.
"""

from typing import Annotated

from msgspec.structs import replace

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.crypto.kem import Entropy
from reactor_chat.mls.encoding.codec import TlsStruct, UInt8, opaque
from reactor_chat.mls.encoding.structs import (
    MLS10,
    BasicCredential,
    Capabilities,
    CredentialType,
    Extension,
    LeafNode,
    Lifetime,
    Secret,
    X509Credential,
)
from reactor_chat.mls.framing import open_envelope
from reactor_chat.mls.messages import KeyPackage, MLSMessage
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.suites import SUITES, Suite, suite
from reactor_chat.mls.tree.validation import check_key_package
from reactor_chat.mls.values import Hidden, Value

STORED_VERSION = 1  # of the stored form; another one is refused

DEFAULT_CAPABILITIES = Capabilities((MLS10,), tuple(SUITES), (), (), (CredentialType.BASIC,))
FOREVER = Lifetime(0, 2**64 - 1)  # the whole range of uint64 seconds (RFC 9420 §7.2)


class Identity(Value, frozen=True):
    """Who a client is: what its leaf says, and the key that signs for it.

    Attributes:
        credential: what the application checks.
        signing_key: of the suite the KeyPackage or group is for.
        capabilities: must list every extension and credential type the client uses.
        extensions: of the leaf.
    """

    credential: BasicCredential | X509Credential
    signing_key: SigningKey
    capabilities: Capabilities = DEFAULT_CAPABILITIES
    extensions: tuple[Extension, ...] = ()


class _Stored(TlsStruct, frozen=True):
    version: UInt8
    message: Annotated[bytes, opaque(1024 * 1024)]
    init_key: Secret
    encryption_key: Secret
    signature_key: Secret


class OwnKeyPackage(Value, frozen=True):
    """A KeyPackage of ours.

    Attributes:
        package: what is published.
    """

    package: KeyPackage
    init_private_key: Hidden[bytes]
    encryption_private_key: Hidden[bytes]
    signing_key: SigningKey

    @classmethod
    def generate(
        cls,
        suite_number: int,
        identity: Identity,
        random: Entropy,
        *,
        lifetime: Lifetime = FOREVER,
        extensions: tuple[Extension, ...] = (),
    ) -> "OwnKeyPackage":
        """Make a KeyPackage.

        Args:
            suite_number: a key of `suites.SUITES`.
            identity: its signing key must be of that suite.
            random: `random(n)` returns n fresh bytes.
            lifetime: seconds since 1970, both ends included.
            extensions: of the KeyPackage itself.

        Returns:
            The pair; a KeyPackage is about 300 bytes, in the hybrid suite 2,700.

        Raises:
            MlsRefused: no such suite here.

        Source: RFC 9420 §10.
        """
        scheme = suite(suite_number)
        init, encryption = scheme.generate_key_pair(random), scheme.generate_key_pair(random)
        key = identity.signing_key
        leaf = LeafNode(
            encryption.public_key,
            key.public_key,
            identity.credential,
            identity.capabilities,
            lifetime,
            identity.extensions,
        )
        leaf = replace(leaf, signature=scheme.sign_with_label(key, b"LeafNodeTBS", leaf.to_be_signed(b"", 0)))
        package = KeyPackage(MLS10, suite_number, init.public_key, leaf, extensions)
        signature = scheme.sign_with_label(key, b"KeyPackageTBS", package.to_be_signed())
        return cls(replace(package, signature=signature), init.private_key, encryption.private_key, key)

    @classmethod
    def from_parts(cls, message: bytes, init: bytes, encryption: bytes, signature: bytes) -> "OwnKeyPackage":
        """Put a KeyPackage and its private keys together.

        Args:
            message: MLSMessage with the KeyPackage.
            init: private half of `init_key`.
            encryption: private half of the leaf's `encryption_key`.
            signature: private half of the leaf's `signature_key`.

        Raises:
            MlsMalformed: no MLSMessage.
            MlsRefused: no KeyPackage, not a valid one, or the keys are not its keys.
        """
        package = read_key_package(message)
        scheme = suite(package.cipher_suite)
        key = SigningKey(scheme.signature, signature)
        expected = (package.init_key, package.leaf_node.encryption_key, package.leaf_node.signature_key)
        if expected != (scheme.kem.public_key(init), scheme.kem.public_key(encryption), key.public_key):
            raise MlsRefused("private keys do not belong to a KeyPackage")
        return cls(package, init, encryption, key)

    @property
    def suite(self) -> Suite:
        """The suite it is for."""
        return suite(self.package.cipher_suite)

    @property
    def message(self) -> bytes:
        """The encoded MLSMessage that is published."""
        return MLSMessage(MLS10, self.package).encode()

    @property
    def reference(self) -> bytes:
        """The hash by which a Welcome names it (RFC 9420 §5.2)."""
        return self.suite.key_package_ref(self.package.encode())

    def serialize(self) -> bytes:
        """Return everything including the private keys, for storage only; the first byte is the version."""
        keys = (self.init_private_key, self.encryption_private_key, self.signing_key.private_bytes())
        return _Stored(STORED_VERSION, self.message, *keys).encode()

    @classmethod
    def deserialize(cls, stored: bytes) -> "OwnKeyPackage":
        """Read what `serialize` wrote.

        Raises:
            MlsMalformed: not of this form.
            MlsRefused: another version, or keys that do not belong together.
        """
        parts = _Stored.decode(stored)
        if parts.version != STORED_VERSION:
            raise MlsRefused("stored by another version")
        return cls.from_parts(parts.message, parts.init_key, parts.encryption_key, parts.signature_key)


def read_key_package(message: bytes, now: int | None = None) -> KeyPackage:
    """Read and check a KeyPackage received from elsewhere.

    Args:
        message: encoded MLSMessage.
        now: seconds since 1970, or None to accept any lifetime.

    Raises:
        MlsMalformed: no MLSMessage.
        LifetimeRefused: sound, but `now` is outside of its lifetime.
        MlsRefused: something else than a KeyPackage, an unknown suite, or not valid.

    Source: RFC 9420 §10.1.
    """
    body = open_envelope(message).body
    if not isinstance(body, KeyPackage):
        raise MlsRefused("no KeyPackage")
    check_key_package(suite(body.cipher_suite), body, now)
    return body
