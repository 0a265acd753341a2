"""An entry of a conversation as rows: time, who, what was said, and at the right how far it has come.

    21:58 Stella  the deploy is done, see
                  https://chat.example/log/77
    22:01 John    thanks!                                          ✓
          · Bob and Ines joined, 6 people came and went

In fewer than WIDE columns the name stands before the text, and what goes on is indented by two.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from reactor_chat.client.screen.rows import Row, Span, cut, filled, name_style, row_of, ruled, sliced, styled, width
from reactor_chat.client.terminal.cells import cells
from reactor_chat.client.terminal.wrapping import COLUMNS_MIN, places, wrapped
from reactor_chat.client.transcript.comings import in_words
from reactor_chat.client.transcript.entries import Comings, Entry, Fate, Message, OwnLine
from reactor_chat.text.links import Link, links
from reactor_chat.text.render import NEW_KEY, Line, Part
from reactor_chat.text.safe import safe
from reactor_chat.text.slash import action_said
from reactor_chat.wire.messages import SERVER_NAME

WIDE = 44
"""From so many columns on, texts have a column of their own."""
TIME_CELLS = 6
NAME_CELLS_MIN, NAME_CELLS_MAX = 7, 16
HEAD_INDENT = 2
"""Before the rest of a name that takes more than a row."""

LocalTime = Callable[[int | None], datetime]
"""Gives the local time of a moment in milliseconds since 1970, and of now for None."""

STATES: dict[Fate, Span] = {
    Fate.SENDING: Span("sending", "◷ sending"),
    Fate.STORED: Span("stored", "✓"),
    Fate.NOT_SENT: Span("not sent", "⏸ not sent"),
    Fate.REFUSED: Span("refused", "✗ refused"),
    Fate.IN_DOUBT: Span("not sent", "? perhaps not delivered"),
}
"""What stands beside one's own words: a sign, and but for the most common a word."""

_WORDS = {"not sealed": Span("not encrypted", "[not encrypted]"), NEW_KEY: Span("alarm", "[NEW KEY]")}
"""What is said of a message beside what is in it, where that is not what a person expects there."""


class Columns(NamedTuple):
    """How a conversation is laid out.

    Attributes:
        columns: cells of a row.
        name_cells: cells for who speaks, 0 where names stand before the texts.
    """

    columns: int
    name_cells: int

    @property
    def text_begin(self) -> int:
        """The first cell of texts."""
        return TIME_CELLS + self.name_cells + 1 if self.name_cells else 2


