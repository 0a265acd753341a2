"""A network in memory: wires that behave like the reactor's connections, and links on which bytes move when told to.

A connection is a `Wire` (the server's end), a `SimulatedLink` (the client's end), and two pipes between them:

    app ─ send ─▶ queue ─ flush ─▶ down ─ move_down ─▶ client ─ send ─▶ up ─ move_up ─▶ app

Nothing moves by itself.  Whoever drives the world says how many bytes move on which link, so bytes are split anywhere,
connections overtake each other, and a link on which nothing is moved is a stalled one.  A pipe is as wide as what two
kernels hold for one direction; a reader that takes nothing fills it, and then the wire's queue.  Queue, marks, linger
and the order of what is told are those of `reactor.connection`, and the same contract tests run over both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

READ_BYTES_MAX = 65_536
LINGER_SECONDS = 5.0
ARRIVAL_SECONDS = 0.25
KEEPALIVE_SECONDS = 95.0
"""So long after the other machine vanished the kernel gives a connection up at the latest (see `reactor.sockets`)."""
QUIET_ABOVE, QUIET_SECONDS, QUIET_BYTES_MAX = 256, 0.25, 65_536
"""When quiet bytes wait, and for how long, as in `reactor.fanout`."""


@dataclass(frozen=True, slots=True)
class WireLimits:
    """What one connection may cost.

    Attributes:
        pipe_bytes_max: what the kernels hold of one direction.
        output_bytes_soft, output_seconds_soft, output_bytes_hard: as of the reactor's connections.
    """

    pipe_bytes_max: int = 131_072
    output_bytes_soft: int = 131_072
    output_seconds_soft: float = 10.0
    output_bytes_hard: int = 1_048_576


class Owner(Protocol):
    """Whoever a wire tells what happens; the server's app."""

    def received(self, wire: "Wire", data: bytes, /) -> None:
        """Take 1 byte or more."""

    def ended(self, wire: "Wire", /) -> None:
        """Learn that the peer will send nothing more."""

    def overflowed(self, wire: "Wire", /) -> None:
        """Learn, once, that the peer reads too slowly."""

    def lost(self, wire: "Wire", reason: str, /) -> None:
        """Learn that the wire is gone; the last call."""


class Broadcast:
    """Bytes that go to every wire that is attached.

    Args:
        quiet_above: with more wires than this, quiet bytes wait; 0 or more.

    Attributes:
        wires: who is attached, in the order of their coming.
        quiet_until: when the quiet bytes leave that wait; None where none do.
    """

    def __init__(self, quiet_above: int = QUIET_ABOVE) -> None:
        self.wires: dict[Wire, None] = {}
        self.quiet_until: float | None = None
        self._quiet_above = quiet_above
        self._quiet_bytes = 0

    def append(self, data: bytes) -> None:
        """Queue bytes for everyone who is attached now."""
        for wire in self.wires:
            wire.queue += data
        self._end_quiet()

    def append_quietly(self, data: bytes) -> None:
        """Queue bytes likewise, in the same order; where many are attached they wait for what comes next, or a bit."""
        if len(self.wires) <= self._quiet_above or self._quiet_bytes + len(data) > QUIET_BYTES_MAX:
            self.append(data)
            return
        self._quiet_bytes += len(data)
        for wire in self.wires:
            wire.queue += data
            wire.resting_bytes += len(data)
            self.quiet_until = self.quiet_until or wire.now() + QUIET_SECONDS

    def tick(self, now: float) -> None:
        """Let quiet bytes leave that have waited long enough."""
        if self.quiet_until is not None and self.quiet_until <= now:
            self._end_quiet()

    def _end_quiet(self) -> None:
        if self.quiet_until is not None:
            self.quiet_until, self._quiet_bytes = None, 0
            for wire in self.wires:
                wire.resting_bytes = 0


