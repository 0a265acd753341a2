"""Our part in one conversation: its state and the roles that work on it, put together here and nowhere else.

    claims ──▶ epochs ◀── backlog ◀── reconciler          changes, keeper, rules: what is wanted, ours, allowed
       │         ▲          │  │         │   │  │          setbacks: what does not hold
       └─────────┴──────────┘  ▼         ▼   ▼  ▼
                    inbound, outbound   creation, commits ◀── ownership

Every verb is something that happens; it ends with a look at what is due.
"""

from collections.abc import Iterator

from reactor_chat.e2ee.boundary import NoteKind
from reactor_chat.e2ee.epochs.claims import Claims
from reactor_chat.e2ee.epochs.commit import Commits
from reactor_chat.e2ee.epochs.creation import Creation
from reactor_chat.e2ee.epochs.epoch import Epochs
from reactor_chat.e2ee.epochs.ownership import Ownership
from reactor_chat.e2ee.membership.list_keeper import ListKeeper
from reactor_chat.e2ee.membership.member_changes import MemberChanges
from reactor_chat.e2ee.membership.peer_keys import PeerKeys
from reactor_chat.e2ee.membership.rules import MembershipRules
from reactor_chat.e2ee.messages.backlog import Backlog
from reactor_chat.e2ee.messages.inbound import Inbound
from reactor_chat.e2ee.messages.opened import OpenedMessages
from reactor_chat.e2ee.messages.outbound import Outbound
from reactor_chat.e2ee.participation.reconcile import Reconciler
from reactor_chat.e2ee.participation.status import Status
from reactor_chat.e2ee.state.desk import Desk
from reactor_chat.e2ee.state.setbacks import Setbacks
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.states import State
from reactor_chat.wire.conversation import ROOM, Conversation, Heard, Spoken
from reactor_chat.wire.messages import (
    BlobAnswer,
    GroupChanged,
    KeysAnswer,
    PublishedKey,
    Say,
    SealCommitted,
    Tell,
    fold,
)


