"""The secret tree: each key once, in order, and nothing kept that could give a used one back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.suites import SUITES
from reactor_chat.mls.tree import treemath
from reactor_chat.mls.tree.secrettree import GENERATION_MAX, GENERATIONS_AHEAD_MAX, Ratchet, RatchetKind, SecretTree

SUITE = SUITES[1]
HANDSHAKE, APPLICATION = RatchetKind.HANDSHAKE, RatchetKind.APPLICATION


def fresh(leaf_count: int = 8) -> SecretTree:
    """Return an untouched tree."""
    return SecretTree.from_encryption_secret(SUITE, leaf_count, bytes(range(32)))


uses = st.lists(st.tuples(st.integers(0, 7), st.sampled_from(list(RatchetKind)), st.integers(0, 3)), max_size=20)


@given(uses)
def test_keys_do_not_depend_on_who_spoke_before(steps: list[tuple[int, RatchetKind, int]]) -> None:
    """Any order of use gives each (leaf, kind, generation) its one key; all keys differ; none comes twice."""
    tree, seen = fresh(), set()
    for leaf, kind, ahead in steps:
        generation = tree.next_generation(leaf, kind) + ahead
        key, tree = tree.key(leaf, kind, generation)
        alone, _ = fresh().key(leaf, kind, generation)
        assert key == alone
        assert (key.key, key.nonce) not in seen
        seen.add((key.key, key.nonce))
        with pytest.raises(MlsRefused):
            tree.key(leaf, kind, generation)


def test_a_tree_is_a_value() -> None:
    """Taking a key leaves the tree it was taken from as it was."""
    tree = fresh()
    before = dict(tree.node_secrets), dict(tree.ratchets)
    first, after = tree.key(3, APPLICATION)
    assert (dict(tree.node_secrets), dict(tree.ratchets)) == before
    again, _ = tree.key(3, APPLICATION)
    assert first == again
    assert after.key(3, APPLICATION)[0].generation == 1


def test_nothing_is_kept_that_leads_back() -> None:
    """After a leaf was opened no node above it has a secret, and the ratchet's secret is the next one."""
    tree = fresh()
    _, after = tree.key(5, APPLICATION)
    path = {10, *treemath.direct_path(10, 8)}
    assert not path & set(after.node_secrets)
    assert set(after.ratchets) == {(5, HANDSHAKE), (5, APPLICATION)}
    kept = {*after.node_secrets.values(), *(ratchet.secret for ratchet in after.ratchets.values())}
    _, later = after.key(5, APPLICATION)
    assert after.ratchets[5, APPLICATION].secret not in {r.secret for r in later.ratchets.values()}
    assert bytes(range(32)) not in kept


def test_a_leaf_without_secrets_is_refused() -> None:
    """As a stored tree that was damaged would have."""
    with pytest.raises(MlsRefused):
        SecretTree(SUITE, 8, {}, {}).key(0, APPLICATION)


@pytest.mark.parametrize(
    "ahead", [GENERATIONS_AHEAD_MAX - 1, GENERATIONS_AHEAD_MAX, GENERATIONS_AHEAD_MAX + 1, 2**32 - 1]
)
def test_how_far_a_generation_may_jump(ahead: int) -> None:
    """Beyond the limit nothing is computed (attack 39)."""
    if ahead <= GENERATIONS_AHEAD_MAX:
        key, after = fresh().key(0, APPLICATION, ahead)
        assert key.generation == ahead
        assert after.next_generation(0, APPLICATION) == ahead + 1
        return
    with pytest.raises(MlsRefused):
        fresh().key(0, APPLICATION, ahead)


def test_a_ratchet_has_an_end() -> None:
    """The last generation is not used, so that the next one always fits its field."""
    near_end = SecretTree(SUITE, 1, {}, {(0, APPLICATION): Ratchet(bytes(32), GENERATION_MAX - 1)})
    key, end = near_end.key(0, APPLICATION)
    assert key.generation == GENERATION_MAX - 1
    with pytest.raises(MlsRefused):
        end.key(0, APPLICATION)


def test_secrets_are_not_shown() -> None:
    """Neither the tree nor a key shows what it holds."""
    key, tree = fresh().key(0, APPLICATION)
    shown = repr(tree) + repr(key) + repr(tree.ratchets)
    for secret in (key.key, key.nonce, *tree.node_secrets.values()):
        assert repr(secret)[2:-1] not in shown