class Wire:
    """The server's end of a connection.

    Args:
        peer: where it leads, printable.
        owner: told what happens.
        now: the clock, in seconds.
        limits: what it may cost.

    Attributes:
        queue: what was sent and has not left; changed in place only.
        resting_bytes: how much of it, at its end, is quiet and waits to be asked for.
        down: what has left and was not read by the client; changed in place only.
        leaves_bytes_max: most bytes that leave in one flush.
        paused: whether the server reads nothing for now.
        finishing: whether nothing more is taken from the owner.
        down_ended: whether the server has said that nothing more comes.
        has_overflowed: whether the owner was told that the peer reads too slowly.
        closed: whether nothing happens any more.
        reason: why it was closed.
        now: the clock, in seconds.
    """

    def __init__(self, peer: str, owner: Owner, now: Callable[[], float], limits: WireLimits = WireLimits()) -> None:
        self.peer = peer
        self.queue = bytearray()
        self.resting_bytes = 0
        self.down = bytearray()
        self.leaves_bytes_max = 1 << 40
        self.paused = self.finishing = self.down_ended = self.closed = False
        self.reason = ""
        self._owner = owner
        self.now = now
        self._limits = limits
        self._broadcast: Broadcast | None = None
        self.has_overflowed = False
        self._up_ended = self._told = False
        self._soft_at: float | None = None
        self._linger_at: float | None = None
        self._arrival_at: float | None = None
        self._vanished_at: float | None = None

    # ------------------------------------------------------------------ for the owner

    @property
    def queued_bytes(self) -> int:
        """What was sent and has not left."""
        return len(self.queue)

    @property
    def held_bytes(self) -> int:
        """The same: nothing is shared in here."""
        return len(self.queue)

    def send(self, data: bytes) -> None:
        """Queue bytes; after `finish` or `abort` they are dropped."""
        if data and not self.finishing:
            self.queue += data
            self.resting_bytes = 0

    def attach(self, broadcast: Broadcast) -> None:
        """Get everything that is broadcast from now on."""
        if not self.finishing and self._broadcast is not broadcast:
            self.detach()
            self._broadcast = broadcast
            broadcast.wires[self] = None

    def detach(self) -> None:
        """Get nothing more of what is broadcast; what has been waits no longer."""
        if self._broadcast is not None:
            del self._broadcast.wires[self]
            self._broadcast = None
            self.resting_bytes = 0

    def pause(self) -> None:
        """Read nothing until `resume`."""
        self.paused = True

    def resume(self) -> None:
        """Read again."""
        self.paused = False

    def finish(self) -> None:
        """Close when everything queued has left and the peer has closed too."""
        if not self.finishing:
            self.detach()
            self.finishing = True
            self._linger_at = self.now() + LINGER_SECONDS

    def abort(self, reason: str) -> None:
        """Close now, whatever is queued; the owner hears `lost` at the end of the turn."""
        if self.closed:
            return
        self.detach()
        self.closed = self.finishing = True
        self.reason = reason
        self.queue.clear()
        self.resting_bytes = 0

    # ------------------------------------------------------------------ for the world: the end of a turn, and time

    def flush(self) -> None:
        """Let what is queued leave, as far as the pipe takes it."""
        queue = self.queue
        if queue:
            room = self._limits.pipe_bytes_max - len(self.down)
            leaving = min(len(queue) - self.resting_bytes, room, self.leaves_bytes_max)
            if leaving == len(queue):
                self.down += queue
                queue.clear()
            elif leaving > 0:
                self.down += queue[:leaving]
                del queue[:leaving]
            if self._soft_at is not None or len(queue) > self._limits.output_bytes_soft:
                self._check_marks()
        if self.finishing and not queue and not self.down_ended and not self.closed:
            self.down_ended = True
            self._arrival_at = self.now() + ARRIVAL_SECONDS
            if self._up_ended:
                self.abort("finished")

    def reap(self) -> bool:
        """Say goodbye to the owner where the wire is closed; returns whether it is."""
        if self.closed and not self._told:
            self._told = True
            self._owner.lost(self, self.reason)
        return self.closed

    @property
    def deadline(self) -> float | None:
        """When `tick` has something to do; None while there is nothing to wait for."""
        quiet_until = self._broadcast.quiet_until if self._broadcast is not None else None
        times = (self._soft_at, self._linger_at, self._arrival_at, self._vanished_at, quiet_until)
        return None if self.closed else min((at for at in times if at is not None), default=None)

    def tick(self) -> None:
        """Do what is due."""
        now = self.now()
        if self._broadcast is not None:
            self._broadcast.tick(now)
        if self._soft_at is not None and self._soft_at <= now:
            self._overflow()
        if self._arrival_at is not None and self._arrival_at <= now:
            self._arrival_at = now + ARRIVAL_SECONDS
            if not self.down and self._vanished_at is None:
                self.abort("finished")
        if self._linger_at is not None and self._linger_at <= now:
            self.abort("did not finish in time")
        if self._vanished_at is not None and self._vanished_at <= now:
            self.abort("Connection timed out")

    # ------------------------------------------------------------------ for the link: what the other side does

    @property
    def reads(self) -> bool:
        """Whether bytes of the peer are taken from the kernel."""
        return not self.closed and (self.finishing or not self.paused)

    def arrive(self, data: bytes) -> None:
        """Let bytes of the peer arrive; whoever is finishing does not listen any more."""
        if not self.finishing:
            self._owner.received(self, data)

    def peer_ended(self) -> None:
        """Let the peer's end arrive."""
        self._up_ended = True
        if self.down_ended:
            self.abort("finished")
        elif not self.finishing:
            self._owner.ended(self)

    def peer_vanished(self) -> None:
        """Note that the peer will never say anything again, not even that."""
        self._vanished_at = self.now() + KEEPALIVE_SECONDS

    # ------------------------------------------------------------------ inside

    def _check_marks(self) -> None:
        queued_bytes = len(self.queue)
        if queued_bytes > self._limits.output_bytes_hard:
            self._overflow()
        elif queued_bytes <= self._limits.output_bytes_soft:
            self._soft_at = None
        elif self._soft_at is None and not self.has_overflowed:
            self._soft_at = self.now() + self._limits.output_seconds_soft

    def _overflow(self) -> None:
        self._soft_at = None
        if not self.has_overflowed and not self.finishing:
            self.has_overflowed = True
            self._owner.overflowed(self)


