"""Invitations that let one newcomer claim a name while the server is locked down.

Kept is the SHA-256 of a code, not the code: whoever reads the journal or a backup of it cannot come in by it.  An
invitation is named by the number of its record.  Used, revoked and expired ones are forgotten, the last when the next
one is made.
"""

import hashlib

from msgspec import Struct

INVITES_MAX = 1_000
"""Open invitations at once."""
CODE_CHARS_MAX = 64
"""A longer one is none of ours and is not looked at."""


class Invite(Struct, frozen=True, array_like=True, gc=False):
    """One open invitation.

    Attributes:
        number: of its record.
        hash: SHA-256 of its code.
        since, until: milliseconds since the Unix epoch; at `until` it is not good any more.
    """

    number: int
    hash: bytes
    since: int
    until: int


def hash_of(code: str) -> bytes:
    """Return what is kept of a code: SHA-256 of it, without regard to case and to blanks around it."""
    return hashlib.sha256(code.strip().lower().encode("utf-8", "replace")).digest()


class Invites:
    """Every invitation that was neither used nor revoked."""

    def __init__(self) -> None:
        self._open: dict[bytes, Invite] = {}

    def good(self, code: str, now: int) -> Invite | None:
        """Return the invitation with this code; None where there is none, or its time is over.

        Args:
            code: as somebody sent it; it may be anything.
            now: milliseconds since the Unix epoch.
        """
        invite = self._open.get(hash_of(code)) if len(code) <= CODE_CHARS_MAX else None
        return invite if invite is not None and now < invite.until else None

    def numbered(self, number: int, now: int) -> Invite | None:
        """Return the open invitation with this number; None where there is none."""
        return next((invite for invite in self.standing(now) if invite.number == number), None)

    def standing(self, now: int) -> list[Invite]:
        """Return those whose time is not over, oldest first."""
        return [invite for invite in self._open.values() if now < invite.until]

    def add(self, invite: Invite) -> None:
        """Take a new one, and forget those whose time is over by its own time."""
        self._open = {one.hash: one for one in self.standing(invite.since)}
        self._open[invite.hash] = invite

    def use(self, code_hash: bytes) -> None:
        """Forget the one that somebody came in by."""
        self._open.pop(code_hash, None)

    def revoke(self, number: int) -> None:
        """Forget the one with this number."""
        self._open = {one.hash: one for one in self._open.values() if one.number != number}

    def dump(self) -> list[Invite]:
        """Return every one, oldest first."""
        return list(self._open.values())

    def load(self, invites: list[Invite]) -> None:
        """Replace all by what `dump` returned."""
        self._open = {one.hash: one for one in invites}
