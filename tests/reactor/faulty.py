"""A real socket whose next calls fail, or do less than was asked, as a test says."""

import errno
import os
import socket
from collections import deque
from typing import Any


def failure(code: int) -> OSError:
    """The exception Python raises for an errno."""
    return OSError(code, os.strerror(code))


class FaultySocket:
    """Stands in front of a socket.

    Each call of `recv`, `send` or `shutdown` first takes the next entry of its script: an errno fails the call,
    `("at most", n)` cuts it to n bytes, and without an entry the call is the socket's own.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.script: dict[str, deque[Any]] = {"recv": deque(), "send": deque(), "shutdown": deque()}
        self.sends = 0
        self.recvs = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)

    def send(self, data: bytes) -> int:
        self.sends += 1
        bytes_max = self._next("send", len(data))
        if bytes_max == 0:
            raise failure(errno.EAGAIN)
        return self.sock.send(data[:bytes_max])

    def recv(self, bytes_max: int) -> bytes:
        self.recvs += 1
        return self.sock.recv(self._next("recv", bytes_max))

    def shutdown(self, how: int) -> None:
        self._next("shutdown", 0)
        self.sock.shutdown(how)

    def _next(self, call: str, bytes_max: int) -> int:
        if not self.script[call]:
            return bytes_max
        outcome = self.script[call].popleft()
        if isinstance(outcome, tuple):
            return min(bytes_max, outcome[1])
        raise failure(outcome)
