"""Lines become the same inputs however their bytes were cut, and notices become what people read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.boundary import BadMessage, Received, Terminate
from reactor_chat.server.doors.lines import LINE_BYTES_MAX, PROMPT, LinesDoor
from reactor_chat.wire.messages import Bye, Closing, Line, Login, Notice, Pong, Refused, Said, Told
from tests.server.doors.feeding import CONN, HELLO, WELCOME, inputs, refusal_of
from tests.server.world import World

TYPED = "Hello\n@names\r\n\n  \r\nü 🎉\nno end".encode()


def entered_lines() -> LinesDoor:
    door = LinesDoor()
    door.entered("John")
    return door


def test_lines_become_inputs_and_blank_ones_ask_nothing() -> None:
    assert inputs(entered_lines(), TYPED) == [
        Received(CONN, Line("Hello")),
        Received(CONN, Line("@names")),
        Received(CONN, Line("ü 🎉")),
        Received(CONN, Line("no end")),
    ]


@given(st.lists(st.integers(0, len(TYPED)), max_size=6), st.integers(1, 6))
def test_lines_cut_anywhere(cuts: list[int], sent_max: int) -> None:
    places = sorted({0, *cuts, len(TYPED)})
    pieces = [TYPED[a:b] for a, b in zip(places, [*places[1:], len(TYPED)], strict=True)]
    assert inputs(entered_lines(), *pieces, sent_max=sent_max) == inputs(entered_lines(), TYPED)


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_any_bytes_are_lines_or_refusals(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(data), *(cut for cut in cuts if cut <= len(data))})
    pieces = [data[a:b] for a, b in zip(places, [*places[1:], len(data)], strict=True)]
    got = inputs(entered_lines(), *pieces)
    assert got == inputs(entered_lines(), data)
    assert all(isinstance(one, Received) or refusal_of(one).code == "bad_text" for one in got)


def test_the_name_comes_first_and_what_follows_waits_for_it() -> None:
    door = LinesDoor()
    door.feed(b" John \r\nHello\n")
    assert door.take(CONN, 100) == ([Received(CONN, Login("John", 1))], 1)
    assert door.has_more
    door.written(WELCOME)
    assert door.take(CONN, 100) == ([Received(CONN, Line("Hello"))], 1)
    assert not door.has_more


def test_after_a_refused_name_the_next_line_is_a_name_again() -> None:
    door = LinesDoor()
    door.feed(b"John\nPeter\n")
    assert door.take(CONN, 100) == ([Received(CONN, Login("John", 1))], 1)
    taken = door.written(Refused("name_taken", "Username is already taken"))
    assert taken == b"Username is already taken\n" + PROMPT
    assert door.take(CONN, 100) == ([Received(CONN, Login("Peter", 1))], 1)


def test_a_line_that_is_no_text_is_refused_and_the_next_one_counts() -> None:
    refused, said = inputs(entered_lines(), b"\xff\xfe\nstill here\n")
    assert isinstance(refused, BadMessage)
    assert refusal_of(refused).code == "bad_text"
    assert said == Received(CONN, Line("still here"))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize("line_bytes", [LINE_BYTES_MAX - 1, LINE_BYTES_MAX])
def test_so_long_a_line_passes(line_bytes: int, end: bytes) -> None:
    assert inputs(entered_lines(), b"x" * line_bytes + end) == [Received(CONN, Line("x" * line_bytes))]


@pytest.mark.parametrize("tail", [b"\n", b"\r\n", b"", b"xxxx", b"xxx\nmore\n"])
def test_a_longer_one_breaks_the_connection(tail: bytes) -> None:
    *before, broken = inputs(entered_lines(), b"hi\n" + b"x" * (LINE_BYTES_MAX + 1) + tail)
    assert before == [Received(CONN, Line("hi"))]
    assert isinstance(broken, Terminate)
    assert (refusal_of(broken).code, broken.reason) == ("too_long", "violation")
    assert str(LINE_BYTES_MAX) in refusal_of(broken).text


def test_a_line_without_end_is_not_waited_for_longer_than_a_line() -> None:
    door = entered_lines()
    door.feed(b"x" * (LINE_BYTES_MAX + 1))
    assert not door.has_more, "the next byte may be its end, with \\r before it"
    door.feed(b"x")
    assert door.has_more
    assert isinstance(door.take(CONN, 1)[0][0], Terminate)


def test_a_flood_of_blank_lines_is_looked_at_piece_by_piece() -> None:
    door = entered_lines()
    door.feed(b"\n" * 1_000 + b"hi\n")
    for _ in range(10):
        assert door.take(CONN, 100) == ([], 100)
        assert door.has_more
    assert door.take(CONN, 100) == ([Received(CONN, Line("hi"))], 1)


@pytest.mark.parametrize(("notice", "shown"), [
    (Said(1, 2, "Ann", "hi"), b"[Ann:] hi\n"),
    (Told(1, 2, "Ann", "John", "hi"), b"[Ann (private):] hi\n"),
    (Told(1, 2, "John", "Ann", "hi"), b"[to Ann:] hi\n"),
    (Closing(5, "[Server is shutting down]"), b"[Server is shutting down]\n"),
    (Refused("too_long", "no"), b"no\n"),
    (Pong("x"), b""),
    (Bye("quit", "Goodbye"), b""),
])  # fmt: skip
def test_a_lines_door_writes_what_people_read(notice: Notice, shown: bytes) -> None:
    assert entered_lines().written(notice) == shown


def test_a_command_of_another_chat_is_a_text_here() -> None:
    """A program that pipes may mean it; the client reactor-chat is what asks before it is sent."""
    world = World().start()
    ann, bob = world.enter("Ann"), world.connect_lines()
    bob.type("Bob\n/msg Ann hi\n")
    world.settle()
    assert [said.text for said in ann.of(Said)] == ["/msg Ann hi"]
    assert "[Bob:] /msg Ann hi\n" in bob.shown


def test_nobody_is_asked_again_when_the_connection_is_about_to_close() -> None:
    door = LinesDoor()
    assert door.greet(HELLO) == PROMPT
    assert door.written(Refused("login_timeout", "Too late")) == b"Too late\n"
    door.feed(b"x" * (LINE_BYTES_MAX + 9))
    (broken,), _ = door.take(CONN, 1)
    assert PROMPT not in door.written(refusal_of(broken))


def test_no_text_can_pass_for_another_line() -> None:
    assert entered_lines().written(Said(1, 2, "Ann", "one\n[John:] two")).count(b"\n") == 1
