"""Arithmetic of the array-based tree: which node is whose parent, child or sibling (RFC 9420 Appendix C).

Nodes are numbered from left to right: leaf i is node 2i, and a parent stands between its subtrees.  A tree always has
a power of two of leaves; every function that needs the size takes `leaf_count`.  A node's level is its count of
trailing one bits.
"""


def level(node: int) -> int:
    """Return the height of a node above the leaves, 0 for a leaf."""
    return (node ^ (node + 1)).bit_length() - 1


def node_width(leaf_count: int) -> int:
    """Return the number of nodes of a tree of `leaf_count` >= 1 leaves."""
    return 2 * leaf_count - 1


def root(leaf_count: int) -> int:
    """Return the root of a tree of `leaf_count` >= 1 leaves, a power of two."""
    return leaf_count - 1


def left(node: int) -> int:
    """Return the left child; the node must not be a leaf."""
    height = level(node)
    assert height > 0, "a leaf has no children"
    return node ^ (1 << (height - 1))


def right(node: int) -> int:
    """Return the right child; the node must not be a leaf."""
    height = level(node)
    assert height > 0, "a leaf has no children"
    return node ^ (3 << (height - 1))


def parent(node: int, leaf_count: int) -> int:
    """Return the parent; the node must not be the root.

    Args:
        node: its number.
        leaf_count: of the tree, a power of two.
    """
    assert node != root(leaf_count), "the root has no parent"
    height = level(node)
    return (node | (1 << height)) & ~(1 << (height + 1))


def sibling(node: int, leaf_count: int) -> int:
    """Return the other child of the node's parent; the node must not be the root.

    Args:
        node: its number.
        leaf_count: of the tree, a power of two.
    """
    above = parent(node, leaf_count)
    return right(above) if node < above else left(above)


def direct_path(node: int, leaf_count: int) -> list[int]:
    """Return the nodes above `node`, nearest first, the root last; empty for the root.

    Args:
        node: its number.
        leaf_count: of the tree, a power of two.
    """
    path = []
    top = root(leaf_count)
    while node != top:
        node = parent(node, leaf_count)
        path.append(node)
    return path


def subtree_leaves(node: int) -> range:
    """Return the leaf indices below a node (of a leaf: itself), in ascending order."""
    height = level(node)
    first = (node - (1 << height) + 1) // 2
    return range(first, first + (1 << height))


def is_below(leaf: int, node: int) -> bool:
    """Say whether leaf index `leaf` stands at or below `node`."""
    return leaf in subtree_leaves(node)


def common_ancestor(first_leaf: int, second_leaf: int) -> int:
    """Return the lowest node above both leaf indices; of equal ones, their leaf."""
    first, second, height = 2 * first_leaf, 2 * second_leaf, 0
    while first != second:
        first, second, height = first >> 1, second >> 1, height + 1
    return (first << height) + (1 << (height - 1)) - 1 if height else first
