"""How much of something one message may hold, or a server may claim: the numbers that both sides go by."""

from msgspec import Struct

HISTORY_LIMIT_MAX = 200
HISTORY_LIMIT_DEFAULT = 50

SEEN_MAX = 32
"""Logs that a login may name; whoever saw more names the newest."""

SEALED_MEMBERS_MAX = 256
SEALED_MEMBERS_BELIEVED_MAX = 1_000
"""Members of a sealed conversation that a client reckons with, whatever a server claims."""


class Limits(Struct, frozen=True):
    """What the server accepts, in bytes, and how many people one sealed conversation may have.

    A server from before there was such a limit on the wire does not name it; what that one allows unless told otherwise
    stands in for it.
    """

    frame_bytes_max: int
    text_bytes_max: int
    sealed_members_max: int = SEALED_MEMBERS_MAX

    @property
    def sealed_members_believed(self) -> int:
        """How many members a client reckons with: what is claimed, within what it can carry."""
        return max(2, min(self.sealed_members_max, SEALED_MEMBERS_BELIEVED_MAX))
