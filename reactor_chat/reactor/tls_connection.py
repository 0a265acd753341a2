"""A connection with TLS: it stands between the socket and the owner, and between the queue and the socket's `send`.

What TLS has sealed is owed in that form, because it cannot be sealed again: it waits in the filter, and nothing more is
sealed until it has left.
"""

import contextlib
import socket
from collections.abc import Callable

from reactor_chat.errors import TlsBroken
from reactor_chat.reactor.connection import Connection, ConnectionState, Owner
from reactor_chat.reactor.fanout import Fanout
from reactor_chat.reactor.limits import ConnectionLimits
from reactor_chat.reactor.loop import Loop
from reactor_chat.reactor.sockets import NOT_NOW, STARVED
from reactor_chat.reactor.tls import TlsFilter

Secured = Callable[[Connection], None]


def open_connection(
    loop: Loop,
    sock: socket.socket,
    owner: Owner,
    limits: ConnectionLimits = ConnectionLimits(),
    tls: TlsFilter | None = None,
    secured: Secured | None = None,
) -> Connection:
    """Return a connection, encrypted where a filter is given.

    Args:
        loop, sock, owner, limits: see `Connection`.
        tls, secured: see `TlsConnection`; without a filter `secured` is never called.

    Raises:
        OSError: the kernel cannot watch the descriptor; the socket is left to the caller.
    """
    if tls is None:
        return Connection(loop, sock, owner, limits)
    return TlsConnection(loop, sock, owner, limits, tls, secured)


class TlsConnection(Connection):
    """A `Connection` that is encrypted.

    Args:
        loop, sock, owner, limits: see `Connection`.
        tls: a filter of its own, not used before.
        secured: called once when the handshake is done, before anything that came is handed over; it may abort.
    """

    __slots__ = ("_filter", "_handshake", "_secured")

    def __init__(
        self,
        loop: Loop,
        sock: socket.socket,
        owner: Owner,
        limits: ConnectionLimits,
        tls: TlsFilter,
        secured: Secured | None = None,
    ) -> None:
        super().__init__(loop, sock, owner, limits)
        self.tls = self._filter = tls
        self.try_send = self._seal_and_send
        self._secured = secured
        self._handshake = loop.timers.call_at(loop.now + tls.seconds_max, self._end_handshake)
        loop.flush_later(self)

    @property
    def queued_bytes(self) -> int:
        """Everything queued that the kernel has not taken, sealed bytes and what the fan-out is ahead included."""
        return self.output.pending_bytes + len(self._filter.unsent)

    @property
    def held_bytes(self) -> int:
        """What is held in memory for this connection alone: what it shares with others is not."""
        return self.output.private_bytes + len(self._filter.unsent)

    def attach(self, fanout: Fanout) -> None:
        """Get everything that is appended to `fanout` from now on; the handshake is done."""
        assert self._filter.is_ready, "the handshake is not done"
        super().attach(fanout)

    # ------------------------------------------------------------------ what comes

    def _take(self, data: bytes) -> None:
        tls = self._filter
        was_ready = tls.is_ready
        if was_ready and self._state is not ConnectionState.OPEN:
            return  # thrown away; a handshake goes on, so that what is queued can leave
        try:
            said = tls.receive(data)
        except TlsBroken as error:
            self._fail_tls(error)
            return
        if tls.unsent or (tls.is_ready and not was_ready):
            self._loop.flush_later(self)
        if tls.is_ready and not was_ready:
            self._end_handshake()
        if said and self._state is ConnectionState.OPEN:
            self._owner.received(self, said)
        if tls.has_ended and not self.closed:
            self._end()

    def _end_handshake(self) -> None:
        """Go on where it is done, close where its time is over."""
        self._handshake.cancel()
        if not self._filter.is_ready:
            self._close("the TLS handshake took too long")
        elif self._secured is not None and self._state is ConnectionState.OPEN:
            self._secured(self)

    def _fail_tls(self, error: TlsBroken) -> None:
        """Close, having told the peer why as far as the kernel takes it now."""
        if self._filter.unsent and not self._broken:
            with contextlib.suppress(OSError):
                self._sock.send(self._filter.unsent)
        self._close(self._broken or str(error))

    def _end(self) -> None:
        if self._filter.is_ready:
            super()._end()
        else:
            self._ended = True
            self._close("the peer went away during the TLS handshake")

    # ------------------------------------------------------------------ what leaves

    def _seal_and_send(self, data: bytes) -> int:
        """Stand in for the socket's `send`: what is sealed is taken, and `waiting` says that it has not all left."""
        try:
            taken = self._filter.seal(data)
        except TlsBroken as error:
            raise OSError(str(error)) from error
        self._send_sealed()
        return taken

    def _send_sealed(self) -> None:
        """Give the kernel what TLS has for the peer.  Raises OSError where writing is over."""
        tls = self._filter
        try:
            tls.left(self._sock.send(tls.unsent))
        except NOT_NOW:
            pass
        except OSError as error:
            if error.errno not in STARVED:
                raise
            self._take_a_rest(error)
        self.waiting = len(tls.unsent) > 0

    def _write(self) -> None:
        if self._write_sealed():
            super()._write()

    def _write_sealed(self) -> bool:
        """Offer the kernel what TLS has for the peer; returns whether more can be sealed."""
        if self._filter.unsent:
            try:
                self._send_sealed()
            except OSError as error:
                self.write_incomplete(error)
                return False
            self.check_watermarks()
            self._update()
        return self._filter.is_ready and not self.waiting

    # ------------------------------------------------------------------ the end

    def _half_close(self) -> None:
        """Shut down, behind the words by which TLS does: without them the peer cannot tell an end from a cut."""
        if not self._filter.is_closed:
            self._filter.close()
            self._write_sealed()
        if self._state is ConnectionState.FINISHING and not self._broken and not self.queued_bytes:
            super()._half_close()

    def _drop_output(self) -> None:
        self._filter.unsent = b""
        super()._drop_output()

    def _close(self, reason: str) -> None:
        self._handshake.cancel()
        super()._close(reason)
