"""One conversation as one person has it: how it stands, its group, what waits to be said or heard; kept row by row.

Every change is written to the store in the step that makes it, so what a restart finds is what the last commit left.
What is not kept (how far we caught up on this connection, what was asked) begins anew with each connection.
"""

import hashlib
from collections import deque
from typing import NamedTuple, TypeVar

import msgspec

from reactor_chat.e2ee.blobs import Download
from reactor_chat.e2ee.conversation import Conversation, Heard, Spoken
from reactor_chat.e2ee.identity import Person, person_of
from reactor_chat.e2ee.member_list import Entry
from reactor_chat.e2ee.states import State, Step, after
from reactor_chat.e2ee.store import Store, Table
from reactor_chat.e2ee.terms import Claim, Strength
from reactor_chat.e2ee.transcript_hash import Chain
from reactor_chat.errors import MlsError
from reactor_chat.mls import increments
from reactor_chat.mls.group import Group
from reactor_chat.mls.messages import KeyPackage
from reactor_chat.mls.secrettree import RatchetKind
from reactor_chat.wire.messages import (
    GroupSaid,
    Said,
    SealAdd,
    SealCommitted,
    Tell,
    Told,
)

BACKLOG_MAX = 20_000
"""Notices that may wait for a blob; more than any honest server sends while one is fetched."""

HELD_MAX = 1_000
RETRY_SECONDS_FIRST, RETRY_SECONDS_MAX = 2.0, 60.0
READMIT_SECONDS_FIRST, READMIT_SECONDS_MAX, READMIT_FORGOTTEN_SECONDS = 5.0, 600.0, 3_600.0
"""Letting somebody in again costs everybody work, so each time has to wait longer than the one before."""

T = TypeVar("T")


class Record(msgspec.Struct):
    """How a conversation stands.

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
    """

    state: State = State.PLAIN
    reason: str = ""
    claim: Claim | None = None
    is_declined: bool = False
    founder: str = ""
    owner: Entry | None = None
    list_number: int = 0
    signed_number: int = 0
    offered_strength: Strength | None = None
    offered_owner: Entry | None = None
    own_list: list[Entry] = msgspec.field(default_factory=list)
    strength: Strength | None = None
    known_members: list[Entry] = msgspec.field(default_factory=list)
    is_wanted: bool = False
    is_closed: bool = False
    refreshed_ms: int = 0
    sent_before: int = 0
    lost_at: tuple[bytes, int] | None = None
    lines: int = 0


class Line(msgspec.Struct, frozen=True):
    """Something typed that is not sealed yet.

    Attributes:
        number: its place among all lines of the conversation.
        to: whom or which group it is for, as typed.
        is_secret: it was typed where the conversation was not plain.
        needs_yes: something came between that a person has to look at; it leaves only when the person says so.
    """

    number: int
    id: str
    text: str
    to: str = ""
    is_secret: bool = True
    needs_yes: bool = False


class Sent(msgspec.Struct, frozen=True):
    """Something sealed that was not heard back yet."""

    line: Line
    epoch: int
    digest: bytes


class Pending(msgspec.Struct):
    """A commit, or a creation, of ours that is not in the journal yet; `message` is empty for a creation."""

    id: str
    group: bytes
    epoch: int
    message: bytes = b""
    welcome: bytes | None = None
    adds: list[SealAdd] = msgspec.field(default_factory=list)
    removes: list[str] = msgspec.field(default_factory=list)
    members: bytes = b""
    replaces: bytes | None = None
    is_refused: bool = False
    is_refresh: bool = False

    @property
    def is_creation(self) -> bool:
        """Whether it is the beginning of a group."""
        return not self.message


class Readmission(NamedTuple):
    """How often somebody was let in again lately, and when last, monotonic seconds."""

    times: int
    at: float


class Fetched(NamedTuple):
    """A checked package of somebody who is to be let in."""

    package: KeyPackage
    reference: bytes


class Untrusted(NamedTuple):
    """Members because of whom nothing is sent, and of which members and which trust that was found out."""

    people: dict[int, Person]
    version: int
    names: list[str]


class Founding:
    """What has been found out so far for a conversation that is to be sealed: who can be in it, with which suite.

    Attributes:
        names: as spelled, of those who should be in it.
        suite: asked for last.
        found: folded names of those who have packages of it.
        is_weak: somebody's client knows no better suite than the weaker one.
    """

    def __init__(self, suite: int) -> None:
        self.names: list[str] = []
        self.suite = suite
        self.found: set[str] = set()
        self.missing: list[str] = []
        self.is_weak = False


