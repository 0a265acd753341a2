"""The table of keys is complete, and each of its keys can be pressed."""

from itertools import pairwise

import pytest

from reactor_chat.client.commands.keys import (
    CONTROLS,
    KEYS,
    NAMED,
    SEQUENCES,
    KeyAction,
    MouseEvent,
    ViewKind,
    control,
    mouse_event,
    with_modifiers,
)

CHARACTERS = {*CONTROLS.values(), *(control(chr(code)) for code in range(32)), "Ctrl-_"}


def test_every_action_has_its_key() -> None:
    assert {row.action for row in KEYS} == set(KeyAction)


@pytest.mark.parametrize("view", [ViewKind.LINE, ViewKind.SCREEN])
@pytest.mark.parametrize("on_empty", [True, False])
def test_every_key_has_one_action_in_a_view(view: ViewKind, *, on_empty: bool) -> None:
    keys = [key for row in KEYS if view in row.views and row.on_empty is on_empty for key in row.keys]
    assert len(keys) == len(set(keys))


def test_every_key_can_be_pressed() -> None:
    for row in KEYS:
        for key in (part for keys in row.keys for part in keys.split()):
            base = key.removeprefix("Ctrl-").removeprefix("Alt-").removeprefix("Shift-")
            assert base in NAMED or key in CHARACTERS or (key.startswith("Alt-") and len(base) == 1), key
    assert NAMED - {"Space", "Esc", "WheelUp", "WheelDown"} <= {*SEQUENCES.values(), *CONTROLS.values()}


def test_a_row_without_help_stands_below_one_that_speaks_of_both() -> None:
    assert KEYS[0].help
    for above, row in pairwise(KEYS):
        assert row.help or row.views in above.views


@pytest.mark.parametrize(
    ("name", "bits", "key"),
    [
        ("Left", 0, "Left"), ("Left", 1, "Shift-Left"), ("Left", 4, "Ctrl-Left"), ("Right", 5, "Ctrl-Shift-Right"),
        ("F5", 7, "Ctrl-Alt-Shift-F5"), ("Enter", 2, "Alt-Enter"), ("Up", 128, "Up"),
    ],
)  # fmt: skip
def test_other_keys_held_down(name: str, bits: int, key: str) -> None:
    assert with_modifiers(name, bits) == key


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("0;1;1M", MouseEvent(0, 0, 0, is_press=True)),
        ("0;10;20m", MouseEvent(0, 9, 19, is_press=False)),
        ("2;10;20M", MouseEvent(2, 9, 19, is_press=True)),
        ("64;3;4M", MouseEvent(64, 2, 3, is_press=True)),
        ("69;3;4M", MouseEvent(65, 2, 3, is_press=True, bits=1)),
        ("24;3;4M", MouseEvent(0, 2, 3, is_press=True, bits=6)),
        ("35;3;4M", MouseEvent(3, 2, 3, is_press=False)),
        ("0;0;0M", MouseEvent(0, 0, 0, is_press=True)),
    ],
)
def test_what_the_mouse_did(text: str, event: MouseEvent) -> None:
    assert mouse_event(text) == event