class SimulatedLink:
    """The client's end of a connection, and the cable.

    Args:
        wire: the server's end.

    Attributes:
        up: what the client sent and the server has not read.
        stalled_until: nothing moves before this time.
        is_cut: whether the cable carries nothing any more, in either direction.
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.up = bytearray()
        self.stalled_until = 0.0
        self.is_cut = False
        self._up_ended = self._told_end = False

    def send(self, data: bytes) -> None:
        """Send to the server."""
        if not self._up_ended:
            self.up += data

    def end(self) -> None:
        """Send nothing more; what was sent still arrives."""
        self._up_ended = True

    def reset(self, reason: str = "Connection reset by peer") -> None:
        """Cut the cable so that the server notices: nothing that is on its way arrives."""
        self.is_cut = True
        self.wire.abort(reason)

    def vanish(self) -> None:
        """Cut the cable so that the server does not notice, until its kernel gives up."""
        self.is_cut = True
        self.wire.peer_vanished()

    def move_up(self, bytes_max: int = READ_BYTES_MAX) -> int:
        """Let the server read, where it does.

        Args:
            bytes_max: most bytes, 1 or more.

        Returns:
            How many bytes moved.
        """
        wire, up = self.wire, self.up
        if self.is_cut or not wire.reads:
            return 0
        moving = min(len(up), bytes_max, READ_BYTES_MAX)
        if moving:
            data = bytes(up[:moving])
            del up[:moving]
            wire.arrive(data)
        if self._up_ended and not up and not self._told_end:
            self._told_end = True
            wire.peer_ended()
        return moving

    def move_down(self, bytes_max: int = READ_BYTES_MAX) -> bytes:
        """Let the client read.

        Args:
            bytes_max: most bytes, 1 or more.

        Returns:
            What arrived; empty where nothing is there.
        """
        down = self.wire.down
        if self.is_cut or not down:
            return b""
        data = bytes(down[:bytes_max])
        del down[:bytes_max]
        return data

    @property
    def wants_up(self) -> bool:
        """Whether something of the client's is on its way: bytes, or its end."""
        return bool(self.up) or (self._up_ended and not self._told_end)

    @property
    def has_ended(self) -> bool:
        """Whether the client sees the end: everything that the server sent was read, or the wire was closed."""
        wire = self.wire
        return not self.is_cut and ((wire.down_ended and not wire.down) or (wire.closed and not wire.down_ended))


class Network:
    """Every wire of one server, in the order of their coming."""

    def __init__(self) -> None:
        self.wires: list[Wire] = []

    def flush(self) -> None:
        """End a turn: let what is queued leave, and say goodbye to what is closed."""
        is_over = False
        for wire in self.wires:
            wire.flush()
            is_over = wire.reap() or is_over
        if is_over:
            self.wires = [wire for wire in self.wires if not wire.closed]

    def tick(self) -> None:
        """Do what is due."""
        for wire in self.wires:
            if wire.deadline is not None:
                wire.tick()

    @property
    def deadline(self) -> float | None:
        """When `tick` has something to do at the latest."""
        times = (wire.deadline for wire in self.wires)
        return min((at for at in times if at is not None), default=None)
