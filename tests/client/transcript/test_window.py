"""One conversation: what stands in it in which order, and what is new."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.transcript import window as module
from reactor_chat.client.transcript.entries import Comings, Entry, Message, OwnLine
from reactor_chat.client.transcript.window import Window
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import Said


def message(seq: int, *, is_own: bool = False) -> Message:
    return Message(Said(seq, seq, "John" if is_own else "Ann", str(seq)), place=seq, is_own=is_own)


def numbers(window: Window) -> list[int]:
    return [entry.notice.seq for entry in window.entries if isinstance(entry, Message)]


def test_titles_are_what_a_person_calls_it() -> None:
    assert Window(ROOM).title == "# room"
    assert Window(Conversation.group("lunch"), "Lunch").title == "# Lunch"
    assert Window(Conversation.pair("stella"), "Stella").title == "@ Stella"


@given(st.lists(st.integers(0, 40), unique=True), st.lists(st.integers(41, 80), unique=True), st.integers(0, 60))
def test_pages_at_both_sides_and_what_comes_stand_in_one_order(older: list[int], newer: list[int], late: int) -> None:
    window = Window(ROOM)
    window.begin_with([message(seq) for seq in sorted(newer)], is_at_end=True)
    window.add_older([message(seq) for seq in sorted(older)])
    window.add(message(90))
    if late not in [*older, *newer]:
        window.add_late(message(late))
    assert numbers(window) == sorted({*older, *newer, late, 90})


def test_comings_that_meet_where_pages_do_are_one_entry() -> None:
    window = Window(ROOM)
    steps: list[Entry] = [Comings(((name, True, 0),), 0, place, place) for place, name in enumerate("abcd", 1)]
    window.begin_with(steps[2:], is_at_end=True)
    window.add_older(steps[:2])
    assert [entry.steps for entry in window.entries if isinstance(entry, Comings)] == [
        tuple((name, True, 0) for name in "abcd")
    ]
    assert window.oldest_place == 1


def test_nothing_is_put_behind_an_older_part() -> None:
    window = Window(ROOM)
    window.begin_with([message(5)], is_at_end=False)
    window.add(message(9))
    assert numbers(window) == [5]


def test_what_is_in_memory_is_bounded_and_the_archive_has_the_rest() -> None:
    window = Window(ROOM)
    window.has_older = False
    for seq in range(1, module.ENTRIES_MAX + module.DROPPED_AT_ONCE + 2):
        window.add(message(seq))
    assert len(window.entries) == module.ENTRIES_MAX + 1
    assert numbers(window)[-1] == module.ENTRIES_MAX + module.DROPPED_AT_ONCE + 1
    assert window.has_older


def test_the_line_above_what_is_new_stands_where_reading_ended_and_only_where_something_is() -> None:
    window = Window(ROOM)
    window.begin_with([message(seq) for seq in range(1, 6)], is_at_end=True)
    window.read, window.unread = 3, 0
    window.mark_new()
    assert window.new_above is None
    window.unread = 2
    window.mark_new()
    assert window.new_above == 3
    window.all_read()
    assert (window.read, window.unread, window.mentions) == (5, 0, 0)
    assert window.new_above == 3, "it stays until the person leaves or says something"
    window.clear_new()
    assert window.new_above is None


def test_own_lines_that_stay_as_they_are_change_nothing() -> None:
    window = Window(ROOM)
    window.take_own([OwnLine("1", ROOM, "x")])
    version = window.version
    window.take_own([OwnLine("1", ROOM, "x")])
    assert window.version == version
    window.take_own([])
    assert window.version > version
