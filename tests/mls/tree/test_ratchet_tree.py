"""The ratchet tree: growing, shrinking, hashing, and refusing trees that no group could have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reactor_chat.errors import MlsMalformed, MlsRefused
from reactor_chat.mls.encoding.codec import wire_of, with_length
from reactor_chat.mls.encoding.structs import TREE_LEAVES_MAX, LeafNode, Node, ParentNode, RatchetTreeNodes
from reactor_chat.mls.suites import SUITES
from reactor_chat.mls.tree import ratchet_tree as tree_module
from reactor_chat.mls.tree.ratchet_tree import PathStep, RatchetTree
from tests.mls.grown import grown_group
from tests.mls.people import SeededEntropy, key_package

SUITE = SUITES[1]
LEAVES = [key_package(b"%d" % n, SeededEntropy(n)).package.leaf_node for n in range(12)]


def tree_of(count: int) -> RatchetTree:
    """Return a tree of so many leaves and blank parents."""
    tree = RatchetTree(SUITE, [LEAVES[0]])
    for leaf in LEAVES[1:count]:
        tree.add(leaf)
    return tree


def parent(key: bytes, *unmerged: int) -> ParentNode:
    """Return a parent node with a recognisable key."""
    return ParentNode(key, b"", unmerged)


def test_growing_doubles_and_shrinking_halves() -> None:
    """Leaves go to the leftmost blank place; the tree is as small as its last member allows."""
    tree = tree_of(5)
    assert tree.leaf_count == 8
    tree.remove(1)
    assert tree.leaf(1) is None
    assert tree.add(LEAVES[5]) == 1
    tree.remove(4)
    assert tree.leaf_count == 4
    for leaf in (3, 2, 1):
        tree.remove(leaf)
    assert tree.leaf_count == 1
    assert [index for index, _ in tree.leaves()] == [0]
    assert tree.leaf(7) is None
    assert tree.leaf(-1) is None


def test_an_added_leaf_is_unmerged_above() -> None:
    """Every parent above it that is not blank lists it, in order; an update or a removal blanks them."""
    tree = tree_of(8)
    for number, key in ((7, b"root"), (3, b"left"), (1, b"pair")):
        tree.set_node(number, parent(key))
    tree.set_node(2, None)
    tree.set_node(0, None)
    tree.add(LEAVES[8])
    tree.add(LEAVES[9])
    assert tree.node(7) == parent(b"root", 0, 1)
    assert tree.node(1) == parent(b"pair", 0, 1)
    assert tree.resolution(7) == [7, 0, 2]
    tree.update(0, LEAVES[10])
    assert [tree.node(number) for number in (1, 3, 7)] == [None] * 3
    assert tree.node(0) == LEAVES[10]


def test_resolutions_and_filtered_paths() -> None:
    """Blank subtrees have no resolution and drop out of the paths beside them."""
    tree = tree_of(6)
    assert tree.resolution(11) == [8, 10]
    assert tree.resolution(13) == []
    assert tree.filtered_direct_path(4) == [PathStep(9, 10), PathStep(7, 3)]
    assert tree.filtered_direct_path(0) == [PathStep(1, 2), PathStep(3, 5), PathStep(7, 11)]
    assert RatchetTree(SUITE, [LEAVES[0]]).filtered_direct_path(0) == []


operations = st.lists(st.tuples(st.sampled_from(["add", "update", "remove", "set"]), st.integers(0, 30)), max_size=12)


@given(st.integers(1, 8), operations)
def test_cached_hashes_are_the_hashes(count: int, steps: list[tuple[str, int]]) -> None:
    """After any changes, with hashes taken in between, the cache says what a fresh tree says; the original is
    untouched.
    """
    original = tree_of(count)
    before = original.root_hash(), original.encode()
    tree = original.copy()
    for name, number in steps:
        members = [index for index, _ in tree.leaves()]
        chosen = members[number % len(members)]
        if name == "add":
            tree.add(LEAVES[number % 12])
        elif name == "update":
            tree.update(chosen, LEAVES[number % 12])
        elif name == "remove" and len(members) > 1:
            tree.remove(chosen)
        elif name == "set" and tree.leaf_count > 1:
            tree.set_node(tree.root, parent(b"%d" % number))
        tree.root_hash()
        fresh = RatchetTree.decode(SUITE, tree.encode())
        assert fresh.root_hash() == tree.root_hash()
        assert fresh.encode() == tree.encode()
    assert (original.root_hash(), original.encode()) == before


def test_hash_without_unmerged_leaves() -> None:
    """The hash as it was before leaves were added, wherever they stand."""
    tree = tree_of(6)
    tree.set_node(7, parent(b"root"))
    tree.set_node(11, parent(b"right"))
    before = {number: tree.hash(number) for number in (7, 11, 13, 3)}
    tree.add(LEAVES[6])
    tree.add(LEAVES[7])
    added = frozenset({6, 7})
    assert tree.hash(7) != before[7]
    assert {number: tree.hash_without(number, added) for number in before} == before
    assert tree.hash_without(3, added) == tree.hash(3)


@pytest.mark.parametrize(
    "nodes",
    [(), (None,), (LEAVES[0], None), (parent(b""),), (LEAVES[0], LEAVES[1]), (LEAVES[0], None, parent(b""))],
    ids=["empty", "blank", "ends blank", "parent as leaf", "leaf as parent", "parent as second leaf"],
)
def test_trees_nobody_has(nodes: tuple[LeafNode | ParentNode | None, ...]) -> None:
    """Refused when read."""
    with pytest.raises(MlsMalformed):
        RatchetTree.decode(SUITE, RatchetTreeNodes(nodes).encode())


@pytest.mark.parametrize("limit", [4, 8])
def test_limit_of_leaves(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tree takes as many leaves as it may and not one more."""
    monkeypatch.setattr(tree_module, "TREE_LEAVES_MAX", limit)
    tree = tree_of(limit)
    with pytest.raises(MlsMalformed):
        tree.add(LEAVES[limit])
    tree.remove(2)
    assert tree.add(LEAVES[limit]) == 2


