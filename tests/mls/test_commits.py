"""Commits: what an insider with all its keys may try, and where it is stopped."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.encoding.structs import CommitSource, HPKECiphertext, LeafNode, Lifetime, UpdatePath, UpdateSource
from reactor_chat.mls.framing import sign
from reactor_chat.mls.group import Group
from reactor_chat.mls.messages import (
    AuthenticatedContent,
    ByReference,
    ByValue,
    Commit,
    CommitContent,
    ContentType,
    ExternalInit,
    Remove,
)
from reactor_chat.mls.operations.receiving import open_message
from reactor_chat.mls.operations.sending import carry
from tests.mls.people import Room, SeededEntropy, key_package

RANDOM = SeededEntropy("commits")
ROOM = Room.of([b"alice", b"bob", b"carol", b"dave"], RANDOM)
ROOM.accept(b"dave", ROOM.members[b"dave"].update(RANDOM))
ALICE, BOB = ROOM.members[b"alice"], ROOM.members[b"bob"]
GENUINE = ALICE.update(RANDOM, options=CommitOptions(encrypt=False)).message
OPENED = open_message(BOB.state, GENUINE, frozenset({ContentType.COMMIT})).authenticated


def commit_of(authenticated: AuthenticatedContent) -> Commit:
    """Return the commit inside."""
    assert isinstance(authenticated.content.content, CommitContent)
    return authenticated.content.content.commit


def path_of(commit: Commit) -> UpdatePath:
    """Return the path of a commit that has one."""
    assert commit.path is not None
    return commit.path


def sent(commit: Commit, tag: bytes | None = None) -> bytes:
    """Return a commit of Alice's making, signed and carried properly."""
    content = replace(OPENED.content, content=CommitContent(commit))
    signed = sign(ALICE.suite, ALICE.state.signing_key, 1, content, ALICE.state.epoch.encoded_context)
    signed = replace(signed, confirmation_tag=tag or OPENED.confirmation_tag)
    return carry(ALICE.state, signed, RANDOM).message


def with_leaf(change: Callable[[LeafNode], LeafNode]) -> Commit:
    """Return the genuine commit with another leaf, signed by Alice."""
    commit = commit_of(OPENED)
    leaf = replace(change(path_of(commit).leaf_node), signature=b"")
    covered = leaf.to_be_signed(ALICE.group_id, 0)
    signature = ALICE.suite.sign_with_label(ALICE.state.signing_key, b"LeafNodeTBS", covered)
    return replace(commit, path=replace(path_of(commit), leaf_node=replace(leaf, signature=signature)))


def with_nodes(change: Callable[[tuple[HPKECiphertext, ...]], tuple[HPKECiphertext, ...]]) -> Commit:
    """Return the genuine commit with other ciphertexts."""
    commit = commit_of(OPENED)
    nodes = tuple(
        replace(node, encrypted_path_secret=change(node.encrypted_path_secret)) for node in path_of(commit).nodes
    )
    return replace(commit, path=replace(path_of(commit), nodes=nodes))


def test_the_genuine_article_sent_again() -> None:
    """The test of the tests below: unchanged, it is followed."""
    assert sent(commit_of(OPENED)) == GENUINE
    assert BOB.receive(GENUINE).group is not None


