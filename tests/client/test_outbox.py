"""The line of requests: order, window, and what becomes of what a cut left open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.outbox import REFUSED_FROM, REPORTED_CHARS_MAX, WAITING_MAX, Outbox, in_words, is_repeatable
from reactor_chat.client.store.vault import MemoryVault
from reactor_chat.e2ee.outgoing import Plain
from reactor_chat.e2ee.states import State
from reactor_chat.wire.conversation import Spoken, where_said
from reactor_chat.wire.messages import AskNames, GroupSet, MarkRead, Refused, Request, Say

REFUSED = Refused("invalid_command", "?")


def outbox(in_flight_max: int = 64) -> Outbox:
    return Outbox(MemoryVault(), in_flight_max)


def say(number: int) -> Say:
    return Say(f"line {number}", id=str(number))


def put(box: Outbox, item: Request | Refused) -> None:
    if isinstance(item, Spoken):
        box.say(Plain(item, where_said(item), State.PLAIN))
    else:
        box.add(item)


def id_of(item: Request | Refused) -> str:
    """The id of what was put into an outbox; everything here has one."""
    assert not isinstance(item, Refused)
    assert item.id is not None
    return item.id


def drained(box: Outbox) -> list[Request | Refused]:
    taken: list[Request | Refused] = []
    while (item := box.next()) is not None:
        taken.append(item)
    return taken


def test_everything_comes_in_order_and_only_so_much_at_once() -> None:
    box = outbox(in_flight_max=3)
    for number in range(5):
        put(box, say(number))
    assert drained(box) == [say(0), say(1), say(2)]
    box.answered("1")
    assert drained(box) == [say(3)]
    assert len(box) == 4


def test_an_answer_to_nothing_is_nothing() -> None:
    box = outbox()
    for nothing in ("1", None):
        box.answered(nothing)
        box.promised(nothing)
    assert len(box) == 0


def test_a_refusal_waits_for_what_stands_before_it() -> None:
    box = outbox()
    for item in (say(0), REFUSED, REFUSED, say(1)):
        put(box, item)
    assert drained(box) == [say(0)]
    box.answered("0")
    assert drained(box) == [REFUSED, REFUSED, say(1)]


def test_after_a_cut_everything_is_sent_again_where_ids_are_remembered() -> None:
    box = outbox(in_flight_max=3)
    for number in range(4):
        put(box, say(number))
    drained(box)
    box.answered("0")
    box.after_cut(ids_remembered=True)
    assert drained(box) == [say(1), say(2), say(3)]
    assert box.give_up_doubtful() == []


def test_after_a_cut_a_guest_asks_again_and_doubts_the_rest() -> None:
    box = outbox()
    for item in (say(0), AskNames(id="n"), say(1)):
        put(box, item)
    drained(box)
    put(box, say(2))
    box.after_cut(ids_remembered=False)
    assert drained(box) == [AskNames(id="n"), say(2)]
    box.promised("0")
    assert box.give_up_doubtful() == [say(1)]
    assert box.give_up_doubtful() == []
    assert list(box.sent_unanswered()) == [AskNames(id="n"), say(2)]


@pytest.mark.parametrize("ids_remembered", [True, False])
def test_what_was_promised_waits_for_its_answer_but_not_over_a_cut(*, ids_remembered: bool) -> None:
    vault = MemoryVault()
    box = Outbox(vault)
    for number in range(2):
        put(box, say(number))
    drained(box)
    box.promised("0")
    assert len(box) == 2
    assert vault.kept() == list(box.sent_unanswered()) == [say(1)]
    box.after_cut(ids_remembered=ids_remembered)
    assert len(box) == 1
    assert bool(box.give_up_doubtful()) is not ids_remembered


def test_the_vault_keeps_changes_until_their_fate_is_known() -> None:
    vault = MemoryVault()
    box = Outbox(vault)
    for item in (say(0), AskNames(id="n"), say(1), REFUSED):
        put(box, item)
    assert vault.kept() == [say(0), say(1)]
    drained(box)
    box.answered("0")
    assert vault.kept() == [say(1)]
    box.after_cut(ids_remembered=False)
    box.give_up_doubtful()
    assert vault.kept() == []


def test_what_a_vault_kept_from_an_earlier_run_is_sent_first() -> None:
    vault = MemoryVault()
    vault.keep(say(0))
    box = Outbox(vault)
    assert box.named("Ann") == 1
    put(box, say(1))
    assert drained(box) == [say(0), say(1)]


@pytest.mark.parametrize("ids_remembered", [True, False])
def test_a_read_marker_is_sent_again_and_neither_kept_nor_reported(ids_remembered: bool) -> None:  # noqa: FBT001
    vault = MemoryVault()
    box = Outbox(vault)
    box.add(MarkRead(5, id="m"))
    assert (vault.kept(), box.changes_waiting) == ([], 0)
    assert drained(box) == [MarkRead(5, id="m")]
    box.after_cut(ids_remembered=ids_remembered)
    assert drained(box) == [MarkRead(5, id="m")]
    assert box.give_up_doubtful() == []
    assert in_words(box.sent_unanswered()) == (0, [])


def test_a_pipe_is_stopped_long_before_anything_is_refused() -> None:
    box = outbox()
    for number in range(REFUSED_FROM):
        assert box.is_full == (number >= WAITING_MAX)
        assert not box.is_overfull
        put(box, say(number))
    assert box.is_overfull


def test_a_report_is_short() -> None:
    count, lines = in_words([AskNames(id="n"), Say("x" * 1_000, id="0"), *map(say, range(1, 9))])
    assert count == 9
    assert lines == ["x" * REPORTED_CHARS_MAX, "line 1", "line 2", "line 3", "line 4", "and 4 more"]


def test_what_may_be_asked_twice_is_told_from_changes() -> None:
    assert is_repeatable(AskNames())
    assert is_repeatable(MarkRead(5))
    assert not is_repeatable(say(1))
    assert not is_repeatable(GroupSet("g", []))


@given(st.lists(st.sampled_from(["add", "take", "answer", "cut", "cut as guest"]), max_size=60), st.integers(1, 4))
def test_nothing_is_lost_and_nothing_is_sent_twice_to_who_forgets(steps: list[str], in_flight_max: int) -> None:
    box, sent, gone, added = outbox(in_flight_max), list[str](), list[str](), 0
    for step in steps:
        if step == "add":
            put(box, say(added))
            added += 1
        elif step == "take" and (item := box.next()) is not None:
            sent.append(id_of(item))
        elif step == "answer":
            for item in list(box.sent_unanswered())[:1]:
                box.answered(id_of(item))
                gone.append(id_of(item))
        elif step == "cut":
            box.after_cut(ids_remembered=True)
        elif step == "cut as guest":
            box.after_cut(ids_remembered=False)
    waiting = [id_of(item) for item in [*box.sent_unanswered(), *box.unsent()]]
    assert sorted(map(int, gone + waiting)) == list(range(added))
    if "cut" not in steps:
        assert len(sent) == len(set(sent))
