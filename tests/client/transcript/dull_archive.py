"""An archive of lists: what the contract says, in the plainest words, to hold the screen's model against."""

from collections.abc import Iterator

from reactor_chat.client.archive.contract import UNREAD_MAX, Entry, Found, Moment, Overview
from reactor_chat.client.transcript.sorting import where_shown
from reactor_chat.text.render import NO_ANNOTATION, Annotation
from reactor_chat.wire.conversation import Conversation, Heard, spelled_where
from reactor_chat.wire.messages import Notice, Numbered, fold


class DullSearch:
    """Finds every message that has the words."""

    problems: tuple[str, ...] = ()
    is_whole = True

    def __init__(self, entries: list[Entry], typed: str) -> None:
        words = typed.casefold().split()
        said = [one for one in entries if isinstance(one.notice, Heard) and one.notice.text is not None]
        self._found = [one for one in reversed(said) if all(word in _text(one) for word in words)]

    def __iter__(self) -> Iterator[list[Found]]:
        return self

    def __next__(self) -> list[Found]:
        if not self._found:
            raise StopIteration
        found, self._found = self._found, []
        return [Found(one, ()) for one in found]


def _text(entry: Entry) -> str:
    assert isinstance(entry.notice, Heard)
    return (entry.notice.text or "").casefold()


class DullArchive:
    """Keeps everything in one list."""

    damage = None

    def __init__(self, me: str) -> None:
        self._me = me
        self._entries: list[Entry] = []
        self._read: dict[Conversation, int] = {}
        self._drafts: dict[Conversation, str] = {}
        self._muted: set[Conversation] = set()
        self._names: dict[Conversation, str] = {}

    def put(self, notice: Notice, annotation: Annotation = NO_ANNOTATION) -> int:
        """Archive a numbered notice; return its place."""
        assert isinstance(notice, Numbered)
        where = where_shown(notice, self._me)
        assert where is not None
        if isinstance(notice, Heard):
            self._names[where] = spelled_where(notice, self._me).name
        place = len(self._entries) + 1
        self._entries.append(Entry(place, where, notice.seq, notice, annotation))
        return place

    def _of(self, conversation: Conversation) -> list[Entry]:
        return [one for one in self._entries if one.conversation == conversation]

    def conversations(self) -> list[Overview]:
        """As in the contract."""
        known = {one.conversation for one in self._entries} | {one for one, text in self._drafts.items() if text}
        return sorted(map(self.overview, known), key=lambda one: -one.newest)

    def overview(self, conversation: Conversation) -> Overview:
        """As in the contract."""
        entries = self._of(conversation)
        newest, newest_seq = (entries[-1].place, entries[-1].seq) if entries else (0, 0)
        read, unread = self._read.get(conversation, 0), self.unread(conversation)
        draft, is_muted = self._drafts.get(conversation, ""), conversation in self._muted
        return Overview(
            conversation,
            self._names.get(conversation, conversation.name),
            newest,
            newest_seq,
            read,
            unread,
            draft,
            is_muted,
        )

    def page(self, conversation: Conversation, before: int | None = None, limit: int = 50) -> list[Entry]:
        """As in the contract."""
        return [one for one in self._of(conversation) if before is None or one.place < before][-limit:]

    def after(self, conversation: Conversation, place: int, limit: int = 50) -> list[Entry]:
        """As in the contract."""
        return [one for one in self._of(conversation) if one.place > place][:limit]

    def around(self, place: int, before: int = 25, after: int = 25) -> list[Entry]:
        """As in the contract."""
        if not 1 <= place <= len(self._entries):
            return []
        entries = self._of(self._entries[place - 1].conversation)
        at = next(at for at, one in enumerate(entries) if one.place == place)
        return entries[max(at - before, 0) : at + after + 1]

    def _unread(self, conversation: Conversation) -> list[Entry]:
        read = self._read.get(conversation, 0)
        said = [one for one in self._of(conversation) if isinstance(one.notice, Heard) and one.seq > read]
        return [one for one in said if isinstance(one.notice, Heard) and fold(one.notice.sender) != fold(self._me)]

    def unread(self, conversation: Conversation) -> int:
        """As in the contract."""
        return min(len(self._unread(conversation)), UNREAD_MAX)

    def first_unread(self, conversation: Conversation) -> int | None:
        """As in the contract."""
        return next((one.place for one in self._unread(conversation)), None)

    def mark_read(self, conversation: Conversation, seq: int) -> None:
        """As in the contract."""
        self._read[conversation] = max(self._read.get(conversation, 0), seq)

    def keep_draft(self, conversation: Conversation, text: str) -> None:
        """As in the contract."""
        self._drafts[conversation] = text

    def mute(self, conversation: Conversation, *, is_muted: bool) -> None:
        """As in the contract."""
        (self._muted.add if is_muted else self._muted.discard)(conversation)

    def search(self, typed: str, moment: Moment) -> DullSearch:  # noqa: ARG002  the signature is the contract's
        """As in the contract; words only."""
        return DullSearch(self._entries, typed)

    def index_some(self) -> bool:
        """Everything is found at once."""
        return False
