"""What a text may still do once it is safe: nothing but be read."""

import json
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.text.safe import MARKS_MAX, is_safe, safe, safe_json

ACUTE = "\u0301"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "  as typed  ",
        "Zoë, Łódź, Ελλάδα, Привет, שלום, مرحبا, 漢字, हिन्दी, ไทย",
        "🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉",
        "！！！！！！！！！！！！",
        "a" + ACUTE * MARKS_MAX,
        "\u1112\u1161\u11ab" * 20,  # decomposed Korean
        "❤️",
        "<U+202E>",
        "␛[2J",
    ],
)
def test_harmless_text_is_left_alone(text: str) -> None:
    assert is_safe(text)
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "␛[2J"),
        ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        ("a\x00b\x08\x7f", "a␀b␈␡"),
        ("\x9b31m", "<U+009B>31m"),
        ("\x85", "<U+0085>"),
        ("a\rb", "a␍b"),
        ("\u202eevil\u2066\u200f\u061c", "<U+202E>evil<U+2066><U+200F><U+061C>"),
        ("\u2028\u2029", "<U+2028><U+2029>"),
        ("a\u200bb\ufeff\xad", "a<U+200B>b<U+FEFF><U+00AD>"),
        ("\ud800\udfff", "<U+D800><U+DFFF>"),
        ("\ue000\U0010ffff\U000e0041", "<U+E000><U+10FFFF><U+E0041>"),
        ("a\tb", "a    b"),
        ("Bonjour\u202f!\xa0Oui\u3000。", "Bonjour ! Oui  。"),
        ("one\ntwo\r\nthree\n", "one ⏎ two ⏎ three ⏎ "),
        ("👩\u200d👩\u200d👧 🏳️\u200d🌈 a\u200db", "👩👩👧 🏳️🌈 a<U+200D>b"),
        ("a" + ACUTE * 9 + "b", "a" + ACUTE * 8 + "<marks left out: 1>b"),
        ("a" + ACUTE * 500, "a" + ACUTE * 8 + "<marks left out: 492>"),
        ("\u1100" + "\u1161" * 10, "\u1100" + "\u1161" * 8 + "<marks left out: 2>"),
        (ACUTE + "x", "◌" + ACUTE + "x"),
        (ACUTE * 10, "◌" + ACUTE * 8 + "<marks left out: 2>"),
        ("x\n" + ACUTE, "x ⏎ ◌" + ACUTE),
        ("\u1161", "◌\u1161"),
    ],
)
def test_what_could_act_is_shown(text: str, shown: str) -> None:
    assert safe(text) == shown
    assert not is_safe(text)
    assert is_safe(shown)


def test_a_line_break_becomes_what_the_caller_wants() -> None:
    assert safe("one\n\r\ntwo\x1b", "\n    ") == "one\n    \n    two␛"
    assert safe("one\ntwo", "") == "onetwo"


def test_plain_text_costs_next_to_nothing() -> None:
    text = "x" * 64
    times = 10_000
    assert min(timeit.repeat(lambda: safe(text), number=times, repeat=7)) / times < 1e-6


@given(
    st.one_of(st.text(), st.text(st.sampled_from('a\\"\x7f\x9b\u0301\u200d\u2028\u202e\U000e0041\U0010ffff\xa0é日')))
)
def test_json_says_the_same_and_cannot_act(text: str) -> None:
    line = json.dumps({"text": text}, ensure_ascii=False)
    shown = safe_json(line)
    assert json.loads(shown) == {"text": text}
    assert is_safe(shown)
    assert safe_json(shown) == shown


def test_json_that_is_harmless_is_left_alone() -> None:
    for line in ('{"text":"Zoë 日本 🎉"}', '{"text":"\\u001b[2J"}', "{}"):
        assert safe_json(line) == line
    assert safe_json('{"a":"\U000e0041"}') == '{"a":"\\udb40\\udc41"}'
