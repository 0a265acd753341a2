"""The line being typed: keys in, its text and cursor out.

It touches no terminal.  A key changes the line, or comes back as something that only the view around it can do: submit
the line, show what Tab could mean, go to another chat.

The line mode draws it in one row (`visible`), the screen in a box of several (`rows`).  Where it is drawn in rows, Up
and Down move between them, and Home and End within one line of the message.  Where there is no row above, Up is the
line sent before; from then on it goes through what was sent, until another key is pressed.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import ClassVar, NamedTuple

from reactor_chat.client.commands.key_map import Bound, KeyMap
from reactor_chat.client.commands.keys import Key, KeyAction, ViewKind
from reactor_chat.client.editing.recall_search import RecallSearch
from reactor_chat.client.editing.sent_lines import SentLines
from reactor_chat.client.editing.typed_text import Snapshot, TypedText
from reactor_chat.client.terminal.cells import before, cells, fitting
from reactor_chat.client.terminal.rows import BrokenLine, EditedRows
from reactor_chat.text.safe import as_edited

_marks = str.maketrans({"\n": "⏎", "\t": "⇥"})


class Submitted(NamedTuple):
    """The line is finished; the editor is empty again."""

    text: str


class Choices(NamedTuple):
    """Tab could mean any of these."""

    words: list[str]


class EditorRequest(Enum):
    """What every view can do."""

    BELL = auto()


Result = Submitted | Choices | EditorRequest | Bound | None
"""What is left to the view; `Bound` is an action that is none of the editor's."""


class VisibleLine(NamedTuple):
    """What a row shows of the line, and the cell of the cursor in it."""

    text: str
    cursor_cells: int


