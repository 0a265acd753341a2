"""A relay on loopback that keeps every byte it passes on, as whoever listens on the line does."""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS_MAX = 20.0


class Relay:
    """Passes bytes between clients and a server, both ways.

    Args:
        port: of the server.

    Attributes:
        port: where clients connect.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._streams: dict[socket.socket, bytearray] = {}
        self._came = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Pass nothing on any more."""
        self._wake.send(b"x")
        self._thread.join()
        for sock in (*self._pairs, self._listener, self._wake, self._woken):
            sock.close()
        self._selector.close()

    @property
    def seen(self) -> bytes:
        """Every byte, each direction of each connection in one piece."""
        return b"\0\0".join(bytes(stream) for stream in self._streams.values())

    def until(self, wanted: bytes, count: int) -> None:
        """Wait until so many of these words have passed."""
        with self._came:
            assert self._came.wait_for(lambda: self.seen.count(wanted) >= count, SECONDS_MAX), f"no {count} {wanted!r}"

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._woken:
                    return
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    self._pass(key.fileobj)  # type: ignore[arg-type]

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        far = socket.create_connection(("127.0.0.1", self._server_port))
        for one, other in ((near, far), (far, near)):
            self._pairs[one] = other
            self._streams[one] = bytearray()
            self._selector.register(one, selectors.EVENT_READ)

    def _pass(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(65_536)
            with self._came:
                self._streams[sock] += data
                self._came.notify_all()
            if data:
                self._pairs[sock].sendall(data)
                return
            self._pairs[sock].shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one side is gone; the other learns it by the end of its stream
        self._selector.unregister(sock)


@contextmanager
def recording(port: int) -> Iterator[Relay]:
    """A relay to a server's port, closed in the end."""
    relay = Relay(port)
    try:
        yield relay
    finally:
        relay.close()
