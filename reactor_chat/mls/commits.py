"""Making and processing commits: how a group passes from one epoch to the next (RFC 9420 §12.4).

Theory of operation.  Both directions walk the same road: judge the proposals, carry them out on a copy of the tree,
renew the committer's path there, hash the result into a new GroupContext, and derive the next epoch from the old init
secret, the path and the pre-shared keys.  The confirmation tag at the end proves that two members arrived at the same
place; only then is there a new state, and the old one was never touched.
"""

import hmac
from collections.abc import Mapping

from msgspec.structs import replace

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.crypto.kem import Entropy
from reactor_chat.mls.encoding.structs import CommitSource, Extension, GroupContext, LeafNode, UpdatePath
from reactor_chat.mls.epoch import schedule
from reactor_chat.mls.epoch.schedule import EpochSecrets
from reactor_chat.mls.epoch.state import EpochState, MemberState, Proposed, PskSecrets, look_up
from reactor_chat.mls.framing import sign
from reactor_chat.mls.keypackage import Identity
from reactor_chat.mls.messages import (
    AuthenticatedContent,
    ByReference,
    ByValue,
    Commit,
    CommitContent,
    FramedContent,
    MemberSender,
    NewMemberCommit,
    WireFormat,
)
from reactor_chat.mls.proposals import Applied, apply, check, check_room, is_path_required, resolve
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.tree.secrettree import SecretTree
from reactor_chat.mls.tree.treekem import (
    PathReader,
    RenewedPath,
    encrypt_path,
    keep_current,
    merge_path,
    open_path,
    renew_path,
)
from reactor_chat.mls.tree.validation import check_leaf, check_members, check_source
from reactor_chat.mls.values import Hidden, Value


class Author(Value, frozen=True):
    """Who makes a commit.

    Attributes:
        leaf: what the author's new leaf is made from.
        signing_key: signs the commit; for a member, the key of its current leaf.
        next_signing_key: signs the new leaf and everything after it.
    """

    sender: MemberSender | NewMemberCommit
    leaf: LeafNode
    signing_key: SigningKey
    next_signing_key: SigningKey


class CommitOptions(Value, frozen=True):
    """How a commit is made and travels.

    Attributes:
        encrypt: as PrivateMessage; else, and always for newcomers, as PublicMessage.
        authenticated_data: signed and readable by everybody, 0 to 64 KiB.
        force_path: renew the author's keys even where the proposals do not require it.
        include_received: cover the proposals received in this epoch too.
        tree_in_welcome: put the ratchet tree into the Welcome; else the joiner must get it otherwise.
        group_info_extensions: further extensions of the GroupInfo in the Welcome.
        identity: what the author's leaf says from now on; None leaves it as it is.
        now: seconds since 1970 to check the lifetimes of those added, or None.
    """

    encrypt: bool = True
    authenticated_data: bytes = b""
    force_path: bool = True
    include_received: bool = True
    tree_in_welcome: bool = True
    group_info_extensions: tuple[Extension, ...] = ()
    identity: Identity | None = None
    now: int | None = None


class CommitSecrets(Value, frozen=True):
    """What the key schedule needs beside the commit.

    Attributes:
        init_secret: of the old epoch; of an external commit, the one exported to it.
        psks: pre-shared keys at hand, by name.
    """

    init_secret: Hidden[bytes]
    psks: Hidden[PskSecrets]


class NextEpoch(Value, frozen=True):
    """An epoch as the key schedule gives it, with what its committer passes on to joiners."""

    state: EpochState
    secrets: EpochSecrets
    joiner_secret: Hidden[bytes]
    psk_secret: Hidden[bytes]


class MadeCommit(Value, frozen=True):
    """A commit, signed and confirmed, and the epoch it leads to.

    Attributes:
        leaf_index: the author's, in the new tree.
        path: None where the commit renews no keys.
    """

    authenticated: AuthenticatedContent
    following: NextEpoch
    applied: Applied
    leaf_index: int
    path: RenewedPath | None


