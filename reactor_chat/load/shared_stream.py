"""What many receive alike: read by whoever is ahead, and by the others only compared.

Everybody in a room gets the same bytes in the same order.  So the bytes are kept once, the first reader to get some has
the marks in them looked up, and what the others get is compared with them by one call that runs at the speed of memory.
That accounts for every message of every reader, its order included, at a cost for each piece received and not for each
message in it; five million deliveries a second would otherwise be five million steps of an interpreter.

A reader that got anything else (a word meant for it alone) leaves for a stream of its own, and is accounted for there.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping
from time import monotonic_ns

from reactor_chat.load.latency import Histogram
from reactor_chat.load.marks import MARK_CHARS, Account, Script, mark_in

SPANS_MAX = 4_096
"""How many stretches are remembered with the messages in them before all are forgotten."""


class StreamReader:
    """One receiver's place in a stream; `received` is given what its connection reads."""

    __slots__ = ("place", "stream")

    def __init__(self, stream: "SharedStream") -> None:
        self.stream = stream
        self.place = stream.end
        stream.join(self)

    def received(self, _connection: object, data: bytes, /) -> None:
        """Take what came."""
        stream, place = self.stream, self.place
        if not stream.log.startswith(data, place - stream.base):
            stream = stream.read_ahead(self, data)
        self.place = place + len(data)
        stream.moved(place, self.place)


class SharedStream:
    """The common stream of some readers.

    Args:
        scripts: by their marks, what is being sent.
        branched: is told of the stream of its own that a reader got.
        latency: where the time that each delivery took is counted.
        completion: where the time until the last reader had a message is counted.

    Attributes:
        base, end: offsets of the oldest byte kept, and behind the newest.
        delivered: messages that readers got for the first time, all readers together.
        completed: messages that every reader has.
        last_ns: when something was delivered last.
    """

    def __init__(
        self,
        scripts: Mapping[bytes, Script],
        branched: Callable[["SharedStream"], None],
        latency: Histogram,
        completion: Histogram,
    ) -> None:
        self.log = bytearray()
        self.base = self.end = 0
        self.delivered = self.completed = 0
        self.last_ns = 0
        self.accounts = {mark: Account(script.sent) for mark, script in scripts.items()}
        self._scripts = scripts
        self._branched = branched
        self._latency = latency
        self._completion = completion
        self._scanned = 0
        self._floor = 0
        self._readers_at: dict[int, int] = {}
        self._ends: list[int] = []
        self._stamps_ns: list[int] = []
        self._marks: list[bytes] = []
        self._spans: dict[tuple[int, int], list[tuple[int, int]]] = {}

    @property
    def is_read(self) -> bool:
        """Whether anybody is in it."""
        return bool(self._readers_at)

    def join(self, reader: StreamReader) -> None:
        """Count a reader in."""
        self._readers_at[reader.place] = self._readers_at.get(reader.place, 0) + 1

    def read_ahead(self, reader: StreamReader, data: bytes) -> "SharedStream":
        """Take bytes that go beyond what is known; or let a reader leave whose bytes are others.

        Args:
            reader: who got them; it stands before them.
            data: 1 byte or more.

        Returns:
            The stream that the reader is in from now on.
        """
        known = self.end - reader.place
        if known >= len(data) or not self.log.endswith(data[:known]):
            return self._branch(reader, data)
        self._append(data[known:] if known else data)
        return self

    def _append(self, data: bytes) -> None:
        self.log += data
        self.end += len(data)
        self._scan()

    def moved(self, place: int, new_place: int) -> None:
        """Note that a reader has gone on.

        Args:
            place, new_place: offsets, where it stood and where it stands.
        """
        now = self.last_ns = monotonic_ns()
        span = self._spans.get((place, new_place))
        if span is None:
            span = self._span(place, new_place)
        for stamp_ns, count in span:
            self.delivered += count
            self._latency.add(now - stamp_ns, count)
        readers_at = self._readers_at
        readers_at[new_place] = readers_at.get(new_place, 0) + 1
        if readers_at[place] > 1:
            readers_at[place] -= 1
        else:
            del readers_at[place]
            if place == self._floor:
                self._rise(now)

    def _span(self, place: int, new_place: int) -> list[tuple[int, int]]:
        """The messages that end in a stretch: when they were sent, and how many at that time."""
        ends, stamps_ns = self._ends, self._stamps_ns
        counts: dict[int, int] = {}
        for index in range(bisect_right(ends, place), bisect_right(ends, new_place)):
            counts[stamps_ns[index]] = counts.get(stamps_ns[index], 0) + 1
        if len(self._spans) >= SPANS_MAX:
            self._spans.clear()
        span = self._spans[place, new_place] = list(counts.items())
        return span

    def _rise(self, now: int) -> None:
        """Forget what every reader has."""
        self._floor = min(self._readers_at)
        had = bisect_right(self._ends, self._floor)
        for stamp_ns in self._stamps_ns[:had]:
            self._completion.add(now - stamp_ns)
        self.completed += had
        del self._ends[:had], self._stamps_ns[:had], self._marks[:had]
        kept_from = max(self.base, min(self._floor, self._scanned) - MARK_CHARS + 1)  # a mark may lie across
        del self.log[: kept_from - self.base]
        self.base = kept_from

    def _scan(self) -> None:
        """Look up the marks in what is new."""
        base = self.base
        for match in mark_in.finditer(self.log, self._scanned - base):
            mark, number = match[1], int(match[2], 16)
            script = self._scripts.get(mark)
            self._scanned = base + match.end()
            if script is not None and self.accounts[mark].take(number):
                self._ends.append(base + match.start() + script.size)
                self._stamps_ns.append(script.stamps_ns[number])
                self._marks.append(mark)
        self._scanned = max(self._scanned, self.end - MARK_CHARS + 1)  # a mark may be cut in two

    def _branch(self, reader: StreamReader, data: bytes) -> "SharedStream":
        """Give a reader a stream of its own, from where it stands."""
        place = reader.place
        own = SharedStream(self._scripts, self._branched, self._latency, self._completion)
        had = bisect_right(self._ends, place)
        begun = had  # a text whose mark the reader has, but not its end
        while begun < len(self._ends) and self._mark_end(begun) <= place:
            begun += 1
        own._ends, own._stamps_ns = self._ends[had:begun], self._stamps_ns[had:begun]
        own._marks = self._marks[had:begun]
        unread = Counter(self._marks[begun:])
        for mark, account in self.accounts.items():
            own.accounts[mark].next = account.next - unread[mark]
        own.completed = self.completed + had
        own.base = own._scanned = max(self.base, place - MARK_CHARS + 1)
        own.log += self.log[own.base - self.base : place - self.base]
        own.end = own._floor = place
        own.join(reader)
        self._leave(place)
        reader.stream = own
        self._branched(own)
        own._append(data)
        return own

    def _mark_end(self, index: int) -> int:
        return self._ends[index] - self._scripts[self._marks[index]].size + MARK_CHARS

    def _leave(self, place: int) -> None:
        if self._readers_at[place] > 1:
            self._readers_at[place] -= 1
            return
        del self._readers_at[place]
        if self._readers_at and place == self._floor:
            self._rise(monotonic_ns())
