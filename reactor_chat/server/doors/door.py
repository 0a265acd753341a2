"""What a way in is: it turns the bytes of one connection into inputs of the core, and notices into bytes.

What the bytes mean differs from door to door; what happens then does not.
"""

from typing import Protocol

from reactor_chat.chat.boundary import BadMessage, Received, ReceivedTogether, Terminate
from reactor_chat.wire.messages import Hello, Notice, Refused

Sent = Received | ReceivedTogether | BadMessage | Terminate


class Door(Protocol):
    """One connection's way in."""

    name: str
    """What the log and the startup line call it."""
    shares_frames: bool
    """Whether notices to everyone are the same bytes as everyone else's."""

    def feed(self, data: bytes) -> bytes:
        """Store what came; return what the other side must be told at once, whatever its lines or frames say."""

    def end(self) -> None:
        """Learn that nothing more will come."""

    def take(self, conn: int, sent_max: int) -> tuple[list[Sent], int]:
        """Remove and return what was sent, oldest first, at most so much of it.

        Returns:
            What was sent, empty where nothing is complete; and how many frames or lines were looked at for it, which
            may be more: a blank line asks nothing.
        """

    @property
    def waiting_bytes(self) -> int:
        """What came and was not taken yet, or is not complete."""

    @property
    def has_more(self) -> bool:
        """Whether `take` would return something."""

    def greet(self, hello: Hello) -> bytes:
        """Return the first bytes of the connection."""

    def turn_away(self, hello: Hello, refusal: Refused) -> bytes:
        """Return the only bytes of a connection that is not taken."""

    def entered(self, name: str) -> None:
        """Learn that somebody has logged in."""

    def written(self, notice: Notice) -> bytes:
        """Return a notice as bytes; empty where this door does not show it."""
