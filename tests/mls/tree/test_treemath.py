"""Arithmetic of the tree, against a tree that is built by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.mls.tree import treemath

depths = st.integers(0, 10)


@given(depths, st.data())
def test_children_and_parents_are_inverse(depth: int, data: st.DataObject) -> None:
    """A node's children have it as parent and each other as sibling."""
    count = 1 << depth
    node = data.draw(st.integers(0, treemath.node_width(count) - 1))
    if treemath.level(node):
        left, right = treemath.left(node), treemath.right(node)
        assert treemath.parent(left, count) == treemath.parent(right, count) == node
        assert (treemath.sibling(left, count), treemath.sibling(right, count)) == (right, left)
        assert list(treemath.subtree_leaves(node)) == [
            *treemath.subtree_leaves(left),
            *treemath.subtree_leaves(right),
        ]
    else:
        assert list(treemath.subtree_leaves(node)) == [node // 2]


@given(depths, st.data())
def test_direct_paths(depth: int, data: st.DataObject) -> None:
    """A leaf's direct path climbs one level at a time and ends in the root; the leaf is below all of it."""
    count = 1 << depth
    leaf = data.draw(st.integers(0, count - 1))
    path = treemath.direct_path(2 * leaf, count)
    assert [treemath.level(node) for node in path] == list(range(1, depth + 1))
    assert path[-1:] == ([treemath.root(count)] if depth else [])
    assert all(treemath.is_below(leaf, node) for node in path)


@given(depths, st.data())
def test_common_ancestor(depth: int, data: st.DataObject) -> None:
    """The first node that stands on both paths."""
    count = 1 << depth
    first, second = data.draw(st.integers(0, count - 1)), data.draw(st.integers(0, count - 1))
    paths = [[2 * leaf, *treemath.direct_path(2 * leaf, count)] for leaf in (first, second)]
    assert treemath.common_ancestor(first, second) == next(node for node in paths[0] if node in paths[1])


def test_what_does_not_exist_is_a_bug() -> None:
    """A leaf has no children, the root no parent."""
    for function in (treemath.left, treemath.right):
        with pytest.raises(AssertionError):
            function(4)
    with pytest.raises(AssertionError):
        treemath.parent(3, 4)
