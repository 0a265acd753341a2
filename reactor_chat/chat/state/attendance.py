"""When each owned name was claimed, and when its owner was last seen; times are those of the records."""

from msgspec import Struct

from reactor_chat.wire.messages import fold


class Seen(Struct, frozen=True, array_like=True, gc=False):
    """One owned name, folded.

    Attributes:
        claimed_at: in milliseconds since the Unix epoch.
        seen_at: the newest coming or going of its owner; 0 where nobody has come under it yet.
    """

    name: str
    claimed_at: int
    seen_at: int


class Attendance:
    """What is known of each owner; names that were claimed before this was noted are missing."""

    def __init__(self) -> None:
        self._seen: dict[str, Seen] = {}

    def of(self, name: str) -> Seen | None:
        """Return what is known of the owner of a name; None where it is not owned, or was claimed too long ago."""
        return self._seen.get(fold(name))

    def granted(self, name: str, at: int) -> None:
        """Note that a name was claimed for somebody who may not have come yet."""
        self._seen[fold(name)] = Seen(fold(name), at, 0)

    def seen(self, name: str, at: int) -> None:
        """Note that the owner of a name came or went."""
        known = self._seen.get(fold(name))
        self._seen[fold(name)] = Seen(fold(name), known.claimed_at if known is not None else at, at)

    def forget(self, name: str) -> None:
        """Forget the owner of a name that was released."""
        self._seen.pop(fold(name), None)

    def dump(self) -> list[Seen]:
        """Return everything, sorted by name."""
        return [self._seen[key] for key in sorted(self._seen)]

    def load(self, seen: list[Seen]) -> None:
        """Replace everything by what `dump` returned."""
        self._seen = {one.name: one for one in seen}
