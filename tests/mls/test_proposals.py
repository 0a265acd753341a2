"""Lists of proposals: which a commit may cover, and what they do."""

import pytest
from msgspec.structs import replace

from reactor_chat.errors import MlsMalformed, MlsRefused
from reactor_chat.mls.encoding.structs import Extension, ExtensionType, RequiredCapabilities
from reactor_chat.mls.epoch.state import AnyProposal, AnySender, EpochState, Proposed, PskSecrets
from reactor_chat.mls.messages import (
    Add,
    ByReference,
    ByValue,
    Commit,
    ExternalInit,
    ExternalPsk,
    GroupContextExtensions,
    MemberSender,
    NewMemberCommit,
    NewMemberProposal,
    OutsideSender,
    PreSharedKey,
    PreSharedKeyID,
    ReInit,
    Remove,
    ResumptionPsk,
    Update,
)
from reactor_chat.mls.proposals import apply, check, external_senders, is_path_required, resolve, select
from tests.mls.people import Room, SeededEntropy, key_package

RANDOM = SeededEntropy("proposals")
ROOM = Room.of([b"alice", b"bob", b"carol"], RANDOM)
EPOCH: EpochState = ROOM.members[b"alice"].state.epoch
ALICE, BOB, CAROL = MemberSender(0), MemberSender(1), MemberSender(2)
DAVE = Add(key_package(b"dave", RANDOM).package)
PSK = PreSharedKey(PreSharedKeyID(ExternalPsk(b"key"), bytes(32)))
REINIT = ReInit(b"next", 1, 1, ())
EXTENSIONS = GroupContextExtensions(())
INIT = ExternalInit(b"output")
KNOWN: PskSecrets = {ExternalPsk(b"key"): b"secret"}


def update_of(name: bytes) -> Update:
    """Return a member's genuine Update."""
    proposal = ROOM.members[name].propose_update(RANDOM).group.proposals[-1].proposal
    assert isinstance(proposal, Update)
    return proposal


BOBS, BOBS_SECOND, CAROLS = update_of(b"bob"), update_of(b"bob"), update_of(b"carol")


def resumption(usage: int) -> PreSharedKey:
    """Return the proposal of a resumption key with that use."""
    return PreSharedKey(PreSharedKeyID(ResumptionPsk(usage, b"group", 1), bytes(32)))


GOOD: list[tuple[AnySender, list[tuple[AnySender, AnyProposal]]]] = [
    (ALICE, []),
    (ALICE, [(ALICE, DAVE), (BOB, BOBS), (ALICE, Remove(2)), (ALICE, PSK), (ALICE, EXTENSIONS)]),
    (ALICE, [(ALICE, REINIT)]),
    (ALICE, [(OutsideSender(0), Remove(1))]),
    (ALICE, [(NewMemberProposal(), DAVE)]),
    (ALICE, [(ALICE, resumption(1))]),
    (NewMemberCommit(), [(NewMemberCommit(), INIT)]),
    (NewMemberCommit(), [(NewMemberCommit(), p) for p in (Remove(1), PSK, INIT)]),
]


@pytest.mark.parametrize(("committer", "listed"), GOOD)
def test_lists_that_may_be_committed(committer: AnySender, listed: list[tuple[AnySender, AnyProposal]]) -> None:
    """Regular and external commits."""
    proposals = [Proposed(*entry) for entry in listed]
    check(EPOCH, proposals, committer, None)
    apply(EPOCH, proposals)


