"""The conversations of one name, and what is kept of each: read marker, draft, whether it is muted.

Each has a small number, by which its pages go; what it is called is sealed.
"""

from collections.abc import Callable, Iterator

import msgspec

from reactor_chat.client.archive.backing import Backing, Change
from reactor_chat.wire.conversation import Conversation, from_key


class Kept(msgspec.Struct, omit_defaults=True):
    """What is kept of a conversation.

    Attributes:
        key: which one (`Conversation.key`).
        name: as the server spelled it last.
        read: era and number up to which it was read; None where nothing was.
        draft: what was typed there and not sent.
        is_muted: whether little of it should be heard.
    """

    key: str
    name: str = ""
    read: tuple[int, int] | None = None
    draft: str = ""
    is_muted: bool = False


_rows = msgspec.json.Decoder(Kept)


class ConversationBook:
    """The conversations of one name.

    Args:
        backing: the vault.
        name: whose they are, folded.
        fresh_id: returns a number that no conversation of the vault has.
        on_damage: told of a row that cannot be read, which is left out.
    """

    def __init__(
        self, backing: Backing, name: str, fresh_id: Callable[[], int], on_damage: Callable[[str], None]
    ) -> None:
        self._backing = backing
        self._name = name
        self._fresh_id = fresh_id
        self._ids: dict[Conversation, int] = {}
        self._kept: dict[Conversation, Kept] = {}
        query = "SELECT id, sealed FROM conversations WHERE name = ? ORDER BY id"
        for number, sealed in backing.read(query, (name,)):
            row = backing.unseal(sealed, "conversations", name, number)
            if row is None:
                on_damage("a conversation is not what was kept of it")
                continue
            kept = _rows.decode(row)
            self._ids[from_key(kept.key)], self._kept[from_key(kept.key)] = number, kept

    def __iter__(self) -> Iterator[Conversation]:
        """Iterate over all of them."""
        return iter(self._ids)

    def number(self, conversation: Conversation) -> int | None:
        """Return the number of a conversation, None where nothing was kept of it yet."""
        return self._ids.get(conversation)

    def kept(self, conversation: Conversation) -> Kept:
        """Return what is kept of a conversation; not to be changed."""
        return self._kept.get(conversation) or Kept(conversation.key)

    def heard(self, conversation: Conversation, spelled: str) -> tuple[int, list[Change]]:
        """Return the number of a conversation in which something was heard, and what has to be written for that.

        Args:
            conversation: which one.
            spelled: its name as the server spells it.
        """
        kept = self._kept.get(conversation)
        if kept is not None and kept.name == spelled:
            return self._ids[conversation], []
        changes = self.keep(conversation, msgspec.structs.replace(self.kept(conversation), name=spelled))
        return self._ids[conversation], changes

    def keep(self, conversation: Conversation, kept: Kept) -> list[Change]:
        """Keep something else of a conversation; return what has to be written for that."""
        number = self._ids.get(conversation)
        if number is None:
            number = self._ids[conversation] = self._fresh_id()
        self._kept[conversation] = kept
        sealed = self._backing.seal(msgspec.json.encode(kept), "conversations", self._name, number)
        return [("INSERT OR REPLACE INTO conversations VALUES (?, ?, ?)", (number, self._name, sealed))]
