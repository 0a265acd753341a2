"""A hash over everything heard in a sealed conversation, so that a server cannot tell two members two histories.

Theory of operation.  In every epoch each member chains what the server shows it, in order: the sequence number and the
hash of each message.  The first link is the commit that began the epoch, which newcomers know as well as everybody.
What a member sends carries, signed, how many links it has and the last of them, and the same of the end of the epoch
before; the commit that ends an epoch does too.  A receiver that has another hash at that place, or has not come that
far though the sender has, was shown another history.  So a server that has once kept two members apart can never let a
message of one reach the other.
"""

import hashlib
from typing import NamedTuple

from reactor_chat.e2ee.store import Store, Table
from reactor_chat.errors import MlsMalformed

KEPT_MAX = 1_000
"""Links of the present epoch that stay comparable; a message is rarely so long on its way."""

SHORT_BYTES = 16  # of a hash, in each message: nobody finds another history with the same 128 bits
NO_COUNT = 2**64 - 1  # the highest count that the 8 bytes of a position hold, which no epoch reaches
_LABEL = b"reactor-chat chain v1\x00"
_VERSION = b"\x01"
_MARK_BYTES = 1 + 2 * (8 + SHORT_BYTES)  # the version and two positions
_HEAD = "head"


class ChainPosition(NamedTuple):
    """How many links there were, and the beginning of the last one's hash; `NO_COUNT` where it is not known."""

    length: int
    short: bytes


NOTHING = ChainPosition(NO_COUNT, bytes(SHORT_BYTES))


class TranscriptMark(NamedTuple):
    """How far a sender had heard: in the present epoch, and in the one before."""

    now: ChainPosition
    before: ChainPosition

    def encode(self) -> bytes:
        """Return the 49 bytes of it."""
        parts = (part for link in self for part in (link.length.to_bytes(8), link.short))
        return _VERSION + b"".join(parts)


def read_mark(data: bytes) -> TranscriptMark:
    """Read what `TranscriptMark.encode` wrote, or raise MlsMalformed."""
    if len(data) != _MARK_BYTES or data[:1] != _VERSION:
        raise MlsMalformed("a message does not say what its sender has heard")
    middle = 1 + 8 + SHORT_BYTES
    return TranscriptMark(
        *(ChainPosition(int.from_bytes(half[:8]), half[8:]) for half in (data[1:middle], data[middle:]))
    )


class TranscriptHash:
    """What one member has heard of one conversation.

    Args:
        store: keeps it.
        prefix: of its rows.
    """

    def __init__(self, store: Store, prefix: str) -> None:
        self._store = store
        self._prefix = prefix
        self._count = 0
        self._hash = bytes(32)
        self._before = NOTHING
        self._links: dict[int, bytes] = {}
        self._load()

    @property
    def mark(self) -> TranscriptMark:
        """What a message of ours carries."""
        return TranscriptMark(ChainPosition(self._count, self._hash[:SHORT_BYTES]), self._before)

    def begin(self, group_id: bytes, epoch: int, seq: int, beginning: bytes, *, is_continued: bool) -> None:
        """Begin an epoch.

        Args:
            group_id: of the conversation.
            epoch: the new one.
            seq: number of the notice that began it.
            beginning: SHA-256 of the commit that did, of nothing for epoch 0.
            is_continued: we were in the epoch before as well, and can compare its end.
        """
        self._before = self.mark.now if is_continued else NOTHING
        place = group_id + epoch.to_bytes(8) + seq.to_bytes(8)
        self._count, self._hash = 0, hashlib.sha256(_LABEL + place + beginning).digest()
        self._links = {}
        self._store.drop_all(Table.CHAIN, self._prefix)
        self._keep()

    def add(self, seq: int, entry: bytes) -> None:
        """Add what was heard under a number.

        Args:
            seq: its number in the journal.
            entry: the ciphertext as it came.
        """
        self.add_digest(seq, hashlib.sha256(entry).digest())

    def add_digest(self, seq: int, digest: bytes) -> None:
        """Add what is known of something by its SHA-256 only.

        Args:
            seq: its number in the journal.
            digest: 32 bytes.
        """
        self._hash = hashlib.sha256(self._hash + seq.to_bytes(8) + digest).digest()
        self._count += 1
        self._keep()

    def agrees(self, mark: TranscriptMark) -> bool:
        """Return whether what a sender had heard is what we have heard, as far as we can still tell."""
        if mark.now.length > self._count:
            return False
        ours = self._links.get(mark.now.length)
        if ours is not None and ours != mark.now.short:
            return False
        is_known = NO_COUNT not in {self._before.length, mark.before.length}
        return not is_known or self._before == mark.before

    def forget(self) -> None:
        """Forget everything."""
        self._count, self._hash, self._before, self._links = 0, bytes(32), NOTHING, {}
        self._store.drop_all(Table.CHAIN, self._prefix)

    def _keep(self) -> None:
        short = self._hash[:SHORT_BYTES]
        self._links[self._count] = short
        self._store.put(Table.CHAIN, f"{self._prefix}{self._count:016d}", short)
        if self._links.pop(self._count - KEPT_MAX, None) is not None:
            self._store.drop(Table.CHAIN, f"{self._prefix}{self._count - KEPT_MAX:016d}")
        count, before = self._before
        head = self._count.to_bytes(8) + self._hash + count.to_bytes(8) + before
        self._store.put(Table.CHAIN, self._prefix + _HEAD, head)

    def _load(self) -> None:
        for key, row in self._store.rows(Table.CHAIN, self._prefix):
            name = key.removeprefix(self._prefix)
            if name == _HEAD:
                self._count, self._hash = int.from_bytes(row[:8]), row[8:40]
                self._before = ChainPosition(int.from_bytes(row[40:48]), row[48:])
            else:
                self._links[int(name)] = row
