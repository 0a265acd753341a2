"""Whom a connection belongs to: what it is told, and when."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a connection knows its owner, and an owner its connections
    from reactor_chat.reactor.connection import Connection


class Owner(Protocol):
    """Whoever a connection tells what happens; any method may call any method of any connection."""

    def received(self, connection: "Connection", data: bytes, /) -> None:
        """Take 1 byte or more."""

    def ended(self, connection: "Connection", /) -> None:
        """Learn that the peer will send nothing more; it may still read."""

    def overflowed(self, connection: "Connection", /) -> None:
        """Learn, once, that the peer reads too slowly; whoever does nothing now lets the queue grow."""

    def lost(self, connection: "Connection", reason: str, /) -> None:
        """Learn that the connection is gone; the last call, and exactly one for every connection."""
