"""What stands unseen before an `@` does not count, and no private line becomes public by it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.text.completion import completions, word_typed
from reactor_chat.text.opening import is_blank, split_opening, stripped
from reactor_chat.text.parser import format_request, parse
from reactor_chat.wire.messages import AskNames, Refused, Say, Tell

UNSEEN = (
    *("\ufeff", "\u200b", "\u2060", "\u200e", "\u200f", "\u00ad", "\u034f", "\u061c", "\u115f", "\u1160", "\u17b4"),
    *("\u180b", "\u180e", "\u200c", "\u200d", "\u202a", "\u202e", "\u2061", "\u2064", "\u2066", "\u206f", "\u2800"),
    *("\u3164", "\ufe00", "\ufe0f", "\uffa0", "\ufff9", "\U000e0001", "\U000e0041", "\U000e007f", "\U000e0100"),
    *("\U0001bca0", "\U0001d159", "\U0001d173", "\x00", "\x1b", "\x7f", "\x85", "\x9b"),
    *(" ", "\t", "\u00a0", "\u2007", "\u202f", "\u205f", "\u3000", "\u2028", "\r", "\n"),
)
HIDDEN = st.text(st.sampled_from(UNSEEN), max_size=5)


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
@pytest.mark.parametrize("at", "@＠﹫")
def test_an_at_sign_behind_what_cannot_be_seen_counts(unseen: str, at: str) -> None:
    assert parse(f"{unseen}{at}Stella the secret") == Tell("Stella", "the secret")
    assert parse(f"{unseen}{at}names") == AskNames()


@given(HIDDEN, st.sampled_from("@＠﹫"), st.text(st.characters(codec=None)))
def test_a_line_that_begins_with_an_at_sign_is_never_said_as_it_stands(unseen: str, at: str, rest: str) -> None:
    typed = f"{unseen}{at}{rest}"
    request = parse(typed)
    if isinstance(request, Say):
        assert rest.startswith(("@", "＠", "﹫")), "only where the at sign was doubled on purpose"
        assert request.text == unseen + rest


@pytest.mark.parametrize("blank", ["\u00a0", "\u3000", "\u2003", "\t", " \u3000 "], ids=ascii)
def test_a_blank_of_any_kind_ends_a_name(blank: str) -> None:
    assert parse(f"@Stella{blank}秘密") == Tell("Stella", "秘密")


@pytest.mark.parametrize(
    "typed", ["@Ste\u200blla x", "@Stella\u200b x", "@\u200bStella x", "@ Stella x", "＠\ufe0fStella x"]
)
def test_a_name_with_something_unseen_in_it_is_refused(typed: str) -> None:
    refused = parse(typed)
    assert isinstance(refused, Refused)
    assert refused.code == "invalid_command"


@pytest.mark.parametrize("typed", ["", " ", *UNSEEN, "\ufeff \u200b"], ids=ascii)
def test_a_line_of_nothing_that_can_be_seen_asks_nothing(typed: str) -> None:
    assert is_blank(typed)
    refused = parse(typed)
    assert isinstance(refused, Refused)
    assert refused.code == "bad_text"


@pytest.mark.parametrize("text", ["@x", "＠x", "\ufeff@x", "\u200b﹫x", "  @@x"])
def test_a_text_that_begins_with_an_at_sign_can_be_typed(text: str) -> None:
    assert parse(format_request(Say(text))) == Say(text)


@pytest.mark.parametrize("text", ["ב", "\u0600\u0661", "a@Stella x", "é", "\u0301@x", "·@x"], ids=ascii)
def test_what_can_be_seen_begins_a_text(text: str) -> None:
    assert parse(text) == Say(text)


@given(HIDDEN, st.text(st.characters(codec=None)))
def test_the_two_parts_are_the_line(unseen: str, text: str) -> None:
    before, bare = split_opening(unseen + text)
    assert len(before) + len(bare) == len(unseen + text)
    assert split_opening(bare) == ("", bare)
    assert is_blank(before)


@given(HIDDEN, st.from_regex(r"\w+", fullmatch=True), HIDDEN)
def test_a_name_is_taken_out_of_what_is_around_it(before: str, name: str, after: str) -> None:
    assert stripped(before + name + after) == name


def test_completion_knows_the_at_signs_of_input_methods() -> None:
    assert completions("＠St", ["Stella"], []) == ["@Stella"]
    assert completions("\ufeff@na", [], []) == ["@names"]
    assert word_typed("＠St") == "＠St"
    assert completions("＠who te", [], ["team"]) == ["team"]


def test_every_blank_and_format_character_but_the_visible_ones_is_unseen() -> None:
    for code in range(0x11_0000):
        sign = chr(code)
        if unicodedata.category(sign) in ("Zs", "Zl", "Zp", "Cc") or sign.isspace():
            assert is_blank(sign), hex(code)
