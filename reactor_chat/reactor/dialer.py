"""Connects to whichever of several addresses answers first, without blocking.

Addresses are tried in their order, each some moments after the one before or as soon as that has failed, and those
under way are left to go on: an address that swallows packets costs a quarter of a second and not a minute.  The first
that is connected wins and the others are closed.

Source: RFC 8305 (Happy Eyeballs), sections 5 and 6, on addresses that were looked up before.
"""

import errno
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from selectors import EVENT_WRITE

from reactor_chat.reactor.addresses import Row, text_of
from reactor_chat.reactor.loop import Loop
from reactor_chat.reactor.timers import Timer

SECONDS_MAX = 10.0
"""For all addresses together; a server that takes longer is taken for one that is not there."""
STAGGER_SECONDS = 0.25
"""From one address to the next, while none answers (RFC 8305 §5 recommends it)."""

_UNDER_WAY = frozenset({0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EINTR})


class Dialer:
    """One attempt to reach a host.

    Args:
        loop: where the sockets are watched.
        addresses: rows of `addresses.resolve`, best first.
        connected: is given the connected, non-blocking socket, its own from then on.
        failed: is given the last error when no address took the connection, or `TimeoutError`; its text names the
            address and the cause.
        seconds_max: for everything together; more than 0.
        stagger_seconds: how long an address may be silent before the next is tried as well; 0 or more.

    Exactly one of `connected` and `failed` is called, from a turn of the loop, unless it is cancelled before.
    """

    def __init__(
        self,
        loop: Loop,
        addresses: Sequence[Row],
        connected: Callable[[socket.socket], None],
        failed: Callable[[OSError], None],
        *,
        seconds_max: float = SECONDS_MAX,
        stagger_seconds: float = STAGGER_SECONDS,
    ) -> None:
        self._loop = loop
        self._untried = deque(addresses)
        self._connected = connected
        self._failed = failed
        self._stagger_seconds = stagger_seconds
        self._trying: dict[socket.socket, str] = {}
        self._error = OSError(errno.EADDRNOTAVAIL, "there is no address to connect to")
        # by timers, so that nobody is called back before the constructor has returned
        self._next: Timer | None = loop.timers.call_at(loop.now, self._try_next)
        self._deadline = loop.timers.call_at(loop.now + seconds_max, self._give_up)

    def cancel(self) -> None:
        """Close everything and call nobody; nothing happens where somebody was called or it was cancelled before."""
        self._untried.clear()
        self._deadline.cancel()
        self._cancel_next()
        for sock in list(self._trying):
            self._drop(sock)

    def _try_next(self) -> None:
        """Begin with the next address, or report when there is neither one left nor one under way."""
        self._cancel_next()
        while self._untried:
            if self._begin(self._untried.popleft()):
                if self._untried:
                    self._next = self._loop.timers.call_at(self._loop.now + self._stagger_seconds, self._try_next)
                return
        if not self._trying:
            self.cancel()
            self._failed(self._error)

    def _begin(self, row: Row) -> bool:
        family, kind, protocol, _, address = row
        try:
            sock = socket.socket(family, kind, protocol)
        except OSError as error:  # a family this machine does not have, or no descriptor
            self._note(error.errno or 0, text_of(address))
            return False
        sock.settimeout(0.0)
        code = sock.connect_ex(address)
        if code not in _UNDER_WAY:
            sock.close()
            self._note(code, text_of(address))
            return False
        self._trying[sock] = text_of(address)
        self._loop.watch(sock, EVENT_WRITE, lambda _mask: self._answered(sock))
        return True

    def _answered(self, sock: socket.socket) -> None:
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or _met_itself(sock)
        if code:
            self._note(code, self._trying[sock])
            self._drop(sock)
            self._try_next()
            return
        self._loop.unwatch(sock)
        del self._trying[sock]
        self.cancel()
        self._connected(sock)

    def _give_up(self) -> None:
        silent = ", ".join(self._trying.values()) or "any address"
        self.cancel()
        self._failed(TimeoutError(errno.ETIMEDOUT, f"no answer from {silent}"))

    def _note(self, code: int, address: str) -> None:
        self._error = OSError(code, f"{address}: {os.strerror(code)}")

    def _drop(self, sock: socket.socket) -> None:
        del self._trying[sock]
        self._loop.unwatch(sock)
        sock.close()

    def _cancel_next(self) -> None:
        if self._next:
            self._next.cancel()
            self._next = None


def _met_itself(sock: socket.socket) -> int:
    """Tell a socket that is connected to itself.

    A socket that dials a port of its own machine that nobody listens on may have been given that very port by the
    system, and two sockets that dial each other are connected: here both are one.
    """
    try:
        return errno.ECONNREFUSED if sock.getsockname() == sock.getpeername() else 0
    except OSError as error:
        return error.errno or errno.ENOTCONN
