"""What members may do to a group, beyond what MLS checks: who lets whom in, and that the server tells it as it is.

MLS proves that a member made a commit.  Whether this member may do this, whether the names in the leaves are who they
say, and whether the list of changes beside the commit is the list of changes in it, is decided here.  Everything that
does not hold is `MlsRefused`, and the group stays as it was.
"""

from typing import NamedTuple

from reactor_chat.e2ee.conversation import Conversation, Scope
from reactor_chat.e2ee.identity import Person, person_of
from reactor_chat.e2ee.packages import reference_of
from reactor_chat.e2ee.passphrase import psk_name
from reactor_chat.e2ee.terms import Claim, Terms, agree, terms_of
from reactor_chat.errors import MlsRefused
from reactor_chat.mls.group import Group
from reactor_chat.mls.messages import Add, KeyPackage, MemberSender, MLSMessage, PreSharedKey, Remove
from reactor_chat.mls.outcomes import JoinedGroup, ReceivedCommit
from reactor_chat.mls.structs import MLS10
from reactor_chat.wire.messages import SealCommitted, fold


class Change(NamedTuple):
    """What a commit did, by whom."""

    by: Person
    added: list[Person]
    removed: list[Person]


def judge_commit(
    before: Group, received: ReceivedCommit, notice: SealCommitted, where: Conversation, me: str
) -> Change:
    """Return what a commit of somebody else does.

    Args:
        before: the group it was received by.
        received: what MLS made of it.
        notice: how the server told it.
        where: the conversation.
        me: folded own name.

    Raises:
        MlsRefused: somebody may not do this, or the server tells it otherwise.
    """
    if not isinstance(received.sender, MemberSender):
        raise MlsRefused("a newcomer let himself in")
    members, terms = before.members, terms_of(before)
    by = person_of(members[received.sender.leaf_index])
    if by.folded != fold(notice.sender):
        raise MlsRefused("a commit is passed off as somebody else's")
    added, removed, names = _changes(before, received, terms)
    change = Change(by, [person_of(package.leaf_node) for package in added], removed)
    _check_told(change, [package_reference(package) for package in added], notice)
    _check_allowed(change, terms)
    if terms.kdf is not None and added and not names:
        raise MlsRefused("somebody was let in without the passphrase")
    if received.group is not None:
        _check_others_unchanged(before, received.group, {person.folded for person in removed})
        check_members(received.group, where, me)
    return change


def judge_welcome(
    joined: JoinedGroup, notice: SealCommitted, claim: Claim, where: Conversation, me: Person, creator: str
) -> Person:
    """Return who let us in.

    Args:
        joined: the group, as the Welcome describes it.
        notice: how the server told of the commit.
        claim: what the server says about the conversation.
        where: the conversation.
        me: ourselves.
        creator: folded name of who sealed this conversation when we were in this group before; else empty.

    Raises:
        MlsRefused: it is not the group it should be, or nobody may let us in so.
    """
    group = joined.group
    if group.group_id != notice.group_id or group.epoch != notice.epoch + 1:
        raise MlsRefused("a Welcome to another group or epoch")
    if not agree(group, claim, where, me.folded):
        raise MlsRefused("a group is not what the server says it is")
    by = person_of(group.members[joined.added_by])
    if by.folded != fold(notice.sender):
        raise MlsRefused("a Welcome is passed off as somebody else's")
    terms = terms_of(group)
    check_members(group, where, me.folded)
    if terms.closed and terms.creator not in {by.folded, creator}:
        raise MlsRefused("somebody let us in who may not")
    if terms.kdf is not None and psk_name(group.group_id, terms.salt) not in {psk.psk for psk in joined.psks}:
        raise MlsRefused("a Welcome that needs no passphrase, to a group that does")
    return by


def check_members(group: Group, where: Conversation, me: str) -> None:
    """Return if the members can be who they say, else raise MlsRefused: each name once, and only those of a pair."""
    people = [person_of(leaf) for leaf in group.members.values()]
    names = {person.folded for person in people}
    if len(names) != len(people):
        raise MlsRefused("a name is in a group twice")
    if person_of(group.members[group.own_leaf]).folded != me:
        raise MlsRefused("our own place bears another name")
    if where.scope is Scope.PAIR and not names <= {me, where.name}:
        raise MlsRefused("somebody else is in a private conversation")


def package_reference(package: KeyPackage) -> bytes:
    """Return the name on the wire of a package that is not ours."""
    return reference_of(MLSMessage(MLS10, package).encode())


def _changes(before: Group, received: ReceivedCommit, terms: Terms) -> tuple[list[KeyPackage], list[Person], bool]:
    """Return packages added, people removed, and whether our pre-shared key is among the proposals."""
    added: list[KeyPackage] = []
    removed: list[Person] = []
    has_shared_key = False
    for proposed in received.proposals:
        proposal = proposed.proposal
        if proposed.sender != received.sender:
            raise MlsRefused("a commit covers what somebody else proposed")
        if isinstance(proposal, Add):
            added.append(proposal.key_package)
        elif isinstance(proposal, Remove):
            removed.append(person_of(before.members[proposal.removed]))
        elif isinstance(proposal, PreSharedKey) and proposal.psk.psk == psk_name(before.group_id, terms.salt):
            has_shared_key = True
        else:
            raise MlsRefused("a commit does what nobody may do")
    return added, removed, has_shared_key


def _check_told(change: Change, references: list[bytes], notice: SealCommitted) -> None:
    told = sorted((fold(add.name), add.reference) for add in notice.adds)
    if told != sorted(zip((person.folded for person in change.added), references, strict=True)):
        raise MlsRefused("the server tells of other newcomers than the commit lets in")
    if sorted(map(fold, notice.removes)) != sorted(person.folded for person in change.removed):
        raise MlsRefused("the server tells of others who left than the commit takes out")


def _check_allowed(change: Change, terms: Terms) -> None:
    """In a closed group anybody may let back in whom he takes out with the same key; all others only the creator."""
    back = set(map(_folded, change.removed))
    if terms.closed and change.by.folded != terms.creator and not set(map(_folded, change.added)) <= back:
        raise MlsRefused("somebody was let in by who may not")


def _folded(person: Person) -> tuple[str, bytes]:
    return person.folded, person.key


def _check_others_unchanged(before: Group, after: Group, removed: set[str]) -> None:
    """Who was in before and was not taken out is the same person still; a path may not change who somebody is."""
    now = after.members
    for leaf, node in before.members.items():
        person = person_of(node)
        if person.folded not in removed and (leaf not in now or person_of(now[leaf]) != person):
            raise MlsRefused("a member became somebody else")
