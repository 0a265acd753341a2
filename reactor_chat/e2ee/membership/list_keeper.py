"""The member list of a closed conversation of ours: signed anew with each change, by us until we hand it over."""

from reactor_chat.e2ee import member_list
from reactor_chat.e2ee.identity import Person, person_of
from reactor_chat.e2ee.member_list import MemberList
from reactor_chat.e2ee.state.desk import Desk
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.mls.epoch.state import AnyProposal
from reactor_chat.mls.messages import Add, Remove


class ListKeeper:
    """Signs the lists of one conversation, as far as they are ours to sign.

    Args:
        desk: what all conversations share.
        talk: the conversation.
    """

    def __init__(self, desk: Desk, talk: Talk) -> None:
        self._desk = desk
        self._talk = talk

    @property
    def keeps_list(self) -> bool:
        """Whether we are the owner of a closed conversation, and our person said who is in it."""
        return self._talk.record.is_kept_by(self._desk.own_key)

    @property
    def must_sign(self) -> bool:
        """Whether the list in the group is to be replaced even if nobody comes or goes; the group must be there."""
        return self.keeps_list and self._is_outsigned(self._current())

    def first(self, conversation: str) -> MemberList:
        """Return the list of a new group, with us alone on it; `conversation` is its `common_name`."""
        me = self._desk.own_person
        number = self._next_number(self._desk.wall_ms)
        return member_list.make(conversation, number, me, [me], self._desk.identity.signing_key)

    def next_list(self, proposals: list[AnyProposal]) -> MemberList | None:
        """Return the list for a commit of ours; None where it stays, or is not ours to change."""
        current = self._current()
        gone = {self._talk.people[one.removed] for one in proposals if isinstance(one, Remove)}
        people = [entry.person for entry in current.members if entry.person not in gone]
        people += [person_of(one.key_package.leaf_node) for one in proposals if isinstance(one, Add)]
        is_same = set(people) == {entry.person for entry in current.members} and not self._is_outsigned(current)
        return None if is_same or not self.keeps_list else self._signed(current, self._desk.own_person, people)

    def handed_to(self, heir: Person) -> MemberList:
        """Return the same list, kept by somebody else from now on."""
        current = self._current()
        return self._signed(current, heir, [entry.person for entry in current.members])

    def bind(self, person: Person) -> bool:
        """Bind somebody on our list to the first key seen; return whether this is the key they are bound to."""
        with self._talk.changing() as record:
            return record.bind(person)

    def _current(self) -> MemberList:
        assert self._talk.group is not None
        return member_list.members_of(self._talk.group)

    def _is_outsigned(self, current: MemberList) -> bool:
        """Whether we signed a newer list that nobody accepted: it could come up later, so another one has to follow."""
        return self._talk.record.signed_number > current.number

    def _signed(self, current: MemberList, owner: Person, people: list[Person]) -> MemberList:
        number = self._next_number(current.number + 1)
        return member_list.make(current.conversation, number, owner, people, self._desk.identity.signing_key)

    def _next_number(self, at_least: int) -> int:
        with self._talk.changing() as record:
            return record.sign_next(at_least)
