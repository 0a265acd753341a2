"""Who may be in a group and who may change that, beyond what MLS checks: one function for everybody's commits.

MLS proves that a member made a commit.  Whether people decided what it does is judged here, by what this client was
told by its own person (`Agreed`) and never by what a server says:

- A pair is two people with two keys.
- A closed conversation has exactly the members of the list that its owner signed.
- The room is open: anybody may be let in by anybody who is in, and everybody is told.

Our own commits pass the same function before they are sent.  Everything that does not hold is `MlsRefused`, and the
group stays as it was.
"""

from collections.abc import Sequence
from typing import NamedTuple

from reactor_chat.e2ee import member_list
from reactor_chat.e2ee.identity import MEMBERS_EXTENSION, TERMS_EXTENSION, Person, person_of
from reactor_chat.e2ee.member_list import MemberList
from reactor_chat.e2ee.packages import reference_of
from reactor_chat.e2ee.passphrase import psk_name
from reactor_chat.e2ee.terms import Claim, Strength, Terms, agree, common_name, strength_of, terms_of
from reactor_chat.errors import MlsRefused
from reactor_chat.mls.encoding.structs import MLS10
from reactor_chat.mls.epoch.state import AnyProposal
from reactor_chat.mls.group import Group
from reactor_chat.mls.messages import Add, GroupContextExtensions, KeyPackage, MemberSender, MLSMessage, PreSharedKey
from reactor_chat.mls.messages import Remove as RemoveProposal
from reactor_chat.mls.outcomes import JoinedGroup, ReceivedCommit
from reactor_chat.wire.conversation import Conversation, Scope
from reactor_chat.wire.messages import SealCommitted, fold


class Agreed(NamedTuple):
    """What this client holds a conversation to; all of it comes from its person or was shown and kept.

    Attributes:
        where: the conversation.
        me: ourselves, with the account key.
        other_key: of a pair: the other one's key that counts; None while none was ever seen.
        owner: of a closed conversation: who keeps its list; None while the person has agreed to nobody.
        founder: folded name of who created the group, as it was announced; empty where that is not known.
        founder_key: the key that counts of that person; None while none was ever seen.
        number: of the newest list seen.
        strength: terms once agreed to; None while none were.
        members: folded name and key of the others in the group, or when we lost it; empty where we never were in one.
    """

    where: Conversation
    me: Person
    other_key: bytes | None = None
    owner: Person | None = None
    founder: str = ""
    founder_key: bytes | None = None
    number: int = 0
    strength: Strength | None = None
    members: frozenset[tuple[str, bytes]] = frozenset()


class OwnerUnknown(MlsRefused):
    """A list that holds, by somebody of whom the person never said that they own the conversation.

    Attributes:
        members: the list.
    """

    def __init__(self, members: MemberList) -> None:
        super().__init__("a member list by somebody who is not known to own the conversation")
        self.members = members


class MembershipChange(NamedTuple):
    """What a commit did, by whom."""

    by: Person
    added: list[Person]
    removed: list[Person]


def judge_received(before: Group, received: ReceivedCommit, notice: SealCommitted, agreed: Agreed) -> MembershipChange:
    """Return what a commit of somebody else does.

    Args:
        before: the group it was received by.
        received: what MLS made of it.
        notice: how the server told it.
        agreed: what the conversation is held to.

    Raises:
        MlsRefused: people did not decide this, or the server tells it otherwise.
    """
    if not isinstance(received.sender, MemberSender):
        raise MlsRefused("a newcomer let himself in")
    by = person_of(before.members[received.sender.leaf_index])
    if by.folded != fold(notice.sender):
        raise MlsRefused("a commit is passed off as somebody else's")
    if any(proposed.sender != received.sender for proposed in received.proposals):
        raise MlsRefused("a commit covers what somebody else proposed")
    proposals = [proposed.proposal for proposed in received.proposals]
    _check_told(before, proposals, notice)
    return judge(before, received.group, proposals, by, agreed)


