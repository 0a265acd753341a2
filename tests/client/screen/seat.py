"""Somebody in front of a full screen, which a terminal emulator draws."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from reactor_chat.client.boundary import Action, Arrived, Shown
from reactor_chat.client.commands.key_map import KeyMap
from reactor_chat.client.commands.keys import ViewKind
from reactor_chat.client.osc.notifications import Form
from reactor_chat.client.preferences.table import Preferences
from reactor_chat.client.screen.painting import Attributes
from reactor_chat.client.screen.telling import Telling
from reactor_chat.client.screen.view import Manner, ScreenView
from reactor_chat.e2ee.boundary import Derive
from reactor_chat.wire.messages import Notice, Numbered, Said, Told
from tests.client.terminal.test_line_mode import Glass
from tests.client.toy import Watcher, live
from tests.client.transcript.dull_archive import DullArchive

TODAY = datetime(2026, 11, 27, 13, 5, tzinfo=UTC)
AT = int(TODAY.timestamp() * 1000)
DAY_MS = 86_400_000


def local_time(milliseconds: int | None) -> datetime:
    return TODAY if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


class Seat:
    """The person, their engine and what they see."""

    def __init__(
        self,
        name: str | None = "John",
        columns: int = 80,
        rows: int = 24,
        glass: Callable[[int, int], Any] = Glass,
        **settings: Any,
    ) -> None:
        self.watcher = Watcher(name, interactive=True, **settings)
        self.engine = self.watcher.engine
        self.glass = glass(columns, rows)
        self.archive = DullArchive(name or "John")
        self.now = 0.0
        self.actions: list[Action | Derive] = []
        manner = Manner(Attributes("dark", 256), Telling(Form.OSC9), KeyMap(ViewKind.SCREEN), Preferences())
        self.view = ScreenView(self.engine, self.glass, self.glass, self.archive, local_time, manner)
        self.view.begin()

    def obey(self) -> None:
        """As the runner does at the end of a turn."""
        self.view.refresh(self.now)
        outputs = self.engine.take()
        self.actions += outputs.actions
        for item in map(self._archived, outputs.shown):
            self.view.show(item)
        for answer in outputs.answers:
            self.view.answered(answer)
        self.watcher.sent += outputs.data
        self.view.refresh(self.now)
        self.view.draw()

    def _archived(self, item: Shown) -> Shown:
        """As the vault does."""
        if isinstance(item, Arrived) and isinstance(item.notice, Numbered):
            return item._replace(place=self.archive.put(item.notice))
        return item

    def live(self) -> "Seat":
        live(self.watcher)
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
        self.wait(0.04)

    def resize(self, columns: int, rows: int) -> None:
        self.glass.emulated.resize(rows, columns)
        self.view.resized()
        self.obey()

    @property
    def lines(self) -> list[str]:
        """What can be read."""
        return [line.rstrip() for line in self.glass.emulated.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def said(seq: int, text: str, sender: str = "Ann", at: int = AT) -> Said:
    return Said(seq, at, sender, text)


def told(seq: int, text: str, sender: str = "Stella", to: str = "John", at: int = AT) -> Told:
    return Told(seq, at, sender, to, text)
