"""Who should be let in or taken out now, and when it is our turn to do it.

What is wanted follows from what people decided: whom the owner's person put on the list, whom a pair is made of, who
asked to be let into the open room; and from who cannot follow any more, whose key is another one, how old our own keys
are.  Whoever has a line to say commits first; else the online member with the lowest leaf goes first, the next one
after one turn, and so on.
"""

from typing import NamedTuple

from reactor_chat.e2ee.identity import Person, person_of
from reactor_chat.e2ee.member_list import members_of
from reactor_chat.e2ee.membership.list_keeper import ListKeeper
from reactor_chat.e2ee.state.desk import Desk
from reactor_chat.e2ee.state.own_commit import Fetched
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.terms import terms_of
from reactor_chat.wire.conversation import Scope

RANK_MAX = 20
"""Turns that a member waits at most: where so many before it did nothing, the others need not wait longer."""


class Wanted(NamedTuple):
    """What the next commit should do.

    Attributes:
        adds: folded names to be let in; again, where they are also taken out.
        removes: leaves to be taken out.
        refresh: new keys of ours.
    """

    adds: list[str]
    removes: list[int]
    refresh: bool

    @property
    def is_anything(self) -> bool:
        """Whether a commit is wanted at all."""
        return bool(self.adds or self.removes or self.refresh)


class MemberChanges:
    """Changes of members and keys that one conversation needs.

    Args:
        desk: what all conversations share.
        talk: the conversation; everything but `needs_rotation` needs its group.
        keeper: of our own list.
    """

    def __init__(self, desk: Desk, talk: Talk, keeper: ListKeeper) -> None:
        self._desk = desk
        self._talk = talk
        self._keeper = keeper

    def wanted(self) -> Wanted:
        """Return what a commit of ours should do now, as far as we may do it."""
        assert self._talk.group is not None
        if terms_of(self._talk.group).closed:
            adds, removes = self._wanted_of_closed()
        elif self._talk.where.scope is Scope.PAIR:
            adds, removes = self._wanted_of_pair()
        else:
            adds, removes = self._wanted_of_open()
        return Wanted(sorted(adds - {self._desk.me}), sorted(removes), self._is_refresh_due())

    def fits(self, name: str, fetched: Fetched) -> bool:
        """Return whether a package is of the key by which a folded name may be let in; binds a key not bound yet.

        Args:
            name: folded, of whom the package was asked for.
            fetched: the package, its signature checked.
        """
        assert self._talk.group is not None
        person = person_of(fetched.package.leaf_node)
        if not terms_of(self._talk.group).closed:
            return True
        if not self._keeper.keeps_list:
            return any(known.folded == name and known.key == person.key for known in self._talk.people.values())
        return self._keeper.bind(person)

    def may_add(self, name: str) -> bool:
        """Return whether somebody may be let in by trust: not blocked, and no other key waits for a decision."""
        known = self._desk.trust.look_up(name)
        if known is None:
            return True
        return self._desk.trust.is_usable(name, known.key) and not self._desk.trust.is_unsettled(name)

    def is_only_lost(self, leaf: int) -> bool:
        """Return whether somebody is to be taken out only to be let in again."""
        name = self._talk.people[leaf].folded
        return self._talk.newcomers.is_lost(name) and name not in self._talk.newcomers.leavers

    # ------------------------------------------------------------------------------------------ when

    @property
    def refresh_due_at(self) -> float:
        """When our own keys will be too old, monotonic seconds."""
        age_seconds = (self._desk.wall_ms - self._talk.record.refreshed_ms) / 1000
        return self._desk.now + self._desk.settings.refresh_seconds_max - age_seconds

    @property
    def needs_rotation(self) -> bool:
        """Whether our own keys have served for so many messages that they should be new."""
        return self._talk.record.sent_before + self._talk.own_messages >= self._desk.settings.refresh_messages_max

    @property
    def turn_at(self) -> float | None:
        """When it is our turn to do what is wanted, monotonic seconds; None where nothing is."""
        since = self._talk.commit.wanted_since
        if since is None:
            return None
        assert self._talk.group is not None
        own_leaf, present = self._talk.group.own_leaf, self._desk.present
        people = sorted(self._talk.people.items())
        there = [leaf for leaf, person in people if present is None or person.folded in {*present, self._desk.me}]
        rank = there.index(own_leaf) if own_leaf in there else len(there)
        return since + self._desk.settings.turn_seconds * (min(rank, RANK_MAX) + 1)

    def _is_refresh_due(self) -> bool:
        is_old = self.needs_rotation or self.refresh_due_at <= self._desk.now
        return is_old or self._talk.commit.is_urgent or self._keeper.must_sign

    # ------------------------------------------------------------------------------------------ who

    def _wanted_of_closed(self) -> tuple[set[str], set[int]]:
        """The people of the list, and they alone; its owner makes it so, others let back in who is on it."""
        assert self._talk.group is not None
        there = {leaf: (person.folded, person.key) for leaf, person in self._talk.people.items()}
        lost = {leaf for leaf, (name, _) in there.items() if self._is_let_in_again(name)}
        if not self._keeper.keeps_list:
            listed = members_of(self._talk.group).people
            return {there[leaf][0] for leaf in lost if there[leaf] in listed}, lost
        listed = self._talk.record.listed
        gone = {leaf for leaf, one in there.items() if one not in listed and one[0] != self._desk.me}
        staying = {one for leaf, one in there.items() if leaf not in gone | lost}
        return {name for name, key in listed if (name, key) not in staying and self.may_add(name)}, gone | lost

    def _wanted_of_pair(self) -> tuple[set[str], set[int]]:
        other = self._talk.where.name
        leaf = next((leaf for leaf, person in self._talk.people.items() if person.folded == other), None)
        if leaf is None:
            return ({other} if self.may_add(other) else set()), set()
        known = self._desk.trust.look_up(other)
        is_replaced = known is not None and known.key != self._talk.people[leaf].key
        if (is_replaced or self._is_let_in_again(other)) and self.may_add(other):
            return {other}, {leaf}
        return set(), set()

    def _wanted_of_open(self) -> tuple[set[str], set[int]]:
        """Everybody who asked; not who is gone, and nobody by a key that is not theirs any more."""
        newcomers, now = self._talk.newcomers, self._desk.now
        removes = {leaf for leaf, person in self._talk.people.items() if self._should_leave_open(person)}
        removed = {self._talk.people[leaf].folded for leaf in removes}
        staying = {person.folded for leaf, person in self._talk.people.items() if leaf not in removes}
        coming = {name for name in newcomers.asks if name not in staying and not newcomers.waits(name, now)}
        coming |= removed - newcomers.leavers
        return {name for name in coming if self.may_add(name)}, removes

    def _should_leave_open(self, person: Person) -> bool:
        if person.folded == self._desk.me:
            return False
        trust = self._desk.trust
        known = trust.look_up(person.folded)
        has_other_key = known is not None and known.key != person.key and trust.is_usable(known.name, known.key)
        is_replaced = has_other_key and not trust.is_unsettled(person.folded)
        return person.folded in self._talk.newcomers.leavers or self._is_let_in_again(person.folded) or is_replaced

    def _is_let_in_again(self, name: str) -> bool:
        newcomers = self._talk.newcomers
        return name != self._desk.me and newcomers.is_lost(name) and not newcomers.waits(name, self._desk.now)
