"""What stands over the conversation while a person looks for something: help, the switcher, a search, unsent lines.

Each is given the keys until it closes, and says what to draw.  What it wants done it calls back for.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from reactor_chat.client.archive.contract import Found, Search
from reactor_chat.client.commands.key_map import KeyMap
from reactor_chat.client.commands.keys import Key, KeyAction, ViewKind
from reactor_chat.client.screen.boxes import Box
from reactor_chat.client.screen.composer import composed
from reactor_chat.client.screen.rows import Row, Span, name_style, row_of, styled
from reactor_chat.client.terminal.editor import Editor
from reactor_chat.client.transcript.entries import Fate, OwnLine
from reactor_chat.client.transcript.transcript import Page
from reactor_chat.client.transcript.window import Window
from reactor_chat.errors import StorageCorrupt
from reactor_chat.text.safe import safe
from reactor_chat.wire.conversation import Conversation, Heard
from reactor_chat.wire.messages import fold

_KEYS = KeyMap(ViewKind.SCREEN)
STEPS: dict[KeyAction | None, int] = {
    KeyAction.OLDER: -1,
    KeyAction.NEWER: 1,
    KeyAction.PAGE_UP: -1,
    KeyAction.PAGE_DOWN: 1,
    KeyAction.SCROLL_UP: -1,
    KeyAction.SCROLL_DOWN: 1,
}
"""Which way these go in a list, by rows or by pages."""
PAGES = frozenset({KeyAction.PAGE_UP, KeyAction.PAGE_DOWN})
CLOSING = frozenset({KeyAction.CLOSE, KeyAction.CANCEL, KeyAction.SWITCH, KeyAction.FIND, KeyAction.LEAVE})

FOUND_MAX = 200
"""Results of a search that are listed."""

DAMAGED = "The index is damaged; some of what you read cannot be found"
NOT_WHOLE = "Older messages are not indexed yet"


class Asking(Protocol):
    """One of them."""

    @property
    def is_over(self) -> bool:
        """Whether it is to be closed."""

    def press(self, key: Key, page_rows: int) -> None:
        """Take a key; a page has so many rows."""

    def box(self, columns: int, rows: int) -> Box:
        """Return what to draw on a screen of this size."""

    def work(self) -> bool:
        """Go on with what takes longer, for some milliseconds; return whether more is to be done."""


class Reading:
    """A page that scrolls.

    Args:
        page: what is read.
    """

    def __init__(self, page: Page) -> None:
        self.is_over = False
        self._page = page
        self._first = 0

    def press(self, key: Key, page_rows: int) -> None:
        """Scroll, or close."""
        bound = _KEYS.look_up(key, is_empty=True)
        action = KeyAction.PAGE_DOWN if key == Key("Text", " ") else bound.action if bound is not None else None
        last = max(len(self._page.lines) - page_rows, 0)
        if action in (KeyAction.TOP, KeyAction.BOTTOM):
            self._first = 0 if action is KeyAction.TOP else last
        elif action in STEPS:
            rows = STEPS[action] * (page_rows if action in PAGES else 1)
            self._first = max(min(self._first + rows, last), 0)
        else:
            self.is_over = True

    def box(self, columns: int, rows: int) -> Box:  # noqa: ARG002  a box cuts what is too wide by itself
        """Return the page."""
        return Box(
            self._page.title, [styled(line) for line in self._page.lines], "PgUp PgDn  Esc closes", None, self._first
        )

    def work(self) -> bool:
        """Nothing takes longer."""
        return False


class _Choosing:
    """A list from which one row is chosen, with something typed above it."""

    title = ""
    foot = "Enter goes there  Esc closes"

    def __init__(self) -> None:
        self.is_over = False
        self.editor = Editor(lambda _: ("", []), _KEYS)
        self.editor.remembers = False
        self.chosen = 0

    def count(self) -> int:
        """Return how many rows there are."""
        raise NotImplementedError

    def listed(self, columns: int) -> list[Row]:
        """Return the rows."""
        raise NotImplementedError

    def take(self) -> None:
        """Do what choosing the present row means."""
        raise NotImplementedError

    def changed(self) -> None:
        """Learn that something else is typed."""

    def press(self, key: Key, page_rows: int) -> None:
        """Move in the list, choose, close, or type."""
        bound = _KEYS.look_up(key, is_empty=not self.editor.text)
        action = bound.action if bound is not None else None
        if action in STEPS:
            rows = STEPS[action] * (page_rows if action in PAGES else 1)
            self.chosen = max(min(self.chosen + rows, self.count() - 1), 0)
        elif action is KeyAction.SUBMIT:
            if self.count():
                self.take()
            self.is_over = True
        elif action in CLOSING:
            self.is_over = True
        else:
            self._type(key)

    def _type(self, key: Key) -> None:
        before = self.editor.text
        self.editor.press(key)
        if self.editor.text != before:
            self.chosen = 0
            self.changed()

    def box(self, columns: int, rows: int) -> Box:
        """Return the list with what is typed above it."""
        typed = composed(self.editor, columns - 8, 1)
        listed = self.listed(columns - 8)
        first = max(self.chosen - max(rows - 8, 1), 0)
        chosen = self.chosen if self.count() else None
        return Box(self.title, listed, self.foot, (typed.rows[0], typed.cursor_cell), first, chosen)

    def work(self) -> bool:
        """Nothing takes longer."""
        return False


class Switching(_Choosing):
    """Goes to another conversation, by some letters of its name.

    Args:
        windows: those there are, in their order.
        others: names of people with whom nothing was said yet.
        go: opens one.
    """

    title = "Go to"

    def __init__(
        self, windows: Sequence[Window], others: Sequence[str], go: Callable[[Conversation, str], None]
    ) -> None:
        super().__init__()
        self._go = go
        self._all = [(one.title, one.conversation, one.name, _news(one)) for one in windows]
        known = {one.conversation for one in windows}
        pairs = ((Conversation.pair(name), name) for name in others)
        self._all += [(f"@ {name}", pair, name, "") for pair, name in pairs if pair not in known]

    def _matching(self) -> list[tuple[str, Conversation, str, str]]:
        wanted = fold(self.editor.text.strip())
        if not wanted:
            return sorted(self._all, key=lambda one: not one[3])  # what has something new first
        found = [(rank, one) for one in self._all if (rank := rank_of(wanted, fold(one[0]))) is not None]
        return [one for _, one in sorted(found, key=lambda pair: pair[0])]

    def count(self) -> int:
        """Return how many conversations match."""
        return len(self._matching())

    def listed(self, columns: int) -> list[Row]:  # noqa: ARG002  rows are cut where they are drawn
        """Return their names, and what is new in them."""
        return [
            row_of(Span("", f" {safe(title)}"), Span("unread", f"  {news}")) for title, _, _, news in self._matching()
        ]

    def take(self) -> None:
        """Go there."""
        _, conversation, name, _ = self._matching()[self.chosen]
        self._go(conversation, name)


def rank_of(wanted: str, name: str) -> tuple[int, int] | None:
    """Return how well letters fit a name, smaller is better; None where they do not stand in it in their order."""
    if wanted in name:
        places = (at for at in range(len(name)) if name.startswith(wanted, at))
        begins_word = any(at == 0 or not name[at - 1].isalnum() for at in places)
        return (0 if begins_word else 1, len(name))
    place = -1
    for letter in wanted:
        place = name.find(letter, place + 1)
        if place < 0:
            return None
    return (2, len(name))


def _news(window: Window) -> str:
    if not window.unread:
        return ""
    return f"{window.unread} new" + (f", {window.mentions} for you" if window.mentions else "")


class Finding(_Choosing):
    """Searches everything that was read.

    Args:
        search: begins a search for what was typed.
        jump: opens the conversation of something found there.
        stamp: says when something was said, given milliseconds since the Unix epoch.
    """

    title = "Find"
    foot = 'words  "several words"  -without  from:NAME  in:room  has:link  before:DATE  after:DATE'

    def __init__(
        self, search: Callable[[str], Search], jump: Callable[[Found], None], stamp: Callable[[int], str]
    ) -> None:
        super().__init__()
        self._begin = search
        self._jump = jump
        self._stamp = stamp
        self._found: list[Found] = []
        self._search: Search | None = None
        self._steps: Iterator[list[Found]] | None = None
        self._damage = ""

    def changed(self) -> None:
        """Search anew."""
        self._found, self._damage = [], ""
        typed = self.editor.text
        self._search = self._begin(typed) if typed.strip() else None
        self._steps = iter(self._search) if self._search is not None else None

    def work(self) -> bool:
        """Go on searching; return whether there is more to look through."""
        if self._steps is None or len(self._found) >= FOUND_MAX:
            return False
        try:
            self._found += next(self._steps)
        except StopIteration:
            self._steps = None
        except StorageCorrupt:
            self._steps, self._damage = None, DAMAGED
        return self._steps is not None

    @property
    def _remarks(self) -> list[str]:
        """What there is to say about the search itself."""
        if self._search is None:
            return []
        remarks = [*self._search.problems, self._damage, "" if self._search.is_whole else NOT_WHOLE]
        return [safe(remark) for remark in remarks if remark]

    def box(self, columns: int, rows: int) -> Box:
        """Return what was found; what there is to say about the search stands below it."""
        box = super().box(columns, rows)
        return box._replace(foot=". ".join(self._remarks) or box.foot)

    def count(self) -> int:
        """Return how much was found."""
        return len(self._found)

    def listed(self, columns: int) -> list[Row]:  # noqa: ARG002  rows are cut where they are drawn
        """Return what was found, newest first, or what there is to say about it."""
        if self._search is None:
            return [row_of(Span("dim", " Everything you have read can be found, also without a connection."))]
        if not self._found:
            return [row_of(Span("dim", " Nothing was found." if self._steps is None else " Searching…"))]
        return [_found_row(one, self._stamp) for one in self._found]

    def take(self) -> None:
        """Go to it."""
        self._jump(self._found[self.chosen])


def _found_row(found: Found, stamp: Callable[[int], str]) -> Row:
    entry = found.entry
    notice = entry.notice
    if not isinstance(notice, Heard):
        return row_of(Span("dim", f" {type(notice).__name__}"))
    place = "" if not entry.conversation.name else f" {entry.conversation.name}"
    head = [
        Span("time", f" {stamp(notice.at)}{safe(place)} "),
        Span(name_style(notice.sender), safe(notice.sender)),
        Span("", " "),
    ]
    text, at = notice.text or "", 0
    for begin, end in found.spans:
        head += [Span("text", safe(text[at:begin])), Span("found", safe(text[begin:end]))]
        at = end
    return tuple(span for span in [*head, Span("text", safe(text[at:]))] if span.text)


class Unsent(_Choosing):
    """Lines that were not sent: send, edit or drop them.

    Args:
        lines: gives them as they are now.
        send: sends one after all.
        edit: gives one back to be edited.
        drop: forgets one.
    """

    title = "Not sent"
    foot = "s sends  e edits  d drops  Esc closes"

    def __init__(
        self,
        lines: Callable[[], list[OwnLine]],
        send: Callable[[OwnLine], None],
        edit: Callable[[OwnLine], None],
        drop: Callable[[OwnLine], None],
    ) -> None:
        super().__init__()
        self._lines = lines
        self._does = {"s": send, "e": edit, "d": drop}

    def count(self) -> int:
        """Return how many there are."""
        return len(self._lines())

    def listed(self, columns: int) -> list[Row]:  # noqa: ARG002  rows are cut where they are drawn
        """Return each with where it was to go, and why it was not sent."""
        rows = [
            row_of(
                Span("not sent" if line.fate is Fate.NOT_SENT else "refused", f" {line.conversation.in_words}: "),
                Span("text", safe(line.text or "(an encrypted message)")),
                Span("dim", f"  {safe(line.reason or line.fate.value)}"),
            )
            for line in self._lines()
        ]
        return rows or [row_of(Span("dim", " Everything you typed was sent."))]

    def take(self) -> None:
        """Enter edits."""
        self._does["e"](self._lines()[self.chosen])

    def press(self, key: Key, page_rows: int) -> None:
        """Do what a letter says with the chosen line."""
        if key.name == "Text" and key.text in self._does:
            if self.chosen < self.count():
                self._does[key.text](self._lines()[self.chosen])
                self.is_over = key.text == "e" or not self.count()
                self.chosen = max(min(self.chosen, self.count() - 1), 0)
        elif key.name != "Text":
            super().press(key, page_rows)

    def box(self, columns: int, rows: int) -> Box:
        """Return the list; nothing is typed here."""
        return super().box(columns, rows)._replace(typed=None)
