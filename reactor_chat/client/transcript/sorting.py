"""Where an arrived notice belongs, and as what it stands there."""

from reactor_chat.client.boundary import Arrived
from reactor_chat.client.transcript.entries import Comings, Entry, Message, event
from reactor_chat.client.transcript.mentions import Mentions
from reactor_chat.text.render import NO_ANNOTATION, compose
from reactor_chat.wire.conversation import ROOM, Conversation, Heard, where_heard
from reactor_chat.wire.messages import (
    Exited,
    GroupChanged,
    GroupSaid,
    Joined,
    Notice,
    Numbered,
    Refused,
    Said,
    Told,
    fold,
)


def where_shown(notice: Notice, me: str) -> Conversation | None:
    """Return to which conversation a notice belongs; None where it answers a person, wherever they are.

    Args:
        notice: any.
        me: one's own name, in any case.
    """
    if isinstance(notice, Heard):
        return where_heard(notice, me)
    if isinstance(notice, GroupChanged):
        return Conversation.group(notice.group)
    is_gap = isinstance(notice, Refused) and notice.code == "gap"
    return ROOM if isinstance(notice, Numbered) or is_gap else None


def entry_of(arrived: Arrived, me: str, mentions: Mentions) -> Entry | None:
    """Return what stands in the conversation; None where nothing is shown of it."""
    notice, place = arrived.notice, arrived.place
    annotation = arrived.annotations[0] if arrived.annotations else NO_ANNOTATION
    match notice:
        case Said() | Told() | GroupSaid():
            is_own = fold(notice.sender) == fold(me)
            is_mention = not is_own and not notice.removed and mentions.are_in(notice.text)
            return Message(notice, annotation, place, is_own, is_mention)
        case Joined() | Exited():
            return Comings(((notice.name, isinstance(notice, Joined), notice.at),), notice.at, place, place)
        case _:
            lines = compose(notice, me, "\n", arrived.annotations, quotes_server=not arrived.is_own)
            return event(lines, getattr(notice, "at", None), place) if lines else None