def judge(
    before: Group, after: Group | None, proposals: Sequence[AnyProposal], by: Person, agreed: Agreed
) -> MembershipChange:
    """Return what a commit does, whoever made it; our own are judged before they are sent.

    Args:
        before: the group that it leaves.
        after: the group that it leads to; None where we are taken out.
        proposals: everything it covers.
        by: who made it.
        agreed: what the conversation is held to.

    Raises:
        MlsRefused: people did not decide this.
    """
    terms = terms_of(before)
    added, removed = _people_added(proposals), _people_removed(before, proposals)
    _check_kinds(before, proposals, terms)
    if agreed.where.scope is Scope.PAIR:
        _check_pair_adds(added, agreed)
    if terms.closed:
        _check_list_follows(before, proposals)
    if after is not None:
        if terms_of(after) != terms:
            raise MlsRefused("the terms of a group were changed")
        _check_others_unchanged(before, after, {person.folded for person in removed})
        check_members(after, agreed)
        if terms.closed:
            member_list.check_tree(after, member_list.members_of(after))
    return MembershipChange(by, added, removed)


def judge_welcome(joined: JoinedGroup, notice: SealCommitted, claim: Claim, agreed: Agreed) -> Person:
    """Return who let us in.

    Args:
        joined: the group, as the Welcome describes it.
        notice: how the server told of the commit.
        claim: what the server says about the conversation.
        agreed: what the conversation is held to.

    Raises:
        MlsRefused: it is not the group it should be, or nobody may let us in so.
    """
    group = joined.group
    if group.group_id != notice.group_id or group.epoch != notice.epoch + 1:
        raise MlsRefused("a Welcome to another group or epoch")
    if not agree(group, claim, agreed.where, agreed.me.folded):
        raise MlsRefused("a group is not what the server says it is")
    by = person_of(group.members[joined.added_by])
    if by.folded != fold(notice.sender):
        raise MlsRefused("a Welcome is passed off as somebody else's")
    terms = terms_of(group)
    if terms.kdf is not None and psk_name(group.group_id, terms.salt) not in {psk.psk for psk in joined.psks}:
        raise MlsRefused("a Welcome that needs no passphrase, to a group that does")
    if agreed.strength is not None and agreed.strength.lost_in(strength_of(group)):
        raise MlsRefused("a Welcome to a group of weaker terms")
    is_open = not terms.closed and agreed.where.scope is Scope.ROOM
    if is_open and agreed.members and (by.folded, by.key) not in agreed.members:
        raise MlsRefused("somebody let us in again of whom we know nothing")
    check_members(group, agreed)
    if terms.closed:
        members = member_list.members_of(group)
        check_list(members, agreed)
        member_list.check_tree(group, members)
    return by


def check_members(group: Group, agreed: Agreed) -> None:
    """Return if each name stands there once, ours with our key, and in a pair nobody else; else raise MlsRefused."""
    people = [person_of(leaf) for leaf in group.members.values()]
    if len({person.folded for person in people}) != len(people):
        raise MlsRefused("a name is in a group twice")
    own = person_of(group.members[group.own_leaf])
    if own.folded != agreed.me.folded or own.key != agreed.me.key:
        raise MlsRefused("our own place bears another name or key")
    if agreed.where.scope is Scope.PAIR:
        others = [person for person in people if person.folded != agreed.me.folded]
        if any(not _is_other(person, agreed) for person in others):
            raise MlsRefused("somebody else is in a private conversation")
    if agreed.where.scope is Scope.GROUP and not terms_of(group).closed:
        raise MlsRefused("a group that is open")


def check_list(members: MemberList, agreed: Agreed) -> None:
    """Return if a list is by whom the person holds for its owner and no older than the newest; else raise.

    Args:
        members: the list, in its one form.
        agreed: what the person agreed to.

    Raises:
        OwnerUnknown: it holds, and only a person can say whether its owner is the owner.
        MlsRefused: it does not hold.
    """
    keeper = _keeper(members, agreed)
    member_list.check_signed(members, common_name(agreed.where, agreed.me.folded), keeper or members.owner.key)
    if keeper is None:
        raise OwnerUnknown(members)
    if members.number < agreed.number:
        raise MlsRefused("a member list that was replaced")


