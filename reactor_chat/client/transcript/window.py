"""One conversation as a person has it before them: what stands there, what is new, and what they were typing.

A window holds a run of entries without a hole: it ends with the newest, or, after a jump to something older, anywhere
(`is_at_end` is False then); it grows at both sides as pages come.  Entries stand in the order of a page of the archive;
what came now stands at the end.
"""

from collections.abc import Sequence

from reactor_chat.client.transcript.comings import joined
from reactor_chat.client.transcript.entries import Comings, Entry, Message, OwnLine
from reactor_chat.e2ee.boundary import Posture
from reactor_chat.wire.conversation import Conversation, Scope

ENTRIES_MAX = 4_000
"""Of one conversation in memory.  Beyond it the oldest are dropped while the newest are looked at; they are in the
archive."""
DROPPED_AT_ONCE = 1_000


class Window:
    """A conversation.

    Args:
        conversation: which.
        name: as the server spells it; empty for the room.

    Attributes:
        entries: what stands there, oldest first.
        own_lines: one's own that have not come back, below all entries, in the order they were typed.
        has_older: the archive may have entries before the first one here.
        server_has_older: the server may have some before those of the archive; None while nobody has asked it.
        server_before: the number before which the server is asked next; None where it was not asked yet.
        is_loading: older ones were asked for and have not come.
        is_loaded: entries were fetched from the archive at all.
        is_at_end: the newest entry is the conversation's newest.
        unread: messages of others that were not read; counted up to the archive's bound.
        mentions: how many of them speak to the person.
        read: up to which number everything was read.
        new_above: the number behind which the line "N new" stands; None where none does.
        draft: what was typed and not sent.
        is_muted: the person wants to hear little of it.
        posture: what becomes of a line typed here now.
        is_left: a group that one is no member of any more.
    """

    def __init__(self, conversation: Conversation, name: str = "") -> None:
        self.conversation = conversation
        self.name = name or conversation.name
        self.entries: list[Entry] = []
        self.own_lines: list[OwnLine] = []
        self.has_older = True
        self.server_has_older: bool | None = None
        self.server_before: int | None = None
        self.is_loading = False
        self.is_loaded = False
        self.is_at_end = True
        self.unread = 0
        self.mentions = 0
        self.read = 0
        self.new_above: int | None = None
        self.draft = ""
        self.is_muted = False
        self.posture = Posture.PLAIN
        self.is_left = False
        self.version = 0  # grows with every change of what stands here

    @property
    def title(self) -> str:
        """What a person calls it: `# room`, `# lunch`, `@ Stella`."""
        if self.conversation.scope is Scope.PAIR:
            return f"@ {self.name}"
        return f"# {self.name or 'room'}"

    @property
    def newest_seq(self) -> int:
        """The number of the newest message that stands here; 0 where none does."""
        return next((one.notice.seq for one in reversed(self.entries) if isinstance(one, Message)), 0)

    @property
    def oldest_place(self) -> int | None:
        """The place in the archive of the first entry that has one."""
        return next((place for one in self.entries if (place := _first_place(one)) is not None), None)

    @property
    def newest_place(self) -> int | None:
        """The place in the archive of the last entry that has one."""
        return next((one.place for one in reversed(self.entries) if one.place is not None), None)

    @property
    def oldest_seq(self) -> int | None:
        """The number of the oldest message that stands here; None where none does."""
        return next((one.notice.seq for one in self.entries if isinstance(one, Message)), None)

    # ------------------------------------------------------------------------------------------ what comes

    def add(self, entry: Entry) -> None:
        """Put what came now at the end; not while an older part is shown, which ends before it."""
        self.version += 1
        if not self.is_at_end:
            return
        _append(self.entries, entry)
        if len(self.entries) > ENTRIES_MAX + DROPPED_AT_ONCE:
            del self.entries[:DROPPED_AT_ONCE]
            self.has_older = True

    def add_late(self, message: Message) -> None:
        """Put a message in that could be opened only later than others came: where its number belongs."""
        self.version += 1
        at = len(self.entries)
        while at and _is_behind(self.entries[at - 1], message.notice.seq):
            at -= 1
        self.entries.insert(at, message)

    def add_older(self, page: Sequence[Entry]) -> None:
        """Put a page before everything, oldest first."""
        self.version += 1
        before: list[Entry] = []
        for entry in page:
            _append(before, entry)
        for entry in self.entries[:1]:
            _append(before, entry)
        self.entries[:1] = before

    def add_newer(self, page: Sequence[Entry]) -> None:
        """Put a page behind everything, oldest first, on the way to the newest."""
        self.version += 1
        for entry in page:
            _append(self.entries, entry)

    def begin_with(self, page: Sequence[Entry], *, is_at_end: bool) -> None:
        """Show a page, oldest first, and nothing else."""
        self.entries, self.is_at_end, self.is_loaded, self.has_older = [], is_at_end, True, True
        self.add_newer(page)

    def take_own(self, lines: Sequence[OwnLine]) -> None:
        """Have these lines of one's own below everything; they say how far each has come."""
        if lines != self.own_lines:
            self.own_lines = list(lines)
            self.version += 1

    # ------------------------------------------------------------------------------------------ what is new

    def mark_new(self) -> None:
        """Have the line "N new" stand where reading ended, for as long as the conversation stays open."""
        self.new_above = self.read if self.unread else None
        self.version += 1

    def clear_new(self) -> None:
        """Take the line "N new" away."""
        if self.new_above is not None:
            self.new_above = None
            self.version += 1

    def all_read(self) -> None:
        """Everything that stands here was read."""
        self.read = max(self.read, self.newest_seq)
        self.unread = self.mentions = 0


def _append(entries: list[Entry], entry: Entry) -> None:
    last = entries[-1] if entries else None
    if isinstance(entry, Comings) and isinstance(last, Comings):
        entries[-1] = joined(last, entry)
    else:
        entries.append(entry)


def _is_behind(entry: Entry, seq: int) -> bool:
    return isinstance(entry, Message) and entry.notice.seq > seq


def _first_place(entry: Entry) -> int | None:
    return entry.first_place if isinstance(entry, Comings) else entry.place
