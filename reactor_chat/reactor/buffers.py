"""What is still to be written: bytes that many share, and what one connection is owed.

A `SharedBuffer` is one sequence of bytes with absolute offsets; bytes enter at its end and are dropped at its start.
Every reader has a place in it.  Readers that have all had the same (nearly all of them, nearly always) are *in sync*:
they keep no place of their own but stand at `SharedBuffer.settled`, so that serving a thousand of them takes one slice,
made once, and changes nothing in any of the thousand.

An `OutputQueue` is one connection's output: private bytes, and its place in a shared buffer.  Private bytes remember
where that ended when they were queued; that alone gives the order: what was appended to it before leaves before them,
what came after leaves after.

    shared    aaaabbbbcccc|        place 2, private x at 8:   aabbbb x cccc
                ^place  ^8
"""


class SharedBuffer:
    """Bytes that go to every reader, in one order.

    Attributes:
        start: offset of the oldest byte still kept.
        end: offset after the newest byte; never falls.
        settled: where every reader that is in sync stands; between `start` and `end`.
    """

    __slots__ = ("_cut", "_kept", "end", "settled", "start")

    def __init__(self) -> None:
        self.start = 0
        self.end = 0
        self.settled = 0
        self._kept = bytearray()
        self._cut: tuple[int, int, bytes] = (0, 0, b"")  # the last slice made

    def append(self, data: bytes) -> None:
        """Add bytes at the end."""
        self._kept += data
        self.end += len(data)

    def slice(self, place: int, end: int) -> bytes:
        """Return the bytes from `place` to `end`; who asks for what was asked for last gets the same object.

        Args:
            place: `start` to `end`.
            end: `place` to `self.end`.
        """
        if self._cut[:2] != (place, end):
            assert self.start <= place <= end <= self.end, "a slice of bytes that are not there"
            with memoryview(self._kept) as kept:
                self._cut = (place, end, bytes(kept[place - self.start : end - self.start]))
        return self._cut[2]

    def news(self) -> bytes:
        """What those who are in sync have not had."""
        return self.slice(self.settled, self.end)

    def settle(self) -> None:
        """Move everyone who is in sync to the end: they have been given the news."""
        self.settled = self.end

    def trim(self, oldest_place_wanted: int) -> None:
        """Drop what lies before a place.

        Args:
            oldest_place_wanted: at most `settled`, for those who are in sync.  Before `start`: nothing happens.
        """
        assert oldest_place_wanted <= self.settled, "those who are in sync still want it"
        if oldest_place_wanted > self.start:
            del self._kept[: oldest_place_wanted - self.start]
            self.start = oldest_place_wanted
            self._cut = (0, 0, b"")

    @property
    def kept_bytes(self) -> int:
        """Bytes held in memory."""
        return self.end - self.start


Private = tuple[int, bytes | bytearray]
"""Bytes for one reader, behind the place where the shared buffer ended when they were queued."""


