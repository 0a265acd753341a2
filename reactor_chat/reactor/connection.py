"""One peer on a non-blocking stream socket: bytes in to an owner, bytes out of a queue.

Reading: at most one `recv` a turn, handed to the owner as it came.  Writing: `send` only queues; at the end of the turn
everything owed leaves in one system call, and only where the kernel took less is writability asked for.  The owner's
code is never called from inside a call of the owner's: `lost` comes at the very end of a turn.

    OPEN ──finish──▶ FINISHING ──all sent, SHUT_WR──▶ LINGERING ──EOF, all arrived, or deadline──▶ CLOSED
      └─────────────abort, an error, at any time─────────────────────────────────────▶ CLOSED ──end of turn──▶ lost

From `finish` on, input is read and thrown away: a socket that is closed with unread input sends a reset, and a reset
makes the peer's kernel throw away the last words we sent.  Once that kernel has them all, nobody waits for the peer's
own end: it may be stopped, or in no hurry.

When writing fails the peer may have said something before it went.  So the output is dropped, both directions are shut
down, and reading goes on to the end of what had arrived; only then is the connection lost.

With TLS it is a `TlsConnection`, which stands between the socket and all of this.
"""

import contextlib
import logging
import socket
from collections.abc import Callable
from enum import Enum
from selectors import EVENT_READ, EVENT_WRITE
from typing import Protocol

from reactor_chat.reactor.addresses import printable
from reactor_chat.reactor.buffers import OutputQueue
from reactor_chat.reactor.fanout import Fanout
from reactor_chat.reactor.limits import ConnectionLimits
from reactor_chat.reactor.loop import Loop
from reactor_chat.reactor.sockets import NOT_NOW, STARVED, because, has_arrived, prepare
from reactor_chat.reactor.timers import Timer
from reactor_chat.reactor.tls import TlsFilter

WRITE_BYTES_MAX = 262_144
"""Offered to the kernel at once: a copy is made of it, and the kernel may take little."""
LINGER_SECONDS = 5.0
"""How long a peer may take to read the last words; a few round trips of a bad line."""
ARRIVAL_SECONDS = 0.25
"""How often it is asked whether everything has arrived."""
REST_SECONDS = 0.1
"""How long the kernel is left alone after it was out of memory."""

_log = logging.getLogger(__name__)


class Owner(Protocol):
    """Whoever a connection tells what happens; any method may call any method of any connection."""

    def received(self, connection: "Connection", data: bytes, /) -> None:
        """Take 1 byte or more."""

    def ended(self, connection: "Connection", /) -> None:
        """Learn that the peer will send nothing more; it may still read."""

    def overflowed(self, connection: "Connection", /) -> None:
        """Learn, once, that the peer reads too slowly; whoever does nothing now lets the queue grow."""

    def lost(self, connection: "Connection", reason: str, /) -> None:
        """Learn that the connection is gone; the last call, and exactly one for every connection."""


class ConnectionState(Enum):
    """How far a connection is on its way to the end."""

    OPEN = "open"
    FINISHING = "finishing"  # what is queued still leaves
    LINGERING = "lingering"  # all has left and the peer was told; its end is awaited
    CLOSED = "closed"


