"""The line being typed, on a terminal where nothing that was written is ever taken back.

It stands behind `> ` in the last row.  What is typed at its end is written there; any other change begins a new row
with the whole line as it is now.  No row stands there while nothing is typed, so that what arrives needs none to end.
"""

from reactor_chat.client.spoken.sentences import FURTHER
from reactor_chat.text.safe import as_edited

PROMPT = "> "
NEW_ROW = "\r\n"
TAB = "    "
QUOTED_CHARS_MAX = 20
"""So much of the line tells where in it the cursor is."""


class TypedRow:
    """What of the line stands in the last row of the terminal."""

    def __init__(self) -> None:
        self._stands: str | None = None  # behind the prompt; None where the last row is empty

    def is_ended_by(self, text: str) -> bool:
        """Return whether the line as it is now needs a new row."""
        return self._stands is None or not written_as(text).startswith(self._stands) or not text

    def changed(self, text: str, *, is_secret: bool = False) -> str:
        """Return what to write so that the line as it is now stands in the last row.

        Args:
            text: the line.
            is_secret: nothing of it is to be seen.
        """
        shown = "" if is_secret else written_as(text)
        before, self._stands = self._stands, shown if text or self._stands is not None else None
        if before is None:
            return f"{PROMPT}{shown}" if text else ""
        return shown[len(before) :] if shown.startswith(before) else f"{NEW_ROW}{PROMPT}{shown}"

    def over(self) -> str:
        """Return what to write so that the last row is empty."""
        was, self._stands = self._stands, None
        return "" if was is None else NEW_ROW


def written_as(text: str) -> str:
    """Return a line as it is written; its own line breaks begin rows like those of any text."""
    lines = (as_edited(line.replace("\t", TAB)) for line in text.split("\n"))
    return f"{NEW_ROW}{FURTHER}".join(lines)


def cursor_in_words(text: str, cursor: int) -> str:
    """Return the sentence that says where in a line the cursor is."""
    if not text:
        return "Nothing is typed."
    if cursor in (0, len(text)):
        return f"The cursor is at the {'end' if cursor else 'beginning'}."
    behind = as_edited(text[cursor:].replace("\n", " ").replace("\t", " "))[:QUOTED_CHARS_MAX]
    return f'The cursor is before "{behind}".'
