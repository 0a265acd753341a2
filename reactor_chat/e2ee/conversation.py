"""Which conversation an answer about encryption is about."""

from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import SealsAnswer


def where_asked(answer: SealsAnswer) -> Conversation:
    """Return which conversation an answer is about, as the one who asked names it."""
    if answer.with_ is not None:
        return Conversation.pair(answer.with_)
    return ROOM if answer.group is None else Conversation.group(answer.group)
