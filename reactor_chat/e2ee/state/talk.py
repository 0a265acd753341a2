"""One conversation as one person has it: how it stands, its group, what waits to be said or heard; kept row by row.

Every change is written to the store in the step that makes it, so what a restart finds is what the last commit left.
Each part has an owner: `record`, `lines`, `commit`, `backlog`, `transcript`, `passphrase` and the group are kept,
`sync`, `retry`, `blobs` and `newcomers` are not.  Nobody outside writes an attribute: each verb is one thing that
happens, and leaves the conversation whole.  From outside `record` is changed only within `changing`.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from reactor_chat.e2ee.blobs import Blobs
from reactor_chat.e2ee.identity import Person, person_of
from reactor_chat.e2ee.member_list import Member, members_of
from reactor_chat.e2ee.state.group_rows import GroupRows
from reactor_chat.e2ee.state.lines import Lines, TypedLine, line_of
from reactor_chat.e2ee.state.newcomers import Newcomers
from reactor_chat.e2ee.state.own_commit import OwnCommit
from reactor_chat.e2ee.state.passphrase_key import PassphraseKey
from reactor_chat.e2ee.state.record import ConversationRecord, read_record
from reactor_chat.e2ee.state.retry import Retry
from reactor_chat.e2ee.state.sync import Sync
from reactor_chat.e2ee.state.transcript_hash import TranscriptHash
from reactor_chat.e2ee.state.waiting_notices import WaitingNotices
from reactor_chat.e2ee.state.wording import Wording
from reactor_chat.e2ee.states import State, Transition, after
from reactor_chat.e2ee.store import Store
from reactor_chat.e2ee.terms import Claim, Strength, common_name, strength_of, terms_of
from reactor_chat.errors import MlsError
from reactor_chat.mls.group import Group
from reactor_chat.mls.tree.secrettree import RatchetKind
from reactor_chat.wire.conversation import Conversation, Scope, Spoken
from reactor_chat.wire.messages import fold


class Talk:
    """One conversation.

    Args:
        where: which.
        me: folded name of our person.
        store: keeps it.
        is_private: what is typed there is sealed or held from the beginning.

    Attributes:
        is_note_to_self: our person talks to themselves there.
        common_name: of the conversation, the same for everybody in it.
        record: what is kept of how it stands.
        wording: what people call it.
        lines: typed, and not heard back yet.
        newcomers: who wants in, and who should be out.
        commit: of ours, that is wanted or waits to be accepted.
        backlog: notices that wait for what the first of them needs.
        blobs: fetched for commits.
        transcript: a hash over what was heard.
        retry: when to try again what could not be done.
        group: None while we are in none.
        people: who is who in the group, by leaf.
        passphrase: its key, where one is required.
        was_released: the operator gave our own name free, so that we were taken out by nobody's will.
        sync: how far we are in step with the server, on this connection.
    """

    def __init__(self, where: Conversation, me: str, store: Store, *, is_private: bool = False) -> None:
        self.where = where
        self.is_note_to_self = where == Conversation.pair(me)
        self.common_name = common_name(where, me)
        self._me = me
        self._store = store
        self._key = where.key
        self.record = read_record(store, self._key)
        if is_private and self.record.state is State.PLAIN and not self.record.is_declined:
            self.record.state = State.ARMING
        self.wording = Wording(where, self.record)
        self.lines = Lines(store, self._key)
        self.newcomers = Newcomers()
        self.commit = OwnCommit(store, self._key)
        self.backlog = WaitingNotices(store, self._key)
        self.blobs = Blobs()
        self.transcript = TranscriptHash(store, self._key)
        self.passphrase = PassphraseKey(store, self._key)
        self.sync, self.retry = Sync(), Retry()
        self._group_rows = GroupRows(store, self._key)
        self.group: Group | None = None
        self.people: dict[int, Person] = {}
        self._load_group()
        self.was_released = False

    def spell(self, name: str) -> None:
        """Keep how the name of the other one or of the group is spelled."""
        if fold(name) == self.where.name and self.record.spelled != name:
            self.record.spelled = name
            self._save()

    # ------------------------------------------------------------------------------------------ how it stands

    @property
    def state(self) -> State:
        """What becomes of a line typed now."""
        return self.record.state

    @property
    def may_be_plain(self) -> bool:
        """Whether a line may leave plain though the server does not say how it is sealed: the person sees `plain`.

        Private conversations come here only where their person ordered plain text.
        """
        claim = self.record.claim
        return self.state is State.PLAIN and (claim is None or not claim.require)

    def step(self, step: Transition, reason: str = "") -> bool:
        """Take a step of the table; return whether it changed the state.

        Args:
            step: what happened.
            reason: why, in words, where it leads to `frozen`.
        """
        was, self.record.state = self.record.state, after(self.record.state, step)
        if self.record.state is State.FROZEN:
            self.record.reason = reason or self.record.reason
        self._save()
        return was is not self.record.state

    @contextmanager
    def changing(self) -> Iterator[ConversationRecord]:
        """Give the record to whoever says, with its verbs, what happened; it is written once they are done."""
        yield self.record
        self._save()

    def cut(self) -> None:
        """Forget what held only for the connection."""
        self.sync, self.retry = Sync(), Retry()
        self.blobs.coming.clear()
        self.commit.cut()

    def claim(self, claim: Claim) -> None:
        """The server tells of a creation that is ours."""
        self.record.claim = claim

    def claim_anew(self, claim: Claim, *, is_ours: bool) -> None:
        """Somebody sealed it, for the first time or once more; we were not there, even where we are said to have.

        Args:
            is_ours: the server says that it was us.
        """
        self.record.claim_anew(claim)
        if self.where.scope is Scope.ROOM and self.record.owner is None:
            self.record.founder = claim.by  # whoever closes the open room keeps its list; a list can only narrow it
        self.commit.keep(None)
        self.newcomers.forget_all()
        self.sync.claimed_anew(is_ours=is_ours)
        self._save()
        self.passphrase.forget_unless(claim.salt)

    def unclaim(self) -> None:
        """It is not sealed any more, as the server says."""
        self.record.claim = None
        self._save()

    def offer_owner(self, owner: Member) -> None:
        """A list came by somebody of whom we do not know that they own the conversation; a person decides."""
        self.record.offered_owner = owner

    def offer_strength(self, strength: Strength) -> None:
        """Somebody sealed it anew with weaker terms; a person decides."""
        self.record.offered_strength = strength

    def go_along(self) -> None:
        """A person's order: take what there is now, and ask to be let in, or begin anew."""
        self.record.go_along(is_group=self.where.scope is Scope.GROUP)
        self._forget_group()
        self.step(Transition.REARM)
        self.sync.go_along()

    def begin_anew(self, strength: Strength | None) -> None:
        """A person's order: another group in the place of the one there is, with these terms."""
        self.leave()
        self.step(Transition.REARM if self.state is State.FROZEN else Transition.ARM)
        self.step(Transition.LOSE)
        self.record.begin_anew(strength)
        self.commit.try_afresh()
        self.sync.begin_anew()
        self._save()

    def ask_in_again(self) -> None:
        """A person's order: whoever is not in may ask once more to be let in."""
        self.sync.ask_in_again(is_in=self.is_in)

    def derived(self, key: bytes | None) -> None:
        """The key of a passphrase was derived; None where that failed."""
        self.passphrase.derived(key)
        if key is not None:
            self.sync.may_ask_in()

    # ------------------------------------------------------------------------------------------ the group

    @property
    def is_in(self) -> bool:
        """Whether we are in the group that the server speaks of."""
        claim = self.record.claim
        return self.group is not None and claim is not None and self.group.group_id == claim.group_id

    @property
    def names(self) -> set[str]:
        """Folded names of the members."""
        return {person.folded for person in self.people.values()}

    @property
    def group_epoch(self) -> tuple[bytes, int] | None:
        """Group and epoch; None while we are in none."""
        return None if self.group is None else (self.group.group_id, self.group.epoch)

    def enter(self, group: Group) -> None:
        """Go on in a new epoch, held to what it promises; the old one's secrets are gone with this step's commit."""
        if self.group is not None:
            self.record.sent_before += self.own_messages
        self.group = group
        self.people = _people_of(group)
        self._group_rows.begin_epoch(group)
        self.commit.stop_wanting()
        self.commit.try_afresh()
        self.retry.at_once()
        self.record.agree_to(strength_of(group), members_of(group) if terms_of(group).closed else None)
        self._save()

    def renewed(self, wall_ms: int) -> None:
        """Our own keys in the group are new since then."""
        self.record.refreshed_ms, self.record.sent_before = wall_ms, 0
        self._save()

    def move(self, group: Group, leaf: int, kind: RatchetKind = RatchetKind.APPLICATION) -> None:
        """Go on in the same epoch, one message later.

        Args:
            leaf: of who said the message.
            kind: of the ratchet that moved.
        """
        assert self.group is not None
        self._group_rows.move(self.group, group, leaf, kind)
        self.group = group

    def leave(self) -> None:
        """Forget the group and everything that belongs to it, but who was in it: one of them may let us in again."""
        if self.people:
            self.record.known_members = [Member(person.name, person.key) for person in self.people.values()]
            self._save()
        self._forget_group()

    def lose(self) -> bool:
        """Give up a group that we cannot follow any more; return whether that happened too often to ask again."""
        place = self.group_epoch
        gives_up = self.sync.lose(is_again=place is not None and self.record.lost_at == place)
        self.record.lost_at = place or self.record.lost_at
        self.leave()
        self.step(Transition.LOSE)
        return gives_up

    def taken_out(self) -> None:
        """A member took us out; whoever was taken out asks back by order only."""
        self.leave()
        self.step(Transition.LOSE)
        self.sync.taken_out(may_ask=self.was_released)

    def released(self, name: str) -> bool:
        """A folded name was given free: whoever takes it next is somebody else; return whether a member bore it."""
        self.was_released = self.was_released or name == self._me
        is_member = name in self.names
        if is_member and self.where != Conversation.pair(name):  # else the pair is over
            self.newcomers.leavers.add(name)
        return is_member

    def give_up(self) -> None:
        """We left the group or deleted it, by our own order; what was held for it is for no other of that name."""
        self.lines.park()
        self.leave()
        self.step(Transition.LOSE)
        self.record.give_up()
        self._save()

    def forget_predecessor(self) -> None:
        """A group of ours was created: whatever bore its name before is over."""
        if self.group is not None:
            self.leave()
        self.record.claim = None

    @property
    def own_messages(self) -> int:
        """How many messages of ours the present epoch has seen."""
        if self.group is None:
            return 0
        return self.group.state.secret_tree.next_generation(self.group.own_leaf, RatchetKind.APPLICATION)

    # ------------------------------------------------------------------------------------------ members and keys

    def created(self) -> None:
        """Our creation is in the journal: everybody else is let in at once."""
        self.sync.created()
        self.commit.make_urgent()

    def spend(self, group: Group) -> None:
        """A commit was made, with a key that is used up."""
        self.move(group, group.own_leaf, RatchetKind.HANDSHAKE)
        self.commit.is_urgent = False

    def lose_race(self) -> None:
        """Another commit or creation won; ask how it is sealed now."""
        self.commit.lost()
        self.sync.check_again()

    def change_refused(self) -> None:
        """The server does not take a change of ours: nobody is let in by it."""
        self.commit.refused()
        self.newcomers.forget_all()

    def commit_told(self, adds: Iterable[str], removes: Iterable[str]) -> None:
        """Keep up with what the server counts; all names are folded."""
        added, removed = set(adds), set(removes)
        self.newcomers.came_and_went(added, removed)
        self.sync.came_and_went(added, removed, self._me)

    # ------------------------------------------------------------------------------------------ what waits

    def line(self, request: Spoken) -> TypedLine:
        """Return a typed line with its place in the order of all lines."""
        self.record.lines += 1
        self._save()
        return line_of(self.record.lines, request, is_secret=self.state is not State.PLAIN)

    def _save(self) -> None:
        self.record.write(self._store, self._key)

    def _forget_group(self) -> None:
        self.group, self.people = None, {}
        self._group_rows.drop()
        self.transcript.forget()
        self.commit.keep(None)

    def _load_group(self) -> None:
        """Read the group; one that cannot be read is none, and we have to be let in again."""
        try:
            group = self._group_rows.load()
            self.people = {} if group is None else _people_of(group)
        except MlsError:
            return
        self.group = group


def _people_of(group: Group) -> dict[int, Person]:
    """Return who is who in a group, by leaf; MlsRefused where a member is none that a client of ours makes."""
    return {leaf: person_of(node) for leaf, node in group.members.items()}
