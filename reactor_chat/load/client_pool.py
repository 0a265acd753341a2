"""Many clients on one loop: they come in so many at a time, and whoever is lost before the end makes the load fail."""

import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from reactor_chat.errors import LoadFailed
from reactor_chat.load.dialect import Dialect, DialectStep, Role
from reactor_chat.reactor.addresses import Row
from reactor_chat.reactor.connection import Connection
from reactor_chat.reactor.dialer import Dialer
from reactor_chat.reactor.limits import ConnectionLimits
from reactor_chat.reactor.loop import Loop
from reactor_chat.reactor.tls import TlsFilter, client_context
from reactor_chat.reactor.tls_connection import open_connection

TICK_SECONDS = 0.05
"""How late the end of a time limit is noticed at most."""
QUIET_SECONDS = 0.2
"""Nothing more is on its way when nothing came for so long."""
ANSWER_BYTES_KEPT = 64
"""An answer may be cut in two; so much of what came before is looked at again."""
READ_BYTES_MAX = 65_536
"""A buffer of more than 128 KiB is mapped and unmapped for every read, which took a third of the time."""
LIMITS = ConnectionLimits(
    read_bytes_max=READ_BYTES_MAX, output_bytes_soft=67_108_864, output_seconds_soft=3_600, output_bytes_hard=67_108_864
)


class Client:
    """One client.

    Args:
        pool: whom it belongs to.
        name: what it logs in as.
        steps: how.

    Attributes:
        received: whom what comes is given to; once the client is in, whoever counts it.
    """

    __slots__ = ("_answered", "_pool", "_steps", "connection", "name", "received")

    def __init__(self, pool: "ClientPool", name: str, steps: Iterable[DialectStep]) -> None:
        self.name = name
        self._pool = pool
        self._steps = deque(steps)
        self._answered = b""
        self.connection: Connection | None = None
        self.received: Callable[[Connection, bytes], None] = self._await_answer

    def connected(self, connection: Connection) -> None:
        """Begin to log in."""
        self.connection = connection
        connection.send(self._steps[0].request)

    def do(self, step: DialectStep) -> None:
        """Take one more step; the client counts as coming until it is answered."""
        assert self.connection is not None
        self._steps.append(step)
        self._answered = b""
        self.received = self._await_answer
        self._pool.is_coming(self)
        self.connection.send(step.request)

    def _await_answer(self, _connection: Connection, data: bytes, /) -> None:
        self._answered += data
        if self._steps[0].answer in self._answered:
            self._steps.popleft()
            self._answered = b""
            if self._steps:
                self.send(self._steps[0].request)
            else:
                self.received = self._pool.overheard
                self._pool.came(self)
        elif any(refusal in self._answered for refusal in self._pool.dialect.refusals):
            said = self._answered.decode("utf-8", "replace")
            self._pool.fail(f"the server does not let {self.name} in: {said[-200:]}")
        else:
            self._answered = self._answered[-ANSWER_BYTES_KEPT:]

    def send(self, data: bytes) -> None:
        """Send bytes at the end of the turn."""
        assert self.connection is not None
        self.connection.send(data)

    def ended(self, connection: Connection, /) -> None:
        """Learn that the server has hung up."""
        connection.abort("the server closed it")

    def overflowed(self, _connection: Connection, /) -> None:
        """Learn that the server does not read."""
        self._pool.fail(f"the server does not read what {self.name} sends; use --window or a lower --rate")

    def lost(self, connection: Connection, reason: str, /) -> None:
        """Learn that the connection is gone."""
        if connection.tls is not None and not connection.tls.speaks_tls:
            self._pool.fail("what answers there speaks no TLS; for a server without TLS, pass --plaintext")
        self._pool.fail(f"{self.name} was cut off: {reason}")


