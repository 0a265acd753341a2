"""The commit of ours that is wanted, being prepared, or waits to be accepted: at most one in a conversation at a time.

What waits to be accepted is kept, and sent again as it is; the rest begins anew with each connection.
"""

from typing import NamedTuple

import msgspec

from reactor_chat.e2ee.store import Store, Table
from reactor_chat.mls.messages import KeyPackage
from reactor_chat.wire.messages import SealAdd

ATTEMPTS_MAX = 4
"""Commits of ours that may fail in one epoch, on one connection."""


class SubmittedCommit(msgspec.Struct):
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


class Fetched(NamedTuple):
    """A checked package of somebody who is to be let in."""

    package: KeyPackage
    reference: bytes


class OwnCommit:
    """What is wanted of us in one conversation.

    Args:
        store: keeps what waits to be accepted.
        key: of the conversation, in the store.

    Attributes:
        pending: waits to be accepted, None where nothing does.
        was_sent: `pending` has left on this connection.
        is_urgent: one is wanted at once.
        fetched: packages for the next one, by folded name; None while none are wanted.
        wanted_since: monotonic seconds; None while none is wanted.
        attempts: that failed in the present epoch.
    """

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._key = key
        row = store.get(Table.PENDING, key)
        self.pending = None if row is None else msgspec.msgpack.decode(row, type=SubmittedCommit)
        self.cut()

    def cut(self) -> None:
        """Forget what held only for the connection."""
        self.was_sent = self.is_urgent = False
        self.fetched: dict[str, Fetched] | None = None
        self.wanted_since: float | None = None
        self.attempts = 0

    # ------------------------------------------------------------------------------------------ what is wanted

    def want_since(self, now: float) -> None:
        """Note that one is wanted, from now on where none was."""
        self.wanted_since = now if self.wanted_since is None else self.wanted_since

    def stop_wanting(self) -> None:
        """None is wanted, or another one will be."""
        self.fetched = self.wanted_since = None

    def make_urgent(self) -> None:
        """One is wanted at once."""
        self.is_urgent = True

    def begin_fetching(self) -> None:
        """Packages for it are being asked for."""
        self.fetched = {}

    def fetch(self, name: str, fetched: Fetched) -> None:
        """Take a package that was asked for, of a folded name."""
        if self.fetched is not None:
            self.fetched[name] = fetched

    def take_fetched(self) -> dict[str, Fetched]:
        """Remove and return the packages, by folded name."""
        fetched, self.fetched = self.fetched or {}, None
        return fetched

    @property
    def is_waiting(self) -> bool:
        """Whether an answer of the server has to come first."""
        return self.pending is not None or self.fetched is not None

    @property
    def is_under_way(self) -> bool:
        """Whether members or keys are about to change by our doing."""
        return self.is_waiting or self.wanted_since is not None

    # ------------------------------------------------------------------------------------------ attempts

    @property
    def failed_too_often(self) -> bool:
        """Whether no other is tried in this epoch, on this connection."""
        return self.attempts >= ATTEMPTS_MAX

    def try_afresh(self) -> None:
        """What is wanted changed, so those that failed do not count any more."""
        self.attempts = 0

    def failed(self) -> None:
        """One failed in the present epoch."""
        self.attempts += 1

    # ---------------------------------------------------------------------------------- what waits to be accepted

    def keep(self, pending: SubmittedCommit | None) -> None:
        """Keep what waits to be accepted, before it leaves; None forgets it."""
        self.pending, self.was_sent = pending, False
        if pending is None:
            self._store.drop(Table.PENDING, self._key)
        else:
            self._store.put(Table.PENDING, self._key, msgspec.msgpack.encode(pending))

    def left(self) -> None:
        """It was sent on this connection."""
        self.was_sent = True

    def send_again(self) -> None:
        """The server could not take it; it is sent again, as it is."""
        self.was_sent = False

    def lost(self) -> None:
        """Another one won; should ours come after all, it is still known.  A creation is given up."""
        assert self.pending is not None
        self.pending.is_refused = not self.pending.is_creation
        self.keep(self.pending if self.pending.is_refused else None)

    def refused(self) -> None:
        """The server does not take it: nothing of it is wanted any more."""
        self.keep(None)
        self.stop_wanting()
        self.is_urgent = False

    def follow_winner(self) -> None:
        """Another one was accepted instead; new keys of ours that were wanted are still wanted."""
        if self.pending is not None and not self.pending.is_creation:
            self.is_urgent = self.is_urgent or self.pending.is_refresh
            self.keep(None)
