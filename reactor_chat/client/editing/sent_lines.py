"""What somebody sent before: gone through line by line, or searched."""

RECALLED_MAX = 500


class SentLines:
    """The lines, oldest first, and the place among them that is shown; their number is the line being typed itself.

    Attributes:
        place: that place.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._draft = ""  # the line being typed, while another place is shown
        self.place = 0

    def add(self, text: str) -> None:
        """Remember a line that was sent; one like the last is the same one, and a blank one is none."""
        if text.strip() and (not self._lines or self._lines[-1] != text):
            self._lines = [*self._lines[1 - RECALLED_MAX :], text]

    def rewind(self) -> None:
        """Go back to the line being typed, which is another one from now on."""
        self.place, self._draft = len(self._lines), ""

    def show(self, place: int, shown: str) -> str | None:
        """Return the line at another place, which is shown from now on; None where there is none, and nothing changes.

        Args:
            place: 0 is the oldest.
            shown: what is shown now, to come back to where it is the line being typed.
        """
        if not 0 <= place <= len(self._lines):
            return None
        if self.place == len(self._lines):
            self._draft = shown
        self.place = place
        return self._draft if place == len(self._lines) else self._lines[place]

    def at(self, place: int) -> str | None:
        """Return the line at a place; None at the one of the line being typed."""
        return self._lines[place] if place < len(self._lines) else None

    def find(self, words: str, before: int) -> int | None:
        """Return the place of the newest line before a place that has these words, in any case; None where none has."""
        wanted = words.casefold()
        places = range(min(before, len(self._lines)) - 1, -1, -1)
        return next((place for place in places if wanted in self._lines[place].casefold()), None)

    def __len__(self) -> int:
        return len(self._lines)
