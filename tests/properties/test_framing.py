"""Framing holds for all payloads, cut in all ways, and never gives back what was not announced."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.errors import FrameLengthInvalid
from reactor_chat.wire.framing import FrameDecoder, frame

payload_lists = st.lists(st.binary(min_size=1, max_size=80), max_size=12)


def framed(payloads: list[bytes]) -> bytes:
    return b"".join(map(frame, payloads))


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[begin:end] for begin, end in pairwise(places)]


@given(payload_lists, st.lists(st.integers(0, 2_000)), st.integers(1, 5), st.binary(max_size=3))
def test_any_payloads_come_back_however_they_were_cut(
    payloads: list[bytes], cuts: list[int], frames_max: int, tail: bytes
) -> None:
    decoder, got = FrameDecoder(80), []
    for piece in pieces(framed(payloads) + tail, cuts):
        decoder.feed(piece)
        while decoder.has_frame:
            taken = decoder.take(frames_max)
            assert 1 <= len(taken) <= frames_max
            got += taken
    assert got == payloads
    assert decoder.waiting_bytes == len(tail)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400)), st.integers(1, 300))
def test_any_bytes_are_frames_and_then_a_tail_or_a_refusal(data: bytes, cuts: list[int], frame_bytes_max: int) -> None:
    decoder, got = FrameDecoder(frame_bytes_max), []
    broken: FrameLengthInvalid | None = None
    for piece in pieces(data, cuts):
        decoder.feed(piece)
        while decoder.has_frame and not broken:
            try:
                got += decoder.take(3)
            except FrameLengthInvalid as error:
                broken = error
    assert all(1 <= len(payload) <= frame_bytes_max for payload in got)
    assert data.startswith(framed(got))
    if broken:
        assert not 1 <= broken.frame_bytes <= frame_bytes_max
    else:
        assert decoder.waiting_bytes == len(data) - len(framed(got))


@given(st.binary(min_size=1, max_size=300))
def test_a_frame_is_its_own_inverse(payload: bytes) -> None:
    decoder = FrameDecoder(300)
    decoder.feed(frame(payload))
    assert decoder.take(2) == [payload]
