"""A stream accounts for every message of every reader, however the bytes were cut and whoever got them first."""

from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.load.latency import Histogram
from reactor_chat.load.marks import Script
from reactor_chat.load.shared_stream import SharedStream, StreamReader

TEXT_BYTES = 20


class Bench:
    """A stream with its scripts, and everything that came of it."""

    def __init__(self, senders: int = 1) -> None:
        self.scripts = [Script(number, TEXT_BYTES, lambda text: b"{" + text + b"}") for number in range(senders)]
        self.streams: list[SharedStream] = []
        self.latency, self.completion = Histogram(), Histogram()
        by_mark = {script.mark: script for script in self.scripts}
        self.streams.append(SharedStream(by_mark, self.streams.append, self.latency, self.completion))

    def reader(self) -> StreamReader:
        return StreamReader(self.streams[0])

    @property
    def delivered(self) -> int:
        return sum(stream.delivered for stream in self.streams)

    @property
    def completed(self) -> int:
        return min(stream.completed for stream in self.streams if stream.is_read)

    def accounts(self, name: str) -> int:
        return sum(getattr(account, name) for stream in self.streams for account in stream.accounts.values())


def cut(stream: bytes, data: st.DataObject) -> list[bytes]:
    pieces = []
    while stream:
        size = data.draw(st.integers(1, 40))
        pieces.append(stream[:size])
        stream = stream[size:]
    return pieces


def feed(readers: list[StreamReader], streams: list[bytes], data: st.DataObject) -> None:
    """Give every reader its stream in pieces, the readers in any order."""
    waiting = [(reader, cut(stream, data)[::-1]) for reader, stream in zip(readers, streams, strict=True)]
    while any(pieces for _, pieces in waiting):
        reader, pieces = data.draw(st.sampled_from([one for one in waiting if one[1]]))
        reader.received(None, pieces.pop())


@given(st.data())
@settings(max_examples=80)
def test_every_message_counts_once_for_every_reader(data: st.DataObject) -> None:
    bench = Bench(senders=2)
    readers = [bench.reader() for _ in range(data.draw(st.integers(1, 4)))]
    parts, messages = [], 0
    for _ in range(data.draw(st.integers(1, 6))):
        count = data.draw(st.integers(1, 3))
        parts += [data.draw(st.sampled_from([b"", b"^", b"^00", b"noise"]))]
        parts += [data.draw(st.sampled_from(bench.scripts)).take(count, 1)]
        messages += count
    alone = data.draw(st.integers(0, len(readers)))  # so many also get a word of their own somewhere
    streams = []
    for place, _ in enumerate(readers):
        own = data.draw(st.integers(0, len(parts)))
        word = [b"(for you)"] if place < alone else []
        streams.append(b"".join([*parts[:own], *word, *parts[own:]]))
    feed(readers, streams, data)
    assert bench.delivered == messages * len(readers)
    assert bench.completed == messages
    assert bench.latency.count == bench.delivered
    assert bench.accounts("duplicates") == bench.accounts("out_of_order") == 0


def test_what_did_not_come_is_not_counted() -> None:
    bench = Bench()
    one, other = bench.reader(), bench.reader()
    stream = bench.scripts[0].take(3, 1)
    one.received(None, stream)
    other.received(None, stream[: 2 * len(stream) // 3])
    assert bench.delivered == 5
    assert bench.completed == 2


def test_a_gap_and_a_repetition_are_seen() -> None:
    bench = Bench()
    reader = bench.reader()
    first, second, third = (bench.scripts[0].take(1, 1) for _ in range(3))
    for message in (first, third, second, second):
        reader.received(None, message)
    assert bench.delivered == 3
    assert bench.accounts("out_of_order") == 1
    assert bench.accounts("duplicates") == 1


def test_a_reader_that_lost_bytes_is_found_out() -> None:
    bench = Bench()
    one, other = bench.reader(), bench.reader()
    first, second, third = (bench.scripts[0].take(1, 1) for _ in range(3))
    one.received(None, first + second + third)
    other.received(None, first + third)
    assert bench.delivered == 5
    assert bench.completed < 3


def test_what_everybody_has_is_forgotten() -> None:
    bench = Bench()
    readers = [bench.reader(), bench.reader()]
    for _ in range(100):
        message = bench.scripts[0].take(1, 1)
        for reader in readers:
            reader.received(None, message)
    assert len(bench.streams[0].log) < 100
    assert bench.completion.count == 100
