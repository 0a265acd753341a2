"""One connection's bytes and limits."""

import pytest

from reactor_chat.client.connecting.link import FRAME_BYTES_ACCEPTED_MAX, Link
from reactor_chat.errors import FrameLengthInvalid
from reactor_chat.wire.framing import frame
from reactor_chat.wire.messages import Hello, Limits, Ping


def greeted(frame_bytes_max: int) -> Link:
    link = Link(0.0)
    link.greeted(Hello(1, "toy", bytes(32), Limits(frame_bytes_max, 16_384)))
    return link


def test_payloads_come_whole_and_in_order() -> None:
    link = Link(0.0)
    stream = frame(b"one") + frame(b"two") + frame(b"three")[:-1]
    got = []
    for i in range(len(stream)):
        link.feed(stream[i : i + 1], 1.0)
        while (payload := link.next_payload()) is not None:
            got.append(payload)
    assert got == [b"one", b"two"]


def asking(*ids: str) -> Link:
    link = Link(0.0)
    for request_id in ids:
        assert link.send(Ping(id=request_id))
    link.note_sent(5.0)
    return link


def test_an_answer_is_awaited_since_the_first_request_without_one() -> None:
    link = asking("one")
    link.send(Ping(id="two"))
    link.note_sent(7.0)
    assert (link.asked_at, link.sent_at) == (5.0, 7.0)
    link.answered("one", 9.0)
    assert link.asked_at == 9.0, "an answer to one of them breaks the silence"
    link.answered("two", 10.0)
    assert link.asked_at is None


def test_what_others_say_is_no_answer() -> None:
    link = asking("one")
    link.feed(frame(b"{}"), 8.0)
    link.answered("somebody else's", 8.0)
    link.answered(None, 8.0)
    assert link.asked_at == 5.0


def test_a_part_of_an_answer_and_what_was_missed_break_the_silence() -> None:
    link = asking("one")
    link.answered("one", 6.0, is_last=False)
    assert link.asked_at == 6.0
    link.replay_end_id = "one"
    link.feed(b"\0", 7.0)
    assert link.asked_at == 7.0


def test_what_needs_no_answer_awaits_none() -> None:
    link = Link(0.0)
    link.send(Ping())
    link.note_sent(3.0)
    assert (link.asked_at, link.sent_at) == (None, 3.0)
    link.note_sent(4.0)
    assert link.sent_at == 3.0, "nothing was sent since"


def test_what_is_no_frame_stays_none() -> None:
    link = Link(0.0)
    link.feed(frame(b"last") + b"\xff" * 9, 0.0)
    assert link.next_payload() == b"last"
    for _ in range(2):
        with pytest.raises(FrameLengthInvalid):
            link.next_payload()


def test_a_server_may_announce_longer_frames_but_not_our_whole_memory() -> None:
    link = greeted(100_000)
    link.feed(frame(b"x" * 100_000), 0.0)
    assert link.next_payload() == b"x" * 100_000
    greedy = greeted(2**40)
    greedy.feed((FRAME_BYTES_ACCEPTED_MAX + 1).to_bytes(4), 0.0)
    with pytest.raises(FrameLengthInvalid):
        greedy.next_payload()


@pytest.mark.parametrize(("frame_bytes_max", "sent"), [(25, False), (26, True)])
def test_a_request_at_the_servers_limit_is_sent_and_a_longer_one_is_not(frame_bytes_max: int, *, sent: bool) -> None:
    link = greeted(frame_bytes_max)
    assert link.send(Ping(data="x")) is sent
    assert link.take() == (frame(b'{"type":"ping","data":"x"}') if sent else b"")
    assert link.take() == b""
