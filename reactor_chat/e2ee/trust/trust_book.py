"""Whose key is whose: the first one seen is remembered, and another one never takes its place without a person.

                the key that counts   another key   verified   accepted   blocked
    invited     verified              changed       verified   new        blocked
    new         new                   changed       verified   new        blocked
    verified    verified              changed       verified   verified   blocked
    changed     changed               changed       verified   new        blocked
    blocked     blocked               blocked       blocked    new        blocked

*One key counts* for each name.  What is encrypted goes to that key only, so a key that the server merely offers harms
nobody; it makes the name `changed`, that is unsettled, until a person decided.  A changed key stays changed even when
the old one is shown again: somebody has lied at least once.

A decision is about one key, the one that was looked at (`look`) or whose number was typed.  A key that the server
offers after the person looked stays on offer, and the name stays `changed`.

An invitation brings a fingerprint, not a key.  Where no key was seen yet the name is `invited`: the key that has this
fingerprint is verified when it is seen, and no other key counts.  No link weakens a key that people verified.
"""

import hashlib
from collections.abc import Iterator
from enum import Enum

import msgspec

from reactor_chat.e2ee.store import Store, Table
from reactor_chat.errors import MlsRefused
from reactor_chat.mls.signatures import Ed25519
from reactor_chat.wire.messages import fold

NAMES_MAX = 10_000
"""So many names are remembered; a row has at most three keys and one fingerprint, whatever a server offers."""

FINGERPRINT_BYTES = 32  # a whole SHA-256


class Trust(Enum):
    """What we think of somebody's key."""

    INVITED = "invited"  # only the fingerprint is known, from an invitation
    NEW = "new"  # the first one seen
    VERIFIED = "verified"  # compared by people, or named in an invitation
    CHANGED = "changed"  # another one is on offer, and nobody decided yet
    BLOCKED = "blocked"  # by order


class TrustEvent(Enum):
    """What changes it."""

    SAME = "same"
    OTHER = "other"
    VERIFY = "verify"
    ACCEPT = "accept"
    BLOCK = "block"


class Standing(Enum):
    """What one key is to us as somebody's."""

    UNSEEN = "unseen"  # nothing is known of the name
    KNOWN = "known"  # the key that counts, not verified
    VERIFIED = "verified"  # the key that counts, compared by people or named in an invitation
    NEW_KEY = "new key"  # not the key that counts
    BLOCKED = "blocked"  # by order, whatever the key


class Invitation(Enum):
    """What an invitation did."""

    NOTED = "noted"  # the key will be verified when it is seen
    VERIFIED = "verified"  # the key that counts has this fingerprint, and is verified by it
    KNEW = "knew"  # nothing is new in it
    DIFFERS = "differs"  # the key that counts has another fingerprint, and the name is changed
    IGNORED = (
        "ignored"  # it differs, and nothing changed: people verified or blocked the key, or another link was first
    )


TRUST_STATES: dict[Trust, dict[TrustEvent, Trust]] = {
    Trust.INVITED: {
        TrustEvent.SAME: Trust.VERIFIED,
        TrustEvent.OTHER: Trust.CHANGED,
        TrustEvent.VERIFY: Trust.VERIFIED,
        TrustEvent.ACCEPT: Trust.NEW,
        TrustEvent.BLOCK: Trust.BLOCKED,
    },
    Trust.NEW: {
        TrustEvent.SAME: Trust.NEW,
        TrustEvent.OTHER: Trust.CHANGED,
        TrustEvent.VERIFY: Trust.VERIFIED,
        TrustEvent.ACCEPT: Trust.NEW,
        TrustEvent.BLOCK: Trust.BLOCKED,
    },
    Trust.VERIFIED: {
        TrustEvent.SAME: Trust.VERIFIED,
        TrustEvent.OTHER: Trust.CHANGED,
        TrustEvent.VERIFY: Trust.VERIFIED,
        TrustEvent.ACCEPT: Trust.VERIFIED,
        TrustEvent.BLOCK: Trust.BLOCKED,
    },
    Trust.CHANGED: {
        TrustEvent.SAME: Trust.CHANGED,
        TrustEvent.OTHER: Trust.CHANGED,
        TrustEvent.VERIFY: Trust.VERIFIED,
        TrustEvent.ACCEPT: Trust.NEW,
        TrustEvent.BLOCK: Trust.BLOCKED,
    },
    Trust.BLOCKED: {
        TrustEvent.SAME: Trust.BLOCKED,
        TrustEvent.OTHER: Trust.BLOCKED,
        TrustEvent.VERIFY: Trust.BLOCKED,
        TrustEvent.ACCEPT: Trust.NEW,
        TrustEvent.BLOCK: Trust.BLOCKED,
    },
}
"""The next state.  Two things are added to it: a key that stays on offer keeps a name `changed`, and an accepted key
that people had verified before is `verified`."""

