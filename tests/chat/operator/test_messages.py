"""What the operator says: a record like what people say, under the reserved name, or a refusal in the same words."""

import pytest

from reactor_chat.chat.case import Change, Sequencer
from reactor_chat.chat.operator.messages import announcement
from reactor_chat.chat.state.timeline import SAID
from reactor_chat.wire.messages import RESERVED_WORDS, SERVER_NAME, Refused, Said


def test_it_is_said_by_a_name_that_nobody_can_have() -> None:
    assert SERVER_NAME in RESERVED_WORDS
    change = announcement("Back at noon", 100, Sequencer(6, 42))
    assert isinstance(change, Change)
    assert change.records == [(Said(7, 42, SERVER_NAME, "Back at noon"), (SAID,))]


@pytest.mark.parametrize(("text", "code"), [
    ("x" * 100, None), ("x" * 101, "too_long"), ("é" * 50, None), ("é" * 51, "too_long"), ("", "bad_text"),
    ("\x1b", "bad_text"), ("\u202e", "bad_text"), ("a\nb\tc", None),
])  # fmt: skip
def test_a_text_is_judged_as_others_are(text: str, code: str | None) -> None:
    verdict = announcement(text, 100, Sequencer(0, 0))
    assert (verdict.code if isinstance(verdict, Refused) else None) == code
