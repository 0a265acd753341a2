"""Frames come out as they went in, however the bytes were cut; a wrong length is refused from its four bytes."""

import tracemalloc
from itertools import accumulate

import pytest

from reactor_chat.errors import FrameLengthInvalid, ProtocolViolation
from reactor_chat.wire.framing import FRAME_BYTES_MAX, FrameDecoder, frame

PAYLOADS = [b"{}", b"x", b"y" * 300, bytes(range(256)), b"\0\0\0\1", b"z" * 4_096]
FRAMES = [frame(payload) for payload in PAYLOADS]
STREAM = b"".join(FRAMES)
FRAME_ENDS = set(accumulate(map(len, FRAMES)))


def take_all(decoder: FrameDecoder) -> list[bytes]:
    return decoder.take(1_000)


def test_a_frame_is_four_bytes_of_length_and_the_payload() -> None:
    assert frame(b"abc") == b"\0\0\0\3abc"
    assert frame(b"a" * 258)[:4] == b"\0\0\1\2"


def test_fed_whole() -> None:
    decoder = FrameDecoder()
    decoder.feed(STREAM)
    assert take_all(decoder) == PAYLOADS
    assert decoder.waiting_bytes == 0


def test_fed_byte_by_byte() -> None:
    decoder, got = FrameDecoder(), []
    for place in range(len(STREAM)):
        decoder.feed(STREAM[place : place + 1])
        assert decoder.has_frame == (place + 1 in FRAME_ENDS)
        got += take_all(decoder)
    assert got == PAYLOADS


def test_cut_anywhere() -> None:
    for place in range(len(STREAM) + 1):
        decoder = FrameDecoder()
        decoder.feed(STREAM[:place])
        got = take_all(decoder)
        decoder.feed(STREAM[place:])
        assert got + take_all(decoder) == PAYLOADS


@pytest.mark.parametrize("tail_bytes", [1, 3, 4, 5, 4 + 4_095])
def test_with_a_tail(tail_bytes: int) -> None:
    decoder = FrameDecoder()
    decoder.feed(STREAM + frame(b"t" * 4_096)[:tail_bytes])
    assert take_all(decoder) == PAYLOADS
    assert not decoder.has_frame
    assert take_all(decoder) == []
    assert decoder.waiting_bytes == tail_bytes
    decoder.feed(frame(b"t" * 4_096)[tail_bytes:])
    assert take_all(decoder) == [b"t" * 4_096]


def test_no_more_than_asked_for_are_given_back() -> None:
    decoder = FrameDecoder()
    decoder.feed(STREAM)
    assert decoder.take(1) + decoder.take(2) == PAYLOADS[:3]
    assert decoder.has_frame
    assert take_all(decoder) == PAYLOADS[3:]


@pytest.mark.parametrize("frame_bytes", [0, 101, 65_537, 2**31, 2**32 - 1])
def test_a_wrong_length_is_refused_from_its_four_bytes(frame_bytes: int) -> None:
    decoder = FrameDecoder(100)
    decoder.feed(frame_bytes.to_bytes(4, "big")[:3])
    assert take_all(decoder) == []
    decoder.feed(frame_bytes.to_bytes(4, "big")[3:])
    assert decoder.has_frame
    for _ in range(2):
        with pytest.raises(FrameLengthInvalid) as caught:
            take_all(decoder)
        assert isinstance(caught.value, ProtocolViolation)
        assert (caught.value.code, caught.value.frame_bytes) == ("bad_frame", frame_bytes)
        assert str(frame_bytes) in str(caught.value)
    assert decoder.has_frame


@pytest.mark.parametrize("frame_bytes", [1, 99, 100])
def test_up_to_the_limit_is_accepted(frame_bytes: int) -> None:
    decoder = FrameDecoder(100)
    decoder.feed(frame(b"x" * frame_bytes))
    assert take_all(decoder) == [b"x" * frame_bytes]


def test_what_came_before_a_wrong_length_counts() -> None:
    decoder = FrameDecoder()
    decoder.feed(STREAM + bytes(4) + STREAM)
    assert take_all(decoder) == PAYLOADS
    assert decoder.waiting_bytes == 0
    with pytest.raises(FrameLengthInvalid):
        take_all(decoder)


def test_a_wrong_length_allocates_nothing() -> None:
    decoder = FrameDecoder()
    tracemalloc.start()
    try:
        decoder.feed(b"\x7f\xff\xff\xff")
        with pytest.raises(FrameLengthInvalid):
            take_all(decoder)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < FRAME_BYTES_MAX


def test_the_limit_may_be_raised_between_frames() -> None:
    decoder = FrameDecoder(10)
    decoder.feed(frame(b"login") + frame(b"x" * 100))
    assert decoder.take(1) == [b"login"]
    decoder.frame_bytes_max = 100
    assert take_all(decoder) == [b"x" * 100]


def test_a_limit_that_is_raised_too_late_helps_nobody() -> None:
    decoder = FrameDecoder(10)
    decoder.feed(frame(b"login") + frame(b"x" * 100))
    assert decoder.take(2) == [b"login"]
    decoder.frame_bytes_max = 100
    with pytest.raises(FrameLengthInvalid):
        take_all(decoder)


def test_the_limit_may_be_lowered_too() -> None:
    decoder = FrameDecoder(100)
    decoder.feed(frame(b"x" * 50))
    decoder.frame_bytes_max = 49
    with pytest.raises(FrameLengthInvalid):
        take_all(decoder)