class Editor:
    """One line, its history, and what was cut.

    Args:
        complete: given the line as far as the cursor, returns the word to replace and what it may become.
        keys: what each key does; left out, as in the line mode.

    Attributes:
        remembers: whether submitted lines can be recalled.
        search: the search in what was sent, while it goes on; the line is then the one that it found last.
    """

    def __init__(self, complete: Callable[[str], tuple[str, list[str]]], keys: KeyMap | None = None) -> None:
        self.remembers = True
        self.search: RecallSearch | None = None
        self._line = TypedText()
        self._complete = complete
        self._keys = KeyMap(ViewKind.LINE) if keys is None else keys
        self._sent = SentLines()
        self._before_search = Snapshot()
        self._words_searched = ""
        self._first = 0  # the index at the left edge of what is visible
        self._first_row = 0
        self._columns: int | None = None  # of the rows it is drawn in
        self._wanted_cells: int | None = None  # where the cursor was before it went through shorter rows
        self._is_recalling = False
        self._last_action: KeyAction | None = None

    @property
    def text(self) -> str:
        """What was typed so far; line breaks come from pastes and Alt-Enter."""
        return self._line.text

    @property
    def cursor(self) -> int:
        """An index into the text, at the start of a character."""
        return self._line.cursor

    @property
    def pasted_lines(self) -> int:
        """How many lines the longest paste into it had."""
        return self._line.pasted_lines

    @property
    def lines(self) -> int:
        """How many lines the message has."""
        return self.text.count("\n") + 1

    def press(self, key: Key) -> Result:
        """Do what a key does.

        Returns:
            What is left to the view; None where nothing is.
        """
        if key.name in ("Text", "Paste"):
            return self._take(key)
        bound = self._keys.look_up(key, is_empty=not self.text and self.search is None)
        if bound is None:
            return None
        if self.search is not None:
            if (step := self._SEARCHING.get(bound.action)) is not None:
                return step(self)
            self._settle_search()
        return self._act(bound)

    def submits(self, key: Key) -> bool:
        """Whether this key would submit the line."""
        return self.search is None and self._keys.look_up(key, is_empty=not self.text) == Bound(KeyAction.SUBMIT)

    def _take(self, key: Key) -> Result:
        if key.name == "Text" and self.search is not None:
            return self._search_by(lambda search: search.type(key.text))
        self._settle_search()
        self._begin_step(None)
        is_done = (
            self._line.insert(key.text, is_typed=True) if key.name == "Text" else self._line.paste(_as_pasted(key.text))
        )
        return None if is_done else EditorRequest.BELL

    def _act(self, bound: Bound) -> Result:
        if bound.action in self._EDITS:
            is_done = self._EDITS[bound.action](self._line)
            result: Result = None if is_done else EditorRequest.BELL
        elif bound.action in self._ACTIONS:
            result = self._ACTIONS[bound.action](self)
        else:
            result = bound
        self._line.settle()
        self._begin_step(bound.action)
        return result

    def _begin_step(self, action: KeyAction | None) -> None:
        self._last_action = action
        if action not in (KeyAction.OLDER, KeyAction.NEWER):
            self._wanted_cells, self._is_recalling = None, False

    # ------------------------------------------------------------------------------------------ another line

    def replace(self, text: str) -> None:
        """Put another line in place of the one being typed, the cursor behind it; undo brings the other back."""
        self._settle_search()
        self._line.replace(text)
        self._begin_step(None)

    def snapshot(self) -> Snapshot:
        """Return the line as it is, for `restore`."""
        return self._line.snapshot() if self.search is None else self._before_search

    def restore(self, kept: Snapshot) -> None:
        """Put another conversation's line in place of this one; what was done to this one cannot be undone there.

        Args:
            kept: from `snapshot`, or from a file: any text and any place.
        """
        self.search = None
        self._line.restore(kept)
        self._first = self._first_row = 0
        self._begin_step(None)
        self._sent.rewind()

    def _submit(self) -> Result:
        text = self.text
        if self.remembers:
            self._sent.add(text)
        self.restore(Snapshot())
        return Submitted(text)

    def _cancel(self) -> Result:
        if not self.text:
            return EditorRequest.BELL
        self._line.replace("")
        if not self.remembers:
            self._line.forget()
        self._sent.rewind()
        return None

    # ------------------------------------------------------------------------------------------ what is drawn

    def visible(self, columns: int) -> VisibleLine:
        """Return what a row of so many cells shows: the part around the cursor, which stays where it was if it can.

        Args:
            columns: at least 1; the last one is for a cursor behind the text.
        """
        room = max(columns - 1, 0)
        shown = as_edited(self.text.translate(_marks))
        self._first = before(shown, min(self._first + 1, len(shown)))  # there may be another text by now
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

    def rows(self, columns: int, rows_max: int) -> EditedRows:
        """Return the part around the cursor in rows, which stays where it was if it can; from now on Up is a row above.

        Args:
            columns: at least 1, of each row; the last one is for the cursor.
            rows_max: at least 1.
        """
        self._columns = columns
        shown = BrokenLine(self.text, columns).window(self.cursor, self._first_row, rows_max)
        self._first_row = shown.above
        return shown

    # ------------------------------------------------------------------------------------------ other rows and lines

    def _start(self) -> Result:
        (self._line.start if self._columns is None else self._line.line_start)()
        return None

    def _end(self) -> Result:
        (self._line.end if self._columns is None else self._line.line_end)()
        return None

    def _older(self) -> Result:
        return None if self._moves_row(-1) else self._recall(self._sent.place - 1)

    def _newer(self) -> Result:
        return None if self._moves_row(1) else self._recall(self._sent.place + 1)

    def _moves_row(self, rows: int) -> bool:
        """Go to another row; say whether that was to be done."""
        if self._columns is None or self._is_recalling:
            return False
        broken = BrokenLine(self.text, self._columns)
        row, cursor_cells = broken.at(self.cursor)
        if not 0 <= row + rows < len(broken):
            return False
        self._wanted_cells = cursor_cells if self._wanted_cells is None else self._wanted_cells
        return self._line.go_to(broken.index(row + rows, self._wanted_cells))

    def _recall(self, place: int) -> Result:
        text = self._sent.show(place, self.text)
        if text is None:
            return EditorRequest.BELL
        self._line.change(0, len(self.text), text)
        self._is_recalling = True
        return None

    # ------------------------------------------------------------------------------------------ searching in them

    def _begin_search(self) -> Result:
        if not self.remembers or not len(self._sent):
            return EditorRequest.BELL
        self._before_search = self._line.snapshot()
        self.search = RecallSearch(self._sent, self._words_searched)
        return None

    def _search_by(self, step: Callable[[RecallSearch], None]) -> Result:
        """Do a step of the search, and show the line that it found."""
        search = self.search
        assert search is not None
        step(search)
        found = self._sent.at(search.place)
        self._line.show(self._before_search if found is None else Snapshot(found, len(found)))
        return None if search.is_found else EditorRequest.BELL

    def _settle_search(self) -> Result:
        """End the search with the line that it found."""
        search = self.search
        self._give_up_search()
        if search is not None and self._sent.at(search.place) is not None:
            self._recall(search.place)
        return None

    def _give_up_search(self) -> Result:
        """End the search with the line as it was before."""
        if self.search is not None:
            self._words_searched = self.search.words or self._words_searched
            self._line.show(self._before_search)
            self.search = None
        return None

    # ------------------------------------------------------------------------------------------ completion

    def _complete_word(self) -> Result:
        word, found = self._complete(self.text[: self.cursor])
        begin = self.cursor - len(word)
        if not found:
            return EditorRequest.BELL
        if len(found) == 1:
            self._line.change(begin, self.cursor, found[0] + " ")
            return None
        common = _common_beginning(found)
        if len(common) > len(word):
            self._line.change(begin, self.cursor, common)
            return None
        return Choices(found) if self._last_action is KeyAction.COMPLETE else EditorRequest.BELL

    _EDITS: ClassVar[dict[KeyAction, Callable[[TypedText], bool]]] = {
        KeyAction.NEW_LINE: lambda line: line.insert("\n"),
        KeyAction.LEFT: TypedText.left,
        KeyAction.RIGHT: TypedText.right,
        KeyAction.WORD_LEFT: TypedText.word_left,
        KeyAction.WORD_RIGHT: TypedText.word_right,
        KeyAction.DELETE_BEFORE: TypedText.delete_before,
        KeyAction.DELETE_UNDER: TypedText.delete_under,
        KeyAction.KILL_WORD: TypedText.kill_word,
        KeyAction.KILL_WORD_AFTER: TypedText.kill_word_after,
        KeyAction.KILL_TO_START: TypedText.kill_to_start,
        KeyAction.KILL_TO_END: TypedText.kill_to_end,
        KeyAction.YANK: TypedText.yank,
        KeyAction.UNDO: TypedText.undo,
    }
    """What only changes the text or moves in it."""

    _ACTIONS: ClassVar[dict[KeyAction, Callable[["Editor"], Result]]] = {
        KeyAction.SUBMIT: _submit,
        KeyAction.COMPLETE: _complete_word,
        KeyAction.START: _start,
        KeyAction.END: _end,
        KeyAction.OLDER: _older,
        KeyAction.NEWER: _newer,
        KeyAction.RECALL: _begin_search,
        KeyAction.CANCEL: _cancel,
    }
    """What else is the editor's own."""

    _SEARCHING: ClassVar[dict[KeyAction, Callable[["Editor"], Result]]] = {
        KeyAction.RECALL: lambda self: self._search_by(RecallSearch.go_on),
        KeyAction.DELETE_BEFORE: lambda self: self._search_by(RecallSearch.shorten),
        KeyAction.SUBMIT: _settle_search,  # to be looked at, and sent with another Enter
        KeyAction.CANCEL: _give_up_search,
        KeyAction.CLOSE: _give_up_search,
    }
    """What keys do while a search goes on; any other ends it with what was found, and does what it does."""


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
