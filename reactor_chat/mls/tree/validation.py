"""What makes a leaf, a KeyPackage or a whole tree acceptable (RFC 9420 §7.3, §10.1, §12.4.3.1).

Two things are left to the caller, who alone can know them: whether a credential names who it claims to name, and what
time it is (`now` in seconds since 1970; None skips the lifetime).  Unknown capabilities, GREASE among them, are
ignored; extensions and proposal types that the RFC defines need no mention.
"""

from reactor_chat.errors import LifetimeRefused, MlsRefused
from reactor_chat.mls.encoding.structs import (
    CREDENTIAL_TYPES,
    MLS10,
    CommitSource,
    Extension,
    ExtensionType,
    GroupContext,
    LeafNode,
    Lifetime,
    ParentNode,
    RequiredCapabilities,
    UpdateSource,
    credential_type,
    extension_data,
)
from reactor_chat.mls.messages import PROPOSAL_TYPES, KeyPackage
from reactor_chat.mls.suites import Suite
from reactor_chat.mls.tree import treemath
from reactor_chat.mls.tree.ratchet_tree import RatchetTree

DEFAULT_EXTENSIONS = frozenset(ExtensionType)
DEFAULT_PROPOSALS = frozenset(PROPOSAL_TYPES)

LeafSource = type[Lifetime] | type[UpdateSource] | type[CommitSource]


def check_leaf(
    suite: Suite, leaf: LeafNode, group_id: bytes = b"", leaf_index: int = 0, now: int | None = None
) -> None:
    """Return if a leaf is valid by itself, whatever its source, else raise MlsRefused.

    Args:
        group_id: where the leaf stands, for sources other than a KeyPackage.
        leaf_index: likewise.
        now: seconds since 1970, or None to accept any lifetime.

    Raises:
        LifetimeRefused: the leaf is sound but for its lifetime, which its owner signed.
        MlsRefused: anything else.

    Source: RFC 9420 §7.3.
    """
    if credential_type(leaf.credential) not in leaf.capabilities.credentials:
        raise MlsRefused("a leaf does not support its own credential")
    _check_extensions_listed(leaf.extensions, leaf)
    suite.kem.check_public_key(leaf.encryption_key)
    suite.verify_with_label(leaf.signature_key, b"LeafNodeTBS", leaf.to_be_signed(group_id, leaf_index), leaf.signature)
    source = leaf.leaf_node_source
    if now is not None and isinstance(source, Lifetime) and not source.not_before <= now <= source.not_after:
        raise LifetimeRefused((source.not_before, source.not_after), now)


def check_source(leaf: LeafNode, source: LeafSource) -> None:
    """Return if the leaf came the way it says, else raise MlsRefused (RFC 9420 §7.3).

    Args:
        leaf: of a member or of a newcomer.
        source: the type of source it should have.
    """
    if not isinstance(leaf.leaf_node_source, source):
        raise MlsRefused("a leaf has the wrong source")


def check_key_package(suite: Suite, package: KeyPackage, now: int | None = None) -> None:
    """Return if a KeyPackage may be used to add its owner, else raise MlsRefused.

    Args:
        suite: of the group it is for.
        package: as it came.
        now: seconds since 1970, by which its lifetime is judged; None where it is not.

    Source: RFC 9420 §10.1.
    """
    leaf = package.leaf_node
    if package.version != MLS10 or package.cipher_suite != suite.number:
        raise MlsRefused("a KeyPackage is for another version or suite")
    if package.init_key == leaf.encryption_key:
        raise MlsRefused("a KeyPackage uses one key twice")
    check_source(leaf, Lifetime)
    check_leaf(suite, leaf, now=now)
    suite.kem.check_public_key(package.init_key)
    suite.verify_with_label(leaf.signature_key, b"KeyPackageTBS", package.to_be_signed(), package.signature)


