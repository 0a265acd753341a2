"""Whose key is whose: the first one seen is remembered, another one stops everything until a person looked.

                same key   another key   verified   accepted   blocked
    new         new        changed       verified   new        blocked
    verified    verified   changed       verified   verified   blocked
    changed     changed    changed       verified   new        blocked
    blocked     blocked    blocked       blocked    new        blocked

One rule follows from it: where any member is `changed` or `blocked`, nothing of ours is sent.  A changed key stays
changed even when the old one is shown again: somebody has lied at least once.
"""

from enum import Enum

import msgspec

from reactor_chat.e2ee.store import Store, Table
from reactor_chat.mls.signatures import Ed25519
from reactor_chat.wire.messages import fold


class Trust(Enum):
    """What we think of somebody's key."""

    NEW = "new"  # the first one seen; usable
    VERIFIED = "verified"  # compared by people
    CHANGED = "changed"  # another one was shown; sending is blocked
    BLOCKED = "blocked"  # by order; sending is blocked


class Sight(Enum):
    """What changes it."""

    SAME = "same"
    OTHER = "other"
    VERIFY = "verify"
    ACCEPT = "accept"
    BLOCK = "block"


TRUST_STATES: dict[Trust, dict[Sight, Trust]] = {
    Trust.NEW: {
        Sight.SAME: Trust.NEW,
        Sight.OTHER: Trust.CHANGED,
        Sight.VERIFY: Trust.VERIFIED,
        Sight.ACCEPT: Trust.NEW,
        Sight.BLOCK: Trust.BLOCKED,
    },
    Trust.VERIFIED: {
        Sight.SAME: Trust.VERIFIED,
        Sight.OTHER: Trust.CHANGED,
        Sight.VERIFY: Trust.VERIFIED,
        Sight.ACCEPT: Trust.VERIFIED,
        Sight.BLOCK: Trust.BLOCKED,
    },
    Trust.CHANGED: {
        Sight.SAME: Trust.CHANGED,
        Sight.OTHER: Trust.CHANGED,
        Sight.VERIFY: Trust.VERIFIED,
        Sight.ACCEPT: Trust.NEW,
        Sight.BLOCK: Trust.BLOCKED,
    },
    Trust.BLOCKED: {
        Sight.SAME: Trust.BLOCKED,
        Sight.OTHER: Trust.BLOCKED,
        Sight.VERIFY: Trust.BLOCKED,
        Sight.ACCEPT: Trust.NEW,
        Sight.BLOCK: Trust.BLOCKED,
    },
}

SENDING_STOPS = frozenset({Trust.CHANGED, Trust.BLOCKED})


class Known(msgspec.Struct, frozen=True):
    """What is remembered of somebody.

    Attributes:
        name: as last spelled.
        key: the one that counts.
        offered: another one that was shown, empty where there was none.
        since_ms: when the key that counts was first seen, milliseconds since 1970.
        changed_ms: when another one was first shown, 0 where none was.
    """

    name: str
    key: bytes
    state: Trust
    since_ms: int
    offered: bytes = b""
    changed_ms: int = 0


class TrustBook:
    """Everybody whose key was seen.

    Args:
        store: where it is kept.

    Attributes:
        version: another number after every change.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.version = 0
        self._known = {key: msgspec.msgpack.decode(row, type=Known) for key, row in store.rows(Table.TRUST)}

    def look_up(self, name: str) -> Known | None:
        """Return what is known of somebody, None where no key was ever seen."""
        return self._known.get(fold(name))

    def see(self, name: str, key: bytes, now_ms: int) -> Known:
        """Take note of a key that was shown as somebody's.

        Args:
            name: in any spelling.
            key: 32 bytes.
            now_ms: milliseconds since 1970.

        Raises:
            MlsRefused: no key can be like this one (small order, not canonical); nothing is noted.
        """
        Ed25519().check_public_key(key)
        known = self._known.get(fold(name))
        if known is None:
            return self._keep(Known(name, key, Trust.NEW, now_ms))
        if key == known.key:
            return known
        if known.offered == key:
            return known
        state = TRUST_STATES[known.state][Sight.OTHER]
        changed = msgspec.structs.replace(known, offered=key, state=state, changed_ms=now_ms)
        return self._keep(changed)

    def is_usable(self, name: str, key: bytes) -> bool:
        """Return whether something may be encrypted to this key as somebody's."""
        known = self.look_up(name)
        return known is not None and known.key == key and known.state is not Trust.BLOCKED

    def is_known(self, name: str, key: bytes) -> bool:
        """Return whether this is the key that counts as somebody's."""
        known = self.look_up(name)
        return known is None or known.key == key

    def is_unsettled(self, name: str) -> bool:
        """Return whether another key of somebody is on offer and no person decided yet."""
        known = self.look_up(name)
        return known is not None and known.state is Trust.CHANGED

    def is_blocked(self, name: str) -> bool:
        """Return whether a person ordered that nothing be sent to somebody."""
        known = self.look_up(name)
        return known is not None and known.state is Trust.BLOCKED

    def was_verified_otherwise(self, name: str, key: bytes) -> bool:
        """Return whether a person verified another key of somebody than this one."""
        known = self.look_up(name)
        return known is not None and known.key != key and known.state is Trust.VERIFIED

    def accept(self, name: str, now_ms: int) -> Known | None:
        """A person takes the key that was shown last; None where nobody of that name is known."""
        known = self.look_up(name)
        if known is None:
            return None
        state = TRUST_STATES[known.state][Sight.ACCEPT]
        return self._keep(self._taking(known, known.offered or known.key, state, now_ms))

    def verify(self, name: str, key: bytes, now_ms: int) -> Known | None:
        """Two people compared numbers, and this key is the one they speak of."""
        known = self.look_up(name)
        if known is None or key not in (known.key, known.offered):
            return None
        state = TRUST_STATES[known.state][Sight.VERIFY]
        return self._keep(self._taking(known, key, state, now_ms))

    def block(self, name: str) -> Known | None:
        """A person wants nothing sent where somebody is; None where nobody of that name is known."""
        known = self.look_up(name)
        if known is None:
            return None
        return self._keep(msgspec.structs.replace(known, state=TRUST_STATES[known.state][Sight.BLOCK]))

    def _taking(self, known: Known, key: bytes, state: Trust, now_ms: int) -> Known:
        since = known.since_ms if key == known.key else now_ms
        return Known(known.name, key, state, since)

    def _keep(self, known: Known) -> Known:
        self._known[fold(known.name)] = known
        self.version += 1
        self._store.put(Table.TRUST, fold(known.name), msgspec.msgpack.encode(known))
        return known
