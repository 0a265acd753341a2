"""What a length-prefixed protocol has to say about itself, so that a running server of it can be fuzzed.

A protocol file (`python -m fuzz live HOST PORT --protocol FILE.py`) defines `PROTOCOL`, an instance of a subclass of
`Protocol`, and a subclass of `Model`.  Three things are asked of it:

1. `Protocol.conversations`: a Hypothesis strategy.  A conversation is a list of acts; an act is something said on one
   of the connections (0, 1, 2, …, opened when the conversation begins).  What is said is any JSON value; "close" ends
   the connection from this side.
2. `Protocol.speak`: what is said as the bytes of a payload, and `Protocol.read`: a payload as a message.
3. `Model.apply`: the whole protocol as if only one request were ever under way: given the state and what one connection
   says, what every connection is told, and the state after that.

The rest follows: conversations are sent whole, split, and interleaved over the connections; afterwards an order of what
was said is looked for, true to each connection's own, in which the model explains every message that came.  Where there
is none, the conversation is a finding, and Hypothesis shrinks it.

A model that is not sure yields several outcomes; one of them must explain what came.  A whole protocol in a hundred
lines is `fuzz/examples/locker_protocol.py`.
"""

import struct
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

from hypothesis import strategies as st

CLOSED = "(closed)"
"""Stands among the messages of a connection where the server closed it."""


class Act(NamedTuple):
    """One thing said.

    Attributes:
        conn: by which connection, from 0 on.
        what: any JSON value that the protocol's `speak` understands.
        together: whether it is sent without waiting for the answers to what was said before.
        cuts: where the bytes of everything sent together on a connection are cut, in places modulo their number.
    """

    conn: int
    what: Any
    together: bool = False
    cuts: tuple[int, ...] = ()


class Outcome(NamedTuple):
    """What one thing said may come to.

    Attributes:
        model: the state after it; never the one before it changed in place.
        told: who is told what, in order; the message is what `Model.matches` compares with, or `CLOSED`.
        later: what may then happen by itself, at any time after it: passed to `Model.apply` like something that the
            connection says.
    """

    model: Any
    told: Sequence[tuple[int, Any]] = ()
    later: Sequence[Any] = ()


class Model(ABC):
    """The state of the server, as far as one conversation can know it."""

    @abstractmethod
    def apply(self, conn: int, what: Any) -> Iterator[Outcome]:
        """Yield what may come of it, most likely first; what is said on a closed connection comes to nothing."""

    def copy(self) -> Self:
        """Return a model that is equal and does not change with this one; for `apply`."""
        raise NotImplementedError

    def key(self) -> str | None:
        """Return the same for models that are equal, so that orders that come to the same are looked at once.

        None: it cannot be said, and more orders are looked at than need be.
        """
        return None

    def opened(self, conn: int) -> Sequence[Any]:  # noqa: ARG002
        """Return what a connection is told when it is opened."""
        return ()

    def matches(self, expected: Any, message: Any) -> bool:
        """Return whether a message is what was expected; may note in this model what the message revealed."""
        return bool(expected == message)

    def describe(self) -> Sequence[str]:
        """Return short words for what this state is like; the report counts them."""
        return ()


class Spoken(NamedTuple):
    """Bytes that go out, and what the model is told was said."""

    data: bytes
    what: Any


class Protocol(ABC):
    """How a protocol is spoken.

    Attributes:
        name: how reports call it.
        length: the prefix, as `struct` writes it; it counts the payload alone.
        greets: whether the server speaks first; then its first message is waited for before anything is said.
        requests, notices, refusals: everything there is, so that a report can say what was not reached; may be empty.
    """

    name = "protocol"
    length = struct.Struct(">I")
    greets = False
    requests: Sequence[str] = ()
    notices: Sequence[str] = ()
    refusals: Sequence[str] = ()

    @abstractmethod
    def conversations(self) -> st.SearchStrategy[list[Act]]:
        """Return the strategy for conversations; what comes first in it is what shrinking prefers."""

    @abstractmethod
    def model(self, prefix: str) -> Model:
        """Return the model at the beginning of a conversation.

        Args:
            prefix: letters and digits that no other conversation has: the server is not started anew for each, so
                whatever has a name on it is to have one that begins so.
        """

    @abstractmethod
    def speak(self, what: Any, conn: int, heard: Mapping[int, Sequence[Any]], prefix: str, binding: bytes) -> Spoken:
        """Return what is said as bytes to send, the length before it included (see `framed`).

        Args:
            heard: every message so far, by connection.
            binding: SHA-256 of the server's TLS public key, or 32 zero bytes without TLS.
        """

    @abstractmethod
    def read(self, payload: bytes) -> Any:
        """Return a payload as a message.

        Raises:
            ValueError: no server may send this; it is a finding.
        """

    @abstractmethod
    def mark(self, number: int) -> Any:
        """Return something to say that changes nothing and is answered by one message, always and in its order."""

    @abstractmethod
    def is_mark(self, message: Any, number: int) -> bool:
        """Return whether a message answers the mark of that number, by a refusal or not."""

    def is_noise(self, message: Any, prefix: str) -> bool:  # noqa: ARG002
        """Return whether a message belongs to other conversations."""
        return False

    def tidied(self, heard: Sequence[Any], prefix: str) -> list[Any]:
        """Return what of everything heard is compared with the model: noise is left out."""
        return [message for message in heard if not self.is_noise(message, prefix)]

    def contradiction(self, heard: Sequence[Any], prefix: str) -> str | None:  # noqa: ARG002
        """Return what is wrong with everything that one connection heard, noise included; None where nothing is."""
        return None

    def request_name(self, what: Any) -> str:
        """Return what the report calls something said."""
        return str(what.get("type", what)) if isinstance(what, dict) else str(what)

    def notice_name(self, message: Any) -> str:
        """Return what the report calls a message."""
        return str(message.get("type", "message")) if isinstance(message, dict) else "message"

    def refusal_of(self, message: Any) -> str | None:
        """Return the code of a refusal; None where the message is none."""
        return message.get("code") if isinstance(message, dict) else None

    def framed(self, payload: bytes) -> bytes:
        """Return a payload with its length before it."""
        return self.length.pack(len(payload)) + payload
