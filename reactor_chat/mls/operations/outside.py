"""What parties outside a group can do: join by their own commit, and propose (RFC 9420 §12.1.8, §12.4.3.2).

A chat whose rule is that members admit members refuses these by policy; the protocol has them, and passive clients
must follow groups that use them.
"""

from msgspec import field

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.commits import Author, CommitOptions, CommitSecrets, MadeCommit, fresh_secret_tree, make_commit
from reactor_chat.mls.crypto.kem import Entropy
from reactor_chat.mls.encoding.structs import MLS10, ExtensionType, ExternalPub, extension_data
from reactor_chat.mls.epoch.state import AnyProposal, EpochState, MemberState, Proposed, PskSecrets
from reactor_chat.mls.framing import envelope, open_envelope, protect_public, sign
from reactor_chat.mls.keypackage import OwnKeyPackage
from reactor_chat.mls.messages import (
    Add,
    ExternalInit,
    FramedContent,
    GroupInfo,
    NewMemberCommit,
    NewMemberProposal,
    OutsideSender,
    PreSharedKey,
    PreSharedKeyID,
    ProposalContent,
    Remove,
    WireFormat,
)
from reactor_chat.mls.operations.sending import Sent
from reactor_chat.mls.operations.welcome import read_tree
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.suites import Suite, suite
from reactor_chat.mls.tree.validation import check_context_supported
from reactor_chat.mls.values import Hidden, Value


class ExternalJoin(Value, frozen=True):
    """What a joiner brings beside its KeyPackage.

    Attributes:
        encoded_tree: content of a `ratchet_tree` extension, where the GroupInfo has none.
        resync: leaf index of the joiner's earlier self, to be removed; None for a newcomer.
        psks: to mix in, with their secrets at hand.
        psk_secrets: by name.
        options: authenticated data and time of the commit; the rest does not apply.
    """

    encoded_tree: bytes | None = None
    resync: int | None = None
    psks: tuple[PreSharedKeyID, ...] = ()
    psk_secrets: Hidden[PskSecrets | None] = None
    options: CommitOptions = field(default_factory=CommitOptions)


def join_by_commit(group_info: bytes, own: OwnKeyPackage, join: ExternalJoin, random: Entropy) -> Sent:
    """Return the commit by which an outsider joins, in the open, and its state once that is accepted.

    Args:
        group_info: an encoded MLSMessage.
        own: our KeyPackage; it is not used up.
        join: how we join.
        random: `random(n)` returns n fresh bytes.

    Raises:
        MlsMalformed, MlsRefused: as `external_commit`.

    Source: RFC 9420 §12.4.3.2.
    """
    made = external_commit(group_info, own, join, random)
    following = made.following
    assert made.path is not None, "an external commit has a path"
    state = MemberState(
        following.state,
        made.leaf_index,
        own.signing_key,
        made.path.private_keys,
        following.secrets.without_encryption_secret(),
        fresh_secret_tree(following.state, following.secrets, made.leaf_index),
    )
    return Sent(envelope(protect_public(own.suite, made.authenticated, b"", b"")), state.entered())


def external_commit(message: bytes, own: OwnKeyPackage, join: ExternalJoin, random: Entropy) -> MadeCommit:
    """Make the commit by which an outsider joins the group a GroupInfo describes.

    Args:
        message: encoded MLSMessage with a GroupInfo that has an `external_pub`.
        own: gives the leaf and the signature key; its HPKE keys are not used.

    Raises:
        MlsMalformed: not such a message.
        MlsRefused: the GroupInfo or its tree does not hold, or has no external key.

    Source: RFC 9420 §12.4.3.2, §8.3.
    """
    info = open_envelope(message).body
    if not isinstance(info, GroupInfo):
        raise MlsRefused("no GroupInfo")
    context, scheme = info.group_context, own.suite
    if context.version != MLS10 or context.cipher_suite != scheme.number:
        raise MlsRefused("a group of another version or suite")
    tree = read_tree(scheme, info, join.encoded_tree, join.options.now)
    check_context_supported(context.extensions, own.package.leaf_node)
    kem_output, init_secret = _external_init(scheme, info, random)
    epoch = EpochState.of(scheme, context, tree, info.confirmation_tag)
    sender = NewMemberCommit()
    wanted: list[AnyProposal] = [ExternalInit(kem_output)]
    if join.resync is not None:
        wanted.append(Remove(join.resync))
    wanted += [PreSharedKey(psk) for psk in join.psks]
    author = Author(sender, own.package.leaf_node, own.signing_key, own.signing_key)
    secrets = CommitSecrets(init_secret, join.psk_secrets or {})
    proposals = [Proposed(sender, proposal) for proposal in wanted]
    return make_commit(epoch, author, proposals, secrets, join.options, random)


def _external_init(scheme: Suite, info: GroupInfo, random: Entropy) -> tuple[bytes, bytes]:
    """Return the KEM output for the ExternalInit and the init secret it carries (RFC 9420 §8.3)."""
    encoded = extension_data(info.extensions, ExtensionType.EXTERNAL_PUB)
    if encoded is None:
        raise MlsRefused("a GroupInfo without an external key")
    public_key = ExternalPub.decode(encoded).external_pub
    scheme.kem.check_public_key(public_key)
    shared_secret, kem_output = scheme.kem.encapsulate(public_key, random)
    return kem_output, scheme.export_external_init(scheme.hpke.setup(shared_secret, b""))


def propose_externally(
    suite_number: int, place: tuple[bytes, int], sender_index: int, key: SigningKey, proposal: AnyProposal
) -> bytes:
    """Return a proposal by a party listed in the group's `external_senders`.

    Args:
        place: group id and epoch.
        sender_index: the party's place in the list.
        key: the party's.

    Source: RFC 9420 §12.1.8.
    """
    content = FramedContent(*place, OutsideSender(sender_index), b"", ProposalContent(proposal))
    return _in_the_open(suite(suite_number), content, key)


def propose_to_be_added(place: tuple[bytes, int], own: OwnKeyPackage) -> bytes:
    """Return a newcomer's proposal to be added, signed with its KeyPackage's key (RFC 9420 §12.1.8).

    Args:
        place: group id and epoch.
        own: our KeyPackage.
    """
    content = FramedContent(*place, NewMemberProposal(), b"", ProposalContent(Add(own.package)))
    return _in_the_open(own.suite, content, own.signing_key)


def _in_the_open(scheme: Suite, content: FramedContent, key: SigningKey) -> bytes:
    authenticated = sign(scheme, key, WireFormat.PUBLIC_MESSAGE, content, b"")
    return envelope(protect_public(scheme, authenticated, b"", b""))
