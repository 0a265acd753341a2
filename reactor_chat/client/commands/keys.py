"""The keys there are: what sends each of them, and the one table of what they do.

A row of `KEYS` holds in the line mode, in the full screen, or in both; some hold on an empty line only, and go before
the others there.  Which key does what after a person's own choice is asked of a `KeyMap` (see `key_map`).
"""

from enum import Enum, Flag, auto
from typing import NamedTuple

PASTE_ON, PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"
"""Pastes come in brackets."""

FOCUS_ON, FOCUS_OFF = "\x1b[?1004h", "\x1b[?1004l"
"""The terminal says when its window gets and loses the focus: the keys "FocusIn" and "FocusOut"."""

MOUSE_ON, MOUSE_OFF = "\x1b[?1000h\x1b[?1006h", "\x1b[?1006l\x1b[?1000l"
"""Buttons and the wheel come as the key "Mouse"; with Shift held down, terminals still select text by themselves."""


class KeyAction(Enum):
    """What a key does; its name in lower case is how `client.toml` calls it."""

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
    RECALL = auto()
    DELETE_BEFORE = auto()
    DELETE_UNDER = auto()
    KILL_WORD = auto()
    KILL_WORD_AFTER = auto()
    KILL_TO_START = auto()
    KILL_TO_END = auto()
    YANK = auto()
    UNDO = auto()
    CANCEL = auto()
    # What only a view can do.
    CHAT = auto()
    NEXT_UNREAD = auto()
    SWITCH = auto()
    PAGE_UP = auto()
    PAGE_DOWN = auto()
    SCROLL_UP = auto()
    SCROLL_DOWN = auto()
    TOP = auto()
    BOTTOM = auto()
    FIND = auto()
    EDITOR = auto()
    HELP = auto()
    HELD = auto()
    CHATS_PANE = auto()
    PEOPLE_PANE = auto()
    ZOOM = auto()
    CLEAR_SCREEN = auto()
    REDRAW = auto()
    CLOSE = auto()
    LEAVE = auto()
    SUSPEND = auto()


class ViewKind(Flag):
    """Where a row holds."""

    LINE = auto()
    SCREEN = auto()
    BOTH = LINE | SCREEN


class Binding(NamedTuple):
    """One row: these keys do this."""

    keys: tuple[str, ...]
    action: KeyAction
    help: str  # empty where the row above speaks of both
    views: ViewKind = ViewKind.BOTH
    on_empty: bool = False  # only while nothing is typed; goes before a row that always holds


_LINE, _SCREEN = ViewKind.LINE, ViewKind.SCREEN
CHAT_KEYS = tuple(f"Alt-{number}" for number in range(1, 10))

