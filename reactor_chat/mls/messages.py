"""The structs that travel: KeyPackages, proposals, commits, framed content, Welcomes, GroupInfos, and the envelope of
all.

As in `structs`, each class is the struct of the same name in RFC 9420 §§5.1.1, 6, 8.4, 10 and 12.  Where the document
selects on an earlier field (a confirmation tag only in commits, a membership tag only from members), the field says
so itself with `only_if`, and FramedContentAuthData is written out as its two fields.
"""

from enum import IntEnum
from typing import Annotated, Any

from reactor_chat.mls.encoding.codec import (
    RECORD_BYTES_MAX,
    TlsStruct,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    fixed,
    only_if,
    opaque,
    optional,
    tagged,
    vector,
)
from reactor_chat.mls.encoding.structs import (
    EXTENSIONS_BYTES_MAX,
    LIST_BYTES_MAX,
    TREE_LEAVES_MAX,
    Extensions,
    GroupContext,
    HashValue,
    HPKECiphertext,
    LeafNode,
    Name,
    PublicKey,
    Secret,
    UpdatePath,
)
from reactor_chat.mls.values import Hidden

PROPOSALS_PER_COMMIT_MAX = 256  # each costs a check; a chat's request tells of 256 changes at most
APPLICATION_BYTES_MAX = 1024 * 1024  # far above what a chat's frame holds
PSKS_MAX = 64  # a group of ours has one; each costs three derivations

Signature = PublicKey


class WireFormat(IntEnum):
    """What an MLSMessage holds (RFC 9420 §6)."""

    PUBLIC_MESSAGE = 1
    PRIVATE_MESSAGE = 2
    WELCOME = 3
    GROUP_INFO = 4
    KEY_PACKAGE = 5


class ContentType(IntEnum):
    """What a FramedContent holds (RFC 9420 §6)."""

    APPLICATION = 1
    PROPOSAL = 2
    COMMIT = 3


class ResumptionUsage(IntEnum):
    """What a resumption key is for (RFC 9420 §8.4)."""

    APPLICATION = 1
    REINIT = 2
    BRANCH = 3


class KeyPackage(TlsStruct, frozen=True):
    """What a client publishes so that others may add it while it is away (RFC 9420 §10)."""

    version: UInt16
    cipher_suite: UInt16
    init_key: PublicKey
    leaf_node: LeafNode
    extensions: Extensions
    signature: Hidden[Signature] = b""

    def to_be_signed(self) -> bytes:
        """Return KeyPackageTBS, everything before the signature."""
        return self.encode()[: -len(SIGNATURE.encode(self.signature))]


SIGNATURE = opaque(LIST_BYTES_MAX)


class ExternalPsk(TlsStruct, frozen=True):
    """The name of a pre-shared key agreed outside MLS (RFC 9420 §8.4)."""

    psk_id: Name


class ResumptionPsk(TlsStruct, frozen=True):
    """The name of the resumption key of a group's epoch (RFC 9420 §8.4)."""

    usage: UInt8
    psk_group_id: Name
    psk_epoch: UInt64


Psk = Annotated[ExternalPsk | ResumptionPsk, tagged(UInt8, {1: ExternalPsk, 2: ResumptionPsk})]


class PreSharedKeyID(TlsStruct, frozen=True):
    """A pre-shared key and the nonce of this one use (RFC 9420 §8.4)."""

    psk: Psk
    psk_nonce: HashValue


class PSKLabel(TlsStruct, frozen=True):
    """What a pre-shared key is bound to when it enters the schedule (RFC 9420 §8.4)."""

    id: PreSharedKeyID
    index: UInt16
    count: UInt16


class Add(TlsStruct, frozen=True):
    """RFC 9420 §12.1.1."""

    key_package: KeyPackage


class Update(TlsStruct, frozen=True):
    """RFC 9420 §12.1.2."""

    leaf_node: LeafNode


