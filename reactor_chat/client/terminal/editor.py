"""The line being typed: keys in, its text and cursor out.

It touches no terminal.  A key changes the line, or comes back as something that only the view around it can do: submit
the line, show what Tab could mean, leave.  Places in the line are between visible characters, never inside one.
"""

import re
from collections.abc import Callable
from enum import Enum, auto
from typing import ClassVar, NamedTuple

from reactor_chat.client.commands.keys import ACTIONS, Key, KeyAction
from reactor_chat.client.terminal.cells import after, before, cells, fitting
from reactor_chat.text.safe import as_edited

CHARS_MAX = 65_536
"""More than any server takes as one text."""

RECALLED_MAX = 500

_marks = str.maketrans({"\n": "⏎", "\t": "⇥"})
_dropped = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_word_before = re.compile(r"\w*\W*\Z")
_word_after = re.compile(r"\W*\w*")
_blanked_before = re.compile(r"\S*\s*\Z")


class Submitted(NamedTuple):
    """The line is finished; the editor is empty again."""

    text: str


class Choices(NamedTuple):
    """Tab could mean any of these."""

    words: list[str]


class EditorRequest(Enum):
    """What the view is to do."""

    BELL = auto()
    LEAVE = auto()
    CLEAR_SCREEN = auto()
    SUSPEND = auto()


Result = Submitted | Choices | EditorRequest | None


class VisibleLine(NamedTuple):
    """What a row shows of the line, and the cell of the cursor in it."""

    text: str
    cursor_cells: int


