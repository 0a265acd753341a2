"""The table of keys is complete, and a key with others held down is one of them."""

import pytest

from reactor_chat.client.commands.keys import ACTIONS, CONTROLS, KEYS, SEQUENCES, KeyAction, control, with_modifiers


def test_every_action_has_its_key_and_every_key_one_action() -> None:
    assert {row.action for row in KEYS} == set(KeyAction)
    assert len(ACTIONS) == sum(len(row.keys) for row in KEYS)


def test_every_key_can_be_pressed() -> None:
    sent = {*SEQUENCES.values(), *CONTROLS.values(), *(control(chr(code)) for code in range(32))}
    letters = {key for key in ACTIONS if key.startswith("Alt-") and len(key) == 5}
    assert set(ACTIONS) - letters - sent == {"Ctrl-Left", "Ctrl-Right"} - sent


@pytest.mark.parametrize(
    ("name", "bits", "key"),
    [
        ("Left", 0, "Left"), ("Left", 1, "Left"), ("Left", 4, "Ctrl-Left"), ("Right", 5, "Ctrl-Right"),
        ("Left", 2, "Alt-B"), ("Right", 2, "Alt-F"), ("Home", 4, "Home"), ("Enter", 2, "Alt-Enter"),
        ("Enter", 1, "Enter"), ("Backspace", 2, "Alt-Backspace"), ("Up", 128, "Up"),
    ],
)  # fmt: skip
def test_other_keys_held_down(name: str, bits: int, key: str) -> None:
    assert with_modifiers(name, bits) == key
