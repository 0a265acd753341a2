"""Which conversation something belongs to: the room, a pair of people, or a group.

A pair is named by the other one, so the two see it under different names.  On the wire it is `with` in requests and
`from` beside `to` in notices; see PROTOCOL §11.
"""

from enum import Enum
from typing import NamedTuple

from reactor_chat.wire.messages import (
    GroupSaid,
    GroupSend,
    Said,
    Say,
    SealAsked,
    SealCommitted,
    SealCreated,
    SealEnded,
    SealsAnswer,
    Tell,
    Told,
    fold,
)

Spoken = Say | Tell | GroupSend
"""What a person says somewhere."""

Heard = Said | Told | GroupSaid
"""The same as everybody entitled to it hears it."""

Dated = SealCreated | SealCommitted | SealAsked | SealEnded
"""What happens to a sealed conversation, numbered like everything."""


class Scope(Enum):
    """How a conversation's members come about."""

    ROOM = "room"
    PAIR = "pair"
    GROUP = "group"


class Conversation(NamedTuple):
    """A place where people talk; equal to the same place however its name was spelled.

    Attributes:
        scope: what kind of place.
        name: of the other one or of the group, folded; empty for the room.
    """

    scope: Scope
    name: str = ""

    @classmethod
    def pair(cls, other: str) -> "Conversation":
        """Return the conversation with another person."""
        return cls(Scope.PAIR, fold(other))

    @classmethod
    def group(cls, group: str) -> "Conversation":
        """Return the conversation of a group."""
        return cls(Scope.GROUP, fold(group))

    @property
    def key(self) -> str:
        """What a store files it under; no two conversations share one, and none is the beginning of another."""
        return f"{self.scope.value}:{self.name}/"

    @property
    def in_words(self) -> str:
        """What a person calls it."""
        words = {Scope.ROOM: "the room", Scope.PAIR: f"your chat with {self.name}", Scope.GROUP: f"group {self.name}"}
        return words[self.scope]

    @property
    def in_words_beside_name(self) -> str:
        """The same where the name of the other one in a pair stands in the sentence already."""
        return "your chat" if self.scope is Scope.PAIR else self.in_words

    @property
    def with_(self) -> str | None:
        """The field `with` of a request about it."""
        return self.name if self.scope is Scope.PAIR else None

    @property
    def group_name(self) -> str | None:
        """The field `group` of a request about it."""
        return self.name if self.scope is Scope.GROUP else None


ROOM = Conversation(Scope.ROOM)


def from_key(key: str) -> Conversation:
    """Return the conversation a store filed something under (`Conversation.key`)."""
    scope, _, name = key.removesuffix("/").partition(":")
    return Conversation(Scope(scope), name)


def where_said(request: Spoken) -> Conversation:
    """Return where something is to be said."""
    if isinstance(request, Tell):
        return Conversation.pair(request.to)
    return ROOM if isinstance(request, Say) else Conversation.group(request.group)


def where_heard(notice: Heard | Dated, me: str) -> Conversation:
    """Return where something was said or happened, as seen by `me`."""
    spelled = spelled_where(notice, me)
    return spelled._replace(name=fold(spelled.name))


def spelled_where(notice: Heard | Dated, me: str) -> Conversation:
    """Return the same with its name as the server spells it."""
    group = getattr(notice, "group", None)
    if group is not None:
        return Conversation(Scope.GROUP, group)
    to = getattr(notice, "to", None)
    if to is None:
        return ROOM
    return Conversation(Scope.PAIR, to if fold(notice.sender) == fold(me) else notice.sender)


def where_asked(answer: SealsAnswer) -> Conversation:
    """Return which conversation an answer is about."""
    if answer.with_ is not None:
        return Conversation.pair(answer.with_)
    return ROOM if answer.group is None else Conversation.group(answer.group)
