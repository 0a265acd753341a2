"""TreeKEM: a member renews the keys from its leaf to the root and tells everyone else what they need (RFC 9420
§7.4-7.6).

Making a path takes three steps, because the middle one covers what the first produces: `renew_path` puts fresh keys
into a tree and signs the new leaf; the caller hashes the tree into a provisional GroupContext; `encrypt_path`
encrypts each path secret to the other half of its node's subtree under that context.  Receiving mirrors it:
`merge_path` puts the public keys in place and checks the parent hashes, `open_path` decrypts the one secret meant for
us and derives the rest upwards.
"""

from collections.abc import Mapping, Set

from msgspec.structs import replace

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.crypto.kem import Entropy, KeyPair
from reactor_chat.mls.encoding.structs import (
    CommitSource,
    HPKECiphertext,
    LeafNode,
    ParentNode,
    UpdatePath,
    UpdatePathNode,
)
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.suites import Suite
from reactor_chat.mls.tree import treemath
from reactor_chat.mls.tree.ratchet_tree import PathStep, RatchetTree
from reactor_chat.mls.tree.validation import check_new_keys
from reactor_chat.mls.values import Hidden, Value

_LABEL = b"UpdatePathNode"


class RenewedPath(Value, frozen=True):
    """What its maker knows of a new path.

    Attributes:
        leaf: the new, signed leaf.
        steps: the filtered direct path, nearest first.
        key_pairs: of the steps.
        path_secrets: by node, for the joiners below it.
        commit_secret: what the path gives to the key schedule.
        private_keys: by node, the new leaf's included.
    """

    leaf: LeafNode
    steps: list[PathStep]
    key_pairs: list[KeyPair]
    path_secrets: Hidden[Mapping[int, bytes]]
    commit_secret: Hidden[bytes]
    private_keys: Hidden[Mapping[int, bytes]]


def node_key_pair(suite: Suite, path_secret: bytes) -> KeyPair:
    """Return the key pair of the node that has this path secret (RFC 9420 §7.4)."""
    return suite.kem.derive_key_pair(suite.derive_secret(path_secret, b"node"))


def renew_path(
    tree: RatchetTree, leaf_index: int, template: LeafNode, group_id: bytes, key: SigningKey, random: Entropy
) -> RenewedPath:
    """Give a member a fresh leaf key and fresh keys along its filtered direct path, in `tree`.

    Args:
        tree: changed in place.
        template: the leaf to be: credential, capabilities and extensions are kept, the rest is replaced.
        group_id: covered by the leaf's signature.
        key: signs the leaf; its public half becomes the leaf's signature key.
        random: source of the leaf's key and of the first path secret.

    Source: RFC 9420 §7.4, §7.5.
    """
    suite, steps = tree.suite, tree.filtered_direct_path(leaf_index)
    leaf_keys = suite.generate_key_pair(random)
    path_secret = random(suite.hash_bytes)
    path_secrets, key_pairs = {}, []
    for step in steps:
        path_secrets[step.node] = path_secret
        key_pairs.append(node_key_pair(suite, path_secret))
        path_secret = suite.derive_secret(path_secret, b"path")
    leaf_hash = _place_keys(tree, leaf_index, steps, [pair.public_key for pair in key_pairs])
    leaf = replace(
        template,
        encryption_key=leaf_keys.public_key,
        signature_key=key.public_key,
        leaf_node_source=CommitSource(leaf_hash),
        signature=b"",
    )
    leaf = replace(leaf, signature=suite.sign_with_label(key, b"LeafNodeTBS", leaf.to_be_signed(group_id, leaf_index)))
    tree.set_node(2 * leaf_index, leaf)
    private_keys = {step.node: pair.private_key for step, pair in zip(steps, key_pairs, strict=True)}
    private_keys[2 * leaf_index] = leaf_keys.private_key
    return RenewedPath(leaf, steps, key_pairs, path_secrets, path_secret, private_keys)


def encrypt_path(tree: RatchetTree, path: RenewedPath, context: bytes, added: Set[int], random: Entropy) -> UpdatePath:
    """Encrypt each path secret to those who are to know it.

    Args:
        tree: with the renewed path in place.
        context: the encoded provisional GroupContext.
        added: leaf indices added by the same commit; they learn their secret from the Welcome.
        random: source of the encapsulations.

    Source: RFC 9420 §7.6.
    """
    nodes = []
    for step, pair in zip(path.steps, path.key_pairs, strict=True):
        sealed = []
        for number in recipients(tree, step.copath_child, added):
            node = tree.node(number)
            assert node is not None, "a resolution holds no blank nodes"
            secret = path.path_secrets[step.node]
            sealed.append(tree.suite.encrypt_with_label(node.encryption_key, _LABEL, context, secret, random))
        nodes.append(UpdatePathNode(pair.public_key, tuple(sealed)))
    return UpdatePath(path.leaf, tuple(nodes))


def recipients(tree: RatchetTree, copath_child: int, added: Set[int]) -> list[int]:
    """Return the nodes a path secret is encrypted to, in order: a resolution without the newly added leaves.

    Args:
        tree: of the group, with the new members in it.
        copath_child: number of the node beside the path.
        added: leaf indices of the new members, who are told otherwise.
    """
    newcomers = {2 * leaf for leaf in added}
    return [number for number in tree.resolution(copath_child) if number not in newcomers]


