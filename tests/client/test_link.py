"""One connection's bytes and limits."""

import pytest

from reactor_chat.client.link import FRAME_BYTES_ACCEPTED_MAX, Link
from reactor_chat.errors import FrameLengthInvalid
from reactor_chat.wire.framing import frame
from reactor_chat.wire.messages import Hello, Limits, Ping


def greeted(frame_bytes_max: int) -> Link:
    link = Link(0.0)
    link.greeted(Hello(1, "toy", bytes(32), Limits(frame_bytes_max, 16_384)))
    return link


def test_payloads_come_whole_and_in_order():
    link = Link(0.0)
    stream = frame(b"one") + frame(b"two") + frame(b"three")[:-1]
    got = []
    for i in range(len(stream)):
        link.feed(stream[i : i + 1], 1.0)
        while (payload := link.next_payload()) is not None:
            got.append(payload)
    assert got == [b"one", b"two"]
    assert link.heard_at == 1.0


def test_bytes_break_a_silence():
    link = Link(0.0)
    link.pinged_at = 5.0
    link.feed(b"\0", 6.0)
    assert link.pinged_at is None


def test_what_is_no_frame_stays_none():
    link = Link(0.0)
    link.feed(frame(b"last") + b"\xff" * 9, 0.0)
    assert link.next_payload() == b"last"
    for _ in range(2):
        with pytest.raises(FrameLengthInvalid):
            link.next_payload()


def test_a_server_may_announce_longer_frames_but_not_our_whole_memory():
    link = greeted(100_000)
    link.feed(frame(b"x" * 100_000), 0.0)
    assert link.next_payload() == b"x" * 100_000
    greedy = greeted(2**40)
    greedy.feed((FRAME_BYTES_ACCEPTED_MAX + 1).to_bytes(4), 0.0)
    with pytest.raises(FrameLengthInvalid):
        greedy.next_payload()


@pytest.mark.parametrize(("frame_bytes_max", "sent"), [(25, False), (26, True)])
def test_a_request_at_the_servers_limit_is_sent_and_a_longer_one_is_not(frame_bytes_max, sent):
    link = greeted(frame_bytes_max)
    assert link.send(Ping(data="x")) is sent
    assert link.take() == (frame(b'{"type":"ping","data":"x"}') if sent else b"")
    assert link.take() == b""
