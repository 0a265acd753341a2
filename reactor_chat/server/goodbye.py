"""The end of a connection, and of all of them when the server stops: what is said, and when."""

from collections.abc import Iterable

from reactor_chat.server.connections.peers import Peer
from reactor_chat.wire.messages import Closing

BYE: dict[str, str] = {
    "quit": "Goodbye",
    "shutdown": "The server is shutting down",
    "taken_over": "You are connected from elsewhere now",
    "idle": "Nothing was heard from you for too long",
    "too_slow": "You read too slowly; connect again to get the rest",
    "flood": "You sent too much",
    "kicked": "You were disconnected",
    "violation": "What you sent breaks the protocol",
}
"""What a connection is told before it is closed, by the reason of its `bye` (PROTOCOL §2)."""

SHUTDOWN_SECONDS = 5
"""When clients should try again: a server that is restarted is back by then."""
CLOSING = Closing(SHUTDOWN_SECONDS, "[Server is shutting down]")
LAST_CALL_SECONDS = 1.0
"""How long a server that stops goes on serving what people keep sending."""


class Goodbye:
    """When a server that stops takes leave of whom.

    Attributes:
        deadline: when it is said at the latest, in seconds of the turns' clock; None: not asked for, or said.
        is_said: whether it was said; whoever catches up after that hears it then.
    """

    def __init__(self) -> None:
        self.deadline: float | None = None
        self.is_said = False

    def begin(self, now: float) -> None:
        """Say it when what was received so far has been served, or a little later at the latest."""
        self.deadline = now + LAST_CALL_SECONDS

    def due(self, peers: Iterable[Peer], now: float, *, is_quiet: bool) -> list[Peer]:
        """Return whom it is to be said to now; nobody where it is too early, or was said.

        Args:
            peers: everybody; whoever catches up is told what was accepted first.
            now: seconds of the turns' clock.
            is_quiet: whether everything that was received has been served.
        """
        if self.deadline is None or not (is_quiet or now >= self.deadline):
            return []
        self.deadline, self.is_said = None, True
        return [peer for peer in peers if peer.replayed_seq is None]
