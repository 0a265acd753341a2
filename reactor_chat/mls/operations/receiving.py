"""Opening a message of the group: from bytes to a verified content (RFC 9420 §6).

The order is fixed: version, then group and epoch, then what a message of this kind may be, and only then any
cryptography.  The state that comes out beside the content has the message's key used up; the state that went in still
has it.
"""

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.epoch.state import EpochState, MemberState
from reactor_chat.mls.framing import open_envelope, open_private, open_public, verify
from reactor_chat.mls.messages import (
    Add,
    AuthenticatedContent,
    CommitContent,
    ContentType,
    FramedContent,
    MemberSender,
    NewMemberProposal,
    OutsideSender,
    PrivateMessage,
    ProposalContent,
    PublicMessage,
    content_type,
)
from reactor_chat.mls.proposals import external_senders
from reactor_chat.mls.values import Value


class Opened(Value, frozen=True):
    """A verified content.

    Attributes:
        state: with the message's key used up.
        generation: of the message in its sender's ratchet; None for one in the open.
    """

    authenticated: AuthenticatedContent
    state: MemberState
    generation: int | None


def open_message(state: MemberState, message: bytes, accepted: frozenset[ContentType]) -> Opened:
    """Open and verify a message sent to this group in this epoch by somebody else.

    Args:
        accepted: kinds of content the caller is waiting for; others are refused before decryption.

    Raises:
        MlsMalformed: no MLSMessage, or the plaintext is no content.
        MlsRefused: another version, group or epoch, our own message, or anything that does not hold.

    Source: RFC 9420 §6.
    """
    body = open_envelope(message).body
    if isinstance(body, PublicMessage):
        _check_place(state, body.content.group_id, body.content.epoch)
        _check_kind(content_type(body.content.content), accepted)
        suite, epoch = state.epoch.suite, state.epoch
        opened = open_public(suite, body, state.secrets.membership_key, epoch.encoded_context)
        after, generation = state, None
    elif isinstance(body, PrivateMessage):
        _check_place(state, body.group_id, body.epoch)
        _check_kind(body.content_type, accepted)
        unsealed = open_private(state.epoch.suite, body, state.secrets, state.secret_tree)
        opened, generation = unsealed.authenticated, unsealed.generation
        after = state.with_secret_tree(unsealed.secret_tree)
    else:
        raise MlsRefused("not a message of a group")
    if opened.content.sender == MemberSender(state.own_leaf):
        raise MlsRefused("our own message came back")
    verify(state.epoch.suite, signer_of(state.epoch, opened.content), opened, state.epoch.encoded_context)
    return Opened(opened, after, generation)


def signer_of(epoch: EpochState, content: FramedContent) -> bytes:
    """Return the public key a content must be signed with.

    Args:
        epoch: that the content says it is of.
        content: not verified yet.

    Raises:
        MlsRefused: this sender may not send this, or does not exist.

    Source: RFC 9420 §6.1.
    """
    sender, inner = content.sender, content.content
    if isinstance(sender, MemberSender):
        leaf = epoch.tree.leaf(sender.leaf_index)
        if leaf is not None:
            return leaf.signature_key
    elif isinstance(sender, OutsideSender):
        senders = external_senders(epoch.context.extensions).senders
        if sender.sender_index < len(senders) and isinstance(inner, ProposalContent):
            return senders[sender.sender_index].signature_key
    elif isinstance(sender, NewMemberProposal):
        if isinstance(inner, ProposalContent) and isinstance(inner.proposal, Add):
            return inner.proposal.key_package.leaf_node.signature_key
    elif isinstance(inner, CommitContent) and inner.commit.path is not None:
        return inner.commit.path.leaf_node.signature_key
    raise MlsRefused("a sender that may not send this")


def _check_place(state: MemberState, group_id: bytes, epoch: int) -> None:
    state.check_open()
    if group_id != state.epoch.context.group_id or epoch != state.epoch.context.epoch:
        raise MlsRefused("a message for another group or epoch")


def _check_kind(kind: int, accepted: frozenset[ContentType]) -> None:
    if kind not in accepted:
        raise MlsRefused("a message of another kind")
