"""Every reader gets exactly what a dull model says, in order, however bytes were queued, split and sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reactor_chat.reactor.buffers import OutputQueue, Run

some_bytes = st.binary(min_size=1, max_size=9)
reader_numbers = st.integers(0, 3)


def drained(queue: OutputQueue, bytes_max: int = 1 << 20) -> bytes:
    got = bytearray()
    while data := queue.next_bytes(bytes_max):
        got += data
        queue.sent(len(data))
    return bytes(got)


def test_a_slice_is_made_once_for_everyone_who_asks_the_same() -> None:
    run = Run()
    run.append(b"one ")
    run.append(b"two")
    assert run.news() == b"one two"
    assert run.news() is run.news() is run.slice(0, 7)


def test_what_was_appended_before_leaves_before_and_what_after_after() -> None:
    run, queue = Run(), OutputQueue()
    run.append(b"never ")
    queue.push(b"a")
    queue.attach(run)
    run.append(b"B")
    queue.push(b"c")
    queue.push(b"d")
    run.append(b"E")
    queue.push(b"f")
    run.append(b"G")
    assert queue.pending_bytes == 7
    assert queue.next_bytes(100) == b"aBcdEfG"
    assert drained(queue, 1) == b"aBcdEfG"
    assert queue.pending_bytes == 0


def test_detaching_keeps_what_was_owed_and_takes_nothing_more() -> None:
    run, queue = Run(), OutputQueue()
    queue.attach(run)
    run.append(b"A")
    queue.push(b"b")
    run.append(b"C")
    queue.detach()
    run.append(b"not for us")
    queue.push(b"d")
    run.settle()
    run.trim(run.end)
    assert drained(queue) == b"AbCd"


def test_one_piece_is_given_without_a_copy() -> None:
    queue, run, data = OutputQueue(), Run(), b"x" * 1_000
    queue.push(data)
    assert queue.next_bytes(1_000) is data
    queue.attach(run)
    assert queue.next_bytes(1_000) is data
    assert queue.next_bytes(999) == data[:999]


def test_one_who_is_abreast_moves_with_the_others_and_is_owed_nothing_of_its_own() -> None:
    run, queue = Run(), OutputQueue()
    queue.attach(run)
    assert queue.come_abreast()
    run.append(b"abc")
    assert queue.pending_bytes == 3
    run.settle()
    assert queue.pending_bytes == 0
    run.append(b"def")
    queue.fall_behind(run.settled + 1)
    run.settle()
    assert not queue.come_abreast()
    assert drained(queue) == b"ef"
    assert queue.come_abreast()


def test_private_bytes_keep_a_reader_from_being_abreast() -> None:
    run, queue = Run(), OutputQueue()
    queue.attach(run)
    queue.push(b"x")
    assert not queue.come_abreast()
    queue.sent(1)
    assert queue.come_abreast()


def test_trimming_drops_memory_and_no_place() -> None:
    run = Run()
    run.append(b"0123456789")
    run.settle()
    run.trim(4)
    assert (run.start, run.end, run.kept_bytes) == (4, 10, 6)
    assert run.slice(4, 7) == b"456"
    run.trim(2)
    assert run.start == 4
    run.trim(10)
    assert run.kept_bytes == 0
    run.append(b"ab")
    assert run.news() == b"ab"


def test_what_somebody_wants_is_not_there_to_be_trimmed() -> None:
    run = Run()
    run.append(b"abc")
    with pytest.raises(AssertionError):
        run.trim(1)
    with pytest.raises(AssertionError):
        run.slice(0, 4)


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
    run, queue = Run(), OutputQueue()
    queue.attach(run)
    for number, piece in enumerate(pieces):
        (queue.push if number % 3 else run.append)(piece)
    got = b""
    for take in takes:
        data = queue.next_bytes(16)[:take]
        got += data
        queue.sent(len(data))
    assert got + drained(queue) == b"".join(pieces)


class Readers(RuleBasedStateMachine):
    """Four readers and one run against lists of bytes; the run is trimmed as a fan-out does it."""

    @initialize()
    def begin(self) -> None:
        self.run = Run()
        self.queues = [OutputQueue() for _ in range(4)]
        self.attached = [False] * 4
        self.owed = [b""] * 4

    @rule(data=some_bytes)
    def append(self, data: bytes) -> None:
        self.run.append(data)
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
            self.queues[number].attach(self.run)
        self.attached[number] = not self.attached[number]

    @rule(number=reader_numbers)
    def come_abreast(self, number: int) -> None:
        self.queues[number].come_abreast()

    @rule(number=reader_numbers, offered=st.integers(0, 25), taken=st.integers(0, 25))
    def write(self, number: int, offered: int, taken: int) -> None:
        data = self.queues[number].next_bytes(offered)
        assert data == self.owed[number][:offered]
        taken = min(taken, len(data))
        self.queues[number].sent(taken)
        self.owed[number] = self.owed[number][taken:]

    @precondition(lambda self: self.run.end > self.run.settled)
    @rule(short=st.dictionaries(reader_numbers, st.integers(0, 25)))
    def write_the_news(self, short: dict[int, int]) -> None:
        place, news = self.run.settled, self.run.news()
        abreast = [number for number in range(4) if self.attached[number] and self.queues[number]._place is None]
        for number in abreast:
            assert self.owed[number] == news
            taken = min(short.get(number, len(news)), len(news))
            if taken < len(news):
                self.queues[number].fall_behind(place + taken)
            self.owed[number] = self.owed[number][taken:]
        self.run.settle()

    @rule()
    def trim(self) -> None:
        places = [queue.place for queue, here in zip(self.queues, self.attached, strict=True) if here]
        self.run.trim(min([*places, self.run.settled]))

    @invariant()
    def the_account_is_exact(self) -> None:
        for queue, owed in zip(self.queues, self.owed, strict=True):
            assert queue.pending_bytes == len(owed)
            assert queue.next_bytes(1 << 20) == owed


TestReaders = Readers.TestCase
