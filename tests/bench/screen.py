"""Measures how quickly the full screen answers: a key, a message that arrives, a page up, and a flood.

    python -m tests.bench.screen

The screen has 200 columns and 50 rows, and the open conversation 10,000 rows of wrapped lines with emoji and CJK.  What
is written goes nowhere; a terminal's own time is not in these figures.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable

from reactor_chat.wire.messages import Said
from tests.client.screen.seat import Seat, said
from tests.client.terminal.test_line_mode import Glass

COLUMNS, ROWS = 200, 50
MESSAGES, AT_ONCE, FOUND = 4_000, 100, 300
FLOOD_PER_SECOND, FLOOD_SECONDS = 1_000, 10
WORDS = "soup bread noodles tuesday deploy 日本語 👍🏽 emoji über coffee server restart".split()
PEOPLE = ("Ann", "Bob", "Stella", "John")


class Nowhere(Glass):
    """A terminal that shows nothing, and counts."""

    def __init__(self, columns: int, rows: int) -> None:
        super().__init__(columns, rows)
        self.frames = 0

    def write(self, data: bytes, written: Callable[[], None] | None = None) -> None:
        """Count what would be drawn."""
        self.frames += data.startswith(b"\x1b[?25l")
        if written:
            written()


class Bench:
    """A screen with a long conversation on it."""

    def __init__(self) -> None:
        self.seat = Seat(columns=COLUMNS, rows=ROWS, glass=Nowhere).live()
        self._random = random.Random(1)
        self.seq = 0
        for _ in range(MESSAGES // AT_ONCE):
            self.seat.hear(*(self.message() for _ in range(AT_ONCE)))
        for _ in range(self.seat.glass.size()[1]):  # everything is laid out once
            self.press(b"\x1b[5~")
        self.press(b"\x1b[F")

    def message(self) -> Said:
        """Return the next message of somebody."""
        self.seq += 1
        words = (self._random.choice(WORDS) for _ in range(self._random.randint(5, 60)))
        return said(self.seq, " ".join(words), self._random.choice(PEOPLE))

    def press(self, data: bytes) -> None:
        """Press a key, a while after the one before."""
        self.seat.now += 0.2
        self.seat.view.input_came(data, self.seat.now)
        self.seat.obey()

    def hear(self) -> None:
        """Have one message arrive, a while after the one before."""
        self.seat.now += 0.05
        self.seat.watcher.hear(self.message(), now=self.seat.now)
        self.seat.obey()

    def flood(self) -> tuple[int, list[float]]:
        """Have many arrive, and type meanwhile; return how often it was drawn, and how long each key took, in ms."""
        before, keys = self.seat.glass.frames, []
        for number in range(FLOOD_PER_SECOND * FLOOD_SECONDS):
            self.seat.now += 1 / FLOOD_PER_SECOND
            self.seat.watcher.hear(self.message(), now=self.seat.now)
            self.seat.obey()
            if number % 200 == 0:
                keys.append(milliseconds(lambda: self._key(b"a")))
        return self.seat.glass.frames - before - len(keys), keys

    def _key(self, data: bytes) -> None:
        self.seat.view.input_came(data, self.seat.now)
        self.seat.obey()


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1_000


def told(name: str, times: list[float]) -> None:
    """Print the median and the slowest of a hundred."""
    cuts = statistics.quantiles(times, n=100)
    sys.stdout.write(f"{name:22} median {cuts[49]:6.2f} ms   p99 {cuts[98]:6.2f} ms\n")
    sys.stdout.flush()


def main() -> None:
    """Print everything."""
    bench = Bench()
    told("a key", [milliseconds(lambda: bench.press(b"a")) for _ in range(FOUND)])
    told("a message arrives", [milliseconds(bench.hear) for _ in range(FOUND)])
    told("a page up", [milliseconds(lambda: bench.press(b"\x1b[5~")) for _ in range(FOUND // 3)])
    bench.press(b"\x1b[F")
    drawn, keys = bench.flood()
    told("a key in the flood", keys)
    sent = FLOOD_PER_SECOND * FLOOD_SECONDS
    sys.stdout.write(f"flood: {sent} messages in {FLOOD_SECONDS} s of their own time, drawn {drawn} times\n")
    heard = bench.seat.archive.page(bench.seat.view.transcript.open.conversation, None, bench.seq + 10)
    sys.stdout.write(f"archived {len(heard)} of {bench.seq}\n")


if __name__ == "__main__":
    main()
