"""The structs of the tree: round trips of whatever can be drawn, truncations and tails, and what a signature covers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.errors import MlsMalformed
from reactor_chat.mls.encoding.structs import (
    MLS10,
    BasicCredential,
    Capabilities,
    Certificate,
    CommitSource,
    Extension,
    ExtensionType,
    ExternalSender,
    ExternalSenders,
    GroupContext,
    HPKECiphertext,
    LeafNode,
    Lifetime,
    ParentNode,
    RatchetTreeNodes,
    RequiredCapabilities,
    UpdatePath,
    UpdatePathNode,
    UpdateSource,
    X509Credential,
    credential_type,
    extension_data,
)

short = st.binary(max_size=20)
numbers = st.lists(st.integers(0, 0xFFFF), max_size=4).map(tuple)
extensions = st.lists(st.builds(Extension, st.integers(0, 0xFFFF), short), max_size=3).map(tuple)
credentials = st.builds(BasicCredential, short) | st.builds(
    X509Credential, st.lists(st.builds(Certificate, short), max_size=3).map(tuple)
)
capabilities = st.builds(Capabilities, numbers, numbers, numbers, numbers, numbers)
times = st.integers(0, 2**64 - 1)
sources = st.builds(Lifetime, times, times) | st.builds(UpdateSource) | st.builds(CommitSource, short)
leaves = st.builds(LeafNode, short, short, credentials, capabilities, sources, extensions, short)
parents = st.builds(ParentNode, short, short, st.lists(st.integers(0, 2**32 - 1), max_size=3).map(tuple))
sealed = st.builds(HPKECiphertext, short, short)
path_nodes = st.builds(UpdatePathNode, short, st.lists(sealed, max_size=3).map(tuple))
records = st.one_of(
    leaves,
    parents,
    st.builds(RatchetTreeNodes, st.lists(st.none() | leaves | parents, max_size=4).map(tuple)),
    st.builds(UpdatePath, leaves, st.lists(path_nodes, max_size=3).map(tuple)),
    st.builds(ExternalSenders, st.lists(st.builds(ExternalSender, short, credentials), max_size=3).map(tuple)),
    st.builds(RequiredCapabilities, numbers, numbers, numbers),
    st.builds(GroupContext, st.just(MLS10), st.integers(0, 0xFFFF), short, times, short, short, extensions),
)


@given(records)
def test_round_trip_truncation_and_tail(record: LeafNode | ParentNode | RatchetTreeNodes) -> None:
    """Whole it comes back; cut at each byte or with a byte behind it, it is malformed."""
    encoded = record.encode()
    assert type(record).decode(encoded) == record
    with pytest.raises(MlsMalformed):
        type(record).decode(encoded + b"\x00")
    for end in range(len(encoded)):
        with pytest.raises(MlsMalformed):
            type(record).decode(encoded[:end])


@given(leaves, short, st.integers(0, 9))
def test_what_a_leaf_signature_covers(leaf: LeafNode, group_id: bytes, index: int) -> None:
    """Everything but the signature; group and place too, unless the leaf comes from a KeyPackage."""
    covered = leaf.to_be_signed(group_id, index)
    assert leaf.encode().startswith(covered[: len(leaf.encode()) - len(leaf.signature) - 1])
    elsewhere = leaf.to_be_signed(group_id + b"x", index + 1)
    assert (covered == elsewhere) == isinstance(leaf.leaf_node_source, Lifetime)


def test_grease_is_carried_along() -> None:
    """Unknown numbers in capabilities and extensions survive."""
    grease = Capabilities((1, 0x0A0A), (1, 0x1A1A), (0x2A2A,), (0x3A3A,), (1, 0x4A4A))
    assert Capabilities.decode(grease.encode()) == grease
    carried = (Extension(0x5A5A, b"grease"), Extension(ExtensionType.APPLICATION_ID, b"id"))
    assert extension_data(carried, 0x5A5A) == b"grease"
    assert extension_data(carried, ExtensionType.EXTERNAL_PUB) is None


def test_credential_types() -> None:
    """Basic is 1, X.509 is 2; a third kind is malformed."""
    assert credential_type(BasicCredential(b"")) == 1
    assert credential_type(X509Credential(())) == 2
    sender = ExternalSender(b"key", BasicCredential(b"who")).encode()
    with pytest.raises(MlsMalformed):
        ExternalSender.decode(sender.replace(b"\x00\x01", b"\x00\x03", 1))
