"""What belongs to one name of a vault's archive: its conversations, its eras, its tokens and its words."""

from collections.abc import Callable

from reactor_chat.client.archive.backing import Backing, Change
from reactor_chat.client.archive.contract import Entry
from reactor_chat.client.archive.conversations import ConversationBook
from reactor_chat.client.archive.entries import is_told, spelled_home
from reactor_chat.client.archive.eras import Eras
from reactor_chat.client.archive.tokens import BlindTokens
from reactor_chat.client.archive.vocabulary import Vocabulary


class Volume:
    """One name's part of the archive.

    Args:
        backing: the vault.
        name: whose, folded.
        fresh_id: returns a number that no conversation of the vault has.
        on_damage: told of what cannot be read and is left out.

    Attributes:
        name: whose.
        book: their conversations.
        eras: where numbers begin anew.
        tokens: theirs.
        vocabulary: their words.
    """

    def __init__(
        self, backing: Backing, name: str, fresh_id: Callable[[], int], on_damage: Callable[[str], None]
    ) -> None:
        self.name = name
        self.book = ConversationBook(backing, name, fresh_id, on_damage)
        self.eras = Eras(backing, name)
        self.tokens = BlindTokens(backing.secret, name)
        self.vocabulary = Vocabulary(backing, name, self.tokens, on_damage)

    def paged(self, entry: Entry) -> list[Change]:
        """Return what puts an entry on its page."""
        spelled = spelled_home(entry.notice, self.name).name
        number, changes = self.book.heard(entry.conversation, spelled)
        values = (number, self.eras.of(entry.place), entry.seq, entry.place, int(is_told(entry.notice, self.name)))
        return [*changes, ("INSERT INTO pages VALUES (?, ?, ?, ?, ?)", values)]
