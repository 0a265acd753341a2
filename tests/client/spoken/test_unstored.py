"""What is said of lines that the server does not have."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.spoken.unstored import KEPT_MAX, MOMENT_SECONDS, Unstored
from reactor_chat.client.transcript.entries import Fate, OwnLine
from reactor_chat.wire.conversation import ROOM


def line(request_id: str, fate: Fate = Fate.SENDING, reason: str = "") -> OwnLine:
    return OwnLine(request_id, ROOM, f"text {request_id}", fate, reason)


def unstored() -> Unstored:
    return Unstored(lambda where: where.name)


def test_what_is_stored_at_once_is_not_worth_a_word() -> None:
    typed = unstored()
    assert typed.refresh([line("1")], 0.0) == []
    assert typed.deadline == MOMENT_SECONDS
    assert typed.refresh([], MOMENT_SECONDS / 2) == []
    assert typed.deadline is None
    assert typed.refresh([], MOMENT_SECONDS) == []


def test_what_is_on_its_way_is_counted_when_it_becomes_more() -> None:
    typed = unstored()
    typed.refresh([line("1")], 0.0)
    assert typed.refresh([line("1")], 1.0) == [["1 line is on the way."]]
    typed.refresh([line("1"), line("2"), line("3")], 1.5)
    assert typed.refresh([line("1"), line("2"), line("3")], 2.5) == [["3 lines are on the way."]]
    assert typed.refresh([line("2")], 3.0) == []
    typed.refresh([line("2"), line("4")], 3.0)
    assert typed.refresh([line("2"), line("4")], 4.0) == [["2 lines are on the way."]]


def test_what_is_held_is_told_once_for_each_reason() -> None:
    typed, held = unstored(), line("1", Fate.NOT_SENT, "no key")
    typed.refresh([held], 0.0)
    assert typed.refresh([held], 1.0) == [["You, not sent, no key: text 1"]]
    assert typed.refresh([held], 9.0) == []
    assert typed.refresh([line("1", Fate.NOT_SENT, "key changed")], 9.0) == [["You, not sent, key changed: text 1"]]


def test_a_refusal_names_the_line_also_when_that_is_gone_already() -> None:
    typed = unstored()
    typed.refresh([line("1"), line("2")], 0.0)
    typed.refresh([], 0.1)
    assert typed.refused("2", "too long") == ["You, not sent, too long: text 2"]
    assert typed.refused("2", "too long") is None
    assert typed.refused(None, "x") is None


@given(st.integers(KEPT_MAX - 1, KEPT_MAX + 1))
def test_what_is_remembered_is_bounded(count: int) -> None:
    typed = unstored()
    for number in range(count):
        typed.refresh([line(str(number))], 0.0)
    assert (typed.refused("0", "x") is not None) == (count <= KEPT_MAX)
    assert typed.refused(str(count - 1), "x") is not None
