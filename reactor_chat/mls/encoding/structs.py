"""The structs that stand in a ratchet tree: credentials, capabilities, extensions, leaves, parents, the group context.

Each class is the struct of the same name in RFC 9420, field by field and in the same order, so a reader with the
document open finds it by name.  Nothing here computes; the rules stand in the modules named after the sections.
Sizes are bounded per field, generously: the limits exist so that no input costs more than its own size to refuse.
"""

from enum import IntEnum
from typing import Annotated

from reactor_chat.mls.encoding.codec import TlsStruct, UInt8, UInt16, UInt32, UInt64, opaque, optional, tagged, vector
from reactor_chat.mls.values import Hidden

KEY_BYTES_MAX = 4 * 1024  # a hybrid public key is 1,216 bytes, its encapsulation 1,120
NAME_BYTES_MAX = (
    64 * 1024
)  # identities, group ids, pre-shared key ids: the RFC sets no limit, published vectors use 32 bytes
CERTIFICATE_BYTES_MAX = 64 * 1024
EXTENSIONS_BYTES_MAX = 8 * 1024 * 1024  # a ratchet tree travels in an extension
LIST_BYTES_MAX = 64 * 1024
TREE_LEAVES_MAX = 16_384

MLS10 = 1


class ExtensionType(IntEnum):
    """The extensions this implementation reads (RFC 9420 §17.3); any other number is carried along."""

    APPLICATION_ID = 1
    RATCHET_TREE = 2
    REQUIRED_CAPABILITIES = 3
    EXTERNAL_PUB = 4
    EXTERNAL_SENDERS = 5


class CredentialType(IntEnum):
    """The credential types of RFC 9420 §17.5."""

    BASIC = 1
    X509 = 2


PublicKey = Annotated[bytes, opaque(KEY_BYTES_MAX)]
HashValue = Annotated[bytes, opaque(255)]
Secret = Hidden[Annotated[bytes, opaque(255)]]
Name = Annotated[bytes, opaque(NAME_BYTES_MAX)]


class Extension(TlsStruct, frozen=True):
    """A numbered extension, its content opaque (RFC 9420 §7.2)."""

    extension_type: UInt16
    extension_data: Annotated[bytes, opaque(EXTENSIONS_BYTES_MAX)]


Extensions = Annotated[tuple[Extension, ...], vector(Extension, EXTENSIONS_BYTES_MAX, 256)]


def extension_data(extensions: tuple[Extension, ...], extension_type: int) -> bytes | None:
    """Return the content of the extension of that type, or None where there is none."""
    return next((e.extension_data for e in extensions if e.extension_type == extension_type), None)


class BasicCredential(TlsStruct, frozen=True):
    """A bare identity, meaningful to the application (RFC 9420 §5.3)."""

    identity: Name


class Certificate(TlsStruct, frozen=True):
    """One DER certificate, opaque here."""

    cert_data: Annotated[bytes, opaque(CERTIFICATE_BYTES_MAX)]


class X509Credential(TlsStruct, frozen=True):
    """A certificate chain, leaf first; the application checks it and that its key is the signature key (RFC 9420
    §5.3).
    """

    certificates: Annotated[tuple[Certificate, ...], vector(Certificate, 4 * CERTIFICATE_BYTES_MAX, 16)]


CREDENTIALS: dict[int, type[TlsStruct]] = {CredentialType.BASIC: BasicCredential, CredentialType.X509: X509Credential}
CREDENTIAL_TYPES = {kind: number for number, kind in CREDENTIALS.items()}
Credential = Annotated[BasicCredential | X509Credential, tagged(UInt16, CREDENTIALS)]


def credential_type(credential: BasicCredential | X509Credential) -> int:
    """Return the registered number of a credential's type."""
    return CREDENTIAL_TYPES[type(credential)]


Numbers = Annotated[tuple[int, ...], vector(UInt16, LIST_BYTES_MAX)]


class Capabilities(TlsStruct, frozen=True):
    """What a member's client supports; unknown numbers, GREASE among them, are kept and ignored (RFC 9420 §7.2)."""

    versions: Numbers
    cipher_suites: Numbers
    extensions: Numbers
    proposals: Numbers
    credentials: Numbers


class RequiredCapabilities(TlsStruct, frozen=True):
    """What every member must support (RFC 9420 §11.1)."""

    extension_types: Numbers
    proposal_types: Numbers
    credential_types: Numbers


class Lifetime(TlsStruct, frozen=True):
    """When a KeyPackage may be used, in seconds since 1970, both ends included; the leaf_node_source `key_package`."""

    not_before: UInt64
    not_after: UInt64


