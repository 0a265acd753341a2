"""What keys mean on the screen, and everything about it that is not in the transcript: where one is, what is typed.

Theory of operation.  While something stands over the conversation (`asking`), it has the keys.  Otherwise a key of the
screen's own does what it says, and every other one goes to the editor.  What is typed goes to the conversation that is
open: as a message, unless it begins with `@`, which makes it a command as in the line mode.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import ClassVar

from reactor_chat.client.archive.contract import Archive, Found, Search
from reactor_chat.client.boundary import Note, NoteKind, RequestAnswer, Shown
from reactor_chat.client.commands.key_map import Bound, KeyMap
from reactor_chat.client.commands.keys import Key, KeyAction
from reactor_chat.client.commands.moments import read_moment
from reactor_chat.client.connecting.states import State
from reactor_chat.client.editing.typed_text import Snapshot
from reactor_chat.client.engine import Engine
from reactor_chat.client.preferences.table import Preferences
from reactor_chat.client.screen.asking import Asking, Finding, Reading, Switching, Unsent
from reactor_chat.client.screen.entry_rows import EntryRows
from reactor_chat.client.screen.pane import Pane
from reactor_chat.client.screen.read_markers import ReadMarkers
from reactor_chat.client.screen.status import Connection
from reactor_chat.client.screen.unsent_lines import UnsentLines
from reactor_chat.client.terminal.caution import hindrance, question
from reactor_chat.client.terminal.editor import Choices, Editor, Result, Submitted
from reactor_chat.client.transcript.entries import OwnLine, event
from reactor_chat.client.transcript.transcript import Page, Transcript
from reactor_chat.client.transcript.window import Window
from reactor_chat.e2ee.boundary import Posture
from reactor_chat.text.completion import completions, word_typed
from reactor_chat.text.orders import EncryptOn
from reactor_chat.text.parser import parse_typed
from reactor_chat.text.render import Line as Row
from reactor_chat.text.render import Part
from reactor_chat.text.safe import safe
from reactor_chat.text.slash import CloseChat, Line, OpenChat, escaped, meant, read_slash
from reactor_chat.wire.conversation import ROOM, Conversation, Spoken, where_said
from reactor_chat.wire.messages import Refused, Request

ANSWER_SECONDS_MIN = 0.2
"""An Enter that comes sooner after a question does not answer it: nobody can have read it."""
WHEEL_ROWS = 3
PANE_ROWS_MAX = 1_000_000
"""More than any pane has in memory."""


class Keyboard:
    """The state of a screen.

    Args:
        engine: is given what was typed.
        transcript: the conversations.
        archive: where is searched.
        local_time: gives the local time of a moment in milliseconds since 1970, and of now for None.
        keys: what each key does.
        prefers: what the person prefers.

    Attributes:
        editor: the line being typed.
        asking: what stands over the conversation; None where nothing does.
        question: what is asked before the line may leave; empty where nothing is.
        shows_chats, shows_people: whether the panes at the sides are wanted.
    """

    def __init__(
        self,
        engine: Engine,
        transcript: Transcript,
        archive: Archive,
        local_time: Callable[[int | None], datetime],
        keys: KeyMap,
        prefers: Preferences,
    ) -> None:
        self.transcript = transcript
        self.editor = Editor(self._complete, keys)
        self.asking: Asking | None = None
        self.question = ""
        self.shows_chats = self.shows_people = prefers.sidebar
        self.deadline: float | None = None
        self._engine = engine
        self._archive = archive
        self._local_time = local_time
        self._drawing = EntryRows(local_time)
        self._panes: dict[Conversation, Pane] = {}
        self._asked: dict[str, Request] = {}
        self._asked_for = ""
        self._asked_at = 0.0
        self._is_at_top = False
        self._height = 1
        self._now = 0.0
        self._keys = keys
        self._wanted: KeyAction | None = None
        self._drafts: dict[Conversation, Snapshot] = {}
        self._markers = ReadMarkers(engine, transcript, tells=prefers.read_receipts)
        self._last_words: list[str] = []

    # ------------------------------------------------------------------------------------------ what is shown

    @property
    def me(self) -> str:
        """One's own name."""
        return self._engine.name

    @property
    def is_secret(self) -> bool:
        """Whether what is typed is not to be seen."""
        return self._engine.messaging.orders.wants_passphrase

    def named(self) -> None:
        """Turn to the name that the engine has."""
        if self._engine.name and not self._engine.wants_name and self.transcript.named(self._engine.name):
            self.editor.replace(self.transcript.open.draft)

    def pane(self) -> Pane:
        """Return the pane of the open conversation."""
        window = self.transcript.open
        pane = self._panes.get(window.conversation)
        if pane is None or pane.window is not window:
            pane = self._panes[window.conversation] = Pane(window, self._drawing)
        return pane

    def people(self) -> list[str]:
        """Return who is here, by what the client has heard."""
        return self._engine.messaging.directory.users

    def target(self) -> tuple[str, Posture]:
        """Return to whom the line goes as far as it is typed, and what becomes of it."""
        if self._engine.wants_name:
            return "choose a name", Posture.PLAIN
        window = self._window_typed()
        return window.title, window.posture

    def _window_typed(self) -> Window:
        """Return where the line goes: where one is, or to the person or group that a command names."""
        text = meant(self.editor.text)
        if text.startswith("@") and not text.startswith("@@"):
            parsed = parse_typed(text)
            if isinstance(parsed, Spoken):
                where = where_said(parsed)
                return self.transcript.windows.get(where) or Window(where, where.name)
        return self.transcript.open

    def connection(self) -> Connection:
        """Return how the connection is."""
        engine = self._engine
        if engine.state in (State.LIVE, State.LEAVING):
            word = "no answer" if engine.messaging.link.is_doubted else "connected"
        else:
            word = "offline" if engine.is_offline else "connecting"
        return Connection(word, self._waiting())

    def _waiting(self) -> int:
        return self._engine.messaging.changes_waiting

    def beside(self) -> str:
        """Return what is to be said of the line itself."""
        if (search := self.editor.search) is not None:
            found = "" if search.is_found else ", nothing more found"
            return f"search in what you sent: {search.words}{found}"
        lines = self.editor.lines
        return f"{lines} lines" if lines > 1 else ""

    def seen(self, *, is_at_end: bool, is_at_top: bool, height: int) -> None:
        """Learn what of the conversation is on the screen."""
        self._is_at_top, self._height = is_at_top, max(height, 1)
        self.transcript.looked_at(is_at_end=is_at_end)

    def last_words(self) -> list[str]:
        """Return what is to stand on the terminal when the screen is gone."""
        words, self._last_words = self._last_words, []
        return words

    # ------------------------------------------------------------------------------------------ what happens

    def noticed(self, item: Shown) -> None:
        """Take what the transcript has taken, for what of it is the screen's."""
        if isinstance(item, Note) and item.kind in (NoteKind.FAILURE, NoteKind.DOUBT):
            self._last_words.append(safe(item.text))
        if self.transcript.given_back is not None:
            self.editor.replace(escaped(self.transcript.given_back))
            self.transcript.given_back = None
        if self.transcript.page is not None:
            self.asking, self.transcript.page = Reading(self.transcript.page), None

    def answered(self, answer: RequestAnswer) -> None:
        """Take what came of something that was asked."""
        if self._markers.answered(answer):
            return
        request = self._asked.pop(answer.request_id, None) if answer.is_last else self._asked.get(answer.request_id)
        self.transcript.answered(answer, request)

    def refresh(self, now: float) -> bool:
        """Go on with what takes longer; return whether anything is to be drawn anew."""
        self.named()
        self.deadline = None
        self._markers.keep(now)
        if self._is_at_top and self.asking is None:
            self._ask_older(now)
        if self.asking is None:
            return False
        if self.asking.work():
            self.deadline = now
            return True
        return False

    def take_wanted(self) -> KeyAction | None:
        """Return, once, what the person wants that only who has the terminal can do."""
        wanted, self._wanted = self._wanted, None
        return wanted

    # ------------------------------------------------------------------------------------------ keys

    def press(self, key: Key, now: float) -> None:
        """Do what a key means here."""
        self._now = now
        if key.name in ("FocusIn", "FocusOut"):
            self.transcript.focused(is_focused=key.name == "FocusIn")
        elif self.asking is not None:
            self.asking.press(key, max(self._height - 4, 1))
            if self.asking is not None and self.asking.is_over:
                self.asking = None
        elif not self.editor.submits(key) or self._may_leave(now):
            self._type(key, now)

    def _type(self, key: Key, now: float) -> None:
        self.editor.remembers = not (self._engine.wants_name or self._types_secret)
        self._do(self.editor.press(key), now)
        if self.editor.text != self._asked_for:
            self.question = self._asked_for = ""
        if not (self._engine.wants_name or self.is_secret):
            self.transcript.draft(self.editor.text)

    def _may_leave(self, now: float) -> bool:
        text = self.editor.text
        asks = self._engine.wants_name or self.is_secret
        reason = hindrance(text) or (None if asks else _why_no_command(text))
        if reason is not None:
            self.question = reason
            return False
        asked = None if asks else question(text, self.editor.pasted_lines)
        if asked is None:
            return True
        if text == self._asked_for:
            return now - self._asked_at >= ANSWER_SECONDS_MIN
        self._asked_for, self._asked_at, self.question = text, now, asked
        return False

    def _do(self, result: Result, now: float) -> None:
        match result:
            case Submitted():
                self._submitted(result.text, now)
            case Choices():
                self._tell([Part("system", "  ".join(result.words))])
            case Bound():
                self._act(result)
            case _:
                pass

    def _act(self, bound: Bound) -> None:
        """Do what a key of the screen's own means."""
        if bound.action is KeyAction.CHAT:
            self._go_to(bound.number)
        elif bound.action in (KeyAction.SUSPEND, KeyAction.REDRAW, KeyAction.EDITOR):
            self._wanted = bound.action
        elif (does := self._DOES.get(bound.action)) is not None:
            does(self)

    def _submitted(self, text: str, now: float) -> None:
        """Take a line for what it is: an answer that the client wants, a command, or a message to where one is."""
        if self._engine.wants_name or self.is_secret or not text.strip():
            self._engine.typed(text, now)
            return
        match read_slash(text):
            case OpenChat(user=user, group=group, text=said):
                self.go(
                    Conversation.pair(user) if user is not None else Conversation.group(group or ""),
                    user or group or "",
                )
                if said:
                    self._say(said, now)
            case CloseChat():
                self.go(ROOM)
            case Line(text=line):
                self._take_line(line, now)
            case _:
                self._take_line(text, now)

    def _take_line(self, line: str, now: float) -> None:
        if line.startswith("@") and not line.startswith("@@"):
            self._engine.typed(line, now)
        else:
            self._say(line[1:] if line.startswith("@@") else line, now)

    def _say(self, text: str, now: float) -> None:
        """Say a text where one is, and go to the end of what was said there."""
        self._ask(self.transcript.request_for(text), now)
        self.transcript.pages.to_end(self.transcript.open)
        self.pane().to_end()
        self.transcript.open.clear_new()

    def _ask(self, request: Request, now: float) -> str:
        request_id = self._engine.ask(request, now)
        self._asked[request_id] = request
        return request_id

    @property
    def _types_secret(self) -> bool:
        order = parse_typed(meant(self.editor.text))
        return self.is_secret or (isinstance(order, EncryptOn) and order.passphrase is not None)

    def _complete(self, typed: str) -> tuple[str, list[str]]:
        directory = self._engine.messaging.directory
        return word_typed(typed), completions(typed, directory.users, directory.groups)

    def _tell(self, line: Row) -> None:
        self.transcript.open.add(event([line]))

    # ------------------------------------------------------------------------------------------ where one is

    def go(self, conversation: Conversation, name: str = "") -> None:
        """Open a conversation, with what was typed there."""
        with self._elsewhere():
            self.transcript.go(conversation, name)

    def _next_unread(self) -> None:
        with self._elsewhere():
            self.transcript.next_unread()

    @contextmanager
    def _elsewhere(self) -> Iterator[None]:
        """Go to another conversation within this, and have what was typed there in the place of what is typed here."""
        before = self.transcript.open
        yield
        if self.transcript.open is not before:
            self.question = self._asked_for = ""
            self._drafts[before.conversation] = self.editor.snapshot()
            window = self.transcript.open
            kept = self._drafts.pop(window.conversation, None)
            self.editor.restore(kept if kept is not None else Snapshot(window.draft, len(window.draft)))

    def _go_to(self, number: int) -> None:
        listed = self.transcript.listed()
        if number <= len(listed):
            self.go(listed[number - 1].conversation)

    def _scroll(self, rows: int) -> None:
        if self.pane().scroll(rows, self._height):
            self._is_at_top = True
        if rows < 0 and self.pane().is_at_bottom:
            self.transcript.pages.newer(self.transcript.open)

    def _to_end(self) -> None:
        self.transcript.pages.to_end(self.transcript.open)
        self.pane().to_end()

    def _ask_older(self, now: float) -> None:
        """Have the page before the first entry come, from the archive or the server."""
        window = self.transcript.open
        request = self.transcript.pages.older(window)
        if request is not None and self._engine.wants_requests and not self._engine.is_offline:
            self.transcript.pages.asked(window, request, self._ask(request, now))
        self._is_at_top = False

    # ------------------------------------------------------------------------------------------ what stands over it

    def _help(self) -> None:
        rows = [[Part("help", f" {keys:34} {what}")] for keys, what in self._keys.help_rows()]
        self.asking = Reading(Page("Keys (@help shows the commands)", [*rows]))

    def _close(self) -> None:
        self.question = self._asked_for = ""

    def _switch(self) -> None:
        self.asking = Switching(self.transcript.listed(), self.people(), self.go)

    def _find(self) -> None:
        self.asking = Finding(self._search, self._jump, self._stamp)

    def _search(self, typed: str) -> Search:
        return self._archive.search(typed, lambda text: read_moment(text, self._local_time(None)))

    def _jump(self, found: Found) -> None:
        self.go(found.entry.conversation)
        self.transcript.jump(found.entry.place, found.entry.conversation)
        entries = self.transcript.open.entries
        at = next((at for at, one in enumerate(entries) if one.place == found.entry.place), None)
        if at is not None:  # in the middle of the pane, with what was said around it
            self.pane().to_item(entries[min(at + self._height // 2, len(entries) - 1)])

    def _stamp(self, at: int) -> str:
        try:
            return f"{self._local_time(at):%Y-%m-%d %H:%M}"
        except (OverflowError, ValueError, OSError):  # a server may say any number
            return "--"

    def _unsent(self) -> None:
        lines = UnsentLines(self._engine, self.transcript, self._now, self._say_again)
        edit = partial(self._edit_unsent, lines)
        self.asking = Unsent(self.transcript.unsent, lines.send, edit, lines.drop)

    def _say_again(self, line: OwnLine) -> None:
        self.go(line.conversation)
        self._say(line.text or "", self._now)

    def _edit_unsent(self, lines: UnsentLines, line: OwnLine) -> None:
        text = lines.take_back(line)
        self.go(line.conversation)
        if text is not None:
            self.editor.replace(escaped(text))

    def _toggle_chats(self) -> None:
        self.shows_chats = not self.shows_chats

    def _toggle_people(self) -> None:
        self.shows_people = not self.shows_people

    def _zoom(self) -> None:
        self.shows_chats = self.shows_people = not (self.shows_chats or self.shows_people)

    _DOES: ClassVar[dict[KeyAction, Callable[["Keyboard"], None]]] = {
        KeyAction.NEXT_UNREAD: _next_unread,
        KeyAction.SWITCH: _switch,
        KeyAction.FIND: _find,
        KeyAction.HELP: _help,
        KeyAction.HELD: _unsent,
        KeyAction.CHATS_PANE: _toggle_chats,
        KeyAction.PEOPLE_PANE: _toggle_people,
        KeyAction.ZOOM: _zoom,
        KeyAction.BOTTOM: _to_end,
        KeyAction.TOP: lambda self: self._scroll(PANE_ROWS_MAX),
        KeyAction.PAGE_UP: lambda self: self._scroll(self._height - 1),
        KeyAction.PAGE_DOWN: lambda self: self._scroll(1 - self._height),
        KeyAction.SCROLL_UP: lambda self: self._scroll(WHEEL_ROWS),
        KeyAction.SCROLL_DOWN: lambda self: self._scroll(-WHEEL_ROWS),
        KeyAction.CLOSE: _close,
        KeyAction.CANCEL: _close,
        KeyAction.LEAVE: lambda self: self._engine.leave(self._now),
    }


def _why_no_command(text: str) -> str | None:
    found = read_slash(text)
    return found.text if isinstance(found, Refused) else None
