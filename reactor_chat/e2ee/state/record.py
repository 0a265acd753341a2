"""How a conversation stands, as it is kept: what its person decided, what was agreed to, and whom the list has.

Nobody outside writes an attribute.  Each verb is one thing that happens to a conversation, so that what belongs
together changes together; `Talk` saves the row in the same step.
"""

from collections.abc import Iterable

import msgspec

from reactor_chat.e2ee.identity import Person, suites
from reactor_chat.e2ee.member_list import Member, MemberList
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.store import Store, Table
from reactor_chat.e2ee.terms import Claim, Strength
from reactor_chat.wire.messages import Kdf, fold


class ConversationRecord(msgspec.Struct):
    """The row of a conversation.

    Attributes:
        reason: why it is frozen, for a person.
        claim: what the server last said about it, None where it is not sealed there.
        is_declined: the person said that what they say there is plain.
        founder: folded name of who created the group, as it was announced to us, or who closed the room.
        owner: who keeps the member list of a closed conversation, since we agreed to that.
        list_number: of the newest list seen.
        signed_number: of the newest list that we signed, whether or not it was accepted.
        offered_strength: weaker terms that somebody sealed it anew with; a person decides.
        offered_owner: somebody whose list came though we never agreed to them; a person decides.
        own_list: whom our person wants in a closed conversation of ours, with the key each is bound to; a key that is
            empty is bound when a first one is seen.  Empty where we keep no list.
        strength: terms that we once agreed to, or that our person ordered.
        known_members: name and key of the members when we lost the group.
        is_wanted: the person ordered that it be sealed, before anything is said.
        is_closed: the person ordered the room to be closed.
        refreshed_ms: when our own keys in the group were last new.
        sent_before: own messages since then, of earlier epochs.
        lost_at: group and epoch in which we last said that we cannot follow.
        lines: lines ever held, to number them.
        spelled: the name of the other one or of the group, as it was last spelled; empty where that is not known.
    """

    state: State = State.PLAIN
    reason: str = ""
    claim: Claim | None = None
    is_declined: bool = False
    founder: str = ""
    owner: Member | None = None
    list_number: int = 0
    signed_number: int = 0
    offered_strength: Strength | None = None
    offered_owner: Member | None = None
    own_list: list[Member] = msgspec.field(default_factory=list)
    strength: Strength | None = None
    known_members: list[Member] = msgspec.field(default_factory=list)
    is_wanted: bool = False
    is_closed: bool = False
    refreshed_ms: int = 0
    sent_before: int = 0
    lost_at: tuple[bytes, int] | None = None
    lines: int = 0
    spelled: str = ""

    # ------------------------------------------------------------------------------------------ a person's decisions

    def want(self, *, closed: bool = False) -> None:
        """The person ordered encryption, of a room for those on a list where `closed`."""
        self.is_declined, self.is_wanted = False, True
        if closed:
            self.is_closed = True
            least = self.strength or Strength(suites()[-1])
            self.strength = msgspec.structs.replace(least, closed=True, require=True)

    def decline(self) -> None:
        """The person ordered plain text, and wants nothing of what was offered."""
        self.is_declined, self.is_wanted = True, False
        self.offered_owner = self.offered_strength = None

    def want_passphrase(self, kdf: Kdf | None) -> None:
        """The person wants a passphrase with these parameters, or none."""
        self.strength = self.strength_with(kdf)

    def strength_with(self, kdf: Kdf | None) -> Strength:
        """Return what was agreed to, or the least of it, with other parameters of the passphrase."""
        return msgspec.structs.replace(self.strength or Strength(suites()[-1]), kdf=kdf)

    @property
    def has_offer(self) -> bool:
        """Whether something waits for the person's yes: another owner, or weaker terms."""
        return self.offered_owner is not None or self.offered_strength is not None

    def go_along(self, *, is_group: bool) -> None:
        """The person looked at what did not hold, and takes what there is now: its owner, and weaker terms they saw."""
        if self.offered_owner is not None:
            self.owner, self.offered_owner, self.list_number = self.offered_owner, None, 0
        elif self.claim is not None and self.owner is not None and self.claim.by != self.owner.person.folded:
            self.owner, self.founder, self.list_number, self.own_list = None, self.claim.by, 0, []
        elif self.claim is not None and is_group and self.owner is None:
            self.founder = self.claim.by
        self.strength, self.offered_strength = self.offered_strength or self.strength, None
        self.is_closed = self.is_closed or (self.strength is not None and self.strength.closed)
        self.known_members, self.reason = [], ""

    def begin_anew(self, strength: Strength | None) -> None:
        """The person wants another group in the place of the one there is, with these terms."""
        self.is_declined, self.reason, self.strength, self.known_members = False, "", strength, []

    # ------------------------------------------------------------------------------------------ what is said of it

    def claim_anew(self, claim: Claim) -> None:
        """The server says that it was sealed, for the first time or once more."""
        self.claim, self.offered_owner, self.offered_strength = claim, None, None

    def announce_founder(self, by: str) -> None:
        """Somebody was announced as a group's creator; the first one counts: nobody becomes it by being announced."""
        self.founder = self.founder or by

    def group_deleted(self) -> None:
        """The group is said to be gone; what our person agreed to stays."""
        self.claim = None
        if self.owner is None:
            self.founder = ""

    def agree_to(self, strength: Strength, members: MemberList | None) -> None:
        """Hold the conversation to what the group it is in now promises; `members` is the list of a closed one.

        Args:
            strength: what the group promises.
            members: the list of a closed group; None for an open one.
        """
        self.strength, self.known_members = strength, []
        self.is_closed = strength.closed
        if members is None:
            self.owner, self.own_list, self.list_number = None, [], 0
            return
        if self.owner is not None and self.owner.key != members.owner.key:
            self.own_list = list(members.members)  # it was handed over; ours now, if we are the new owner
        elif self.own_list and members.number > self.signed_number:
            waiting = [entry for entry in self.own_list if not entry.key]
            self.own_list = [*members.members, *waiting]  # our person changed it in another home
        self.owner, self.list_number = members.owner, members.number

    # ------------------------------------------------------------------------------------------ the list we keep

    def is_kept_by(self, key: bytes) -> bool:
        """Return whether the owner of a closed conversation has this key and their person said who is in it."""
        return self.owner is not None and self.owner.key == key and bool(self.own_list)

    @property
    def listed(self) -> set[tuple[str, bytes]]:
        """Folded name and key of everybody on our own list."""
        return {(entry.person.folded, entry.key) for entry in self.own_list}

    def take_list_back(self, members: MemberList, own_key: bytes) -> None:
        """A list of our own came back to a client that has none: our person has agreed to it.

        Args:
            members: the list that the group carries.
            own_key: our account key.
        """
        if members.owner.key == own_key and not self.own_list:
            self.own_list = list(members.members)

    def keep_list(self, entries: list[Member], founder: str = "") -> None:
        """The person keeps the list from now on; the first entry is theirs, and `founder` their folded name.

        Args:
            entries: everybody on it, the person first.
            founder: the person's folded name, where they say that the conversation is theirs; else empty.
        """
        self.owner, self.own_list, self.offered_owner = entries[0], entries, None
        self.founder = founder or self.founder

    def put_on_list(self, entry: Member) -> None:
        """Put somebody at the end of our list; who was on it by that name is no longer."""
        self.own_list = [*self._without({entry.person.folded}), entry]

    def strike(self, names: Iterable[str]) -> bool:
        """Take folded names off our list; return whether one was on it."""
        before, self.own_list = self.own_list, self._without(set(names))
        return len(self.own_list) < len(before)

    def strike_unbound(self, names: Iterable[str]) -> None:
        """Take off whom no key is bound to yet: whoever takes such a name later is not whom our person meant."""
        folded = set(names)
        self.own_list = [one for one in self.own_list if one.key or one.person.folded not in folded]

    def bind(self, person: Person) -> bool:
        """Bind somebody on our list to the first key seen; return whether this is the key they are bound to."""
        for at, entry in enumerate(self.own_list):
            if entry.person.folded == person.folded:
                if not entry.key:
                    self.own_list[at] = Member(person.name, person.key)
                return self.own_list[at].key == person.key
        return False

    def sign_next(self, at_least: int) -> int:
        """Return the number of the next list that we sign: above all that were seen or signed."""
        self.signed_number = max(self.list_number + 1, self.signed_number + 1, at_least)
        return self.signed_number

    def give_up(self) -> None:
        """We left the group or deleted it: what was agreed to is for no other group of that name."""
        self.claim = self.owner = self.offered_owner = self.strength = None
        self.own_list, self.founder, self.list_number = [], "", 0

    def write(self, store: Store, key: str) -> None:
        """Put it into a store; `key` is the conversation's."""
        store.put(Table.CONVERSATION, key, msgspec.msgpack.encode(self))

    def _without(self, names: set[str]) -> list[Member]:
        return [entry for entry in self.own_list if fold(entry.name) not in names]


def read_record(store: Store, key: str) -> ConversationRecord:
    """Return what a store has of a conversation, a new record where it has none; `key` is the conversation's."""
    row = store.get(Table.CONVERSATION, key)
    return ConversationRecord() if row is None else msgspec.msgpack.decode(row, type=ConversationRecord)
