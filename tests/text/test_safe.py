"""What a text may still do once it is safe: nothing but be read."""

import json
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.text.safe import MARKS_MAX, as_edited, is_safe, is_utf_8, safe, safe_json

ACUTE = "\u0301"
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


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
        *("می\u200cخواهم", "ශ්\u200dරී ලංකා", "ന്\u200d", "র\u200d্যাম", "क्\u200dष", "ᠮᠣᠩ\u180bᠭᠣᠯ", "ភាសា\u200bខ្មែរ"),
        *("👩\u200d👩\u200d👧", "🏳️\u200d🌈", "👩🏽\u200d💻", "❤️\u200d🔥", "🏴\u200d☠️", "1️⃣", "☎︎", "🇩🇪👍🏽"),
        *(ENGLAND, ENGLAND + ENGLAND, "葛\U000e0100", "∩\ufe00", "\u06dd١٢"),
        *("\U0001fa77 \U0001fae8 \U0001fae9 \U0001fac8", "\U00031350", "\U0001faf1\U0001f3fb\u200d\U0001fac8"),
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
        ("a\u200db 👩\u200d \u200d👩 1\u200d2 \u200c", "a<U+200D>b 👩<U+200D> <U+200D>👩 1<U+200D>2 <U+200C>"),
        ("می\u200c\u200cخ", "می\u200c<U+200C>خ"),
        ("a\u200bb ไทย\u200b\u200bx", "a<U+200B>b ไทย\u200b<U+200B>x"),
        ("Donau\u00addampf \u00ad1", "Donaudampf <U+00AD>1"),
        ("(שלום)\u200f! \u200eمر\u061c", "(שלום)! مر"),
        ("שלום\u202e\u2067", "שלום<U+202E><U+2067>"),
        ("a\ufe0f 1\ufe0f ☎\ufe0e\ufe0e a\U000e0100", "a<U+FE0F> 1<U+FE0F> ☎\ufe0e<U+FE0E> a<U+E0100>"),
        ("😀\U000e0148\U000e0149", "😀<U+E0148><U+E0149>"),
        ("🏴\U000e0061\U000e007f", "🏴<U+E0061><U+E007F>"),
        ("\u2061\u2064\ufff9\U000e0001\U0001d173", "<U+2061><U+2064><U+FFF9><U+E0001><U+1D173>"),
        ("\U0001fafc\U0002fffe\u0378", "<U+1FAFC><U+2FFFE><U+0378>"),
        ("क" + "्\u200d" * 6, "क" + "्\u200d" * 4 + "<marks left out: 1><U+200D>" + "्\u200d"),
        ("👩" + "\u200d👩" * 8, "👩" + "\u200d👩" * 7 + "<U+200D>👩"),
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


@given(st.text(st.characters(codec=None) | st.sampled_from("a\u0301\u200d\ufe0f👩\u3000\t\x1b\u202e\udce9ক্")))
def test_what_is_edited_keeps_its_length_and_nothing_in_it_acts(text: str) -> None:
    shown = as_edited(text)
    assert len(shown) == len(text)
    assert all(sign in (before, "\ufffd") for before, sign in zip(text, shown, strict=True))
    assert is_safe(shown.lstrip("\u0301").replace("\u3000", " ").replace("\ufffd", "?")) or not shown.isascii()


def test_a_line_that_is_edited_shows_what_does_not_belong() -> None:
    assert as_edited("a\u200db 👩\u200d👩\u202e\udce9\u3000.") == "a\ufffdb 👩\u200d👩\ufffd\ufffd\u3000."


@given(st.binary(max_size=20))
def test_what_was_read_from_bytes_that_are_no_utf_8_is_told_apart(data: bytes) -> None:
    is_text = data == data.decode("utf-8", "replace").encode()
    assert is_utf_8(data.decode("utf-8", "surrogateescape")) is is_text
