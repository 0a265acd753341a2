"""What makes leaves, KeyPackages and trees unacceptable, one rule at a time."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from reactor_chat.errors import LifetimeRefused, MlsMalformed, MlsRefused
from reactor_chat.mls.encoding.structs import (
    BasicCredential,
    CommitSource,
    Extension,
    ExtensionType,
    LeafNode,
    Lifetime,
    ParentNode,
    RequiredCapabilities,
    UpdateSource,
    X509Credential,
)
from reactor_chat.mls.keypackage import DEFAULT_CAPABILITIES, Identity, OwnKeyPackage
from reactor_chat.mls.messages import KeyPackage
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.suites import CLASSICAL, SUITES
from reactor_chat.mls.tree.ratchet_tree import RatchetTree
from reactor_chat.mls.tree.validation import (
    check_context_supported,
    check_key_package,
    check_leaf,
    check_members,
    check_new_keys,
    check_source,
    check_tree,
)
from tests.mls.grown import grown_group
from tests.mls.people import SeededEntropy, key_package

SUITE = SUITES[CLASSICAL]
RANDOM = SeededEntropy("validation")
OWN = key_package(b"alice", RANDOM)
SMALL_ORDER = (1).to_bytes(32, "little")


def signed_leaf(change: Callable[[LeafNode], LeafNode], group_id: bytes = b"", index: int = 0) -> LeafNode:
    """Return a leaf with a change, properly signed."""
    leaf = change(replace(OWN.package.leaf_node, signature=b""))
    covered = leaf.to_be_signed(group_id, index)
    return replace(leaf, signature=SUITE.sign_with_label(OWN.signing_key, b"LeafNodeTBS", covered))


def signed_package(change: Callable[[KeyPackage], KeyPackage]) -> KeyPackage:
    """Return a KeyPackage with a change, properly signed."""
    package = change(replace(OWN.package, signature=b""))
    return replace(package, signature=SUITE.sign_with_label(OWN.signing_key, b"KeyPackageTBS", package.to_be_signed()))


def test_a_good_package() -> None:
    """Nothing to object to, before, during and after no lifetime in particular."""
    check_key_package(SUITE, OWN.package)
    check_key_package(SUITE, OWN.package, now=1_700_000_000)
    check_key_package(SUITE, signed_package(lambda package: package))


@pytest.mark.parametrize(
    "change",
    [
        lambda leaf: replace(leaf, encryption_key=bytes(32)),
        lambda leaf: replace(leaf, encryption_key=b"short"),
        lambda leaf: replace(leaf, signature_key=SMALL_ORDER),
        lambda leaf: replace(leaf, credential=X509Credential(())),
        lambda leaf: replace(leaf, extensions=(Extension(0x7777, b""),)),
        lambda leaf: replace(leaf, capabilities=replace(leaf.capabilities, credentials=())),
    ],
    ids=["low order", "malformed", "small order", "credential", "extension", "own credential"],
)
def test_leaves_that_are_not_valid(change: Callable[[LeafNode], LeafNode]) -> None:
    """Refused although properly signed, alone and inside a KeyPackage."""
    leaf = signed_leaf(change)
    with pytest.raises(MlsRefused):
        check_leaf(SUITE, leaf)
    with pytest.raises(MlsRefused):
        check_key_package(SUITE, signed_package(lambda package: replace(package, leaf_node=leaf)))


def test_listed_extensions_and_grease_are_fine() -> None:
    """An extension the capabilities list, and capabilities nobody knows."""
    capabilities = replace(DEFAULT_CAPABILITIES, extensions=(0x7777, 0x0A0A), proposals=(0x1A1A,))
    check_leaf(
        SUITE, signed_leaf(lambda leaf: replace(leaf, capabilities=capabilities, extensions=(Extension(0x7777, b""),)))
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda package: replace(package, version=2),
        lambda package: replace(package, cipher_suite=3),
        lambda package: replace(package, init_key=package.leaf_node.encryption_key),
        lambda package: replace(package, init_key=bytes(32)),
        lambda package: replace(package, init_key=b"short"),
        lambda package: replace(
            package, leaf_node=signed_leaf(lambda leaf: replace(leaf, leaf_node_source=UpdateSource()))
        ),
    ],
    ids=["version", "suite", "one key twice", "low order", "malformed", "source"],
)
def test_packages_that_are_not_valid(change: Callable[[KeyPackage], KeyPackage]) -> None:
    """Refused although properly signed."""
    with pytest.raises(MlsRefused):
        check_key_package(SUITE, signed_package(change))


def test_signatures_cover_everything() -> None:
    """A changed field under the old signature, of the leaf and of the KeyPackage; a leaf in another group or place."""
    with pytest.raises(MlsRefused):
        check_key_package(SUITE, replace(OWN.package, extensions=(Extension(1, b""),)))
    with pytest.raises(MlsRefused):
        check_leaf(SUITE, replace(OWN.package.leaf_node, credential=BasicCredential(b"mallory")))
    leaf = signed_leaf(lambda leaf: replace(leaf, leaf_node_source=CommitSource(b"")), b"group", 3)
    check_leaf(SUITE, leaf, b"group", 3)
    for place in ((b"other", 3), (b"group", 4)):
        with pytest.raises(MlsRefused):
            check_leaf(SUITE, leaf, *place)


@pytest.mark.parametrize(("now", "fine"), [(99, False), (100, True), (200, True), (201, False), (None, True)])
def test_lifetimes(now: int | None, fine: bool) -> None:  # noqa: FBT001 - a table of cases
    """Both ends are included; without a clock any time is fine."""
    identity = Identity(BasicCredential(b"x"), SigningKey.generate(SUITE.signature, RANDOM))
    package = OwnKeyPackage.generate(CLASSICAL, identity, RANDOM, lifetime=Lifetime(100, 200)).package
    if fine:
        check_key_package(SUITE, package, now)
        return
    with pytest.raises(LifetimeRefused) as caught:
        check_key_package(SUITE, package, now)
    assert (caught.value.not_before, caught.value.not_after, caught.value.now) == (100, 200, now)


def test_a_lifetime_nobody_signed_is_no_matter_of_clocks() -> None:
    """What a server wrote into a leaf is a bad signature, whatever the time."""
    leaf = replace(OWN.package.leaf_node, leaf_node_source=Lifetime(100, 200))
    with pytest.raises(MlsRefused) as caught:
        check_leaf(SUITE, leaf, now=99)
    assert not isinstance(caught.value, LifetimeRefused)


def test_sources() -> None:
    """A leaf is refused where another source is due."""
    leaf = OWN.package.leaf_node
    check_source(leaf, Lifetime)
    for source in (UpdateSource, CommitSource):
        with pytest.raises(MlsRefused):
            check_source(leaf, source)


def required(*lists: tuple[int, ...]) -> tuple[Extension, ...]:
    """Return GroupContext extensions that require something."""
    return (Extension(ExtensionType.REQUIRED_CAPABILITIES, RequiredCapabilities(*lists).encode()),)


def test_required_capabilities() -> None:
    """What the RFC defines is always there; anything else must be listed by every member."""
    tree = RatchetTree(SUITE, [OWN.package.leaf_node])
    check_members(tree, required((1, 2, 3, 4, 5), (1, 7), (1,)))
    for lists in (((0x7777,), (), ()), ((), (0x7777,), ()), ((), (), (2,))):
        with pytest.raises(MlsRefused):
            check_members(tree, required(*lists))
    with pytest.raises(MlsMalformed):
        check_members(tree, (Extension(ExtensionType.REQUIRED_CAPABILITIES, b"\xff"),))
    check_context_supported(required((), (), ()), OWN.package.leaf_node)
    with pytest.raises(MlsRefused):
        check_context_supported((Extension(0x7777, b""),), OWN.package.leaf_node)


def test_keys_are_unique_in_a_tree() -> None:
    """Two leaves with one signature key, or one encryption key, or a parent with a leaf's (attack 35)."""
    other = key_package(b"bob", RANDOM).package.leaf_node
    for twin in (
        replace(other, signature_key=OWN.package.leaf_node.signature_key),
        replace(other, encryption_key=OWN.package.leaf_node.encryption_key),
    ):
        with pytest.raises(MlsRefused):
            check_members(RatchetTree(SUITE, [OWN.package.leaf_node, None, twin]), ())
    shared = ParentNode(other.encryption_key, b"", ())
    with pytest.raises(MlsRefused):
        check_members(RatchetTree(SUITE, [OWN.package.leaf_node, shared, other]), ())
    tree = RatchetTree(SUITE, [OWN.package.leaf_node, None, other])
    check_members(tree, ())
    check_new_keys(tree, [b"a", b"b"])
    for keys in ([b"a", b"a"], [other.encryption_key]):
        with pytest.raises(MlsRefused):
            check_new_keys(tree, keys)


