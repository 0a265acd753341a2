"""A toy server with a planted bug: lockers that keep values; `python -m fuzz.examples.locker [--mended]`.

A frame is two bytes of length, big-endian, then a line of ASCII.  `PUT key value` is answered `OK`, `GET key` and `DROP
key` by `VALUE value` or `NONE`, `ECHO word` by the word, anything else by `ERROR`.  Everybody sees the same lockers.
"""

import selectors
import socket
import struct
import sys


class Lockers:
    """What is kept; each locker is a stack, so that a value put on another one is not lost by mistake."""

    def __init__(self, *, mended: bool) -> None:
        self._mended = mended
        self._kept: dict[str, list[str]] = {}

    def answer(self, line: str) -> str:
        """Carry out one line."""
        match line.split(" "):
            case ["ECHO", word]:
                return word
            case ["PUT", key, value]:
                self._kept.setdefault(key, []).append(value)
                return "OK"
            case ["GET", key] if self._kept.get(key):
                return f"VALUE {self._kept[key][-1]}"
            case ["DROP", key] if self._kept.get(key):
                value = self._kept[key].pop()  # the bug: what was put there before comes to light again
                if self._mended:
                    self._kept[key].clear()
                return f"VALUE {value}"
            case ["GET" | "DROP", _]:
                return "NONE"
        return "ERROR"


def serve(server: socket.socket, lockers: Lockers) -> None:
    """Answer everybody, one after the other, until the process is ended."""
    selector = selectors.DefaultSelector()
    selector.register(server, selectors.EVENT_READ, bytearray())
    while True:
        for key, _ in selector.select():
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            if sock is server:
                selector.register(server.accept()[0], selectors.EVENT_READ, bytearray())
            elif not _answer_all(sock, key.data, lockers):
                selector.unregister(sock)
                sock.close()


def _answer_all(sock: socket.socket, buffer: bytearray, lockers: Lockers) -> bool:
    """Read once and answer what is whole; returns False at the end."""
    try:
        data = sock.recv(4_096)
        buffer += data
        while len(buffer) >= 2 and len(buffer) >= 2 + int.from_bytes(buffer[:2], "big"):
            end = 2 + int.from_bytes(buffer[:2], "big")
            answer = lockers.answer(buffer[2:end].decode("ascii", "replace")).encode()
            sock.sendall(struct.pack(">H", len(answer)) + answer)
            del buffer[:end]
    except OSError:
        return False
    return bool(data)


if __name__ == "__main__":
    listening = socket.create_server(("127.0.0.1", 0))
    print(f"listening port={listening.getsockname()[1]}", flush=True)
    serve(listening, Lockers(mended="--mended" in sys.argv))