def merge_path(tree: RatchetTree, leaf_index: int, path: UpdatePath) -> None:
    """Put a received path into `tree` and check that its leaf commits to it.

    Args:
        tree: changed in place; on an error it is to be thrown away.
        path: its leaf is checked elsewhere (§7.3).

    Raises:
        MlsRefused: wrong number of nodes, a key seen before or unusable, or the parent hash differs.

    Source: RFC 9420 §7.5.
    """
    steps = tree.filtered_direct_path(leaf_index)
    if len(steps) != len(path.nodes):
        raise MlsRefused("a path has the wrong length")
    keys = [node.encryption_key for node in path.nodes]
    check_new_keys(tree, [path.leaf_node.encryption_key, *keys])
    for key in keys:
        tree.suite.kem.check_public_key(key)
    leaf_hash = _place_keys(tree, leaf_index, steps, keys)
    source = path.leaf_node.leaf_node_source
    if not isinstance(source, CommitSource) or source.parent_hash != leaf_hash:
        raise MlsRefused("a leaf does not commit to its path")
    tree.set_node(2 * leaf_index, path.leaf_node)


class OpenedPath(Value, frozen=True):
    """What a receiver learns from a path: the commit secret and the private keys it now has, by node."""

    commit_secret: Hidden[bytes]
    private_keys: Hidden[Mapping[int, bytes]]


class PathReader(Value, frozen=True):
    """A receiver's place in the tree.

    Attributes:
        leaf_index: the receiver's.
        private_keys: what it holds, by node; keys of blanked nodes do no harm.
    """

    leaf_index: int
    private_keys: Hidden[Mapping[int, bytes]]


def open_path(
    tree: RatchetTree, sender: int, path: UpdatePath, context: bytes, added: Set[int], reader: PathReader
) -> OpenedPath:
    """Decrypt the path secret meant for `reader` and derive everything above it.

    Args:
        tree: with the path merged.
        sender: leaf index of the committer; not the reader.
        context: the encoded provisional GroupContext.
        added: leaf indices added by the same commit.

    Raises:
        MlsRefused: a vector has the wrong length, nothing is meant for us, a ciphertext does not open, or the keys
            derived are not those announced.

    Source: RFC 9420 §7.5, §7.6.
    """
    suite, steps = tree.suite, tree.filtered_direct_path(sender)
    sealed_for_us: HPKECiphertext | None = None
    first, private_key = 0, b""
    for place, (step, node) in enumerate(zip(steps, path.nodes, strict=True)):
        targets = recipients(tree, step.copath_child, added)
        if len(targets) != len(node.encrypted_path_secret):
            raise MlsRefused("a path is encrypted to somebody else")
        if treemath.is_below(reader.leaf_index, step.copath_child):
            ours = next((t for t in targets if t in reader.private_keys and _is_above(t, reader.leaf_index)), None)
            if ours is None:
                raise MlsRefused("a path is not encrypted to us")
            sealed_for_us, first, private_key = (
                node.encrypted_path_secret[targets.index(ours)],
                place,
                reader.private_keys[ours],
            )
    if sealed_for_us is None:
        raise MlsRefused("a path does not meet ours")
    secret = suite.decrypt_with_label(private_key, _LABEL, context, sealed_for_us)
    return derive_upwards(tree, steps[first:], secret)


def derive_upwards(tree: RatchetTree, steps: list[PathStep], path_secret: bytes) -> OpenedPath:
    """Derive key pairs from a path secret for the steps of a path, checking each against the tree.

    Args:
        tree: of the group.
        steps: of the path, the lowest first.
        path_secret: of the first step.

    Raises:
        MlsRefused: a derived public key is not the one in the tree, or the secret has the wrong size.

    Source: RFC 9420 §7.5.
    """
    suite, private_keys = tree.suite, {}
    if len(path_secret) != suite.hash_bytes:
        raise MlsRefused("a path secret has the wrong size")
    for step in steps:
        pair, node = node_key_pair(suite, path_secret), tree.node(step.node)
        if node is None or node.encryption_key != pair.public_key:
            raise MlsRefused("a path secret does not belong to its node")
        private_keys[step.node] = pair.private_key
        path_secret = suite.derive_secret(path_secret, b"path")
    return OpenedPath(path_secret, private_keys)


def keep_current(tree: RatchetTree, leaf_index: int, private_keys: Mapping[int, bytes]) -> dict[int, bytes]:
    """Return only the private keys of nodes that still exist on a member's direct path; the others are outdated.

    Args:
        tree: of the group.
        leaf_index: of the member.
        private_keys: by node number.
    """
    path = {2 * leaf_index, *treemath.direct_path(2 * leaf_index, tree.leaf_count)}
    return {number: key for number, key in private_keys.items() if number in path and tree.node(number) is not None}


def _is_above(number: int, leaf_index: int) -> bool:
    return treemath.is_below(leaf_index, number)


def _place_keys(tree: RatchetTree, leaf_index: int, steps: list[PathStep], keys: list[bytes]) -> bytes:
    """Blank the direct path, set the filtered one from the root down, and return the leaf's parent hash."""
    tree.blank_path(leaf_index)
    parent_hash = b""
    for step, key in reversed(list(zip(steps, keys, strict=True))):
        tree.set_node(step.node, ParentNode(key, parent_hash, ()))
        parent_hash = tree.parent_hash(step.node, step.copath_child)
    return parent_hash
