"""One conversation as one person has it: how it stands, its group, what waits to be said or heard; kept row by row.

Every change is written to the store in the step that makes it, so what a restart finds is what the last commit left.
What is not kept (how far we caught up on this connection, what was asked) begins anew with each connection.  Nobody
outside writes an attribute: each verb is one thing that happens, and leaves the conversation whole.
"""

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from reactor_chat.e2ee.blobs import Blobs
from reactor_chat.e2ee.conversation import Conversation, Scope, Spoken
from reactor_chat.e2ee.identity import Person, person_of
from reactor_chat.e2ee.member_list import Entry, members_of
from reactor_chat.e2ee.passphrase import psk_name
from reactor_chat.e2ee.state.lines import Line, Lines, line_of
from reactor_chat.e2ee.state.newcomers import Newcomers
from reactor_chat.e2ee.state.own_commit import OwnCommit
from reactor_chat.e2ee.state.record import Record
from reactor_chat.e2ee.state.retry import Retry
from reactor_chat.e2ee.state.transcript_hash import Chain
from reactor_chat.e2ee.state.waiting_notices import WaitingNotices
from reactor_chat.e2ee.states import State, Step, after
from reactor_chat.e2ee.store import Store, Table
from reactor_chat.e2ee.terms import Claim, Strength, common_name, strength_of, terms_of
from reactor_chat.errors import MlsError
from reactor_chat.mls import increments
from reactor_chat.mls.epoch.state import PskSecrets
from reactor_chat.mls.group import NO_PSKS, Group
from reactor_chat.mls.tree.secrettree import RatchetKind
from reactor_chat.wire.messages import fold

LOSSES_MAX = 3
"""How often, on one connection, we ask by ourselves to be let in again."""

IDS_REMEMBERED = 1_000

T = TypeVar("T")


