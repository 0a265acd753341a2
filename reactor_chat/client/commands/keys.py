"""The keys there are: what sends each of them, and the one table of what they do."""

from enum import Enum, auto
from typing import NamedTuple

PASTE_ON = "\x1b[?2004h"
PASTE_OFF = "\x1b[?2004l"


class KeyAction(Enum):
    """What a key does to the line being typed."""

    SUBMIT = auto()
    NEW_LINE = auto()
    COMPLETE = auto()
    LEFT = auto()
    RIGHT = auto()
    WORD_LEFT = auto()
    WORD_RIGHT = auto()
    START = auto()
    END = auto()
    OLDER = auto()
    NEWER = auto()
    DELETE_BEFORE = auto()
    DELETE_UNDER = auto()
    DELETE_OR_LEAVE = auto()
    KILL_WORD = auto()
    KILL_TO_START = auto()
    KILL_TO_END = auto()
    YANK = auto()
    CLEAR_SCREEN = auto()
    CANCEL_OR_LEAVE = auto()
    SUSPEND = auto()


class Binding(NamedTuple):
    """One row: these keys do this."""

    keys: tuple[str, ...]
    action: KeyAction
    help: str


KEYS = (
    Binding(("Enter",), KeyAction.SUBMIT, "send the line"),
    Binding(("Alt-Enter",), KeyAction.NEW_LINE, "begin another line of the same message"),
    Binding(("Tab",), KeyAction.COMPLETE, "complete a command or a name; twice: show all that fit"),
    Binding(("Left", "Ctrl-B"), KeyAction.LEFT, "back by one character"),
    Binding(("Right", "Ctrl-F"), KeyAction.RIGHT, "forward by one character"),
    Binding(("Alt-B", "Ctrl-Left"), KeyAction.WORD_LEFT, "back by one word"),
    Binding(("Alt-F", "Ctrl-Right"), KeyAction.WORD_RIGHT, "forward by one word"),
    Binding(("Home", "Ctrl-A"), KeyAction.START, "to the start of the line"),
    Binding(("End", "Ctrl-E"), KeyAction.END, "to the end of the line"),
    Binding(("Up", "Ctrl-P"), KeyAction.OLDER, "the line sent before"),
    Binding(("Down", "Ctrl-N"), KeyAction.NEWER, "the line sent after"),
    Binding(("Backspace",), KeyAction.DELETE_BEFORE, "delete the character before the cursor"),
    Binding(("Delete",), KeyAction.DELETE_UNDER, "delete the character under the cursor"),
    Binding(("Ctrl-D",), KeyAction.DELETE_OR_LEAVE, "the same; on an empty line: quit"),
    Binding(("Ctrl-W", "Alt-Backspace"), KeyAction.KILL_WORD, "cut the word before the cursor"),
    Binding(("Ctrl-U",), KeyAction.KILL_TO_START, "cut everything before the cursor"),
    Binding(("Ctrl-K",), KeyAction.KILL_TO_END, "cut everything from the cursor on"),
    Binding(("Ctrl-Y",), KeyAction.YANK, "put back what was cut last"),
    Binding(("Ctrl-L",), KeyAction.CLEAR_SCREEN, "clear the screen"),
    Binding(("Ctrl-C",), KeyAction.CANCEL_OR_LEAVE, "drop the line; on an empty one: quit"),
    Binding(("Ctrl-Z",), KeyAction.SUSPEND, "back to the shell until `fg`"),
)

ACTIONS: dict[str, KeyAction] = {key: row.action for row in KEYS for key in row.keys}

SEQUENCES = {
    "[A": "Up", "[B": "Down", "[C": "Right", "[D": "Left", "[H": "Home", "[F": "End",
    "OA": "Up", "OB": "Down", "OC": "Right", "OD": "Left", "OH": "Home", "OF": "End", "OM": "Enter",
    "[1~": "Home", "[7~": "Home", "[4~": "End", "[8~": "End", "[3~": "Delete", "[200~": "Paste", "[201~": "PasteEnd",
    "[1;3C": "Alt-F", "[1;3D": "Alt-B", "[5C": "Ctrl-Right", "[5D": "Ctrl-Left", "Oc": "Ctrl-Right", "Od": "Ctrl-Left",
    "[I": "", "[O": "", "[Z": "", "OP": "", "OQ": "", "OR": "", "OS": "",
    "\r": "Alt-Enter", "\n": "Alt-Enter", "\x7f": "Alt-Backspace", "\x08": "Alt-Backspace",
}  # fmt: skip
"""What follows Escape, as the terminals of today send it (xterm, VTE, rxvt, the Linux console, tmux)."""

KEYPAD = {f"O{chr(ord('j') + place)}": sign for place, sign in enumerate("*+,-./0123456789")} | {"OX": "="}
"""What follows Escape for the keys of the number block, where another program left it in its other mode."""

CONTROLS = {"\r": "Enter", "\n": "Enter", "\t": "Tab", "\x7f": "Backspace", "\x08": "Backspace"}


class Key(NamedTuple):
    """One key.

    "Text" and "Paste" come with what was written, "CursorAt" with a row and a column that the terminal was asked for;
    "PasteEnd" is the end of a paste that had no beginning; otherwise a name as in `KEYS`, "" for one without a use.
    """

    name: str
    text: str = ""


def control(sign: str) -> str:
    """Return the name of the key that sends a control character."""
    return CONTROLS.get(sign) or (f"Ctrl-{chr(ord(sign) + 64)}" if "\x01" <= sign <= "\x1a" else "")


def with_modifiers(name: str, bits: int) -> str:
    """Return a key's name when others are held down with it: the key alone where that is no key of its own.

    Args:
        name: of a key without a character, such as `Left`.
        bits: 1 Shift, 2 Alt, 4 Ctrl, as terminals count them.
    """
    if bits & 4:
        return f"Ctrl-{name}" if f"Ctrl-{name}" in ACTIONS else name
    if bits & 2:
        return _WITH_ALT.get(name, name)
    return name


_WITH_ALT = {"Left": "Alt-B", "Right": "Alt-F", "Enter": "Alt-Enter", "Backspace": "Alt-Backspace"}
