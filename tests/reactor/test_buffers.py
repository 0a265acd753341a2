"""Every reader gets exactly what a simple model says, in order, however bytes were queued, split and sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reactor_chat.reactor.buffers import OutputQueue, SharedBuffer

some_bytes = st.binary(min_size=1, max_size=9)
reader_numbers = st.integers(0, 3)


def drained(queue: OutputQueue, bytes_max: int = 1 << 20) -> bytes:
    got = bytearray()
    while data := queue.next_bytes(bytes_max):
        got += data
        queue.sent(len(data))
    return bytes(got)


def test_a_slice_is_made_once_for_everyone_who_asks_the_same() -> None:
    shared = SharedBuffer()
    shared.append(b"one ")
    shared.append(b"two")
    assert shared.news() == b"one two"
    assert shared.news() is shared.news() is shared.slice(0, 7)


def test_what_was_appended_before_leaves_before_and_what_after_after() -> None:
    shared, queue = SharedBuffer(), OutputQueue()
    shared.append(b"never ")
    queue.push(b"a")
    queue.attach(shared)
    shared.append(b"B")
    queue.push(b"c")
    queue.push(b"d")
    shared.append(b"E")
    queue.push(b"f")
    shared.append(b"G")
    assert queue.pending_bytes == 7
    assert queue.next_bytes(100) == b"aBcdEfG"
    assert drained(queue, 1) == b"aBcdEfG"
    assert queue.pending_bytes == 0


def test_detaching_keeps_what_was_owed_and_takes_nothing_more() -> None:
    shared, queue = SharedBuffer(), OutputQueue()
    queue.attach(shared)
    shared.append(b"A")
    queue.push(b"b")
    shared.append(b"C")
    queue.detach()
    shared.append(b"not for us")
    queue.push(b"d")
    shared.settle()
    shared.trim(shared.end)
    assert drained(queue) == b"AbCd"


def test_one_piece_is_given_without_a_copy() -> None:
    queue, shared, data = OutputQueue(), SharedBuffer(), b"x" * 1_000
    queue.push(data)
    assert queue.next_bytes(1_000) is data
    queue.attach(shared)
    assert queue.next_bytes(1_000) is data
    assert queue.next_bytes(999) == data[:999]


def test_one_who_is_abreast_moves_with_the_others_and_is_owed_nothing_of_its_own() -> None:
    shared, queue = SharedBuffer(), OutputQueue()
    queue.attach(shared)
    assert queue.come_in_sync()
    shared.append(b"abc")
    assert queue.pending_bytes == 3
    shared.settle()
    assert queue.pending_bytes == 0
    shared.append(b"def")
    queue.start_lagging(shared.settled + 1)
    shared.settle()
    assert not queue.come_in_sync()
    assert drained(queue) == b"ef"
    assert queue.come_in_sync()


def test_private_bytes_keep_a_reader_from_being_abreast() -> None:
    shared, queue = SharedBuffer(), OutputQueue()
    queue.attach(shared)
    queue.push(b"x")
    assert not queue.come_in_sync()
    queue.sent(1)
    assert queue.come_in_sync()


def test_trimming_drops_memory_and_no_place() -> None:
    shared = SharedBuffer()
    shared.append(b"0123456789")
    shared.settle()
    shared.trim(4)
    assert (shared.start, shared.end, shared.kept_bytes) == (4, 10, 6)
    assert shared.slice(4, 7) == b"456"
    shared.trim(2)
    assert shared.start == 4
    shared.trim(10)
    assert shared.kept_bytes == 0
    shared.append(b"ab")
    assert shared.news() == b"ab"


def test_what_somebody_wants_is_not_there_to_be_trimmed() -> None:
    shared = SharedBuffer()
    shared.append(b"abc")
    with pytest.raises(AssertionError):
        shared.trim(1)
    with pytest.raises(AssertionError):
        shared.slice(0, 4)


def test_no_more_can_leave_than_was_owed() -> None:
    queue = OutputQueue()
    queue.push(b"ab")
    with pytest.raises(AssertionError):
        queue.sent(3)


def test_many_small_pieces_are_one_in_memory() -> None:
    queue = OutputQueue()
    for _ in range(10_000):
        queue.push(b"pong")
    assert len(queue._privates) == 1
    assert queue.pending_bytes == 40_000


@given(st.lists(some_bytes, max_size=20), st.lists(st.integers(0, 30), max_size=40))
def test_any_split_of_writes_gives_the_same_bytes(pieces: list[bytes], takes: list[int]) -> None:
    shared, queue = SharedBuffer(), OutputQueue()
    queue.attach(shared)
    for number, piece in enumerate(pieces):
        (queue.push if number % 3 else shared.append)(piece)
    got = b""
    for take in takes:
        data = queue.next_bytes(16)[:take]
        got += data
        queue.sent(len(data))
    assert got + drained(queue) == b"".join(pieces)


class Readers(RuleBasedStateMachine):
    """Four readers and one shared buffer against lists of bytes; that is trimmed as a fan-out does it."""

    @initialize()
    def begin(self) -> None:
        self.shared = SharedBuffer()
        self.queues = [OutputQueue() for _ in range(4)]
        self.attached = [False] * 4
        self.owed = [b""] * 4

    @rule(data=some_bytes)
    def append(self, data: bytes) -> None:
        self.shared.append(data)
        self.owed = [owed + data if here else owed for owed, here in zip(self.owed, self.attached, strict=True)]

    @rule(number=reader_numbers, data=st.binary(max_size=9))
    def push(self, number: int, data: bytes) -> None:
        self.queues[number].push(data)
        self.owed[number] += data

    @rule(number=reader_numbers)
    def attach_or_detach(self, number: int) -> None:
        if self.attached[number]:
            self.queues[number].detach()
        else:
            self.queues[number].attach(self.shared)
        self.attached[number] = not self.attached[number]

    @rule(number=reader_numbers)
    def come_in_sync(self, number: int) -> None:
        self.queues[number].come_in_sync()

    @rule(number=reader_numbers, offered=st.integers(0, 25), taken=st.integers(0, 25))
    def write(self, number: int, offered: int, taken: int) -> None:
        data = self.queues[number].next_bytes(offered)
        assert data == self.owed[number][:offered]
        taken = min(taken, len(data))
        self.queues[number].sent(taken)
        self.owed[number] = self.owed[number][taken:]

    @precondition(lambda self: self.shared.end > self.shared.settled)
    @rule(short=st.dictionaries(reader_numbers, st.integers(0, 25)))
    def write_the_news(self, short: dict[int, int]) -> None:
        place, news = self.shared.settled, self.shared.news()
        in_sync = [number for number in range(4) if self.attached[number] and self.queues[number]._place is None]
        for number in in_sync:
            assert self.owed[number] == news
            taken = min(short.get(number, len(news)), len(news))
            if taken < len(news):
                self.queues[number].start_lagging(place + taken)
            self.owed[number] = self.owed[number][taken:]
        self.shared.settle()

    @rule()
    def trim(self) -> None:
        places = [queue.place for queue, here in zip(self.queues, self.attached, strict=True) if here]
        self.shared.trim(min([*places, self.shared.settled]))

    @invariant()
    def the_account_is_exact(self) -> None:
        for queue, owed in zip(self.queues, self.owed, strict=True):
            assert queue.pending_bytes == len(owed)
            assert queue.next_bytes(1 << 20) == owed


TestReaders = Readers.TestCase