BAD: list[tuple[str, AnySender, list[tuple[AnySender, AnyProposal]]]] = [
    ("own update", BOB, [(BOB, BOBS)]),
    ("own removal", ALICE, [(ALICE, Remove(0))]),
    ("removal of nobody", ALICE, [(ALICE, Remove(3))]),
    ("removal outside the tree", ALICE, [(ALICE, Remove(2**32 - 1))]),
    ("update and removal", ALICE, [(BOB, BOBS), (ALICE, Remove(1))]),
    ("two updates", ALICE, [(BOB, BOBS), (BOB, BOBS_SECOND)]),
    ("two removals", ALICE, [(ALICE, Remove(1)), (BOB, Remove(1))]),
    ("one key twice", ALICE, [(ALICE, PSK), (BOB, PSK)]),
    ("two extension lists", ALICE, [(ALICE, EXTENSIONS), (BOB, EXTENSIONS)]),
    ("reinit and more", ALICE, [(ALICE, REINIT), (ALICE, DAVE)]),
    ("two reinits", ALICE, [(ALICE, REINIT), (BOB, REINIT)]),
    ("reinit to version 0", ALICE, [(ALICE, replace(REINIT, version=0))]),
    ("external init inside", ALICE, [(ALICE, INIT)]),
    ("somebody else's update", ALICE, [(CAROL, BOBS)]),
    ("update by an outsider", ALICE, [(OutsideSender(0), BOBS)]),
    ("update of the same key", ALICE, [(BOB, Update(ROOM.members[b"bob"].members[1]))]),
    ("newcomer who removes", ALICE, [(NewMemberProposal(), Remove(1))]),
    ("resumption for reinit", ALICE, [(ALICE, resumption(2))]),
    ("resumption for branch", ALICE, [(ALICE, resumption(3))]),
    ("resumption for nothing", ALICE, [(ALICE, resumption(9))]),
    ("short nonce", ALICE, [(ALICE, PreSharedKey(PreSharedKeyID(ExternalPsk(b"key"), bytes(31))))]),
    ("external without init", NewMemberCommit(), [(NewMemberCommit(), Remove(1))]),
    ("external with nothing", NewMemberCommit(), []),
    ("external with two inits", NewMemberCommit(), [(NewMemberCommit(), INIT)] * 2),
    ("external with two removals", NewMemberCommit(), [(NewMemberCommit(), p) for p in (INIT, Remove(1), Remove(2))]),
    ("external with an add", NewMemberCommit(), [(NewMemberCommit(), p) for p in (INIT, DAVE)]),
    ("external with one key twice", NewMemberCommit(), [(NewMemberCommit(), p) for p in (INIT, PSK, PSK)]),
    ("commit by an outsider", OutsideSender(0), []),
    ("commit by a proposer", NewMemberProposal(), [(NewMemberProposal(), DAVE)]),
    ("commit by nobody", MemberSender(3), []),
    ("doubled extension", ALICE, [(ALICE, GroupContextExtensions((Extension(9, b""), Extension(9, b""))))]),
]


@pytest.mark.parametrize(("name", "committer", "listed"), BAD, ids=[name for name, _, _ in BAD])
def test_lists_that_may_not(name: str, committer: AnySender, listed: list[tuple[AnySender, AnyProposal]]) -> None:
    """One broken rule each; nothing is applied."""
    with pytest.raises(MlsRefused):
        check(EPOCH, [Proposed(*entry) for entry in listed], committer, None)


def test_extensions_must_be_readable() -> None:
    """The ones we read: requirements and outside senders."""
    for number in (ExtensionType.REQUIRED_CAPABILITIES, ExtensionType.EXTERNAL_SENDERS):
        proposal = GroupContextExtensions((Extension(number, b"\xff"),))
        with pytest.raises(MlsMalformed):
            check(EPOCH, [Proposed(ALICE, proposal)], ALICE, None)
    assert external_senders(()).senders == ()


def test_proposals_are_applied_in_the_order_of_the_rfc() -> None:
    """Removals before additions wherever they stand, so that a newcomer takes the place that became free."""
    required = GroupContextExtensions(
        (Extension(ExtensionType.REQUIRED_CAPABILITIES, RequiredCapabilities((), (), ()).encode()),)
    )
    proposals = [Proposed(ALICE, p) for p in (DAVE, required, Remove(1), PSK)]
    applied = apply(EPOCH, [*proposals, Proposed(CAROL, CAROLS)])
    assert applied.added == [(1, DAVE)]
    assert applied.newcomers == {1}
    assert applied.removed == [1]
    assert applied.extensions == required.extensions
    assert applied.psks == [PSK.psk]
    assert applied.tree.leaf(2) == CAROLS.leaf_node
    assert EPOCH.tree.leaf(1) is not None, "the group's own tree is as it was"


