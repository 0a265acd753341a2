"""Telnet's commands leave no trace in a line, and are answered, however they are cut."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reactor_chat.chat.boundary import Received
from reactor_chat.server.doors.lines import LinesDoor
from reactor_chat.server.doors.telnet import SUBNEGOTIATION_BYTES_MAX, TelnetFilter
from reactor_chat.wire.messages import Line, Login

IAC_IP, DO_TIMING_MARK, WILL_TIMING_MARK = b"\xff\xf4", b"\xff\xfd\x06", b"\xff\xfb\x06"


def fed(*pieces: bytes) -> tuple[bytes, bytes]:
    """All of the text and all of the answers."""
    telnet = TelnetFilter()
    taken = [telnet.feed(piece) for piece in pieces]
    return b"".join(text for text, _ in taken), b"".join(answers for _, answers in taken)


@pytest.mark.parametrize(
    ("data", "text", "answers"),
    [
        (b"hi\r\n", b"hi\r\n", b""),
        (b"hi\r\x00", b"hi\r\n", b""),
        (b"a\rb\x00", b"a\rb\x00", b""),
        (b"\r\r\x00", b"\r\r\n", b""),
        (IAC_IP + DO_TIMING_MARK + b"still here\n", b"still here\n", WILL_TIMING_MARK),
        (b"\xff\xfd\x01\xff\xfb\x1f", b"", b"\xff\xfc\x01\xff\xfe\x1f"),
        (b"\xff\xfc\x01\xff\xfe\x06", b"", b""),
        (b"caf\xc3\xff\xf1\xa9\n", "café\n".encode(), b""),
        (b"a\xff\xfa\x1f\x00\x50\x00\x0a\xff\xf0b\n", b"ab\n", b""),
        (b"\xff\xfa\x18\x00a\xff\xffb\xff\xf0x", b"x", b""),
        (b"\xff\xfa\x18a\xff\xfd\x06x", b"x", WILL_TIMING_MARK),
        (b"\xff\xfa" + b"a" * SUBNEGOTIATION_BYTES_MAX + b"b secret\nx\n", b"x\n", b""),
        (b"\xff\xff\n", b"\xff\n", b""),
        (b"\xff\xfe\n", b"\xff\xfe\n", b""),
        (b"\xffx\n", b"\xffx\n", b""),
        (b"\xff\r\x00", b"\xff\r\n", b""),
    ],
)
def test_what_becomes_of_it(data: bytes, text: bytes, answers: bytes) -> None:
    assert fed(data) == (text, answers)


parts = st.lists(
    st.sampled_from(
        [bytes([byte]) for byte in (255, 240, 241, 244, 250, 251, 252, 253, 254, 6, 1, 0, 10, 13, 97)]
        + ["é".encode(), b"x" * SUBNEGOTIATION_BYTES_MAX]
    )
    | st.binary(max_size=3),
    max_size=40,
).map(b"".join)


@given(parts)
@example(IAC_IP + DO_TIMING_MARK + b"x\n")
def test_byte_by_byte_is_the_same_as_whole(data: bytes) -> None:
    assert fed(*(data[i : i + 1] for i in range(len(data)))) == fed(data)


@given(parts, st.integers(0, 200))
def test_cut_anywhere_is_the_same_as_whole(data: bytes, place: int) -> None:
    assert fed(data[:place], data[place:]) == fed(data)


@given(st.binary().filter(lambda data: b"\xff" not in data and b"\r\x00" not in data))
def test_what_holds_no_command_is_not_touched(data: bytes) -> None:
    assert fed(data) == (data, b"")


@given(parts)
def test_an_answer_is_never_answered(data: bytes) -> None:
    """Two such filters that talk to each other fall silent: WILL TIMING-MARK is declined, and declining ends it."""
    _, answers = fed(data)
    for _ in range(2):
        _, answers = fed(answers)
    assert answers == b""


def line_of(what: object) -> str:
    """The line that a door took for one that was typed."""
    assert isinstance(what, Received)
    assert isinstance(what.request, Line)
    return what.request.text


def test_the_door_hands_over_the_answers_and_keeps_the_line() -> None:
    door = LinesDoor()
    door.entered("Tel")
    assert door.feed(b"half a " + IAC_IP + DO_TIMING_MARK + b"line\n") == WILL_TIMING_MARK
    (received,), _ = door.take(1, 5)
    assert line_of(received) == "half a line"


def test_a_name_and_a_line_of_the_door_begin_where_they_can_be_seen() -> None:
    door = LinesDoor()
    door.feed("\ufeffNc\u200b\r\n\ufeff\r\n\ufeff@Stella x\r\n".encode())
    (login,), _ = door.take(1, 5)
    assert isinstance(login, Received)
    assert isinstance(login.request, Login)
    assert login.request.name == "Nc"
    door.entered("Nc")
    (line,), _ = door.take(1, 5)
    assert line_of(line) == "\ufeff@Stella x", "the blank one asks nothing"
