"""Commits in the journal: our own come back, others' are followed, and one that lets us in is how we enter.

A commit that does not hold cannot be followed: we say that we are lost and are let in again.  One that holds and does
what nobody may do freezes the conversation.  What a commit says about us we believe only from the group itself.
"""

import hashlib

from reactor_chat.e2ee.blobs import hash_of
from reactor_chat.e2ee.boundary import NoteKind
from reactor_chat.e2ee.identity import Person, person_of
from reactor_chat.e2ee.member_list import MemberList, members_of
from reactor_chat.e2ee.membership.peer_keys import PeerKeys
from reactor_chat.e2ee.membership.policy import MembershipChange, OwnerUnknown
from reactor_chat.e2ee.membership.rules import MembershipRules
from reactor_chat.e2ee.state.desk import Desk
from reactor_chat.e2ee.state.own_commit import SubmittedCommit
from reactor_chat.e2ee.state.setbacks import FORK, RESTORED, Setbacks
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.state.transcript_hash import read_mark
from reactor_chat.e2ee.states import State, Transition
from reactor_chat.e2ee.terms import Claim, agree, terms_of
from reactor_chat.e2ee.trust.trust_book import Known, Trust
from reactor_chat.errors import MlsError, MlsRefused
from reactor_chat.mls.group import Group
from reactor_chat.mls.outcomes import JoinedGroup, ReceivedCommit
from reactor_chat.wire.conversation import Scope
from reactor_chat.wire.messages import SealCommitted, SealCreated, fold

MISSED = "the server did not show you every change of keys"
FORGOTTEN = "the server has forgotten changes of keys that it showed you. @encrypt reset starts over"
NAMES_IN_A_NOTE = 25  # 25 names of 32 characters fit into the 1,000 characters of a note
REJOIN_JITTER_MS = 6 * 3600 * 1000
"""Keys of those who were let in together do not become old in the same instant."""