def test_references() -> None:
    """Found once; unknown, repeated, or in an external commit they are refused."""
    known = (Proposed(BOB, BOBS, b"first"), Proposed(CAROL, Remove(1), b"second"))
    commit = Commit((ByReference(b"second"), ByValue(DAVE), ByReference(b"first")), None)
    assert resolve(commit, ALICE, known) == [known[1], Proposed(ALICE, DAVE), known[0]]
    for references in ((b"third",), (b"first", b"first")):
        with pytest.raises(MlsRefused):
            resolve(Commit(tuple(map(ByReference, references)), None), ALICE, known)
    with pytest.raises(MlsRefused):
        resolve(Commit((ByReference(b"first"),), None), NewMemberCommit(), known)


@pytest.mark.parametrize(
    ("listed", "needed"),
    [
        ([], True),
        ([DAVE], False),
        ([PSK], False),
        ([REINIT], False),
        ([DAVE, PSK], False),
        ([DAVE, Remove(1)], True),
        ([BOBS], True),
        ([EXTENSIONS], True),
        ([INIT], True),
    ],
)
def test_when_a_path_is_needed(listed: list[AnyProposal], needed: bool) -> None:  # noqa: FBT001 - a table of cases
    """The table of RFC 9420 §17.4, and the empty commit."""
    assert is_path_required([Proposed(ALICE, proposal) for proposal in listed]) == needed


def chosen(*known: tuple[AnySender, AnyProposal], own: int = 0) -> list[AnyProposal]:
    """Return what a member would commit of what it received."""
    return [p.proposal for p in select(EPOCH, tuple(Proposed(*entry) for entry in known), own, KNOWN)]


def test_what_a_committer_selects() -> None:
    """Whatever was received, the choice is a list that may be committed."""
    assert chosen((BOB, BOBS), (BOB, BOBS_SECOND)) == [BOBS_SECOND]
    assert chosen((BOB, BOBS), (CAROL, Remove(1)), (BOB, BOBS_SECOND)) == [Remove(1)]
    assert chosen((CAROL, Remove(0)), (CAROL, Remove(1))) == [Remove(1)]
    assert chosen((BOB, BOBS), own=1) == []
    assert chosen((BOB, REINIT)) == [REINIT]
    assert chosen((BOB, REINIT), (CAROL, DAVE)) == [DAVE]
    assert chosen((BOB, DAVE), (NewMemberProposal(), DAVE)) == [DAVE]
    assert chosen((BOB, PSK), (CAROL, resumption(1))) == [PSK]


def test_a_proposal_cannot_block_all_commits() -> None:
    """An Add of somebody who is there already is left out, unless that one is removed."""
    carol = ROOM.members[b"carol"].members[2]
    twin = replace(DAVE.key_package, leaf_node=replace(DAVE.key_package.leaf_node, signature_key=carol.signature_key))
    assert chosen((BOB, Add(twin)), (BOB, DAVE)) == [DAVE]
    assert chosen((BOB, Add(twin)), (BOB, Remove(2))) == [Remove(2), Add(twin)]


def test_a_commit_that_adds_too_many_is_not_followed() -> None:
    """Those it removes make room; a group that is too large already may shrink."""
    room = Room.of([b"alice", b"bob", b"carol"], SeededEntropy("too many"))
    alice, bob, random = room.members[b"alice"], room.members[b"bob"], room.random
    more = Add(key_package(b"dave", random).package)
    added, swapped = alice.commit(random, [more]), alice.commit(random, [more, Remove(2)])
    shrunk = alice.commit(random, [Remove(2)])
    for pending, members_max in ((added, 4), (swapped, 3), (shrunk, 1)):
        bob.receive(pending.message, members_max=members_max)
    for pending, members_max in ((added, 3), (swapped, 2)):
        with pytest.raises(MlsRefused, match="than are allowed"):
            bob.receive(pending.message, members_max=members_max)
