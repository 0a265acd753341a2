"""Several returning clients on sockets of one process, whose connections end wherever the dice say.

A connection has so many bytes in each direction; the one beyond is never passed on, as if a proxy in the middle had
died there.  What the kernel had from a server that was killed is read to the end, for it was shown.
"""

import selectors
import socket
import struct
import time
from random import Random

from tests.end_to_end.returning import Returning

FOR_EVER = 1 << 60
STUCK_SECONDS = 60.0
RECEIVE_BYTES = 65_536


class Connection:
    """One connection of one client, with its end in sight."""

    def __init__(self, port: int, client: Returning, up_bytes: int, down_bytes: int) -> None:
        self.client = client
        self.up_bytes, self.down_bytes = up_bytes, down_bytes
        self.out = b""
        self.sock = socket.create_connection(("127.0.0.1", port), STUCK_SECONDS)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        client.connected()

    def pass_on(self) -> bool:
        """Let bytes pass both ways; False where this was the end."""
        try:
            data = self.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            data = None
        except ConnectionError:
            data = b""
        if data:
            self.out += self.client.received(data[: self.down_bytes])
            self.down_bytes -= len(data)
        return data != b"" and self.down_bytes > 0 and self.send()

    def send(self) -> bool:
        """Send what the client has to say; False where this was the end."""
        self.out += self.client.said()
        try:
            sent = self.sock.send(self.out[: self.up_bytes]) if self.out else 0
        except BlockingIOError:
            sent = 0
        except ConnectionError:
            return False
        self.out = self.out[sent:]
        self.up_bytes -= sent
        return self.up_bytes > 0

    def drain(self) -> None:
        """Hear what a dead server left in the kernel."""
        self.sock.setblocking(True)
        while True:
            try:
                data = self.sock.recv(RECEIVE_BYTES)
            except ConnectionError:
                break
            if not data:
                break
            self.client.received(data)
        self.sock.close()

    def end(self, *, reset: bool) -> None:
        """Cut it, with or without the courtesy of a farewell."""
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Fleet:
    """Keeps every client connected.

    Args:
        names: of the clients.
        chance: what is drawn from.
        cut_bytes: connections end after so many bytes at most; None: only with the server.

    Attributes:
        cut_bytes: as given.
        cuts, restarts: how many there were.
    """

    def __init__(self, names: list[str], chance: Random, cut_bytes: int | None = None) -> None:
        self.clients = {name: Returning(name) for name in names}
        self.cuts = self.restarts = 0
        self._chance = chance
        self.cut_bytes = cut_bytes
        self._selector = selectors.DefaultSelector()

    def connect(self, port: int) -> None:
        """Connect everyone to a new server."""
        self._port = port
        for name in self.clients:
            self._connect(name)

    def pump(self, seconds: float, *, until_done: bool = False) -> None:
        """Pass bytes on for so long, or until everything is answered."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            if until_done and all(client.is_done for client in self.clients.values()):
                return
            self.wake()
            for key, _ in self._selector.select(min(end - now, 1.0)):
                if not key.data.pass_on():
                    self._cut(key.data)
        assert not until_done, (
            f"no answer: {[(c.name, len(c.outcomes), len(c.requests)) for c in self.clients.values()]}"
        )

    def wake(self) -> None:
        """Have everyone send what was asked of it meanwhile."""
        for key in list(self._selector.get_map().values()):
            if not key.data.send():
                self._cut(key.data)

    def server_died(self) -> None:
        """Hear the rest, and forget the connections."""
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.data.sock)
            if self.cut_bytes is None:
                key.data.drain()
            else:
                key.data.end(reset=False)

    def close(self) -> None:
        """Close everything; once more does nothing."""
        for key in list((self._selector.get_map() or {}).values()):
            self._selector.unregister(key.data.sock)
            key.data.end(reset=False)
        self._selector.close()

    def _connect(self, name: str) -> None:
        up, down = (self._chance.randrange(1, self.cut_bytes) if self.cut_bytes else FOR_EVER for _ in "ud")
        connection = Connection(self._port, self.clients[name], up, down)
        self._selector.register(connection.sock, selectors.EVENT_READ, connection)

    def _cut(self, connection: Connection) -> None:
        assert self.cut_bytes is not None, f"the server closed on {connection.client.name}"
        self.cuts += 1
        name = connection.client.name
        self._selector.unregister(connection.sock)
        connection.end(reset=self._chance.random() < 0.5)
        if self._chance.random() < 0.1:
            self.clients[name] = self.clients[name].restarted()
            self.restarts += 1
        self._connect(name)
