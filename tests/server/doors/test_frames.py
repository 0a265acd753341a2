"""Frames become the same inputs however their bytes were cut, and every notice becomes a frame."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.boundary import Received, Terminate
from reactor_chat.server.doors.frames import FramesDoor
from reactor_chat.wire.codec import decode_notice, encode
from reactor_chat.wire.framing import FRAME_BYTES_MAX, FrameDecoder, frame
from reactor_chat.wire.messages import Login, Notice, Ping, Pong, Refused, Said, Say
from tests.server.doors.feeding import CONN, HELLO, WELCOME, inputs, refusal_of

FRAMES = b"".join(map(frame, (encode(Login("John", 1)), b"\xff", encode(Say("hi", id="i")), b"[]", encode(Ping()))))


def test_frames_become_inputs_in_their_order() -> None:
    login, no_text, say, no_object, ping = inputs(FramesDoor(FRAME_BYTES_MAX), FRAMES)
    assert login == Received(CONN, Login("John", 1))
    assert say == Received(CONN, Say("hi", id="i"))
    assert ping == Received(CONN, Ping())
    assert refusal_of(no_text).code == refusal_of(no_object).code == "bad_message"


@given(st.lists(st.integers(0, len(FRAMES)), max_size=6), st.integers(1, 6))
def test_frames_cut_anywhere(cuts: list[int], sent_max: int) -> None:
    places = sorted({0, *cuts, len(FRAMES)})
    pieces = [FRAMES[a:b] for a, b in zip(places, [*places[1:], len(FRAMES)], strict=True)]
    assert inputs(FramesDoor(FRAME_BYTES_MAX), *pieces, sent_max=sent_max) == inputs(
        FramesDoor(FRAME_BYTES_MAX), FRAMES
    )


def test_an_unfinished_frame_is_dropped() -> None:
    assert inputs(FramesDoor(FRAME_BYTES_MAX), frame(encode(Ping())) + frame(encode(Ping()))[:-1]) == [
        Received(CONN, Ping())
    ]


@pytest.mark.parametrize(("entered", "frame_bytes", "fits"), [
    ("", 4_095, True), ("", 4_096, True), ("", 4_097, False), ("", 0, False),
    ("John", 4_097, True), ("John", 65_535, True), ("John", 65_536, True), ("John", 65_537, False), ("John", 0, False),
])  # fmt: skip
def test_frames_may_be_longer_after_the_welcome(entered: str, frame_bytes: int, fits: object) -> None:
    door = FramesDoor(FRAME_BYTES_MAX)
    if entered:
        door.entered(entered)
    door.feed(frame_bytes.to_bytes(4, "big"))
    if fits:
        assert not door.has_more
        door.feed(b"x" * frame_bytes)
        assert refusal_of(door.take(CONN, 1)[0][0]).code == "bad_message"
    else:
        (sent,), _ = door.take(CONN, 9)
        assert isinstance(sent, Terminate)
        assert (refusal_of(sent).code, sent.reason) == ("bad_frame", "violation")


def test_a_garbled_request_is_refused_by_its_id() -> None:
    (sent,) = inputs(FramesDoor(FRAME_BYTES_MAX), frame(b'{"type":"say","id":"i"}'))
    assert refusal_of(sent).re == "i"
    assert "text" in refusal_of(sent).text


@pytest.mark.parametrize("notice", [HELLO, WELCOME, Refused("bad_text", "x"), Pong("x"), Said(1, 2, "a", "b")])
def test_a_frames_door_writes_every_notice_as_a_frame(notice: Notice) -> None:
    decoder = FrameDecoder()
    decoder.feed(FramesDoor(FRAME_BYTES_MAX).written(notice))
    assert [decode_notice(payload) for payload in decoder.take(2)] == [notice]
    assert FramesDoor(FRAME_BYTES_MAX).greet(HELLO) == frame(encode(HELLO))
