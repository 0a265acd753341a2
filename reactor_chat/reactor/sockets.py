"""What is done to every stream socket before it is used, and what its errors mean."""

import contextlib
import errno
import fcntl
import os
import socket
import termios

NOT_NOW = (BlockingIOError, InterruptedError)
"""Nothing is wrong; the kernel says when."""
STARVED = frozenset({errno.ENOBUFS, errno.ENOMEM})
"""The kernel is short of memory; it does not say when."""

GONE_SECONDS_MAX = 120
"""Within so long after its last word a machine that vanished is given up, whether anything is sent to it or not."""

_IDLE_SECONDS, _BETWEEN_SECONDS, _UNANSWERED_SECONDS = 30, 10, 45
assert _IDLE_SECONDS + 2 * _BETWEEN_SECONDS + _UNANSWERED_SECONDS < GONE_SECONDS_MAX

_TCP_OPTIONS = {
    getattr(socket, name): value
    for name, value in {
        "TCP_KEEPIDLE": _IDLE_SECONDS,
        "TCP_KEEPALIVE": _IDLE_SECONDS,  # the same, as macOS calls it
        "TCP_KEEPINTVL": _BETWEEN_SECONDS,
        "TCP_KEEPCNT": 3,
        "TCP_USER_TIMEOUT": _UNANSWERED_SECONDS * 1_000,
    }.items()
    if hasattr(socket, name)  # no system has all of them
}
"""After a silence of 30 s the kernel asks every 10 s, and gives the peer up when nothing came for 45 s.

While something sent is not acknowledged it asks nothing: then TCP_USER_TIMEOUT alone counts, from when that was sent
(without it, the kernel of Linux repeats for 15 minutes).  So the worst case is something that is sent in the last
instant before the peer is given up for its silence: 50 s, and 45 s more.  The same limit holds for a peer whose window
has been closed for so long: a process that was stopped and reads nothing.
"""


def prepare(sock: socket.socket) -> None:
    """Make a socket non-blocking, closed on exec, sending without delay, and aware of machines that vanish."""
    sock.settimeout(0.0)
    sock.set_inheritable(False)
    if sock.family in {socket.AF_INET, socket.AF_INET6}:
        with contextlib.suppress(OSError):  # the peer has gone already: reading will say so
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in _TCP_OPTIONS.items():
                sock.setsockopt(socket.IPPROTO_TCP, option, value)


def because(error: OSError) -> str:
    """Return words for the log: never the peer's bytes."""
    if error.errno == errno.ENOTCONN:  # the peer has gone; the system's words are of an endpoint
        return "connection lost"
    return os.strerror(error.errno) if error.errno else str(error)


def has_arrived(sock: socket.socket) -> bool:
    """Return whether the peer's system has everything that was sent, an end of writing included.

    Source: tcp(7), SIOCOUTQ, which is TIOCOUTQ by another name; on other systems it may never be so.
    """
    try:
        return not any(fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))
    except OSError:  # no such question here, or no such connection any more: the deadline decides
        return False
