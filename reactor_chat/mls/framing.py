"""Message framing: signing content, and carrying it in the open or encrypted (RFC 9420 §6).

A content is first signed together with the group's context, which makes an AuthenticatedContent; that travels either as
PublicMessage, with a tag that proves membership, or as PrivateMessage, encrypted with a key that is used once and
with the sender hidden.  Opening runs backwards and gives the AuthenticatedContent again, still to be verified: who
may sign depends on the group and is looked up by the caller.  Every failure is `MlsRefused`, and nothing is used up
before everything held.
"""

from reactor_chat.errors import MlsMalformed, MlsRefused
from reactor_chat.mls.crypto.kem import Entropy
from reactor_chat.mls.encoding.codec import with_length
from reactor_chat.mls.encoding.structs import MLS10
from reactor_chat.mls.epoch.schedule import EpochSecrets
from reactor_chat.mls.messages import (
    AuthenticatedContent,
    ContentType,
    FramedContent,
    MemberSender,
    MLSMessage,
    NewMemberCommit,
    PrivateMessage,
    PrivateMessageContent,
    PublicMessage,
    SenderData,
    WireFormat,
    content_type,
)
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.suites import Suite
from reactor_chat.mls.tree.secrettree import RatchetKind, SecretTree, sender_data_key
from reactor_chat.mls.values import Value

PADDING_BYTES_MAX = 64 * 1024  # no message that fits into a frame needs more
_VERSION = MLS10.to_bytes(2)


def to_be_signed(wire_format: int, content: FramedContent, context: bytes) -> bytes:
    """Return FramedContentTBS; the encoded GroupContext is covered where the sender knows it (RFC 9420 §6.1).

    Args:
        wire_format: of the envelope it is signed for.
        content: without signature.
        context: the encoded GroupContext.
    """
    signed = _VERSION + wire_format.to_bytes(2) + content.encode()
    return signed + context if isinstance(content.sender, MemberSender | NewMemberCommit) else signed


def sign(
    suite: Suite, key: SigningKey, wire_format: int, content: FramedContent, context: bytes
) -> AuthenticatedContent:
    """Sign a content; the confirmation tag of a commit is added later, for it depends on the signature.

    Args:
        suite: of the group.
        key: of the sender.
        wire_format: of the envelope it is signed for.
        content: what is signed.
        context: the encoded GroupContext; empty where the sender does not know it.

    Source: RFC 9420 §6.1.
    """
    signature = suite.sign_with_label(key, b"FramedContentTBS", to_be_signed(wire_format, content, context))
    return AuthenticatedContent(wire_format, content, signature, None)


def verify(suite: Suite, public_key: bytes, authenticated: AuthenticatedContent, context: bytes) -> None:
    """Return if the signature holds under the sender's key, else raise MlsRefused (RFC 9420 §6.1).

    Args:
        suite: of the group.
        public_key: of the sender.
        authenticated: the content with its signature.
        context: the encoded GroupContext.
    """
    signed = to_be_signed(authenticated.wire_format, authenticated.content, context)
    suite.verify_with_label(public_key, b"FramedContentTBS", signed, authenticated.signature)


def _membership_tagged(authenticated: AuthenticatedContent, context: bytes) -> bytes:
    """Return AuthenticatedContentTBM (RFC 9420 §6.2)."""
    tag = authenticated.confirmation_tag
    auth = with_length(authenticated.signature) + (b"" if tag is None else with_length(tag))
    return to_be_signed(authenticated.wire_format, authenticated.content, context) + auth


def protect_public(
    suite: Suite, authenticated: AuthenticatedContent, membership_key: bytes, context: bytes
) -> PublicMessage:
    """Carry a content in the open.

    Args:
        membership_key: of the epoch; not used for senders outside the group.

    Source: RFC 9420 §6.2.
    """
    tag = None
    if isinstance(authenticated.content.sender, MemberSender):
        tag = suite.mac(membership_key, _membership_tagged(authenticated, context))
    return PublicMessage(authenticated.content, authenticated.signature, authenticated.confirmation_tag, tag)


def open_public(suite: Suite, message: PublicMessage, membership_key: bytes, context: bytes) -> AuthenticatedContent:
    """Return the content of a message in the open, membership proved, signature still to be verified.

    Args:
        suite: of the group.
        message: as it came.
        membership_key: of the epoch; not used for senders outside the group.
        context: the encoded GroupContext.

    Raises:
        MlsRefused: the membership tag does not hold, or application data came in the open.

    Source: RFC 9420 §6.2.
    """
    if content_type(message.content.content) == ContentType.APPLICATION:
        raise MlsRefused("application data must not travel in the open")
    authenticated = AuthenticatedContent(
        WireFormat.PUBLIC_MESSAGE, message.content, message.signature, message.confirmation_tag
    )
    if isinstance(message.content.sender, MemberSender):
        suite.check_mac(membership_key, _membership_tagged(authenticated, context), message.membership_tag)
    return authenticated


class EncryptedContent(Value, frozen=True):
    """A PrivateMessage and the secret tree without its key."""

    message: PrivateMessage
    secret_tree: SecretTree


