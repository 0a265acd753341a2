"""Brings a picture to the terminal with urwid, which knows what has changed and how to say it.

A picture is complete, one row for each of the screen's, so urwid is given one widget that fills the screen.  It reads
no input and changes no modes of the terminal: those are `tty`'s and the key reader's.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import lru_cache
from io import StringIO
from typing import Any, Literal, NamedTuple, cast

import urwid
from urwid.display import raw

from reactor_chat.client.screen.rows import ROWS_REMEMBERED, Row, filled
from reactor_chat.client.screen.themes import look

Run = tuple[Hashable, Literal["0", "U"] | None, bytes]


class Picture(NamedTuple):
    """Everything that a terminal shows.

    Attributes:
        rows: from the top, as many as the screen has.
        cursor: its column and row; None where it is hidden.
    """

    rows: Sequence[Row]
    cursor: tuple[int, int] | None


class PictureCanvas(urwid.Canvas):
    """A picture as urwid has it."""

    def __init__(self, picture: Picture, columns: int, runs: Callable[[Row], list[Run]]) -> None:
        super().__init__()
        self._columns = columns
        self._content = [runs(filled(row, columns)) for row in picture.rows]
        self.cursor = picture.cursor

    def content(self, *_where: Any, **_how: Any) -> Iterator[list[Run]]:
        """Yield the rows; all of them, because nothing lies over a picture."""
        yield from self._content

    def rows(self) -> int:
        """Return how many there are."""
        return len(self._content)

    def cols(self) -> int:
        """Return how many cells each has."""
        return self._columns


class PictureWidget(urwid.Widget):
    """The one widget: draws what it is asked for."""

    _sizing = frozenset([urwid.Sizing.BOX])
    _selectable = False
    no_cache = ("render",)

    def __init__(self, draw: Callable[[int, int], Picture], attribute: Callable[[str, str], Hashable]) -> None:
        super().__init__()
        self._draw = draw
        self._attribute = attribute
        self._runs = lru_cache(ROWS_REMEMBERED)(self._runs_of)

    def render(
        self,
        size: tuple[()] | tuple[int] | tuple[int, int],
        focus: bool = False,  # noqa: ARG002, FBT001, FBT002  the signature is urwid's
    ) -> PictureCanvas:
        """Return the picture for a screen of so many columns and rows."""
        assert len(size) == 2, "a picture fills a box"
        columns, rows = size
        return PictureCanvas(self._draw(columns, rows), columns, self._runs)

    def _runs_of(self, row: Row) -> list[Run]:
        return [(self._attribute(span.style, span.link), None, span.text.encode()) for span in row]


class PictureScreen(raw.Screen):
    """urwid's screen, writing where we say, and leaving input, signals and modes of the terminal alone.

    Args:
        write: takes what is to be written.
        size: tells columns and rows.
    """

    def __init__(self, write: Callable[[str], None], size: Callable[[], tuple[int, int]]) -> None:
        super().__init__(input=cast("Any", None), output=StringIO(), bracketed_paste_mode=False, focus_reporting=False)
        self._put = write
        self._size = size

    def write(self, data: str) -> None:
        """Write a piece of the screen."""
        self._put(data)

    def flush(self) -> None:
        """Everything is queued already."""

    def get_cols_rows(self) -> tuple[int, int]:
        """Return columns and rows."""
        columns, self.maxrow = self._size()
        return columns, self.maxrow

    def signal_init(self) -> None:
        """Signals are the runner's."""

    def signal_restore(self) -> None:
        """Signals are the runner's."""

    def tty_signal_keys(self, *_keys: Any, **_where: Any) -> None:
        """The terminal's modes are `tty`'s."""

    def get_input_descriptors(self) -> list[Any]:
        """Return none: keys come from our own reader."""
        return []


class Attributes:
    """What urwid is given for a style and a link; made when it is first asked for.

    Args:
        theme: one of `themes.THEMES`.
        colors: how many the terminal has: 1, 16 or 256.

    Attributes:
        colors: as given.
    """

    KEPT_MAX = 4_096
    """Links and names come from outside; beyond it all are forgotten and made anew."""

    def __init__(self, theme: str, colors: int) -> None:
        self.colors: Literal[1, 16, 256] = 256 if colors >= 256 else 16 if colors >= 16 else 1
        self._theme = theme
        self._kept: dict[tuple[str, str], Hashable] = {}

    def of(self, style: str, link: str) -> Hashable:
        """Return the attribute of a span."""
        found = self._kept.get((style, link))
        if found is None:
            if len(self._kept) >= self.KEPT_MAX:
                self._kept.clear()
            shown = look(style, self._theme, self.colors) or "default"
            found = self._kept[style, link] = urwid.AttrSpec(shown, "default", self.colors, hyperlink=link or None)
        return found
