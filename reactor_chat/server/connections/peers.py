"""One connection as the server sees it: its wire, its door, and how far it has come."""

from collections import deque
from typing import Any, Protocol

from reactor_chat.chat.limits.ratelimit import TokenBucket
from reactor_chat.server.doors.door import Door
from reactor_chat.wire.messages import Notice


class Broadcast(Protocol):
    """Bytes that go to every wire that is attached."""

    def append(self, data: bytes, /) -> None:
        """Queue bytes for everyone who is attached now."""

    def append_quietly(self, data: bytes, /) -> None:
        """Queue bytes likewise, in the same order; where many are attached they may leave a little later."""


class Wire(Protocol):
    """What carries a connection's bytes: the reactor's connection, or a simulated one."""

    peer: str
    """Where it leads, printable."""

    @property
    def queued_bytes(self) -> int:
        """What was sent and has not left."""

    @property
    def held_bytes(self) -> int:
        """What of that is held in memory for this wire alone."""

    def send(self, data: bytes, /) -> None:
        """Queue bytes; they leave after the turn's commit."""

    def attach(self, broadcast: Any, /) -> None:
        """Get everything that is broadcast from now on; each kind of wire has its own kind of `Broadcast`."""

    def pause(self) -> None:
        """Read nothing until `resume`."""

    def resume(self) -> None:
        """Read again."""

    def finish(self) -> None:
        """Close when everything queued has left."""

    def abort(self, reason: str, /) -> None:
        """Close now, whatever is queued."""


class Peer:
    """One open connection.

    Args:
        conn: the number the core knows it by.
        wire, door: what carries its bytes, and what they mean.
        bucket: what it may ask for; None where nobody is slowed down.

    Attributes:
        conn: the number the core knows it by.
        entered: whether somebody is logged in on it.
        replayed_seq: while it catches up, the newest number it was told; None when it is current.
        heard_at: when something last came, in seconds of the turns' clock.
        since_ms: when somebody logged in on it, in milliseconds since the Unix epoch.
        heartbeat_seconds: something comes at least so often, its login says; None where it says nothing of that.
        held: answers it is to be told when it has caught up, or takes what it is told again.
        slowed: whether it is not read for a while, because it was faster than its rate.
        ended: whether nothing more will come; what has come still counts.
        closing: whether the core is done with it.
        close_reason: the reason of the `bye` it was told; empty where there was none.
    """

    __slots__ = (
        "bucket",
        "close_reason",
        "closing",
        "conn",
        "door",
        "ended",
        "entered",
        "heard_at",
        "heartbeat_seconds",
        "held",
        "name",
        "paused",
        "replayed_seq",
        "since_ms",
        "slowed",
        "wire",
    )

    def __init__(self, conn: int, wire: Wire, door: Door, bucket: TokenBucket | None) -> None:
        self.conn = conn
        self.wire = wire
        self.door = door
        self.bucket = bucket
        self.name = ""
        self.close_reason = ""
        self.entered = False
        self.ended = False
        self.closing = False
        self.paused = False
        self.slowed = False
        self.replayed_seq: int | None = None
        self.heard_at = 0.0
        self.since_ms = 0
        self.heartbeat_seconds: int | None = None
        self.held: deque[Notice] = deque()

    def enter(self, name: str) -> None:
        """Note who is logged in."""
        self.entered, self.name = True, name
        self.door.entered(name)

    @property
    def is_current(self) -> bool:
        """Whether it has been told everything so far; until then nothing more is taken from it."""
        return self.replayed_seq is None and not self.held

    def feed(self, data: bytes) -> None:
        """Hand what came to the door, and queue what that answers at once."""
        if answer := self.door.feed(data):
            self.wire.send(answer)

    def tell(self, notice: Notice) -> None:
        """Queue one notice."""
        self.wire.send(self.door.written(notice))

    def read_on(self, *, reading: bool) -> None:
        """Have the wire read, or not, and tell it only when that changes."""
        if reading is self.paused:
            self.paused = not reading
            (self.wire.resume if reading else self.wire.pause)()
