"""What people are owed: what they missed while they were away, and answers that their wire does not take yet.

Somebody who missed something is behind.  It is read from the journal, page by page as the wire takes it, and until that
is done nothing numbered is sent there but what is read: the journal has everything.  An answer has no number and would
be lost, so it is held; it is also held where the wire is clogged, because an answer may be larger than what a quick
reader may be owed.  Meanwhile nothing more is taken from that connection, so what is held stays little.

Where the journal cannot be read, somebody is told so once (`damaged`), and then what is there behind that place.
"""

from collections import deque
from collections.abc import Iterator

from reactor_chat.chat.hub import Hub
from reactor_chat.chat.state.records import notice_of
from reactor_chat.errors import StorageCorrupt
from reactor_chat.server.connections.peers import Peer
from reactor_chat.server.intake import HIGH_WATERMARK_BYTES
from reactor_chat.server.maintenance.keeping import Keeping
from reactor_chat.server.record_log import RecordLog, record_of
from reactor_chat.wire.messages import SEQ_MAX, Notice, Numbered

PAGE_ROWS = 256
"""Read for one person at once; what the wire does not take of them is read again, so a page is short."""
PAGES_MAX = 8
"""Pages read in one turn for all who are behind, so that a whole town that comes back delays nobody for long."""


class CatchUp:
    """Tells people what they are owed.

    Args:
        record_log: where what was missed is read.
        hub: says who may read what.
        keeping: is told what cannot be read.
    """

    def __init__(self, record_log: RecordLog, hub: Hub, keeping: Keeping) -> None:
        self._record_log = record_log
        self._hub = hub
        self._keeping = keeping
        self._behind: dict[Peer, None] = {}
        self._warned: set[Peer] = set()
        self._holding: dict[Peer, None] = {}
        self.has_work = False
        """Whether something could be told at once that this turn had no time for."""

    @property
    def wait_for_wires(self) -> bool:
        """Whether somebody is owed something."""
        return bool(self._behind or self._holding)

    def begin(self, peer: Peer, after: int) -> None:
        """Owe somebody everything after a number.

        Args:
            peer: who came back; current until now.
            after: the newest number they were told, 0 or more.
        """
        peer.replayed_seq = after
        self._behind[peer] = None

    def take(self, peer: Peer, notice: Notice) -> bool:
        """Take a notice that cannot be sent now; False where it can be.

        Args:
            peer: whom it is for.
            notice: kept where it has no number; with one, the journal has it.
        """
        if isinstance(notice, Numbered):
            return peer.replayed_seq is not None  # the journal has it
        if peer.is_current and peer.wire.queued_bytes < HIGH_WATERMARK_BYTES:
            return False
        peer.held.append(notice)
        self._holding[peer] = None
        return True

    def pump(self) -> Iterator[Peer]:
        """Tell some of what was missed, to those whose wires take it; yield each that has caught up."""
        able = deque(peer for peer in self._behind if peer.wire.queued_bytes < HIGH_WATERMARK_BYTES)
        for _ in range(PAGES_MAX):
            if not able:
                break
            peer = able.popleft()
            self._tell_page(peer)
            if peer.replayed_seq is None:
                yield peer
            elif peer.wire.queued_bytes < HIGH_WATERMARK_BYTES:
                able.append(peer)
        first = dict.fromkeys(able)  # who could go on comes first in the next turn
        self._behind = first | {peer: None for peer in self._behind if peer not in first}
        self.has_work = bool(able)

    def drain(self) -> Iterator[Peer]:
        """Tell the answers that were held, to those whose wires take them; yield each that was told all of them."""
        for peer in list(self._holding):
            while peer.held and peer.replayed_seq is None and peer.wire.queued_bytes < HIGH_WATERMARK_BYTES:
                peer.tell(peer.held.popleft())
            if not peer.held:
                del self._holding[peer]
                yield peer

    def drop(self, peer: Peer) -> bool:
        """Owe nothing to somebody who is gone; returns whether they were still catching up."""
        peer.held.clear()
        was_behind = peer.replayed_seq is not None
        if was_behind:
            self._become_current(peer)
        return was_behind

    def close(self, peer: Peer) -> None:
        """Tell the held answers of somebody who is to be sent away, and owe nothing more."""
        while peer.held:
            peer.tell(peer.held.popleft())
        self._holding.pop(peer, None)
        self._behind.pop(peer, None)
        self._warned.discard(peer)
        peer.replayed_seq = None

    def _tell_page(self, peer: Peer, last: int = SEQ_MAX) -> None:
        """Tell a page of what somebody missed, up to a number at most; behind a broken place it goes on next time."""
        assert peer.replayed_seq is not None
        spans = [(label, first, min(end, last)) for label, first, end in self._hub.entitlement(peer.conn)]
        try:
            rows = self._record_log.journal.since(spans, peer.replayed_seq, PAGE_ROWS)
            records = [record_of(row.seq, row.payload) for row in rows]
        except StorageCorrupt as error:
            self._tell_around(peer, error, last)
            return
        for row, record in zip(rows, records, strict=True):
            notice = notice_of(record)
            if notice is not None and not self._hub.is_own(peer.conn, record):
                peer.tell(notice)
            peer.replayed_seq = row.seq
            if peer.wire.queued_bytes >= HIGH_WATERMARK_BYTES:
                return  # it goes on from here when that has left
        if len(rows) < PAGE_ROWS:
            if last < SEQ_MAX:
                peer.replayed_seq = last
            else:
                self._become_current(peer)

    def _tell_around(self, peer: Peer, error: StorageCorrupt, last: int) -> None:
        assert peer.replayed_seq is not None
        before = (error.first or 0) - 1
        if peer.replayed_seq < before < last:
            self._tell_page(peer, before)
        else:
            self._step_over(peer, error)

    def _step_over(self, peer: Peer, error: StorageCorrupt) -> None:
        """Tell somebody, once, that something cannot be read, and go on behind it with what can."""
        assert peer.replayed_seq is not None
        refusal = self._keeping.refused(error)
        if peer not in self._warned:
            self._warned.add(peer)
            peer.tell(refusal)
        behind = self._record_log.journal.behind(error.first) if error.first is not None else 0
        if behind <= peer.replayed_seq:
            self._become_current(peer)  # the index itself cannot be read
        else:
            peer.replayed_seq = behind

    def _become_current(self, peer: Peer) -> None:
        peer.replayed_seq = None
        self._behind.pop(peer, None)
        self._warned.discard(peer)
