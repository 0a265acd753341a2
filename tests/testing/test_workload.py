"""What people type is legal, whatever the numbers: the grammar answers it, and each line says its own text."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.testing.workload import line
from reactor_chat.text.parser import parse
from reactor_chat.wire.codec import decode_request, encode
from reactor_chat.wire.messages import Line, Refused

NAMES = ("Ann", "Bob", "Cid")


@given(kind=st.integers(0, 99), pick=st.integers(0, 10_000), number=st.integers(1, 10**6))
def test_every_line_can_be_sent_and_is_a_request_or_refused(kind: int, pick: int, number: int) -> None:
    typed = line(NAMES, kind, pick, number)
    assert decode_request(encode(Line(typed.line, "x"))) == Line(typed.line, "x")
    request = parse(typed.line, "x")
    assert isinstance(request, Refused) or request.id == "x" or typed.text is None
    if typed.text is not None:
        assert typed.text == f"n{number}"
        assert typed.text in typed.line
    assert line(NAMES, kind, pick, number) == typed


def test_many_kinds_of_request_are_typed() -> None:
    typed = {type(parse(line(NAMES, kind, pick, 1).line, "x")) for kind in range(100) for pick in range(100)}
    assert len(typed) >= 13, typed