SENDING_STOPS = frozenset({Trust.CHANGED, Trust.BLOCKED})
"""Where a person has to decide before somebody is let in anew."""


class Known(msgspec.Struct, frozen=True):
    """What is remembered of somebody.

    Attributes:
        name: as last spelled.
        key: the one that counts; empty while only a fingerprint is known.
        since_ms: when the key that counts was first seen, milliseconds since 1970.
        offered: another one, the newest that was seen; empty where there is none.
        changed_ms: when that was first seen, 0 where there is none.
        is_verified: people compared the key that counts, or an invitation named it.
        shown: the key whose safety number the person looked at last; empty where there was none since a decision.
        invited: the fingerprint in the newest invitation that counted, empty where there was none.
        vouched_by: who gave us the key that counts in a list of contacts, empty where nobody did.
    """

    name: str
    key: bytes
    state: Trust
    since_ms: int
    offered: bytes = b""
    changed_ms: int = 0
    is_verified: bool = False
    shown: bytes = b""
    invited: bytes = b""
    vouched_by: str = ""

    @property
    def keys(self) -> list[bytes]:
        """All keys that a person may decide about, the one to be looked at first."""
        return list(dict.fromkeys(key for key in (self.offered, self.key, self.shown) if key))

    def counts(self, key: bytes) -> bool:
        """Return whether this is the key that counts, or the one that an invitation named."""
        return key == self.key if self.key else fingerprint_of(key) == self.invited


