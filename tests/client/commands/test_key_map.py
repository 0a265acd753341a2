"""What a key means in a view, whoever chose it, and how it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.commands.key_map import (
    Bound,
    KeyMap,
    action_names,
    markdown_table,
    read_action,
    read_key,
)
from reactor_chat.client.commands.keys import KEYS, Key, KeyAction, ViewKind
from reactor_chat.errors import UsageError

LINE, SCREEN = KeyMap(ViewKind.LINE), KeyMap(ViewKind.SCREEN)


def action_of(keys: KeyMap, name: str, *, is_empty: bool = False) -> KeyAction | None:
    bound = keys.look_up(Key(name), is_empty=is_empty)
    return None if bound is None else bound.action


@pytest.mark.parametrize("view", [ViewKind.LINE, ViewKind.SCREEN])
@pytest.mark.parametrize("is_empty", [True, False])
def test_every_row_holds_in_its_view(view: ViewKind, *, is_empty: bool) -> None:
    keys = KeyMap(view)
    for row in (row for row in KEYS if view in row.views and row.on_empty <= is_empty):
        for key in row.keys:
            before = [other for other in KEYS if other.on_empty and key in other.keys and view in other.views]
            if row.on_empty or not (is_empty and before):
                assert action_of(keys, key, is_empty=is_empty) is row.action


@pytest.mark.parametrize(
    ("name", "line", "line_empty", "screen", "screen_empty"),
    [
        ("Ctrl-K", "KILL_TO_END", "KILL_TO_END", "KILL_TO_END", "SWITCH"),
        ("Ctrl-D", "DELETE_UNDER", "LEAVE", "DELETE_UNDER", "LEAVE"),
        ("Ctrl-C", "CANCEL", "LEAVE", "CANCEL", "CANCEL"),
        ("Ctrl-F", "RIGHT", "RIGHT", "FIND", "FIND"),
        ("Home", "START", "START", "START", "TOP"),
        ("Ctrl-Home", "START", "START", "TOP", "TOP"),
        ("PgUp", None, None, "PAGE_UP", "PAGE_UP"),
    ],
)
def test_what_differs(
    name: str, line: str | None, line_empty: str | None, screen: str | None, screen_empty: str | None
) -> None:
    found = [action_of(keys, name, is_empty=is_empty) for keys in (LINE, SCREEN) for is_empty in (False, True)]
    assert [one and one.name for one in found] == [line, line_empty, screen, screen_empty]


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("Shift-Left", KeyAction.LEFT),
        ("Ctrl-Shift-Left", KeyAction.WORD_LEFT),
        ("Ctrl-Alt-Shift-Up", KeyAction.OLDER),
        ("Alt-Delete", KeyAction.DELETE_UNDER),
        ("Ctrl-Enter", KeyAction.SUBMIT),
        ("Ctrl-Alt-A", KeyAction.START),
        ("Shift-Tab", None),
        ("Shift-F1", None),
        ("Alt-Esc", None),
        ("Alt-Z", None),
        ("FocusIn", None),
        ("", None),
    ],
)
def test_a_key_that_means_nothing_is_what_it_is_with_less_held_down(name: str, action: KeyAction | None) -> None:
    assert action_of(LINE, name) is action
    assert action_of(SCREEN, name) is action


def test_chats_have_numbers() -> None:
    assert [SCREEN.look_up(Key(f"Alt-{number}")) for number in (1, 9)] == [
        Bound(KeyAction.CHAT, 1),
        Bound(KeyAction.CHAT, 9),
    ]
    assert SCREEN.look_up(Key("Alt-0")) is None
    assert LINE.look_up(Key("Alt-1")) is None


def test_the_wheel_is_a_key() -> None:
    assert SCREEN.look_up(Key("Mouse", "64;10;3M")) == Bound(KeyAction.SCROLL_UP)
    assert SCREEN.look_up(Key("Mouse", "69;10;3M")) == Bound(KeyAction.SCROLL_DOWN)
    assert SCREEN.look_up(Key("Mouse", "0;10;3M")) is None
    assert LINE.look_up(Key("Mouse", "64;10;3M")) is None


def test_what_a_person_chose_goes_before() -> None:
    own = [("Ctrl-K", Bound(KeyAction.NEXT_UNREAD)), ("Alt-A", None), ("F5", Bound(KeyAction.CHAT, 3))]
    keys = KeyMap(ViewKind.SCREEN, own)
    assert action_of(keys, "Ctrl-K") is action_of(keys, "Ctrl-K", is_empty=True) is KeyAction.NEXT_UNREAD
    assert keys.look_up(Key("Alt-A")) is None
    assert keys.look_up(Key("F5")) == Bound(KeyAction.CHAT, 3)
    rows = dict(keys.help_rows())
    assert rows["Ctrl-K"] == "go to the next chat with something unread"
    assert rows["F5"] == "go to chat 3 of the list"
    assert not [row for row in rows if "Alt-A" in row]


def test_a_key_that_is_to_do_nothing_does_not_do_what_it_would_with_less_held_down() -> None:
    assert KeyMap(ViewKind.LINE, [("Shift-Enter", None)]).look_up(Key("Shift-Enter")) is None


def test_a_choice_of_the_other_view_leaves_a_key_what_it_was() -> None:
    keys = KeyMap(ViewKind.LINE, [("Ctrl-F", Bound(KeyAction.FIND)), ("F5", Bound(KeyAction.HELP))])
    assert action_of(keys, "Ctrl-F") is KeyAction.RIGHT
    assert keys.look_up(Key("F5")) is None


def test_the_first_key_of_a_pair_can_be_had_alone() -> None:
    assert SCREEN.chords == {"Ctrl-X Ctrl-E"}
    assert LINE.chords == frozenset()
    alone = KeyMap(ViewKind.SCREEN, [("Ctrl-X", Bound(KeyAction.ZOOM))])
    assert alone.chords == frozenset()
    assert "Ctrl-X Ctrl-E" not in dict(alone.help_rows())
    assert KeyMap(ViewKind.SCREEN, [("Ctrl-X Ctrl-E", None)]).chords == frozenset()
    assert KeyMap(ViewKind.LINE, [("Ctrl-X Ctrl-U", Bound(KeyAction.UNDO))]).chords == {"Ctrl-X Ctrl-U"}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Alt-A", "Alt-A"), ("alt-a", "Alt-A"), ("CTRL-alt-X", "Ctrl-Alt-X"), ("alt-ctrl-x", "Ctrl-Alt-X"),
        ("f5", "F5"), ("F12", "F12"), ("pgup", "PgUp"), ("PageDown", "PgDn"), ("escape", "Esc"),
        ("Shift-up", "Shift-Up"), (" ctrl-x   ctrl-e ", "Ctrl-X Ctrl-E"), ("Alt-.", "Alt-."), ("Ctrl--", "Ctrl--"),
        ("Alt-Space", "Alt-Space"),
    ],
)  # fmt: skip
def test_a_key_is_written_as_people_write_it(written: str, name: str) -> None:
    assert read_key(written) == name
    assert read_key(name) == name


@pytest.mark.parametrize(
    "written", ["", "a", "A", "F13", "Alt-", "Ctrl", "Shift-A", "Space", "Up Down Left", "Alt-é", "Hyper-A", "Alt-\x1b"]
)
def test_what_is_no_key_is_told_with_how_one_is_written(written: str) -> None:
    with pytest.raises(UsageError, match=r"^Not a key: .* \(write it like Alt-A, "):
        read_key(written)


def test_what_terminals_send_for_another_key_is_told() -> None:
    with pytest.raises(UsageError, match=r"^Not a key of its own: Ctrl-I \(terminals send Tab for it; use that\)$"):
        read_key("ctrl-i")


def test_actions_are_called_as_in_the_table() -> None:
    names = action_names()
    assert {read_action(name) for name in names} >= {Bound(action) for action in KeyAction if action.name != "CHAT"}
    assert read_action("none") is None
    assert read_action(" Next_Unread ") == Bound(KeyAction.NEXT_UNREAD)
    assert read_action("chat_9") == Bound(KeyAction.CHAT, 9)
    assert all(f"`{name}`" in markdown_table() for name in names if name != "none" and not name.startswith("chat_"))


@pytest.mark.parametrize("written", ["", "chat", "chat_0", "chat_10", "fly", "\x1b[2J"])
def test_what_is_no_action_is_told_in_one_line_with_all_there_are(written: str) -> None:
    with pytest.raises(UsageError) as told:
        read_action(written)
    assert str(told.value).startswith("Not an action: ")
    assert ", ".join(action_names()) in str(told.value)
    assert "\n" not in str(told.value)
    assert "\x1b" not in str(told.value)


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(UsageError, match="Did you mean next_unread"):
        read_action("next_unred")


@given(st.text(max_size=12))
def test_any_text_is_a_key_or_told(written: str) -> None:
    try:
        name = read_key(written)
    except UsageError:
        return
    assert read_key(name) == name


@pytest.mark.parametrize("view", [ViewKind.LINE, ViewKind.SCREEN])
def test_the_help_is_as_wide_as_a_terminal_and_names_every_key(view: ViewKind) -> None:
    rows = KeyMap(view).help_rows()
    width = max(len(keys) for keys, _ in rows)
    assert max(width + 2 + len(text) for _, text in rows) <= 84
    shown = " ".join(keys for keys, _ in rows)
    held = {key for row in KEYS if view in row.views for key in row.keys}
    assert {key for key in held if key not in shown} == {f"Alt-{n}" for n in range(2, 9) if view is ViewKind.SCREEN}