class ClientPool:
    """All the clients of a load.

    Args:
        loop: where they live.
        rows: the server's addresses, of `addresses.resolve`.
        is_plain: the connections are not encrypted.
        dialect: what the server speaks.
        tick: called about twenty times a second.

    Attributes:
        entered: how many are in.
        entered_ns: when the newest of them came in.
        overheard_ns: when something came for somebody who is in and whom nobody listens to.
    """

    def __init__(
        self, loop: Loop, rows: Sequence[Row], dialect: Dialect, tick: Callable[[], None], *, is_plain: bool
    ) -> None:
        self.loop = loop
        self.dialect = dialect
        self.clients: list[Client] = []
        self.entered = 0
        self.entered_ns = self.overheard_ns = 0
        self._rows = rows
        self._tls = None if is_plain else client_context()  # any key is taken: nothing secret is said
        self._tick = tick
        self._failure = ""
        self._outside: deque[Client] = deque()
        self._on_the_way: dict[Client, None] = {}
        self._dialers: dict[Client, Dialer] = {}
        self._burst = 0

    # ------------------------------------------------------------------ coming and going

    def enter(self, names: Sequence[str], part: Role, burst: int, seconds_max: float) -> list[Client]:
        """Let so many clients come in, and wait until they are.

        Args:
            burst: how many may be on their way at once, 1 or more.
            seconds_max: for all of them.

        Raises:
            LoadFailed: the time is over, or somebody was not let in.
        """
        coming = [Client(self, name, self.dialect.steps(name, part)) for name in names]
        self.clients += coming
        self._outside.extend(coming)
        self._burst = burst
        self._dial_more()
        self.wait_for_all(seconds_max)
        return coming

    def wait_for_all(self, seconds_max: float) -> None:
        """Turn until everybody who is on the way is in.  Raises LoadFailed as `enter` does."""
        if not self.until(lambda: not self._on_the_way and not self._outside, seconds_max):
            raise LoadFailed(f"only {self.entered} of {len(self.clients)} clients were let in within {seconds_max:g} s")

    def is_coming(self, client: Client) -> None:
        """Wait for somebody who was in already."""
        self.entered -= 1
        self._on_the_way[client] = None

    def came(self, client: Client) -> None:
        """Learn that somebody is in."""
        self.entered += 1
        self.entered_ns = time.monotonic_ns()
        del self._on_the_way[client]
        self._dial_more()

    def overheard(self, _connection: Connection, _data: bytes, /) -> None:
        """Note when something came that nobody counts."""
        self.overheard_ns = time.monotonic_ns()

    def fail(self, reason: str) -> None:
        """Make the load fail; the first reason counts."""
        self._failure = self._failure or reason

    def disperse(self) -> None:
        """Close every connection."""
        self._outside.clear()
        for dialer in self._dialers.values():
            dialer.cancel()
        for client in self.clients:
            if client.connection is not None:
                client.connection.abort("the load is over")
        self.loop.run_soon()  # there may be nothing left to wait for
        self.loop.turn()

    def _dial_more(self) -> None:
        while self._outside and len(self._on_the_way) < self._burst:
            self._dial(self._outside.popleft())

    def _dial(self, client: Client) -> None:
        def connected(sock: socket.socket) -> None:
            del self._dialers[client]
            tls = TlsFilter(self._tls) if self._tls is not None else None
            connection = open_connection(self.loop, sock, client, LIMITS, tls, client.connected)
            if tls is None:
                client.connected(connection)

        def failed(error: OSError) -> None:
            del self._dialers[client]
            self.fail(f"there is no server to connect to: {error.strerror or error}")

        self._on_the_way[client] = None
        self._dialers[client] = Dialer(self.loop, self._rows, connected, failed)

    # ------------------------------------------------------------------ letting time pass

    def until(self, is_done: Callable[[], bool], seconds_max: float) -> bool:
        """Turn until something is the case.

        Returns:
            Whether it is; False when so many seconds were over before.

        Raises:
            LoadFailed: somebody was lost.
        """
        deadline_s = time.monotonic() + seconds_max
        while not is_done():
            now_s = time.monotonic()
            if now_s >= deadline_s:
                return False
            alarm = self.loop.timers.call_at(min(now_s + TICK_SECONDS, deadline_s), self._tick)
            self.loop.turn()
            alarm.cancel()
            if self._failure:
                raise LoadFailed(self._failure)
        return True

    def until_quiet(self, seconds_max: float) -> None:
        """Turn until nothing more is on its way to those whom nobody listens to.  Raises LoadFailed."""
        quiet_ns = int(QUIET_SECONDS * 1e9)
        begun_ns = time.monotonic_ns()

        def is_quiet() -> bool:
            return time.monotonic_ns() - max(self.overheard_ns, begun_ns) > quiet_ns

        if not self.until(is_quiet, seconds_max):
            raise LoadFailed(f"the server is still sending {seconds_max:g} s after everybody had come")
