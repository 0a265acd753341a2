"""Bringing newcomers in: GroupInfo, Welcome, and joining from one (RFC 9420 §12.4.3).

A Welcome encrypts, to each newcomer's init key, the joiner secret and the path secret of the lowest node it shares
with the committer; a GroupInfo, encrypted once under a key that follows from the joiner secret, tells the rest.  A
joiner believes nothing of it before the tree hash, every leaf, every parent hash, the signer's signature and the
confirmation tag held.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.commits import MadeCommit, fresh_secret_tree
from reactor_chat.mls.crypto.kem import Entropy
from reactor_chat.mls.encoding.structs import MLS10, Extension, ExtensionType, ExternalPub, LeafNode, extension_data
from reactor_chat.mls.epoch import schedule
from reactor_chat.mls.epoch.state import EpochState, MemberState, PskSecrets, look_up
from reactor_chat.mls.keypackage import OwnKeyPackage
from reactor_chat.mls.messages import (
    EncryptedGroupSecrets,
    GroupInfo,
    GroupSecrets,
    MLSMessage,
    PathSecret,
    PreSharedKeyID,
    ResumptionPsk,
    ResumptionUsage,
    Welcome,
)
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.suites import Suite
from reactor_chat.mls.tree import treemath
from reactor_chat.mls.tree.ratchet_tree import RatchetTree
from reactor_chat.mls.tree.treekem import derive_upwards
from reactor_chat.mls.tree.validation import check_context_supported, check_tree
from reactor_chat.mls.values import Hidden, Value


def make_group_info(epoch: EpochState, signer: int, key: SigningKey, extensions: tuple[Extension, ...]) -> GroupInfo:
    """Sign a description of an epoch for those who are to join it (RFC 9420 §12.4.3).

    Args:
        epoch: which is described.
        signer: leaf index of who signs.
        key: the signer's.
        extensions: of the GroupInfo.
    """
    info = GroupInfo(epoch.context, extensions, epoch.confirmation_tag, signer)
    return replace(info, signature=epoch.suite.sign_with_label(key, b"GroupInfoTBS", info.to_be_signed()))


def tree_extension(tree: RatchetTree) -> Extension:
    """Return the extension that carries a tree (RFC 9420 §12.4.3.3)."""
    return Extension(ExtensionType.RATCHET_TREE, tree.encode())


def make_invitation(state: MemberState, extensions: tuple[Extension, ...], *, with_tree: bool) -> bytes:
    """Return the encoded MLSMessage with a GroupInfo by which an outsider may join by itself.

    Args:
        state: of the member who invites.
        extensions: of the GroupInfo.
        with_tree: the ratchet tree is in it.

    Source: RFC 9420 §12.4.3.2.
    """
    epoch = state.epoch
    external = ExternalPub(state.secrets.external_key_pair(epoch.suite).public_key)
    carried = (Extension(ExtensionType.EXTERNAL_PUB, external.encode()), *extensions)
    if with_tree:
        carried = (*carried, tree_extension(epoch.tree))
    info = make_group_info(epoch, state.own_leaf, state.signing_key, carried)
    return MLSMessage(MLS10, info).encode()


def make_welcome(made: MadeCommit, info: GroupInfo, random: Entropy) -> bytes:
    """Return the encoded MLSMessage with the Welcome for everybody a commit added.

    Args:
        made: the commit that added them.
        info: what they are told of the new epoch.
        random: `random(n)` returns n fresh bytes.

    Source: RFC 9420 §12.4.3.1.
    """
    following, scheme = made.following, made.following.state.suite
    key, nonce = schedule.welcome_key_nonce(
        scheme, schedule.welcome_secret(scheme, following.joiner_secret, following.psk_secret)
    )
    sealed_info = scheme.aead.seal(key, nonce, info.encode(), b"")
    entries = []
    for leaf_index, add in made.applied.added:
        shared_node = treemath.common_ancestor(leaf_index, made.leaf_index)
        path_secret = None if made.path is None else PathSecret(made.path.path_secrets[shared_node])
        secrets = GroupSecrets(following.joiner_secret, path_secret, tuple(made.applied.psks)).encode()
        reference = scheme.key_package_ref(add.key_package.encode())
        sealed = scheme.encrypt_with_label(add.key_package.init_key, b"Welcome", sealed_info, secrets, random)
        entries.append(EncryptedGroupSecrets(reference, sealed))
    return MLSMessage(MLS10, Welcome(scheme.number, tuple(entries), sealed_info)).encode()


class _Opened(Value, frozen=True):
    """A Welcome as far as the joiner's keys open it; nothing is verified yet."""

    info: GroupInfo
    secrets: GroupSecrets
    psk_secret: Hidden[bytes]