class Epochs:
    """The epochs of one conversation, as the journal brings them.

    Args:
        desk: what all conversations share.
        talk: the conversation.
        keys: takes note of the keys of others.
        rules: judge what others do.
        setbacks: stop what does not hold.
    """

    def __init__(self, desk: Desk, talk: Talk, keys: PeerKeys, rules: MembershipRules, setbacks: Setbacks) -> None:
        self._desk = desk
        self._talk = talk
        self._keys = keys
        self._rules = rules
        self._setbacks = setbacks

    def needed_blob(self, notice: SealCommitted) -> bytes | None:
        """Return the hash of what must be fetched before a commit can be taken, None where nothing is."""
        if not self._is_of_claim(notice):
            return None
        if self._own_package(notice) is not None:
            return notice.welcome
        group = self._talk.group
        if not self._talk.is_in or group is None or notice.epoch != group.epoch or self._is_ours(notice):
            return None
        return notice.commit_blob

    def commit_came(self, notice: SealCommitted) -> bool:
        """Take a commit from the journal, everything it needs being there.

        Returns:
            False where it must wait: a Welcome that needs a passphrase nobody has typed yet, or another one.
        """
        if not self._is_of_claim(notice):
            return True
        group = self._talk.group if self._talk.is_in else None
        if group is not None and notice.epoch < group.epoch:
            text = f"The server showed an old change of keys of {self._talk.wording.inside} again; it was ignored"
            self._desk.note(NoteKind.ALARM, text, self._talk.where)
            return True
        added = [fold(add.name) for add in notice.adds]
        self._talk.commit_told(added, map(fold, notice.removes))
        if (reference := self._own_package(notice)) is not None:
            return self._enter(notice, reference)
        if self._desk.me in added:
            self._setbacks.lose("somebody let you in by a key that is no longer here")
        elif group is not None:
            self._commit_of_ours_came(notice, group)
        return True

    def creation_came(self, notice: SealCreated, claim: Claim) -> bool:
        """Take our own creation from the journal; return whether it is ours.  `claim` is what the server says of it.

        Args:
            notice: from the journal.
            claim: what the server says of it.
        """
        pending = self._talk.commit.pending
        if pending is None or not pending.is_creation or fold(notice.sender) != self._desk.me:
            return False
        group = Group.deserialize(pending.group)
        if group.group_id != notice.group_id:
            return False
        self._talk.claim(claim)
        self._talk.commit.keep(None)
        if not agree(group, claim, self._talk.where, self._desk.me):
            self._setbacks.freeze("the server names other terms than yours")
            return True
        self._talk.transcript.begin(group.group_id, 0, notice.seq, hashlib.sha256().digest(), is_continued=False)
        self._talk.enter(group)
        self._talk.renewed(self._desk.wall_ms)
        self._talk.created()
        self._talk.step(Transition.ESTABLISH)
        self._desk.note(NoteKind.NEWS, f"{self._talk.wording.first} is encrypted now", self._talk.where)
        return True

    def compare(self) -> None:
        """Compare the epoch the server told at the end of the replay with where the replay led us."""
        there, group, pending = self._talk.sync.take_epoch_there(), self._talk.group, self._talk.commit.pending
        if there is None or group is None or not self._talk.is_in:
            return
        if there > group.epoch:
            self._setbacks.lose(MISSED)
        elif there < group.epoch:
            self._setbacks.freeze(FORGOTTEN)
        elif not self._talk.sync.listed:
            self._setbacks.lose("the server does not list you as a member")
        elif pending is not None and pending.is_refused:
            self._talk.sync.stall(self._talk.group_epoch)

    # ------------------------------------------------------------------------------------------ commits

    def _is_of_claim(self, notice: SealCommitted) -> bool:
        claim = self._talk.record.claim
        return claim is not None and notice.group_id == claim.group_id

    def _own_package(self, notice: SealCommitted) -> bytes | None:
        """Return the reference of the package of ours by which a commit lets us in, None where it does not."""
        for add in notice.adds:
            is_mine = fold(add.name) == self._desk.me and self._desk.packages.has(add.reference)
            if is_mine and notice.welcome is not None:
                return add.reference
        return None

    def _is_ours(self, notice: SealCommitted) -> bool:
        """Return whether a commit is the very one that waits to be accepted."""
        pending = self._talk.commit.pending
        return pending is not None and not pending.is_creation and _entry(notice) == hash_of(pending.message)

    def _commit_of_ours_came(self, notice: SealCommitted, group: Group) -> None:
        """Take a commit of the group that we are in."""
        if notice.epoch > group.epoch:
            self._setbacks.lose(MISSED)
        elif self._is_ours(notice):
            self._adopt(notice)
        elif fold(notice.sender) == self._desk.me:
            self._setbacks.freeze(RESTORED)
        else:
            self._apply(notice, group)

    def _adopt(self, notice: SealCommitted) -> None:
        """Our own commit was accepted."""
        pending, before = self._talk.commit.pending, self._talk.people
        assert pending is not None
        group = Group.deserialize(pending.group)
        self._talk.commit.keep(None)
        self._go_on(notice, group)
        self._talk.renewed(self._desk.wall_ms)
        removed = [person for person in before.values() if person.name in pending.removes]
        self._announce(MembershipChange(self._desk.own_person, self._newcomers(pending, before), removed))

    def _newcomers(self, pending: SubmittedCommit, before: dict[int, Person]) -> list[Person]:
        """Return whom a commit of ours let in, those who were taken out by it first included."""
        meant, removed = {fold(add.name) for add in pending.adds}, set(map(fold, pending.removes))
        now = ((leaf, person) for leaf, person in self._talk.people.items() if person.folded in meant)
        return [person for leaf, person in now if before.get(leaf) != person or person.folded in removed]

    def _apply(self, notice: SealCommitted, group: Group) -> None:
        message = notice.commit if notice.commit is not None else self._talk.blobs.use_up(notice.commit_blob)
        psks = self._talk.passphrase.psks(group.group_id, terms_of(group).salt)
        try:
            received = group.receive(message, psks=psks, members_max=self._desk.members_max)
            if not isinstance(received, ReceivedCommit):
                raise MlsRefused("a proposal in the place of a commit")
        except MlsError:
            self._setbacks.lose(f"a change of keys by {notice.sender} cannot be followed")
            return
        try:
            change = self._rules.check_received(received, notice)
        except MlsError:
            why = f"{notice.sender} changed the members in a way that is not allowed"
            self._setbacks.freeze(f"{why}. @encrypt reset starts over")
            return
        if not self._talk.transcript.agrees(read_mark(received.authenticated_data)):
            self._setbacks.freeze(FORK)
        elif received.group is None:
            self._taken_out(change.by)
        else:
            self._enter_applied(notice, received.group, change)

    def _enter_applied(self, notice: SealCommitted, group: Group, change: MembershipChange) -> None:
        for person in change.added:
            self._keys.see(person.name, person.key)
        self._talk.commit.follow_winner()
        self._go_on(notice, group)
        self._announce(change)

    def _go_on(self, notice: SealCommitted, group: Group) -> None:
        self._talk.transcript.begin(group.group_id, group.epoch, notice.seq, _entry(notice), is_continued=True)
        self._talk.enter(group)

    def _taken_out(self, by: Person) -> None:
        self._talk.taken_out()
        text = f"{by.name} took you out of {self._talk.wording.inside}: you can no longer read it"
        self._desk.note(NoteKind.ALARM, text, self._talk.where)

    # ------------------------------------------------------------------------------------------ Welcomes

    def _enter(self, notice: SealCommitted, reference: bytes) -> bool:
        """Enter by a Welcome; False where another passphrase is needed."""
        claim, own = self._talk.record.claim, self._desk.packages.find(reference)
        assert claim is not None
        if self._talk.state is State.FROZEN:
            return True  # a person looks first, and then asks to be let in
        if claim.kdf is not None and self._talk.passphrase.key is None:
            self._desk.note(NoteKind.ALARM, self._passphrase_wanted(), self._talk.where)
            return False
        if own is None:
            self._setbacks.lose("your key for it cannot be read")
            return True
        try:
            psks = self._talk.passphrase.psks(claim.group_id, claim.salt)
            welcome = self._talk.blobs.look(notice.welcome)
            joined = Group.open_welcome(welcome, own, psks=psks, members_max=self._desk.members_max)
            by = self._rules.check_welcome(joined, notice)
        except OwnerUnknown as unknown:
            self._ask_about_owner(unknown.members)
        except MlsError:
            return not self._is_without_its_passphrase(notice, claim)
        else:
            self._talk.blobs.use_up(notice.welcome)
            self._entered(notice, joined, by)
            self._desk.packages.use_up(reference)
        return True

    def _is_without_its_passphrase(self, notice: SealCommitted, claim: Claim) -> bool:
        """Whether a Welcome that does not hold may be for want of the right passphrase; else we are lost."""
        if claim.kdf is None:
            self._setbacks.lose(f"what {notice.sender} let you in with is not valid")
            return False
        self._talk.passphrase.forget()
        self._desk.note(NoteKind.ALARM, f"Not let in: {self._passphrase_wanted()}", self._talk.where)
        return True

    def _passphrase_wanted(self) -> str:
        order = {Scope.ROOM: "@encrypt on <passphrase>"}.get(self._talk.where.scope, "the passphrase")
        return f"{self._talk.wording.inside} needs another passphrase. Type {order}"

    def _ask_about_owner(self, members: MemberList) -> None:
        """Somebody's list came whom nobody here ever called the owner: a person looks at it and decides."""
        self._talk.offer_owner(members.owner)
        names = ", ".join(sorted((entry.name for entry in members.members), key=fold))
        owner = "you signed" if members.owner.key == self._desk.own_key else f"{members.owner.name} signed"
        unknown = "which this client does not know. @encrypt on accepts it"
        self._setbacks.freeze(f"{owner} the list of members ({names}), {unknown}")

    def _entered(self, notice: SealCommitted, joined: JoinedGroup, by: Person) -> None:
        group = joined.group
        was_in = self._talk.is_in and self._talk.group is not None and self._talk.group.epoch == notice.epoch
        for leaf, node in group.members.items():
            if leaf != group.own_leaf:
                self._keys.see(person_of(node).name, node.signature_key)
        if terms_of(group).closed:
            with self._talk.changing() as record:
                record.take_list_back(members_of(group), self._desk.own_key)
        self._talk.transcript.begin(group.group_id, group.epoch, notice.seq, _entry(notice), is_continued=was_in)
        self._talk.commit.keep(None)
        self._talk.enter(group)
        jitter = int.from_bytes(self._desk.random(4)) % REJOIN_JITTER_MS
        self._talk.renewed(max(0, self._desk.wall_ms - jitter))
        if not self._talk.record.is_declined:
            self._talk.step(Transition.ARM)
        self._talk.step(Transition.ESTABLISH)
        self._announce_readers(by)

    # ------------------------------------------------------------------------------------------ what a person reads

    def _announce_readers(self, by: Person) -> None:
        """Name everybody who can read, before a line is sent to them."""
        where, others = self._talk.where, self._talk.names - {self._desk.me}
        names = sorted((person.name for person in self._talk.people.values() if person.folded in others), key=fold)
        if where.scope is Scope.PAIR:
            self._desk.note(NoteKind.NEWS, f"{self._talk.wording.first} is now encrypted", where)
            return
        first = f"{by.name} let you into {self._talk.wording.inside}. Readers: "
        for at in range(0, max(1, len(names)), NAMES_IN_A_NOTE):
            some = ", ".join(names[at : at + NAMES_IN_A_NOTE])
            self._desk.note(NoteKind.NEWS, (first if at == 0 else "and ") + some, where)

    def _announce(self, change: MembershipChange) -> None:
        for person in change.removed:
            if person.folded in {added.folded for added in change.added}:
                self._talk.newcomers.readmitted(person.folded, self._desk.now)
        for line in self._in_words(change):
            self._desk.note(NoteKind.NEWS, line, self._talk.where)

    def _in_words(self, change: MembershipChange) -> list[str]:
        """Return a line for each newcomer and each who left."""
        by = "You" if change.by.folded == self._desk.me else change.by.name
        where = self._talk.wording.where.in_words_beside_name
        back = {person.folded for person in change.removed} & {person.folded for person in change.added}
        lines = []
        for person in change.added:
            known = self._desk.trust.look_up(person.name)
            state = "your own key" if person.folded == self._desk.me else _of_key(known)
            again = " again" if person.folded in back else ""
            lines.append(f"{by} let {person.name} read {where}{again} ({state})")
        gone = (person for person in change.removed if person.folded not in back)
        lines += [f"{by} took {person.name} out of {where}: {person.name} can no longer read it" for person in gone]
        return lines


def _of_key(known: Known | None) -> str:
    if known is None:
        return "unknown key"
    return f"{known.state.value} key" + (", not verified" if known.state is Trust.NEW else "")


def _entry(notice: SealCommitted) -> bytes:
    """Return the hash of the commit itself."""
    return notice.commit_blob or hash_of(notice.commit or b"")
