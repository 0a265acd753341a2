"""A member's own messages: signing and carrying them, keeping proposals, making commits with their Welcomes (RFC 9420
§6, §12).

These are functions of a `MemberState`; `group` wraps them.  Each returns what is sent and the state after it, and
leaves the state it was given alone.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.commits import (
    Author,
    CommitOptions,
    CommitSecrets,
    MadeCommit,
    make_commit,
    member_after_own_commit,
)
from reactor_chat.mls.crypto.kem import Entropy
from reactor_chat.mls.encoding.structs import LeafNode, UpdateSource
from reactor_chat.mls.epoch.state import AnyProposal, MemberState, OwnUpdate, Proposed, PskSecrets
from reactor_chat.mls.framing import envelope, protect_private, protect_public, sign
from reactor_chat.mls.keypackage import Identity
from reactor_chat.mls.messages import (
    Add,
    ApplicationData,
    AuthenticatedContent,
    FramedContent,
    GroupContextExtensions,
    MemberSender,
    ProposalContent,
    Update,
    WireFormat,
)
from reactor_chat.mls.operations.welcome import make_group_info, make_welcome, tree_extension
from reactor_chat.mls.proposals import check_proposal, select
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.tree.validation import check_context_supported
from reactor_chat.mls.values import Hidden, Value

PROPOSALS_KEPT_MAX = 256


class Sent(Value, frozen=True):
    """An encoded MLSMessage and the state after it.

    Attributes:
        welcome: of a commit, for those it adds.
        unaccepted: of a commit, the state if nobody accepts it: the old epoch, the message's key used up.
    """

    message: bytes
    state: MemberState
    welcome: Hidden[bytes | None] = None
    unaccepted: MemberState | None = None


def signed(
    state: MemberState, content: ApplicationData | ProposalContent, authenticated_data: bytes, *, encrypt: bool
) -> AuthenticatedContent:
    """Return a content of ours, framed for this epoch and signed (RFC 9420 §6.1).

    Args:
        state: of the author.
        content: what is said.
        authenticated_data: covered by the signature, and readable.
        encrypt: it travels as a PrivateMessage.
    """
    context = state.epoch.context
    framed = FramedContent(context.group_id, context.epoch, MemberSender(state.own_leaf), authenticated_data, content)
    wire_format = WireFormat.PRIVATE_MESSAGE if encrypt else WireFormat.PUBLIC_MESSAGE
    return sign(state.epoch.suite, state.signing_key, wire_format, framed, state.epoch.encoded_context)


def carry(state: MemberState, authenticated: AuthenticatedContent, random: Entropy, padding: int = 0) -> Sent:
    """Put a signed content of ours into the envelope it was signed for, using up a key where that is encrypted.

    Args:
        state: of the author.
        authenticated: what `signed` returned.
        random: `random(n)` returns n fresh bytes.
        padding: zero bytes behind the plaintext, 0 to `PADDING_BYTES_MAX`; only where it is encrypted.
    """
    epoch, secrets = state.epoch, state.secrets
    if authenticated.wire_format == WireFormat.PUBLIC_MESSAGE:
        message = protect_public(epoch.suite, authenticated, secrets.membership_key, epoch.encoded_context)
        return Sent(envelope(message), state)
    sealed = protect_private(epoch.suite, authenticated, secrets, state.secret_tree, random, padding)
    return Sent(envelope(sealed.message), state.with_secret_tree(sealed.secret_tree))


def keep_proposal(state: MemberState, authenticated: AuthenticatedContent, now: int | None) -> MemberState:
    """Check a proposal by itself and keep it for a later commit.

    Args:
        state: of the member who keeps it.
        authenticated: the proposal, its signature verified.
        now: seconds since 1970, by which lifetimes are judged; None where they are not.

    Raises:
        MlsRefused: not valid in this epoch, kept already, or PROPOSALS_KEPT_MAX are waiting.

    Source: RFC 9420 §12.1.
    """
    content = authenticated.content
    assert isinstance(content.content, ProposalContent), "the caller looked"
    reference = state.epoch.suite.proposal_ref(authenticated.encode())
    proposed = Proposed(content.sender, content.content.proposal, reference)
    if len(state.proposals) >= PROPOSALS_KEPT_MAX:
        raise MlsRefused("too many proposals wait for a commit")
    if any(known.reference == reference for known in state.proposals):
        raise MlsRefused("a proposal came twice")
    check_proposal(state.epoch, proposed, now)
    return replace(state, proposals=(*state.proposals, proposed))


def propose(
    state: MemberState, proposal: AnyProposal, random: Entropy, authenticated_data: bytes, *, encrypt: bool
) -> Sent:
    """Propose something and keep it as everybody else will (RFC 9420 §12.1).

    Args:
        state: of the author.
        proposal: of any kind.
        random: `random(n)` returns n fresh bytes.
        authenticated_data: covered by the signature, and readable.
        encrypt: it travels as a PrivateMessage.
    """
    state.check_open()
    _check_supported(state, [proposal])
    authenticated = signed(state, ProposalContent(proposal), authenticated_data, encrypt=encrypt)
    sent = carry(state, authenticated, random)
    return replace(sent, state=keep_proposal(sent.state, authenticated, None))


def propose_update(state: MemberState, random: Entropy, identity: Identity | None, *, encrypt: bool) -> Sent:
    """Propose fresh keys for our own leaf and keep their private halves until somebody commits them (RFC 9420
    §12.1.2).

    Args:
        state: of the author.
        random: `random(n)` returns n fresh bytes.
        identity: that our leaf has from then on; None for the same as now.
        encrypt: it travels as a PrivateMessage.
    """
    suite, context = state.epoch.suite, state.epoch.context
    template, key = next_leaf(state, identity)
    pair = suite.generate_key_pair(random)
    leaf = replace(
        template,
        encryption_key=pair.public_key,
        signature_key=key.public_key,
        leaf_node_source=UpdateSource(),
        signature=b"",
    )
    covered = leaf.to_be_signed(context.group_id, state.own_leaf)
    leaf = replace(leaf, signature=suite.sign_with_label(key, b"LeafNodeTBS", covered))
    sent = propose(state, Update(leaf), random, b"", encrypt=encrypt)
    reference = sent.state.proposals[-1].reference
    updates = {**sent.state.own_updates, reference: OwnUpdate(pair.private_key, key)}
    return replace(sent, state=replace(sent.state, own_updates=updates))


def next_leaf(state: MemberState, identity: Identity | None) -> tuple[LeafNode, SigningKey]:
    """Return what our next leaf is made from and the key that is to sign it; the old ones where `identity` is None."""
    if identity is None:
        return state.leaf, state.signing_key
    leaf = replace(
        state.leaf,
        credential=identity.credential,
        capabilities=identity.capabilities,
        extensions=identity.extensions,
    )
    return leaf, identity.signing_key


def commit(
    state: MemberState, proposals: Sequence[AnyProposal], psks: PskSecrets, options: CommitOptions, random: Entropy
) -> Sent:
    """Make a commit of the proposals received and of new ones; the state returned is the one after acceptance.

    Args:
        state: of the author.
        proposals: new ones, in their order.
        psks: secrets of external pre-shared keys, by what they are called.
        options: what goes with it.
        random: `random(n)` returns n fresh bytes.

    Source: RFC 9420 §12.4.1.
    """
    state.check_open()
    _check_supported(state, proposals)
    known = {**state.own_psks(), **psks}
    received = select(state.epoch, state.proposals, state.own_leaf, known) if options.include_received else []
    sender = MemberSender(state.own_leaf)
    leaf, next_key = next_leaf(state, options.identity)
    made = make_commit(
        state.epoch,
        Author(sender, leaf, state.signing_key, next_key),
        [*received, *(Proposed(sender, proposal) for proposal in proposals)],
        CommitSecrets(state.secrets.init_secret, known),
        options,
        random,
    )
    after = member_after_own_commit(state, made, state.signing_key if made.path is None else next_key)
    carried = carry(state, made.authenticated, random)
    return Sent(carried.message, after, _welcome(made, after, options, random), carried.state)


def _welcome(made: MadeCommit, after: MemberState, options: CommitOptions, random: Entropy) -> bytes | None:
    if not made.applied.added:
        return None
    extensions = options.group_info_extensions
    if options.tree_in_welcome:
        extensions = (*extensions, tree_extension(after.epoch.tree))
    info = make_group_info(after.epoch, after.own_leaf, after.signing_key, extensions)
    return make_welcome(made, info, random)


def _check_supported(state: MemberState, proposals: Sequence[AnyProposal]) -> None:
    """Refuse to propose what a member could not follow: RFC 9420 §12.4.3 asks joiners to support the whole context."""
    extensions = state.epoch.context.extensions
    for proposal in proposals:
        if isinstance(proposal, GroupContextExtensions):
            extensions = proposal.extensions
            for _, leaf in state.epoch.tree.leaves():
                check_context_supported(extensions, leaf)
    for proposal in proposals:
        if isinstance(proposal, Add):
            check_context_supported(extensions, proposal.key_package.leaf_node)
