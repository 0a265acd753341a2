"""What people call one conversation, and what they type about it, with names as they are spelled."""

from reactor_chat.e2ee.state.record import ConversationRecord
from reactor_chat.wire.conversation import Conversation, Scope


class Wording:
    """The words for one conversation.

    Args:
        where: which.
        record: has the spelling of its name.
    """

    def __init__(self, where: Conversation, record: ConversationRecord) -> None:
        self._where = where
        self._record = record

    @property
    def name(self) -> str:
        """Name of the other one or of the group, as it is spelled where that is known."""
        return self._record.spelled or self._where.name

    @property
    def where(self) -> Conversation:
        """The conversation with its name as it is spelled, for a person to read."""
        return self._where._replace(name=self.name)

    @property
    def inside(self) -> str:
        """What a person calls it, inside of a sentence."""
        return self.where.in_words

    @property
    def first(self) -> str:
        """The same where a sentence begins with it."""
        words = self.inside
        return words[0].upper() + words[1:]

    @property
    def how_to_send_plain(self) -> str:
        """The command that turns encryption off there, as it is typed."""
        ending = {Scope.ROOM: "", Scope.PAIR: f" @{self.name}", Scope.GROUP: f" {self.name}"}[self._where.scope]
        return f"@encrypt off{ending}"
