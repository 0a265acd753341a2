"""The view for a terminal: what arrives is printed above the line being typed, and never through it.

The line being typed is always one row, the last one printed: when it is longer than the row it scrolls sideways.  To
print, the row is erased, the new lines are written, and the row is drawn again, all in one write; no position on the
screen is ever counted, so nothing can get out of step, and the terminal's own scrolling and searching work as with
any program.  Only when the terminal was made narrower than the row, it is asked where the cursor is now (see `reflow`).
"""

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from itertools import chain, repeat
from typing import Protocol

from reactor_chat.client.boundary import Arrived, Draft, Earlier, Note, NoteKind, RequestAnswer, Shown
from reactor_chat.client.commands.key_map import Bound, KeyMap
from reactor_chat.client.commands.keys import PASTE_OFF, PASTE_ON, Key, KeyAction, ViewKind
from reactor_chat.client.engine import Engine
from reactor_chat.client.inbox import request_echoed
from reactor_chat.client.terminal.bursts import Bursts
from reactor_chat.client.terminal.caution import hindrance, hindrance_of_slash, question
from reactor_chat.client.terminal.cells import cells, fitting
from reactor_chat.client.terminal.editor import Choices, Editor, EditorRequest, Result, Submitted
from reactor_chat.client.terminal.key_reader import KeyReader
from reactor_chat.client.terminal.palette import Palette
from reactor_chat.client.terminal.prompt import Prompt
from reactor_chat.client.terminal.qr import drawn
from reactor_chat.client.terminal.reflow import rows_above
from reactor_chat.client.terminal.wrapping import wrapped
from reactor_chat.text.completion import completions, word_typed
from reactor_chat.text.orders import EncryptOn
from reactor_chat.text.parser import parse_typed
from reactor_chat.text.render import NO_ANNOTATION, Annotation, Part, compose
from reactor_chat.text.safe import safe
from reactor_chat.text.slash import escaped, meant
from reactor_chat.wire.messages import HelpAnswer, HistoryAnswer, Notice

ERASE_ROW = "\r\x1b[K"
ERASE_BELOW = "\r\x1b[J"
ASK_CURSOR = "\x1b[6n"
CLEAR_SCREEN = "\x1b[H\x1b[2J"
BELL = "\a"
WRAPS_NOT, WRAPS = "\x1b[?7l", "\x1b[?7h"
BESIDE = " " * 3  # between a QR code and its caption
INDENT = " " * 6  # as wide as a time and its blank

STORED = Part("mark", " ✓")
"""Stands behind one's own words when the server has them for good; until then the prompt counts them."""

CURSOR_SECONDS_MAX = 0.25
"""How long a terminal is waited for that was asked where its cursor is."""

FLUSH_SECONDS_MAX = 1.0
"""How long a terminal is waited for that takes nothing, when we stop or end."""

ANSWER_SECONDS_MIN = 0.2
"""An Enter that comes sooner after a question does not answer it: nobody can have read it."""


class Screen(Protocol):
    """Where the view draws."""

    def write(self, data: bytes, written: Callable[[], None] | None = None) -> None:
        """Queue bytes, and call when they are written."""

    def flush(self, seconds_max: float | None = None) -> None:
        """Let everything queued leave before returning, or as much as leaves in so many seconds."""

    def drop(self) -> None:
        """Forget what is queued still."""


class Tty(Protocol):
    """The terminal's modes, as in `tty.Terminal`."""

    def enter(self) -> None:
        """Take the keys."""

    def leave(self) -> None:
        """Give them back."""

    def size(self) -> tuple[int, int]:
        """Return columns and rows."""

    def stop(self) -> None:
        """Stop until the shell lets us go on."""