def package_reference(package: KeyPackage) -> bytes:
    """Return the name on the wire of a package that is not ours."""
    return reference_of(MLSMessage(MLS10, package).encode())


def _keeper(members: MemberList, agreed: Agreed) -> bytes | None:
    """Return the key that must have signed a list; None where its owner is nobody whom the person agreed to."""
    if agreed.owner is not None:
        return agreed.owner.key
    owner = members.owner
    is_founder = bool(agreed.founder) and owner.person.folded == agreed.founder
    is_known = agreed.founder_key is None or agreed.founder_key == owner.key
    return owner.key if is_founder and is_known else None


def _is_other(person: Person, agreed: Agreed) -> bool:
    is_key = agreed.other_key is None or person.key == agreed.other_key
    return person.folded == agreed.where.name and is_key


def _people_added(proposals: Sequence[AnyProposal]) -> list[Person]:
    return [person_of(one.key_package.leaf_node) for one in proposals if isinstance(one, Add)]


def _people_removed(before: Group, proposals: Sequence[AnyProposal]) -> list[Person]:
    return [person_of(before.members[one.removed]) for one in proposals if isinstance(one, RemoveProposal)]


def _check_kinds(before: Group, proposals: Sequence[AnyProposal], terms: Terms) -> None:
    """A commit adds, removes, brings the passphrase, and gives a closed conversation another list; nothing else."""
    name = psk_name(before.group_id, terms.salt)
    for one in proposals:
        is_shared_key = isinstance(one, PreSharedKey) and one.psk.psk == name
        is_list = isinstance(one, GroupContextExtensions) and terms.closed
        if not isinstance(one, Add | RemoveProposal) and not is_shared_key and not is_list:
            raise MlsRefused("a commit does what nobody may do")
    brings_key = any(isinstance(one, PreSharedKey) for one in proposals)
    if terms.kdf is not None and any(isinstance(one, Add) for one in proposals) and not brings_key:
        raise MlsRefused("somebody was let in without the passphrase")


def _check_pair_adds(added: list[Person], agreed: Agreed) -> None:
    for person in added:
        if person != agreed.me and not _is_other(person, agreed):
            raise MlsRefused("somebody else was let into a private conversation")


def _check_list_follows(before: Group, proposals: Sequence[AnyProposal]) -> None:
    """Another list is signed by who kept the one before and has a higher number.

    `after` is not needed for it, so it holds where we are taken out as well.
    """
    was = member_list.members_of(before)
    for one in proposals:
        if isinstance(one, GroupContextExtensions):
            if {each.extension_type for each in one.extensions} != {TERMS_EXTENSION, MEMBERS_EXTENSION}:
                raise MlsRefused("a commit does what nobody may do")
            now = member_list.read(one.extensions)
            member_list.check_signed(now, was.conversation, was.owner.key)
            if now.number <= was.number:
                raise MlsRefused("a member list that was replaced")


def _check_told(before: Group, proposals: Sequence[AnyProposal], notice: SealCommitted) -> None:
    packages = [one.key_package for one in proposals if isinstance(one, Add)]
    added = [(person_of(package.leaf_node).folded, package_reference(package)) for package in packages]
    if sorted((fold(add.name), add.reference) for add in notice.adds) != sorted(added):
        raise MlsRefused("the server tells of other newcomers than the commit lets in")
    removed = [person.folded for person in _people_removed(before, proposals)]
    if sorted(map(fold, notice.removes)) != sorted(removed):
        raise MlsRefused("the server tells of others who left than the commit takes out")


def _check_others_unchanged(before: Group, after: Group, removed: set[str]) -> None:
    """Who was in before and was not taken out is the same person still; a path may not change who somebody is."""
    now = after.members
    for leaf, node in before.members.items():
        person = person_of(node)
        if person.folded not in removed and (leaf not in now or person_of(now[leaf]) != person):
            raise MlsRefused("a member became somebody else")
