"""Everything that crosses the border of the core: inputs on the way in, effects on the way out.

An input is what happened outside; an effect is an order to the world.  Connections are numbers that the world chose.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from reactor_chat.chat.state.records import Record
from reactor_chat.chat.state.timeline import Span
from reactor_chat.wire.conversation import Heard
from reactor_chat.wire.messages import Accepted, Notice, Refused, Request, Seen

# --------------------------------------------------------------------------------------------------- inputs


class Started(Struct, frozen=True):
    """The journal has been replayed; whoever it left present is not there any more.

    Attributes:
        log: in which numbers are given from now on (PROTOCOL §5.5); None where nobody is told.
    """

    log: str | None = None


class Connected(Struct, frozen=True):
    """A connection was opened.

    Attributes:
        nonce, binding: the 32 bytes each that a login's signature covers (PROTOCOL §7).
        address: where it comes from, without a port; failed logins are counted by it.
    """

    conn: int
    nonce: bytes
    binding: bytes
    address: str


class Received(Struct, frozen=True, gc=False):
    """A request came."""

    conn: int
    request: Request


class ReceivedTogether(Struct, frozen=True, gc=False):
    """Several requests of one connection came at once: the same as each of them `Received`, in their order."""

    conn: int
    requests: Sequence[Request]


class BadMessage(Struct, frozen=True):
    """Something came that is no request; the connection stays until there were too many."""

    conn: int
    refusal: Refused


class Terminate(Struct, frozen=True):
    """The connection broke the contract, or waited too long; it is told why and closed.

    Attributes:
        refusal: what it is told before `bye`, if anything.
        reason: the reason of the `bye` (PROTOCOL §2).
    """

    conn: int
    refusal: Refused | None
    reason: str


class Disconnected(Struct, frozen=True):
    """The connection sends nothing any more; what it sent before still counts."""

    conn: int


class Committed(Struct, frozen=True):
    """Every record up to this number is durable."""

    seq: int


class Rejected(Struct, frozen=True):
    """The journal took none of the records that were appended and not committed; none of them exists.

    Attributes:
        read_only: whether it takes none at all, and not only for lack of space.
    """

    read_only: bool = False


class Superseded(Struct, frozen=True):
    """Others wrote to the journal first: none of the records that were appended and not committed exists, but these do.

    With nothing on its way it is simply news.

    Attributes:
        records: in the order of their numbers, the first of which is the next one; the last ends a commit of theirs.
    """

    records: Sequence[Record]


class Retried(Struct, frozen=True):
    """Time has passed since the journal had no space: try again what cannot be refused."""


class Resumed(Struct, frozen=True):
    """There is time again for what was left waiting though it could perhaps go on."""


Sent = Received | BadMessage | Terminate | Disconnected
"""What comes from a connection, in the order in which it was sent."""

Input = Started | Connected | Sent | ReceivedTogether | Committed | Rejected | Superseded | Retried | Resumed

# -------------------------------------------------------------------------------------------------- effects


class Append(Struct, frozen=True, gc=False):
    """Put these records into the journal, in this order and all or none; each with the labels it is found by."""

    records: Sequence[tuple[Record, tuple[str, ...]]]


class Deliver(Struct, frozen=True, gc=False):
    """Tell these connections; the same bytes to all of them.  An empty list tells nobody."""

    conns: Sequence[int]
    notice: Notice


class DeliverAll(Struct, frozen=True, gc=False):
    """Tell every connection that has entered."""

    notice: Notice


class DeliverBurst(Struct, frozen=True, gc=False):
    """Tell the same connections several messages of one person, in their order; `each` says it one by one.

    Attributes:
        conns: whom to tell; None for every connection that has entered.
        messages: 1 or more, numbered one after the other.
        sender_conn: who is told after each message with an id that it is accepted; None where nobody is.
    """

    conns: Sequence[int] | None
    messages: Sequence[Heard]
    sender_conn: int | None

    def each(self) -> Iterator[Deliver | DeliverAll]:
        """Yield the same as deliveries of one notice each."""
        for message in self.messages:
            yield DeliverAll(message) if self.conns is None else Deliver(self.conns, message)
            if message.id is not None and self.sender_conn is not None:
                yield Deliver([self.sender_conn], Accepted(message.id, message.seq))


class LoggedIn(Struct, frozen=True):
    """From here on the connection hears what everyone hears; first what it missed after the number `after`.

    Attributes:
        seen: the logs in which it saw numbers, newest first.
    """

    conn: int
    name: str
    after: int | None
    seen: Sequence[Seen] = ()
    heartbeat_seconds: int | None = None  # something comes at least so often, it says; None: it says nothing of that


class ReadMessages(Struct, frozen=True):
    """Answer with the newest messages of these spans.

    Attributes:
        before: newest number to leave out, or None for the newest of all.
        if_empty: what to answer instead where there is none.
    """

    conn: int
    spans: Sequence[Span]
    limit: int
    before: int | None
    re: str | None
    if_empty: Refused | None


class KeyPlace(Struct, frozen=True):
    """Where the journal has somebody's package: the record `seq` under a label, and which of its packages it is."""

    name: str
    account: bytes
    reference: bytes
    label: str
    seq: int
    index: int


class ReadKeys(Struct, frozen=True):
    """Answer with the packages in these places, and with the names of those who have none."""

    conn: int
    places: Sequence[KeyPlace]
    missing: Sequence[str]
    re: str | None


class ReadBlob(Struct, frozen=True):
    """Answer with this piece of an object, which is in the record with this number.

    Attributes:
        if_gone: what to answer instead where the journal has it no more.
    """

    conn: int
    label: str
    seq: int
    re: str | None
    if_gone: Refused


class Close(Struct, frozen=True):
    """Let everything queued leave, then say `bye` with this reason and close; without a reason, just close."""

    conn: int
    reason: str | None


Effect = Append | Deliver | DeliverAll | DeliverBurst | LoggedIn | ReadMessages | ReadKeys | ReadBlob | Close
