"""The open conversation in a pane: which of its rows are seen, and scrolling through them.

Theory of operation.  Only what is seen is laid out, from the anchor upwards: the anchor is the last entry that is seen
and how many of its rows are not, or nothing at all while the newest is at the bottom, where the pane stays as more
comes.  Rows of an entry are kept until the width changes.  An entry is known by itself, not by its place, so pages that
come before it move nothing; where it became a part of another one, or came back from the server, it is that one.
"""

from typing import NamedTuple

from reactor_chat.client.screen.entry_rows import EntryRows, columns_for
from reactor_chat.client.screen.rows import Row, ruled, styled
from reactor_chat.client.terminal.wrapping import wrapped
from reactor_chat.client.transcript.entries import Comings, Entry, Message, OwnLine
from reactor_chat.client.transcript.window import Window
from reactor_chat.text.render import Part
from reactor_chat.wire.conversation import Scope

CACHED_MAX = 20_000
"""Entries of which the rows are kept."""

Item = Entry | OwnLine


class Anchor(NamedTuple):
    """The last row that is seen."""

    item: Item
    hidden: int  # rows of the item that stand below it


class Seen(NamedTuple):
    """What a pane shows.

    Attributes:
        rows: as many as it is high, or fewer at the beginning of a conversation.
        below: how many messages stand below them, one of which only a part is seen among them.
        is_at_top: the first row there is is among them.
    """

    rows: list[Row]
    below: int
    is_at_top: bool


class _Laid(NamedTuple):
    item: Item
    rows: list[Row]
    day: str


