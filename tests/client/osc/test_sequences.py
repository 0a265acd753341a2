"""Whatever is put into a sequence, it is exactly one."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.osc.sequences import (
    COPY_BYTES_MAX,
    LINK_END,
    TITLE_CHARS_MAX,
    Envelope,
    copy,
    link_begin,
    sequence,
    title,
    title_text,
)
from reactor_chat.text.links import URI_CHARS_MAX
from reactor_chat.text.safe import safe
from tests.client.osc.reading import one_sequence, out_of_screen, out_of_tmux

anything = st.text(st.sampled_from("\x1b\\]\a\x9c\x90;ab9\n\r\u202e\ud800日👩\u200d👧\u0301") | st.characters())


@given(anything)
def test_a_title_is_one_sequence(text: str) -> None:
    number, said = one_sequence(title(text))
    assert (number, len(said) <= TITLE_CHARS_MAX) == (2, True)


@pytest.mark.parametrize(
    ("where", "unread", "for_me", "text"),
    [
        ("# room", 0, 0, "# room - reactor-chat"),
        ("@ Stella", 7, 0, "(7) @ Stella - reactor-chat"),
        ("# room", 7, 2, "(7, 2 for you) # room - reactor-chat"),
    ],
)
def test_a_title_says_what_is_unread(where: str, unread: int, for_me: int, text: str) -> None:
    assert title_text(where, unread, for_me) == text
    assert one_sequence(title(text)) == (2, text)


@given(anything, st.sampled_from(Envelope))
def test_what_is_copied_is_one_sequence_and_arrives_without_anything_that_acts(text: str, envelope: Envelope) -> None:
    data = copy(text, envelope)
    data = {Envelope.TMUX: out_of_tmux, Envelope.SCREEN: out_of_screen}.get(envelope, bytes)(data)
    number, said = one_sequence(data)
    where, _, encoded = said.partition(";")
    assert (number, where) == (52, "c")
    assert base64.b64decode(encoded, validate=True).decode("utf-8") == safe(text, "\n")


def test_what_is_too_long_is_not_copied_in_part() -> None:
    assert len(copy("x" * COPY_BYTES_MAX)) > 99_000
    assert copy("x" * (COPY_BYTES_MAX + 1)) == b""
    assert copy("é" * (COPY_BYTES_MAX // 2 + 1)) == b""


@given(anything)
def test_a_link_is_one_sequence_or_none(uri: str) -> None:
    for one in (uri, f"https://{uri}", f"mailto:{uri}"):
        if data := link_begin(one):
            number, said = one_sequence(data)
            assert (number, said.partition(";")[2]) == (8, one)


@pytest.mark.parametrize(
    "uri",
    ["", "https://", "ftp://x.org", "javascript:alert(1)", "file:///etc/passwd", "https://x.org/ä", "https://x .org"],
)
def test_what_leads_elsewhere_is_no_link(uri: str) -> None:
    assert link_begin(uri) == b""


def test_a_link_is_as_long_as_terminals_take() -> None:
    begin = "https://x.org/"
    assert link_begin(begin + "x" * (URI_CHARS_MAX - len(begin)))
    assert not link_begin(begin + "x" * (URI_CHARS_MAX - len(begin) + 1))
    assert one_sequence(LINK_END) == (8, ";")
    assert link_begin(begin) == link_begin(begin), "parts of it in several rows have one id"


@given(st.text(st.characters(min_codepoint=0x20, exclude_characters="\x7f", exclude_categories=["Cc", "Cs"])))
def test_an_envelope_passes_on_what_is_in_it(text: str) -> None:
    whole = one_sequence(sequence(9, text))
    assert one_sequence(out_of_tmux(sequence(9, text, Envelope.TMUX))) == whole
    assert one_sequence(out_of_screen(sequence(9, text, Envelope.SCREEN))) == whole


def test_no_control_character_gets_into_one_by_a_slip() -> None:
    with pytest.raises(AssertionError):
        sequence(9, "a\x1bb")
