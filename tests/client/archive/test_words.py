"""Words of a text, in every script, as a person sees them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reactor_chat.client.archive.words import units_of, words_of

SPLIT = [
    ("Hello, World_x it's 3.14!", "hello world x it s 3 14"),
    ("Straße STRASSE ﬁn Ａｂｃ ⅷ x²", "strasse strasse fin abc viii x2"),
    ("café cafe\u0301 Ångström naïve São", "cafe cafe angstrom naive sao"),
    ("İstanbul ısı", "istanbul ısı"),
    ("мой мои Ёлка елка", "мой мои елка елка"),
    ("ΣΊΣΥΦΟΣ σίσυφος", "σισυφοσ σισυφοσ"),
    ("שָׁלוֹם שלום", "שלום שלום"),
    ("مُحَمَّد محمد می\u200cخواهم میخواهم", "محمد محمد میخواهم میخواهم"),
    ("नमस्ते हिन्दी", "नमस्ते हिन्दी"),
    ("日本語のテスト、IT部門", "日 本 語 の テ ス ト it 部 門"),
    ("が か\u3099 ｶﾞ か", "が が ガ か"),
    ("한국어 \u1112\u1161\u11ab", "한 국 어 한"),
    ("สวัสดี", "ส ว ั ส ด ี"),
    ("🍲soup👍🏽", "🍲 soup 👍 🏽"),
    ("co\u00adope\u200brate \u0301x", "cooperate x"),
    ("a\ud800b", "a b"),
    ("", ""),
    (" .,;-_'\u2019\n\u3000。", ""),
]


@pytest.mark.parametrize(("text", "words"), SPLIT)
def test_a_text_is_split_as_people_read_it(text: str, words: str) -> None:
    assert words_of(text) == words.split()
    assert [unit.text for unit in units_of(text)] == words.split()


def test_each_word_says_where_it_stands() -> None:
    text = "Die Straße, か\u3099日本 ①!"
    assert [(unit.text, text[unit.begin : unit.end], unit.is_sign) for unit in units_of(text)] == [
        ("die", "Die", False),
        ("strasse", "Straße", False),
        ("が", "か\u3099日本", True),  # another number of characters than is compared: the whole run
        ("日", "か\u3099日本", True),
        ("本", "か\u3099日本", True),
        ("1", "①", False),
    ]


@given(st.text(max_size=60))
@example("ß")
def test_whatever_the_text_words_are_in_order_and_in_it(text: str) -> None:
    units, at = units_of(text), 0
    for unit in units:
        assert unit.text
        assert at <= unit.begin < unit.end <= len(text) or (unit.is_sign and unit.begin < unit.end <= len(text))
        at = unit.begin
    assert [unit.text for unit in units] == words_of(text)


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_the_short_way_for_ascii_is_as_the_long_one(text: str) -> None:
    longer = units_of(text + " é")
    assert [unit[:3] for unit in units_of(text)] == [unit[:3] for unit in longer[:-1]]


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_blank_between_two_texts_parts_their_words(one: str, other: str) -> None:
    assert words_of(f"{one} . {other}") == words_of(one) + words_of(f". {other}")
