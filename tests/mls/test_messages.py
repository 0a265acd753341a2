"""The structs that travel: canonical, whole, and free of secrets in their representation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.errors import MlsMalformed
from reactor_chat.mls.encoding.structs import GroupContext
from reactor_chat.mls.messages import (
    PROPOSALS_PER_COMMIT_MAX,
    Add,
    ApplicationData,
    AuthenticatedContent,
    ByReference,
    ByValue,
    Commit,
    CommitContent,
    EncryptedGroupSecrets,
    ExternalInit,
    ExternalPsk,
    FramedContent,
    GroupContextExtensions,
    GroupInfo,
    GroupSecrets,
    KeyPackage,
    MemberSender,
    MLSMessage,
    NewMemberCommit,
    NewMemberProposal,
    OutsideSender,
    PathSecret,
    PreSharedKey,
    PreSharedKeyID,
    PrivateMessage,
    ProposalContent,
    PublicMessage,
    ReInit,
    Remove,
    ResumptionPsk,
    SenderData,
    Update,
    Welcome,
)
from tests.mls.encoding.test_structs import extensions, leaves, sealed, short, times

numbers = st.integers(0, 2**32 - 1)
packages = st.builds(KeyPackage, st.integers(0, 9), st.integers(0, 9), short, leaves, extensions, short)
psk_names = st.builds(ExternalPsk, short) | st.builds(ResumptionPsk, st.integers(0, 255), short, times)
psks = st.builds(PreSharedKeyID, psk_names, short)
proposals = st.one_of(
    st.builds(Add, packages),
    st.builds(Update, leaves),
    st.builds(Remove, numbers),
    st.builds(PreSharedKey, psks),
    st.builds(ReInit, short, st.integers(0, 9), st.integers(0, 9), extensions),
    st.builds(ExternalInit, short),
    st.builds(GroupContextExtensions, extensions),
)
items = st.builds(ByValue, proposals) | st.builds(ByReference, short)
commits = st.builds(Commit, st.lists(items, max_size=3).map(tuple), st.none())
senders = st.one_of(
    st.builds(MemberSender, numbers),
    st.builds(OutsideSender, numbers),
    st.builds(NewMemberProposal),
    st.builds(NewMemberCommit),
)
contents = st.one_of(
    st.builds(ApplicationData, short), st.builds(ProposalContent, proposals), st.builds(CommitContent, commits)
)
framed = st.builds(FramedContent, short, times, senders, short, contents)


@st.composite
def public_messages(draw: st.DrawFn) -> PublicMessage:
    """Return any message in the open, with the tags its content and sender call for."""
    content = draw(framed)
    confirmation = draw(short) if isinstance(content.content, CommitContent) else None
    membership = draw(short) if isinstance(content.sender, MemberSender) else None
    return PublicMessage(content, draw(short), confirmation, membership)


contexts = st.builds(GroupContext, st.just(1), st.integers(0, 9), short, times, short, short, extensions)
infos = st.builds(GroupInfo, contexts, extensions, short, numbers, short)
private = st.builds(PrivateMessage, short, times, st.integers(0, 255), short, short, short)
welcomes = st.builds(
    Welcome, st.integers(0, 9), st.lists(st.builds(EncryptedGroupSecrets, short, sealed), max_size=2).map(tuple), short
)
messages = st.builds(MLSMessage, st.integers(0, 9), public_messages() | private | welcomes | infos | packages)
secrets = st.builds(
    GroupSecrets, short, st.none() | st.builds(PathSecret, short), st.lists(psks, max_size=2).map(tuple)
)


@given(messages | secrets)
def test_round_trip_truncation_and_tail(record: MLSMessage | GroupSecrets) -> None:
    """Whole it comes back; cut at each byte or with a byte behind it, it is malformed."""
    encoded = record.encode()
    assert type(record).decode(encoded) == record
    with pytest.raises(MlsMalformed):
        type(record).decode(encoded + b"\x00")
    for end in range(len(encoded)):
        with pytest.raises(MlsMalformed):
            type(record).decode(encoded[:end])


@given(st.binary(max_size=300))
def test_anything_is_a_message_or_malformed(data: bytes) -> None:
    """Whatever decodes encodes to the same bytes, and nothing else ever escapes."""
    for kind in (MLSMessage, AuthenticatedContent, GroupSecrets, Commit, GroupInfo, Welcome, KeyPackage):
        try:
            record = kind.decode(data)
        except MlsMalformed:
            continue
        assert record.encode() == data


def test_tags_where_they_belong() -> None:
    """A commit without its confirmation tag, and a proposal with one, cannot be written."""
    remove = FramedContent(b"g", 1, MemberSender(0), b"", ProposalContent(Remove(1)))
    commit = FramedContent(b"g", 1, MemberSender(0), b"", CommitContent(Commit((), None)))
    AuthenticatedContent(1, remove, b"s", None).encode()
    AuthenticatedContent(1, commit, b"s", b"t").encode()
    for content, tag in ((remove, b"t"), (commit, None)):
        with pytest.raises(MlsMalformed):
            AuthenticatedContent(1, content, b"s", tag).encode()


@pytest.mark.parametrize(
    "count", [PROPOSALS_PER_COMMIT_MAX - 1, PROPOSALS_PER_COMMIT_MAX, PROPOSALS_PER_COMMIT_MAX + 1]
)
def test_proposals_per_commit(count: int) -> None:
    """More than the limit is refused before anything is looked up."""
    commit = Commit(tuple(ByReference(b"%d" % n) for n in range(count)), None)
    if count <= PROPOSALS_PER_COMMIT_MAX:
        assert Commit.decode(commit.encode()) == commit
        return
    with pytest.raises(MlsMalformed):
        commit.encode()


def test_unknown_proposal_types_are_malformed() -> None:
    """A proposal that does not say where it ends cannot be passed over."""
    with pytest.raises(MlsMalformed):
        Commit.decode(b"\x03\x01\x0a\x0a\x00")


def test_secrets_and_plaintext_are_not_shown() -> None:
    """Neither group secrets nor what somebody said appear in a representation."""
    shown = (
        repr(GroupSecrets(b"JOINER", PathSecret(b"PATH"), ()))
        + repr(ApplicationData(b"SAID"))
        + repr(PathSecret(b"PATH"))
    )
    assert not any(word in shown for word in ("JOINER", "PATH", "SAID"))


def test_sender_data_has_a_fixed_guard() -> None:
    """Four bytes, neither fewer nor more."""
    assert SenderData.decode(SenderData(1, 2, b"abcd").encode()) == SenderData(1, 2, b"abcd")
    with pytest.raises(MlsMalformed):
        SenderData(1, 2, b"abc").encode()
