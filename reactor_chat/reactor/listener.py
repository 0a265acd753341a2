"""Where connections come from: a listening socket, a budget a turn, and what to do when descriptors run out.

A process without a free descriptor cannot accept, and a level-triggered loop would report the waiting peer for ever.
So one descriptor is kept spare: it is given up to accept the peer and close it (it learns at once instead of waiting),
taken back, and accepting pauses for a moment.  One line is logged for an episode, however many peers it turns away.
"""

import contextlib
import errno
import ipaddress
import logging
import os
import socket
from collections.abc import Callable
from selectors import EVENT_READ

from reactor_chat.reactor.addresses import resolve, text_of
from reactor_chat.reactor.loop import Loop
from reactor_chat.reactor.timers import Timer

ACCEPTS_PER_TURN_MAX = 16  # about 5 ms of work where each is greeted
CONNECTED_PER_ACCEPT = 32
"""Where many are connected, one more may be accepted for each so many of them.

Those who come in one turn are committed together, and the turn's own costs are shared among them.  Where many are
connected, a turn that writes to all of them is long anyway: telling 32 people costs what letting one in does, so such a
turn becomes twice as long at most.
"""
STARVED_PAUSE_SECONDS = 0.1
"""How long nobody is accepted where descriptors ran out: the listener would at once be ready again."""
BACKLOG = 1_024
"""Connections that the kernel keeps until they are accepted: many come at once after a restart."""

_STARVED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
# What accept(2) reports of the connection it would have returned: that one is gone, the next may be well.
_OF_THAT_ONE = frozenset(
    {
        errno.ECONNABORTED,
        errno.EPERM,
        errno.EPROTO,
        errno.ENOPROTOOPT,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.EOPNOTSUPP,
        errno.ETIMEDOUT,
        errno.ECONNRESET,
    }
)

_log = logging.getLogger(__name__)


def open_listener(host: str, port: int, backlog: int = BACKLOG) -> socket.socket:
    """Return a listening, non-blocking socket.

    Args:
        host: a name or an address; the first of its addresses that can be had is taken.  `::` takes IPv4 as well.
        port: 0 lets the system choose.
        backlog: connections the kernel may complete before they are accepted.

    Raises:
        OSError: with a text fit for people; nothing is left open.
    """
    refusal = OSError(f"cannot listen on {host}:{port}")
    for family, kind, protocol, _, address in resolve(host, port, passive=True):
        try:
            return _listening(socket.socket(family, kind, protocol), address, backlog)
        except OSError as error:
            refusal = OSError(error.errno, f"cannot listen on {text_of(address)}: {error.strerror}")
    raise refusal


def _listening(sock: socket.socket, address: tuple[str, int], backlog: int) -> socket.socket:
    try:
        sock.settimeout(0.0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # restart while old connections are in TIME_WAIT
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not _takes_ipv4(address[0])))
        sock.bind(address)
        sock.listen(backlog)
    except BaseException:
        sock.close()
        raise
    return sock


def _takes_ipv4(address: str) -> bool:
    return address == "::" or ipaddress.IPv6Address(address.partition("%")[0]).ipv4_mapped is not None


class Listener:
    """Accepts for an owner.

    Args:
        loop: where the socket is watched, from now on.
        sock: listening; belongs to the listener.
        opened: is given each accepted socket (non-blocking, its own from then on) and the peer's printable address;
            where it raises OSError the socket is closed, and accepting pauses as without descriptors.
        accepts_per_turn_max: fairness towards those who are connected already; 1 or more.  Many more are accepted where
            many are connected; see CONNECTED_PER_ACCEPT.
    """

    def __init__(
        self,
        loop: Loop,
        sock: socket.socket,
        opened: Callable[[socket.socket, str], None],
        accepts_per_turn_max: int = ACCEPTS_PER_TURN_MAX,
    ) -> None:
        self._loop = loop
        self._sock = sock
        self._opened = opened
        self._accepts_per_turn_max = accepts_per_turn_max
        self._watched = False
        self._wanted = True
        self._closed = False
        self._starving = False
        self._recovery: Timer | None = None
        self._spare: int | None = None
        sock.settimeout(0.0)
        self.address = text_of(sock.getsockname())
        self._take_spare()
        self._update()

    def pause(self) -> None:
        """Accept nothing until `resume`; the kernel goes on completing connections up to the backlog."""
        self._wanted = False
        self._update()

    def resume(self) -> None:
        """Accept again."""
        self._wanted = True
        self._update()

    def close(self) -> None:
        """Stop listening; peers that were not accepted are reset by the kernel.  A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._update()
        if self._recovery:
            self._recovery.cancel()
        self._drop_spare()
        self._sock.close()

    def _ready(self, _mask: int) -> None:
        for _ in range(max(self._accepts_per_turn_max, self._loop.watched_count // CONNECTED_PER_ACCEPT)):
            if not self._watched or not self._accept():
                return

    def _accept(self) -> bool:
        """Accept one; returns whether there may be more."""
        try:
            sock, address = self._sock.accept()
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            if error.errno in _STARVED:
                self._starve(error)
                return False
            if error.errno in _OF_THAT_ONE:
                return True
            raise
        sock.settimeout(0.0)
        try:
            self._opened(sock, text_of(address))
        except OSError as error:  # the descriptor could be had, and the kernel cannot watch it
            sock.close()
            self._starve(error)
            return False
        self._starving = False
        return True

    def _starve(self, error: OSError) -> None:
        if not self._starving:
            _log.error("! %s: cannot accept: %s; turning peers away", self.address, os.strerror(error.errno or 0))
        self._starving = True
        self._turn_one_away()
        self._rest()
        self._update()

    def _rest(self) -> None:
        self._recovery = self._loop.timers.call_at(self._loop.now + STARVED_PAUSE_SECONDS, self._recover)

    def _turn_one_away(self) -> None:
        self._drop_spare()
        with contextlib.suppress(OSError):
            self._sock.accept()[0].close()
        self._take_spare()

    def _recover(self) -> None:
        self._recovery = None
        self._take_spare()
        try:
            self._update()
        except OSError:  # the kernel cannot even watch us: not yet
            self._rest()

    def _take_spare(self) -> None:
        if self._spare is None:
            with contextlib.suppress(OSError):  # another process was quicker; tried again at the next pause
                self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def _drop_spare(self) -> None:
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None

    def _update(self) -> None:
        wanted = self._wanted and not self._closed and self._recovery is None
        if wanted and not self._watched:
            self._loop.watch(self._sock, EVENT_READ, self._ready)
        elif self._watched and not wanted:
            self._loop.unwatch(self._sock)
        self._watched = wanted