def make_commit(
    epoch: EpochState,
    author: Author,
    proposals: list[Proposed],
    secrets: CommitSecrets,
    options: CommitOptions,
    random: Entropy,
) -> MadeCommit:
    """Make a commit; nothing that went in is changed.

    Args:
        proposals: in the order they are to stand; those with a reference are covered by it.
        random: source of the path's keys and encapsulations.

    Raises:
        MlsRefused: the proposals may not be committed together, or a pre-shared key is missing.
        MlsMalformed: a limit is exceeded.

    Source: RFC 9420 §12.4.1.
    """
    check(epoch, proposals, author.sender, options.now)
    applied = apply(epoch, proposals)
    leaf_index = _leaf_of(author.sender, applied)
    update_path, path, commit_secret = None, None, bytes(epoch.suite.hash_bytes)
    if options.force_path or is_path_required(proposals):
        group_id = epoch.context.group_id
        path = renew_path(applied.tree, leaf_index, author.leaf, group_id, author.next_signing_key, random)
        context = provisional_context(epoch, applied).encode()
        update_path = encrypt_path(applied.tree, path, context, applied.newcomers, random)
        commit_secret = path.commit_secret
    check_members(applied.tree, applied.extensions)
    items = tuple(ByReference(p.reference) if p.reference else ByValue(p.proposal) for p in proposals)
    content = FramedContent(
        epoch.context.group_id,
        epoch.context.epoch,
        author.sender,
        options.authenticated_data,
        CommitContent(Commit(items, update_path)),
    )
    private = options.encrypt and isinstance(author.sender, MemberSender)
    wire_format = WireFormat.PRIVATE_MESSAGE if private else WireFormat.PUBLIC_MESSAGE
    unconfirmed = sign(epoch.suite, author.signing_key, wire_format, content, epoch.encoded_context)
    following = advance(epoch, applied, unconfirmed, commit_secret, secrets)
    confirmed = replace(unconfirmed, confirmation_tag=following.state.confirmation_tag)
    return MadeCommit(confirmed, following, applied, leaf_index, path)


def provisional_context(epoch: EpochState, applied: Applied) -> GroupContext:
    """Return the next GroupContext as it is before the transcript hash is known (RFC 9420 §12.4.1).

    Args:
        epoch: the one that the commit leaves.
        applied: what its proposals do.
    """
    return replace(
        epoch.context,
        epoch=epoch.context.epoch + 1,
        tree_hash=applied.tree.root_hash(),
        extensions=applied.extensions,
    )


def advance(
    epoch: EpochState,
    applied: Applied,
    commit: AuthenticatedContent,
    commit_secret: bytes,
    secrets: CommitSecrets,
) -> NextEpoch:
    """Derive the epoch after a commit whose proposals and path are in place.

    Args:
        commit_secret: of the path, all zeros without one.

    Raises:
        MlsRefused: a pre-shared key is not known.

    Source: RFC 9420 §8, §8.2.
    """
    suite = epoch.suite
    psk_secret = schedule.psk_secret(suite, look_up(applied.psks, secrets.psks))
    confirmed = schedule.confirmed_transcript_hash(suite, epoch.interim_transcript_hash, commit)
    context = replace(provisional_context(epoch, applied), confirmed_transcript_hash=confirmed)
    encoded = context.encode()
    joiner = schedule.joiner_secret(suite, secrets.init_secret, commit_secret, encoded)
    following = schedule.epoch_secrets(suite, joiner, psk_secret, encoded)
    tag = suite.mac(following.confirmation_key, confirmed)
    return NextEpoch(EpochState.of(suite, context, applied.tree, tag), following, joiner, psk_secret)


def member_after_own_commit(state: MemberState, made: MadeCommit, next_signing_key: SigningKey) -> MemberState:
    """Return the author's state once its commit has been accepted.

    Args:
        state: before it.
        made: the commit.
        next_signing_key: of our leaf from now on.
    """
    private_keys = {**state.private_keys, **(made.path.private_keys if made.path is not None else {})}
    return _entered(state, made.following, made.applied, made.leaf_index, (private_keys, next_signing_key))


class Followed(Value, frozen=True):
    """Where a commit led: the proposals it covered, and the new state, None for a member it removed."""

    proposals: tuple[Proposed, ...]
    state: MemberState | None