GARBAGE = HPKECiphertext(bytes(31) + b"\x09", bytes(48))
OLD_LEAF = ALICE.members[0]
CAROLS_KEY = ALICE.members[2].encryption_key
BENT: dict[str, tuple[Commit, str]] = {
    "no path at all": (Commit((), None), "lacks its path"),
    "no path for a removal": (Commit((ByValue(Remove(2)),), None), "lacks its path"),
    "an unknown proposal": (Commit((ByReference(bytes(32)),), None), "cannot be used"),
    "an external init": (Commit((ByValue(ExternalInit(bytes(32))),), None), "may not make"),
    "its own removal": (replace(commit_of(OPENED), proposals=(ByValue(Remove(0)),)), "itself"),
    "a leaf from a KeyPackage": (with_leaf(lambda leaf: replace(leaf, leaf_node_source=Lifetime(0, 1))), "source"),
    "a leaf from an update": (with_leaf(lambda leaf: replace(leaf, leaf_node_source=UpdateSource())), "source"),
    "another parent hash": (with_leaf(lambda leaf: replace(leaf, leaf_node_source=CommitSource(b""))), "commit to"),
    "the old leaf key": (with_leaf(lambda leaf: replace(leaf, encryption_key=OLD_LEAF.encryption_key)), "again"),
    "somebody's leaf key": (with_leaf(lambda leaf: replace(leaf, encryption_key=CAROLS_KEY)), "again"),
    "a low-order leaf key": (with_leaf(lambda leaf: replace(leaf, encryption_key=bytes(32))), "not usable"),
    "somebody's signature key": (
        with_leaf(lambda leaf: replace(leaf, signature_key=ALICE.members[2].signature_key)),
        "does not hold",
    ),
    "no ciphertexts": (with_nodes(lambda _: ()), "somebody else"),
    "a ciphertext too many": (with_nodes(lambda sealed: (*sealed, GARBAGE)), "somebody else"),
    "garbage ciphertexts": (with_nodes(lambda sealed: (GARBAGE,) * len(sealed)), "does not open"),
}


@pytest.mark.parametrize("name", BENT)
def test_bent_commits(name: str) -> None:
    """Each is stopped by its own rule, and Bob is as he was."""
    commit, reason = BENT[name]
    before = BOB.serialize()
    with pytest.raises(MlsRefused, match=reason):
        BOB.receive(sent(commit))
    assert BOB.serialize() == before


def test_a_wrong_confirmation() -> None:
    """Everything holds but the tag: another history or other keys than it claims."""
    with pytest.raises(MlsRefused, match="confirmation"):
        BOB.receive(sent(commit_of(OPENED), bytes(32)))
    with pytest.raises(MlsRefused, match="confirmation"):
        BOB.receive(sent(commit_of(OPENED), b"short"))


def test_an_insider_cannot_split_the_group_unseen() -> None:
    """A path secret wrong for one subtree only: those below refuse and keep their group, the others follow (attack
    38).
    """
    commit = commit_of(OPENED)
    first, *others = path_of(commit).nodes
    spoiled = replace(first, encrypted_path_secret=(GARBAGE,) * len(first.encrypted_path_secret))
    bent = sent(replace(commit, path=replace(path_of(commit), nodes=(spoiled, *others))))
    stopped = []
    for name in (b"bob", b"carol", b"dave"):
        group = ROOM.members[name]
        before = group.serialize()
        with pytest.raises(MlsRefused) as caught:
            group.receive(bent)
        stopped.append(str(caught.value))
        assert group.serialize() == before
    assert "a ciphertext does not open" in stopped, "the spoiled half notices at once"
    assert "a confirmation tag does not hold" in stopped, "the rest by the tag, which covers the whole commit"


def test_commit_over_commit() -> None:
    """A hundred commits by turns, by value, with and without a path, stored now and then: all agree at the end."""
    room = Room.of([b"a", b"b", b"c"], SeededEntropy("over"))
    names = list(room.members)
    for number in range(60):
        committer = names[number % 3]
        group = room.members[committer]
        if number % 5 == 0:
            room.members[committer] = group = Group.deserialize(group.serialize())
        options = CommitOptions(encrypt=number % 2 == 0)
        room.accept(committer, group.update(room.random, options=options))
        room.check_agreement()
    assert room.members[b"a"].epoch == 61


def test_the_wire_size_of_a_refresh_does_not_depend_on_entropy() -> None:
    """So that sizes tell nothing; and a commit in the open is as large as in the benchmark's table."""
    sizes = {len(ALICE.update(SeededEntropy(n)).message) for n in range(10)}
    assert len(sizes) == 1


def test_adding_does_not_need_a_path() -> None:
    """The smallest commit: one Add, no path, and the newcomer is in."""
    own = key_package(b"erin", RANDOM)
    pending = ALICE.add([own.package], RANDOM, options=CommitOptions(force_path=False))
    assert pending.welcome is not None
    joined = Group.join(pending.welcome, own)
    after = BOB.receive(pending.message).group
    assert after is not None
    assert joined.epoch_authenticator == after.epoch_authenticator
    assert after.members[0] == ALICE.members[0], "the committer's keys are the old ones"
