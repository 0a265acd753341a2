"""What stands over the conversation: the help, the switcher, a search, lines that were not sent."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.archive.contract import Found
from reactor_chat.client.commands.keys import Key
from reactor_chat.client.screen.asking import (
    DAMAGED,
    FOUND_MAX,
    NOT_WHOLE,
    Asking,
    Finding,
    Reading,
    Switching,
    Unsent,
    rank_of,
)
from reactor_chat.client.screen.boxes import drawn
from reactor_chat.client.transcript.entries import Fate, OwnLine
from reactor_chat.client.transcript.transcript import Page
from reactor_chat.client.transcript.window import Window
from reactor_chat.errors import StorageCorrupt
from reactor_chat.text.render import Part
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import Said, Told
from tests.client.transcript.dull_archive import DullArchive, DullSearch

ROWS = 24


def listed(asking: Asking) -> list[str]:
    """The rows of what stands there."""
    return ["".join(span.text for span in row).strip() for row in asking.box(80, ROWS).rows]


def foot(asking: Asking) -> str:
    return asking.box(80, ROWS).foot


def type_in(asking: Asking, *keys: str) -> None:
    for key in keys:
        named = key[:1].isupper() and len(key) > 1
        asking.press(Key(key) if named else Key("Text", key), 10)


# ------------------------------------------------------------------------------------------------ a page


@given(
    st.integers(0, 60),
    st.integers(1, 20),
    st.lists(st.sampled_from(["Up", "Down", "PgUp", "PgDn", "Ctrl-Home", "Ctrl-End", " "]), max_size=12),
)
def test_a_page_is_scrolled_within_its_lines(count: int, page_rows: int, keys: list[str]) -> None:
    reading = Reading(Page("Help", [[Part("help", str(number))] for number in range(count)]))
    last, first = max(count - page_rows, 0), 0
    steps = {"Up": -1, "Down": 1, "PgUp": -page_rows, "PgDn": page_rows, " ": page_rows}
    for key in keys:
        reading.press(Key("Text", " ") if key == " " else Key(key), page_rows)
        first = {"Ctrl-Home": 0, "Ctrl-End": last}.get(key, max(min(first + steps.get(key, 0), last), 0))
        assert reading.box(80, ROWS).first == first
        assert not reading.is_over


@pytest.mark.parametrize("key", [Key("Esc"), Key("Text", "q"), Key("Enter"), Key("Ctrl-C")])
def test_any_other_key_closes_a_page(key: Key) -> None:
    reading = Reading(Page("Help", []))
    reading.press(key, 10)
    assert reading.is_over
    assert not reading.work()


# ------------------------------------------------------------------------------------------------ the switcher


def window(name: str, unread: int = 0, mentions: int = 0) -> Window:
    found = Window(Conversation.group(name) if name else ROOM, name)
    found.unread, found.mentions = unread, mentions
    return found


class Switcher:
    """A switcher, and where it went."""

    def __init__(self, *windows: Window, others: tuple[str, ...] = ()) -> None:
        self.went: list[tuple[Conversation, str]] = []
        self.asking = Switching(windows, others, lambda *where: self.went.append(where))


def test_where_something_is_new_comes_first() -> None:
    switcher = Switcher(window(""), window("lunch", 3, 1), window("chess"), others=("Ann",))
    assert listed(switcher.asking) == ["# lunch  3 new, 1 for you", "# room", "# chess", "@ Ann"]


def test_the_beginning_of_a_word_counts_before_its_middle_and_that_before_scattered_letters() -> None:
    switcher = Switcher(window("xlunch"), window("lxuxn"), window("Lunch_at_noon"), window("lunch"))
    type_in(switcher.asking, "l", "u", "n")
    assert listed(switcher.asking) == ["# lunch", "# Lunch_at_noon", "# xlunch", "# lxuxn"]
    type_in(switcher.asking, "Down", "Enter")
    assert switcher.went == [(Conversation.group("lunch_at_noon"), "Lunch_at_noon")]
    assert switcher.asking.is_over


def test_somebody_whom_nobody_wrote_to_yet_is_there_and_nobody_twice() -> None:
    ann = Window(Conversation.pair("ann"), "Ann")
    switcher = Switcher(ann, others=("ANN", "Bob"))
    assert listed(switcher.asking) == ["@ Ann", "@ Bob"]
    type_in(switcher.asking, "b", "o", "Enter")
    assert switcher.went == [(Conversation.pair("bob"), "Bob")]


def test_enter_where_nothing_matches_goes_nowhere() -> None:
    switcher = Switcher(window(""))
    type_in(switcher.asking, "x", "y", "Enter")
    assert switcher.went == []
    assert switcher.asking.is_over


NAMES = st.text(st.sampled_from("ab_ "), min_size=1, max_size=8)


@given(st.text(st.sampled_from("ab"), min_size=1, max_size=3), NAMES)
def test_a_name_matches_where_its_letters_stand_in_it_in_their_order(wanted: str, name: str) -> None:
    rest = iter(name)
    is_there = all(letter in rest for letter in wanted)
    rank = rank_of(wanted, name)
    assert (rank is not None) == is_there
    if rank is not None:
        assert (rank[0] == 0) == any(f"{before}{wanted}" in f" {name}" for before in " _")
        assert (rank[0] < 2) == (wanted in name)


@given(st.lists(NAMES, unique=True, min_size=1, max_size=8), st.lists(st.sampled_from(["Up", "Down", "PgUp", "PgDn"])))
def test_what_is_chosen_is_always_one_of_those_listed_and_seen(names: list[str], keys: list[str]) -> None:
    switcher = Switcher(*map(window, names))
    for key in keys:
        type_in(switcher.asking, key)
        box = switcher.asking.box(80, 9)
        assert box.chosen is not None
        assert 0 <= box.chosen < len(box.rows)
        marked = [row for row in drawn(box, 80, 9).rows if any(span.text == "▸" for span in row)]
        assert len(marked) == 1


# ------------------------------------------------------------------------------------------------ a search


class Finder:
    """A search in a dull archive, and where it went."""

    def __init__(self, count: int = 0) -> None:
        self.archive = DullArchive("John")
        self.went: list[int] = []
        for seq in range(1, count + 1):
            self.archive.put(Said(seq, seq, "Ann", f"soup {seq}\nand \x1b[2J"))
        self.asking = Finding(self.search, lambda found: self.went.append(found.entry.place), lambda at: f"<{at}>")

    def search(self, typed: str) -> DullSearch:
        return self.archive.search(typed, lambda _: None)

    def finish(self) -> None:
        while self.asking.work():
            pass


def test_what_is_found_is_listed_newest_first_and_enter_goes_there() -> None:
    finder = Finder(3)
    finder.archive.put(Told(4, 4, "Stella", "John", "soup?"))
    assert "Everything you have read can be found" in listed(finder.asking)[0]
    type_in(finder.asking, "s", "o")
    assert listed(finder.asking) == ["Searching…"]
    finder.finish()
    assert listed(finder.asking)[:2] == ["<4> stella Stella soup?", "<3> Ann soup 3 ⏎ and ␛[2J"]
    type_in(finder.asking, "Down", "Enter")
    assert finder.went == [3]


def test_a_search_begins_anew_with_every_letter_and_ends_where_enough_is_found() -> None:
    finder = Finder(FOUND_MAX + 50)
    type_in(finder.asking, "s")
    assert finder.asking.work()
    assert not finder.asking.work(), "more than that is not looked for"
    type_in(finder.asking, "x")
    finder.finish()
    assert listed(finder.asking) == ["Nothing was found."]
    assert finder.asking.box(80, ROWS).chosen is None
    type_in(finder.asking, "Backspace", "Backspace")
    assert not finder.asking.work()
    assert "Everything you have read" in listed(finder.asking)[0]


class Troubled:
    """A search with something to say about itself."""

    problems = ("2026-13-01 is not a day\x1b",)
    is_whole = False

    def __iter__(self) -> Iterator[list[Found]]:
        return self

    def __next__(self) -> list[Found]:
        raise StorageCorrupt("the index is torn")


def test_what_there_is_to_say_about_a_search_stands_below_it() -> None:
    asking = Finding(lambda _: Troubled(), lambda _: None, str)
    assert foot(asking) == Finding.foot
    type_in(asking, "x")
    assert foot(asking) == f"2026-13-01 is not a day␛. {NOT_WHOLE}"
    assert not asking.work()
    assert foot(asking) == f"2026-13-01 is not a day␛. {DAMAGED}. {NOT_WHOLE}"
    assert listed(asking) == ["Nothing was found."]


# ------------------------------------------------------------------------------------------------ lines not sent


class Held:
    """Lines that were not sent, and what became of them."""

    def __init__(self, *texts: str) -> None:
        self.lines = [
            OwnLine(text, Conversation.pair("stella"), text, Fate.NOT_SENT, "her key changed") for text in texts
        ]
        self.done: list[str] = []
        self.asking = Unsent(lambda: self.lines, self.does("send"), self.does("edit"), self.does("drop"))

    def does(self, what: str) -> "Decides":
        return Decides(self, what)


class Decides:
    """One of the things that can be done with a line."""

    def __init__(self, held: Held, what: str) -> None:
        self._held, self._what = held, what

    def __call__(self, line: OwnLine) -> None:
        self._held.done.append(f"{self._what} {line.text}")
        self._held.lines.remove(line)


def test_each_says_where_it_was_to_go_and_why_it_did_not() -> None:
    held = Held("psst")
    held.lines += [OwnLine("2", ROOM, None, Fate.REFUSED), OwnLine("3", ROOM, "a\nb", Fate.IN_DOUBT)]
    assert listed(held.asking) == [
        "your chat with stella: psst  her key changed",
        "the room: (an encrypted message)  refused",
        "the room: a ⏎ b  perhaps not delivered",
    ]
    assert held.asking.box(80, ROWS).typed is None


def test_a_letter_decides_about_the_chosen_line_and_the_last_one_closes() -> None:
    held = Held("one", "two", "three")
    type_in(held.asking, "Down", "d", "x", "s")
    assert held.done == ["drop two", "send three"]
    assert not held.asking.is_over
    type_in(held.asking, "s")
    assert held.asking.is_over
    assert listed(held.asking) == ["Everything you typed was sent."]
    type_in(held.asking, "s", "Enter")
    assert held.done[2:] == ["send one"]


@pytest.mark.parametrize("key", ["e", "Enter"])
def test_a_line_that_is_edited_is_taken_from_the_list(key: str) -> None:
    held = Held("one", "two")
    type_in(held.asking, key)
    assert held.done == ["edit one"]
    assert held.asking.is_over


@pytest.mark.parametrize("key", ["Esc", "Ctrl-C", "Ctrl-K"])
def test_a_list_is_closed_without_any_of_it(key: str) -> None:
    held = Held("one")
    type_in(held.asking, key)
    assert held.asking.is_over
    assert held.done == []
