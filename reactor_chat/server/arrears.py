"""What people are owed: what they missed while they were away, and answers that their wire does not take yet.

Somebody who missed something is behind.  It is read from the journal, page by page as the wire takes it, and until that
is done nothing numbered is sent there but what is read: the journal has everything.  An answer has no number and would
be lost, so it is held; it is also held where the wire is clogged, because an answer may be larger than what a quick
reader may be owed.  Meanwhile nothing more is taken from that connection, so what is held stays little.
"""

from collections import deque
from collections.abc import Callable

from reactor_chat.chat.hub import Hub
from reactor_chat.chat.records import NUMBERED, notice_of
from reactor_chat.server.intake import CLOGGED_BYTES
from reactor_chat.server.ledger import Ledger, record_of
from reactor_chat.server.peers import Peer
from reactor_chat.wire.messages import Notice

PAGE_ROWS = 256
PAGES_MAX = 8
"""Pages read in one turn for all who are behind, so that a whole town that comes back delays nobody for long."""


class Arrears:
    """Pays what is owed.

    Args:
        ledger: where what was missed is read.
        hub: says who may read what.
        current: is told of somebody who is not behind any more.
        paid: is told of somebody who is owed nothing any more.
    """

    def __init__(self, ledger: Ledger, hub: Hub, current: Callable[[Peer], None], paid: Callable[[Peer], None]) -> None:
        self._ledger = ledger
        self._hub = hub
        self._current = current
        self._paid = paid
        self._behind: dict[Peer, None] = {}
        self._holding: dict[Peer, None] = {}
        self.has_work = False
        """Whether something could be paid at once that this turn had no time for."""

    @property
    def wait_for_wires(self) -> bool:
        """Whether somebody is owed something."""
        return bool(self._behind or self._holding)

    def begin(self, peer: Peer, after: int) -> None:
        """Owe somebody everything after a number."""
        peer.heard = after
        self._behind[peer] = None

    def take(self, peer: Peer, notice: Notice) -> bool:
        """Take a notice that cannot be sent now; False where it can be."""
        if isinstance(notice, NUMBERED):
            return peer.heard is not None  # the journal has it
        if peer.is_current and peer.wire.queued_bytes < CLOGGED_BYTES:
            return False
        peer.held.append(notice)
        self._holding[peer] = None
        return True

    def pay(self) -> None:
        """Tell some of what is owed, to those whose wires take it."""
        able = deque(peer for peer in self._behind if peer.wire.queued_bytes < CLOGGED_BYTES)
        for _ in range(PAGES_MAX):
            if not able:
                break
            peer = able.popleft()
            self._tell_page(peer)
            if peer.heard is not None and peer.wire.queued_bytes < CLOGGED_BYTES:
                able.append(peer)
        first = dict.fromkeys(able)  # who could go on comes first in the next turn
        self._behind = first | {peer: None for peer in self._behind if peer not in first}
        self.has_work = bool(able)
        for peer in list(self._holding):
            while peer.held and peer.heard is None and peer.wire.queued_bytes < CLOGGED_BYTES:
                peer.tell(peer.held.popleft())
            if not peer.held:
                del self._holding[peer]
                self._paid(peer)

    def forgive(self, peer: Peer) -> None:
        """Owe nothing to somebody who is gone."""
        peer.held.clear()
        if peer.heard is not None:
            self._become_current(peer)

    def close(self, peer: Peer) -> None:
        """Tell the held answers of somebody who is to be sent away, and owe nothing more."""
        while peer.held:
            peer.tell(peer.held.popleft())
        self._holding.pop(peer, None)
        self._behind.pop(peer, None)
        peer.heard = None

    def _tell_page(self, peer: Peer) -> None:
        assert peer.heard is not None
        rows = self._ledger.journal.since(self._hub.entitlement(peer.conn), peer.heard, PAGE_ROWS)
        for row in rows:
            record = record_of(row.seq, row.payload)
            notice = notice_of(record)
            if notice is not None and not self._hub.is_own(peer.conn, record):
                peer.tell(notice)
            peer.heard = row.seq
            if peer.wire.queued_bytes >= CLOGGED_BYTES:
                return  # it goes on from here when that has left
        if len(rows) < PAGE_ROWS:
            self._become_current(peer)

    def _become_current(self, peer: Peer) -> None:
        peer.heard = None
        self._behind.pop(peer, None)
        self._current(peer)
        self._paid(peer)