KEYS = (
    Binding(("Enter",), KeyAction.SUBMIT, "send the line"),
    Binding(("Alt-Enter", "Shift-Enter"), KeyAction.NEW_LINE, "begin another line of the same message"),
    Binding(("Tab",), KeyAction.COMPLETE, "complete a command or a name; twice: show all"),
    Binding(("Left", "Ctrl-B"), KeyAction.LEFT, "back or forward by one character"),
    Binding(("Right",), KeyAction.RIGHT, ""),
    Binding(("Ctrl-F",), KeyAction.RIGHT, "", _LINE),
    Binding(("Alt-B", "Ctrl-Left", "Alt-Left"), KeyAction.WORD_LEFT, "back by one word"),
    Binding(("Alt-F", "Ctrl-Right", "Alt-Right"), KeyAction.WORD_RIGHT, "forward by one word"),
    Binding(("Home", "Ctrl-A"), KeyAction.START, "to the start or the end of the line"),
    Binding(("End", "Ctrl-E"), KeyAction.END, ""),
    Binding(("Up", "Ctrl-P"), KeyAction.OLDER, "the line sent before or after", _LINE),
    Binding(("Down", "Ctrl-N"), KeyAction.NEWER, "", _LINE),
    Binding(("Up", "Ctrl-P"), KeyAction.OLDER, "a row up or down; then what was sent before or after", _SCREEN),
    Binding(("Down", "Ctrl-N"), KeyAction.NEWER, "", _SCREEN),
    Binding(("Ctrl-R",), KeyAction.RECALL, "search in what you sent; again: further back"),
    Binding(("Backspace",), KeyAction.DELETE_BEFORE, "delete the character before the cursor"),
    Binding(("Delete", "Ctrl-D"), KeyAction.DELETE_UNDER, "delete the character under the cursor"),
    Binding(("Ctrl-W", "Alt-Backspace"), KeyAction.KILL_WORD, "cut the word before the cursor"),
    Binding(("Alt-D",), KeyAction.KILL_WORD_AFTER, "cut the word after the cursor"),
    Binding(("Ctrl-U",), KeyAction.KILL_TO_START, "cut everything before the cursor"),
    Binding(("Ctrl-K",), KeyAction.KILL_TO_END, "cut everything from the cursor on"),
    Binding(("Ctrl-Y",), KeyAction.YANK, "put back what was cut last"),
    Binding(("Ctrl-_",), KeyAction.UNDO, "undo what you typed or cut last"),
    Binding(("Ctrl-C",), KeyAction.CANCEL, "drop the line"),
    Binding(("Ctrl-X Ctrl-E",), KeyAction.EDITOR, "write the message in $EDITOR", _SCREEN),
    Binding(CHAT_KEYS, KeyAction.CHAT, "go to the first … ninth chat of the list", _SCREEN),
    Binding(("Alt-A",), KeyAction.NEXT_UNREAD, "go to the next chat with something unread", _SCREEN),
    Binding(("Ctrl-K",), KeyAction.SWITCH, "on an empty line: go to a chat by its name", _SCREEN, on_empty=True),
    Binding(("PgUp",), KeyAction.PAGE_UP, "a page up or down", _SCREEN),
    Binding(("PgDn",), KeyAction.PAGE_DOWN, "", _SCREEN),
    Binding(("WheelUp",), KeyAction.SCROLL_UP, "some lines up or down", _SCREEN),
    Binding(("WheelDown",), KeyAction.SCROLL_DOWN, "", _SCREEN),
    Binding(("Ctrl-Home",), KeyAction.TOP, "to the oldest or the newest message", _SCREEN),
    Binding(("Ctrl-End",), KeyAction.BOTTOM, "", _SCREEN),
    Binding(("Home",), KeyAction.TOP, "the same, on an empty line", _SCREEN, on_empty=True),
    Binding(("End",), KeyAction.BOTTOM, "", _SCREEN, on_empty=True),
    Binding(("Ctrl-F",), KeyAction.FIND, "find messages", _SCREEN),
    Binding(("F1",), KeyAction.HELP, "show this", _SCREEN),
    Binding(("F3",), KeyAction.HELD, "lines that were not sent: send, edit or drop them", _SCREEN),
    Binding(("F7",), KeyAction.CHATS_PANE, "show or hide the list of chats or of people", _SCREEN),
    Binding(("F8",), KeyAction.PEOPLE_PANE, "", _SCREEN),
    Binding(("F9",), KeyAction.ZOOM, "only the messages, for copying with the mouse", _SCREEN),
    Binding(("Esc", "Ctrl-G"), KeyAction.CLOSE, "end the search, and keep the line as it was", _LINE),
    Binding(("Esc", "Ctrl-G"), KeyAction.CLOSE, "close what is open", _SCREEN),
    Binding(("Ctrl-L",), KeyAction.CLEAR_SCREEN, "clear the screen", _LINE),
    Binding(("Ctrl-L",), KeyAction.REDRAW, "draw the screen anew", _SCREEN),
    Binding(("Ctrl-D", "Ctrl-C"), KeyAction.LEAVE, "on an empty line: quit", _LINE, on_empty=True),
    Binding(("Ctrl-D",), KeyAction.LEAVE, "on an empty line, twice: quit", _SCREEN, on_empty=True),
    Binding(("Ctrl-Z",), KeyAction.SUSPEND, "back to the shell until `fg`"),
)

