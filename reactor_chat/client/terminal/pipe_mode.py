"""The view for pipes, files and simple terminals: lines in, lines out, and everything else on the side.

What people read goes to `out`, what the client itself has to say to `write_note`.  Lines are handed to the engine
only as fast as it can place them, so a file of any length may be poured in.
"""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

from reactor_chat.client.boundary import Arrived, Draft, Earlier, Note, NoteKind, RequestAnswer, Shown
from reactor_chat.client.engine import Engine
from reactor_chat.client.store.written import json_line
from reactor_chat.client.terminal.caution import hindrance_of_slash
from reactor_chat.client.terminal.lines import LineSplitter
from reactor_chat.client.terminal.palette import Palette
from reactor_chat.text.render import compose
from reactor_chat.text.safe import LINE_BREAK, safe
from reactor_chat.text.slash import meant


class Output(Protocol):
    """Writes to whoever reads the chat, as in `streams.OutputStream`."""

    def __call__(self, data: bytes, written: Callable[[], None] | None = None, /) -> None:
        """Queue bytes, and call when they are written."""


class PipeMode:
    """Prints notices as lines, or as JSON.

    Args:
        engine: whose view this is.
        out: writes to whoever reads the chat.
        write_note: writes to the person who started it.
        palette: paints the lines.
        as_json: one notice a line, as JSON, instead of what people read.
        is_typed: a person types the lines, and `/word` is a command.
    """

    next_deadline: float | None = None
    takes_terminal = False

    def __init__(
        self,
        engine: Engine,
        out: Output,
        write_note: Callable[[bytes], None],
        palette: Palette,
        *,
        as_json: bool = False,
        is_typed: bool = False,
    ) -> None:
        self._engine = engine
        self._out = out
        self._write_note = write_note
        self._palette = palette
        self._as_json = as_json
        self._is_typed = is_typed
        self._splitter = LineSplitter()
        self._lines: deque[str] = deque()
        self._has_ended = False

    @property
    def wants_input(self) -> bool:
        """Whether more should be read."""
        return not self._lines and self._engine.wants_input

    def begin(self) -> None:
        """Nothing needs to be prepared."""

    def end(self) -> None:
        """Nothing needs to be put back."""

    def input_came(self, data: bytes, now: float) -> None:
        """Take bytes of the input."""
        self._lines += self._splitter.feed(data)
        self.refresh(now)

    def input_ended(self, now: float) -> None:
        """Take the end of the input."""
        self._lines += self._splitter.end()
        self._has_ended = True
        self.refresh(now)

    def refresh(self, now: float) -> None:
        """Hand over the lines that the engine has room for, and the end behind the last."""
        while self._lines and self._engine.wants_input:
            line = self._meant(self._lines.popleft())
            if line is not None:
                self._engine.typed(line, now)
        if self._has_ended and not self._lines:
            self._has_ended = False
            self._engine.end_of_input(now)

    def _meant(self, line: str) -> str | None:
        """Return the line that a line stands for; None where it cannot be taken, and that is told."""
        if not self._is_typed or self._engine.wants_name or self._engine.messaging.orders.wants_passphrase:
            return line
        if (reason := hindrance_of_slash(line)) is not None:
            self.show(Note(NoteKind.DOUBT, reason))
        return meant(line) if reason is None else None

    def show(self, item: Shown) -> None:
        """Print a notice or a note; nothing, for notices that people do not read, and what a pipe had before."""
        if isinstance(item, Note):
            self._write_note(self._side_line(item).encode("utf-8", "replace"))
        elif isinstance(item, Draft):
            self._write_note(
                self._side_line(Note(NoteKind.ANSWER, f"To be edited: {item.text}")).encode("utf-8", "replace")
            )
        elif not isinstance(item, Earlier):
            written = None if item.place is None else partial(self._engine.messaging.mailbox.printed, item.place)
            self._out(self._line(item), written)

    def _line(self, arrived: Arrived) -> bytes:
        if self._as_json:
            return f"{json_line(arrived)}\n".encode()
        is_own = arrived.is_own
        lines = compose(arrived.notice, self._engine.name, LINE_BREAK, arrived.annotations, quotes_server=not is_own)
        return "".join(self._palette.line(line) + "\n" for line in lines).encode("utf-8", "replace")

    def answered(self, answer: RequestAnswer) -> None:
        """Nothing is asked here but what is typed."""

    def draw(self) -> None:
        """Everything is printed as it comes."""

    def resized(self) -> None:
        """Lines are as long as they are."""

    def suspend(self) -> None:
        """The system stops it, as it stops any program."""

    def resumed(self) -> None:
        """A suspended pipe needs no repainting."""

    def _side_line(self, note: Note) -> str:
        text = safe(note.text)
        return f"{text}: " if note.kind is NoteKind.QUESTION else f"reactor-chat: {text}\n"
