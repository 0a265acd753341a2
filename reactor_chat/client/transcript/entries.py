"""What stands in a conversation, one below the other; whoever draws it needs nothing else.

Everything here is a value.  Texts are as they came: whoever draws them passes them through `text/safe`, as
`text/render` does.
"""

from enum import Enum

from msgspec import Struct

from reactor_chat.text.render import NO_ANNOTATION, Annotation, Line, Part
from reactor_chat.wire.conversation import Conversation, Heard


class Fate(Enum):
    """What has become of something of one's own."""

    SENDING = "sending"  # on its way, or will be as soon as there is a connection
    STORED = "stored"  # the server has it for good
    NOT_SENT = "not sent"  # something is in the way, or waits for the person's yes
    REFUSED = "refused"
    IN_DOUBT = "perhaps not delivered"


class Message(Struct, frozen=True):
    """Something said, by anybody; one's own are stored, as they came back.

    Attributes:
        notice: what came; encrypted messages as they were opened.
        annotation: what is known of it beside what is in it.
        place: in the archive; None where it was not put there.
        is_own: one said it oneself.
        is_mention: it speaks to the person: by name, to all, or with one of their words.
    """

    notice: Heard
    annotation: Annotation = NO_ANNOTATION
    place: int | None = None
    is_own: bool = False
    is_mention: bool = False

    @property
    def at(self) -> int:
        """When it was said, milliseconds since the Unix epoch."""
        return self.notice.at


class OwnLine(Struct, frozen=True):
    """Something of one's own that has not come back from the server.

    Attributes:
        id: of the request.
        conversation: where it is to be said.
        text: as it was typed; None where it is encrypted already and only the session knew it.
        fate: how far it has come; not STORED.
        reason: why it was not sent, or refused, in words for a person; empty where there is nothing to say.
        number: by which `@held` calls it; None where it is not held.
        at: when it was typed, milliseconds since the Unix epoch; None where nobody noted it.
    """

    id: str
    conversation: Conversation
    text: str | None
    fate: Fate = Fate.SENDING
    reason: str = ""
    number: int | None = None
    at: int | None = None


class Event(Struct, frozen=True):
    """Something that nobody said: a change of a group, an answer to a command, a word of the client's own.

    Attributes:
        lines: what it says, as `text/render` composes lines; one or more.
        at: milliseconds since the Unix epoch; None for what happens as it is shown.
        place: in the archive; None where it is not kept.
    """

    lines: tuple[tuple[Part, ...], ...]
    at: int | None = None
    place: int | None = None


class Comings(Struct, frozen=True):
    """People who came and went, one after the other, with nothing said between.

    Attributes:
        steps: a name, whether it came (else it went), and when, milliseconds since the Unix epoch; in their order.
        at: of the newest, milliseconds since the Unix epoch.
        place: of the newest in the archive; None where it is not kept.
        first_place: of the oldest, likewise.
    """

    steps: tuple[tuple[str, bool, int], ...]
    at: int
    place: int | None = None
    first_place: int | None = None


Entry = Message | Event | Comings
"""What has a place of its own in a conversation; one's own lines that have not come back stand below all of them."""


def event(lines: list[Line], at: int | None = None, place: int | None = None) -> Event:
    """Return an event that says these lines."""
    return Event(tuple(tuple(line) for line in lines), at, place)