def test_huge_trees_are_refused_while_they_are_read() -> None:
    """A tree beyond the limit, all blank but for its ends, and a parent with more unmerged leaves than fit (attack
    41).
    """
    last = b"\x01" + wire_of(Node).encode(LEAVES[0])
    for blanks, fits in ((2 * TREE_LEAVES_MAX - 2, True), (2 * TREE_LEAVES_MAX, False)):
        encoded = with_length(last + bytes(blanks - 1) + last)
        if fits:
            assert RatchetTree.decode(SUITE, encoded).leaf_count == TREE_LEAVES_MAX
            continue
        with pytest.raises(MlsMalformed):
            RatchetTree.decode(SUITE, encoded)
    with pytest.raises(MlsMalformed):
        ParentNode(b"key", b"", tuple(range(TREE_LEAVES_MAX + 1))).encode()


def test_a_tree_for_too_many_members_is_not_read_to_its_end() -> None:
    """At the limit it is read, beyond it refused; blanks count eight times as many; what follows is not looked at."""
    leaf, blank = b"\x01" + wire_of(Node).encode(LEAVES[0]), b"\x00"
    three = leaf + blank + leaf + blank + leaf
    assert len(list(RatchetTree.decode(SUITE, with_length(three), 3).leaves())) == 3
    padded = leaf + bytes(13) + leaf
    assert RatchetTree.decode(SUITE, with_length(padded), 2).leaf_count == 8
    for encoded in (three, three + b"\x7f", leaf + bytes(15) + leaf, leaf + bytes(100_000)):
        with pytest.raises(MlsRefused):
            RatchetTree.decode(SUITE, with_length(encoded), 2)
    for encoded in (with_length(leaf) + b"\x00", with_length(leaf[:-1]), with_length(leaf + blank), b"\x00"):
        with pytest.raises(MlsMalformed):
            RatchetTree.decode(SUITE, encoded, 2)


def test_parent_hashes_bind_every_level() -> None:
    """In a full tree all hold; a changed key, a swapped parent hash, a parent nobody made do not."""
    group = grown_group(1, 7, [0], SeededEntropy("parents"))[0]
    tree = group.state.epoch.tree
    tree.check_parent_hashes()
    parents = [(number, node) for number, node in tree.nodes() if isinstance(node, ParentNode)]
    assert len(parents) == 6
    for number, node in parents:
        for changed in (replace(node, encryption_key=b"other"), replace(node, parent_hash=b"other")):
            bent = tree.copy()
            bent.set_node(number, changed)
            with pytest.raises(MlsRefused):
                bent.check_parent_hashes()
    bare = tree_of(4)
    bare.set_node(1, parent(b"made by nobody"))
    with pytest.raises(MlsRefused):
        bare.check_parent_hashes()