class Remove(TlsStruct, frozen=True):
    """RFC 9420 §12.1.3."""

    removed: UInt32


class PreSharedKey(TlsStruct, frozen=True):
    """RFC 9420 §12.1.4."""

    psk: PreSharedKeyID


class ReInit(TlsStruct, frozen=True):
    """RFC 9420 §12.1.5."""

    group_id: Name
    version: UInt16
    cipher_suite: UInt16
    extensions: Extensions


class ExternalInit(TlsStruct, frozen=True):
    """RFC 9420 §12.1.6."""

    kem_output: PublicKey


class GroupContextExtensions(TlsStruct, frozen=True):
    """RFC 9420 §12.1.7."""

    extensions: Extensions


PROPOSAL_TYPES: dict[int, type[TlsStruct]] = {
    1: Add,
    2: Update,
    3: Remove,
    4: PreSharedKey,
    5: ReInit,
    6: ExternalInit,
    7: GroupContextExtensions,
}
Proposal = Annotated[
    Add | Update | Remove | PreSharedKey | ReInit | ExternalInit | GroupContextExtensions,
    tagged(UInt16, PROPOSAL_TYPES),
]


class ByValue(TlsStruct, frozen=True):
    """A proposal inside the commit."""

    proposal: Proposal


class ByReference(TlsStruct, frozen=True):
    """The hash of a proposal sent before (RFC 9420 §5.2)."""

    reference: HashValue


ProposalOrRef = Annotated[ByValue | ByReference, tagged(UInt8, {1: ByValue, 2: ByReference})]


class Commit(TlsStruct, frozen=True):
    """RFC 9420 §12.4."""

    proposals: Annotated[
        tuple[ByValue | ByReference, ...], vector(ProposalOrRef, EXTENSIONS_BYTES_MAX, PROPOSALS_PER_COMMIT_MAX)
    ]
    path: Annotated[UpdatePath | None, optional(UpdatePath)]


class ApplicationData(TlsStruct, frozen=True):
    """The content of an application message."""

    data: Hidden[Annotated[bytes, opaque(APPLICATION_BYTES_MAX)]]


class ProposalContent(TlsStruct, frozen=True):
    """The content of a proposal message."""

    proposal: Proposal


class CommitContent(TlsStruct, frozen=True):
    """The content of a commit message."""

    commit: Commit


CONTENTS: dict[int, type[TlsStruct]] = {
    ContentType.APPLICATION: ApplicationData,
    ContentType.PROPOSAL: ProposalContent,
    ContentType.COMMIT: CommitContent,
}
Content = Annotated[ApplicationData | ProposalContent | CommitContent, tagged(UInt8, CONTENTS)]


def content_type(content: TlsStruct) -> ContentType:
    """Return the number of a content's type."""
    return next(ContentType(number) for number, kind in CONTENTS.items() if isinstance(content, kind))


class MemberSender(TlsStruct, frozen=True):
    """A member, by its leaf."""

    leaf_index: UInt32


class OutsideSender(TlsStruct, frozen=True):
    """A party of the `external_senders` extension, by its place there."""

    sender_index: UInt32


class NewMemberProposal(TlsStruct, frozen=True):
    """Somebody who proposes to be added."""


class NewMemberCommit(TlsStruct, frozen=True):
    """Somebody who joins by a commit of its own."""


Sender = Annotated[
    MemberSender | OutsideSender | NewMemberProposal | NewMemberCommit,
    tagged(UInt8, {1: MemberSender, 2: OutsideSender, 3: NewMemberProposal, 4: NewMemberCommit}),
]


class FramedContent(TlsStruct, frozen=True):
    """RFC 9420 §6."""

    group_id: Name
    epoch: UInt64
    sender: Sender
    authenticated_data: Annotated[bytes, opaque(LIST_BYTES_MAX)]
    content: Content


def _is_commit(seen: list[Any]) -> bool:
    return any(
        isinstance(value, CommitContent) or isinstance(getattr(value, "content", 0), CommitContent) for value in seen
    )


