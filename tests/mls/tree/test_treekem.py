"""Update paths: everyone below gets the secret, nobody else does, and a bent path is refused."""

import pytest
from msgspec.structs import replace

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.encoding.structs import HPKECiphertext, UpdatePath
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.suites import CLASSICAL, HYBRID, SUITES
from reactor_chat.mls.tree.ratchet_tree import RatchetTree
from reactor_chat.mls.tree.treekem import (
    PathReader,
    RenewedPath,
    derive_upwards,
    encrypt_path,
    keep_current,
    merge_path,
    open_path,
    renew_path,
)
from tests.mls.grown import GROUP_ID, grown_group
from tests.mls.people import SeededEntropy, key_package

MEMBERS = 7
CONTEXT = b"provisional context"


def renewed(
    suite_number: int = CLASSICAL,
) -> tuple[RatchetTree, RatchetTree, RenewedPath, UpdatePath, dict[int, PathReader]]:
    """Return the tree before, the sender's tree, its path as it knows and as it sends it, and everybody's keys."""
    random = SeededEntropy(("treekem", suite_number))
    groups = grown_group(suite_number, MEMBERS, list(range(MEMBERS)), random)
    before = groups[0].state.epoch.tree
    after, leaf = before.copy(), before.leaf(2)
    assert leaf is not None
    path = renew_path(after, 2, leaf, GROUP_ID, groups[2].state.signing_key, random)
    sent = encrypt_path(after, path, CONTEXT, frozenset(), random)
    readers = {index: PathReader(index, group.state.private_keys) for index, group in groups.items()}
    return before, after, path, sent, readers


@pytest.mark.parametrize("suite_number", [CLASSICAL, HYBRID])
def test_everybody_reaches_the_same_secret(suite_number: int) -> None:
    """Each member derives the commit secret and exactly the keys of the nodes it shares with the sender."""
    before, after, path, sent, readers = renewed(suite_number)
    merged = before.copy()
    merge_path(merged, 2, UpdatePath.decode(sent.encode()))
    assert merged.encode() == after.encode()
    for index, reader in readers.items():
        if index == 2:
            continue
        opened = open_path(merged, 2, sent, CONTEXT, frozenset(), reader)
        assert opened.commit_secret == path.commit_secret
        for number, private_key in opened.private_keys.items():
            assert path.private_keys[number] == private_key
        kept = keep_current(merged, index, {**reader.private_keys, **opened.private_keys})
        for number, private_key in kept.items():
            node = merged.node(number)
            assert node is not None
            assert node.encryption_key == merged.suite.kem.public_key(private_key)


def test_newcomers_are_left_out() -> None:
    """A leaf added by the same commit gets no ciphertext, and the vector lengths say so on both sides."""
    random = SeededEntropy("newcomers")
    before, _, _, _, readers = renewed()
    tree, leaf = before.copy(), before.leaf(2)
    assert leaf is not None
    added = tree.add(key_package(b"new", random).package.leaf_node)
    key = SigningKey.generate(tree.suite.signature, random)
    path = renew_path(tree, 2, leaf, GROUP_ID, key, random)
    with_newcomer = encrypt_path(tree, path, CONTEXT, frozenset(), random)
    without = encrypt_path(tree, path, CONTEXT, frozenset({added}), random)
    counts = [[len(node.encrypted_path_secret) for node in p.nodes] for p in (with_newcomer, without)]
    assert sum(counts[0]) == sum(counts[1]) + 1
    opened = open_path(tree, 2, without, CONTEXT, frozenset({added}), readers[5])
    assert opened.commit_secret == path.commit_secret
    for wrong_path, wrong_added in ((with_newcomer, frozenset({added})), (without, frozenset())):
        with pytest.raises(MlsRefused):
            open_path(tree, 2, wrong_path, CONTEXT, wrong_added, readers[5])


def test_bent_paths_are_refused_when_merged() -> None:
    """A node too many, one too few, a key used twice or known already, of low order, or another parent hash."""
    before, _, _, sent, _ = renewed()
    first, *others = sent.nodes
    known = before.leaf(0)
    assert known is not None
    bent = [
        replace(sent, nodes=sent.nodes[1:]),
        replace(sent, nodes=(*sent.nodes, first)),
        replace(sent, nodes=(replace(first, encryption_key=others[0].encryption_key), *others)),
        replace(sent, nodes=(replace(first, encryption_key=known.encryption_key), *others)),
        replace(sent, nodes=(replace(first, encryption_key=bytes(32)), *others)),
        replace(sent, nodes=(replace(first, encryption_key=bytes(31) + b"\x40"), *others)),
        replace(sent, leaf_node=known),
    ]
    for path in bent:
        with pytest.raises(MlsRefused):
            merge_path(before.copy(), 2, path)


def test_bent_ciphertexts_are_refused_when_opened() -> None:
    """Garbage, a ciphertext meant for somebody else, another context, a missing one, keys that are not ours."""
    _, after, _, sent, readers = renewed()
    garbage = HPKECiphertext(bytes(32), bytes(48))
    swapped = replace(
        sent, nodes=tuple(replace(n, encrypted_path_secret=n.encrypted_path_secret[::-1]) for n in sent.nodes)
    )
    emptied = replace(sent, nodes=tuple(replace(n, encrypted_path_secret=()) for n in sent.nodes))
    rotten = replace(
        sent,
        nodes=tuple(replace(n, encrypted_path_secret=(garbage,) * len(n.encrypted_path_secret)) for n in sent.nodes),
    )
    reader = readers[6]
    for path in (emptied, rotten):
        with pytest.raises(MlsRefused):
            open_path(after, 2, path, CONTEXT, frozenset(), reader)
    if any(len(node.encrypted_path_secret) > 1 for node in sent.nodes):
        with pytest.raises(MlsRefused):
            open_path(after, 2, swapped, CONTEXT, frozenset(), reader)
    with pytest.raises(MlsRefused):
        open_path(after, 2, sent, b"another context", frozenset(), reader)
    with pytest.raises(MlsRefused):
        open_path(after, 2, sent, CONTEXT, frozenset(), PathReader(6, {}))
    with pytest.raises(MlsRefused):
        open_path(after, 2, sent, CONTEXT, frozenset(), PathReader(2, readers[2].private_keys))


def test_a_secret_that_is_not_the_nodes_is_refused() -> None:
    """An insider's path secret that does not give the announced keys, or has another size (attack 38)."""
    _, after, path, _, _ = renewed()
    for secret in (bytes(32), bytes(31), b""):
        with pytest.raises(MlsRefused):
            derive_upwards(after, path.steps, secret)


def test_secrets_are_not_shown() -> None:
    """No path secret or private key in any representation."""
    _, _, path, sent, readers = renewed()
    shown = repr(path) + repr(sent) + repr(readers)
    for secret in (*path.path_secrets.values(), *path.private_keys.values(), path.commit_secret):
        assert repr(secret)[2:-1] not in shown
        assert secret.hex() not in shown


def test_a_lone_member_renews_its_leaf() -> None:
    """No nodes above, no parent hash, a commit secret all the same."""
    random = SeededEntropy("alone")
    own = key_package(b"alone", random)
    tree = RatchetTree(SUITES[CLASSICAL], [own.package.leaf_node])
    path = renew_path(tree, 0, own.package.leaf_node, b"g", own.signing_key, random)
    assert path.steps == []
    assert len(path.commit_secret) == 32
    assert tree.leaf(0) == path.leaf
