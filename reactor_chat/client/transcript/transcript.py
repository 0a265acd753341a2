"""Every conversation of one name, which of them is open, and what in them is news to the person.

Theory of operation.  Everything that the engine has to show goes through `show` and finds its window; what belongs to
no conversation (answers, the client's own words) stands in the one that is open.  A window fetches its entries from the
archive when it is opened, so a start costs nothing for what nobody looks at.

The read marker of a conversation moves only while it is open, the terminal has the focus and the newest entry is on the
screen, as `looked_at` is told; it is kept in the archive at once, and handed to the server now and then (`take_marks`).

A mention or a private message that the person is not looking at is an alert, once for each conversation until they have
been there; what is replayed after a cut counts as unread and is no alert.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from reactor_chat.client.archive.contract import Archive, Overview
from reactor_chat.client.boundary import Arrived, Draft, Earlier, Note, NoteKind, RequestAnswer, Shown
from reactor_chat.client.transcript.entries import Entry, Fate, Message, OwnLine, event
from reactor_chat.client.transcript.mentions import Mentions
from reactor_chat.client.transcript.pages import Pages
from reactor_chat.client.transcript.sorting import entry_of, where_shown
from reactor_chat.client.transcript.window import Window
from reactor_chat.e2ee.boundary import Posture
from reactor_chat.text.render import Line, Part, Role, compose
from reactor_chat.text.safe import safe
from reactor_chat.wire.conversation import ROOM, Conversation, Heard, Scope, Spoken, spelled_where, where_said
from reactor_chat.wire.messages import (
    GroupChanged,
    GroupsAnswer,
    GroupSend,
    HelpAnswer,
    Refused,
    Request,
    Say,
    Tell,
    Welcome,
    fold,
)

MARK_SECONDS = 5.0
"""A read marker goes to the server no more often than this while a person reads on."""

NO_POSTURE: Callable[[Conversation], Posture] = lambda _: Posture.PLAIN  # noqa: E731  a default of one argument


NOTE_ROLES: dict[NoteKind, Role] = {NoteKind.ALARM: "alarm", NoteKind.DOUBT: "refusal", NoteKind.FAILURE: "refusal"}
"""What the client's own words are, where they are more than news."""


class Alert(NamedTuple):
    """Something that a person wants to hear of while they look elsewhere."""

    conversation: Conversation
    title: str  # who, and where
    text: str


class Page(NamedTuple):
    """Something to be read that belongs to no conversation, such as the help."""

    title: str
    lines: list[Line]