def test_credentials_must_be_understood() -> None:
    """A member with a credential type that another does not list."""
    capabilities = replace(DEFAULT_CAPABILITIES, credentials=(1, 2))
    odd = replace(
        key_package(b"bob", RANDOM).package.leaf_node, credential=X509Credential(()), capabilities=capabilities
    )
    with pytest.raises(MlsRefused):
        check_members(RatchetTree(SUITE, [OWN.package.leaf_node, None, odd]), ())


@pytest.mark.parametrize(
    "unmerged",
    [(5,), (0, 0), (1, 0), (2,), (2**32 - 1,), (0,)],
    ids=["blank", "twice", "order", "elsewhere", "outside", "merged"],
)
def test_unmerged_leaves_that_cannot_be(unmerged: tuple[int, ...]) -> None:
    """Blank, repeated, out of order, from another subtree, beyond the tree, or merged further down."""
    group = grown_group(CLASSICAL, 5, [0], SeededEntropy("unmerged"))[0]
    tree = group.state.epoch.tree.copy()
    number = tree.root if unmerged in ((5,), (0,)) else 1
    node = tree.node(number)
    assert isinstance(node, ParentNode)
    tree.set_node(number, replace(node, unmerged_leaves=unmerged))
    with pytest.raises(MlsRefused):
        check_tree(tree, replace(group.context, tree_hash=tree.root_hash()))


def test_trees_from_elsewhere() -> None:
    """The tree of a group passes; another hash, a bent leaf, a bent parent, a low-order parent key do not."""
    group = grown_group(CLASSICAL, 5, [0], SeededEntropy("elsewhere"))[0]
    tree = group.state.epoch.tree
    check_tree(tree, group.context)
    with pytest.raises(MlsRefused):
        check_tree(tree, replace(group.context, tree_hash=bytes(32)))
    leaf, node = tree.leaf(0), tree.node(1)
    assert leaf is not None
    assert isinstance(node, ParentNode)
    for number, changed in (
        (0, replace(leaf, credential=BasicCredential(b"mallory"))),
        (1, replace(node, parent_hash=b"")),
        (1, replace(node, encryption_key=bytes(32))),
    ):
        bent = tree.copy()
        bent.set_node(number, changed)
        with pytest.raises(MlsRefused):
            check_tree(bent, replace(group.context, tree_hash=bent.root_hash()))
