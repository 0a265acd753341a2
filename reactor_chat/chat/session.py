"""The life of one connection, as one table: in which state which requests are served.

What a row does not hold is refused as NOT_SERVED says.  JOINING serves nothing because everything waits until the
login is committed, GONE because nothing that a closed connection sent is served any more.
"""

from collections import deque
from enum import Enum, auto

from msgspec import Struct

from reactor_chat.chat.boundary import BadMessage, Disconnected, Received, Terminate
from reactor_chat.wire import messages as m
from reactor_chat.wire.messages import Refused


class SessionState(Enum):
    """Where a connection is in its life (PROTOCOL §2)."""

    __hash__ = (
        object.__hash__
    )  # each is one object; by their names, as of an Enum, looking one up takes six times longer

    ARRIVED = auto()
    """Greeted, without a name."""
    JOINING = auto()
    """A login is on its way to the journal; everything else waits."""
    PRESENT = auto()
    """Welcomed."""
    READING = auto()
    """Welcomed without a record, for the journal takes none: reads are served, and nothing else (see `readers`)."""
    GONE = auto()
    """Closed, or about to be."""


SERVED: dict[SessionState, frozenset[type]] = {
    SessionState.ARRIVED: frozenset({m.Login, m.Quit}),
    SessionState.JOINING: frozenset(),
    SessionState.PRESENT: frozenset(m.REQUESTS.values()) - {m.Login},
    SessionState.READING: frozenset(m.REQUESTS.values()) - {m.Login},
    SessionState.GONE: frozenset(),
}

NOT_SERVED: dict[SessionState, Refused] = {
    SessionState.ARRIVED: Refused("login_first", "Log in first"),
    SessionState.PRESENT: Refused("already_logged_in", "You are logged in already"),
    SessionState.READING: Refused("already_logged_in", "You are logged in already"),
}

BAD_MESSAGES_MAX = 8
"""The bad message that closes a connection (PROTOCOL §1)."""

LOGIN_REFUSALS_MAX = 5
"""The refused login that closes a connection (PROTOCOL §2)."""


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


class Session:
    """One connection: its state, whose it is, and what of it still waits.

    Attributes:
        unconfirmed: ids of its messages that are on their way in bursts (see `fast_path`); None before the first.
        route: where its newest message went.
        transactions: how many of its requests are on their way to the journal.
        backlog: what it sent that cannot be judged yet, oldest first.
        blocked_by: a conflict key that the foremost of it waits for; None where it waits for something else.
        login: the one that is on its way, or waits to take over.
        proved_key: proved on this connection by a login that left the name to the server.
        superseded: whether its owner waits to come in elsewhere: what it sends from then on does not count.
        ending: whether the release of its name is on its way: what it sends waits for what becomes of that.
    """

    __slots__ = (
        "address",
        "backlog",
        "bad_messages",
        "binding",
        "blocked_by",
        "conn",
        "ending",
        "login",
        "login_refusals",
        "name",
        "nonce",
        "proved_key",
        "route",
        "since",
        "state",
        "superseded",
        "transactions",
        "unconfirmed",
    )

    def __init__(self, conn: int, nonce: bytes, binding: bytes, address: str) -> None:
        self.conn = conn
        self.nonce = nonce
        self.binding = binding
        self.address = address
        self.state = SessionState.ARRIVED
        self.name = ""
        self.proved_key: bytes | None = None
        self.since = 0
        self.login: m.Login | None = None
        self.login_refusals = 0
        self.bad_messages = 0
        self.superseded = False
        self.ending = False
        self.blocked_by: tuple[str, ...] | None = None
        self.transactions = 0
        self.unconfirmed: set[str] | None = None
        self.route: Route | None = None
        self.backlog: deque[Received | BadMessage | Terminate | Disconnected] | None = None