def process_commit(
    state: MemberState,
    authenticated: AuthenticatedContent,
    psks: PskSecrets,
    now: int | None,
    members_max: int | None = None,
) -> Followed:
    """Follow a commit of somebody else, its signature verified already.

    Args:
        state: unchanged whatever happens.
        psks: pre-shared keys beyond the group's own resumption keys.
        now: seconds since 1970 to check the lifetimes of added leaves, or None.
        members_max: members after a commit that adds somebody, at most; or None.

    Raises:
        MlsRefused: any rule, key or tag that does not hold.
        MlsMalformed: an extension that cannot be read, or a limit.

    Source: RFC 9420 §12.4.2.
    """
    epoch, content = state.epoch, authenticated.content
    assert isinstance(content.content, CommitContent), "the caller looked"
    commit = content.content.commit
    proposals = resolve(commit, content.sender, state.proposals)
    if members_max is not None:
        check_room(epoch, proposals, members_max)
    check(epoch, proposals, content.sender, now)
    if commit.path is None and is_path_required(proposals):
        raise MlsRefused("a commit lacks its path")
    applied = apply(epoch, proposals)
    if state.own_leaf in applied.removed:
        return Followed(tuple(proposals), None)
    private_keys, signing_key = _after_own_update(state, applied)
    commit_secret = bytes(epoch.suite.hash_bytes)
    if commit.path is not None:
        reader = PathReader(state.own_leaf, private_keys)
        commit_secret, learned = _follow_path(epoch, applied, commit.path, content.sender, reader)
        private_keys = {**private_keys, **learned}
    check_members(applied.tree, applied.extensions)
    secrets = CommitSecrets(_init_secret(state, applied), {**state.own_psks(), **psks})
    following = advance(epoch, applied, authenticated, commit_secret, secrets)
    if not hmac.compare_digest(following.state.confirmation_tag, authenticated.confirmation_tag or b""):
        raise MlsRefused("a confirmation tag does not hold")
    after = _entered(state, following, applied, state.own_leaf, (private_keys, signing_key))
    return Followed(tuple(proposals), after)


def _leaf_of(sender: object, applied: Applied) -> int:
    return sender.leaf_index if isinstance(sender, MemberSender) else applied.tree.leftmost_blank()


def _after_own_update(state: MemberState, applied: Applied) -> tuple[Mapping[int, bytes], SigningKey]:
    """Return private keys and signature key after an Update proposal of our own was committed, if one was."""
    for leaf_index, proposed in applied.updated:
        if leaf_index == state.own_leaf:
            update = state.own_updates.get(proposed.reference)
            if update is None:
                raise MlsRefused("an update of ours whose keys we do not have")
            return {**state.private_keys, 2 * leaf_index: update.private_key}, update.signing_key
    return state.private_keys, state.signing_key


def _follow_path(
    epoch: EpochState, applied: Applied, path: UpdatePath, sender: object, reader: PathReader
) -> tuple[bytes, Mapping[int, bytes]]:
    """Put the committer's path into the tree; return the commit secret and the private keys it gave us."""
    leaf_index, group_id = _leaf_of(sender, applied), epoch.context.group_id
    check_source(path.leaf_node, CommitSource)
    check_leaf(epoch.suite, path.leaf_node, group_id, leaf_index)
    merge_path(applied.tree, leaf_index, path)
    context = provisional_context(epoch, applied).encode()
    opened = open_path(applied.tree, leaf_index, path, context, applied.newcomers, reader)
    return opened.commit_secret, opened.private_keys


def _init_secret(state: MemberState, applied: Applied) -> bytes:
    """Return the init secret: the epoch's own, or the one an external commit encapsulated (RFC 9420 §8.3)."""
    if applied.kem_output is None:
        return state.secrets.init_secret
    suite = state.epoch.suite
    private_key = state.secrets.external_key_pair(suite).private_key
    shared_secret = suite.kem.decapsulate(applied.kem_output, private_key)
    return suite.export_external_init(suite.hpke.setup(shared_secret, b""))


def _entered(
    state: MemberState,
    following: NextEpoch,
    applied: Applied,
    own_leaf: int,
    keys: tuple[Mapping[int, bytes], SigningKey],
) -> MemberState:
    return replace(
        state,
        epoch=following.state,
        own_leaf=own_leaf,
        signing_key=keys[1],
        private_keys=keep_current(applied.tree, own_leaf, keys[0]),
        secrets=following.secrets.without_encryption_secret(),
        secret_tree=fresh_secret_tree(following.state, following.secrets, own_leaf),
        proposals=(),
        own_updates={},
        reinit=applied.reinit,
    ).entered()


def fresh_secret_tree(epoch: EpochState, secrets: EpochSecrets, own_leaf: int) -> SecretTree:
    """Return the secret tree of a new epoch, our own ratchets opened so that our first message costs what others do.

    Args:
        epoch: the new one.
        secrets: of it, the encryption secret among them.
        own_leaf: our leaf index.
    """
    whole = SecretTree.from_encryption_secret(epoch.suite, epoch.tree.leaf_count, secrets.encryption_secret)
    return whole.open_leaf(own_leaf)
