"""The state of the chat, which is a function of the records and of nothing else.

`apply` is the only door through which it changes.  The same records give the same state, and the same hash, on every
Python, hash seed and machine.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import msgspec
from msgspec import Struct, field

from reactor_chat.chat.state.attendance import Attendance, Seen
from reactor_chat.chat.state.blobs import Blob, Blobs
from reactor_chat.chat.state.groups import Group, Groups
from reactor_chat.chat.state.identity import Claim, ClaimedNames
from reactor_chat.chat.state.invites import Invite, Invites
from reactor_chat.chat.state.keyring import Keyring, Shelf
from reactor_chat.chat.state.operator_records import (
    Appointed,
    Dismissed,
    Expired,
    Granted,
    Invited,
    Ordered,
    Removed,
    Uninvited,
)
from reactor_chat.chat.state.patience import Patience, Tried
from reactor_chat.chat.state.read_marks import ReadMarks, in_pieces
from reactor_chat.chat.state.receipts import Outcome, Receipts
from reactor_chat.chat.state.records import (
    BlobStored,
    Declined,
    Entered,
    GroupAltered,
    KeysPublished,
    MarkedRead,
    Record,
    Stored,
)
from reactor_chat.chat.state.roster import Presence, Roster
from reactor_chat.chat.state.seals import Seal, Seals
from reactor_chat.chat.state.timeline import Stay, Timeline
from reactor_chat.wire.conversation import ROOM, AboutSeals, Conversation, Heard
from reactor_chat.wire.messages import (
    Exited,
    GroupSaid,
    Released,
    Said,
    SealAsked,
    SealCommitted,
    SealCreated,
    Told,
    fold,
)

OUTCOMES_AT_ONCE = MARKS_AT_ONCE = 2_000
"""Of a state that is written in pieces; a millisecond."""

Rarer = Entered | Exited | GroupAltered | Declined | Released | AboutSeals | Stored | Ordered


class Snapshot(Struct, frozen=True, tag="reactor-chat state 1", omit_defaults=True):
    """The whole state at one number, in an order that depends on nothing but the state.

    What came with a later version has a default, so that a snapshot from before is read, and a state in which there
    is nothing of it has the hash it had.
    """

    seq: int
    at: int
    claims: list[Claim]
    present: list[Presence]
    groups: list[Group]
    stays: list[tuple[str, list[Stay]]]
    outcomes: list[tuple[str, list[tuple[str, Outcome]]]]
    keys: list[tuple[str, list[Shelf]]] = field(default_factory=list)
    seals: list[Seal] = field(default_factory=list)
    blobs: list[Blob] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)
    busy_until: list[tuple[str, int]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    invites: list[Invite] = field(default_factory=list)
    moderators: list[str] = field(default_factory=list)
    expired: int = 0
    read_marks: list[tuple[str, dict[str, int]]] = field(default_factory=list)


class ChatState:
    """Who is there, who owns which name, the groups, what each may read and has, what came of requests, what is sealed.

    Attributes:
        seq: the newest number applied; 0 at the beginning.
        at: the time of the newest record, in milliseconds since the Unix epoch; see `case.time_after`.
        altered: the newest number that was no message or marker; what holds of names, groups and seals holds since.
        moderators: the owned names, folded, whose owners are moderators.
        expired: the number up to which what was said is not kept any more.
    """

    def __init__(self) -> None:
        self.seq = 0
        self.at = 0
        self.altered = 0
        self.identity = ClaimedNames()
        self.roster = Roster()
        self.groups = Groups()
        self.timeline = Timeline()
        self.receipts = Receipts()
        self.keyring = Keyring()
        self.seals = Seals()
        self.blobs = Blobs()
        self.patience = Patience()
        self.attendance = Attendance()
        self.invites = Invites()
        self.moderators: set[str] = set()
        self.expired = 0
        self.read_marks = ReadMarks()

    def apply(self, record: Record) -> list[str] | None:
        """Change the state as a committed record says.

        Args:
            record: the next one, with the number after `seq`.

        Returns:
            The names of those who are to be told, each once; None for everyone.
        """
        assert record.seq == self.seq + 1, f"record {record.seq} after {self.seq}"
        self.seq = record.seq
        if record.at < self.at:
            self.patience.set_back(self.at - record.at)
        self.at = record.at
        if isinstance(record, Said):
            self._receipt(record.sender, record.id, record.seq)
            return None
        if isinstance(record, Told):
            self._receipt(record.sender, record.id, record.seq)
            return [record.to, record.sender]
        if isinstance(record, GroupSaid):
            self._receipt(record.sender, record.id, record.seq)
            group = self.groups.get(record.group)
            return group.names() if group is not None else []
        if isinstance(record, MarkedRead):
            self.read_marks.apply(record)
            return []
        self.altered = record.seq
        return self._apply_rarer(record)

    def apply_messages(self, messages: Sequence[Heard]) -> None:
        """Change the state as `apply` does by each of several committed messages of one person.

        Args:
            messages: 1 or more, stamped with one time; the first has the number after `seq`, each other the next.
        """
        first = messages[0]
        assert first.seq == self.seq + 1, f"record {first.seq} after {self.seq}"
        if first.at < self.at:
            self.patience.set_back(self.at - first.at)
        self.seq, self.at = messages[-1].seq, first.at
        self.receipts.add_accepted(fold(first.sender), messages)

    def _apply_rarer(self, record: Rarer) -> list[str] | None:
        match record:
            case Entered():
                self._enter(record)
            case Exited():
                self._exit(record)
            case Released():
                self._release(record)
            case GroupAltered():
                return self._alter(record)
            case Declined():
                self.receipts.add(fold(record.name), record.id, Outcome(record.seq, record.code, record.text))
                return []
            case KeysPublished() | BlobStored():
                return self._store(record)
            case Granted() | Invited() | Uninvited() | Removed() | Expired() | Appointed() | Dismissed():
                self._follow(record)
                return []
            case _:
                return self._seal(record)
        return None

    def since(self, name: str) -> int:
        """Return the number with which the private life of a present or owned name began; 0 for any other."""
        claim = self.identity.claim_of(name)
        if claim is not None:
            return claim.since
        presence = self.roster.get(name)
        return presence.since if presence is not None else 0

    def spelling(self, name: str) -> str | None:
        """Return a name as its holder, else its owner, spells it; None where nobody holds or owns it."""
        if not name.isascii():
            return None  # there are letters outside of ASCII whose lower case is inside; they are in no name
        known = self.roster.get(name) or self.identity.claim_of(name)
        return known.name if known is not None else None

    def written(self) -> Iterator[bytes]:
        """Return the JSON of the whole state as it is now, in pieces, whatever is applied while it is read.

        What came of people's requests and how far they have read is nearly all of it, and is encoded piece by piece;
        the rest is in the first piece.  Another one that is begun meanwhile ends this one, whose pieces must not be
        used then.
        """
        outcomes, marks = self.receipts.dump_in_pieces(OUTCOMES_AT_ONCE), self.read_marks.dump()
        before, after = msgspec.json.encode(self._snapshot([], [])).split(b'"outcomes":[]')
        if not marks:
            return _joined(before + b'"outcomes":[', outcomes, b"]" + after)
        of_marks = _joined(after[:-1] + b',"read_marks":[', in_pieces(marks, MARKS_AT_ONCE), b"]}")
        return chain(_joined(before + b'"outcomes":[', outcomes, b"]"), of_marks)

    def snapshot(self) -> Snapshot:
        """Return the whole state as a value."""
        return self._snapshot(self.receipts.dump(), self.read_marks.dump())

    def _snapshot(
        self, outcomes: list[tuple[str, list[tuple[str, Outcome]]]], marks: list[tuple[str, dict[str, int]]]
    ) -> Snapshot:
        return Snapshot(
            self.seq,
            self.at,
            self.identity.dump(),
            self.roster.dump(),
            self.groups.dump(),
            self.timeline.dump(),
            outcomes,
            self.keyring.dump(),
            self.seals.dump(),
            self.blobs.dump(),
            *self.patience.dump(),
            self.attendance.dump(),
            self.invites.dump(),
            sorted(self.moderators),
            self.expired,
            marks,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Replace the whole state by what `snapshot` returned."""
        self.seq, self.at = snapshot.seq, snapshot.at
        self.altered = snapshot.seq
        self.identity.load(snapshot.claims)
        self.roster.load(snapshot.present)
        self.groups.load(snapshot.groups)
        self.timeline.load(snapshot.stays)
        self.receipts.load(snapshot.outcomes)
        self.keyring.load(snapshot.keys)
        self.seals.load(snapshot.seals)
        self.blobs.load(snapshot.blobs)
        self.patience.load(snapshot.tried, snapshot.busy_until)
        self.attendance.load(snapshot.seen)
        self.invites.load(snapshot.invites)
        self.moderators = set(snapshot.moderators)
        self.expired = snapshot.expired
        self.read_marks.load(snapshot.read_marks)

    def hash(self) -> str:
        """Return SHA-256 of the whole state, in hexadecimal."""
        return hashlib.sha256(msgspec.json.encode(self.snapshot())).hexdigest()

    def _receipt(self, name: str, request_id: str | None, seq: int) -> None:
        if request_id is not None:
            self.receipts.add(fold(name), request_id, Outcome(seq))

    def _enter(self, record: Entered) -> None:
        if record.key is not None:
            self.identity.claim(record.name, record.key, record.seq)
            self.attendance.seen(record.name, record.at)
        if record.invite is not None:
            self.invites.use(record.invite)
        self.roster.add(Presence(record.name, record.key is None, record.seq))
        self.groups.respell(record.name)

    def _exit(self, record: Exited) -> None:
        presence = self.roster.remove(record.name)
        if presence is not None and presence.guest:
            self.timeline.forget(record.name)
            self.receipts.forget(fold(record.name))
        elif presence is not None:
            self.attendance.seen(record.name, record.at)

    def _follow(self, record: Ordered) -> None:
        """Do what the operator ordered."""
        match record:
            case Granted():
                self.identity.claim(record.name, record.key, record.seq)
                self.attendance.granted(record.name, record.at)
            case Invited():
                self.invites.add(Invite(record.seq, record.hash, record.at, record.until))
            case Uninvited():
                self.invites.revoke(record.invite)
            case Expired():
                self.expired = max(self.expired, record.last)
            case Dismissed():
                self._receipt(record.by, record.id, record.seq)
            case Appointed():
                (self.moderators.add if record.on else self.moderators.discard)(fold(record.name))

    def _alter(self, record: GroupAltered) -> list[str]:
        concerned = self.groups.apply(record)
        if record.change == "deleted":
            self.timeline.deleted(record, concerned)
        else:
            self.timeline.apply(record)
        place, is_gone = Conversation.of_group(record.born).label, self.groups.get(record.group) is None
        if is_gone:
            self.seals.end(place)
        for name in concerned if is_gone else self._who_left(record):
            self.read_marks.leave(name, place)
        # A request with several notices is accepted with the number of the first, which alone carries the id.
        self._receipt(record.by, record.id, record.seq)
        return concerned

    def _who_left(self, record: GroupAltered) -> list[str]:
        return [record.user] if record.change in {"left", "kicked"} and record.user is not None else []

    def _store(self, record: Stored) -> list[str]:
        if isinstance(record, KeysPublished):
            self.keyring.apply(record)
        else:
            self.blobs.apply(record)
        self._receipt(record.name, record.id, record.seq)
        return []

    def _seal(self, record: AboutSeals) -> list[str] | None:
        conversation, audience = self._conversation_of(record)
        if isinstance(record, SealCreated):
            self.seals.create(conversation, record)
            self.patience.note("create", record.sender, conversation, record.at)
        elif isinstance(record, SealCommitted):
            self.seals.commit(conversation, record)
            self.patience.spend(record.sender, 1 + len(record.adds), record.at)
            for add in record.adds:
                self.keyring.use(add.name, add.reference)
        elif isinstance(record, SealAsked):
            self.seals.ask(conversation, record)
            self.patience.note("ask", record.sender, conversation, record.at)
        else:
            self.seals.end(conversation)
        self._receipt(record.sender, record.id, record.seq)
        return audience

    def _conversation_of(self, record: AboutSeals) -> tuple[str, list[str] | None]:
        """Which conversation a record is about, and who is told of it; None for everyone."""
        if record.to is not None:
            return Conversation.between(record.sender, record.to).label, [record.to, record.sender]
        if record.group is not None:
            group = self.groups.get(record.group)
            assert group is not None
            return Conversation.of_group(group.born).label, group.names()
        return ROOM.label, None

    def _release(self, record: Released) -> None:
        self.identity.release(record.name)
        self.keyring.forget(record.name)
        self.seals.forget(record.name)
        self.blobs.forget(record.name)
        self.patience.forget(record.name)
        self.attendance.forget(record.name)
        self.read_marks.forget(record.name)
        self.moderators.discard(fold(record.name))
        self.timeline.forget(record.name)
        self.receipts.forget(fold(record.name))


def _joined(before: bytes, pieces: Iterator[Sequence[tuple[str, Any]]], after: bytes) -> Iterator[bytes]:
    """Yield the JSON of one list of many pieces, with what stands before and after."""
    begun = False
    for piece in pieces:
        if piece:
            yield (b"," if begun else before) + msgspec.json.encode(piece)[1:-1]
            begun = True
    yield after if begun else before + after