class Transcript:
    """What a client shows.

    Args:
        archive: of the vault, turned to the present name.
        keywords: words by which the person wants to be called, besides their name.

    Attributes:
        windows: every conversation that has anything in it, or was opened.
        open: the one that is shown and typed into.
        me: one's own name.
        page: shown over everything until it is closed; None where none is.
        given_back: a line to be edited, to be taken by whoever holds the editor; None where there is none.
        news: the newest words of the client about the connection.
        pages: fetches entries from the archive and the server.
        is_focused: the terminal has the focus, or never says that it has not.
    """

    def __init__(self, archive: Archive, keywords: Iterable[str] = ()) -> None:
        self.me = ""
        self.windows: dict[Conversation, Window] = {}
        self.open = self._window(ROOM)
        self.page: Page | None = None
        self.given_back: str | None = None
        self.news = ""
        self.is_focused = True
        self._is_at_end = True
        self._archive = archive
        self._keywords = tuple(keywords)
        self._mentions = Mentions("", self._keywords)
        self.pages = Pages(archive, self.me, self._mentions)
        self._alerts: list[Alert] = []
        self._alerted: set[Conversation] = set()
        self._refused: dict[str, OwnLine] = {}
        self._is_welcome = False
        self._cut_at: float | None = None
        self._missed = 0
        self._unmarked: dict[Conversation, int] = {}
        self._marked_at = float("-inf")

    # ------------------------------------------------------------------------------------------ whose it is

    def named(self, name: str) -> bool:
        """Turn to what the archive has for a name; return False, and do nothing, where that is the present one."""
        if fold(name) == fold(self.me):
            self.me = name
            return False
        self.me, self._mentions = name, Mentions(name, self._keywords)
        self.pages = Pages(self._archive, name, self._mentions)
        self.windows = {}
        for overview in self._archive.conversations():
            self._take_overview(overview)
        self.open = self._window(ROOM)
        self.pages.load(self.open)
        self.open.mark_new()
        return True

    def _take_overview(self, overview: Overview) -> None:
        window = self._window(overview.conversation, overview.name)
        window.unread, window.read = overview.unread, overview.read
        window.draft, window.is_muted = overview.draft, overview.is_muted
        if window.unread:
            window.mentions = self._mentions_unread(window)

    def _mentions_unread(self, window: Window) -> int:
        if window.conversation.scope is Scope.PAIR:
            return window.unread
        first = self._archive.first_unread(window.conversation)
        if first is None:
            return 0
        entries = self.pages.entries(self._archive.around(first, before=0, after=window.unread))
        return sum(isinstance(entry, Message) and entry.is_mention for entry in entries)

    def listed(self) -> list[Window]:
        """Return the windows in the order of a list: the room, groups by name, people by name."""
        order = {Scope.ROOM: 0, Scope.GROUP: 1, Scope.PAIR: 2}
        return sorted(self.windows.values(), key=lambda one: (order[one.conversation.scope], fold(one.name)))

    def _window(self, spelled: Conversation, name: str = "") -> Window:
        """Return the window of a conversation, however its name is spelled."""
        conversation = spelled._replace(name=fold(spelled.name))
        name = name or (spelled.name if spelled != conversation else "")
        window = self.windows.get(conversation)
        if window is None:
            window = self.windows[conversation] = Window(conversation, name)
        elif name:
            window.name = name
        return window

    # ------------------------------------------------------------------------------------------ what comes

    def show(self, item: Shown, *, is_live: bool = True) -> None:
        """Take what the engine has to show.

        Args:
            item: anything of it.
            is_live: it happened now; it is not told again after a cut.
        """
        if isinstance(item, Arrived):
            self._arrived(item, is_live=is_live)
        elif isinstance(item, Draft):
            self.given_back = item.text
        elif isinstance(item, Note):
            self.news = item.text
            if item.kind is NoteKind.LINK:  # the status says it, and one line when the connection is back
                return
            window = self.open if item.where is None else self._window(item.where)
            window.add(event([[Part(NOTE_ROLES.get(item.kind, "system"), safe(item.text))]]))
        else:
            assert isinstance(item, Earlier)  # what an earlier run showed is on the pages of the archive

    def _arrived(self, arrived: Arrived, *, is_live: bool) -> None:
        notice = arrived.notice
        if isinstance(notice, HelpAnswer):
            self.page = Page("Help", compose(notice, self.me))
            return
        if isinstance(notice, Welcome):
            if self._is_welcome:
                return
            self._is_welcome = True
        if isinstance(notice, GroupChanged):
            self._changed(notice)
        elif isinstance(notice, GroupsAnswer):
            for overview in notice.groups:
                self._window(Conversation.group(overview.group), overview.group).is_left = False
        entry = entry_of(arrived, self.me, self._mentions)
        if entry is None:
            return
        where = where_shown(notice, self.me)
        if where is None:
            self.open.add(entry)
        else:
            name = spelled_where(notice, self.me).name if isinstance(notice, Heard) else ""
            self._put(self._window(where, name), entry, is_live=is_live)

    def _changed(self, notice: GroupChanged) -> None:
        window = self._window(Conversation.group(notice.group), notice.group)
        window.is_left = fold(self.me) not in map(fold, notice.members or ())

    def _put(self, window: Window, entry: Entry, *, is_live: bool) -> None:
        if window.is_loaded:
            if isinstance(entry, Message) and entry.notice.seq < window.newest_seq:
                window.add_late(entry)
            else:
                window.add(entry)
        if isinstance(entry, Message):
            self._said(window, entry, is_live=is_live)

    def cut(self, now: float) -> None:
        """Learn that the connection is gone, at this moment in monotonic seconds; once more changes nothing."""
        if self._cut_at is None:
            self._cut_at, self._missed = now, 0

    def back(self, now: float) -> None:
        """Learn that everything missed since `cut` has come: one line says for how long and how much."""
        if self._cut_at is None:
            return
        away, self._cut_at = _duration(now - self._cut_at), None
        missed = f", {self._missed} missed" if self._missed else ""
        self._tell([Part("system", f"Back after {away}{missed}")])

    def _said(self, window: Window, message: Message, *, is_live: bool) -> None:
        if message.is_own:
            window.clear_new()
            return
        self._missed += not is_live
        if message.notice.seq <= window.read:
            return
        is_for_me = message.is_mention or window.conversation.scope is Scope.PAIR
        window.unread += 1
        window.mentions += is_for_me
        if self._is_looked_at(window):
            self._read(window)
            return
        if window is self.open and window.new_above is None:
            window.mark_new()
        if is_live and is_for_me and not window.is_muted:
            self._alert(window, message)

    def _alert(self, window: Window, message: Message) -> None:
        if window.conversation in self._alerted:
            return
        self._alerted.add(window.conversation)
        where = "" if window.conversation.scope is Scope.PAIR else f" in {window.title}"
        self._alerts.append(Alert(window.conversation, f"{message.notice.sender}{where}", message.notice.text or ""))

    def _tell(self, line: Line) -> None:
        self.open.add(event([line]))

    def take_alerts(self) -> list[Alert]:
        """Remove and return what the person wants to hear of."""
        alerts, self._alerts = self._alerts, []
        return alerts

    # ------------------------------------------------------------------------------------------ one's own lines

    def request_for(self, text: str) -> Spoken:
        """Return the request that says a text in the open conversation."""
        conversation, name = self.open.conversation, self.open.name
        if conversation.scope is Scope.ROOM:
            return Say(text)
        return Tell(name, text) if conversation.scope is Scope.PAIR else GroupSend(name, text)

    def answered(self, answer: RequestAnswer, request: Request | None) -> None:
        """Take what came of something that was asked for the person.

        Args:
            answer: what came.
            request: what was asked; None where nobody remembers it.
        """
        notice = answer.arrived.notice
        if self.pages.came(answer):
            return
        if isinstance(notice, Refused):
            self._was_refused(answer, request, notice)

    def _was_refused(self, answer: RequestAnswer, request: Request | None, notice: Refused) -> None:
        lines = compose(notice, self.me, quotes_server=not answer.arrived.is_own)
        reason = " ".join("".join(part.text for part in line) for line in lines)
        if isinstance(request, Spoken):
            where = where_said(request)
            line = OwnLine(answer.request_id, where, request.text, Fate.REFUSED, reason)
            self._refused[answer.request_id] = line
        else:
            self._tell([Part("refusal", reason)])

    def drop_refused(self, request_id: str) -> OwnLine | None:
        """Forget a line that was refused; return it, None where there is none of this id."""
        return self._refused.pop(request_id, None)

    def refresh(self, lines: list[OwnLine], posture: Callable[[Conversation], Posture] = NO_POSTURE) -> None:
        """Take how far everything of one's own has come, and what becomes of a line typed in each conversation."""
        by_window: dict[Conversation, list[OwnLine]] = {}
        for line in [*lines, *self._refused.values()]:
            by_window.setdefault(line.conversation, []).append(line)
        for conversation in by_window:
            self._window(conversation)
        for window in self.windows.values():
            window.take_own(by_window.get(window.conversation, []))
            window.posture = posture(window.conversation)

    def unsent(self) -> list[OwnLine]:
        """Return everything that needs the person: what is not sent, refused or in doubt."""
        return [line for window in self.listed() for line in window.own_lines if line.fate is not Fate.SENDING]

    # ------------------------------------------------------------------------------------------ where one is

    def go(self, conversation: Conversation, name: str = "") -> None:
        """Open a conversation, which may be new."""
        window = self._window(conversation, name)
        if window is self.open:
            return
        self.open.clear_new()
        self.open = window
        self._alerted.discard(conversation)
        self._is_at_end = False  # until whoever draws says so
        if not window.is_loaded or not window.is_at_end:
            self.pages.load(window)
        window.mark_new()

    def next_unread(self) -> bool:
        """Open the next conversation that has something for the person, or else anything new; False where none has."""
        windows = self.listed()
        at = windows.index(self.open) + 1
        others = [one for one in [*windows[at:], *windows[: at - 1]] if one.unread]
        wanted = next((one for one in others if one.mentions), others[0] if others else None)
        if wanted is None:
            return False
        self.go(wanted.conversation)
        return True

    def focused(self, *, is_focused: bool) -> None:
        """Learn whether the terminal has the focus."""
        self.is_focused = is_focused
        self.looked_at(is_at_end=self._is_at_end)

    def looked_at(self, *, is_at_end: bool) -> None:
        """Learn whether the newest entry of the open conversation is on the screen."""
        self._is_at_end = is_at_end
        if self._is_looked_at(self.open) and (self.open.unread or self.open.read < self.open.newest_seq):
            self._read(self.open)

    def _is_looked_at(self, window: Window) -> bool:
        return window is self.open and self.is_focused and self._is_at_end and window.is_at_end

    def _read(self, window: Window) -> None:
        before = window.read
        window.all_read()
        self._alerted.discard(window.conversation)
        if window.read > before:
            self._archive.mark_read(window.conversation, window.read)
            self._unmarked[window.conversation] = window.read

    def was_read(self, conversation: Conversation, seq: int) -> None:
        """Learn that a conversation was read up to this number, on another device perhaps."""
        self._archive.mark_read(conversation, seq)
        window = self.windows.get(conversation)
        if window is None or window.read >= seq:
            return
        window.read, window.unread = seq, self._archive.unread(conversation)
        window.mentions = self._mentions_unread(window) if window.unread else 0
        window.mark_new()

    def take_marks(self, now: float, *, is_leaving: bool = False) -> list[tuple[Conversation, int]]:
        """Remove and return the read markers that the server should know of, with their numbers; mostly nothing."""
        if not self._unmarked or (now - self._marked_at < MARK_SECONDS and not is_leaving):
            return []
        marks, self._unmarked, self._marked_at = list(self._unmarked.items()), {}, now
        return marks

    def draft(self, text: str) -> None:
        """Keep what is typed in the open conversation and not sent."""
        if text != self.open.draft:
            self.open.draft = text
            self._archive.keep_draft(self.open.conversation, text)

    def jump(self, place: int, conversation: Conversation) -> None:
        """Open a conversation around one of its entries, by its place in the archive."""
        self.go(conversation)
        self.pages.around(self.open, place)

    def mute(self, *, is_muted: bool) -> None:
        """Hear little of the open conversation, or all of it again."""
        self.open.is_muted = is_muted
        self._archive.mute(self.open.conversation, is_muted=is_muted)


def _duration(seconds: float) -> str:
    """Return a time in words, in the unit in which a person would say it."""
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds // unit:.0f} {name}"
    return f"{max(seconds, 1):.0f} s"