class DecryptedContent(Value, frozen=True):
    """What a PrivateMessage held, signature still to be verified, and the secret tree without its key."""

    authenticated: AuthenticatedContent
    secret_tree: SecretTree
    generation: int


def protect_private(
    suite: Suite,
    authenticated: AuthenticatedContent,
    secrets: EpochSecrets,
    tree: SecretTree,
    random: Entropy,
    padding: int = 0,
) -> EncryptedContent:
    """Encrypt a member's content.

    Args:
        random: gives the 4-byte reuse guard.
        padding: zero bytes appended to the plaintext, 0 to PADDING_BYTES_MAX.

    Raises:
        MlsMalformed: too much padding.
        MlsRefused: the ratchet is at its end.

    Source: RFC 9420 §6.3.
    """
    if not 0 <= padding <= PADDING_BYTES_MAX:
        raise MlsMalformed("more padding than is allowed")
    content = authenticated.content
    sender = content.sender
    assert isinstance(sender, MemberSender), "only members have message keys"
    kind = content_type(content.content)
    private = PrivateMessageContent(content.content, authenticated.signature, authenticated.confirmation_tag)
    plaintext = private.encode()[1:] + bytes(padding)  # the content type stands outside
    key, rest = tree.key(sender.leaf_index, _ratchet_of(kind))
    guard = random(4)
    place = with_length(content.group_id) + content.epoch.to_bytes(8) + bytes((kind,))
    aad = place + with_length(content.authenticated_data)
    ciphertext = suite.aead.seal(key.key, _guarded(key.nonce, guard), plaintext, aad)
    sender_key, sender_nonce = sender_data_key(suite, secrets.sender_data_secret, ciphertext)
    sender_data = SenderData(sender.leaf_index, key.generation, guard).encode()
    sealed_sender = suite.aead.seal(sender_key, sender_nonce, sender_data, place)
    message = PrivateMessage(
        content.group_id, content.epoch, kind, content.authenticated_data, sealed_sender, ciphertext
    )
    return EncryptedContent(message, rest)


def open_private(suite: Suite, message: PrivateMessage, secrets: EpochSecrets, tree: SecretTree) -> DecryptedContent:
    """Decrypt a PrivateMessage of this group and epoch.

    Args:
        suite: of the group.
        message: as it came, of this group and epoch.
        secrets: of the epoch.
        tree: the secret tree, which is not changed.

    Raises:
        MlsRefused: a ciphertext does not open, the sender is outside the tree, or its key is used up.
        MlsMalformed: what was encrypted is no content, or its padding is not all zeros.

    Source: RFC 9420 §6.3.
    """
    place = with_length(message.group_id) + message.epoch.to_bytes(8) + bytes((message.content_type,))
    sender_key, sender_nonce = sender_data_key(suite, secrets.sender_data_secret, message.ciphertext)
    sender_data = SenderData.decode(suite.aead.open(sender_key, sender_nonce, message.encrypted_sender_data, place))
    if sender_data.leaf_index >= tree.leaf_count:
        raise MlsRefused("a sender is outside the tree")
    key, rest = tree.key(sender_data.leaf_index, _ratchet_of(message.content_type), sender_data.generation)
    nonce = _guarded(key.nonce, sender_data.reuse_guard)
    aad = place + with_length(message.authenticated_data)
    plaintext = suite.aead.open(key.key, nonce, message.ciphertext, aad)
    typed = bytes((message.content_type,)) + plaintext
    private, end = PrivateMessageContent.decode_from(typed, 0)
    if typed.count(0, end) != len(typed) - end:
        raise MlsMalformed("padding is not all zeros")
    content = FramedContent(
        message.group_id,
        message.epoch,
        MemberSender(sender_data.leaf_index),
        message.authenticated_data,
        private.content,
    )
    authenticated = AuthenticatedContent(
        WireFormat.PRIVATE_MESSAGE, content, private.signature, private.confirmation_tag
    )
    return DecryptedContent(authenticated, rest, key.generation)


def envelope(body: PublicMessage | PrivateMessage) -> bytes:
    """Return an encoded MLSMessage."""
    return MLSMessage(MLS10, body).encode()


def open_envelope(message: bytes) -> MLSMessage:
    """Read an MLSMessage.

    Raises:
        MlsMalformed: no MLSMessage.
        MlsRefused: another protocol version, which no signature covers and which is therefore checked here.

    Source: RFC 9420 §6.
    """
    if message[:2] not in (_VERSION, _VERSION[:1], b""):  # another version need not look like ours beyond its number
        raise MlsRefused("another protocol version")
    return MLSMessage.decode(message)


def _ratchet_of(kind: int) -> RatchetKind:
    return RatchetKind.APPLICATION if kind == ContentType.APPLICATION else RatchetKind.HANDSHAKE


def _guarded(nonce: bytes, guard: bytes) -> bytes:
    """Mix the reuse guard into a nonce (RFC 9420 §6.3.1)."""
    mixed = int.from_bytes(nonce[:4]) ^ int.from_bytes(guard)
    return mixed.to_bytes(4) + nonce[4:]