class JoinedMember(Value, frozen=True):
    """A group just joined.

    Attributes:
        signer: leaf index of the member whose Welcome it was.
        extensions: of the GroupInfo that this member signed, for us and not part of the group.
        psks: the pre-shared keys that were needed.
    """

    state: MemberState
    signer: int
    extensions: tuple[Extension, ...]
    psks: tuple[PreSharedKeyID, ...]


class JoinOptions(Value, frozen=True):
    """What a joiner goes by beside the Welcome and its keys.

    Attributes:
        encoded_tree: content of a `ratchet_tree` extension, for a Welcome without one.
        previous: the group that this one reinitialises or branches from.
        now: seconds since 1970 to check lifetimes, or None.
        members_max: members of the group, and newcomers of the Welcome, at most; or None.
    """

    encoded_tree: bytes | None = None
    previous: MemberState | None = None
    now: int | None = None
    members_max: int | None = None


def join_from_welcome(welcome: Welcome, own: OwnKeyPackage, psks: PskSecrets, options: JoinOptions) -> JoinedMember:
    """Join the group a Welcome describes.

    Args:
        own: one of ours that the Welcome names.
        psks: pre-shared keys the Welcome may ask for.

    Raises:
        MlsRefused: not for us, another suite, a key that is missing, too many members, or anything that does not hold.
        MlsMalformed: what was encrypted is not what it should be, or a limit is exceeded.

    Source: RFC 9420 §12.4.3.1.
    """
    scheme = own.suite
    if welcome.cipher_suite != scheme.number:
        raise MlsRefused("a Welcome for another suite")
    if options.members_max is not None and len(welcome.secrets) > options.members_max:
        raise MlsRefused("a Welcome is for more members than are allowed")
    previous = options.previous
    known = {**(previous.own_psks() if previous is not None else {}), **psks}
    opened = _open(scheme, welcome, own, known)
    context = opened.info.group_context
    if context.version != MLS10 or context.cipher_suite != scheme.number:
        raise MlsRefused("a Welcome to a group of another version or suite")
    tree = read_tree(scheme, opened.info, options.encoded_tree, options.now, options.members_max)
    own_leaf = _find_own_leaf(tree, own.package.leaf_node)
    check_context_supported(context.extensions, own.package.leaf_node)
    private_keys = _private_keys(tree, own_leaf, own, opened)
    encoded = context.encode()
    joiner = opened.secrets.joiner_secret
    secrets = schedule.epoch_secrets(scheme, joiner, opened.psk_secret, encoded)
    scheme.check_mac(secrets.confirmation_key, context.confirmed_transcript_hash, opened.info.confirmation_tag)
    check_lineage(opened.secrets.psks, opened.info, previous)
    epoch = EpochState.of(scheme, context, tree, opened.info.confirmation_tag)
    secret_tree = fresh_secret_tree(epoch, secrets, own_leaf)
    kept = secrets.without_encryption_secret()
    state = MemberState(epoch, own_leaf, own.signing_key, private_keys, kept, secret_tree).entered()
    return JoinedMember(state, opened.info.signer, opened.info.extensions, opened.secrets.psks)


def _open(scheme: Suite, welcome: Welcome, own: OwnKeyPackage, known: PskSecrets) -> _Opened:
    reference = own.reference
    entry = next((e for e in welcome.secrets if e.new_member == reference), None)
    if entry is None:
        raise MlsRefused("a Welcome for somebody else")
    opened = scheme.decrypt_with_label(
        own.init_private_key, b"Welcome", welcome.encrypted_group_info, entry.encrypted_group_secrets
    )
    secrets = GroupSecrets.decode(opened)
    if len(set(secrets.psks)) != len(secrets.psks):
        raise MlsRefused("one pre-shared key twice")
    if len(secrets.joiner_secret) != scheme.hash_bytes:
        raise MlsRefused("a joiner secret has the wrong size")
    psk_secret = schedule.psk_secret(scheme, look_up(list(secrets.psks), known))
    key, nonce = schedule.welcome_key_nonce(scheme, schedule.welcome_secret(scheme, secrets.joiner_secret, psk_secret))
    info = GroupInfo.decode(scheme.aead.open(key, nonce, welcome.encrypted_group_info, b""))
    return _Opened(info, secrets, psk_secret)