class Talk:
    """One conversation.

    Args:
        where: which.
        store: keeps it.

    Attributes:
        record: write it with `save`.
        group: None while we are in none.
        people: who is who in the group, by leaf.
        current: the replay of this connection is over for this conversation.
        listed: the server counts us among the members.
        asks: folded names of who wants to be let in; True where they cannot follow.
        leavers: folded names of who should no longer be in.
        fetched: packages for the next commit, by folded name.
        outgoing: own messages sealed and not heard back, by request id, the oldest first.
        hurries: a commit of ours is wanted at once.
        blobs: what was fetched, by hash; empty where what came was something else.
        passphrase_salt: of the derivation that is under way.
        epoch_there: the server's, until it was compared with ours.
        attempts: commits refused in the present epoch.
        losses: how often we could not follow, on this connection.
        waits_for: why it is not sealed yet, in words, where that is more than waiting for keys.
        downloads: blobs on their way, by hash.
        begins_anew: a person ordered another group in the place of the one there is.
        readmissions: of those who could not follow, by folded name; success does not reset them at once.
        was_released: the operator gave our own name free, so that we were taken out by nobody's will.
        is_private: what is typed there is sealed or held from the beginning.
    """

    def __init__(self, where: Conversation, store: Store, *, is_private: bool = False) -> None:
        self.where = where
        self._store = store
        self._key = where.key
        self.record = self._read(Table.CONVERSATION, Record) or Record()
        if is_private and self.record.state is State.PLAIN and not self.record.is_declined:
            self.record.state = State.ARMING
        self.chain = Chain(store, self._key)
        self.shared_key, self.shared_salt = self._read_shared()
        self.pending = self._read(Table.PENDING, Pending)
        self.held = {line.number: line for line in self._read_all(Table.HELD, Line)}
        sent = sorted(self._read_all(Table.OUTGOING, Sent), key=lambda one: one.line.number)
        self.outgoing = {one.line.id: one for one in sent}
        self.backlog = deque(_decode(row) for _, row in store.rows(Table.BACKLOG, self._key))
        self.group: Group | None = None
        self.people: dict[int, Person] = {}
        self._load_group()
        self.asks: dict[str, bool] = {}
        self.leavers: set[str] = set()
        self.untrusted: Untrusted | None = None
        self.recent_ids: dict[tuple[str, str], None] = {}
        self.blobs: dict[bytes, bytes] = {}
        self.passphrase_salt: bytes | None = None
        self.readmissions: dict[str, Readmission] = {}
        self.was_released = False
        self.cut()

    def cut(self) -> None:
        """Forget what held only for the connection."""
        self.current = self.listed = self.has_asked = False
        self.sent_pending = self.is_told = self.hurries = self.begins_anew = False
        self.fetched: dict[str, Fetched] | None = None
        self.wanted_since: float | None = None
        self.retry_at: float | None = None
        self.retries = 0
        self.stalled: tuple[bytes, int] | None = None
        self.epoch_there: int | None = None
        self.attempts = self.losses = 0
        self.waits_for = ""
        self.founding: Founding | None = None
        self.downloads: dict[bytes, Download] = {}

    def try_later(self, now: float) -> None:
        """Try again what cannot be done now, after a pause that doubles each time; `now` in monotonic seconds."""
        self.retry_at = now + min(RETRY_SECONDS_MAX, RETRY_SECONDS_FIRST * 2**self.retries)
        self.retries = min(self.retries + 1, 10)

    def try_now(self) -> None:
        """Something changed: try again at once."""
        self.retry_at, self.retries = None, 0

    def may_readmit_at(self, name: str) -> float:
        """Return when somebody who cannot follow may be let in again, monotonic seconds; each time later."""
        last = self.readmissions.get(name)
        return last.at + min(READMIT_SECONDS_MAX, READMIT_SECONDS_FIRST * 2 ** (last.times - 1)) if last else 0.0

    def readmitted(self, name: str, now: float) -> None:
        """Note that somebody was let in again."""
        last = self.readmissions.get(name)
        is_old = last is None or now - last.at > READMIT_FORGOTTEN_SECONDS
        self.readmissions[name] = Readmission(1 if last is None or is_old else min(last.times + 1, 20), now)

    # ------------------------------------------------------------------------------------------ how it stands

    @property
    def state(self) -> State:
        """What becomes of a line typed now."""
        return self.record.state

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

    def share(self, key: bytes | None, salt: bytes = b"") -> None:
        """Keep what a passphrase gave with this salt; None forgets it."""
        self.shared_key, self.shared_salt = key, salt if key is not None else b""
        if key is None:
            self._store.drop(Table.SHARED_KEY, self._key)
        else:
            self._store.put(Table.SHARED_KEY, self._key, key + salt)

    def _read_shared(self) -> tuple[bytes | None, bytes]:
        row = self._store.get(Table.SHARED_KEY, self._key)
        return (None, b"") if row is None else (row[:32], row[32:])

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

    def enter(self, group: Group) -> None:
        """Go on in a new epoch; the old one's secrets are gone with this step's commit."""
        old = self.group
        if old is not None:
            self.record.sent_before += self.own_messages(old)
        self.group = group
        self.people = {leaf: person_of(node) for leaf, node in group.members.items()}
        self._store.put(Table.GROUP, self._key, increments.fixed(group))
        self._store.drop_all(Table.RATCHET, self._key)
        self._write_moving(increments.moving(group))
        self.fetched = self.wanted_since = None
        self.try_now()
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
        self.group, self.people = None, {}
        self._store.drop(Table.GROUP, self._key)
        self._store.drop_all(Table.RATCHET, self._key)
        self.chain.forget()
        self.set_pending(None)

    def own_messages(self, group: Group | None = None) -> int:
        """Return how many messages of ours the present epoch has seen."""
        group = group or self.group
        if group is None:
            return 0
        return group.state.secret_tree.next_generation(group.own_leaf, RatchetKind.APPLICATION)

    def set_pending(self, pending: Pending | None) -> None:
        """Keep, or forget, what waits to be accepted."""
        self.pending, self.sent_pending = pending, False
        if pending is None:
            self._store.drop(Table.PENDING, self._key)
        else:
            self._write(Table.PENDING, pending)

    # ------------------------------------------------------------------------------------------ what waits

    def number(self, request: Spoken) -> Line:
        """Return a typed line with its place in the order of all lines."""
        assert request.text is not None
        assert request.id is not None
        self.record.lines += 1
        to = request.to if isinstance(request, Tell) else getattr(request, "group", "")
        return Line(self.record.lines, request.id, request.text, to, self.state is not State.PLAIN)

    def hold(self, line: Line) -> None:
        """Keep a line; one that comes back takes its old place."""
        self.held = dict(sorted({**self.held, line.number: line}.items()))
        self._store.put(Table.HELD, f"{self._key}{line.number:012d}", msgspec.msgpack.encode(line))
        self.save()

    @property
    def ready(self) -> list[Line]:
        """Lines that leave by themselves as soon as nothing is in their way, the oldest first."""
        return [line for line in self.held.values() if not line.needs_yes]

    def park(self) -> int:
        """Let nothing that is held leave without the person's yes; return how many lines that is news for."""
        lines = self.ready
        for line in lines:
            self.hold(msgspec.structs.replace(line, needs_yes=True))
        return len(lines)

    def release(self, line: Line) -> None:
        """Forget a line that is on its way."""
        if self.held.pop(line.number, None) is not None:
            self._store.drop(Table.HELD, f"{self._key}{line.number:012d}")

    def sealed(self, line: Line, epoch: int, message: bytes) -> None:
        """Note that a line was sealed."""
        sent = Sent(line, epoch, digest(message))
        self.outgoing[line.id] = sent
        self._store.put(Table.OUTGOING, self._key + line.id, msgspec.msgpack.encode(sent))

    def settle(self, request_id: str) -> Sent | None:
        """Forget something sealed that was heard back, refused or taken back; return it."""
        sent = self.outgoing.pop(request_id, None)
        if sent is not None:
            self._store.drop(Table.OUTGOING, self._key + request_id)
        return sent

    def queue(self, notice: Heard | SealCommitted) -> bool:
        """Keep a notice until what it needs is there; return False where there is no more room."""
        if len(self.backlog) >= BACKLOG_MAX:
            return False
        self.backlog.append(notice)
        self._store.put(Table.BACKLOG, f"{self._key}{notice.seq:016d}", msgspec.msgpack.encode(notice))
        return True

    def unqueue(self) -> Heard | SealCommitted:
        """Remove and return the oldest notice that was kept."""
        notice = self.backlog.popleft()
        self._store.drop(Table.BACKLOG, f"{self._key}{notice.seq:016d}")
        return notice

    # ------------------------------------------------------------------------------------------ rows

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

    def _read_all(self, table: Table, kind: type[T]) -> list[T]:
        return [msgspec.msgpack.decode(row, type=kind) for _, row in self._store.rows(table, self._key)]


def digest(message: bytes) -> bytes:
    """Return what a ciphertext is known by."""
    return hashlib.sha256(message).digest()


def _decode(row: bytes) -> Heard | SealCommitted:
    return msgspec.msgpack.decode(row, type=Said | Told | GroupSaid | SealCommitted)
