"""The ratchet tree: leaves, parents, blanks, resolutions, tree hashes and parent hashes (RFC 9420 §4, §7).

Theory of operation.  Nodes stand in one list in the order of `treemath`; a blank is None.  A tree is changed only
while a commit is being worked out, on a `copy`; the tree of a group is never changed, so groups may share it.

Tree hashes are cached beside the nodes.  Whoever replaces a node drops the hashes of that node and of every node
above it and no other, so that a commit in a group of 1,000 costs ten hashes instead of two thousand.  Nodes keep
their numbers when the tree grows or shrinks, and so do their hashes.
"""

from collections.abc import Iterator, Set
from typing import NamedTuple

from reactor_chat.errors import MlsMalformed, MlsRefused
from reactor_chat.mls.encoding.codec import opaque, optional, with_length
from reactor_chat.mls.encoding.structs import (
    EXTENSIONS_BYTES_MAX,
    TREE_LEAVES_MAX,
    LeafNode,
    Node,
    ParentNode,
    RatchetTreeNodes,
)
from reactor_chat.mls.suites import Suite
from reactor_chat.mls.tree import treemath

NODES_PER_MEMBER_MAX = 8
"""Nodes for each member that a limit allows: a full tree has two, one whose limit was lowered since may have more."""

_CONTENT = opaque(EXTENSIONS_BYTES_MAX)
_NODE = optional(Node)


class PathStep(NamedTuple):
    """One node of a filtered direct path, and its child that is not on the path."""

    node: int
    copath_child: int


