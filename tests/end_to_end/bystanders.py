"""People who talk while others attack, and how long what they say takes to reach each of them."""

import re
import selectors
import socket
import time

from reactor_chat.wire.framing import FrameDecoder
from tests.end_to_end.client import WAIT_SECONDS, framed

_stamp = re.compile(rb'"text":"t(\d+\.\d+) ')


class Listener:
    """One connection of theirs."""

    def __init__(self, port: int, name: str) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), WAIT_SECONDS)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.sendall(framed({"type": "login", "name": name, "protocol": 1}))
        self._decoder = FrameDecoder()
        while not any(b'"type":"welcome"' in payload for payload in self.read()):
            pass
        self.sock.setblocking(False)

    def read(self) -> list[bytes]:
        data = self.sock.recv(1 << 18)
        assert data, "an honest client was closed"
        self._decoder.feed(data)
        return self._decoder.take(1 << 20)

    def say(self, text: str) -> None:
        self.sock.sendall(framed({"type": "say", "text": text}))


class Bystanders:
    """So many people on one selector; they speak one after the other.

    Args:
        per_second: how often one of them says something.
        text_bytes: how much it is.
    """

    def __init__(self, port: int, count: int, per_second: float, text_bytes: int = 100) -> None:
        self._selector = selectors.DefaultSelector()
        self._people = [Listener(port, f"Bystander{number}") for number in range(count)]
        for person in self._people:
            self._selector.register(person.sock, selectors.EVENT_READ, person)
        self._pause_seconds = 1.0 / per_second
        self._filling = "x" * text_bytes
        self.said = 0

    def talk(self, seconds: float) -> list[float]:
        """Talk for so long; returns how long each delivery took, in seconds."""
        took: list[float] = []
        begin = self.said
        end = next_at = time.monotonic()
        end += seconds
        while (now := time.monotonic()) < end:
            if now >= next_at:
                self._people[self.said % len(self._people)].say(f"t{now:.6f} {self._filling}")
                self.said += 1
                next_at += self._pause_seconds
            self._listen(max(0.0, min(next_at, end) - time.monotonic()), took)
        expected = (self.said - begin) * len(self._people)
        while len(took) < expected and time.monotonic() < end + WAIT_SECONDS:
            self._listen(0.5, took)
        assert len(took) >= expected, f"of {expected} deliveries {len(took)} came"
        return took

    def _listen(self, seconds: float, took: list[float]) -> None:
        for key, _ in self._selector.select(seconds):
            for payload in key.data.read():
                found = _stamp.search(payload)
                if found:
                    took.append(time.monotonic() - float(found.group(1)))

    def close(self) -> None:
        for person in self._people:
            person.sock.close()
        self._selector.close()


def p99(took: list[float]) -> float:
    """The longest but for one in a hundred."""
    return sorted(took)[len(took) * 99 // 100]
