"""Attackers as processes of their own, so that what they cost is not what is measured.

    python -m tests.end_to_end.hostile garbage PORT FRAMES SEED
    python -m tests.end_to_end.hostile slowloris PORT CONNECTIONS SECONDS
    python -m tests.end_to_end.hostile hold PORT CONNECTIONS SECONDS

Each prints one line of JSON with what it met, and ends by itself.
"""

import contextlib
import json
import os
import random
import selectors
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.end_to_end.client import framed

HELD_AT_ONCE = 40
"""Connections of garbage that are open at a time."""

REQUESTS: list[dict[str, Any]] = [
    {"type": "say", "text": "hello", "id": "1"},
    {"type": "tell", "to": "Nobody", "text": "hello"},
    {"type": "line", "text": "@group set g a,b,c"},
    {"type": "group_set", "group": "g", "members": ["Ann", "Bob"]},
    {"type": "group_add", "group": "g", "users": ["x"]},
    {"type": "group_send", "group": "g", "text": "x"},
    {"type": "history", "limit": 5, "with": "Ann"},
    {"type": "names"},
    {"type": "who", "group": "g"},
    {"type": "ping", "data": "x"},
    {"type": "login", "name": "again", "protocol": 1},
    {"type": "quit"},
]
NASTY: list[Any] = [
    None, True, -1, 0, 2**53, 1e308, "", "\x00", "\ud800", "a" * 5_000, [], {}, [[]] * 50, "\u202e", "Ann", "\x1b[2J",
]  # fmt: skip


def garbled(chance: random.Random) -> bytes:
    """One frame, or what pretends to be one."""
    return chance.choice(_MUTATIONS)(chance)


def _random_bytes(chance: random.Random) -> bytes:
    return framed(chance.randbytes(chance.randrange(1, 300)))


def _wrong_length(chance: random.Random) -> bytes:
    length = chance.choice([0, 65_537, 2**31, 2**32 - 1, chance.randrange(1, 5_000)])
    return struct.pack(">I", length) + chance.randbytes(chance.randrange(64))


def _field_swapped(chance: random.Random) -> bytes:
    request = dict(chance.choice(REQUESTS))
    request[chance.choice([*request, "text", "extra"])] = chance.choice(NASTY)
    return framed(json.dumps(request).encode("utf-8", "surrogatepass"))


def _bits_flipped(chance: random.Random) -> bytes:
    data = bytearray(framed(chance.choice(REQUESTS)))
    for _ in range(chance.randrange(1, 5)):
        data[chance.randrange(4, len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _too_deep(chance: random.Random) -> bytes:
    depth = chance.randrange(10, 2_000)
    return framed(b'{"type":"say","text":' + b"[" * depth + b"]" * depth + b"}")


def _as_it_should_be(chance: random.Random) -> bytes:
    return framed(chance.choice(REQUESTS[:-1]))


_MUTATIONS: list[Callable[[random.Random], bytes]] = [
    _random_bytes, _wrong_length, _field_swapped, _field_swapped, _bits_flipped, _bits_flipped, _too_deep,
    _as_it_should_be,
]  # fmt: skip


def garbage(port: int, frames: int, seed: int) -> dict[str, Any]:
    """Send so many frames over as many connections as it takes, some of them logged in."""
    chance, sent, connections = random.Random(seed), 0, 0  # noqa: S311  a seed is a bug report
    held: list[socket.socket] = []
    while sent < frames:
        sock = _connected(port)
        connections += 1
        count = min(chance.randrange(1, 30), frames - sent)
        frames_of_one = [garbled(chance) for _ in range(count)]
        if chance.random() < 0.5:
            name = f"Guest{os.getpid()}_{connections}"
            frames_of_one.insert(0, framed({"type": "login", "name": name, "protocol": 1}))
        sent += count
        with contextlib.suppress(OSError):  # it was closed for the first of them
            sock.sendall(b"".join(frames_of_one))
        held.append(sock)
        if len(held) > HELD_AT_ONCE:
            _leave(held.pop(0), chance)
    for sock in held:
        _leave(sock, chance)
    return {"frames": sent, "connections": connections, "seed": seed}


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 30.0)


def _leave(sock: socket.socket, chance: random.Random) -> None:
    """Read what there is, or nothing, and go: politely, or with a reset."""
    sock.setblocking(False)
    try:
        if chance.random() < 0.7:
            sock.recv(1 << 16)
        if chance.random() < 0.3:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    sock.close()


def slowloris(port: int, connections: int, seconds: float, byte_seconds: float = 10.0) -> dict[str, Any]:
    """Hold connections that never log in, a byte of a frame on each now and then; see how long each of them lives."""
    selector, lives = selectors.DefaultSelector(), list[float]()
    opened: dict[socket.socket, float] = {}
    for _ in range(connections):
        sock = _connected(port)
        sock.setblocking(False)
        opened[sock] = time.monotonic()
        selector.register(sock, selectors.EVENT_READ)
    print(json.dumps({"held": len(opened)}), flush=True)  # noqa: T201
    end = time.monotonic() + seconds
    next_byte = time.monotonic() + min(byte_seconds, 1.0)
    while opened and (now := time.monotonic()) < end:
        for key, _ in selector.select(max(0.0, min(end, next_byte) - now)):
            reported = key.fileobj
            assert isinstance(reported, socket.socket)
            if not _is_open(reported):
                lives.append(time.monotonic() - opened.pop(reported))
                selector.unregister(reported)
                reported.close()
        if time.monotonic() >= next_byte:
            next_byte += byte_seconds
            for sock in opened:
                _drip(sock)
    left = len(opened)
    for sock in opened:
        sock.close()
    return {"closed": len(lives), "left": left, "longest_life_s": round(max(lives, default=0.0), 2)}


def _is_open(sock: socket.socket) -> bool:
    try:
        return bool(sock.recv(1 << 16))
    except BlockingIOError:
        return True
    except OSError:
        return False


def _drip(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.send(b"\x00")


def hold(port: int, connections: int, seconds: float) -> dict[str, Any]:
    """Connect and say nothing, then go."""
    return slowloris(port, connections, seconds, byte_seconds=3_600.0)


def main(words: list[str]) -> None:
    """Attack as told, and print what was met."""
    attack, port, *numbers = words
    attacks: dict[str, Callable[..., dict[str, Any]]] = {"garbage": garbage, "slowloris": slowloris, "hold": hold}
    print(json.dumps(attacks[attack](int(port), *map(int, numbers))), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