class RatchetTree:
    """A left-balanced tree of a power of two of leaves.

    Args:
        suite: of the group.
        nodes: leaves in even places and parents between them, None where blank; 2**d - 1 of them.
    """

    __slots__ = ("_encoded", "_hashes", "_nodes", "suite")

    def __init__(self, suite: Suite, nodes: list[LeafNode | ParentNode | None]) -> None:
        """Take over `nodes`; nothing is checked."""
        self.suite = suite
        self._nodes = nodes
        self._hashes: list[bytes | None] = [None] * len(nodes)
        self._encoded: bytes | None = None

    @classmethod
    def decode(cls, suite: Suite, encoded: bytes, members_max: int | None = None) -> "RatchetTree":
        """Read the content of a `ratchet_tree` extension.

        Args:
            members_max: leaves that are not blank, at most; None where the limits of the format are enough.

        Raises:
            MlsMalformed: too large, empty, ending in a blank, or a leaf where a parent belongs.
            MlsRefused: more members, or more blanks around them, than `members_max` allows; nothing was hashed or
                verified.

        Source: RFC 9420 §12.4.3.3.
        """
        if members_max is None:
            nodes = list(RatchetTreeNodes.decode(encoded).nodes)
        else:
            nodes = _few_nodes(encoded, members_max)
        if not nodes or nodes[-1] is None:
            raise MlsMalformed("a tree ends in a blank node")
        for place, node in enumerate(nodes):
            if node is not None and isinstance(node, LeafNode) != (place % 2 == 0):
                raise MlsMalformed("a leaf and a parent have changed places")
        leaf_count = 1
        while treemath.node_width(leaf_count) < len(nodes):
            leaf_count *= 2
        nodes += [None] * (treemath.node_width(leaf_count) - len(nodes))
        return cls(suite, nodes)

    def encode(self) -> bytes:
        """Return the content of a `ratchet_tree` extension; computed once per tree."""
        if self._encoded is None:
            last = max(place for place, node in enumerate(self._nodes) if node is not None)
            self._encoded = RatchetTreeNodes(tuple(self._nodes[: last + 1])).encode()
        return self._encoded

    def copy(self) -> "RatchetTree":
        """Return a tree that can be changed without changing this one; hashes known are kept."""
        twin = RatchetTree(self.suite, self._nodes.copy())
        twin._hashes = self._hashes.copy()
        twin._encoded = self._encoded
        return twin

    @property
    def leaf_count(self) -> int:
        """Leaves including blank ones, a power of two."""
        return (len(self._nodes) + 1) // 2

    @property
    def root(self) -> int:
        """The number of the root."""
        return treemath.root(self.leaf_count)

    def node(self, number: int) -> LeafNode | ParentNode | None:
        """Return a node, None where it is blank."""
        return self._nodes[number]

    def nodes(self) -> Iterator[tuple[int, LeafNode | ParentNode]]:
        """Yield the nodes that are not blank, by number ascending."""
        return ((number, node) for number, node in enumerate(self._nodes) if node is not None)

    def leaf(self, index: int) -> LeafNode | None:
        """Return a member's leaf, None where it is blank or outside the tree."""
        node = self._nodes[2 * index] if 0 <= index < self.leaf_count else None
        assert not isinstance(node, ParentNode), "leaves stand in even places"
        return node

    def leaves(self) -> Iterator[tuple[int, LeafNode]]:
        """Yield (leaf index, leaf) of every member, ascending."""
        for number in range(0, len(self._nodes), 2):
            node = self._nodes[number]
            if isinstance(node, LeafNode):
                yield number // 2, node

    def set_node(self, number: int, node: LeafNode | ParentNode | None) -> None:
        """Replace one node and drop the hashes that covered it.

        Args:
            number: of the node, 0 to twice the leaves less two.
            node: its new content; None blanks it.
        """
        self._nodes[number] = node
        self._encoded = None
        self._hashes[number] = None
        for above in treemath.direct_path(number, self.leaf_count):
            self._hashes[above] = None

    def blank_path(self, leaf_index: int) -> None:
        """Blank every node above a leaf."""
        for above in treemath.direct_path(2 * leaf_index, self.leaf_count):
            self._nodes[above] = None
            self._hashes[above] = None
        self._encoded = None

    def add(self, leaf: LeafNode) -> int:
        """Put a leaf into the leftmost blank place, growing the tree where there is none.

        Returns:
            The new leaf index.

        Raises:
            MlsMalformed: the tree would exceed TREE_LEAVES_MAX.

        Source: RFC 9420 §12.1.1.
        """
        index = self.leftmost_blank()
        for above in treemath.direct_path(2 * index, self.leaf_count):
            node = self._nodes[above]
            if isinstance(node, ParentNode):
                unmerged = tuple(sorted((*node.unmerged_leaves, index)))
                self._nodes[above] = ParentNode(node.encryption_key, node.parent_hash, unmerged)
        self.set_node(2 * index, leaf)
        return index

    def leftmost_blank(self) -> int:
        """Return the index of the leftmost blank leaf, doubling the tree if every leaf is taken."""
        for number in range(0, len(self._nodes), 2):
            if self._nodes[number] is None:
                return number // 2
        index = self.leaf_count
        if index >= TREE_LEAVES_MAX:
            raise MlsMalformed("the tree exceeds its limit")
        self._nodes += [None] * (index * 2)
        self._hashes += [None] * (index * 2)
        self._encoded = None
        return index

    def update(self, leaf_index: int, leaf: LeafNode) -> None:
        """Replace a member's leaf and blank what stands above it (RFC 9420 §12.1.2)."""
        self.set_node(2 * leaf_index, leaf)
        self.blank_path(leaf_index)

    def remove(self, leaf_index: int) -> None:
        """Blank a leaf and what stands above it, and shrink the tree (RFC 9420 §12.1.3, §7.7).

        The caller leaves at least one member.
        """
        self.set_node(2 * leaf_index, None)
        self.blank_path(leaf_index)
        while self.leaf_count > 1 and not any(self._nodes[self.leaf_count :: 2]):
            del self._nodes[self.leaf_count - 1 :]
            del self._hashes[len(self._nodes) :]

    def resolution(self, number: int) -> list[int]:
        """Return the nodes that together cover every member below `number`, in the order of the RFC.

        Source: RFC 9420 §4.1.1.
        """
        node = self._nodes[number]
        if isinstance(node, LeafNode):
            return [number]
        if node is not None:
            return [number, *(2 * leaf for leaf in node.unmerged_leaves)]
        if number % 2 == 0:
            return []
        return self.resolution(treemath.left(number)) + self.resolution(treemath.right(number))

    def filtered_direct_path(self, leaf_index: int) -> list[PathStep]:
        """Return the nodes above a leaf whose other child resolves to somebody, nearest first.

        Source: RFC 9420 §4.1.2.
        """
        steps, below = [], 2 * leaf_index
        for above in treemath.direct_path(below, self.leaf_count):
            other = treemath.right(above) if below < above else treemath.left(above)
            if self.resolution(other):
                steps.append(PathStep(above, other))
            below = above
        return steps

    def hash(self, number: int) -> bytes:
        """Return the tree hash of the subtree at `number`.

        Source: RFC 9420 §7.8.
        """
        known = self._hashes[number]
        if known is None:
            known = self._hashes[number] = self._hash_node(number, self._nodes[number], frozenset())
        return known

    def root_hash(self) -> bytes:
        """Return the tree hash of the whole tree."""
        return self.hash(self.root)

    def hash_without(self, number: int, removed: Set[int]) -> bytes:
        """Return the tree hash of a subtree as it was before the leaves `removed` were added.

        Args:
            number: of the subtree's node.
            removed: leaf indices.

        Source: RFC 9420 §7.9, original_sibling_tree_hash.
        """
        below = treemath.subtree_leaves(number)
        removed = frozenset(leaf for leaf in removed if leaf in below)
        if not removed:
            return self.hash(number)
        node = self._nodes[number]
        if isinstance(node, ParentNode):
            kept = tuple(leaf for leaf in node.unmerged_leaves if leaf not in removed)
            node = ParentNode(node.encryption_key, node.parent_hash, kept)
        elif node is not None:
            node = None
        return self._hash_node(number, node, removed)

    def _hash_node(self, number: int, node: LeafNode | ParentNode | None, removed: Set[int]) -> bytes:
        present = b"\x00" if node is None else b"\x01" + node.encode()
        if number % 2 == 0:
            return self.suite.digest(b"\x01" + (number // 2).to_bytes(4) + present)
        left, right = treemath.left(number), treemath.right(number)
        below = (self.hash(left), self.hash(right))
        if removed:
            below = (self.hash_without(left, removed), self.hash_without(right, removed))
        return self.suite.digest(b"\x02" + present + with_length(below[0]) + with_length(below[1]))

    def parent_hash(self, number: int, sibling: int) -> bytes:
        """Return the parent hash that a node `number` gives to its child other than `sibling`.

        Args:
            number: of the parent.
            sibling: number of the other child, whose hash is covered.

        Source: RFC 9420 §7.9.
        """
        node = self._nodes[number]
        assert isinstance(node, ParentNode), "only a parent that is not blank has a parent hash to give"
        original = self.hash_without(sibling, frozenset(node.unmerged_leaves))
        return self.suite.digest(
            with_length(node.encryption_key) + with_length(node.parent_hash) + with_length(original)
        )

    def check_parent_hashes(self) -> None:
        """Return if every parent was made by a commit of a member below it, else raise MlsRefused.

        Source: RFC 9420 §7.9.2.
        """
        for number, node in self.nodes():
            if isinstance(node, ParentNode) and not self._is_parent_hash_valid(number, node):
                raise MlsRefused("a parent hash does not hold")

    def _is_parent_hash_valid(self, number: int, node: ParentNode) -> bool:
        unmerged = set(node.unmerged_leaves)
        left, right = treemath.left(number), treemath.right(number)
        for child, sibling in ((left, right), (right, left)):
            resolution = self.resolution(child)
            expected = self.parent_hash(number, sibling)
            below = unmerged.intersection(treemath.subtree_leaves(child))
            for candidate in resolution:
                if _parent_hash_of(self._nodes[candidate]) == expected:
                    return {2 * leaf for leaf in below} == set(resolution) - {candidate}
        return False


def _few_nodes(encoded: bytes, members_max: int) -> list[LeafNode | ParentNode | None]:
    """Read nodes one by one, and stop where they are more than a group of `members_max` can have."""
    content, end = _CONTENT.decode(encoded, 0)
    if end != len(encoded):
        raise MlsMalformed("bytes follow the last node")
    nodes: list[LeafNode | ParentNode | None] = []
    at = members = 0
    while at < len(content):
        node, at = _NODE.decode(content, at)
        nodes.append(node)
        members += isinstance(node, LeafNode)
        if members > members_max or len(nodes) > NODES_PER_MEMBER_MAX * members_max:
            raise MlsRefused("a tree is for more members than are allowed")
    return nodes


def _parent_hash_of(node: LeafNode | ParentNode | None) -> bytes | None:
    if isinstance(node, ParentNode):
        return node.parent_hash
    return getattr(node.leaf_node_source, "parent_hash", None) if node is not None else None
