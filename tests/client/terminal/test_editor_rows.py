"""The line being typed in a box of rows: moving in it, searching what was sent, undoing, drafts of conversations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.commands.key_map import Bound, KeyMap
from reactor_chat.client.commands.keys import KEYS, Key, KeyAction, ViewKind
from reactor_chat.client.editing.typed_text import Snapshot
from reactor_chat.client.terminal.cells import cells
from reactor_chat.client.terminal.editor import Editor, EditorRequest, Result, Submitted
from reactor_chat.text.widths import iter_graphemes
from tests.client.terminal.test_editor import NAMES, complete, marked

BELL = EditorRequest.BELL


class Box:
    """An editor in the screen, drawn after each key."""

    def __init__(self, columns: int = 20, rows_max: int = 6) -> None:
        self.editor = Editor(complete, KeyMap(ViewKind.SCREEN))
        self.columns, self.rows_max = columns, rows_max
        self.draw()

    def draw(self) -> None:
        self.shown = self.editor.rows(self.columns, self.rows_max)

    def press(self, *keys: str | Key) -> list[Result]:
        results = []
        for key in keys:
            known = key if isinstance(key, Key) else Key(key) if key in NAMES else Key("Text", key)
            results.append(self.editor.press(known))
            self.draw()
        return results

    @property
    def marked(self) -> str:
        return marked(self.editor)


def box(*keys: str | Key) -> Box:
    found = Box()
    found.press(*keys)
    return found


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (["one", "Alt-Enter", "two", "Up"], "one|\ntwo"),
        (["one", "Alt-Enter", "two", "Up", "Down"], "one\ntwo|"),
        (["a long line", "Alt-Enter", "b", "Alt-Enter", "a long one", "Up"], "a long line\nb|\na long one"),
        (["a long line", "Alt-Enter", "b", "Alt-Enter", "a long one", "Up", "Up"], "a long lin|e\nb\na long one"),
        (["one two three four five", "Up"], "one |two three four five"),
        (["one", "Alt-Enter", "two", "Home", "x"], "one\nx|two"),
        (["one", "Alt-Enter", "two", "Home", "Home", "x"], "x|one\ntwo"),
        (["one", "Alt-Enter", "two", "Up", "Home", "End", "x"], "onex|\ntwo"),
        (["日本", "Alt-Enter", "abc", "Up"], "日|本\nabc"),
    ],
)
def test_moving_between_rows(keys: list[str], line: str) -> None:
    assert box(*keys).marked == line


def test_where_there_is_no_row_above_the_line_sent_before_comes() -> None:
    seat = box("one", "Alt-Enter", "two", "Enter", "three", "Enter", "x", "Alt-Enter", "y")
    seat.press("Up")
    assert seat.marked == "x|\ny"
    seat.press("Up")
    assert seat.marked == "three|"
    seat.press("Up")
    assert seat.marked == "one\ntwo|", "who goes through what they sent goes on"
    assert seat.press("Up") == [BELL]
    seat.press("Down", "Down")
    assert seat.marked == "x\ny|"
    seat.press("Up", "Up", "Up", "Left", "Up")
    assert seat.marked == "on|e\ntwo", "who has moved in it moves in it"


def test_a_bell_at_the_top_does_not_keep_the_cursor_there() -> None:
    seat = box("one", "Alt-Enter", "two", "Up")
    assert seat.press("Up") == [BELL]
    seat.press("Down")
    assert seat.marked == "one\ntwo|"
    assert seat.press("Down") == [BELL]


def test_a_long_message_scrolls_in_the_box() -> None:
    seat = box(Key("Paste", "\n".join("abcdefgh")))
    assert (seat.shown.rows, seat.shown.above, seat.shown.below) == (list("cdefgh"), 2, 0)
    seat.press(*["Up"] * 5)
    assert (seat.shown.cursor_row, seat.shown.above) == (0, 2)
    seat.press("Up")
    assert (seat.shown.rows, seat.shown.above, seat.shown.below) == (list("bcdefg"), 1, 1)
    seat.press("Enter")
    assert seat.shown == ([""], 0, 0, 0, 0)


def test_keys_that_only_the_screen_knows_are_the_views() -> None:
    seat = Box()
    assert seat.press("Ctrl-K", "Home", "PgUp", "Alt-3", "F3", "Ctrl-X Ctrl-E", "Ctrl-F", "Esc") == [
        Bound(KeyAction.SWITCH),
        Bound(KeyAction.TOP),
        Bound(KeyAction.PAGE_UP),
        Bound(KeyAction.CHAT, 3),
        Bound(KeyAction.HELD),
        Bound(KeyAction.EDITOR),
        Bound(KeyAction.FIND),
        Bound(KeyAction.CLOSE),
    ]
    assert seat.press("ab", "Ctrl-A", "Ctrl-K", "Ctrl-C") == [None, None, None, BELL]
    assert seat.editor.press(Key("FocusIn")) is None
    assert seat.editor.press(Key("Mouse", "0;1;1M")) is None
    assert seat.editor.press(Key("Mouse", "64;1;1M")) == Bound(KeyAction.SCROLL_UP)


# ---------------------------------------------------------------------------------------------- searching


def sent(*lines: str) -> Box:
    seat = Box()
    for line in lines:
        seat.press(line, "Enter")
    return seat


def test_a_search_shows_the_newest_line_with_the_words_and_enter_keeps_it() -> None:
    seat = sent("soup on Tuesday", "bread", "soup today")
    seat.press("dra", "Ctrl-R", "so", "up")
    assert (seat.editor.text, seat.editor.search and seat.editor.search.words) == ("soup today", "soup")
    seat.press("Ctrl-R")
    assert seat.editor.text == "soup on Tuesday"
    assert seat.press("Ctrl-R") == [BELL]
    assert seat.editor.search is not None
    assert not seat.editor.search.is_found
    assert seat.press("Enter") == [None], "it is looked at before it is sent"
    assert seat.editor.search is None
    assert seat.marked == "soup on Tuesday|"
    seat.press("Down", "Down", "Down")
    assert seat.marked == "dra|", "the draft is behind the newest"
    seat.press("Up", "Up", "Up")
    assert seat.press("Enter") == [Submitted("soup on Tuesday")]


@pytest.mark.parametrize("key", ["Esc", "Ctrl-G", "Ctrl-C"])
def test_a_search_that_is_given_up_leaves_the_line_as_it_was(key: str) -> None:
    seat = sent("soup", "bread")
    seat.press("half", "Left", "Ctrl-R", "soup", key)
    assert (seat.marked, seat.editor.search) == ("hal|f", None)
    seat.press("Ctrl-_")
    assert seat.marked == "|"


def test_any_other_key_ends_a_search_and_does_what_it_does() -> None:
    seat = sent("soup", "bread")
    seat.press("Ctrl-R", "sou", "Ctrl-A", "x")
    assert seat.marked == "x|soup"
    seat.press("Ctrl-_", "Ctrl-_")
    assert seat.marked == "|", "what was found is a step"
    seat.press("Ctrl-R", "b", "Up")
    assert seat.marked == "soup|", "the line before the one that was found"
    seat.press("Ctrl-C", "Ctrl-R", "b", Key("Paste", "!"))
    assert seat.marked == "bread!|"


def test_the_last_words_are_looked_for_again() -> None:
    seat = sent("soup", "bread", "more soup")
    seat.press("Ctrl-R", "soup", "Esc", "Ctrl-R", "Ctrl-R")
    assert seat.editor.text == "more soup"
    seat.press("Backspace", "Backspace", "Backspace", "Backspace")
    assert seat.editor.text == "more soup"


def test_where_nothing_is_remembered_nothing_is_searched() -> None:
    seat = Box()
    assert seat.press("Ctrl-R") == [BELL]
    seat = sent("soup")
    seat.editor.remembers = False
    assert seat.press("Ctrl-R") == [BELL]
    assert seat.editor.search is None


def test_enter_submits_unless_a_search_goes_on() -> None:
    seat = sent("soup")
    assert seat.editor.submits(Key("Enter"))
    assert not seat.editor.submits(Key("Alt-Enter"))
    seat.press("Ctrl-R", "s")
    assert not seat.editor.submits(Key("Enter"))


# ---------------------------------------------------------------------------------------------- undo and drafts


@pytest.mark.parametrize(
    ("keys", "lines"),
    [
        (["o", "n", "e", " ", "Ctrl-W", "Ctrl-Y"], ["|", "one |", "|"]),
        (["@Ste", "l", "Tab"], ["@Stel|", "|"]),
        (["one", Key("Paste", "two"), "x"], ["onetwo|", "one|", "|"]),
        (["one", "Ctrl-C"], ["one|", "|"]),
        (["one", "Left", "Alt-Enter", "x"], ["on\n|e", "on|e", "|"]),
        (["one two", "Home", "Alt-D"], ["|one two", "|"]),
    ],
)
def test_each_step_is_undone_by_itself(keys: list[str | Key], lines: list[str]) -> None:
    seat = box(*keys)
    seen = []
    while seat.press("Ctrl-_") != [BELL]:
        seen.append(seat.marked)
    assert seen == lines


def test_a_line_that_was_sent_cannot_be_undone_nor_a_passphrase_that_was_dropped() -> None:
    assert box("one", "Enter").press("Ctrl-_") == [BELL]
    seat = Box()
    seat.editor.remembers = False
    seat.press("secret", "Ctrl-C")
    assert seat.press("Ctrl-_") == [BELL]


def test_a_line_that_others_put_in_its_place_can_be_undone() -> None:
    seat = box("one")
    seat.editor.replace("two")
    assert seat.marked == "two|"
    seat.press("Ctrl-_")
    assert seat.marked == "one|"


def test_each_conversation_has_its_line() -> None:
    seat = box(Key("Paste", "1\n2\n3\n4"), "Left")
    first = seat.editor.snapshot()
    seat.editor.restore(Snapshot())
    assert (seat.editor.text, seat.editor.pasted_lines) == ("", 0)
    seat.press("x")
    seat.editor.restore(first)
    assert (seat.marked, seat.editor.pasted_lines) == ("1\n2\n3\n|4", 4)
    assert seat.press("Ctrl-_") == [BELL]


def test_a_draft_is_what_was_typed_and_not_what_a_search_shows() -> None:
    seat = sent("soup")
    seat.press("half", "Ctrl-R", "s")
    assert seat.editor.snapshot() == Snapshot("half", 4)
    seat.editor.restore(seat.editor.snapshot())
    assert (seat.marked, seat.editor.search) == ("half|", None)


typing = st.lists(
    st.one_of(
        st.sampled_from(sorted({*NAMES, "FocusIn"})).map(Key),
        st.sampled_from(["Ctrl-R", "Up", "Down", "Ctrl-_", "Alt-Enter", "Enter"]).map(Key),
        st.text(st.sampled_from("ab 日e\u0301🎉\u200d@S"), min_size=1, max_size=30).map(lambda t: Key("Text", t)),
        st.text(st.sampled_from("ab\n\r\t\x1b\ud800"), max_size=10).map(lambda t: Key("Paste", t)),
    ),
    max_size=40,
)


@given(typing, st.integers(1, 30), st.integers(1, 6))
def test_whatever_is_pressed_the_cursor_is_in_the_line_and_in_the_box(
    keys: list[Key], columns: int, rows_max: int
) -> None:
    seat = Box(columns, rows_max)
    for key in keys:
        seat.press(key)
        places = [0]
        for character in iter_graphemes(seat.editor.text):
            places.append(places[-1] + len(character))
        assert seat.editor.cursor in places
        assert len(seat.shown.rows) <= rows_max
        assert max(map(cells, seat.shown.rows)) <= columns
        assert 0 <= seat.shown.cursor_cells < columns
        assert not {"\n", "\t", "\x1b"} & set("".join(seat.shown.rows))


def test_the_table_has_a_row_for_whatever_the_editor_does() -> None:
    own = {*Editor._EDITS, *Editor._ACTIONS, *Editor._SEARCHING}
    assert own <= {row.action for row in KEYS}
    assert not {*Editor._EDITS} & {*Editor._ACTIONS}
