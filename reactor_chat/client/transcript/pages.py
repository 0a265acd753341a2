"""Fetches what stands in a conversation: from the archive, and where that ends, from the server."""

from msgspec import Struct

from reactor_chat.client.archive.contract import Archive
from reactor_chat.client.archive.contract import Entry as Archived
from reactor_chat.client.boundary import Arrived, RequestAnswer
from reactor_chat.client.transcript.entries import Entry
from reactor_chat.client.transcript.mentions import Mentions
from reactor_chat.client.transcript.sorting import entry_of, where_shown
from reactor_chat.client.transcript.window import Window
from reactor_chat.wire.conversation import Scope
from reactor_chat.wire.messages import AskHistory, HistoryAnswer, Refused

PAGE_ENTRIES = 100
"""Fetched from the archive at once: more than a high screen shows."""
HISTORY_MESSAGES = 100
"""Asked of the server at once."""


class _Asked(Struct):
    window: Window
    before: int | None


class Pages:
    """The pages of one name's conversations.

    Args:
        archive: turned to that name.
        me: the name.
        mentions: by what it wants to be called.
    """

    def __init__(self, archive: Archive, me: str, mentions: Mentions) -> None:
        self._archive = archive
        self._me = me
        self._mentions = mentions
        self._asked: dict[str, _Asked] = {}

    def entries(self, page: list[Archived]) -> list[Entry]:
        """Return what stands in a conversation for a page of the archive."""
        arrived = (Arrived(one.notice, one.place, (one.annotation,)) for one in page)
        found = (entry_of(one, self._me, self._mentions) for one in arrived)
        return [entry for entry in found if entry is not None]

    def load(self, window: Window) -> None:
        """Show the newest page of a conversation."""
        page = self._archive.page(window.conversation, None, PAGE_ENTRIES)
        window.begin_with(self.entries(page), is_at_end=True)
        window.has_older = len(page) == PAGE_ENTRIES

    def around(self, window: Window, place: int) -> None:
        """Show the page around an entry, by its place in the archive."""
        page = self._archive.around(place, PAGE_ENTRIES // 2, PAGE_ENTRIES // 2)
        window.begin_with(self.entries(page), is_at_end=False)

    def to_end(self, window: Window) -> None:
        """Show the newest page again, where something older is shown."""
        if not window.is_at_end:
            self.load(window)

    def newer(self, window: Window) -> None:
        """Show the page behind the last entry too, where something older is shown; nothing, at the end."""
        if window.is_at_end:
            return
        page = self._archive.after(window.conversation, window.newest_place or 0, PAGE_ENTRIES)
        window.add_newer(self.entries(page))
        window.is_at_end = len(page) < PAGE_ENTRIES

    def older(self, window: Window) -> AskHistory | None:
        """Show the page before the first entry too.

        Returns:
            What to ask the server, where the archive has no more, to be told to `asked`; None where it had, or nobody
            has more.
        """
        if window.has_older:
            page = self._archive.page(window.conversation, window.oldest_place, PAGE_ENTRIES)
            window.add_older(self.entries(page))
            window.has_older = len(page) == PAGE_ENTRIES
            return None
        if window.is_loading or window.server_has_older is False or window.is_left:
            return None
        scope = window.conversation.scope
        return AskHistory(
            limit=HISTORY_MESSAGES,
            before=window.server_before if window.server_before is not None else window.oldest_seq,
            with_=window.name if scope is Scope.PAIR else None,
            group=window.name if scope is Scope.GROUP else None,
        )

    def asked(self, window: Window, request: AskHistory, request_id: str) -> None:
        """Wait for the answer to what `older` returned, by the id under which it was asked."""
        window.is_loading = True
        self._asked[request_id] = _Asked(window, request.before)

    def came(self, answer: RequestAnswer) -> bool:
        """Take the server's answer to what `older` asked; return False where it is to something else."""
        asked = self._asked.get(answer.request_id)
        if asked is None:
            return False
        notice = answer.arrived.notice
        if isinstance(notice, HistoryAnswer):
            self._add(asked, answer.arrived, notice)
        elif isinstance(notice, Refused):
            asked.window.server_has_older = None  # it may be asked again
        if answer.is_last:
            asked.window.is_loading = False
            del self._asked[answer.request_id]
        return True

    def _add(self, asked: _Asked, arrived: Arrived, answer: HistoryAnswer) -> None:
        """Put in what belongs here: a page without a name is of everything that the person may read."""
        window = asked.window
        window.server_has_older = answer.more
        if answer.messages:
            window.server_before = answer.messages[0].seq
        entries = []
        for place, message in enumerate(answer.messages):
            is_older = asked.before is None or message.seq < asked.before
            if is_older and where_shown(message, self._me) == window.conversation:
                annotations = arrived.annotations[place : place + 1]
                entries.append(entry_of(Arrived(message, None, annotations), self._me, self._mentions))
        window.add_older([entry for entry in entries if entry is not None])