class Founding:
    """What has been found out so far for a conversation that is to be sealed: who can be in it, with which suite.

    Attributes:
        names: as spelled, of those who should be in it.
        suite: asked for last.
        found: folded names of those who have packages of it.
        missing: names of those who have none of it.
    """

    def __init__(self, suite: int) -> None:
        self.names: list[str] = []
        self.suite = suite
        self.found: set[str] = set()
        self.missing: list[str] = []


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
        lines: typed, and not heard back yet.
        newcomers: who wants in, and who should be out.
        commit: of ours, that is wanted or waits to be accepted.
        backlog: notices that wait for what the first of them needs.
        blobs: fetched for commits.
        retry: when to try again what could not be done.
        chain: of what was heard.
        group: None while we are in none.
        people: who is who in the group, by leaf.
        shared_key: what the passphrase gave, with `shared_salt`.
        passphrase_salt: of the derivation that is under way.
        was_released: the operator gave our own name free, so that we were taken out by nobody's will.

    These hold for the connection:

    Attributes:
        current: the replay is over for this conversation.
        listed: the server counts us among the members.
        has_asked: to be let in.
        begins_anew: a person ordered another group in the place of the one there is.
        stalled: group and epoch in which the server takes no messages.
        waits_for: why it is not sealed yet, in words, where that is more than waiting for keys.
        founding: under way.
    """

    def __init__(self, where: Conversation, me: str, store: Store, *, is_private: bool = False) -> None:
        self.where = where
        self.is_note_to_self = where == Conversation.pair(me)
        self.common_name = common_name(where, me)
        self._store = store
        self._key = where.key
        self.record = self._read(Table.CONVERSATION, Record) or Record()
        if is_private and self.record.state is State.PLAIN and not self.record.is_declined:
            self.record.state = State.ARMING
        self.lines = Lines(store, self._key)
        self.newcomers = Newcomers()
        self.commit = OwnCommit(store, self._key)
        self.backlog = WaitingNotices(store, self._key)
        self.blobs = Blobs()
        self.chain = Chain(store, self._key)
        self.shared_key, self.shared_salt = self._read_shared()
        self.passphrase_salt: bytes | None = None
        self.group: Group | None = None
        self.people: dict[int, Person] = {}
        self._load_group()
        self._recent_ids: dict[tuple[str, str], None] = {}
        self.was_released = False
        self.cut()

    def spell(self, name: str) -> None:
        """Keep how the name of the other one or of the group is spelled."""
        if fold(name) == self.where.name and self.record.spelled != name:
            self.record.spelled = name
            self.save()

    @property
    def in_words(self) -> str:
        """What a person calls it."""
        return self.spelled_where.in_words

    @property
    def spelled_where(self) -> Conversation:
        """The conversation with its name as it is spelled, for a person to read."""
        return self.where._replace(name=self.record.spelled or self.where.name)

    @property
    def first_in_words(self) -> str:
        """The same where a sentence begins with it."""
        words = self.in_words
        return words[0].upper() + words[1:]

    @property
    def how_to_send_plain(self) -> str:
        """The command that turns encryption off there, as it is typed."""
        name = self.record.spelled or self.where.name
        ending = {Scope.ROOM: "", Scope.PAIR: f" @{name}", Scope.GROUP: f" {name}"}[self.where.scope]
        return f"@encrypt off{ending}"

    # ------------------------------------------------------------------------------------------ the connection

    def cut(self) -> None:
        """Forget what held only for the connection."""
        self.current = self.listed = self.has_asked = False
        self._is_told = self.begins_anew = False
        self.retry = Retry()
        self.stalled: tuple[bytes, int] | None = None
        self._epoch_there: int | None = None
        self._losses = 0
        self.waits_for = ""
        self.founding: Founding | None = None
        self.blobs.coming.clear()
        self.commit.cut()

    def catch_up(self) -> None:
        """The replay of this connection is over for this conversation."""
        self.current = True

    def check_again(self) -> None:
        """Nothing more is done before the server was asked once more how it is sealed."""
        self.current = False

    def count(self, *, is_listed: bool, is_waiting: bool, epoch: int | None) -> None:
        """The server says whether it counts us among the members or those who wait, and which epoch it has."""
        self.listed, self._epoch_there = is_listed, epoch
        self.has_asked = self.has_asked or (is_waiting and not is_listed)

    def take_epoch_there(self) -> int | None:
        """Return the epoch that the server told last, once; None where it was compared already."""
        there, self._epoch_there = self._epoch_there, None
        return there

    def tell_once(self) -> bool:
        """Return whether the person was not told yet that lines are held, or why."""
        was_told, self._is_told = self._is_told, True
        return not was_told

    def tell_again(self) -> None:
        """Something changed: the next obstacle is news."""
        self._is_told = False

    def wait_for(self, words: str) -> None:
        """Say why it is not sealed yet."""
        self.waits_for = words

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

    def step(self, step: Step, reason: str = "") -> bool:
        """Take a step of the table; return whether it changed the state."""
        was, self.record.state = self.record.state, after(self.record.state, step)
        if self.record.state is State.FROZEN:
            self.record.reason = reason or self.record.reason
        self.save()
        return was is not self.record.state

    def save(self) -> None:
        """Write the record."""
        self._write(Table.CONVERSATION, self.record)

    def claim(self, claim: Claim) -> None:
        """The server tells of a creation that is ours."""
        self.record.claim = claim

    def claim_anew(self, claim: Claim, *, is_ours: bool) -> None:
        """Somebody sealed it, for the first time or once more; we were not there, even where we are said to have."""
        self.record.claim_anew(claim)
        if self.where.scope is Scope.ROOM and self.record.owner is None:
            self.record.founder = claim.by  # whoever closes the open room keeps its list; a list can only narrow it
        self.commit.keep(None)
        self.newcomers.forget_all()
        self.has_asked, self.listed, self.founding, self._epoch_there = False, is_ours, None, None
        self.waits_for = ""
        self.save()
        if self.shared_key is not None and self.shared_salt != claim.salt:
            self.share(None)

    def unclaim(self) -> None:
        """It is not sealed any more, as the server says."""
        self.record.claim = None
        self.save()

    def offer_owner(self, owner: Entry) -> None:
        """A list came by somebody of whom we do not know that they own the conversation; a person decides."""
        self.record.offered_owner = owner

    def offer_strength(self, strength: Strength) -> None:
        """Somebody sealed it anew with weaker terms; a person decides."""
        self.record.offered_strength = strength

    def go_along(self) -> None:
        """A person's order: take what there is now, and ask to be let in, or begin anew."""
        self.record.go_along(is_group=self.where.scope is Scope.GROUP)
        self._forget_group()
        self.step(Step.REARM)
        self.has_asked = self.current = False

    def begin_anew(self, strength: Strength | None) -> None:
        """A person's order: another group in the place of the one there is, with these terms."""
        self.leave()
        self.step(Step.REARM if self.state is State.FROZEN else Step.ARM)
        self.step(Step.LOSE)
        self.record.begin_anew(strength)
        self.commit.try_afresh()
        self.begins_anew = True
        self.save()

    def ask_in_again(self) -> None:
        """A person's order: whoever is not in may ask once more to be let in."""
        self.has_asked, self._losses = self.has_asked and self.is_in, 0

    # ------------------------------------------------------------------------------------------ the passphrase

    def share(self, key: bytes | None, salt: bytes = b"") -> None:
        """Keep what a passphrase gave with this salt; None forgets it."""
        self.shared_key, self.shared_salt = key, salt if key is not None else b""
        if key is None:
            self._store.drop(Table.SHARED_KEY, self._key)
        else:
            self._store.put(Table.SHARED_KEY, self._key, key + salt)

    def shared_keys(self, group_id: bytes, salt: bytes) -> PskSecrets:
        """Return what a passphrase gave, under the name a group calls it by."""
        return NO_PSKS if self.shared_key is None else {psk_name(group_id, salt): self.shared_key}

    def derive_with(self, salt: bytes) -> None:
        """A key is being derived from a passphrase, with this salt."""
        self.passphrase_salt = salt

    def derived(self, key: bytes | None) -> None:
        """The derivation is over; None where it failed."""
        if key is not None:
            self.share(key, self.passphrase_salt or b"")
            self.has_asked = False
        self.passphrase_salt = None

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
    def place(self) -> tuple[bytes, int] | None:
        """Group and epoch; None while we are in none."""
        return None if self.group is None else (self.group.group_id, self.group.epoch)

    def enter(self, group: Group) -> None:
        """Go on in a new epoch, held to what it promises; the old one's secrets are gone with this step's commit."""
        if self.group is not None:
            self.record.sent_before += self.own_messages
        self.group = group
        self.people = {leaf: person_of(node) for leaf, node in group.members.items()}
        self._store.put(Table.GROUP, self._key, increments.fixed(group))
        self._store.drop_all(Table.RATCHET, self._key)
        self._write_moving(increments.moving(group))
        self.commit.stop_wanting()
        self.commit.try_afresh()
        self.retry.at_once()
        self.record.agree_to(strength_of(group), members_of(group) if terms_of(group).closed else None)
        self.save()

    def renewed(self, wall_ms: int) -> None:
        """Our own keys in the group are new since then."""
        self.record.refreshed_ms, self.record.sent_before = wall_ms, 0
        self.save()

    def move(self, group: Group, leaf: int, kind: RatchetKind = RatchetKind.APPLICATION) -> None:
        """Go on in the same epoch, one message later."""
        assert self.group is not None
        self._write_moving(increments.moved(self.group, group, leaf, kind))
        self.group = group

    def leave(self) -> None:
        """Forget the group and everything that belongs to it, but who was in it: one of them may let us in again."""
        if self.people:
            self.record.known_members = [Entry(person.name, person.key) for person in self.people.values()]
            self.save()
        self._forget_group()

    def lose(self) -> bool:
        """Give up a group that we cannot follow any more; return whether that happened too often to ask again."""
        place = self.place
        self._losses += 1
        gives_up = self._losses > LOSSES_MAX  # a server could make everybody commit for ever
        self.has_asked = gives_up or (place is not None and self.record.lost_at == place)
        self.record.lost_at = place or self.record.lost_at
        self.leave()
        self.step(Step.LOSE)
        return gives_up

    def taken_out(self) -> None:
        """A member took us out; whoever was taken out asks back by order only."""
        self.leave()
        self.step(Step.LOSE)
        self.has_asked = not self.was_released

    def give_up(self) -> None:
        """We left the group or deleted it, by our own order; what was held for it is for no other of that name."""
        self.lines.park()
        self.leave()
        self.step(Step.LOSE)
        self.record.give_up()
        self.save()

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
        self.listed = True
        self.commit.hurry()

    def spend(self, group: Group) -> None:
        """A commit was made, with a key that is used up."""
        self.move(group, group.own_leaf, RatchetKind.HANDSHAKE)
        self.commit.is_urgent = False

    def lose_race(self) -> None:
        """Another commit or creation won; ask how it is sealed now."""
        self.commit.lost()
        self.check_again()

    def change_refused(self) -> None:
        """The server does not take a change of ours: nobody is let in by it."""
        self.commit.refused()
        self.newcomers.forget_all()

    def commit_told(self, adds: Iterable[str], removes: Iterable[str], me: str) -> None:
        """Keep up with what the server counts; all names are folded."""
        for name in removes:
            self.newcomers.leavers.discard(name)
            self.listed = self.listed and name != me
        for name in adds:
            self.newcomers.forget(name)
            self.listed = self.listed or name == me

    def asks_in(self) -> None:
        """We ask to be let in."""
        self.has_asked = True

    def may_ask_in(self) -> None:
        """Nobody heard that we asked."""
        self.has_asked = False

    def stall(self) -> None:
        """The server takes no messages of the present epoch."""
        self.stalled = self.place

    def begin_founding(self, suite: int) -> Founding:
        """Find out who can be in a group that is to be created; return what is gathered."""
        self.founding = Founding(suite)
        return self.founding

    def end_founding(self) -> None:
        """It was found out, or cannot be."""
        self.founding = None

    def end_beginning_anew(self) -> None:
        """The other group is being created."""
        self.begins_anew = False

    # ------------------------------------------------------------------------------------------ what waits

    def line(self, request: Spoken) -> Line:
        """Return a typed line with its place in the order of all lines."""
        self.record.lines += 1
        return line_of(self.record.lines, request, is_secret=self.state is not State.PLAIN)

    def hold(self, line: Line) -> None:
        """Keep a line; one that comes back takes its old place."""
        self.lines.hold(line)
        self.save()

    def was_said_before(self, sender: str, message_id: str) -> bool:
        """Return whether a folded name said something with this id lately, and note that it did."""
        again = (sender, message_id) in self._recent_ids
        self._recent_ids[sender, message_id] = None
        if len(self._recent_ids) > IDS_REMEMBERED:
            del self._recent_ids[next(iter(self._recent_ids))]
        return again

    # ------------------------------------------------------------------------------------------ rows

    def _forget_group(self) -> None:
        self.group, self.people = None, {}
        self._store.drop(Table.GROUP, self._key)
        self._store.drop_all(Table.RATCHET, self._key)
        self.chain.forget()
        self.commit.keep(None)

    def _read_shared(self) -> tuple[bytes | None, bytes]:
        row = self._store.get(Table.SHARED_KEY, self._key)
        return (None, b"") if row is None else (row[:32], row[32:])

    def _load_group(self) -> None:
        """Read the group; one that cannot be read is none, and we have to be let in again."""
        stored = self._store.get(Table.GROUP, self._key)
        if stored is None:
            return
        rows = {key.removeprefix(self._key): row for key, row in self._store.rows(Table.RATCHET, self._key)}
        try:
            self.group = increments.joined(stored, rows)
            self.people = {leaf: person_of(node) for leaf, node in self.group.members.items()}
        except MlsError:
            self.group, self.people = None, {}

    def _write_moving(self, rows: dict[str, bytes]) -> None:
        for name, row in rows.items():
            self._store.put(Table.RATCHET, self._key + name, row)

    def _write(self, table: Table, row: msgspec.Struct) -> None:
        self._store.put(table, self._key, msgspec.msgpack.encode(row))

    def _read(self, table: Table, kind: type[T]) -> T | None:
        row = self._store.get(table, self._key)
        return None if row is None else msgspec.msgpack.decode(row, type=kind)
