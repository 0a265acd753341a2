"""How long somebody may be connected without being logged in."""

from collections import deque
from collections.abc import Callable, Iterator

from reactor_chat.chat.boundary import Terminate
from reactor_chat.server.connections.peers import Peer
from reactor_chat.wire.messages import Refused

EXPIRED_AT_ONCE_MAX = 100
"""Connections closed in one turn because nobody has logged in on them; all of them may be late together."""
ON_ITS_WAY_SECONDS = 1.0
"""When to look again at a login that came in time and is not answered yet."""


def login_timeout(peer: Peer) -> Terminate:
    """Return the input that closes a connection without a login: its time is over, or others need its place."""
    return Terminate(peer.conn, Refused("login_timeout", "You took too long to log in"), "idle")


class LoginDeadlines:
    """Finds connections on which nobody has logged in in time.

    Args:
        is_waiting: tells whether something that a connection sent waits for a commit.
    """

    def __init__(self, is_waiting: Callable[[int], bool]) -> None:
        self._is_waiting = is_waiting
        # Deadlines of one length fall due in the order they were set: a row for each length needs no sorting.
        self._waiting: dict[int, deque[tuple[float, Peer]]] = {}

    def expect(self, peer: Peer, seconds_max: int, now: float) -> None:
        """Expect a login on a connection within so many seconds.

        Args:
            peer: nobody is logged in on it.
            seconds_max: 1 or more.
            now: seconds of the turns' clock.
        """
        self._waiting.setdefault(seconds_max, deque()).append((now + seconds_max, peer))

    @property
    def deadline(self) -> float | None:
        """When the next connection is late; None where no login is expected."""
        return min([waiting[0][0] for waiting in self._waiting.values() if waiting], default=None)

    def overdue(self, now: float) -> Iterator[Peer]:
        """Yield the connections that have to be closed now; each is closed before the next is asked for."""
        for waiting in self._waiting.values():
            left = EXPIRED_AT_ONCE_MAX
            while left and waiting and (waiting[0][0] <= now or waiting[0][1].entered or waiting[0][1].closing):
                peer = waiting.popleft()[1]
                if self._is_waiting(peer.conn):
                    waiting.append((now + ON_ITS_WAY_SECONDS, peer))  # the login came in time, and is on its way
                elif not peer.entered and not peer.closing:
                    yield peer
                    left -= 1
