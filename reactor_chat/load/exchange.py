"""Two who tell each other things: whoever gets a message sends one back, so as many are always on the way."""

import re
from collections.abc import Callable
from time import monotonic_ns

from reactor_chat.load.latency import Histogram
from reactor_chat.load.marks import MARK_CHARS, Account, Script, numbers_from

TAIL_BYTES = MARK_CHARS - 1
"""A mark may be cut in two: so much of one may have come."""


class GroupMember:
    """One of the two.

    Args:
        script: what this one sends.
        partners: what the other one sends; nothing else counts, one's own echo neither.
        latency: where the time that each delivery took is counted.
        reply: is told how many messages came and were new.

    Attributes:
        account: what has come of the other's messages.
        delivered: how many came for the first time.
        last_ns: when something was delivered last.
    """

    __slots__ = ("_find", "_latency", "_partners", "_reply", "_tail", "account", "delivered", "last_ns", "script")

    def __init__(
        self, script: Script, partners: Script, latency: Histogram, reply: Callable[["GroupMember", int], None]
    ) -> None:
        self.script = script
        self.account = Account(partners.sent)
        self.delivered = 0
        self.last_ns = 0
        self._partners = partners
        self._latency = latency
        self._reply = reply
        self._tail = b""
        self._find = re.compile(rb"\^%b([0-9a-f]{4})" % partners.mark).findall

    def received(self, _connection: object, data: bytes, /) -> None:
        """Take what came."""
        if self._tail:
            data = self._tail + data
        at = data.rfind(b"^", max(0, len(data) - TAIL_BYTES))  # a mark may be cut in two
        self._tail = data[at:] if at >= 0 else b""
        numbers: list[bytes] = self._find(data)
        if not numbers:
            return
        now = self.last_ns = monotonic_ns()
        fresh = self._fresh(numbers)
        self.delivered += len(fresh)
        stamps_ns, add = self._partners.stamps_ns, self._latency.add
        for number in fresh:
            add(now - stamps_ns[number])
        self._reply(self, len(fresh))

    def _fresh(self, numbers: list[bytes]) -> range | list[int]:
        """The numbers that came for the first time; nearly always they are the next ones, which one look tells."""
        account, count = self.account, len(numbers)
        if count < len(_HALF) and numbers == numbers_from(account.next, count):
            first = account.next & 0xFFFF
            account.next += count
            if first + count <= 0x10000:
                return range(first, first + count)
            return [number & 0xFFFF for number in range(first, first + count)]
        return [number for number in (int(digits, 16) for digits in numbers) if account.take(number)]


_HALF = range(0x8000)
