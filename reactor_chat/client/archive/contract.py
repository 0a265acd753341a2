"""What a screen asks of the archive: pages of each conversation, what is unread there, drafts, and search.

Theory of operation.  The vault writes a notice into the archive when it comes (`Vault.archive`), and in the same
transaction notes which conversation it belongs to.  Its *place* is a whole number that grows with every notice of every
conversation, in the order in which they were archived; `Arrived.place` is the same number.

*The order of a page.*  Within a conversation entries stand in the order in which the server gave them their numbers
(`seq`), which is the order in which everybody else reads them.  A message that could be opened only later than it came
has a place above its neighbours, and stands on the page where it was said.  Where the server went back to an earlier
state, or began its numbers anew, what comes then stands below everything before it, whatever its number is.

*Several names.*  One vault holds what several names have read; an archive shows what belongs to the present one, and
turns with the vault (`Vault.choose`).

*Durable when?*  What is changed here gathers like everything in a vault, is answered as if it were made, and is on disk
after the vault's next `commit`, which `Engine.take` does in each turn.  To ask for something commits what was gathered
before.  Every method may raise StorageError, after which the vault is of no more use.

*Damage.*  A row that is not what was archived is left out, and `damage` says so from then on.

*Indexing.*  A notice is on its page and found by search from the moment it is archived.  `index_some` makes search
quick, and whoever runs the client calls it while nothing else is to be done, as long as it says that something is left,
and again when something came.  Only the newest 2,000 that are not indexed are found: where more wait (an earlier
version, or one without a screen, has archived them), a search says that it is not whole.  What an earlier version
archived is on its page once it is indexed, which begins with the newest.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from reactor_chat.text.render import Annotation
from reactor_chat.wire.conversation import Conversation
from reactor_chat.wire.messages import Notice

UNREAD_MAX = 100
"""`unread` counts no further: "99+" is what a person is shown of more."""

Moment = Callable[[str], int | None]
"""Reads a moment as people type it (`2026-11-27`, `yesterday`, `14:30`): its milliseconds since the Unix epoch, or None
where there is no such time."""


class Entry(NamedTuple):
    """A notice of the archive.

    Attributes:
        place: where it is in the archive; 1 or more.
        conversation: to what it belongs; comings, goings and gaps are in the room's.
        seq: the number under which it was archived; of a gap, that of the last notice before it.
        notice: what it says; encrypted messages as they were opened.
        annotation: what was known of it when it came.
    """

    place: int
    conversation: Conversation
    seq: int
    notice: Notice
    annotation: Annotation


class Overview(NamedTuple):
    """How a conversation stands.

    Attributes:
        conversation: which one.
        name: as the server spelled it last; empty for the room.
        newest: the place of the last entry of its last page; 0 where it has none, only a draft.
        newest_seq: the number of that entry.
        read: up to which number it was read; 0 where nothing was since numbers last began anew.
        unread: how many messages of others stand behind the read marker, at most UNREAD_MAX.
        draft: what was typed there and not sent; empty where there is none.
        is_muted: whether the person wants to hear little of it.
    """

    conversation: Conversation
    name: str
    newest: int
    newest_seq: int
    read: int
    unread: int
    draft: str
    is_muted: bool


class Found(NamedTuple):
    """Something that a search found.

    Attributes:
        entry: the notice.
        spans: where in its text the words of the search are: begin and end, in characters, rising and apart; empty
            where only a person, a place, a link or a time was searched for.
    """

    entry: Entry
    spans: tuple[tuple[int, int], ...]


class Search(Protocol):
    """A search that is going on; each `next` does a few milliseconds of it.

    It sees what was archived before it began.  To stop early is to drop it.
    """

    @property
    def problems(self) -> tuple[str, ...]:
        """What was typed and is left out because it cannot be understood, in words for a person; mostly nothing."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the archive is left out; False while an older archive is not indexed to its end."""

    def __iter__(self) -> Iterator[list[Found]]:
        """Return itself."""

    def __next__(self) -> list[Found]:
        """Return what was found in this step, newest (highest place) first, often nothing; ends with StopIteration.

        Raises:
            StorageCorrupt: the index is damaged; the archive itself need not be, and `index_some` makes it again.
        """


class Archive(Protocol):
    """Everything a name has read, on top of a vault."""

    @property
    def damage(self) -> str | None:
        """What could not be read and was left out, in words for a person; None where everything could."""

    def conversations(self) -> list[Overview]:
        """Return every conversation that has an entry or a draft, the one with the newest entry first."""

    def overview(self, conversation: Conversation) -> Overview:
        """Return how one conversation stands, whether it has anything yet or not."""

    def page(self, conversation: Conversation, before: int | None = None, limit: int = 50) -> list[Entry]:
        """Return the entries before one of them, oldest first; fewer than `limit` only at the archive's beginning.

        Args:
            conversation: of which.
            before: the place of one of its entries; None for the end of the conversation.
            limit: how many at most; 1 or more.
        """

    def after(self, conversation: Conversation, place: int, limit: int = 50) -> list[Entry]:
        """Return the entries after one of them, oldest first; arguments as of `page`."""

    def around(self, place: int, before: int = 25, after: int = 25) -> list[Entry]:
        """Return an entry in its conversation with so many before and after it, oldest first; empty if it is none."""

    def unread(self, conversation: Conversation) -> int:
        """Return how many messages of others stand behind the read marker, at most UNREAD_MAX."""

    def first_unread(self, conversation: Conversation) -> int | None:
        """Return the place of the first message of others behind the read marker, None where all is read."""

    def mark_read(self, conversation: Conversation, seq: int) -> None:
        """Move the read marker to this number; it never moves back."""

    def keep_draft(self, conversation: Conversation, text: str) -> None:
        """Keep what is typed there and not sent; an empty text forgets it."""

    def mute(self, conversation: Conversation, *, is_muted: bool) -> None:
        """Remember that the person wants to hear little of a conversation, or all of it again."""

    def search(self, typed: str, moment: Moment) -> Search:
        """Begin a search.

        Args:
            typed: words, all of which a message must have, in any case and without regard to accents; the last one may
                be the beginning of a word unless a blank follows.  `"several words"` must stand so; `-word` must not.
                `from:NAME` (`from:me`), `in:room`, `in:NAME` of a person or group (`in:@NAME`, `in:#NAME`), `has:link`,
                `before:` and `after:` a moment narrow it down; of several `from:` one is enough, and of several `in:`.
            moment: reads moments.
        """

    def index_some(self) -> bool:
        """Index what is not indexed yet, for some milliseconds; return whether anything is left.

        It also goes through the archive, some of it in each run, and mends what is damaged and can be found out again.
        Where that cannot be done, `damage` says so, and nothing is left.
        """
