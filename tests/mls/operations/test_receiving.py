"""Opening messages: the order of the checks, and who may send what."""

import pytest
from msgspec.structs import replace

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.epoch.state import AnySender
from reactor_chat.mls.framing import envelope, open_envelope
from reactor_chat.mls.messages import (
    Add,
    ApplicationData,
    Commit,
    CommitContent,
    ContentType,
    FramedContent,
    MemberSender,
    MLSMessage,
    NewMemberCommit,
    NewMemberProposal,
    OutsideSender,
    PrivateMessage,
    ProposalContent,
    PublicMessage,
    Remove,
)
from reactor_chat.mls.operations.receiving import open_message, signer_of
from tests.mls.people import Room, SeededEntropy, key_package

RANDOM = SeededEntropy("receiving")
ROOM = Room.of([b"alice", b"bob"], RANDOM)
ALICE, BOB = ROOM.members[b"alice"], ROOM.members[b"bob"]
EVERYTHING = frozenset(ContentType)
REMOVE = ProposalContent(Remove(1))


@pytest.mark.parametrize("encrypt", [True, False])
def test_version_group_and_epoch_come_first(encrypt: bool) -> None:  # noqa: FBT001 - both forms
    """Before the message is decrypted or its tag computed; the reason tells which."""
    message = ALICE.update(RANDOM, options=CommitOptions(encrypt=encrypt)).message
    body = open_envelope(message).body
    assert isinstance(body, PublicMessage | PrivateMessage)
    with pytest.raises(MlsRefused, match="version"):
        open_message(BOB.state, MLSMessage(2, body).encode(), EVERYTHING)
    for changes in ({"group_id": b"other"}, {"epoch": 0}, {"epoch": 2}, {"epoch": 2**64 - 1}):
        if isinstance(body, PublicMessage):
            changed: PublicMessage | PrivateMessage = replace(body, content=replace(body.content, **changes))
        else:
            changed = replace(body, **changes)
        with pytest.raises(MlsRefused, match="another group or epoch"):
            open_message(BOB.state, envelope(changed), EVERYTHING)
    assert open_message(BOB.state, message, EVERYTHING).authenticated.content.epoch == 1


def test_kinds_that_are_not_awaited() -> None:
    """Refused before decryption, unknown ones too."""
    message = ALICE.protect(b"x", RANDOM).message
    body = open_envelope(message).body
    assert isinstance(body, PrivateMessage)
    with pytest.raises(MlsRefused, match="another kind"):
        open_message(BOB.state, message, frozenset({ContentType.COMMIT}))
    for number in (0, 4, 255):
        with pytest.raises(MlsRefused, match="another kind"):
            open_message(BOB.state, envelope(replace(body, content_type=number)), EVERYTHING)


def framed(sender: AnySender, content: ApplicationData | ProposalContent | CommitContent) -> FramedContent:
    """Return a content of somebody."""
    return FramedContent(BOB.group_id, BOB.epoch, sender, b"", content)


def test_whose_key_counts() -> None:
    """A member's leaf, a newcomer's own leaf."""
    package = key_package(b"dave", RANDOM).package
    epoch = BOB.state.epoch
    assert signer_of(epoch, framed(MemberSender(0), REMOVE)) == ALICE.members[0].signature_key
    newcomer = framed(NewMemberProposal(), ProposalContent(Add(package)))
    assert signer_of(epoch, newcomer) == package.leaf_node.signature_key


@pytest.mark.parametrize(
    ("sender", "content"),
    [
        (MemberSender(2), REMOVE),
        (MemberSender(2**32 - 1), REMOVE),
        (OutsideSender(0), REMOVE),
        (NewMemberProposal(), REMOVE),
        (NewMemberProposal(), CommitContent(Commit((), None))),
        (NewMemberCommit(), REMOVE),
        (NewMemberCommit(), CommitContent(Commit((), None))),
    ],
)
def test_senders_that_may_not(sender: AnySender, content: ProposalContent | CommitContent) -> None:
    """Blank leaves, outsiders nobody listed, newcomers with anything but their one message."""
    with pytest.raises(MlsRefused, match="may not send this"):
        signer_of(BOB.state.epoch, framed(sender, content))


def test_our_own_message_is_nobody_elses() -> None:
    """In the open, where its tag and signature hold."""
    message = BOB.propose(Remove(0), RANDOM, encrypt=False).message
    open_message(ALICE.state, message, EVERYTHING)
    with pytest.raises(MlsRefused, match="our own message"):
        open_message(BOB.state, message, EVERYTHING)