class OutputQueue:
    """One connection's output, oldest first: private bytes, and a shared buffer from some place on, if any."""

    __slots__ = ("_place", "_privates", "_privates_bytes", "_shared")

    def __init__(self) -> None:
        self._shared: SharedBuffer | None = None
        self._place: int | None = None  # None: in sync (or nothing is attached)
        self._privates: list[Private] = []
        self._privates_bytes = 0

    @property
    def place(self) -> int:
        """Where in the shared buffer this reader stands; 0 without one."""
        if self._shared is None:
            return 0
        return self._shared.settled if self._place is None else self._place

    @property
    def pending_bytes(self) -> int:
        """Everything that is owed: private bytes and how far the shared buffer is ahead."""
        shared, place = self._shared, self._place
        if shared is None:
            return self._privates_bytes
        return self._privates_bytes + shared.end - (shared.settled if place is None else place)

    @property
    def private_bytes(self) -> int:
        """What of it is kept for this connection alone."""
        return self._privates_bytes

    def push(self, data: bytes) -> bool:
        """Queue private bytes behind everything that is owed now; the reader is no longer in sync.

        Returns:
            Whether they are the only private bytes, so that whoever writes them is to be told.
        """
        if not data:
            return False
        at, shared, privates = 0, self._shared, self._privates
        if shared is not None:
            at = shared.end
            if self._place is None:
                self._place = shared.settled
        self._privates_bytes += len(data)
        if not privates or privates[-1][0] != at:
            privates.append((at, data))
            return len(privates) == 1
        # Many small pieces are kept as one: a piece has an overhead of its own, and only bytes are counted.
        last = privates[-1][1]
        if isinstance(last, bytes):
            last = bytearray(last)
            privates[-1] = (at, last)
        last += data
        return False

    def attach(self, shared: SharedBuffer) -> None:
        """Be owed everything that is appended to a shared buffer from now on, after what is owed already."""
        assert self._shared is None, "attached already"
        self._shared = shared
        self._place = shared.end  # private bytes queued before remember no later place, so they leave first

    def detach(self) -> None:
        """Be owed nothing more of the shared buffer than what is owed now (which is copied), if one is attached."""
        owed = self.next_bytes(self.pending_bytes)
        self.clear()
        self.push(owed)

    def clear(self) -> None:
        """Be owed nothing and leave the shared buffer."""
        self._shared = self._place = None
        self._privates = []
        self._privates_bytes = 0

    def come_in_sync(self) -> bool:
        """Give up one's own place where it is everybody's; returns whether the reader is in sync now."""
        shared = self._shared
        if shared is None:
            return False
        if not self._privates and self._place == shared.settled:
            self._place = None
        return self._place is None

    def start_lagging(self, place: int) -> None:
        """Leave those who are in sync, having had the shared bytes up to `place`."""
        self._place = place

    def next_bytes(self, bytes_max: int) -> bytes:
        """Return what is owed next, up to `bytes_max` bytes; it stays owed until `sent`.

        Returns:
            Empty when nothing is owed.  Where only one piece is owed, that very object, without a copy.
        """
        privates, shared = self._privates, self._shared
        place = 0 if shared is None else shared.settled if self._place is None else self._place
        if not privates:
            return shared.slice(place, min(shared.end, place + bytes_max)) if shared is not None else b""
        if len(privates) == 1 and (shared is None or shared.end == place) and self._privates_bytes <= bytes_max:
            return bytes(privates[0][1])
        parts: list[bytes | bytearray] = []
        room = bytes_max
        for at, data in privates:
            if shared is not None and place < at:
                parts.append(shared.slice(place, min(at, place + room)))
                place += len(parts[-1])
                room -= len(parts[-1])
            parts.append(data[:room])
            room -= len(parts[-1])
            if not room:
                break
        if shared is not None and room:
            parts.append(shared.slice(place, min(shared.end, place + room)))
        return b"".join(parts)

    def sent(self, bytes_sent: int) -> bool:
        """Strike off what has left.

        Args:
            bytes_sent: 0 to `pending_bytes`; a part of what `next_bytes` gave.

        Returns:
            Whether anything is still owed.
        """
        pending_bytes = self.pending_bytes
        assert 0 <= bytes_sent <= pending_bytes, "more left than was owed"
        if bytes_sent == pending_bytes:  # nearly always
            self._privates.clear()
            self._privates_bytes = 0
            self._place = self._shared.end if self._shared is not None else None
            return False
        place, gone = self.place, 0
        for at, data in self._privates:
            shared_bytes = min(bytes_sent, max(at - place, 0))
            place += shared_bytes
            bytes_sent -= shared_bytes
            if bytes_sent < len(data):
                break
            bytes_sent -= len(data)
            self._privates_bytes -= len(data)
            gone += 1
        del self._privates[:gone]
        if not self._privates:
            place += bytes_sent
        elif bytes_sent:
            self._drop_front(bytes_sent)
        if self._shared is not None:
            self._place = place
        return True

    def _drop_front(self, bytes_sent: int) -> None:
        at, data = self._privates[0]
        if isinstance(data, bytes):
            data = bytearray(data)
            self._privates[0] = (at, data)
        del data[:bytes_sent]  # a bytearray drops its front without moving the rest
        self._privates_bytes -= bytes_sent
