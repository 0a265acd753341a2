"""What every test of the reactor has: a clock it moves itself, a loop that never sleeps, and an account at the end.

After each test no descriptor is open that was not open before, and no timer is armed.
"""

import gc
import os
import socket
from collections.abc import Callable, Iterator

import pytest

from reactor_chat.reactor.connection import Connection
from reactor_chat.reactor.limits import ConnectionLimits
from reactor_chat.reactor.loop import Loop
from reactor_chat.reactor.tls import TlsFilter
from reactor_chat.reactor.tls_connection import open_connection
from tests.reactor.faulty import FaultySocket

TURNS_MAX = 20_000


class Clock:
    """Monotonic seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


class Peer:
    """The other end of a connection: a plain socket that never blocks."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        sock.settimeout(0.0)
        self.heard = bytearray()
        self.ended = False

    def hear(self, bytes_max: int = 1 << 20) -> bytes:
        """Take what is there; returns everything heard so far."""
        try:
            data = self.sock.recv(bytes_max)
        except BlockingIOError:
            return bytes(self.heard)
        self.heard += data
        self.ended = self.ended or not data
        return bytes(self.heard)


class Diary:
    """An owner that notes what it is told; a test gives it something to do on one of the occasions."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.told: list[str] = []
        self.on_received: Callable[[Connection, bytes], object] = lambda _connection, _data: None
        self.on_ended: Callable[[Connection], object] = lambda _connection: None
        self.on_overflowed: Callable[[Connection], object] = lambda _connection: None
        self.on_lost: Callable[[Connection], object] = lambda _connection: None

    def received(self, connection: Connection, data: bytes) -> None:
        assert not self.lost_reasons, "nothing comes after lost"
        self.data += data
        self.on_received(connection, data)

    def ended(self, connection: Connection) -> None:
        self._note("ended")
        self.on_ended(connection)

    def overflowed(self, connection: Connection) -> None:
        self._note("overflowed")
        self.on_overflowed(connection)

    def lost(self, connection: Connection, reason: str) -> None:
        self._note(f"lost: {reason}")
        self.on_lost(connection)

    @property
    def lost_reasons(self) -> list[str]:
        return [line.removeprefix("lost: ") for line in self.told if line.startswith("lost: ")]

    def _note(self, line: str) -> None:
        assert not self.lost_reasons, "nothing comes after lost"
        self.told.append(line)


class World:
    """A loop on a clock that stands still, and sockets that are closed after the test."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.loop = Loop(self.clock)
        self._open: list[socket.socket] = []
        self._connections: list[Connection] = []

    def turn(self, count: int = 1) -> None:
        """Turn without waiting."""
        for _ in range(count):
            self.loop.run_soon()
            self.loop.turn()

    def until(self, happened: Callable[[], object]) -> None:
        """Turn until something is the case; loopback is quick, and never so slow as this many turns."""
        for _ in range(TURNS_MAX):
            if happened():
                return
            self.turn()
        pytest.fail("it did not happen")

    def pass_time(self, seconds: float) -> None:
        """Let the clock run, and turn twice: what is due is done, and what that began."""
        self.clock.advance(seconds)
        self.turn(2)

    def keep(self, *socks: socket.socket) -> None:
        """Close these after the test."""
        self._open += socks

    def unix_pair(self) -> tuple[socket.socket, Peer]:
        ours, theirs = socket.socketpair()
        self.keep(ours, theirs)
        return ours, Peer(theirs)

    def tcp_pair(self) -> tuple[socket.socket, Peer]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            theirs = socket.create_connection(server.getsockname())
            ours, _ = server.accept()
        self.keep(ours, theirs)
        return ours, Peer(theirs)

    def connect(self, limits: ConnectionLimits | None = None, *, tcp: bool = False) -> tuple[Connection, Diary, Peer]:
        """Return a connection, its owner and its peer."""
        ours, peer = self.tcp_pair() if tcp else self.unix_pair()
        diary = Diary()
        return self.connection(ours, diary, limits), diary, peer

    def connect_faulty(self, limits: ConnectionLimits | None = None) -> tuple[Connection, Diary, Peer, FaultySocket]:
        """Return likewise, and the socket whose calls can be made to fail."""
        ours, peer = self.unix_pair()
        sock, diary = FaultySocket(ours), Diary()
        return self.connection(sock, diary, limits), diary, peer, sock

    def connection(
        self,
        sock: socket.socket,
        diary: Diary,
        limits: ConnectionLimits | None = None,
        tls: TlsFilter | None = None,
        secured: Callable[[Connection], None] | None = None,
    ) -> Connection:
        self.keep(sock)
        connection = open_connection(self.loop, sock, diary, limits or ConnectionLimits(), tls, secured)
        self._connections.append(connection)
        return connection

    def __enter__(self) -> "World":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._account()
        finally:
            self.loop.close()
            for sock in self._open:
                sock.close()

    def _account(self) -> None:
        for connection in self._connections:
            connection.abort("the test is over")
        self.turn(2)
        assert len(self.loop.timers) == 0, "a timer is armed"


def _open_descriptors() -> list[str]:
    return sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208  a list of names, the directory's own included


@pytest.fixture(autouse=True)
def _no_descriptor_is_leaked() -> Iterator[None]:
    before = _open_descriptors()
    yield
    if _open_descriptors() != before:
        gc.collect()  # slow, so only where something is still open: a test before may have left it in a cycle
        assert set(_open_descriptors()) <= set(before)


@pytest.fixture
def world(_no_descriptor_is_leaked: None) -> Iterator[World]:
    with World() as world:
        yield world
