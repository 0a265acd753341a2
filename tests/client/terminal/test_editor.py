"""The line being typed, as a pure state machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.commands.key_map import Bound
from reactor_chat.client.commands.keys import KEYS, Key, KeyAction
from reactor_chat.client.editing.sent_lines import RECALLED_MAX
from reactor_chat.client.editing.typed_text import CHARS_MAX
from reactor_chat.client.terminal.cells import cells
from reactor_chat.client.terminal.editor import Choices, Editor, EditorRequest, Result, Submitted

NAMES = {key for row in KEYS for key in row.keys}
WORDS = ["@names", "@Stella", "@Stefan", "@group"]


def complete(typed: str) -> tuple[str, list[str]]:
    word = typed.rpartition(" ")[2]
    return word, [w for w in WORDS if word and w.lower().startswith(word.lower())]


def pressed(*keys: str | Key) -> Editor:
    editor = Editor(complete)
    press(editor, *keys)
    return editor


def press(editor: Editor, *keys: str | Key) -> list[Result]:
    """Press keys; a name in KEYS is that key, anything else is typed."""
    return [
        editor.press(key if isinstance(key, Key) else Key(key) if key in NAMES else Key("Text", key)) for key in keys
    ]


def marked(editor: Editor) -> str:
    return f"{editor.text[: editor.cursor]}|{editor.text[editor.cursor :]}"


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (["abc"], "abc|"),
        (["abc", "Left", "x"], "abx|c"),
        (["abc", "Ctrl-A", "x"], "x|abc"),
        (["abc", "Home", "Right", "Ctrl-F", "Ctrl-F", "Ctrl-F"], "abc|"),
        (["abc", "Home", "End"], "abc|"),
        (["one two", "Alt-B"], "one |two"),
        (["one two", "Alt-B", "Alt-B", "Alt-B"], "|one two"),
        (["one, two", "Home", "Alt-F"], "one|, two"),
        (["one two", "Home", "Ctrl-Right", "Ctrl-Right"], "one two|"),
        (["one two ", "Ctrl-W"], "one |"),
        (["one two", "Ctrl-W", "Ctrl-Y", "Ctrl-Y"], "one twotwo|"),
        (["one two", "Alt-B", "Ctrl-U"], "|two"),
        (["one two", "Alt-B", "Ctrl-K"], "one |"),
        (["one two", "Alt-B", "Ctrl-K", "Home", "Ctrl-Y"], "two|one "),
        (["abc", "Backspace"], "ab|"),
        (["abc", "Home", "Delete"], "|bc"),
        (["abc", "Home", "Ctrl-D", "Ctrl-D"], "|c"),
        (["日本", "Backspace"], "日|"),
        (["e\u0301x", "Left", "Backspace"], "|x"),
        (["👩\u200d👧", "Backspace"], "|"),
        (["abc", "Ctrl-C"], "|"),
        (["a", "Alt-Enter", "b"], "a\nb|"),
    ],
)
def test_editing(keys: list[str], line: str) -> None:
    assert marked(pressed(*keys)) == line


@pytest.mark.parametrize(
    "keys", [["Backspace"], ["Delete"], ["Ctrl-W"], ["Ctrl-K"], ["Ctrl-U"], ["Ctrl-Y"], ["Up"], ["Tab"]]
)
def test_what_cannot_be_done_rings(keys: list[str]) -> None:
    assert press(Editor(complete), *keys) == [EditorRequest.BELL]


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("Ctrl-C", Bound(KeyAction.LEAVE)),
        ("Ctrl-D", Bound(KeyAction.LEAVE)),
        ("Ctrl-L", Bound(KeyAction.CLEAR_SCREEN)),
        ("Ctrl-Z", Bound(KeyAction.SUSPEND)),
    ],
)
def test_what_only_the_face_can_do(key: str, wanted: Bound) -> None:
    assert press(Editor(complete), key) == [wanted]


def test_enter_gives_the_line_and_begins_anew() -> None:
    editor = pressed("hello")
    assert press(editor, "Enter", "Enter") == [Submitted("hello"), Submitted("")]


def test_a_paste_is_one_message_without_its_last_line_end() -> None:
    editor = pressed(Key("Paste", "one\r\ntwo\rthree\x1b[2J\n\n"))
    assert editor.text == "one\ntwo\nthree[2J"
    assert editor.lines == 3
    assert editor.visible(40).text == "one⏎two⏎three[2J"


def test_a_paste_longer_than_any_message_is_not_taken() -> None:
    editor = pressed("x")
    assert press(editor, Key("Paste", "y" * CHARS_MAX)) == [EditorRequest.BELL]
    assert editor.text == "x"


def test_lines_sent_are_recalled_and_the_draft_is_kept() -> None:
    editor = pressed("one", "Enter", "two", "Enter", "two", "Enter", "  ", "Enter", "draft")
    seen = []
    for key in ("Up", "Up", "Up", "Down", "Down", "Down"):
        press(editor, key)
        seen.append(editor.text)
    assert seen == ["two", "one", "one", "two", "draft", "draft"]
    press(editor, "Up", "!", "Enter", "Up")
    assert editor.text == "two!"


def test_names_are_not_recalled() -> None:
    editor = Editor(complete)
    editor.remembers = False
    press(editor, "Ann", "Enter")
    assert press(editor, "Up") == [EditorRequest.BELL]


def test_only_so_many_lines_are_recalled() -> None:
    editor = Editor(complete)
    for i in range(RECALLED_MAX + 10):
        press(editor, f"line {i}", "Enter")
    press(editor, *["Up"] * (RECALLED_MAX + 5))
    assert editor.text == "line 10"


def test_tab_completes_what_is_certain_and_shows_what_is_not() -> None:
    editor = pressed("@n", "Tab")
    assert editor.text == "@names "
    editor = pressed("say @s")
    assert press(editor, "Tab") == [None]
    assert editor.text == "say @Ste"
    assert press(editor, "Tab", "Tab") == [Choices(["@Stella", "@Stefan"])] * 2
    editor = pressed("@Ste x", "Left", "Left", "l", "Tab")
    assert marked(editor) == "@Stella | x"


def test_the_first_tab_on_many_rings() -> None:
    editor = pressed("@Ste")
    assert press(editor, "Tab", "Tab") == [EditorRequest.BELL, Choices(["@Stella", "@Stefan"])]


def test_a_long_line_scrolls_and_the_cursor_stays_in_sight() -> None:
    editor = pressed("x" * 100)
    assert editor.visible(20).cursor_cells <= 19
    press(editor, "Home")
    assert editor.visible(20) == ("x" * 19, 0)
    press(editor, "End")
    assert editor.visible(20) == ("x" * 19, 19)
    assert editor.visible(80) == ("x" * 79, 79)
    press(editor, *["Backspace"] * 95)
    assert editor.visible(20) == ("x" * 5, 5)


def test_what_would_act_on_the_terminal_is_shown_as_a_mark() -> None:
    editor = pressed("a\u202eb\u200bc\x9b")
    assert editor.visible(40).text == "a\ufffdb\ufffdc"


typing = st.lists(
    st.one_of(
        st.sampled_from(sorted(NAMES)).map(Key),
        st.text(st.sampled_from("ab 日e\u0301🎉\u200d@S"), min_size=1, max_size=30).map(lambda t: Key("Text", t)),
        st.text(st.sampled_from("ab\n\r\t\x1b\ud800"), max_size=10).map(lambda t: Key("Paste", t)),
        st.text(max_size=5).map(lambda t: Key(t, t)),
    ),
    max_size=40,
)


@given(typing, st.integers(1, 60))
def test_whatever_is_pressed_the_cursor_is_in_the_line_and_in_the_view(keys: list[Key], columns: int) -> None:
    editor = Editor(complete)
    for key in keys:
        editor.press(key)
        assert 0 <= editor.cursor <= len(editor.text)
        view = editor.visible(columns)
        assert cells(view.text) < max(columns, 2)
        assert 0 <= view.cursor_cells < max(columns, 2)
        assert not {"\n", "\t", "\x1b"} & set(view.text)


@pytest.mark.parametrize(
    "character",
    [
        "👍🏽",
        "🇩🇪",
        "👩🏽\u200d💻",
        "👨\u200d👩\u200d👧",
        "e\u0301",
        "1\ufe0f\u20e3",
        "\U0001faf1\U0001f3fb",
        "क्ष",
        "한",
    ],
)
def test_one_press_deletes_one_character_as_people_see_it(character: str) -> None:
    typed = pressed(Key("Text", "a" + character))
    typed.press(Key("Backspace"))
    assert (typed.text, typed.cursor) == ("a", 1)
    typed = pressed(Key("Text", character + "a"))
    typed.press(Key("Home"))
    typed.press(Key("Delete"))
    assert typed.text == "a"


def test_the_cursor_is_never_inside_of_a_character() -> None:
    typed = pressed(Key("Text", "x\u0301y"))
    typed.press(Key("Home"))
    typed.press(Key("Delete"))
    assert typed.text == "y"
    typed = pressed(Key("Text", "🇪"))
    typed.press(Key("Home"))
    typed.press(Key("Text", "🇩"))
    assert (typed.text, typed.cursor) == ("🇩🇪", 2)


def test_what_cannot_be_shown_takes_a_cell_in_the_row_and_is_kept_in_the_line() -> None:
    typed = pressed(Key("Text", "a\u202eb\u200b\udce9"))
    assert typed.visible(80).text == "a\ufffdb\ufffd\ufffd"
    assert typed.text == "a\u202eb\u200b\udce9"


def test_a_row_of_another_line_never_begins_inside_of_a_character() -> None:
    editor = pressed("👩\u200d👧" * 9, "Enter", "x" * 40)
    for columns in range(4, 30):
        editor.visible(columns)
        press(editor, "Up")
        assert not editor.visible(columns).text.startswith("\u200d")
        assert "\ufffd" not in editor.visible(columns).text
        press(editor, "Down")