def read_tree(
    scheme: Suite, info: GroupInfo, encoded_tree: bytes | None, now: int | None, members_max: int | None = None
) -> RatchetTree:
    """Return the tree of a GroupInfo, sound and the one its signer meant.

    Args:
        encoded_tree: used where the GroupInfo carries none.
        members_max: see `JoinOptions`; looked at before any signature.

    Raises:
        MlsRefused: no tree, another tree, one too large, an unsound one, or the signature does not hold.
        MlsMalformed: the tree cannot be read.

    Source: RFC 9420 §12.4.3.1, §12.4.3.3.
    """
    encoded = extension_data(info.extensions, ExtensionType.RATCHET_TREE)
    if encoded is None:
        encoded = encoded_tree
    if encoded is None:
        raise MlsRefused("no ratchet tree")
    tree = RatchetTree.decode(scheme, encoded, members_max)
    signer = tree.leaf(info.signer)
    if signer is None:
        raise MlsRefused("a GroupInfo is signed by nobody")
    scheme.verify_with_label(signer.signature_key, b"GroupInfoTBS", info.to_be_signed(), info.signature)
    check_tree(tree, info.group_context, now)
    return tree


def _find_own_leaf(tree: RatchetTree, leaf: LeafNode) -> int:
    for index, candidate in tree.leaves():
        if candidate == leaf:
            return index
    raise MlsRefused("a Welcome to a group we are not in")


def _private_keys(tree: RatchetTree, own_leaf: int, own: OwnKeyPackage, opened: _Opened) -> Mapping[int, bytes]:
    """Return the joiner's private keys: its leaf's, and those its path secret gives."""
    keys = {2 * own_leaf: own.encryption_private_key}
    if opened.secrets.path_secret is None:
        return keys
    signer = opened.info.signer
    shared_node = treemath.common_ancestor(own_leaf, signer)
    steps = tree.filtered_direct_path(signer)
    above = {shared_node, *treemath.direct_path(shared_node, tree.leaf_count)}
    if signer == own_leaf or shared_node not in {step.node for step in steps}:
        raise MlsRefused("a path secret for a node that has none")
    derived = derive_upwards(
        tree, [step for step in steps if step.node in above], opened.secrets.path_secret.path_secret
    )
    return {**keys, **derived.private_keys}


def check_lineage(psks: tuple[PreSharedKeyID, ...], info: GroupInfo, previous: MemberState | None) -> None:
    """Return if a group that claims to follow from another does so by the rules, else raise MlsRefused.

    Whether the members are the same ones, or a subset, is for the application to compare.

    Args:
        psks: of the commit that began the group.
        info: of the group.
        previous: our state in the group it claims to follow from; None where we have none.

    Source: RFC 9420 §11.2, §11.3.
    """
    lineage = [
        psk.psk for psk in psks if isinstance(psk.psk, ResumptionPsk) and psk.psk.usage != ResumptionUsage.APPLICATION
    ]
    if not lineage:
        return
    context = info.group_context
    if len(lineage) > 1 or previous is None or context.epoch != 1:
        raise MlsRefused("a group follows from another in a way that cannot be checked")
    old = previous.epoch.context
    if lineage[0].psk_group_id != old.group_id or lineage[0].psk_epoch != old.epoch:
        raise MlsRefused("a group follows from another than the one given")
    if lineage[0].usage == ResumptionUsage.BRANCH:
        expected = (old.version, old.cipher_suite)
        if (context.version, context.cipher_suite) != expected:
            raise MlsRefused("a branch changes version or suite")
        return
    reinit = previous.reinit
    if lineage[0].usage != ResumptionUsage.REINIT or reinit is None:
        raise MlsRefused("a reinitialisation nobody committed")
    found = (context.group_id, context.version, context.cipher_suite, context.extensions)
    if found != (reinit.group_id, reinit.version, reinit.cipher_suite, reinit.extensions):
        raise MlsRefused("a reinitialisation to another group")
