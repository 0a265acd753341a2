"""The table of requests: nobody forgot one, and what only asks changes nothing and waits for nothing."""

import msgspec
import pytest

from reactor_chat.chat.rules import BESIDE_RULES, RULES
from reactor_chat.chat.session import SERVED, SessionState
from reactor_chat.wire import messages as m


def test_every_request_that_a_person_can_make_has_one_row() -> None:
    assert RULES.keys() == frozenset(m.REQUESTS.values()) - BESIDE_RULES
    assert RULES.keys() == SERVED[SessionState.PRESENT] - BESIDE_RULES
    assert all(rule.cost >= 1 for rule in RULES.values())


@pytest.mark.parametrize("kind", [kind for kind in RULES if issubclass(kind, m.Question)])
def test_a_question_waits_for_nothing(kind: type[m.Request]) -> None:
    assert list(RULES[kind].read_set(None, "Ann")) == []


def fields_of(kind: type) -> set[str]:
    return {field.name for field in msgspec.structs.fields(kind)}


@pytest.mark.parametrize("kind", m.NOTICES.values())
def test_what_has_a_number_and_a_time_is_numbered_and_what_says_more_comes_in_parts(kind: type) -> None:
    assert issubclass(kind, m.Numbered) == ({"seq", "at"} <= fields_of(kind))
    assert issubclass(kind, m.InParts) == ("more" in fields_of(kind) and kind is not m.HistoryAnswer)
