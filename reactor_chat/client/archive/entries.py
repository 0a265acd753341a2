"""Rows of the archive, opened: to which conversation each belongs; what is damaged is left out, and remembered."""

from collections.abc import Iterable, Iterator

from reactor_chat.client.archive.backing import Backing
from reactor_chat.client.archive.contract import Entry
from reactor_chat.errors import MessageInvalid, StorageError
from reactor_chat.wire.conversation import ROOM, AboutSeals, Conversation, Heard, Scope, spelled_where
from reactor_chat.wire.messages import GroupChanged, Notice, fold

Row = tuple[int, int | None, bytes | None]
"""Place, number and sealed row of a notice; None where a page names a place that is not in the archive."""


class Entries:
    """Opens rows.

    Args:
        backing: the vault.

    Attributes:
        damage: the words about what was left out last; None where nothing was.
        has_failed: a search could not be ended.
    """

    def __init__(self, backing: Backing) -> None:
        self._backing = backing
        self.damage: str | None = None
        self.has_failed = False

    def note(self, what: str) -> None:
        """Remember that something cannot be read."""
        self.damage = str(self._backing.damaged(what))

    def fail(self, error: StorageError) -> None:
        """Remember that a search could not be ended."""
        self.damage = str(error)
        self.has_failed = True

    def opened(self, name: str, rows: Iterable[Row]) -> Iterator[Entry]:
        """Yield what rows say, in their order; what a newer version wrote, and understood more, is left out.

        Args:
            name: whose rows, folded.
            rows: of the archive.
        """
        for place, seq, sealed in rows:
            row = None if sealed is None else self._backing.unseal(sealed, name, seq)
            if row is None or seq is None:
                self.note("a notice is not what was archived")
                continue
            try:
                notice, annotation = self._backing.read_row(row)
            except MessageInvalid:
                continue
            yield Entry(place, home(notice, name), seq, notice, annotation)


def spelled_home(notice: Notice, me: str) -> Conversation:
    """Return the conversation of a notice, with its name as the server spells it.

    What is about nothing else belongs to the room: who came and went, a name that was released, a gap.

    Args:
        notice: of the archive.
        me: one's own name.
    """
    if isinstance(notice, Heard | AboutSeals):
        return spelled_where(notice, me)
    return Conversation(Scope.GROUP, notice.group) if isinstance(notice, GroupChanged) else ROOM


def home(notice: Notice, me: str) -> Conversation:
    """Return the conversation of a notice."""
    spelled = spelled_home(notice, me)
    return spelled._replace(name=fold(spelled.name))


def is_told(notice: Notice, me: str) -> bool:
    """Return whether somebody else said it: that is what a person counts as unread."""
    return isinstance(notice, Heard) and fold(notice.sender) != fold(me)
