"""The limit of the language: a bare `selectors` loop that reads and makes framed JSON and knows nothing else.

    python -m tests.bench.limit_framed PORT

What one turn brought is encoded once and written to everybody in one call each.  There is no order to keep, no journal,
no limit, no refusal; whoever does not read is waited for with everybody else's bytes kept.
"""

import json
import selectors
import socket
import sys
from collections.abc import Callable

READ_BYTES = 65_536


class Guest:
    """One connection."""

    __slots__ = ("name", "rest", "send", "sock", "unsent")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.send: Callable[[bytes], int] = sock.send
        self.name = ""
        self.rest = b""
        self.unsent = bytearray()


class Loop:
    """The whole server."""

    def __init__(self, port: int) -> None:
        self.selector = selectors.DefaultSelector()
        self.listening = socket.create_server(("127.0.0.1", port), backlog=1_024)
        self.listening.setblocking(False)
        self.selector.register(self.listening, selectors.EVENT_READ)
        self.present: dict[str, Guest] = {}
        self.news: list[bytes] = []

    def run(self) -> None:
        """Serve for ever."""
        while True:
            for key, mask in self.selector.select():
                if key.data is None:
                    self.accept()
                elif mask & selectors.EVENT_WRITE:
                    self.write(key.data, b"")
                else:
                    self.read(key.data)
            if self.news:
                news = b"".join(self.news)
                self.news.clear()
                for guest in list(self.present.values()):
                    self.write(guest, news)

    def accept(self) -> None:
        sock, _ = self.listening.accept()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(sock, selectors.EVENT_READ, Guest(sock))

    def read(self, guest: Guest) -> None:
        try:
            data = guest.sock.recv(READ_BYTES)
        except OSError:
            data = b""
        if not data:
            self.close(guest)
            return
        data, place = guest.rest + data, 0
        while len(data) - place >= 4:
            end = place + 4 + int.from_bytes(data[place : place + 4], "big")
            if end > len(data):
                break
            self.serve(guest, json.loads(data[place + 4 : end]))
            place = end
        guest.rest = data[place:]

    def serve(self, guest: Guest, message: dict[str, str]) -> None:
        kind = message["type"]
        if kind == "say":
            self.news.append(framed({"type": "said", "from": guest.name, "text": message["text"]}))
        elif kind == "tell":
            told = framed({"type": "told", "from": guest.name, "to": message["to"], "text": message["text"]})
            self.write(self.present[message["to"]], told)
        elif kind == "login":
            guest.name = message["name"]
            self.present[guest.name] = guest
            self.write(guest, framed({"type": "welcome"}))

    def write(self, guest: Guest, data: bytes) -> None:
        if guest.unsent:
            guest.unsent += data
            data = bytes(guest.unsent)
        try:
            sent = guest.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close(guest)
            return
        if sent != len(data) or guest.unsent:
            guest.unsent = bytearray(data[sent:])
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if guest.unsent else 0)
            self.selector.modify(guest.sock, wanted, guest)

    def close(self, guest: Guest) -> None:
        if self.present.pop(guest.name, None) is not None or guest.sock.fileno() >= 0:
            self.selector.unregister(guest.sock)
            guest.sock.close()


def framed(message: dict[str, str]) -> bytes:
    """One frame."""
    payload = json.dumps(message, separators=(",", ":")).encode()
    return len(payload).to_bytes(4, "big") + payload


if __name__ == "__main__":
    Loop(int(sys.argv[1])).run()
