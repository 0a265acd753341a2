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

_KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""A machine that vanished without a word is given up two minutes after its last one; seconds, seconds, times."""


def prepare(sock: socket.socket) -> None:
    """Make a socket non-blocking, closed on exec, sending without delay, and aware of machines that vanish."""
    sock.settimeout(0.0)
    sock.set_inheritable(False)
    if sock.family in {socket.AF_INET, socket.AF_INET6}:
        with contextlib.suppress(OSError):  # the peer has gone already: reading will say so
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _KEEPALIVE.items():
                if hasattr(socket, name):  # macOS calls the first one otherwise
                    sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def because(error: OSError) -> str:
    """Return words for the log: never the peer's bytes."""
    return os.strerror(error.errno) if error.errno else str(error)


def has_arrived(sock: socket.socket) -> bool:
    """Return whether the peer's system has everything that was sent, an end of writing included.

    Source: tcp(7), SIOCOUTQ, which is TIOCOUTQ by another name; on other systems it may never be so.
    """
    try:
        return not any(fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))
    except OSError:  # no such question here, or no such connection any more: the deadline decides
        return False
