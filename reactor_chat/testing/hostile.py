"""Somebody who keeps no rule: sends what is no frame, no message and no truth, on connections of their own."""

import json
from collections.abc import Callable

from reactor_chat.testing.checker import Checker, demand
from reactor_chat.testing.network import SimulatedLink
from reactor_chat.wire import messages as m
from reactor_chat.wire.codec import decode_notice, encode
from reactor_chat.wire.framing import FrameDecoder, frame

PRIVATE = (m.Told, m.GroupSaid, m.GroupChanged)
DEEP = b'{"type":"ping","x":' + b"[" * 40 + b"]" * 40 + b"}"
JUNK = (
    b"\x00\x00\x00\x00",
    b"\xff\xff\xff\xff",
    b"\x00\x01\x00\x01" + b"x" * 70_000,
    b"GET / HTTP/1.1\r\n\r\n",
    frame(b'{"type":"login","name":"Ann","protocol":1}') * 6,
    frame(b'{"type":"login","name":"aNN","protocol":1}'),
    frame(encode(m.Login("Ann", 1, bytes(range(32)), bytes(64)))),
    frame(encode(m.Login("Bob", 1, bytes([1] + [0] * 31), bytes(64)))),
    frame(b'{"type":"login","name":"Eve","protocol":2}'),
    frame(b'{"type":"login","name":"everyone","protocol":1}'),
    frame(b'{"type":"login","name":"no name","protocol":1}'),
    frame(b'{"type":"say","text":"not even logged in"}'),
    frame(b"\xff\xfe{}") + frame(b"[]") + frame(b'{"type":"say"}') + frame(b'{"type":"no"}'),
    frame(b'{"type":"say","text":"\\ud800"}') + frame(b'{"type":"ping","data":1}') + frame(DEEP),
    b"\x00\x00\x00\x20" + b"x" * 9,
)
"""What is sent before anybody is logged in; some of it would be a name's owner's, if it were theirs."""

BAD = (
    b"{}",
    b"[]",
    b"null",
    b"\xff",
    DEEP,
    b'{"type":"say","text":1}',
    b'{"type":"who"}',
    b'{"type":"tell","to":"Ann"}',
)
"""Payloads that are no request; eight of them are too many."""


class Hostile:
    """An attacker.

    Args:
        checker: told who comes in.
        dial: opens a connection from an address.
        seconds_max: how long one may be there without having logged in.
    """

    def __init__(self, checker: Checker, dial: Callable[[str], SimulatedLink | None], seconds_max: float) -> None:
        self.attacks = 0
        self._checker = checker
        self._dial = dial
        self._seconds_max = seconds_max
        self._decoders: dict[SimulatedLink, FrameDecoder] = {}
        self._strangers: dict[SimulatedLink, float] = {}

    def attack(self, kind: int, now: float) -> None:
        """Connect and send junk of one kind, where a server is there."""
        if not {"ann", "bob", "eve"} <= set(self._checker.model.owners):
            return  # whose name nobody owns yet, anybody may take: that would be no attack
        self.attacks += 1
        link = self._dial(f"10.1.{self.attacks % 3}.1:{10_000 + self.attacks % 50_000}")
        if link is None:
            return
        self._decoders[link] = FrameDecoder()
        if kind < len(JUNK):
            self._strangers[link] = now
        if kind < len(JUNK):
            link.send(JUNK[kind])
        else:
            self._come_in_and_misbehave(link, kind)

    def _come_in_and_misbehave(self, link: SimulatedLink, kind: int) -> None:
        name = f"Mallory{self.attacks % 3}"
        self._checker.logs_in(name, None)
        link.send(frame(json.dumps({"type": "login", "name": name, "protocol": 1}).encode()))
        for place in range(kind - len(JUNK)):
            link.send(frame(BAD[place % len(BAD)]))
        link.send(frame(b'{"type":"login","name":"Ann","protocol":1}') + frame(b'{"type":"names"}'))

    def received(self, link: SimulatedLink, data: bytes) -> None:
        """Read what the server says: whole frames, and nothing private."""
        decoder = self._decoders[link]
        decoder.feed(data)
        for payload in decoder.take(1 << 30):
            notice = decode_notice(payload)
            demand(not isinstance(notice, PRIVATE), "nobody hears what is not for them", notice)
            self._checker.saw(notice)

    def lost(self, link: SimulatedLink) -> None:
        """Forget a connection."""
        self._decoders.pop(link, None)
        self._strangers.pop(link, None)

    def check(self, now: float) -> None:
        """See that who does not log in is not kept for long."""
        for link, since in self._strangers.items():
            is_kept = now - since > self._seconds_max and not link.wire.finishing
            demand(not is_kept, "who does not log in is sent away", link.wire.peer)
