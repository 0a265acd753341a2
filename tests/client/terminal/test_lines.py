"""Lines out of a pipe, however it was split."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.terminal.lines import LineSplitter


def split(*pieces: bytes, line_bytes_max: int = 1_000) -> list[str]:
    splitter = LineSplitter(line_bytes_max)
    return [line for piece in pieces for line in splitter.feed(piece)] + splitter.end()


def test_line_ends_of_both_kinds_and_none() -> None:
    assert split(b"one\ntwo\r\n\nthree\rfour") == ["one", "two", "", "three\rfour"]
    assert split(b"") == []
    assert split(b"\n") == [""]


def test_what_is_no_utf_8_is_marked() -> None:
    assert split(b"a\xff\n\xc3", b"\xa9\n") == ["a\udcff", "é"]


def test_a_byte_order_mark_in_front_of_everything_is_no_text() -> None:
    assert split(b"\xef\xbb", b"\xbfone\r\n\xef\xbb\xbftwo\n") == ["one", "\ufefftwo"]


def test_a_long_line_is_cut_and_the_next_one_is_whole() -> None:
    assert split(b"x" * 2_000 + b"\nnext\n", line_bytes_max=10) == ["x" * 10, "next"]


@given(st.binary(), st.lists(st.integers(0, 100), max_size=6).map(sorted))
def test_any_split_is_the_same_as_whole(data: bytes, places: list[int]) -> None:
    edges = [0, *places, len(data)]
    assert split(*(data[a:b] for a, b in pairwise(edges))) == split(data)