class TrustBook:
    """Everybody whose key was seen, or named in an invitation.

    Args:
        store: where it is kept.

    Attributes:
        version: another number after every change.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.version = 0
        self._known = {key: _read(row) for key, row in store.rows(Table.TRUST)}

    def __iter__(self) -> Iterator[Known]:
        """Yield what is known of everybody, by name."""
        return iter([known for _, known in sorted(self._known.items())])

    @property
    def is_full(self) -> bool:
        """Whether no other name can be remembered."""
        return len(self._known) >= NAMES_MAX

    def look_up(self, name: str) -> Known | None:
        """Return what is known of somebody, None where no key was ever seen or named."""
        return self._known.get(fold(name))

    # ------------------------------------------------------------------------------------------ what is asked

    def standing(self, name: str, key: bytes) -> Standing:
        """Return what a key is to us as somebody's.

        Args:
            name: in any spelling.
            key: 32 bytes.
        """
        known = self.look_up(name)
        if known is None:
            return Standing.UNSEEN
        if known.state is Trust.BLOCKED:
            return Standing.BLOCKED
        if not known.counts(key):
            return Standing.NEW_KEY
        return Standing.VERIFIED if known.is_verified or not known.key else Standing.KNOWN

    def is_usable(self, name: str, key: bytes) -> bool:
        """Return whether something may be encrypted to this key as somebody's: it counts, and is not blocked.

        Another key on offer does not matter here; `is_unsettled` tells of it.
        """
        return self.standing(name, key) in (Standing.KNOWN, Standing.VERIFIED)

    def is_unsettled(self, name: str) -> bool:
        """Return whether another key than the one that counts turned up, and no person decided yet."""
        known = self.look_up(name)
        return known is not None and known.state is Trust.CHANGED

    # ------------------------------------------------------------------------------------------ what a server shows

    def see(self, name: str, key: bytes, now_ms: int) -> Known:
        """Take note of a key that was shown as somebody's, who was asked for.

        Args:
            name: in any spelling.
            key: 32 bytes.
            now_ms: milliseconds since 1970.

        Raises:
            MlsRefused: no key can be like this one (small order, not canonical), or no other name can be remembered;
                nothing is noted.
        """
        Ed25519().check_public_key(key)
        known = self.look_up(name)
        if known is None:
            return self._add(Known(name, key, Trust.NEW, now_ms))
        if known.counts(key):
            return known if known.key else self._arrive(known, key, now_ms)
        if known.offered == key:
            return known
        state = TRUST_STATES[known.state][TrustEvent.OTHER]
        return self._keep(msgspec.structs.replace(known, offered=key, state=state, changed_ms=now_ms))

    def _arrive(self, known: Known, key: bytes, now_ms: int) -> Known:
        """The key that an invitation named is there."""
        state = TRUST_STATES[known.state][TrustEvent.SAME]
        return self._keep(msgspec.structs.replace(known, key=key, state=state, since_ms=now_ms, is_verified=True))

    # ------------------------------------------------------------------------------------------ what people decide

    def look(self, name: str, key: bytes) -> Known | None:
        """The person is shown the safety number of this key; None where it is none of this name's."""
        known = self.look_up(name)
        if known is None or key not in known.keys:
            return None
        return known if known.shown == key else self._keep(msgspec.structs.replace(known, shown=key))

    def accept(self, name: str, key: bytes, now_ms: int) -> Known | None:
        """A person takes this key, without having compared it; None where it is none of this name's.

        The key that counts is taken again to lift a block, also where only its fingerprint is known.
        What was on offer before is settled by it, unless the person never looked at that: then it stays on offer.

        Args:
            name: in any spelling.
            key: 32 bytes.
            now_ms: milliseconds since 1970.
        """
        known = self.look_up(name)
        if known is None or key not in (*known.keys, known.key):
            return None
        is_verified = known.is_verified and key == known.key
        left = known.offered if known.offered not in (key, known.shown) else b""
        state = TRUST_STATES[Trust.VERIFIED if is_verified else Trust.CHANGED][TrustEvent.ACCEPT]
        return self._decide(known, key, state, left, now_ms)

    def verify(self, name: str, key: bytes, now_ms: int) -> Known | None:
        """Two people compared numbers, and this key is the one they speak of; None where it is none of this name's.

        That the known key holds settles whatever else is on offer: it is not theirs.  That another one holds settles
        only what the person had looked at.

        Args:
            name: in any spelling.
            key: 32 bytes.
            now_ms: milliseconds since 1970.
        """
        known = self.look_up(name)
        if known is None or key not in known.keys:
            return None
        is_settled = key == known.key or known.offered in (key, known.shown)
        state = TRUST_STATES[known.state][TrustEvent.VERIFY]
        return self._decide(known, key, state, b"" if is_settled else known.offered, now_ms, is_verified=True)

    def block(self, name: str) -> Known | None:
        """A person wants nothing sent to somebody; None where nobody of that name is known."""
        known = self.look_up(name)
        if known is None:
            return None
        return self._keep(msgspec.structs.replace(known, state=TRUST_STATES[known.state][TrustEvent.BLOCK]))

    def _decide(
        self, known: Known, key: bytes, state: Trust, left: bytes, now_ms: int, *, is_verified: bool | None = None
    ) -> Known:
        """Let a key count; what is left on offer keeps the name changed, unless it is blocked."""
        is_same = key == known.key
        state = state if key else Trust.INVITED
        return self._keep(
            Known(
                known.name,
                key,
                Trust.CHANGED if left and state is not Trust.BLOCKED else state,
                known.since_ms if is_same else now_ms,
                left,
                known.changed_ms if left else 0,
                is_verified=(state is Trust.VERIFIED) if is_verified is None else is_verified,
                invited=known.invited,
                vouched_by=known.vouched_by if is_same else "",
            )
        )

    # ------------------------------------------------------------------------------------------ what others vouch for

    def introduce(self, name: str, fingerprint: bytes, now_ms: int) -> Invitation:
        """An invitation names the fingerprint of somebody's key; each counts once, however often it is opened.

        Args:
            name: in any spelling.
            fingerprint: SHA-256 of the account key, 32 bytes.
            now_ms: milliseconds since 1970.

        Raises:
            MlsRefused: no other name can be remembered.
        """
        assert len(fingerprint) == FINGERPRINT_BYTES
        known = self.look_up(name)
        if known is None:
            self._add(Known(name, b"", Trust.INVITED, now_ms, invited=fingerprint))
            return Invitation.NOTED
        if known.invited == fingerprint:
            return Invitation.KNEW
        if known.key and fingerprint_of(known.key) == fingerprint:
            return self._confirm(known, fingerprint)
        if not known.key or known.is_verified or known.state is Trust.BLOCKED:
            return Invitation.IGNORED
        self._keep(msgspec.structs.replace(known, invited=fingerprint, state=Trust.CHANGED, changed_ms=now_ms))
        return Invitation.DIFFERS

    def _confirm(self, known: Known, fingerprint: bytes) -> Invitation:
        """The key that counts is the invitation's; what else is on offer, and a block, wait for a person still."""
        state = known.state if known.state in SENDING_STOPS else Trust.VERIFIED
        self._keep(msgspec.structs.replace(known, invited=fingerprint, state=state, is_verified=True))
        return Invitation.KNEW if known.is_verified else Invitation.VERIFIED

    def vouch(self, name: str, key: bytes, by: str, now_ms: int) -> bool:
        """A list of contacts that somebody signed has this key.

        Args:
            name: in any spelling.
            key: 32 bytes.
            by: who signed it, somebody verified here.  Empty where it was oneself: that is as good as a comparison.
            now_ms: milliseconds since 1970.

        Returns:
            Whether it agrees with what is known; if not, nothing is changed.

        Raises:
            MlsRefused: as `see`.
        """
        Ed25519().check_public_key(key)
        known = self.look_up(name)
        if known is None:
            state = Trust.NEW if by else Trust.VERIFIED
            self._add(Known(name, key, state, now_ms, is_verified=not by, vouched_by=by))
            return True
        if not known.counts(key):
            return False
        if not known.key:
            known = self._arrive(known, key, now_ms)
        if not known.is_verified:
            state = Trust.VERIFIED if not by and known.state is Trust.NEW else known.state
            self._keep(msgspec.structs.replace(known, state=state, is_verified=not by, vouched_by=by))
        return True

    # ------------------------------------------------------------------------------------------ the store

    def _add(self, known: Known) -> Known:
        if self.is_full:
            raise MlsRefused(f"Too many known names ({NAMES_MAX})")
        return self._keep(known)

    def _keep(self, known: Known) -> Known:
        self._known[fold(known.name)] = known
        self.version += 1
        self._store.put(Table.TRUST, fold(known.name), msgspec.msgpack.encode(known))
        return known


def fingerprint_of(key: bytes) -> bytes:
    """Return the SHA-256 of an account key, by which invitations and codes name it."""
    return hashlib.sha256(key).digest()


def _read(row: bytes) -> Known:
    known = msgspec.msgpack.decode(row, type=Known)
    if known.state is Trust.VERIFIED and not known.is_verified:  # written before that was remembered apart
        return msgspec.structs.replace(known, is_verified=True)
    return known
