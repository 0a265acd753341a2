"""The view that fills a terminal: draws the conversations, and turns keys into what they mean there.

Theory of operation.  Everything that is to be shown goes into the transcript; `draw` makes the whole picture anew from
it and urwid writes what differs from the last one.  A key is answered at once; what arrives is drawn together, at most
every FRAME_SECONDS.  That something is in the archive and was taken by the terminal is noted as in the line mode, with
the bytes that followed it.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import NamedTuple, Protocol

import urwid

from reactor_chat.client.archive.contract import Archive
from reactor_chat.client.boundary import Arrived, Earlier, RequestAnswer, Shown
from reactor_chat.client.commands.key_map import KeyMap
from reactor_chat.client.commands.keys import (
    FOCUS_OFF,
    FOCUS_ON,
    MOUSE_OFF,
    MOUSE_ON,
    PASTE_OFF,
    PASTE_ON,
    Key,
    KeyAction,
)
from reactor_chat.client.connecting.states import State
from reactor_chat.client.engine import Engine
from reactor_chat.client.preferences.table import Preferences
from reactor_chat.client.screen.event_loop import TurnEventLoop
from reactor_chat.client.screen.external_editor import ExternalEditor
from reactor_chat.client.screen.keyboard import Keyboard
from reactor_chat.client.screen.painting import Attributes, Picture, PictureScreen, PictureWidget
from reactor_chat.client.screen.picture import draw_picture
from reactor_chat.client.screen.telling import Telling
from reactor_chat.client.terminal.bursts import Bursts
from reactor_chat.client.terminal.key_reader import KeyReader
from reactor_chat.client.transcript.own_lines import own_lines
from reactor_chat.client.transcript.transcript import Transcript

FRAME_SECONDS = 0.033
"""What arrives is drawn no more often than this."""
FLUSH_SECONDS_MAX = 1.0
EDITOR_SECONDS = 0.1
"""So often it is looked whether the person's own editor is done."""
INDEX_AFTER_SECONDS = 1.0
"""What an earlier version archived is indexed while nobody types."""
WRAPS_NOT, WRAPS = "\x1b[?7l", "\x1b[?7h"
MODES_ON, MODES_OFF = PASTE_ON + FOCUS_ON + WRAPS_NOT, WRAPS + MOUSE_OFF + FOCUS_OFF + PASTE_OFF


class Output(Protocol):
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


class Manner(NamedTuple):
    """How a terminal is spoken to.

    Attributes:
        attributes: the colours.
        telling: what it is told and does not show.
        keys: what each key does.
        prefers: what the person prefers.
    """

    attributes: Attributes
    telling: Telling
    keys: KeyMap
    prefers: Preferences


