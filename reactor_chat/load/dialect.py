"""How to log in and say something, in the words of one kind of server; what comes back is only searched for marks."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, Protocol

from reactor_chat.wire.codec import encode
from reactor_chat.wire.framing import frame
from reactor_chat.wire.messages import PROTOCOL_VERSION, GroupSend, GroupSet, Login, Say, Tell


class Role(Enum):
    """What a client is there for."""

    LISTEN = "listen"
    """Hears what is said to everyone."""
    SAY = "say"
    """Says things to everyone."""
    TELL = "tell"
    """Tells one other and is told."""


class DialectStep(NamedTuple):
    """Bytes to send, and the bytes in the answer that say that it was taken."""

    request: bytes
    answer: bytes


class Dialect(Protocol):
    """What a load needs to know of a protocol; messages hold the text as it is, once."""

    refusals: tuple[bytes, ...]
    """Any of these in what the server sends before the last step is answered means that it refuses."""

    def steps(self, name: str, part: Role) -> Sequence[DialectStep]:
        """Return how to log in, one step after the other."""

    def say(self, text: bytes) -> bytes:
        """Return a message to everyone."""

    def tell(self, name: str, text: bytes) -> bytes:
        """Return a message to one person."""


class Chat:
    """Our own protocol; PROTOCOL §1 to §3.

    It has one thing that the others have not: groups with members.
    """

    refusals: tuple[bytes, ...] = (b'"type":"refused"', b'"type":"bye"')

    def steps(self, name: str, part: Role) -> Sequence[DialectStep]:  # noqa: ARG002
        """Log in as a guest; everybody hears everything here."""
        return [DialectStep(frame(encode(Login(name, PROTOCOL_VERSION))), b'"type":"welcome"')]

    def say(self, text: bytes) -> bytes:
        """Return a `say`."""
        return frame(encode(Say(text.decode("ascii"))))

    def tell(self, name: str, text: bytes) -> bytes:
        """Return a `tell`."""
        return frame(encode(Tell(name, text.decode("ascii"))))

    def found(self, group: str, members: list[str]) -> DialectStep:
        """Return how to create a group."""
        return DialectStep(frame(encode(GroupSet(group, members, id="found"))), b'"type":"accepted"')

    def group_send(self, group: str, text: bytes) -> bytes:
        """Return a message to a group."""
        return frame(encode(GroupSend(group, text.decode("ascii"))))
