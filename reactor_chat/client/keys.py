"""What a terminal sends, as keys, and the one table of what they do.

A key arrives as UTF-8 text, as a control character, or as an escape sequence, and any of them may come in several
pieces.  A lone Escape looks like the beginning of a sequence, so whoever reads waits `ESCAPE_SECONDS_MAX` for the rest
and then says `flush`.  A bracketed paste comes as one key, whatever is in it: nothing pasted can press anything.
"""

import codecs
import re
from enum import Enum, auto
from typing import NamedTuple

ESCAPE_SECONDS_MAX = 0.1
PASTE_CHARS_MAX = 65_536
SEQUENCE_CHARS_MAX = 32

PASTE_ON = "\x1b[?2004h"
PASTE_OFF = "\x1b[?2004l"
_PASTE_END = "\x1b[201~"


class Action(Enum):
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
    action: Action
    help: str


KEYS = (
    Binding(("Enter",), Action.SUBMIT, "send the line"),
    Binding(("Alt-Enter",), Action.NEW_LINE, "begin another line of the same message"),
    Binding(("Tab",), Action.COMPLETE, "complete a command or a name; twice: show all that fit"),
    Binding(("Left", "Ctrl-B"), Action.LEFT, "back by one sign"),
    Binding(("Right", "Ctrl-F"), Action.RIGHT, "on by one sign"),
    Binding(("Alt-B", "Ctrl-Left"), Action.WORD_LEFT, "back by one word"),
    Binding(("Alt-F", "Ctrl-Right"), Action.WORD_RIGHT, "on by one word"),
    Binding(("Home", "Ctrl-A"), Action.START, "to the start of the line"),
    Binding(("End", "Ctrl-E"), Action.END, "to the end of the line"),
    Binding(("Up", "Ctrl-P"), Action.OLDER, "the line sent before"),
    Binding(("Down", "Ctrl-N"), Action.NEWER, "the line sent after"),
    Binding(("Backspace",), Action.DELETE_BEFORE, "delete the sign before the cursor"),
    Binding(("Delete",), Action.DELETE_UNDER, "delete the sign under the cursor"),
    Binding(("Ctrl-D",), Action.DELETE_OR_LEAVE, "the same; on an empty line: quit"),
    Binding(("Ctrl-W", "Alt-Backspace"), Action.KILL_WORD, "cut the word before the cursor"),
    Binding(("Ctrl-U",), Action.KILL_TO_START, "cut everything before the cursor"),
    Binding(("Ctrl-K",), Action.KILL_TO_END, "cut everything from the cursor on"),
    Binding(("Ctrl-Y",), Action.YANK, "put back what was cut last"),
    Binding(("Ctrl-L",), Action.CLEAR_SCREEN, "clear the screen"),
    Binding(("Ctrl-C",), Action.CANCEL_OR_LEAVE, "drop the line; on an empty one: quit"),
    Binding(("Ctrl-Z",), Action.SUSPEND, "back to the shell until `fg`"),
)

ACTIONS: dict[str, Action] = {key: row.action for row in KEYS for key in row.keys}

SEQUENCES = {
    "[A": "Up", "[B": "Down", "[C": "Right", "[D": "Left", "[H": "Home", "[F": "End",
    "OA": "Up", "OB": "Down", "OC": "Right", "OD": "Left", "OH": "Home", "OF": "End", "OM": "Enter",
    "[1~": "Home", "[7~": "Home", "[4~": "End", "[8~": "End", "[3~": "Delete", "[200~": "Paste",
    "[1;5C": "Ctrl-Right", "[1;5D": "Ctrl-Left", "[1;3C": "Alt-F", "[1;3D": "Alt-B", "[5C": "Ctrl-Right",
    "[5D": "Ctrl-Left", "\r": "Alt-Enter", "\n": "Alt-Enter", "\x7f": "Alt-Backspace", "\x08": "Alt-Backspace",
}  # fmt: skip
"""What follows Escape, as the terminals of today send it (xterm, VTE, rxvt, the Linux console, tmux)."""

CONTROLS = {"\r": "Enter", "\n": "Enter", "\t": "Tab", "\x7f": "Backspace", "\x08": "Backspace"}

_text = re.compile(r"[^\x00-\x1f\x7f]+")
_sequence = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|O[@-~]|[^\[O\x1b])")
_beginning = re.compile(r"\x1b(\[[0-?]*[ -/]*|O)?")


class Key(NamedTuple):
    """One key: "Text" and "Paste" with what was written, otherwise a name as in `KEYS`, "" for one without a use."""

    name: str
    text: str = ""


class KeyReader:
    """Turns the terminal's bytes into keys."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        self._pasted: list[str] | None = None
        self._pasted_chars = 0

    @property
    def is_waiting(self) -> bool:
        """Whether the beginning of an escape sequence, or a lone Escape, has come."""
        return bool(self._pending) and self._pasted is None

    def feed(self, data: bytes) -> list[Key]:
        """Take what came; return the keys that are complete, in their order."""
        self._pending += self._decoder.decode(data)
        keys: list[Key] = []
        while self._pending and (key := self._next()) is not None:
            keys.append(key)
        return keys

    def flush(self) -> list[Key]:
        """Take what is waiting for what it is: Escape was pressed, or a sequence broke off."""
        if self.is_waiting:
            self._pending = ""
        return []

    def _next(self) -> Key | None:
        if self._pasted is not None:
            return self._rest_of_paste()
        if found := _text.match(self._pending):
            return self._take(found.end(), Key("Text", found[0]))
        if self._pending[0] != "\x1b":
            return self._take(1, Key(_control(self._pending[0])))
        if found := _sequence.match(self._pending):
            return self._escaped(found)
        if _beginning.fullmatch(self._pending) and len(self._pending) <= SEQUENCE_CHARS_MAX:
            return None
        return self._take(1, Key(""))  # an Escape before another one, or before what is no sequence

    def _take(self, chars: int, key: Key) -> Key:
        self._pending = self._pending[chars:]
        return key

    def _escaped(self, found: re.Match[str]) -> Key:
        sequence = found[1]
        self._take(found.end(), Key(""))
        name = SEQUENCES.get(sequence, "")
        if name == "Paste":
            self._pasted, self._pasted_chars = [], 0
        elif not name and len(sequence) == 1:
            name = f"Alt-{sequence.upper()}"
        return Key("" if name == "Paste" else name)

    def _rest_of_paste(self) -> Key | None:
        assert self._pasted is not None
        inside, end, rest = self._pending.partition(_PASTE_END)
        if not end:
            # The end may have come in part, so as many characters are kept back.
            inside, rest = self._pending[: -len(_PASTE_END)], self._pending[-len(_PASTE_END) :]
        kept = inside[: PASTE_CHARS_MAX - self._pasted_chars]
        self._pasted.append(kept)
        self._pasted_chars += len(kept)
        self._pending = rest
        if not end:
            return None
        text, self._pasted = "".join(self._pasted), None
        return Key("Paste", text)


def _control(sign: str) -> str:
    return CONTROLS.get(sign) or (f"Ctrl-{chr(ord(sign) + 64)}" if "\x01" <= sign <= "\x1a" else "")
