"""Somebody who hears what is written, in front of a terminal that checks that nothing on it ever moves back."""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from reactor_chat.client.boundary import Action, Arrived, Shown
from reactor_chat.client.engine import Engine
from reactor_chat.client.terminal.accessible_mode import AccessibleMode
from reactor_chat.e2ee.boundary import Derive
from reactor_chat.wire.messages import Notice
from tests.client.terminal.test_line_mode import Glass
from tests.client.toy import Watcher, live

BEGAN = datetime(2026, 11, 27, 13, 5, tzinfo=UTC)
AT = int(BEGAN.timestamp() * 1000)
MINUTE_MS = 60_000


class Paper(Glass):
    """A terminal that is only ever written on: after each sign the cursor is at the same place or further on."""

    def __init__(self, columns: int, rows: int) -> None:
        super().__init__(columns, rows)
        self.written = b""

    def write(self, data: bytes, written: Any = None) -> None:
        self.written += data
        for piece in data.decode().replace("\r\n", "\n"):
            assert piece in "\n\a" or unicodedata.category(piece) not in ("Cc", "Zl", "Zp"), repr(piece)
            before = self._at
            super().write(("\r\n" if piece == "\n" else piece).encode())
            assert self._at >= before, f"{piece!r} moved it back"
        self.writes.append(data)
        if written:
            written()

    @property
    def _at(self) -> tuple[int, int]:
        """Where the cursor is, counted from the first row that was ever written."""
        cursor = self.emulated.cursor
        return len(self.emulated.history.top) + cursor.y, cursor.x

    @property
    def text(self) -> str:
        """Everything that was ever written."""
        return self.written.decode().replace("\r\n", "\n")


class Listener:
    """Somebody with a view of sentences.

    Args:
        engine: whose view it is; left out, John's, who is a guest.
    """

    def __init__(self, engine: Engine | None = None, name: str | None = "John", columns: int = 80, **how: Any) -> None:
        self.watcher = Watcher(name, interactive=True, **how)
        self.engine = self.watcher.engine if engine is None else engine
        self.paper = Paper(columns, 24)
        self.now = 0.0
        self.actions: list[Action | Derive] = []
        self.view = AccessibleMode(self.engine, self.paper, self.paper, self.local_time)
        self.view.begin()

    def local_time(self, milliseconds: int | None) -> datetime:
        if milliseconds is None:
            return BEGAN + timedelta(seconds=self.now)
        return datetime.fromtimestamp(milliseconds / 1000, UTC)

    @property
    def at(self) -> int:
        """Now, in milliseconds since 1970."""
        return AT + round(self.now * 1000)

    def obey(self) -> None:
        """As the runner does in the middle of a turn."""
        self.engine.tick(self.now)
        self.view.refresh(self.now)
        while any(outputs := self.engine.take()):
            self.actions += outputs.actions
            self.watcher.sent += outputs.data
            self.say(outputs.shown)
            self.view.refresh(self.now)
        self.view.draw()

    def say(self, items: Sequence[Shown]) -> None:
        for item in items:
            self.view.show(item)

    def show(self, *items: Shown | Notice) -> None:
        """Have the view show things as if the engine had said so."""
        self.say([item if isinstance(item, Shown) else Arrived(item) for item in items])
        self.obey()

    def live(self) -> "Listener":
        live(self.watcher)
        self.say(self.watcher.shown)
        self.watcher.shown.clear()
        self.obey()
        return self

    def press(self, *pieces: str | bytes) -> None:
        for piece in pieces:
            self.view.input_came(piece.encode() if isinstance(piece, str) else piece, self.now)
            self.obey()
            self.wait(0.06)  # as long as it takes to see that nothing follows an Enter

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.obey()

    def hear(self, *notices: Notice) -> None:
        self.watcher.hear(*notices, now=self.now)
        self.obey()

    def resize(self, columns: int, rows: int) -> None:
        screen = self.paper.emulated
        screen.resize(rows, columns)
        screen.cursor.y, screen.cursor.x = min(screen.cursor.y, rows - 1), min(screen.cursor.x, columns - 1)
        self.view.resized()
        self.obey()

    def since(self, mark: int) -> str:
        """What was written behind so many bytes."""
        return self.paper.written[mark:].decode().replace("\r\n", "\n")