SEQUENCES = {
    "[A": "Up", "[B": "Down", "[C": "Right", "[D": "Left", "[H": "Home", "[F": "End",
    "OA": "Up", "OB": "Down", "OC": "Right", "OD": "Left", "OH": "Home", "OF": "End", "OM": "Enter",
    "[1~": "Home", "[7~": "Home", "[4~": "End", "[8~": "End", "[2~": "Insert", "[3~": "Delete",
    "[5~": "PgUp", "[6~": "PgDn", "[200~": "Paste", "[201~": "PasteEnd",
    "[a": "Shift-Up", "[b": "Shift-Down", "[c": "Shift-Right", "[d": "Shift-Left",
    "Oa": "Ctrl-Up", "Ob": "Ctrl-Down", "Oc": "Ctrl-Right", "Od": "Ctrl-Left", "[5C": "Ctrl-Right", "[5D": "Ctrl-Left",
    "[Z": "Shift-Tab", "[I": "FocusIn", "[O": "FocusOut",
    "OP": "F1", "OQ": "F2", "OR": "F3", "OS": "F4", "[11~": "F1", "[12~": "F2", "[13~": "F3", "[14~": "F4",
    "[[A": "F1", "[[B": "F2", "[[C": "F3", "[[D": "F4", "[[E": "F5", "[15~": "F5", "[17~": "F6", "[18~": "F7",
    "[19~": "F8", "[20~": "F9", "[21~": "F10", "[23~": "F11", "[24~": "F12",
    "\r": "Alt-Enter", "\n": "Alt-Enter", "\x7f": "Alt-Backspace", "\x08": "Alt-Backspace", " ": "Alt-Space",
}  # fmt: skip
"""What follows Escape, as the terminals of today send it (xterm, VTE, rxvt, the Linux console, tmux)."""

KEYPAD = {f"O{chr(ord('j') + place)}": sign for place, sign in enumerate("*+,-./0123456789")} | {"OX": "="}
"""What follows Escape for the keys of the number block, where another program left it in its other mode."""

CONTROLS = {"\r": "Enter", "\n": "Enter", "\t": "Tab", "\x7f": "Backspace", "\x08": "Backspace", "\x00": "Ctrl-Space"}

NAMED = frozenset(
    "Enter Tab Backspace Delete Insert Esc Space Up Down Left Right Home End PgUp PgDn WheelUp WheelDown".split()
) | {f"F{number}" for number in range(1, 13)}
"""The keys with names of their own."""

TOLD = frozenset({"FocusIn", "FocusOut", "Mouse", "CursorAt"})
"""What a terminal tells among the keys, and nobody types."""


class Key(NamedTuple):
    """One key.

    "Text" and "Paste" come with what was written, "CursorAt" with a row and a column that the terminal was asked for,
    "Mouse" with what `mouse_event` reads; "FocusIn" and "FocusOut" say what became of the window; "PasteEnd" is the end
    of a paste that had no beginning; otherwise a name as in `KEYS`, such as `Ctrl-Alt-Shift-Up`, "" for no key at all.
    """

    name: str
    text: str = ""


class MouseEvent(NamedTuple):
    """What the mouse did.

    Attributes:
        button: 0 left, 1 middle, 2 right, 64 the wheel up, 65 down; 3 none, where it only moved.
        column: from 0 on.
        row: from 0 on.
        is_press: a button was pressed, or the wheel turned; else it was let go, or the mouse moved.
        bits: 1 Shift, 2 Alt, 4 Ctrl held down with it.
    """

    button: int
    column: int
    row: int
    is_press: bool
    bits: int = 0


def mouse_event(text: str) -> MouseEvent:
    """Read what comes with a key "Mouse": `button;column;row` and `M` or `m`, as SGR mode (1006) sends it."""
    code, column, row = (int(number) for number in text[:-1].split(";"))
    is_press = text.endswith("M") and not code & 0b100000
    return MouseEvent(code & ~0b111100, max(column - 1, 0), max(row - 1, 0), is_press, code >> 2 & 0b111)


def control(sign: str) -> str:
    """Return the name of the key that sends a control character."""
    return CONTROLS.get(sign) or (f"Ctrl-{chr(ord(sign) + 64)}" if "\x01" <= sign <= "\x1f" else "")


def with_modifiers(name: str, bits: int) -> str:
    """Return the name of a key when others are held down with it.

    Args:
        name: of a key without a character, such as `Left`.
        bits: 1 Shift, 2 Alt, 4 Ctrl, as terminals count them; others do not count.
    """
    return "".join(word for bit, word in MODIFIERS if bits & bit) + name


MODIFIERS = ((4, "Ctrl-"), (2, "Alt-"), (1, "Shift-"))
"""In the order in which a key's name has them."""