class Editor:
    """One line, its history, and what was cut.

    Args:
        complete: given the line as far as the cursor, returns the word to replace and what it may become.

    Attributes:
        text: what was typed so far; line breaks come from pastes and Alt-Enter.
        cursor: an index into `text`, at the start of a character.
        remembers: whether submitted lines can be recalled.
        pasted_lines: how many lines the longest paste into it had.
    """

    def __init__(self, complete: Callable[[str], tuple[str, list[str]]]) -> None:
        self.text = ""
        self.cursor = 0
        self.remembers = True
        self.pasted_lines = 0
        self._complete = complete
        self._recalled: list[str] = []
        self._recall = 0  # which of them is shown; their number is the line itself
        self._draft = ""
        self._cut = ""
        self._first = 0  # the index at the left edge of what is visible
        self._last_action: KeyAction | None = None

    def press(self, key: Key) -> Result:
        """Do what a key does.

        Returns:
            What is left to the view; None where nothing is.
        """
        if key.name in ("Text", "Paste"):
            self._last_action = None
            return self._insert(key.text) if key.name == "Text" else self._paste(_as_pasted(key.text))
        action = ACTIONS.get(key.name)
        if action is None:
            return None
        result = self._ACTIONS[action](self)
        self._last_action = action
        return result

    def replace(self, text: str) -> None:
        """Put another line in place of the one being typed, the cursor behind it."""
        self.text, self.cursor, self._last_action, self.pasted_lines = text, len(text), None, 0

    def visible(self, columns: int) -> VisibleLine:
        """Return what a row of so many cells shows: the part around the cursor, which stays where it was if it can.

        Args:
            columns: at least 1; the last one is for a cursor behind the text.
        """
        room = max(columns - 1, 0)
        shown = as_edited(self.text.translate(_marks))
        if self.cursor < self._first:
            self._first = _first_within(shown, self.cursor, room // 3)
        elif cells(shown[self._first : self.cursor]) > room:
            self._first = _first_within(shown, self.cursor, room)
        # When the rest of the line is shorter than the row, what stands before it fills the row up.
        if self._first > 0 and fitting(shown, self._first, room - 1) == len(shown):
            self._first = min(self._first, _first_within(shown, len(shown), room))
        return VisibleLine(
            shown[self._first : fitting(shown, self._first, room)], cells(shown[self._first : self.cursor])
        )

    @property
    def lines(self) -> int:
        """How many lines the message has."""
        return self.text.count("\n") + 1

    # ------------------------------------------------------------------------------------------ changing the line

    def _insert(self, text: str) -> Result:
        text = _dropped.sub("", text)
        if len(self.text) + len(text) > CHARS_MAX:
            return EditorRequest.BELL
        self._replace(self.cursor, self.cursor, text)
        return None

    def _paste(self, text: str) -> Result:
        self.pasted_lines = max(self.pasted_lines, text.count("\n") + 1)
        return self._insert(text)

    def _replace(self, begin: int, end: int, text: str) -> None:
        self.text = self.text[:begin] + text + self.text[end:]
        self.cursor = begin + len(text)
        if not self.text[self.cursor : self.cursor + 1].isascii():
            # What follows may have become a part of the character before the cursor: a mark, a joiner, half a flag.
            character = before(self.text, self.cursor + 1)
            self.cursor = after(self.text, character) if character < self.cursor else self.cursor

    def _set(self, text: str) -> None:
        self.text, self.cursor, self._first = text, len(text), 0

    def _cut_out(self, begin: int, end: int) -> Result:
        if begin == end:
            return EditorRequest.BELL
        self._cut = self.text[begin:end]
        self._replace(begin, end, "")
        return None

    def _submit(self) -> Result:
        text = self.text
        if self.remembers and text.strip() and (not self._recalled or self._recalled[-1] != text):
            self._recalled = [*self._recalled[1 - RECALLED_MAX :], text]
        self._clear()
        return Submitted(text)

    def _clear(self) -> None:
        self._set("")
        self.pasted_lines = 0
        self._recall, self._draft = len(self._recalled), ""

    def _new_line(self) -> Result:
        return self._insert("\n")

    def _delete_before(self) -> Result:
        if not self.cursor:
            return EditorRequest.BELL
        self._replace(before(self.text, self.cursor), self.cursor, "")
        return None

    def _delete_under(self) -> Result:
        end = after(self.text, self.cursor)
        if end == self.cursor:
            return EditorRequest.BELL
        self._replace(self.cursor, end, "")
        return None

    def _kill_word(self) -> Result:
        found = _blanked_before.search(self.text, 0, self.cursor)
        return self._cut_out(found.start() if found else 0, self.cursor)

    def _kill_to_start(self) -> Result:
        return self._cut_out(0, self.cursor)

    def _kill_to_end(self) -> Result:
        return self._cut_out(self.cursor, len(self.text))

    def _yank(self) -> Result:
        return self._insert(self._cut) if self._cut else EditorRequest.BELL

    # ------------------------------------------------------------------------------------------ moving in it

    def _left(self) -> Result:
        self.cursor = before(self.text, self.cursor)
        return None

    def _right(self) -> Result:
        self.cursor = after(self.text, self.cursor)
        return None

    def _word_left(self) -> Result:
        found = _word_before.search(self.text, 0, self.cursor)
        self.cursor = found.start() if found else 0
        return None

    def _word_right(self) -> Result:
        found = _word_after.match(self.text, self.cursor)
        self.cursor = found.end() if found else len(self.text)
        return None

    def _start(self) -> Result:
        self.cursor = 0
        return None

    def _end(self) -> Result:
        self.cursor = len(self.text)
        return None

    # ------------------------------------------------------------------------------------------ lines sent before

    def _older(self) -> Result:
        return self._recall_line(self._recall - 1)

    def _newer(self) -> Result:
        return self._recall_line(self._recall + 1)

    def _recall_line(self, which: int) -> Result:
        if not 0 <= which <= len(self._recalled):
            return EditorRequest.BELL
        if self._recall == len(self._recalled):
            self._draft = self.text
        self._recall = which
        self._set(self._draft if which == len(self._recalled) else self._recalled[which])
        return None

    # ------------------------------------------------------------------------------------------ what the view must do

    def _complete_word(self) -> Result:
        word, found = self._complete(self.text[: self.cursor])
        begin = self.cursor - len(word)
        if not found:
            return EditorRequest.BELL
        if len(found) == 1:
            self._replace(begin, self.cursor, found[0] + " ")
            return None
        common = _common_beginning(found)
        if len(common) > len(word):
            self._replace(begin, self.cursor, common)
            return None
        return Choices(found) if self._last_action is KeyAction.COMPLETE else EditorRequest.BELL

    def _delete_or_leave(self) -> Result:
        return self._delete_under() if self.text else EditorRequest.LEAVE

    def _cancel_or_leave(self) -> Result:
        if not self.text:
            return EditorRequest.LEAVE
        self._clear()
        return None

    def _clear_screen(self) -> Result:
        return EditorRequest.CLEAR_SCREEN

    def _suspend(self) -> Result:
        return EditorRequest.SUSPEND

    _ACTIONS: ClassVar[dict[KeyAction, Callable[["Editor"], Result]]] = {
        KeyAction.SUBMIT: _submit,
        KeyAction.NEW_LINE: _new_line,
        KeyAction.COMPLETE: _complete_word,
        KeyAction.LEFT: _left,
        KeyAction.RIGHT: _right,
        KeyAction.WORD_LEFT: _word_left,
        KeyAction.WORD_RIGHT: _word_right,
        KeyAction.START: _start,
        KeyAction.END: _end,
        KeyAction.OLDER: _older,
        KeyAction.NEWER: _newer,
        KeyAction.DELETE_BEFORE: _delete_before,
        KeyAction.DELETE_UNDER: _delete_under,
        KeyAction.DELETE_OR_LEAVE: _delete_or_leave,
        KeyAction.KILL_WORD: _kill_word,
        KeyAction.KILL_TO_START: _kill_to_start,
        KeyAction.KILL_TO_END: _kill_to_end,
        KeyAction.YANK: _yank,
        KeyAction.CLEAR_SCREEN: _clear_screen,
        KeyAction.CANCEL_OR_LEAVE: _cancel_or_leave,
        KeyAction.SUSPEND: _suspend,
    }


def _first_within(text: str, index: int, cells_max: int) -> int:
    """The earliest character boundary from which it is at most so many cells to `index`."""
    first = index
    while first > 0 and cells(text[before(text, first) : index]) <= cells_max:
        first = before(text, first)
    return first


def _as_pasted(text: str) -> str:
    """A paste is one message: its line ends are ours, and the last one, which copying brings along, is dropped."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def _common_beginning(words: list[str]) -> str:
    """The longest beginning that all words share regardless of case, as the first one spells it."""
    first, *others = words
    length = len(first)
    for other in others:
        length = min(length, len(other))
        while first[:length].lower() != other[:length].lower():
            length -= 1
    return first[:length]
