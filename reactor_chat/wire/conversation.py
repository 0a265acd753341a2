"""Which conversation something belongs to: the room, a pair of people, or a group.

Somebody in a pair names it by the other one, so the two see it under different names; the server, in the middle, names
it by both (`between`).  A group has a name for people; what is kept goes by the number of its creation (`of_group`), so
that a later group of the same name is another one.  On the wire a conversation is `with` or `group` in requests, and
`to` or `group` beside `from` in notices; see PROTOCOL §11.
"""

from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from reactor_chat.wire.names import fold
from reactor_chat.wire.notices import GroupSaid, Said, Told
from reactor_chat.wire.requests import GroupSend, Say, Tell
from reactor_chat.wire.sealing import SealAsked, SealCommitted, SealCreated, SealEnded

Spoken = Say | Tell | GroupSend
"""What a person says somewhere."""

Heard = Said | Told | GroupSaid
"""The same as everybody entitled to it hears it."""

AboutSeals = SealCreated | SealCommitted | SealAsked | SealEnded
"""What happens to an encrypted conversation, numbered like everything."""


class Scope(StrEnum):
    """How a conversation's members come about."""

    ROOM = "room"
    PAIR = "pair"
    GROUP = "group"


class Conversation(NamedTuple):
    """A place where people talk; equal to the same place however its name was spelled.

    Attributes:
        scope: what kind of place.
        name: folded: of the other one, of both (`between`), of the group, or the number of its creation (`of_group`);
            empty for the room.
    """

    scope: Scope
    name: str = ""

    @classmethod
    def pair(cls, other: str) -> "Conversation":
        """Return the conversation with another person, as the one of the two names it."""
        return cls(Scope.PAIR, fold(other))

    @classmethod
    def between(cls, one: str, other: str) -> "Conversation":
        """Return the conversation of two people, in whichever order they are given."""
        first, second = fold(one), fold(other)
        return cls(Scope.PAIR, f"{first}/{second}" if first < second else f"{second}/{first}")

    @classmethod
    def group(cls, group: str) -> "Conversation":
        """Return the conversation of the group that has this name now."""
        return cls(Scope.GROUP, fold(group))

    @classmethod
    def of_group(cls, born: int) -> "Conversation":
        """Return the conversation of the group with this number of its creation."""
        return cls(Scope.GROUP, str(born))

    @property
    def label(self) -> str:
        """What the server's records and its state file it under: `room`, `pair/NAME/NAME` or `group/BORN`."""
        return f"{self.scope}/{self.name}" if self.name else str(self.scope)

    @property
    def key(self) -> str:
        """What a client's store files it under; no two share one, and none is the beginning of another."""
        return f"{self.scope}:{self.name}/"

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

PAIRS_REMEMBERED = 4_096
"""Of so many pairs who talk the labels are at hand, which each of their messages asks for four times.

Some megabytes at most.
"""


@lru_cache(PAIRS_REMEMBERED)
def label_of_pair(one: str, other: str) -> str:
    """Return the label of the conversation of two people, in whichever order and spelling they are given."""
    return Conversation.between(one, other).label


def from_key(key: str) -> Conversation:
    """Return the conversation a client's store filed something under (`Conversation.key`)."""
    scope, _, name = key.removesuffix("/").partition(":")
    return Conversation(Scope(scope), name)


def from_label(label: str) -> Conversation:
    """Return the conversation that has this label (`Conversation.label`)."""
    scope, _, name = label.partition("/")
    return Conversation(Scope(scope), name)


def where_said(request: Spoken) -> Conversation:
    """Return where something is to be said, as the one who says it names the place."""
    if isinstance(request, Tell):
        return Conversation.pair(request.to)
    return ROOM if isinstance(request, Say) else Conversation.group(request.group)


def where_heard(notice: Heard | AboutSeals, me: str) -> Conversation:
    """Return where something was said or happened, as seen by `me`."""
    spelled = spelled_where(notice, me)
    return spelled._replace(name=fold(spelled.name))


def spelled_where(notice: Heard | AboutSeals, me: str) -> Conversation:
    """Return the same with its name as the server spells it."""
    group = getattr(notice, "group", None)
    if group is not None:
        return Conversation(Scope.GROUP, group)
    to = getattr(notice, "to", None)
    if to is None:
        return ROOM
    return Conversation(Scope.PAIR, to if fold(notice.sender) == fold(me) else notice.sender)
