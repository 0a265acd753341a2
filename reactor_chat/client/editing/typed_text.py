"""A text that is being edited, and the place in it: what editing does, and how it is undone.

The place is between visible characters, never inside one.  Whatever changes the text is a step that `undo` takes back.
"""

import re
from typing import NamedTuple

from reactor_chat.client.editing.undo import Edit, UndoSteps
from reactor_chat.text.widths import grapheme_boundary_after, grapheme_boundary_before

CHARS_MAX = 65_536
"""More than any server takes as one text."""

_dropped = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_word_before = re.compile(r"\w*\W*\Z")
_word_after = re.compile(r"\W*\w*")
_blanked_before = re.compile(r"\S*\s*\Z")


class Snapshot(NamedTuple):
    """A text and the place in it, to be gone on with later."""

    text: str = ""
    cursor: int = 0
    pasted_lines: int = 0


class TypedText:
    """The text, its steps, and what was cut.

    What cannot be done returns False, and nothing changed.

    Attributes:
        text: line breaks are `\\n`; of other controls it has none but the tab.
        cursor: an index into it, at the start of a character.
        pasted_lines: how many lines the longest paste into it had.
    """

    def __init__(self) -> None:
        self.text = ""
        self.cursor = 0
        self.pasted_lines = 0
        self._undo = UndoSteps()
        self._cut = ""

    def snapshot(self) -> Snapshot:
        """Return what `restore` takes."""
        return Snapshot(self.text, self.cursor, self.pasted_lines)

    def restore(self, kept: Snapshot) -> None:
        """Put another text in the place of this one, as if this one had never been.

        Args:
            kept: from `snapshot`, or from a file: any text and any place.
        """
        self.text, self.pasted_lines = _dropped.sub("", kept.text)[:CHARS_MAX], kept.pasted_lines
        self.cursor = self._at_character(min(max(kept.cursor, 0), len(self.text)))
        self._undo.clear()

    def show(self, other: Snapshot) -> None:
        """Show another text for a while; before anything is changed, what was there is to be shown again."""
        self.text, self.cursor, self.pasted_lines = other

    def forget(self) -> None:
        """Begin anew, with nothing to undo."""
        self.restore(Snapshot())

    # ------------------------------------------------------------------------------------------ changing it

    def insert(self, text: str, *, is_typed: bool = False) -> bool:
        """Put a text in front of the cursor.

        Args:
            text: controls in it are dropped; more than `CHARS_MAX` of all the text are too many.
            is_typed: a person typed it: one step with what they typed just before.
        """
        text = _dropped.sub("", text)
        if len(self.text) + len(text) > CHARS_MAX:
            return False
        self.change(self.cursor, self.cursor, text, is_typed=is_typed)
        return True

    def paste(self, text: str) -> bool:
        """Do as `insert`, and remember that it was a paste, of so many lines."""
        self._undo.break_off()
        before = self.pasted_lines
        if not self.insert(text):
            return False
        self.pasted_lines = max(before, text.count("\n") + 1)
        return True

    def change(self, begin: int, end: int, text: str, *, is_typed: bool = False) -> None:
        """Put a text in the place of a part, the cursor behind it."""
        if begin == end and not text:
            return
        edit = Edit(begin, self.text[begin:end], len(text), self.cursor, self.pasted_lines)
        self._undo.note(edit, is_typed=is_typed)
        self.text = self.text[:begin] + text + self.text[end:]
        self.cursor = self._at_character(begin + len(text))

    def replace(self, text: str) -> None:
        """Put another text in the place of all of it, the cursor behind it."""
        self.change(0, len(self.text), _dropped.sub("", text)[:CHARS_MAX])
        self.pasted_lines = 0

    def undo(self) -> bool:
        """Take the last step back."""
        edit = self._undo.take()
        if edit is None:
            return False
        self.text = self.text[: edit.begin] + edit.removed + self.text[edit.begin + edit.inserted :]
        self.cursor, self.pasted_lines = edit.cursor, edit.pasted_lines
        return True

    def settle(self) -> None:
        """What is typed from now on is another step."""
        self._undo.break_off()

    def delete_before(self) -> bool:
        """Delete the character before the cursor."""
        return self._delete(self._before(), self.cursor)

    def delete_under(self) -> bool:
        """Delete the character under the cursor."""
        return self._delete(self.cursor, self._after())

    def _delete(self, begin: int, end: int) -> bool:
        self.change(begin, end, "")
        return begin != end

    def kill_word(self) -> bool:
        """Cut the word before the cursor, as far as a blank."""
        found = _blanked_before.search(self.text, 0, self.cursor)
        return self._cut_out(found.start() if found else 0, self.cursor)

    def kill_word_after(self) -> bool:
        """Cut the word after the cursor, and what stands in front of it."""
        return self._cut_out(self.cursor, self._word_end())

    def kill_to_start(self) -> bool:
        """Cut everything before the cursor."""
        return self._cut_out(0, self.cursor)

    def kill_to_end(self) -> bool:
        """Cut everything from the cursor on."""
        return self._cut_out(self.cursor, len(self.text))

    def _cut_out(self, begin: int, end: int) -> bool:
        self._cut = self.text[begin:end] or self._cut
        return self._delete(begin, end)

    def yank(self) -> bool:
        """Put back what was cut last."""
        return bool(self._cut) and self.insert(self._cut)

    # ------------------------------------------------------------------------------------------ moving in it

    def go_to(self, index: int) -> bool:
        """Move the cursor to a place, or to where the character ends that this is inside of."""
        self.cursor = self._at_character(index)
        return True

    def left(self) -> bool:
        """Move back by one character."""
        return self.go_to(self._before())

    def right(self) -> bool:
        """Move forward by one character."""
        return self.go_to(self._after())

    def word_left(self) -> bool:
        """Move to the beginning of a word."""
        found = _word_before.search(self.text, 0, self.cursor)
        return self.go_to(found.start() if found else 0)

    def word_right(self) -> bool:
        """Move to the end of a word."""
        return self.go_to(self._word_end())

    def start(self) -> bool:
        """Move to the beginning of the text."""
        return self.go_to(0)

    def end(self) -> bool:
        """Move to its end."""
        return self.go_to(len(self.text))

    def line_start(self) -> bool:
        """Move to the beginning of a line of the text; from there, of the text."""
        found = self.text.rfind("\n", 0, self.cursor) + 1
        return self.go_to(found if found != self.cursor else 0)

    def line_end(self) -> bool:
        """Move to the end of a line of the text; from there, of the text."""
        found = self.text.find("\n", self.cursor)
        return self.go_to(found if found not in (-1, self.cursor) else len(self.text))

    def _word_end(self) -> int:
        found = _word_after.match(self.text, self.cursor)
        return found.end() if found else len(self.text)

    def _before(self) -> int:
        return grapheme_boundary_before(self.text, self.cursor) if self.cursor else 0

    def _after(self) -> int:
        return grapheme_boundary_after(self.text, self.cursor)

    def _at_character(self, index: int) -> int:
        # A mark, a joiner or half a flag behind the place belongs to the character before it.
        if index >= len(self.text) or self.text[index].isascii():
            return index
        begin = grapheme_boundary_before(self.text, index + 1)
        return grapheme_boundary_after(self.text, begin) if begin < index else index
