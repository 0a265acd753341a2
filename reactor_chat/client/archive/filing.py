"""To which conversation a notice of the archive belongs, and whether it counts as unread."""

from reactor_chat.wire.conversation import ROOM, AboutSeals, Conversation, Heard, Scope, spelled_where
from reactor_chat.wire.messages import GroupChanged, Notice, fold


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
