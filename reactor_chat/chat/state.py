"""The state of the chat, which is a function of the records and of nothing else.

`apply` is the only door through which it changes.  The same records give the same state, and the same hash, on every
Python, hash seed and machine.
"""

import hashlib

import msgspec
from msgspec import Struct

from reactor_chat.chat.groups import Group, Groups
from reactor_chat.chat.identity import Claim, Identity
from reactor_chat.chat.receipts import Outcome, Receipts
from reactor_chat.chat.records import Declined, Entered, GroupAltered, Record
from reactor_chat.chat.roster import Presence, Roster
from reactor_chat.chat.timeline import Stay, Timeline
from reactor_chat.wire.messages import Exited, GroupSaid, Released, Said, Told, fold


class Snapshot(Struct, frozen=True, tag="reactor-chat state 1"):
    """The whole state at one number, in an order that depends on nothing but the state."""

    seq: int
    at: int
    claims: list[Claim]
    present: list[Presence]
    groups: list[Group]
    stays: list[tuple[str, list[Stay]]]
    outcomes: list[tuple[str, list[tuple[str, Outcome]]]]


class ChatState:
    """Who is there, who owns which name, the groups, what each may read, what came of each request.

    Attributes:
        seq: the newest number applied; 0 at the beginning.
        at: the time of the newest record, in milliseconds since the Unix epoch; never goes back.
    """

    def __init__(self) -> None:
        self.seq = 0
        self.at = 0
        self.identity = Identity()
        self.roster = Roster()
        self.groups = Groups()
        self.timeline = Timeline()
        self.receipts = Receipts()

    def apply(self, record: Record) -> list[str] | None:
        """Change the state as a committed record says.

        Args:
            record: the next one, with the number after `seq`.

        Returns:
            The names of those who are to be told, each once; None for everyone.
        """
        assert record.seq == self.seq + 1, f"record {record.seq} after {self.seq}"
        self.seq = record.seq
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
        return self._apply_rarer(record)

    def _apply_rarer(self, record: Entered | Exited | GroupAltered | Declined | Released) -> list[str] | None:
        if isinstance(record, Entered):
            self._enter(record)
            return None
        if isinstance(record, Exited):
            self._exit(record)
            return None
        if isinstance(record, GroupAltered):
            return self._alter(record)
        if isinstance(record, Released):
            self._release(record)
            return None
        self.receipts.add(fold(record.name), record.id, Outcome(record.seq, record.code, record.text))
        return []

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

    def snapshot(self) -> Snapshot:
        """Return the whole state as a value."""
        return Snapshot(
            self.seq,
            self.at,
            self.identity.dump(),
            self.roster.dump(),
            self.groups.dump(),
            self.timeline.dump(),
            self.receipts.dump(),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Replace the whole state by what `snapshot` returned."""
        self.seq, self.at = snapshot.seq, snapshot.at
        self.identity.load(snapshot.claims)
        self.roster.load(snapshot.present)
        self.groups.load(snapshot.groups)
        self.timeline.load(snapshot.stays)
        self.receipts.load(snapshot.outcomes)

    def hash(self) -> str:
        """Return SHA-256 of the whole state, in hexadecimal."""
        return hashlib.sha256(msgspec.json.encode(self.snapshot())).hexdigest()

    def _receipt(self, name: str, request_id: str | None, seq: int) -> None:
        if request_id is not None:
            self.receipts.add(fold(name), request_id, Outcome(seq))

    def _enter(self, record: Entered) -> None:
        if record.key is not None:
            self.identity.claim(record.name, record.key, record.seq)
        self.roster.add(Presence(record.name, record.key is None, record.seq))
        self.groups.respell(record.name)

    def _exit(self, record: Exited) -> None:
        presence = self.roster.remove(record.name)
        if presence is not None and presence.guest:
            self.timeline.forget(record.name)
            self.receipts.forget(fold(record.name))

    def _alter(self, record: GroupAltered) -> list[str]:
        concerned = self.groups.apply(record)
        if record.change == "deleted":
            self.timeline.deleted(record, concerned)
        else:
            self.timeline.apply(record)
        # A request with several notices is accepted with the number of the first, which alone carries the id.
        self._receipt(record.by, record.id, record.seq)
        return concerned

    def _release(self, record: Released) -> None:
        self.identity.release(record.name)
        self.timeline.forget(record.name)
        self.receipts.forget(fold(record.name))
