"""Where somebody's message goes, as far as it is the same for the next one."""

from msgspec import Struct


class Route(Struct, frozen=True, gc=False):
    """What holds of messages of one person to one conversation, until something but messages is recorded.

    Attributes:
        kind: the type of request.
        target: the person or group as the request spells it; empty for the room.
        altered: `ChatState.altered` when it was found; it holds while that stays the same.
        to: the person or group as the name is spelled; empty for the room.
        place: the label of the conversation.
        labels: what each message is found by.
        pair: the folded names of both in a pair; empty for the room and for groups.
        takes_text: whether a message may be unencrypted.
    """

    kind: type
    target: str
    altered: int
    to: str
    place: str
    labels: tuple[str, ...]
    pair: tuple[str, ...]
    takes_text: bool