class Connection:
    """A stream socket, what it is owed, and its owner.

    Args:
        loop: where it is watched, from now on.
        sock: connected, of any stream family; belongs to the connection, which makes it non-blocking, closed on exec
            and sending without delay.
        owner: told what happens, never before the next turn.
        limits: what it may cost.

    Attributes:
        peer: the address of the other side, printable.
        output: what is owed; for `Fanout`.
        try_send: the socket's `send`, or what stands before it; for `Fanout`.
        tls: the filter where it is encrypted.
        waiting: whether the kernel refused bytes and has not asked for more since; for `Fanout`.

    Raises:
        OSError: the kernel cannot watch the descriptor; the socket is left to the caller.
    """

    __slots__ = (
        "_arrival",
        "_broken",
        "_ended",
        "_fanout",
        "_handshake",
        "_limits",
        "_linger",
        "_loop",
        "_mask",
        "_overflowed",
        "_owner",
        "_paused",
        "_reason",
        "_rest",
        "_secured",
        "_sock",
        "_soft",
        "_state",
        "output",
        "peer",
        "tls",
        "try_send",
        "waiting",
    )  # fmt: skip

    def __init__(
        self,
        loop: Loop,
        sock: socket.socket,
        owner: Owner,
        limits: ConnectionLimits = ConnectionLimits(),
    ) -> None:
        self._loop = loop
        self._sock = sock
        self._owner = owner
        self._limits = limits
        self._state = ConnectionState.OPEN
        self._fanout: Fanout | None = None
        self._mask = 0
        self._reason = ""
        self._broken = ""  # why writing failed, while what had arrived is still read
        self._ended = False
        self._paused = False
        self._overflowed = False
        self._linger: Timer | None = None
        self._arrival: Timer | None = None
        self._rest: Timer | None = None
        self._soft: Timer | None = None
        self.waiting = False
        self.output = OutputQueue()
        self.tls: TlsFilter | None = None
        self.try_send: Callable[[bytes], int] = sock.send
        prepare(sock)
        self.peer = printable(sock)
        self._watch(EVENT_READ)

    # ------------------------------------------------------------------ for the owner

    @property
    def closed(self) -> bool:
        """Whether nothing but `lost` will come, or has come."""
        return self._state is ConnectionState.CLOSED

    @property
    def queued_bytes(self) -> int:
        """Everything queued that the kernel has not taken, what the fan-out is ahead included."""
        return self.output.pending_bytes

    @property
    def held_bytes(self) -> int:
        """What is held in memory for this connection alone: what it shares with others is not."""
        return self.output.private_bytes

    def send(self, data: bytes) -> None:
        """Queue bytes; they leave at the end of the turn.  After `finish`, `abort` or an error they are dropped."""
        if self._state is not ConnectionState.OPEN or self._broken:
            return
        if self.output.push(data):
            if self._fanout is not None:
                self._fanout.touch(self)
            self._loop.flush_later(self)
        elif self.waiting:
            self._loop.flush_later(self)  # nothing leaves, but what is queued is compared with what may be

    def attach(self, fanout: Fanout) -> None:
        """Get everything that is appended to `fanout` from now on, in one order with what is sent here.

        A connection is in one fan-out at a time; from another it is detached first.
        """
        if self._state is not ConnectionState.OPEN or self._broken or self._fanout is fanout:
            return
        self.detach()
        self._fanout = fanout
        fanout.join(self)

    def detach(self) -> None:
        """Get nothing of the fan-out any more but what had been appended; nothing happens where it is in none."""
        if self._fanout is not None:
            fanout, self._fanout = self._fanout, None
            fanout.leave(self)
            self._loop.flush_later(self)

    def pause(self) -> None:
        """Read nothing until `resume`; that the peer has gone is noticed then, or when writing to it fails."""
        self._paused = True
        self._update()

    def resume(self) -> None:
        """Read again."""
        self._paused = False
        self._update()

    def finish(self, linger_seconds: float = LINGER_SECONDS) -> None:
        """Close when everything queued has left and the peer has closed too; the owner gets only `lost` from here on.

        Args:
            linger_seconds: after this long it is closed whatever is left; 0 or more.
        """
        if self._broken:
            self._close(self._broken)
        if self._state is not ConnectionState.OPEN:
            return
        self.detach()
        self._state = ConnectionState.FINISHING
        self._linger = self._loop.timers.call_at(self._loop.now + linger_seconds, self._linger_over)
        self._loop.flush_later(self)
        self._update()

    def abort(self, reason: str) -> None:
        """Close now, whatever is queued; `lost(reason)` follows at the end of the turn."""
        self._close(reason)

    # ------------------------------------------------------------------ for the loop and the fan-out

    def flush(self) -> None:
        """Offer the kernel what is owed, once."""
        if self._state is ConnectionState.CLOSED or self._broken:
            return
        if self.waiting:
            self.check_watermarks()  # what is queued for a reader that takes nothing has to fit too
            return
        self._write()
        if self._fanout is not None:
            self._fanout.wrote(self)
        if self._state is ConnectionState.FINISHING and not self.queued_bytes:
            self._half_close()

    def finalize(self) -> None:
        """Give the descriptor back and say goodbye."""
        with contextlib.suppress(OSError):  # some systems report the peer's reset here; the descriptor is free
            self._sock.close()
        self._owner.lost(self, self._reason)

    def write_incomplete(self, error: OSError | None) -> None:
        """Learn that the kernel took only a part of what was offered (None), or nothing and why."""
        if self.closed:
            return
        if error is None or isinstance(error, NOT_NOW):
            self.waiting = True
        elif error.errno in STARVED:
            self._take_a_rest(error)
        else:
            self._writing_failed(because(error))
        self.check_watermarks()
        self._update()

    def check_watermarks(self) -> None:
        """Compare what is owed with the limits, after a write."""
        queued_bytes = self.queued_bytes
        if queued_bytes > self._limits.output_bytes_hard:
            self._overflow()
        elif queued_bytes <= self._limits.output_bytes_soft:
            self._forget_soft()
        elif self._soft is None and not self._overflowed:
            self._soft = self._loop.timers.call_at(self._loop.now + self._limits.output_seconds_soft, self._overflow)

    def lagged(self) -> None:
        """Leave the fan-out because it cannot keep what this connection has not taken."""
        self._overflow()
        self.detach()

    # ------------------------------------------------------------------ inside

    def _ready(self, mask: int) -> None:
        mask &= self._mask  # somebody before us in this turn may have changed it
        if mask & EVENT_WRITE:
            self.waiting = False
            self._loop.flush_later(self)
        if mask & EVENT_READ:
            self._read()

    def _read(self) -> None:
        try:
            data = self._sock.recv(self._limits.read_bytes_max)
        except NOT_NOW:
            return
        except OSError as error:
            if error.errno in STARVED:
                self._take_a_rest(error)
                self._update()
            else:
                self._close(because(error))
            return
        if not data:
            self._end()
        else:
            self._take(data)

    def _take(self, data: bytes) -> None:
        """Hand over what came."""
        if self._state is ConnectionState.OPEN:
            self._owner.received(self, data)

    def _end(self) -> None:
        self._ended = True
        if self._broken:
            self._close(self._broken)
        elif self._state is ConnectionState.LINGERING:
            self._close("finished")
        else:
            self._update()
            if self._state is ConnectionState.OPEN:
                self._owner.ended(self)

    def _write(self) -> None:
        """Offer the kernel what is queued, as far as it goes at once."""
        output = self.output
        data = output.next_bytes(WRITE_BYTES_MAX)
        if not data:
            return
        try:
            taken = self.try_send(data)
        except OSError as error:
            self.write_incomplete(error)
            return
        self._loop.written_bytes += taken
        if output.sent(taken):  # the kernel's limit or ours: either way it says when to go on
            self.waiting = True
        if self.waiting or self._soft or self._mask & EVENT_WRITE:
            self.check_watermarks()
            self._update()

    def _writing_failed(self, reason: str) -> None:
        self._broken = reason
        self._drop_output()
        with contextlib.suppress(OSError):  # usually the kernel knows already
            self._sock.shutdown(socket.SHUT_RDWR)
        if self._ended or self._state is not ConnectionState.OPEN:
            self._close(reason)
        else:
            self._linger = self._loop.timers.call_at(self._loop.now + LINGER_SECONDS, self._linger_over)

    def _half_close(self) -> None:
        """Tell the peer that nothing more comes; all that was queued has left."""
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            self._close(because(error))
            return
        self._state = ConnectionState.LINGERING
        if self._ended:
            self._close("finished")
        else:
            self._await_arrival()

    def _await_arrival(self) -> None:
        self._arrival = self._loop.timers.call_at(self._loop.now + ARRIVAL_SECONDS, self._look_for_arrival)

    def _look_for_arrival(self) -> None:
        if has_arrived(self._sock):
            self._close("finished")
        else:
            self._await_arrival()

    def _linger_over(self) -> None:
        self._close(self._broken or "did not finish in time")

    def _forget_soft(self) -> None:
        if self._soft:
            self._soft.cancel()
            self._soft = None

    def _overflow(self) -> None:
        self._forget_soft()
        if self._state is ConnectionState.OPEN and not self._overflowed:
            self._overflowed = True
            self._owner.overflowed(self)

    def _take_a_rest(self, error: OSError) -> None:
        """Leave the kernel alone: it is short of memory, and the descriptor would at once be ready again."""
        _log.debug("! %s: %s; waiting %.1f s", self.peer, because(error), REST_SECONDS)
        self.waiting = True
        self._rest = self._rest or self._loop.timers.call_at(self._loop.now + REST_SECONDS, self._rested)

    def _rested(self) -> None:
        self._rest = None
        self.waiting = False
        self._loop.flush_later(self)
        self._update()

    def _drop_output(self) -> None:
        self._forget_soft()
        self.waiting = False
        self.output.clear()
        if self._fanout is not None:
            fanout, self._fanout = self._fanout, None
            fanout.leave(self)

    def _close(self, reason: str) -> None:
        if self.closed:
            return
        self._state = ConnectionState.CLOSED
        self._reason = reason
        self._drop_output()
        for timer in (self._linger, self._arrival, self._rest):
            if timer:
                timer.cancel()
        self._update()
        self._loop.close_later(self)

    def _update(self) -> None:
        """Wait for what there is a use for, and tell the kernel only when that changes."""
        mask = 0
        if not self.closed and self._rest is None:
            if not self._ended and not (self._paused and self._state is ConnectionState.OPEN):
                mask |= EVENT_READ
            if self.waiting:
                mask |= EVENT_WRITE
        if mask == self._mask:
            return
        try:
            self._watch(mask)
        except OSError as error:  # the kernel is short of memory, and this connection is what can be spared
            self._mask = 0
            self._close(because(error))

    def _watch(self, mask: int) -> None:
        if not mask:  # a hang-up is reported to everyone who is registered at all
            self._loop.unwatch(self._sock)
        elif self._mask:
            self._loop.rewatch(self._sock, mask)
        else:
            self._loop.watch(self._sock, mask, self._ready)
        self._mask = mask