def columns_for(columns: int) -> Columns:
    """Return the layout of a conversation in so many cells."""
    if columns < WIDE:
        return Columns(columns, 0)
    return Columns(columns, max(NAME_CELLS_MIN, min(NAME_CELLS_MAX, columns // 7)))


class EntryRows:
    """Draws entries.

    Args:
        local_time: of moments.
    """

    def __init__(self, local_time: LocalTime) -> None:
        self._local_time = local_time

    def rows(self, entry: Entry, layout: Columns) -> list[Row]:
        """Return the rows of an entry; none where there is nothing to be said of it."""
        if isinstance(entry, Message):
            return self._message(entry, layout)
        if isinstance(entry, Comings):
            line = in_words(entry)
            return self._aside(line, layout) if line is not None else []
        return [row for line in entry.lines for row in self._aside(list(line), layout)]

    def own(self, line: OwnLine, me: str, layout: Columns) -> list[Row]:
        """Return the rows of something of one's own that has not come back."""
        text = "(an encrypted message)" if line.text is None else line.text
        state = STATES[line.fate]
        said = [[Part("text", part)] for part in safe(text, "\n").split("\n")]
        if reason := safe(line.reason):
            words = f"◷ {reason}" if line.fate is Fate.SENDING else f"{state.text}: {reason}"
            state = Span(state.style, words)
        return _laid_out(_head("", safe(me), layout), said, state, layout)

    def day(self, at: int, columns: int) -> Row:
        """Return the line between two days."""
        moment = self._moment(at)
        return ruled(f"{moment:%a %d %b %Y}" if moment else "", columns, "─", "day")

    def day_of(self, entry: Entry) -> str:
        """Return the day of an entry, to be compared; empty where it has none."""
        at = entry.at
        moment = self._moment(at) if at is not None else None
        return f"{moment:%Y-%m-%d}" if moment else ""

    def new(self, count: int, since: int | None, columns: int) -> Row:
        """Return the line above what is new."""
        moment = self._moment(since) if since is not None else None
        words = f"{count} new" + (f" since {moment:%H:%M}" if moment else "")
        return ruled(words, columns, "═", "new")

    def _message(self, message: Message, layout: Columns) -> list[Row]:
        notice = message.notice
        head = _head(self._time(notice.at), safe(notice.sender), layout, message)
        lines = _text_of(message)
        if notice.sender == SERVER_NAME:
            lines = [[Part("announcement", part.text) for part in line] for line in lines]
        return _laid_out(head, lines, STATES[Fate.STORED] if message.is_own else None, layout)

    def _aside(self, line: Line, layout: Columns) -> list[Row]:
        begin = TIME_CELLS if layout.name_cells else 0  # no text begins there
        room = layout.columns - begin - 2
        rows = [styled(row) for row in wrapped(line, room, room, cuts_links=True)]
        signs = ("· ", *("  " for _ in rows[1:]))
        return [(Span("", " " * begin), Span("dim", sign), *row) for sign, row in zip(signs, rows, strict=True)]

    def _time(self, at: int) -> str:
        moment = self._moment(at)
        return f"{moment:%H:%M}" if moment else "--:--"

    def _moment(self, at: int) -> datetime | None:
        try:
            return self._local_time(at)
        except (OverflowError, ValueError, OSError):  # a server may say any number
            return None


def _head(time: str, name: str, layout: Columns, message: Message | None = None) -> Row:
    is_mention = message is not None and message.is_mention
    is_verified = message is not None and message.annotation.is_verified
    spans = [
        Span("time", f"{time:5} "),
        Span("mention", "@" if is_mention else ""),
        Span(name_style(name), name),
        Span("encrypted", "✔" if is_verified else ""),
        Span("dim", "" if layout.name_cells else ": "),
    ]
    return tuple(span for span in spans if span.text)


def _laid_out(head: Row, lines: list[Line], state: Span | None, layout: Columns) -> list[Row]:
    room = layout.columns - layout.text_begin
    before = 0 if layout.name_cells else width(head) - layout.text_begin
    is_alone = width(head) > layout.text_begin if layout.name_cells else room - before < COLUMNS_MIN
    first = room if is_alone else room - before
    texts: list[Row] = []
    for line in lines:
        texts += _broken(line, room if texts else first, room)
    if is_alone:  # beside a name as long as this there is no room for a text
        rows = [*_whole(head, layout.columns), *(_indented(text, layout) for text in texts)]
    else:
        begin = filled(head, layout.text_begin) if layout.name_cells else head
        rows = [(*begin, *texts[0]), *(_indented(text, layout) for text in texts[1:])]
    return _with_state(rows, state, layout)


def _whole(head: Row, columns: int) -> list[Row]:
    """Return who speaks in as many rows as it takes: the end of a name tells two people apart."""
    rows, at = [sliced(head, 0, columns)], columns
    while at < width(head) and columns > HEAD_INDENT:
        rows.append((Span("", " " * HEAD_INDENT), *sliced(head, at, columns - HEAD_INDENT)))
        at += columns - HEAD_INDENT
    return rows


def _broken(line: Line, columns: int, columns_rest: int) -> list[Row]:
    """Return a line in rows, each part of a link leading where all of it does."""
    text = "".join(part.text for part in line)
    found = links(text)
    rows = []
    for begin, end in places(text, columns, columns_rest, cuts_links=True):
        rows.append(tuple(_spans(line, begin, end, found)))
    return rows


def _spans(line: Line, begin: int, end: int, found: Sequence[Link]) -> Iterator[Span]:
    """Yield what stands in a line from one index to another, cut where links begin and end."""
    at = 0
    for part in line:
        span = styled([part])[0]
        for piece_begin, piece_end, uri in _pieces(max(at, begin), min(at + len(part.text), end), found):
            text = part.text[piece_begin - at : piece_end - at]
            if text:
                yield Span("link", text, uri) if uri and part.role == "text" else span._replace(text=text)
        at += len(part.text)


def _pieces(begin: int, end: int, found: Sequence[Link]) -> Iterator[tuple[int, int, str]]:
    at = begin
    for link in found:
        if link.end <= at or link.begin >= end:
            continue
        yield at, max(link.begin, at), ""
        yield max(link.begin, at), min(link.end, end), link.uri
        at = min(link.end, end)
    yield at, end, ""


def _text_of(message: Message) -> list[Line]:
    """Return the lines of what was said, with what is known of it behind them."""
    notice, annotation = message.notice, message.annotation
    if notice.removed:
        return [[Part("mark", "[message removed]")]]
    if notice.text is None:
        remark = f": {safe(annotation.remark)}" if annotation.remark else ""
        return [[Part("mark", f"[encrypted message{remark}]")]]
    action = action_said(notice.text)
    text = notice.text if action is None else f"* {notice.sender} {action}"
    lines: list[Line] = [[Part("text", line)] for line in safe(text, "\n").split("\n")]
    word = _WORDS.get(annotation.word)
    if word is not None:
        beside = Part("alarm" if word.style == "alarm" else "mark", f"  {word.text}")
        lines[-1] = [*lines[-1], beside]
    return lines


def _indented(text: Row, layout: Columns) -> Row:
    return (Span("", " " * layout.text_begin), *text)


def _with_state(rows: list[Row], state: Span | None, layout: Columns) -> list[Row]:
    """Put a state at the right end of the last row, or below where there is no room."""
    if state is None:
        return rows
    room = layout.columns - width(rows[-1]) - 1
    if cells(state.text) <= room:
        rows[-1] = (*filled(rows[-1], layout.columns - cells(state.text)), state)
        return rows
    begin = layout.text_begin
    words = wrapped([Part("text", state.text)], layout.columns - begin, layout.columns - begin, cuts_links=True)
    below = [row_of(" " * begin, *(Span(state.style, part.text) for part in row)) for row in words]
    return [*rows, *(cut(row, layout.columns) for row in below)]
