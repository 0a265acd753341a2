"""Conveniences for the tests of doors: feeding one, and what every door is greeted with."""

from reactor_chat.chat.boundary import BadMessage, Received, ReceivedTogether, Terminate
from reactor_chat.server.doors.door import Door
from reactor_chat.wire.messages import Hello, Limits, Refused, Welcome

HELLO = Hello(1, "reactor-chat 0", bytes(32), Limits(65_536, 16_384))
WELCOME = Welcome("John", 1, True, "[Welcome John]")
CONN = 7


def inputs(door: Door, *pieces: bytes, sent_max: int = 5) -> list[object]:
    """Feed pieces, take after each, and then the end."""
    sent: list[object] = []
    for piece in pieces:
        door.feed(piece)
        sent += take_all(door, sent_max)
    door.end()
    return sent + take_all(door, sent_max)


def take_all(door: Door, sent_max: int) -> list[object]:
    sent: list[object] = []
    while door.has_more:
        taken, _ = door.take(CONN, sent_max)
        for one in taken:
            if isinstance(one, ReceivedTogether):
                sent += [Received(one.conn, request) for request in one.requests]
            else:
                sent.append(one)
        if any(isinstance(one, Terminate) for one in taken):
            break
    return sent


def refusal_of(sent: object) -> Refused:
    assert isinstance(sent, BadMessage | Terminate)
    assert sent.refusal is not None
    return sent.refusal