class LineMode:
    """Prints notices above an editor.

    Args:
        engine: whose view this is.
        screen: where to draw.
        tty: whose keys are read.
        palette: paints.
        local_time: gives the local time of a moment in milliseconds since 1970, and of now for None.
        keys: what each key does; left out, as nobody chose otherwise.
    """

    wants_input = True
    takes_terminal = True

    def __init__(
        self,
        engine: Engine,
        screen: Screen,
        tty: Tty,
        palette: Palette,
        local_time: Callable[[int | None], datetime],
        keys: KeyMap | None = None,
    ) -> None:
        keys = KeyMap(ViewKind.LINE) if keys is None else keys
        self.next_deadline: float | None = None
        self._engine = engine
        self._screen = screen
        self._tty = tty
        self._palette = palette
        self._local_time = local_time
        self._keys = KeyReader(keys.chords)
        self._bursts = Bursts()
        self._editor = Editor(self._complete, keys)
        self._prompt = Prompt(engine, self._editor, palette)
        self._above: list[str] = []
        self._bells = ""
        self._drawn = ""
        self._to_cursor = ""  # what stands in the drawn row in front of the cursor
        self._asked_for = ""  # the line that a question was asked about
        self._asked_at = 0.0
        self._cursor_asked = 0  # times, and not answered
        self._cursor_by: float | None = None
        self._place: int | None = None  # in the archive, of the newest notice above that has one

    # ------------------------------------------------------------------------------------------ what happens

    def begin(self) -> None:
        """Take the terminal."""
        self._tty.enter()
        self._write(PASTE_ON)

    def end(self) -> None:
        """Give the terminal back: its modes first, and then, if it takes them in time, what is left to be drawn."""
        self._tty.leave()
        self._give_back()
        self._screen.drop()

    def _give_back(self) -> None:
        self._cursor_by = None
        self.draw()
        self._write(ERASE_ROW + PASTE_OFF)
        self._screen.flush(FLUSH_SECONDS_MAX)

    def input_came(self, data: bytes, now: float) -> None:
        """Take bytes from the keyboard."""
        keys = self._keys.feed(data, now)
        self._press(self._bursts.feed(keys, now, is_rest=self._keys.is_torn), now)
        self._set_deadline()

    def input_ended(self, now: float) -> None:
        """The terminal was closed."""
        self._engine.leave(now)

    def refresh(self, now: float) -> None:
        """Take what waited for more for what it is, when no more has come."""
        if self._cursor_by == math.inf:
            self._cursor_by = now + CURSOR_SECONDS_MAX
            self._set_deadline()
        if self.next_deadline is None or now < self.next_deadline:
            return
        keys = self._keys.due(now)
        self._press([*self._bursts.feed(keys, now), *self._bursts.due(now)], now)
        if self._cursor_by is not None and now >= self._cursor_by:
            self._redraw_below(0)
        self._set_deadline()

    def _set_deadline(self) -> None:
        deadlines = (self._keys.deadline, self._bursts.deadline, self._cursor_by)
        self.next_deadline = min((deadline for deadline in deadlines if deadline is not None), default=None)

    def show(self, item: Shown) -> None:
        """Print a notice or a note with the next `draw`; nothing, for notices that people do not read."""
        if isinstance(item, Arrived):
            is_stored = request_echoed(item.notice, self._engine.name) is not None
            self._show_notice(item.notice, item.annotations, is_stored=is_stored, is_own=item.is_own)
            self._place = item.place or self._place
        elif isinstance(item, Earlier):
            self._show_again("Where you left off", item.notices, item.annotations, "End of what you have seen")
        elif isinstance(item, Draft):
            self._editor.replace(escaped(item.text))
        elif item.kind is not NoteKind.QUESTION:  # the prompt asks it
            text = Part("system", safe(item.text))
            rows = wrapped([text], self._columns - len(INDENT) - 2, self._columns - len(INDENT) - 2)
            painted = [self._palette.note(item.kind, part.text) for row in rows for part in row]
            self._print(None, [f"* {painted[0]}", *painted[1:]])
            self._show_code(item.code, item.caption)

    def answered(self, answer: RequestAnswer) -> None:
        """Nothing is asked here but what is typed."""

    def draw(self) -> None:
        """Bring the screen up to date in one write; nothing where it is, or while we ask where on it we are."""
        if self._cursor_by is not None:
            return
        row = self._row()
        if not self._above and row == self._drawn:
            self._write(self._bells)
        else:
            above = "".join(f"{line}\r\n" for line in self._above)
            self._write(f"{ERASE_ROW}{above}{row}{self._bells}", self._place)
        self._above, self._bells, self._drawn, self._place = [], "", row, None

    def resized(self) -> None:
        """The terminal has another size; where it became too narrow for the row, find out where that begins now."""
        if not self._drawn or cells(self._to_cursor) < self._columns:
            self._redraw_below(0)
            return
        self._cursor_asked += 1
        self._cursor_by = math.inf  # a turn of the loop follows, which knows the time
        self._write(ASK_CURSOR)

    def _cursor_at(self, position: str) -> None:
        """The terminal says where the cursor is, as row and column."""
        if self._cursor_asked:
            self._cursor_asked -= 1
        if self._cursor_by is not None and not self._cursor_asked:
            column = int(position.partition(";")[2] or 1) - 1
            self._redraw_below(rows_above(self._to_cursor, self._columns, column))

    def _redraw_below(self, rows: int) -> None:
        """Draw the row anew, so many rows above the one with the cursor, and erase what is left of it."""
        self._cursor_by = None
        self._write((f"\x1b[{rows}A" if rows else "") + ERASE_BELOW)
        self._drawn = ""

    def resumed(self) -> None:
        """The shell let us go on, perhaps after others used the terminal."""
        self._tty.enter()
        self._write(PASTE_ON)
        self._drawn = ""

    # ------------------------------------------------------------------------------------------ keys

    def _press(self, keys: Sequence[Key], now: float) -> None:
        for key in keys:
            if key.name == "CursorAt":
                self._cursor_at(key.text)
            elif not self._editor.submits(key) or self._may_leave(now):
                self._editor.remembers = not (self._engine.wants_name or self._types_secret)
                self._do(self._editor.press(key), now)
                if self._editor.text != self._asked_for:
                    self._asked_for = ""  # a question is about the line as it was; the same one again is asked about

    def _may_leave(self, now: float) -> bool:
        """Whether the line may be sent; where not, say what is wrong with it, or ask."""
        text = self._editor.text
        reason = hindrance(text) or (None if self._prompt.asks else hindrance_of_slash(text))
        if reason is not None:
            self._say(reason)
            return False
        asked = None if self._prompt.asks else question(text, self._editor.pasted_lines)
        if asked is None:
            return True
        if text == self._asked_for:
            return now - self._asked_at >= ANSWER_SECONDS_MIN
        self._asked_for, self._asked_at = text, now
        self._say(asked)
        return False

    def _say(self, text: str) -> None:
        self.show(Note(NoteKind.DOUBT, text))

    def _do(self, result: Result, now: float) -> None:
        match result:
            case Submitted():
                self._engine.typed(result.text if self._prompt.asks else meant(result.text), now)
            case Choices():
                self._print_rows([Part("system", "  ".join(result.words))])
            case EditorRequest.BELL:
                self._bells = BELL
            case Bound(KeyAction.LEAVE):
                self._engine.leave(now)
            case Bound(KeyAction.CLEAR_SCREEN):
                self._write(CLEAR_SCREEN)
                self._drawn = ""
            case Bound(KeyAction.SUSPEND):
                self.suspend()
            case Bound() | None:
                pass

    @property
    def _types_secret(self) -> bool:
        """Whether the line is, or holds, a passphrase: that is not to be recalled by whoever comes to the keyboard."""
        order = parse_typed(meant(self._editor.text))
        return self._engine.messaging.orders.wants_passphrase or (
            isinstance(order, EncryptOn) and order.passphrase is not None
        )

    def suspend(self) -> None:
        """Give the terminal back and stop until the shell lets us go on."""
        self._tty.leave()
        self._give_back()
        self._tty.stop()
        self.resumed()

    def _complete(self, typed: str) -> tuple[str, list[str]]:
        directory = self._engine.messaging.directory
        return word_typed(typed), completions(typed, directory.users, directory.groups)

    # ------------------------------------------------------------------------------------------ printing

    @property
    def _columns(self) -> int:
        return self._tty.size()[0]

    def _show_notice(
        self, notice: Notice, annotations: Sequence[Annotation] = (), *, is_stored: bool = False, is_own: bool = False
    ) -> None:
        if isinstance(notice, HistoryAnswer) and notice.messages:
            older = ", and there are older ones" if notice.more else ""
            self._show_again(f"From the history{older}", notice.messages, annotations, "End of the history")
            return
        if isinstance(notice, HelpAnswer):
            self._show_help(notice)
            return
        lines = compose(notice, self._engine.name, "\n", annotations, quotes_server=not is_own)
        if is_stored:
            lines[-1].append(STORED)
        room = self._columns - len(INDENT)
        rows = [self._palette.line(row) for line in lines for row in wrapped(line, room, room)]
        self._print(getattr(notice, "at", None), rows)

    def _show_code(self, code: str, caption: Sequence[str]) -> None:
        """Draw a QR code, where all of it can be seen at once, and the caption beside it where there is room."""
        rows = drawn(code) if code and self._palette.shows_codes else []
        columns, height = self._tty.size()
        if not rows or cells(rows[0]) > columns or len(rows) >= height:
            return
        room = columns - cells(rows[0]) - len(BESIDE)
        beside = chain(["", *map(safe, caption)], repeat(""))
        for row, text in zip(rows, beside, strict=False):
            words = f"{BESIDE}{text}" if text and cells(text) <= room else ""
            self._above.append(_kept_in_its_row(self._palette.scannable(row) + words))

    def _show_help(self, answer: HelpAnswer) -> None:
        """Print the commands from the first column on: the table is as wide as a common terminal."""
        self._print(None, [self._palette.dim("* Help:")])
        for line in compose(answer, self._engine.name):
            first, *others = wrapped(line, self._columns, self._columns - len(INDENT))
            self._above += [self._palette.line(first), *(INDENT + self._palette.line(row) for row in others)]

    def _show_again(self, head: str, notices: Sequence[Notice], annotations: Sequence[Annotation], foot: str) -> None:
        """Print each with its own time, between marks, so that nobody takes what was said for what is said."""
        self._print(None, [self._palette.dim(f"* {head}:")])
        beside = chain(annotations, repeat(NO_ANNOTATION))
        for notice in notices:
            self._show_notice(notice, (next(beside),))
        self._print(None, [self._palette.dim(f"* {foot}")])

    def _print_rows(self, parts: list[Part]) -> None:
        room = self._columns - len(INDENT)
        self._print(None, [self._palette.line(row) for row in wrapped(parts, room, room)])

    def _print(self, at: int | None, rows: list[str]) -> None:
        if rows:
            first, *others = rows
            self._above.append(_kept_in_its_row(f"{self._time(at)} {first}"))
            self._above += [_kept_in_its_row(INDENT + row) for row in others]

    def _time(self, at: int | None) -> str:
        now = self._local_time(None)
        try:
            moment = now if at is None else self._local_time(at)
        except (OverflowError, ValueError, OSError):  # a server may say any number
            return self._palette.dim("--:--")
        return self._palette.dim(f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M}")

    # ------------------------------------------------------------------------------------------ the row being typed

    def _row(self) -> str:
        columns = self._columns
        prompt = self._prompt.fitting(columns)
        visible = self._editor.visible(columns - cells(prompt))
        text, cursor_cells = ("", 0) if self._engine.messaging.orders.wants_passphrase else visible
        self._to_cursor = prompt + text[: len(text) if cursor_cells >= cells(text) else fitting(text, 0, cursor_cells)]
        cursor_cells += cells(prompt)
        to_cursor = f"\x1b[{cursor_cells}C" if cursor_cells else ""
        return f"{_kept_in_its_row(self._prompt.painted(prompt) + text)}\r{to_cursor}"

    def _write(self, text: str, place: int | None = None) -> None:
        if text:
            written = None if place is None else partial(self._engine.messaging.mailbox.printed, place)
            self._screen.write(text.encode("utf-8", "replace"), written)


def _kept_in_its_row(row: str) -> str:
    """A row that ends where the screen does, however wide the terminal believes its signs to be.

    Terminals disagree about emoji, flags and new signs.  One that draws them wider than we count would go on in its
    first column, and what stands there could pass for a line of its own.
    """
    return row if row.isascii() else f"{WRAPS_NOT}{row}{WRAPS}"