def check_members(tree: RatchetTree, extensions: tuple[Extension, ...]) -> None:
    """Return if the members fit each other and the group's requirements, else raise MlsRefused.

    Keys must be unique, credential types understood by all, required capabilities present.

    Args:
        tree: of the group.
        extensions: of its GroupContext.

    Source: RFC 9420 §7.3, §11.1.
    """
    leaves = [leaf for _, leaf in tree.leaves()]
    encryption_keys = [node.encryption_key for _, node in tree.nodes()]
    signature_keys = {leaf.signature_key for leaf in leaves}
    if len(set(encryption_keys)) != len(encryption_keys) or len(signature_keys) != len(leaves):
        raise MlsRefused("a key appears twice in the tree")
    # What all these sets have in common is that they are small: a thousand members share a handful of capabilities.
    credential_types = {CREDENTIAL_TYPES[kind] for kind in {type(leaf.credential) for leaf in leaves}}
    for understood in {leaf.capabilities.credentials for leaf in leaves}:
        if not credential_types.issubset(understood):
            raise MlsRefused("a member does not understand another's credential")
    required = required_capabilities(extensions)
    if required is not None and not all(_meets(leaf, required) for leaf in leaves):
        raise MlsRefused("a member lacks a required capability")


def required_capabilities(extensions: tuple[Extension, ...]) -> RequiredCapabilities | None:
    """Return what the group requires of its members; MlsMalformed where the extension is not readable."""
    encoded = extension_data(extensions, ExtensionType.REQUIRED_CAPABILITIES)
    return None if encoded is None else RequiredCapabilities.decode(encoded)


def check_context_supported(extensions: tuple[Extension, ...], leaf: LeafNode) -> None:
    """Return if the member supports every extension of a GroupContext, else raise MlsRefused.

    Asked of those we add and of extensions we propose; what a group already has is its members' business.

    Args:
        extensions: of the GroupContext.
        leaf: of the member.

    Source: RFC 9420 §12.4.3.
    """
    _check_extensions_listed(extensions, leaf)


def check_tree(tree: RatchetTree, context: GroupContext, now: int | None = None) -> None:
    """Return if a tree received from elsewhere is sound and is the one of `context`, else raise MlsRefused.

    Args:
        tree: as it came.
        context: of the group that it should be of.
        now: seconds since 1970, by which lifetimes are judged; None where they are not.

    Source: RFC 9420 §12.4.3.1.
    """
    if tree.root_hash() != context.tree_hash:
        raise MlsRefused("the tree is not the one of the group")
    check_members(tree, context.extensions)
    for number, node in tree.nodes():
        if isinstance(node, ParentNode):
            tree.suite.kem.check_public_key(node.encryption_key)
            _check_unmerged(tree, number, node)
    tree.check_parent_hashes()  # follows unmerged leaves, which are known to exist only now
    for index, leaf in tree.leaves():
        check_leaf(tree.suite, leaf, context.group_id, index, now)


def _check_extensions_listed(extensions: tuple[Extension, ...], leaf: LeafNode) -> None:
    for extension in extensions:
        number = extension.extension_type
        if number not in DEFAULT_EXTENSIONS and number not in leaf.capabilities.extensions:
            raise MlsRefused("an extension is not among a leaf's capabilities")


def _meets(leaf: LeafNode, required: RequiredCapabilities) -> bool:
    capabilities = leaf.capabilities
    return (
        DEFAULT_EXTENSIONS.union(capabilities.extensions).issuperset(required.extension_types)
        and DEFAULT_PROPOSALS.union(capabilities.proposals).issuperset(required.proposal_types)
        and set(capabilities.credentials).issuperset(required.credential_types)
    )


def _check_unmerged(tree: RatchetTree, number: int, node: ParentNode) -> None:
    if any(first >= second for first, second in zip(node.unmerged_leaves, node.unmerged_leaves[1:], strict=False)):
        raise MlsRefused("unmerged leaves are not in order")
    for index in node.unmerged_leaves:
        if not treemath.is_below(index, number) or tree.leaf(index) is None:
            raise MlsRefused("an unmerged leaf is blank or elsewhere")
        for above in treemath.direct_path(2 * index, tree.leaf_count):
            if above == number:
                break
            between = tree.node(above)
            if isinstance(between, ParentNode) and index not in between.unmerged_leaves:
                raise MlsRefused("an unmerged leaf is merged further down")


def check_new_keys(tree: RatchetTree, new_keys: list[bytes]) -> None:
    """Return if none of the keys of an update path is in the tree or repeated, else raise MlsRefused.

    Args:
        tree: before the path.
        new_keys: public keys of its nodes and its leaf.

    Source: RFC 9420 §12.4.2.
    """
    every = [node.encryption_key for _, node in tree.nodes()]
    if len(set(new_keys)) != len(new_keys) or not set(new_keys).isdisjoint(every):
        raise MlsRefused("a path uses a key again")
