"""A search in what was sent before, while it goes on: words in, the newest line with them out."""

from reactor_chat.client.editing.sent_lines import SentLines
from reactor_chat.text.widths import grapheme_boundary_before


class RecallSearch:
    """One search.

    Args:
        sent: where to look.
        words_before: of the search before this one, for who asks for the next line without saying any.

    Attributes:
        words: what is looked for so far.
        place: of the line that was found; their number where none was yet.
        is_found: there is a line with the words; else `place` is of the last line that was found.
    """

    def __init__(self, sent: SentLines, words_before: str = "") -> None:
        self.words = ""
        self.place = len(sent)
        self.is_found = True
        self._sent = sent
        self._words_before = words_before

    def type(self, text: str) -> None:
        """Look for more words: in the line that was found, and if they are not there, further back."""
        self.words += text
        self._find(self.place + 1)

    def shorten(self) -> None:
        """Take the last character of the words back, and look from the newest line on."""
        self.words = self.words[: grapheme_boundary_before(self.words, len(self.words))] if self.words else ""
        self._find(len(self._sent))

    def go_on(self) -> None:
        """Look further back."""
        if not self.words:
            self.words = self._words_before
        self._find(self.place)

    def _find(self, before: int) -> None:
        found = self._sent.find(self.words, before) if self.words else None
        self.is_found = found is not None or not self.words
        self.place = self.place if found is None else found
