"""A real socket whose next calls fail, or do less than was asked, as a test says."""

import errno
import os
import socket
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def failure(code: int) -> OSError:
    """The exception Python raises for an errno."""
    return OSError(code, os.strerror(code))


Outcome = int | tuple[str, int]
"""How a call goes: an errno, or `("at most", bytes)`."""


class FaultySocket(socket.socket):
    """A socket of our own on the descriptor of another one.

    Each call of `recv`, `send` or `shutdown` first takes the next entry of its script: an errno fails the call,
    `("at most", n)` cuts it to n bytes, and without an entry the call is the socket's own.
    """

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(fileno=sock.detach())
        self.script: dict[str, deque[Outcome]] = {"recv": deque(), "send": deque(), "shutdown": deque()}
        self.sends = 0
        self.recvs = 0

    def send(self, data: "ReadableBuffer", flags: int = 0, /) -> int:
        self.sends += 1
        bytes_max = self._next("send", memoryview(data).nbytes)
        if bytes_max == 0:
            raise failure(errno.EAGAIN)
        return super().send(memoryview(data)[:bytes_max], flags)

    def recv(self, bytes_max: int, flags: int = 0, /) -> bytes:
        self.recvs += 1
        return super().recv(self._next("recv", bytes_max), flags)

    def shutdown(self, how: int, /) -> None:
        self._next("shutdown", 0)
        super().shutdown(how)

    def _next(self, call: str, bytes_max: int) -> int:
        if not self.script[call]:
            return bytes_max
        outcome = self.script[call].popleft()
        if isinstance(outcome, int):
            raise failure(outcome)
        _, at_most = outcome
        return min(bytes_max, at_most)
