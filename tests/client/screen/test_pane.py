"""Which rows of a conversation are seen, against all of them laid out dully, one below the other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.screen.entry_rows import EntryRows, columns_for
from reactor_chat.client.screen.pane import Pane
from reactor_chat.client.screen.rows import Row
from reactor_chat.client.transcript.entries import Comings, Entry, Fate, Message, OwnLine, event
from reactor_chat.client.transcript.window import Window
from reactor_chat.text.render import Part
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import Said
from tests.client.screen.seat import AT, DAY_MS, local_time

ME = "John"


def message(seq: int, text: str = "", *, day: int = 0, sender: str = "Ann") -> Message:
    return Message(Said(seq, AT + day * DAY_MS + seq, sender, text or f"#{seq}"), place=seq, is_own=sender == ME)


def shown(rows: list[Row]) -> list[str]:
    return ["".join(span.text for span in row).rstrip() for row in rows]


def laid_out(window: Window, columns: int) -> list[str]:
    """Every row of a conversation, from the first one on."""
    drawing, layout = EntryRows(local_time), columns_for(columns)
    rows: list[Row] = []
    day, is_new_told = "", False
    for at, entry in enumerate(window.entries):
        if (own_day := drawing.day_of(entry)) and own_day != day:
            assert entry.at is not None
            rows.append(drawing.day(entry.at, columns))
            day = own_day
        if not is_new_told and _is_new(window, entry):
            before = [one.at for one in window.entries[:at] if isinstance(one, Message)]
            count = sum(_is_new(window, one) for one in window.entries)
            rows.append(drawing.new(count, before[-1] if before else None, columns))
            is_new_told = True
        rows += drawing.rows(entry, layout)
    for line in window.own_lines:
        rows += drawing.own(line, ME, layout)
    return shown(rows)


def _is_new(window: Window, entry: Entry) -> bool:
    return (
        window.new_above is not None
        and isinstance(entry, Message)
        and not entry.is_own
        and entry.notice.seq > window.new_above
    )


ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(["short", "long", "long", "own", "comings", "nothing", "event"]), st.integers(0, 1), st.text()
    ),
    max_size=25,
)


def entries_of(drawn: list[tuple[str, int, str]], first: int = 1) -> list[Entry]:
    """Entries in the order of time."""
    entries: list[Entry] = []
    day = 0
    for seq, (kind, days, text) in enumerate(drawn, first):
        day += days
        at = AT + day * DAY_MS + seq
        match kind:
            case "comings":
                entries.append(Comings(((f"N{seq}", True, at),), at, seq, seq))
            case "nothing":
                entries.append(Comings(((f"N{seq}", False, at), (f"N{seq}", True, at)), at, seq, seq))
            case "event":
                entries.append(event([[Part("system", f"#{seq}")]], None, seq))
            case _:
                words = f"#{seq} {'word ' * 30}" if kind == "long" else f"#{seq} {text}"
                entries.append(message(seq, words, day=day, sender=ME if kind == "own" else "Ann"))
    return entries


def window_of(entries: list[Entry], new_above: int | None = None) -> Window:
    window = Window(ROOM)
    window.has_older = False
    for entry in entries:
        window.add(entry)
    window.new_above = new_above
    return window


class Scrolling:
    """A pane, and where a dull one would be: how many rows stand below what is seen."""

    def __init__(self, window: Window, columns: int, height: int) -> None:
        self.window, self.columns, self.height = window, columns, height
        self.pane = Pane(window, EntryRows(local_time))
        self.below = 0
        self.rows()

    def rows(self) -> list[str]:
        return shown(self.pane.seen(self.columns, self.height, ME).rows)

    def scroll(self, rows: int) -> None:
        room = max(len(laid_out(self.window, self.columns)) - self.height, 0)
        self.below = max(min(self.below + rows, room), 0)
        is_top = self.pane.scroll(rows, self.height)
        if rows > 0:
            assert is_top == (self.below == room), "whoever is at the top is told so"

    def check(self) -> None:
        everything = laid_out(self.window, self.columns)
        seen = everything[: len(everything) - self.below][-self.height :]
        assert self.rows() == (seen if everything else self.rows())
        assert self.pane.is_at_end == (self.below == 0)


@given(
    ENTRIES,
    st.integers(8, 100),
    st.integers(1, 12),
    st.one_of(st.none(), st.integers(0, 25)),
    st.lists(st.integers(-30, 30), max_size=12),
)
def test_scrolling_shows_every_row_and_none_twice(
    drawn: list[tuple[str, int, str]], columns: int, height: int, new_above: int | None, steps: list[int]
) -> None:
    scrolling = Scrolling(window_of(entries_of(drawn), new_above), columns, height)
    scrolling.check()
    for rows in steps:
        scrolling.scroll(rows)
        scrolling.check()


@given(ENTRIES, ENTRIES, ENTRIES, st.integers(1, 8), st.integers(1, 60))
def test_what_is_read_stays_where_it_is_while_pages_come_before_it_and_messages_behind_it(
    drawn: list[tuple[str, int, str]],
    before: list[tuple[str, int, str]],
    behind: list[tuple[str, int, str]],
    height: int,
    rows: int,
) -> None:
    entries = entries_of([*before, *drawn, *behind])
    here, there = len(before), len(before) + len(drawn)
    scrolling = Scrolling(window_of(entries[here:there]), 60, height)
    scrolling.scroll(rows)
    was, below = scrolling.rows(), scrolling.below
    total = len(laid_out(scrolling.window, 60))
    is_followed = scrolling.pane.is_at_bottom
    for entry in entries[there:]:
        scrolling.window.add(entry)
    if below and not _meets(entries, there):
        assert scrolling.rows() == was, "what comes moves nothing"
    scrolling.window.add_older(entries[:here])
    everything = laid_out(scrolling.window, 60)
    if is_followed and everything:
        assert scrolling.rows() == everything[-height:]
    elif total >= height and not _meets(entries, there) and not _meets(entries, here):
        # The line of a day stands above the first entry only while no other of that day does.
        kept = [row for row in was if "──" not in row]
        seen = [row for row in scrolling.rows() if "──" not in row]
        assert seen[len(seen) - len(kept) :] == kept


def _meets(entries: list[Entry], at: int) -> bool:
    """Whether comings at both sides of a place become one line."""
    return all(isinstance(one, Comings) for one in entries[max(at - 1, 0) : at + 1])


def test_comings_that_grow_keep_the_place() -> None:
    entries: list[Entry] = [message(seq) for seq in range(1, 20)]
    window = window_of([*entries, Comings((("Bob", True, AT + 20),), AT + 20, 20, 20)])
    scrolling = Scrolling(window, 60, 5)
    window.add(message(21))
    scrolling.pane.to_item(window.entries[-2])
    assert scrolling.rows()[-1].strip() == "· Bob joined"
    window.entries[-2] = Comings((("Bob", True, AT + 20), ("Ines", True, AT + 21)), AT + 21, 21, 20)
    assert scrolling.rows()[-1].strip() == "· Bob and Ines joined"


def test_an_own_line_on_its_way_is_the_same_one_when_it_has_come_back() -> None:
    window = window_of([message(seq) for seq in range(1, 9)])
    window.take_own([OwnLine("a", ROOM, "one"), OwnLine("b", ROOM, "two"), OwnLine("c", ROOM, "three")])
    scrolling = Scrolling(window, 60, 4)
    scrolling.scroll(1)
    assert "two" in scrolling.rows()[-1]
    window.take_own([OwnLine("a", ROOM, "one"), OwnLine("b", ROOM, "two", Fate.NOT_SENT), OwnLine("c", ROOM, "three")])
    assert "two" in scrolling.rows()[-1]
    window.add(Message(Said(9, AT + 9, ME, "two", id="b"), place=9, is_own=True))
    window.take_own([OwnLine("a", ROOM, "one"), OwnLine("c", ROOM, "three")])
    assert "two" in scrolling.rows()[-1]


def test_a_place_that_is_gone_leads_to_the_end() -> None:
    window = window_of([message(seq) for seq in range(1, 20)])
    scrolling = Scrolling(window, 60, 4)
    scrolling.scroll(5)
    del window.entries[5:]
    assert scrolling.rows()[-1].endswith("#5")
    assert scrolling.pane.is_at_bottom


def test_a_jump_shows_an_entry_as_the_last_one_and_scrolling_goes_on_from_there() -> None:
    window = window_of([message(seq) for seq in range(1, 30)])
    scrolling = Scrolling(window, 60, 4)
    scrolling.pane.to_item(window.entries[9])
    assert scrolling.rows()[-1].endswith("#10")
    scrolling.pane.scroll(2, 4)
    assert scrolling.rows()[-1].endswith("#8")
    scrolling.pane.to_end()
    assert scrolling.rows()[-1].endswith("#29")


def test_what_stands_below_is_counted_with_what_is_seen_in_part() -> None:
    window = window_of([message(1), message(2, "word " * 40), event([[Part("system", "x")]]), message(3)])
    scrolling = Scrolling(window, 60, 4)
    counts = []
    for _ in range(5):
        counts.append(scrolling.pane.seen(60, 3, ME).below)
        scrolling.pane.scroll(1, 3)
    assert counts == [0, 1, 1, 2, 2]


@pytest.mark.parametrize("where", [ROOM, Conversation.pair("stella")])
def test_an_empty_conversation_says_what_to_do(where: Conversation) -> None:
    rows = shown(Pane(Window(where), EntryRows(local_time)).seen(80, 9, ME).rows)
    assert rows[0].startswith("Nothing was said here yet.")
    assert ("everybody" in rows[0]) == (where == ROOM)


@pytest.mark.parametrize(("is_loading", "has_older", "words"), [
    (True, None, " loading older messages "), (False, False, " the beginning "), (False, None, None),
])  # fmt: skip
def test_the_top_says_whether_there_is_more(*, is_loading: bool, has_older: bool | None, words: str | None) -> None:
    window = window_of([message(1)])
    window.is_loading, window.server_has_older = is_loading, has_older
    rows = shown(Pane(window, EntryRows(local_time)).seen(60, 9, ME).rows)
    assert len(rows) == 2 + (words is not None)
    assert words is None or words in rows[0]


def test_another_width_lays_everything_out_anew_and_keeps_the_place() -> None:
    window = window_of([message(seq, f"#{seq} {'word ' * 20}") for seq in range(1, 20)])
    scrolling = Scrolling(window, 100, 6)
    scrolling.scroll(11)
    last = scrolling.rows()
    for columns in (30, 60, 100):
        scrolling.columns = columns
        rows: list[Any] = scrolling.rows()
        assert all(len(row) <= columns for row in rows)
    assert scrolling.rows() == last