class Participation:
    """Our part in one conversation.

    Args:
        desk: what all conversations share.
        talk: the conversation.
        keys: check keys of others.
        opened: keeps what was opened.
    """

    def __init__(self, desk: Desk, talk: Talk, keys: PeerKeys, opened: OpenedMessages) -> None:
        self.talk = talk
        self._desk = desk
        self._keys = keys
        self.rules = MembershipRules(desk, talk)
        keeper = ListKeeper(desk, talk)
        self.setbacks = Setbacks(desk, talk)
        self.changes = MemberChanges(desk, talk, keeper)
        self.commits = Commits(desk, talk, self.changes, keeper, self.rules)
        self.creation = Creation(desk, talk, keys, keeper, self.commits)
        self.ownership = Ownership(desk, talk, keeper, self.commits)
        self.epochs = Epochs(desk, talk, keys, self.rules, self.setbacks)
        self.claims = Claims(desk, talk, self.epochs, self.setbacks)
        self.outbound = Outbound(desk, talk, opened, self.setbacks)
        inbound = Inbound(desk, talk, opened, self.setbacks)
        self.backlog = Backlog(desk, talk, self.epochs, inbound, self.outbound, self.setbacks)
        self.status = Status(desk, talk, self.outbound)
        self.reconciler = Reconciler(desk, talk, self.backlog, self.creation, self.commits, self.outbound)

    def advance(self) -> None:
        """Look at it and do what is due."""
        self.reconciler.advance()

    # ------------------------------------------------------------------------------------------ what happens

    def send(self, request: Spoken) -> None:
        """Our person typed something; it has an `id` and a text."""
        if not self.talk.record.spelled and not isinstance(request, Say):
            self.talk.spell(request.to if isinstance(request, Tell) else request.group)
        self.outbound.send(request)
        if self.talk.lines.held or (self.talk.is_in and self.changes.needs_rotation):
            self.advance()

    def receive(self, notice: Heard | SealCommitted) -> None:
        """The journal says something."""
        self.backlog.came(notice)
        if isinstance(notice, SealCommitted) or self.talk.lines.held or self.talk.backlog:
            self.advance()

    def blob_came(self, answer: BlobAnswer) -> None:
        """A piece of a blob came."""
        self.backlog.piece_came(answer)
        self.advance()

    def packages_came(self, keys: list[PublishedKey]) -> None:
        """Packages of those who are to be let in came."""
        group = self.talk.group
        for published in keys if group is not None else ():
            assert group is not None
            if (fetched := self._keys.checked(published, group.suite.number)) is not None:
                self.talk.commit.fetch(fold(published.name), fetched)
        self.advance()

    def candidate_keys_came(self, answer: KeysAnswer) -> None:
        """Packages of those for whom it is to be sealed came."""
        self.creation.keys_came(answer)
        self.advance()

    def take_back(self, request_id: str) -> bool:
        """The server did not take a sealed line that may be said again; return whether it is one of this place."""
        is_ours = self.outbound.take_back(request_id)
        if is_ours:
            self.talk.sync.check_again()  # ask how it is sealed now
            self.advance()
        return is_ours

    def group_changed(self, notice: GroupChanged) -> None:
        """Take note of what was announced of a group.  It decides nothing: the owner's list says who may read."""
        name, by = fold(notice.user or ""), fold(notice.by)
        self.talk.spell(notice.group)
        if notice.change == "deleted":
            with self.talk.changing() as record:
                record.group_deleted()
            self._park("the group was deleted")
        elif notice.change in ("created", "added"):
            if not self.talk.record.founder and by != self._desk.me:
                self._park(f"it was typed before {notice.by} was announced as the group's creator")
            with self.talk.changing() as record:
                record.announce_founder(by)
        elif notice.change in ("kicked", "left"):
            self.talk.newcomers.forget(name)
            if notice.change == "left":  # whom we kicked is off our list since we ordered it
                self.ownership.left(name)
        self.advance()

    def derived(self, key: bytes | None) -> None:
        """The key of a passphrase was computed, or could not be: then None."""
        self.talk.derived(key)
        if key is None:
            self._desk.note(NoteKind.ALARM, "The passphrase could not be used. Type it again", self.talk.where)
        else:
            self.advance()

    def tick(self) -> None:
        """Do what is due by now."""
        if any(when <= self._desk.now for when in self.due_at):
            self.talk.retry.if_due(self._desk.now)
            self.advance()

    @property
    def due_at(self) -> list[float]:
        """When something is due, monotonic seconds."""
        talk = self.talk
        if not self._desk.is_online or not talk.sync.current or talk.state is State.FROZEN:
            return []
        if talk.retry.at is not None:
            return [talk.retry.at]
        if not talk.is_in or talk.backlog or talk.commit.is_waiting or talk.commit.failed_too_often:
            return []  # only the outside can bring news
        if (turn_at := self.changes.turn_at) is not None:
            return [turn_at]
        readmission_at = talk.newcomers.next_readmission(self._desk.now)
        later = [] if readmission_at is None else [readmission_at]
        return [*later, self.changes.refresh_due_at] if talk.state is State.SEALED else later

    def _park(self, why: str) -> None:
        if (count := self.talk.lines.park()) > 0:
            lines = "1 line" if count == 1 else f"{count} lines"
            text = f"Not sent in {self.talk.wording.inside}, {lines}: {why}. @held shows them"
            self._desk.note(NoteKind.ALARM, text, self.talk.where)


class Participations:
    """Our part in every conversation.

    Args:
        desk: what they share.
        opened: keeps what was opened.
    """

    def __init__(self, desk: Desk, opened: OpenedMessages) -> None:
        self._desk = desk
        self._opened = opened
        self._keys = PeerKeys(desk)
        self._parts: dict[Conversation, Participation] = {}
        for where in list(desk.talks):
            self.of(where)

    def of(self, where: Conversation) -> Participation:
        """Return our part in a conversation, which begins with the first look at it."""
        part = self._parts.get(where)
        if part is None:
            part = Participation(self._desk, self._desk.talk(where), self._keys, self._opened)
            self._parts[where] = part
        return part

    def find(self, where: Conversation) -> Participation | None:
        """Return our part in a conversation that was looked at before."""
        return self._parts.get(where)

    def __iter__(self) -> Iterator[Participation]:
        """Everything that was ever looked at; more may be looked at meanwhile."""
        return iter(list(self._parts.values()))

    def with_person(self, name: str) -> Iterator[Participation]:
        """What concerns a folded name: conversations that they are in, want to be let into, or are one of a pair of."""
        pair = Conversation.pair(name)
        return (one for one in self if one.talk.where == pair or name in {*one.talk.names, *one.talk.newcomers.asks})

    def ask_first(self) -> None:
        """Ask one question after login; its answer says whether the server knows about encryption at all."""
        self.of(ROOM).reconciler.ask_how_sealed()

    def advance_all(self) -> None:
        """Look at every conversation."""
        for part in self:
            part.advance()