class UpdateSource(TlsStruct, frozen=True):
    """The leaf_node_source `update`, which carries nothing."""


class CommitSource(TlsStruct, frozen=True):
    """The leaf_node_source `commit`: the parent hash of the leaf."""

    parent_hash: HashValue


LeafNodeSource = Annotated[
    Lifetime | UpdateSource | CommitSource, tagged(UInt8, {1: Lifetime, 2: UpdateSource, 3: CommitSource})
]


class LeafNode(TlsStruct, frozen=True):
    """A member's leaf (RFC 9420 §7.2)."""

    encryption_key: PublicKey
    signature_key: PublicKey
    credential: Credential
    capabilities: Capabilities
    leaf_node_source: LeafNodeSource
    extensions: Extensions
    signature: Hidden[Annotated[bytes, opaque(KEY_BYTES_MAX)]] = b""

    def to_be_signed(self, group_id: bytes, leaf_index: int) -> bytes:
        """Return LeafNodeTBS; the group and the place are covered unless the leaf comes from a KeyPackage.

        Args:
            group_id: of the group; empty in a KeyPackage.
            leaf_index: in the group; not used in a KeyPackage.
        """
        signed = self.encode()[: -len(SIGNATURE.encode(self.signature))]
        if isinstance(self.leaf_node_source, Lifetime):
            return signed
        return signed + LeafPlace(group_id, leaf_index).encode()


SIGNATURE = opaque(KEY_BYTES_MAX)


class LeafPlace(TlsStruct, frozen=True):
    """The end of LeafNodeTBS for a leaf made inside a group (RFC 9420 §7.2)."""

    group_id: Name
    leaf_index: UInt32


class ParentNode(TlsStruct, frozen=True):
    """A subtree's node (RFC 9420 §7.1)."""

    encryption_key: PublicKey
    parent_hash: HashValue
    unmerged_leaves: Annotated[tuple[int, ...], vector(UInt32, 4 * TREE_LEAVES_MAX, TREE_LEAVES_MAX)]


Node = Annotated[LeafNode | ParentNode, tagged(UInt8, {1: LeafNode, 2: ParentNode})]


class RatchetTreeNodes(TlsStruct, frozen=True):
    """The `ratchet_tree` extension: nodes from left to right, blank ones None, ending in one that is not (RFC 9420
    §12.4.3.3).
    """

    nodes: Annotated[
        tuple[LeafNode | ParentNode | None, ...],
        vector(optional(Node), EXTENSIONS_BYTES_MAX, 2 * TREE_LEAVES_MAX - 1),
    ]


class HPKECiphertext(TlsStruct, frozen=True):
    """One HPKE encryption (RFC 9420 §7.6)."""

    kem_output: PublicKey
    ciphertext: Annotated[bytes, opaque(LIST_BYTES_MAX)]


class UpdatePathNode(TlsStruct, frozen=True):
    """A new node of a path and its path secret, encrypted to each node of a resolution (RFC 9420 §7.6)."""

    encryption_key: PublicKey
    encrypted_path_secret: Annotated[
        tuple[HPKECiphertext, ...], vector(HPKECiphertext, EXTENSIONS_BYTES_MAX, TREE_LEAVES_MAX)
    ]


class UpdatePath(TlsStruct, frozen=True):
    """A committer's new leaf and the nodes above it (RFC 9420 §7.6)."""

    leaf_node: LeafNode
    nodes: Annotated[tuple[UpdatePathNode, ...], vector(UpdatePathNode, EXTENSIONS_BYTES_MAX, 32)]


class ExternalSender(TlsStruct, frozen=True):
    """A party outside the group that may propose (RFC 9420 §12.1.8.1)."""

    signature_key: PublicKey
    credential: Credential


class ExternalSenders(TlsStruct, frozen=True):
    """The content of the `external_senders` extension."""

    senders: Annotated[tuple[ExternalSender, ...], vector(ExternalSender, LIST_BYTES_MAX, 256)]


class ExternalPub(TlsStruct, frozen=True):
    """The content of the `external_pub` extension (RFC 9420 §12.4.3.2)."""

    external_pub: PublicKey


class GroupContext(TlsStruct, frozen=True):
    """What all members agree on in an epoch (RFC 9420 §8.1)."""

    version: UInt16
    cipher_suite: UInt16
    group_id: Name
    epoch: UInt64
    tree_hash: HashValue
    confirmed_transcript_hash: HashValue
    extensions: Extensions