def _is_from_member(seen: list[Any]) -> bool:
    return isinstance(seen[0].sender, MemberSender)


ConfirmationTag = Annotated[bytes | None, only_if(_is_commit, HashValue)]


class AuthenticatedContent(TlsStruct, frozen=True):
    """Content with its signature, as every member sees it whatever its envelope was (RFC 9420 §6)."""

    wire_format: UInt16
    content: FramedContent
    signature: Signature
    confirmation_tag: ConfirmationTag


class PublicMessage(TlsStruct, frozen=True):
    """RFC 9420 §6.2."""

    content: FramedContent
    signature: Signature
    confirmation_tag: ConfirmationTag
    membership_tag: Annotated[bytes | None, only_if(_is_from_member, HashValue)]


class PrivateMessage(TlsStruct, frozen=True):
    """RFC 9420 §6.3."""

    group_id: Name
    epoch: UInt64
    content_type: UInt8
    authenticated_data: Annotated[bytes, opaque(LIST_BYTES_MAX)]
    encrypted_sender_data: HashValue
    ciphertext: Hidden[Annotated[bytes, opaque(EXTENSIONS_BYTES_MAX)]]


class PrivateMessageContent(TlsStruct, frozen=True):
    """RFC 9420 §6.3.1, without the content type before it and the padding behind it."""

    content: Content
    signature: Signature
    confirmation_tag: ConfirmationTag


class SenderData(TlsStruct, frozen=True):
    """RFC 9420 §6.3.2."""

    leaf_index: UInt32
    generation: UInt32
    reuse_guard: Annotated[bytes, fixed(4)]


class GroupInfo(TlsStruct, frozen=True):
    """RFC 9420 §12.4.3."""

    group_context: GroupContext
    extensions: Extensions
    confirmation_tag: HashValue
    signer: UInt32
    signature: Hidden[Signature] = b""

    def to_be_signed(self) -> bytes:
        """Return GroupInfoTBS, everything before the signature."""
        return self.encode()[: -len(SIGNATURE.encode(self.signature))]


class PathSecret(TlsStruct, frozen=True):
    """RFC 9420 §12.4.3.1."""

    path_secret: Secret


class GroupSecrets(TlsStruct, frozen=True):
    """RFC 9420 §12.4.3.1."""

    joiner_secret: Secret
    path_secret: Hidden[Annotated[PathSecret | None, optional(PathSecret)]]
    psks: Annotated[tuple[PreSharedKeyID, ...], vector(PreSharedKeyID, PSKS_MAX * LIST_BYTES_MAX, PSKS_MAX)]


class EncryptedGroupSecrets(TlsStruct, frozen=True):
    """RFC 9420 §12.4.3.1."""

    new_member: HashValue
    encrypted_group_secrets: HPKECiphertext


class Welcome(TlsStruct, frozen=True):
    """RFC 9420 §12.4.3.1."""

    cipher_suite: UInt16
    secrets: Annotated[
        tuple[EncryptedGroupSecrets, ...], vector(EncryptedGroupSecrets, EXTENSIONS_BYTES_MAX, TREE_LEAVES_MAX)
    ]
    encrypted_group_info: Hidden[Annotated[bytes, opaque(RECORD_BYTES_MAX)]]


class MLSMessage(TlsStruct, frozen=True):
    """The envelope of everything that travels (RFC 9420 §6)."""

    version: UInt16
    body: Annotated[
        PublicMessage | PrivateMessage | Welcome | GroupInfo | KeyPackage,
        tagged(
            UInt16,
            {
                WireFormat.PUBLIC_MESSAGE: PublicMessage,
                WireFormat.PRIVATE_MESSAGE: PrivateMessage,
                WireFormat.WELCOME: Welcome,
                WireFormat.GROUP_INFO: GroupInfo,
                WireFormat.KEY_PACKAGE: KeyPackage,
            },
        ),
    ]
