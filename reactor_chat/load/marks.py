"""The texts that are sent: each begins with a mark that says who sent it and which of the sender's messages it is.

A mark is `^`, four hexadecimal digits for the sender and four for the number, so it comes out of every server as it
went in, and is found in a stream of bytes without understanding the protocol around it.  Numbers begin again after
65,536; as no more than `OUTSTANDING_MAX` messages of a sender are on their way, that is never ambiguous.
"""

import re
from collections.abc import Callable

NUMBERS = [b"%04x" % number for number in range(65_536)]
"""Every number as it is written: many messages are joined, and many marks compared, without formatting one."""
OUTSTANDING_MAX = 16_384
"""A quarter of all numbers: then a number that comes again is told from one of the next round."""
MARK_CHARS = 9
"""`^` and two numbers of four digits."""
TEXT_BYTES_MIN = 16
"""A mark, and some text around it."""

mark_in = re.compile(rb"\^([0-9a-f]{4})([0-9a-f]{4})")


def numbers_from(first: int, count: int) -> list[bytes]:
    """Return so many numbers as they are written, from one on and over the end.

    Args:
        first: of any size.
        count: at most 65,536.
    """
    first &= 0xFFFF
    numbers = NUMBERS[first : first + count]
    return numbers if len(numbers) == count else numbers + NUMBERS[: count - len(numbers)]


class Script:
    """What one sender sends: the same message again and again, but for the number.

    Args:
        sender: 0 to 65,535.
        size: bytes of a text, `TEXT_BYTES_MIN` or more.
        spoken: puts a text into the words of the protocol, unchanged and once.

    Attributes:
        sent: how many messages were taken.
        stamps_ns: for each number, when a message of that number was sent last.
    """

    __slots__ = ("_between", "_head", "_tail", "mark", "sent", "size", "stamps_ns")

    def __init__(self, sender: int, size: int, spoken: Callable[[bytes], bytes]) -> None:
        self.mark = b"%04x" % sender
        self.size = size
        filler = bytes(ord("a") + place % 26 for place in range(size - MARK_CHARS))
        message = spoken(b"^" + self.mark + b"0000" + filler)
        cut = message.index(b"^" + self.mark) + MARK_CHARS
        self._head, self._tail = message[: cut - 4], message[cut:]
        self._between = self._tail + self._head
        self.sent = 0
        self.stamps_ns: list[int] = []

    def take(self, count: int, stamp_ns: int) -> bytes:
        """Return the next messages as bytes, and note when they were sent.

        Args:
            count: 1 to `OUTSTANDING_MAX`.
        """
        at = self.sent & 0xFFFF
        if at + count > len(NUMBERS):
            before = len(NUMBERS) - at
            return self.take(before, stamp_ns) + self.take(count - before, stamp_ns)
        self.stamps_ns[at : at + count] = [stamp_ns] * count
        self.sent += count
        # Joining with what stands between two numbers makes 16 messages in the time that formatting one takes.
        return self._head + self._between.join(NUMBERS[at : at + count]) + self._tail


class Account:
    """What has come of one sender's messages: each is expected once, in order.

    Attributes:
        next: how many have come or were passed over.
    """

    __slots__ = ("_missing", "duplicates", "next", "out_of_order")

    def __init__(self, begun: int = 0) -> None:
        self.next = begun
        self.duplicates = 0
        self.out_of_order = 0
        self._missing: set[int] = set()

    def take(self, number: int) -> bool:
        """Note a message that came.

        Args:
            number: as it is written in the mark.

        Returns:
            Whether it came for the first time.
        """
        ahead = (number - self.next) & 0xFFFF
        if ahead == 0:
            self.next += 1
            return True
        if ahead < 0x8000:
            self._missing.update(range(self.next, self.next + ahead))
            self.next += ahead + 1
            return True
        whole = self.next - (0x10000 - ahead)
        if whole in self._missing:
            self._missing.discard(whole)
            self.out_of_order += 1
            return True
        self.duplicates += 1
        return False
