"""A notification is one sequence in the form that the terminal knows, whoever wrote it."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.osc.notifications import (
    BELL,
    TEXT_CHARS_MAX,
    TITLE_CHARS_MAX,
    Form,
    envelope_of,
    form_of,
    knows_links,
    notification,
)
from reactor_chat.client.osc.sequences import Envelope
from tests.client.osc.reading import one_sequence, out_of_screen, out_of_tmux
from tests.client.osc.test_sequences import anything

FORMS = [form for form in Form if form is not Form.OFF]


@given(anything, anything, st.sampled_from(FORMS), st.sampled_from(Envelope))
def test_it_is_one_sequence_and_as_long_as_people_read(title: str, text: str, form: Form, envelope: Envelope) -> None:
    data = notification(title, text, form, envelope)
    number, said = one_sequence({Envelope.TMUX: out_of_tmux, Envelope.SCREEN: out_of_screen}.get(envelope, bytes)(data))
    assert str(number) == form.value.removeprefix("osc")
    if form is Form.OSC99:
        said = base64.b64decode(said.partition(";")[2], validate=True).decode("utf-8")
        assert not any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 for sign in said)
    elif form is Form.OSC777:
        assert said.startswith("notify;")
        assert said.count(";") == 2
    assert len(said) <= TITLE_CHARS_MAX + TEXT_CHARS_MAX + len("notify;: ")


@pytest.mark.parametrize(
    ("form", "data"),
    [
        (Form.OSC9, b"\x1b]9;Stella: lunch; now?\x1b\\"),
        (Form.OSC777, b"\x1b]777;notify;Stella;lunch, now?\x1b\\"),
        (Form.OSC99, b"\x1b]99;e=1:o=unfocused;U3RlbGxhOiBsdW5jaDsgbm93Pw==\x1b\\"),
        (Form.OFF, b""),
    ],
)
def test_each_form_says_it_in_its_way(form: Form, data: bytes) -> None:
    assert notification("Stella", "lunch; now?", form) == data


@pytest.mark.parametrize("text", ["4;1;50", "4"])
def test_a_text_is_no_other_command_of_the_same_number(text: str) -> None:
    assert one_sequence(notification("", text, Form.OSC9))[1] == f" {text}"
    assert one_sequence(notification("4;1", "x", Form.OSC9))[1] == " 4;1: x"


@pytest.mark.parametrize(
    ("environ", "form"),
    [
        ({}, Form.OFF),
        ({"TERM": "dumb"}, Form.OFF),
        ({"TERM": "linux", "KITTY_WINDOW_ID": "1"}, Form.OFF),
        ({"TERM": "xterm-kitty"}, Form.OSC99),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"}, Form.OSC99),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, Form.OSC9),
        ({"TERM": "screen", "TERM_PROGRAM": "tmux", "LC_TERMINAL": "iTerm2"}, Form.OSC9),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, Form.OSC777),
        ({"TERM": "rxvt-unicode-256color"}, Form.OSC777),
        ({"TERM": "foot-extra"}, Form.OSC777),
        ({"TERM": "xterm-ghostty"}, Form.OSC9),
        ({"TERM": "xterm-256color"}, Form.OSC9),
    ],
)
def test_the_form_follows_from_the_environment(environ: dict[str, str], form: Form) -> None:
    assert form_of(environ) is form


def test_what_a_person_chose_goes_before() -> None:
    assert form_of({"TERM": "xterm-kitty"}, "osc777") is Form.OSC777
    assert form_of({"TERM": "xterm-kitty"}, "off") is Form.OFF


@pytest.mark.parametrize(
    ("environ", "envelope", "links"),
    [
        ({"TERM": "xterm"}, Envelope.NONE, True),
        ({"TERM": "screen", "TMUX": "/tmp/tmux-0/default,1,0"}, Envelope.TMUX, True),  # noqa: S108
        ({"TERM": "tmux-256color"}, Envelope.TMUX, True),
        ({"TERM": "screen.xterm", "STY": "1.pts-0"}, Envelope.SCREEN, False),
        ({"TERM": "linux"}, Envelope.NONE, False),
        ({}, Envelope.NONE, False),
    ],
)
def test_what_stands_between(environ: dict[str, str], envelope: Envelope, *, links: bool) -> None:
    assert envelope_of(environ) is envelope
    assert knows_links(environ) is links


def test_the_bell_is_a_bell() -> None:
    assert BELL == b"\x07"
