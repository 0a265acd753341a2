"""The rules of one conversation: what `policy` says about a commit, given what this person agreed to.

Own commits, others' and Welcomes are all judged here, by the same `Agreed`.
"""

from reactor_chat.e2ee.identity import Person, person_of
from reactor_chat.e2ee.membership.policy import Agreed, MembershipChange, judge, judge_received, judge_welcome
from reactor_chat.e2ee.state.desk import Desk
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.errors import MlsRefused
from reactor_chat.mls.epoch.state import AnyProposal
from reactor_chat.mls.group import Group
from reactor_chat.mls.outcomes import JoinedGroup, ReceivedCommit
from reactor_chat.wire.messages import SealCommitted


class MembershipRules:
    """What one conversation is held to.

    Args:
        desk: what all conversations share.
        talk: the conversation.
    """

    def __init__(self, desk: Desk, talk: Talk) -> None:
        self._desk = desk
        self._talk = talk

    @property
    def agreed(self) -> Agreed:
        """What our person decided, and what was shown and kept."""
        record, own_key = self._talk.record, self._desk.own_key
        known = (entry.person for entry in record.known_members)
        members = known if self._talk.group is None else self._talk.people.values()
        return Agreed(
            self._talk.where,
            self._desk.own_person,
            other_key=self._desk.key_that_counts(self._talk.where.name),
            owner=record.owner.person if record.owner is not None else None,
            founder=record.founder,
            founder_key=self._desk.key_that_counts(record.founder),
            number=record.list_number,
            strength=record.strength,
            members=frozenset((one.folded, one.key) for one in members if one.key != own_key),
        )

    def check_own(self, after: Group, proposals: list[AnyProposal]) -> None:
        """Return if a commit of ours does what we may do; else raise MlsRefused.

        Args:
            after: the group as it would be.
            proposals: in the order of the commit.
        """
        assert self._talk.group is not None
        judge(self._talk.group, after, proposals, self._desk.own_person, self.agreed)

    def check_received(self, received: ReceivedCommit, notice: SealCommitted) -> MembershipChange:
        """Return what somebody else's commit does; raise MlsRefused where nobody may do that.

        Args:
            received: the commit as MLS has opened it.
            notice: as the server told of it.
        """
        assert self._talk.group is not None
        return judge_received(self._talk.group, received, notice, self.agreed)

    def check_welcome(self, joined: JoinedGroup, notice: SealCommitted) -> Person:
        """Return who let us in.

        Args:
            joined: the group as MLS has opened the Welcome.
            notice: of the commit that let us in, as the server told of it.

        Raises:
            OwnerUnknown: our person has to say whether the owner of its list is the owner.
            MlsRefused: it does not hold, or somebody in it bears a name that an invitation gave another key.
        """
        assert self._talk.record.claim is not None
        by = judge_welcome(joined, notice, self._talk.record.claim, self.agreed)
        for person in map(person_of, joined.group.members.values()):
            known = self._desk.trust.look_up(person.name)
            if known is not None and not known.key and not known.counts(person.key):
                raise MlsRefused("a key that is not the one in the invitation")
        return by