class ScreenView:
    """A full screen.

    Args:
        engine: whose view this is.
        output: where to draw.
        tty: whose keys are read.
        archive: what was read, and where drafts and read markers are kept.
        local_time: gives the local time of a moment in milliseconds since 1970, and of now for None.
        manner: how the terminal is spoken to.
    """

    takes_terminal = True

    def __init__(
        self,
        engine: Engine,
        output: Output,
        tty: Tty,
        archive: Archive,
        local_time: Callable[[int | None], datetime],
        manner: Manner,
    ) -> None:
        self._engine = engine
        self._output = output
        self._tty = tty
        attributes, self._telling, keys, prefers = manner
        self.transcript = Transcript(archive, prefers.keywords)
        self.keyboard = Keyboard(engine, self.transcript, archive, local_time, keys, prefers)
        self._keys = KeyReader(keys.chords)
        self._bursts = Bursts()
        self._events = TurnEventLoop()
        self._screen = PictureScreen(self._queue, tty.size)
        self._screen.set_terminal_properties(colors=attributes.colors, hyperlinks=self._telling.shows_links)
        widget = PictureWidget(self._picture, attributes.of)
        self._urwid = urwid.MainLoop(widget, (), self._screen, handle_mouse=False, event_loop=self._events)
        self._uses_mouse = prefers.mouse
        self._place: int | None = None
        self._is_changed = True
        self._is_started = False
        self._drawn_at = float("-inf")
        self._now = 0.0
        self._archive = archive
        self._is_indexed = False
        self._pressed_at = float("-inf")
        self._editing: ExternalEditor | None = None

    # ------------------------------------------------------------------------------------------ the terminal

    @property
    def wants_input(self) -> bool:
        """Whether keys are read: but while they are for the person's own editor."""
        return self._editing is None

    @property
    def next_deadline(self) -> float | None:
        """When `refresh` should be called next, monotonic seconds."""
        frame = self._drawn_at + FRAME_SECONDS if self._is_changed else None
        indexing = None if self._is_indexed else max(self._pressed_at + INDEX_AFTER_SECONDS, self._now)
        deadlines = (
            indexing,
            self._keys.deadline,
            self._bursts.deadline,
            self._events.deadline,
            frame,
            self.keyboard.deadline,
        )
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def begin(self) -> None:
        """Take the terminal."""
        self._tty.enter()
        self._urwid.start()
        self._is_started = True
        self._queue(MODES_ON + (MOUSE_ON if self._uses_mouse else ""))
        self._output.write(self._telling.begin())

    def end(self) -> None:
        """Give it back; what was said last stays on it."""
        if self._editing is not None:
            self._editing.close()
        self._give_back()
        self._output.drop()

    def _give_back(self) -> None:
        if self._is_started:
            self._is_started = False
            self._queue(MODES_OFF)
            self._output.write(self._telling.end())
            self._urwid.stop()
        self._tty.leave()
        for line in self.keyboard.last_words():
            self._queue(f"{line}\n")
        self._output.flush(FLUSH_SECONDS_MAX)

    def suspend(self) -> None:
        """Give the terminal back and stop until the shell lets us go on."""
        self._give_back()
        self._tty.stop()
        self.resumed()

    def resumed(self) -> None:
        """The shell let us go on."""
        self._tty.enter()
        if not self._is_started:
            self._urwid.start()
            self._is_started = True
            self._queue(MODES_ON + (MOUSE_ON if self._uses_mouse else ""))
            self._output.write(self._telling.begin())
        self.resized()

    def resized(self) -> None:
        """The terminal has another size, or shows something else."""
        self._urwid.screen_size = None
        self._screen.clear()
        self._is_changed, self._drawn_at = True, float("-inf")

    # ------------------------------------------------------------------------------------------ what happens

    def input_came(self, data: bytes, now: float) -> None:
        """Take bytes from the keyboard."""
        keys = self._keys.feed(data, now)
        self._press(self._bursts.feed(keys, now, is_rest=self._keys.is_torn), now)

    def input_ended(self, now: float) -> None:
        """The terminal was closed."""
        self._engine.leave(now)

    def _press(self, keys: list[Key], now: float) -> None:
        for key in keys:
            self.keyboard.press(key, now)
            self._fulfil(self.keyboard.take_wanted())
        if keys:
            self._pressed_at = now
            self._is_changed, self._drawn_at = True, float("-inf")  # a key is answered at once

    def _fulfil(self, wanted: KeyAction | None) -> None:
        """Do what only who has the terminal can do."""
        if wanted is KeyAction.SUSPEND:
            self.suspend()
        elif wanted is KeyAction.EDITOR:
            self._begin_editing()
        elif wanted is KeyAction.REDRAW:
            self.resized()

    def _begin_editing(self) -> None:
        """Hand the terminal to the person's own editor, with what is typed; the client goes on behind it."""
        try:
            self._editing = ExternalEditor(self.keyboard.editor.text)
        except OSError as error:
            self.keyboard.question = f"Your editor cannot be started: {error.strerror or error}. Set EDITOR to another"
            return
        self._give_back()
        self._editing.start()

    def _look_after_editor(self) -> None:
        """Take what was written, where the editor is done."""
        assert self._editing is not None
        if not self._editing.is_done:
            return
        text, self._editing = self._editing.close(), None
        self.resumed()
        if text is not None:
            self.keyboard.editor.replace(text)

    def refresh(self, now: float) -> None:
        """Do what is due."""
        self._now = now
        if self._editing is not None:
            self._look_after_editor()
        keys = self._keys.due(now)
        self._press([*self._bursts.feed(keys, now), *self._bursts.due(now)], now)
        self._events.turn(now)
        if not self._is_indexed and now - self._pressed_at > INDEX_AFTER_SECONDS:
            self._is_indexed = not self._archive.index_some()
        if self.keyboard.refresh(now):
            self._is_changed = True
        self._note_connection(now)
        lines = own_lines(self._engine.messaging)
        sealing = self._engine.messaging.sealing.session
        before = [window.version for window in self.transcript.windows.values()]
        if sealing is None:
            self.transcript.refresh(lines)
        else:
            self.transcript.refresh(lines, sealing.posture)
        self._is_changed = self._is_changed or before != [one.version for one in self.transcript.windows.values()]

    def _note_connection(self, now: float) -> None:
        link = self._engine.messaging.link
        if self._engine.is_offline:
            self.transcript.cut(now)
        elif self._engine.state is State.LIVE and link.replay_end_id is None:
            self.transcript.back(now)

    def show(self, item: Shown) -> None:
        """Take something to show."""
        is_live = not (isinstance(item, Arrived) and item.is_missed)
        self.keyboard.named()
        self.transcript.show(item, is_live=is_live)
        if isinstance(item, Arrived):
            self._place = item.place or self._place
        if not isinstance(item, Earlier):
            self.keyboard.noticed(item)
        self._is_changed = True

    def answered(self, answer: RequestAnswer) -> None:
        """Take what came of something that was asked for the person."""
        self.keyboard.answered(answer)
        self._is_changed = True

    def draw(self) -> None:
        """Bring the screen up to date, where anything has changed and the last time is long enough ago."""
        if not self._is_started or not self._is_changed or self._now - self._drawn_at < FRAME_SECONDS:
            return
        self._is_changed, self._drawn_at = False, self._now
        self._events.idle()
        self._output.write(self._telling.titled(self.transcript))
        for alert in self.transcript.take_alerts():
            self._output.write(self._telling.alert(alert))
        place, self._place = self._place, None
        if place is not None:
            self._output.write(b"", partial(self._engine.messaging.mailbox.printed, place))

    def _picture(self, columns: int, rows: int) -> Picture:
        return draw_picture(self.keyboard, columns, rows)

    def _queue(self, text: str) -> None:
        self._output.write(text.encode("utf-8", "replace"))