class Pane:
    """The pane of one conversation.

    Args:
        window: the conversation.
        drawing: lays entries out.
    """

    def __init__(self, window: Window, drawing: EntryRows) -> None:
        self.window = window
        self._drawing = drawing
        self._anchor: Anchor | None = None
        self._cache: dict[int, _Laid] = {}
        self._first_new: tuple[tuple[int, int] | None, Item | None] = (None, None)  # for which version and number
        self._layout = columns_for(80)
        self._me = ""

    @property
    def is_at_end(self) -> bool:
        """Whether the newest entry is seen."""
        return self._anchor is None and self.window.is_at_end

    @property
    def is_at_bottom(self) -> bool:
        """Whether the last entry that there is here is seen; the conversation may have newer ones."""
        return self._anchor is None

    def seen(self, columns: int, height: int, me: str) -> Seen:
        """Return what is seen in so many columns and rows."""
        self._lay_out(columns, me)
        items = self._items()
        at, hidden = self._place(items)
        rows: list[Row] = []
        place = at
        while place >= 0 and len(rows) < height:
            block = self._block(items, place)
            rows[:0] = block[: len(block) - hidden] if place == at else block
            place -= 1
        is_at_top = place < 0 and len(rows) <= height
        if is_at_top and len(rows) < height:
            rows[:0] = self._top(columns)
        below = sum(isinstance(item, Message | OwnLine) for item in items[at + (not hidden) :])
        return Seen(rows[-height:] if height else [], below, is_at_top)

    def _top(self, columns: int) -> list[Row]:
        window = self.window
        if not window.entries and not window.own_lines:
            return self._hints()
        if window.is_loading:
            return [ruled("loading older messages", columns, "─", "dim")]
        if window.server_has_older is False:
            return [ruled("the beginning", columns, "─", "dim")]
        return []

    def _hints(self) -> list[Row]:
        """Return what an empty conversation says: what to do here."""
        words = [f"Nothing was said here yet. What you type goes to {self.window.title} only."]
        if self.window.conversation.scope is Scope.ROOM:
            words = [
                "Nothing was said here yet. Type something and press Enter: everybody here reads it.",
                "@NAME text says something to one person. F1 shows what else there is.",
            ]
        room = self._layout.columns
        rows = (row for text in words for row in wrapped([Part("mark", text)], room, room, cuts_links=True))
        return [styled(row) for row in rows]

    # ------------------------------------------------------------------------------------------ scrolling

    def scroll(self, rows: int, height: int) -> bool:
        """Go up by so many rows (down, where negative); return whether the top was reached."""
        items = self._items()
        if not items:
            return True
        at, hidden = self._place(items)
        if rows < 0:
            self._go_down(items, at, hidden, -rows)
            return False
        return self._go_up(items, at, hidden + rows, height)

    def _go_up(self, items: list[Item], at: int, hidden: int, height: int) -> bool:
        while at > 0 and hidden >= len(self._block(items, at)):
            hidden -= len(self._block(items, at))
            at -= 1
        above, place = len(self._block(items, at)) - hidden, at
        while above < height and place > 0:
            place -= 1
            above += len(self._block(items, place))
        # At the top the pane is full, where there is as much.
        self._go_down(items, at, hidden, max(height - above, 0))
        return above <= height and place == 0

    def _go_down(self, items: list[Item], at: int, hidden: int, rows: int) -> None:
        hidden -= rows
        while at < len(items) - 1 and (hidden < 0 or (not hidden and not self._block(items, at + 1))):
            at += 1
            hidden += len(self._block(items, at))
        is_end = at == len(items) - 1 and hidden <= 0
        self._anchor = None if is_end else Anchor(items[at], hidden)

    def to_end(self) -> None:
        """Show the newest."""
        self._anchor = None

    def to_item(self, item: Item) -> None:
        """Show an entry as the last one."""
        self._anchor = Anchor(item, 0)

    # ------------------------------------------------------------------------------------------ laying out

    def _items(self) -> list[Item]:
        return [*self.window.entries, *self.window.own_lines]

    def _place(self, items: list[Item]) -> tuple[int, int]:
        """Return which item is the last one seen, and how many of its rows are not."""
        if self._anchor is None:
            return len(items) - 1, 0
        wanted, hidden = self._anchor
        for is_it in (_is_same, _has_become):
            at = next((at for at in range(len(items) - 1, -1, -1) if is_it(items[at], wanted)), None)
            if at is not None:
                hidden = min(hidden, len(self._block(items, at)))
                self._anchor = Anchor(items[at], hidden)
                return at, hidden
        self._anchor = None  # it is not here any more
        return len(items) - 1, 0

    def _lay_out(self, columns: int, me: str) -> None:
        layout = columns_for(columns)
        if layout != self._layout or me != self._me or len(self._cache) > CACHED_MAX:
            self._layout, self._me = layout, me
            self._cache.clear()

    def _block(self, items: list[Item], at: int) -> list[Row]:
        """Return the rows of an item, with the lines that stand above it."""
        item, laid = items[at], self._laid(items[at])
        return [*self._above(items, at), *laid.rows] if not isinstance(item, OwnLine) else laid.rows

    def _laid(self, item: Item) -> _Laid:
        found = self._cache.get(id(item))
        if found is None or found.item is not item:
            if isinstance(item, OwnLine):
                found = _Laid(item, self._drawing.own(item, self._me, self._layout), "")
            else:
                found = _Laid(item, self._drawing.rows(item, self._layout), self._drawing.day_of(item))
            self._cache[id(item)] = found
        return found

    def _above(self, items: list[Item], at: int) -> list[Row]:
        rows = []
        item, day = items[at], self._laid(items[at]).day
        if day and day != self._day_before(items, at):
            assert item.at is not None
            rows.append(self._drawing.day(item.at, self._layout.columns))
        if self._is_first_new(items, at):
            rows.append(self._new_line(items, at))
        return rows

    def _day_before(self, items: list[Item], at: int) -> str:
        for place in range(at - 1, max(at - 20, -1), -1):  # a few asides without a time may stand between
            if day := self._laid(items[place]).day:
                return day
        return ""

    def _is_first_new(self, items: list[Item], at: int) -> bool:
        above = self.window.new_above
        if above is None:
            return False
        found = (self.window.version, above)
        if self._first_new[0] != found:
            self._first_new = (found, _first_new(items, above))
        return items[at] is self._first_new[1]

    def _new_line(self, items: list[Item], at: int) -> Row:
        above = self.window.new_above or 0
        count = sum(_is_new(item, above) for item in items[at:])
        since = next((item.at for item in reversed(items[:at]) if isinstance(item, Message)), None)
        return self._drawing.new(count, since, self._layout.columns)


def _is_same(item: Item, wanted: Item) -> bool:
    return item is wanted


def _has_become(item: Item, wanted: Item) -> bool:
    """Return whether an item is what an earlier one has become: more comings in one, one's own line on its way back."""
    if isinstance(wanted, Comings) and isinstance(item, Comings):
        length = len(wanted.steps)
        return wanted.steps in (item.steps[:length], item.steps[-length:])
    if not isinstance(wanted, OwnLine):
        return False
    return wanted.id == (item.id if isinstance(item, OwnLine) else getattr(getattr(item, "notice", None), "id", None))


def _first_new(items: list[Item], above: int) -> Item | None:
    """Return the first message of others behind a number."""
    first = None
    for item in reversed(items):
        if isinstance(item, Message) and item.notice.seq <= above:
            break
        if _is_new(item, above):
            first = item
    return first


def _is_new(item: Item, above: int) -> bool:
    return isinstance(item, Message) and not item.is_own and item.notice.seq > above
