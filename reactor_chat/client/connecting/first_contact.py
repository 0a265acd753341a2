"""A connection that only looks at a server's key: what was kept for a server is found by it, before anything else.

Where a server's address is known, its key is known too and this is not needed.  Not a byte is said to the server but
the TLS handshake, and nothing is read from the person; they can end it as they end everything.
"""

import os
import signal
import socket
from typing import NamedTuple

from reactor_chat.client.boundary import START_ONE, ExitStatus
from reactor_chat.client.connecting.link import no_server, silent_name_server, unknown_host
from reactor_chat.client.connecting.server_key import ServerKey
from reactor_chat.errors import StorageError, TlsBroken, TrustError
from reactor_chat.reactor.connection import Connection
from reactor_chat.reactor.host_dialer import HostDialer
from reactor_chat.reactor.limits import ConnectionLimits
from reactor_chat.reactor.lookup import HostUnknown, LookupFailed
from reactor_chat.reactor.loop import Loop
from reactor_chat.reactor.signals import Signals
from reactor_chat.reactor.tls import TlsFilter, client_context
from reactor_chat.reactor.tls_connection import open_connection


def leaving() -> list[signal.Signals]:
    """Return the signals that end a client: not the hang-up, where whoever started it said to ignore that (nohup)."""
    ignores_hang_up = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([] if ignores_hang_up else [signal.SIGHUP])]


class Met(NamedTuple):
    """A server whose key is the one that is meant.

    Attributes:
        binding: SHA-256 of its key, which is remembered.
        news: what a person should hear about it.
    """

    binding: bytes
    news: str | None


class Missed(NamedTuple):
    """Why there is no server, in words, none where the person wanted to go; and how the process should end."""

    status: ExitStatus
    text: str = ""


class FirstContact:
    """One look at a server's key; used once.

    Args:
        host: where the server is.
        port: its port.
        server: both, as a person reads them.
        server_key: judges the key.
    """

    def __init__(self, host: str, port: int, server: str, server_key: ServerKey) -> None:
        self._host, self._port, self._server = host, port, server
        self._server_key = server_key
        self._outcome: Met | Missed = Missed(ExitStatus.DONE)
        self._is_over = False  # what becomes of the connection from then on means nothing
        self._refused: TrustError | StorageError | None = None
        self._connection: Connection | None = None

    def run(self) -> Met | Missed:
        """Look, and close the connection.

        Raises:
            TrustError: the server has another key; nothing was remembered.
            StorageError: what is known cannot be read or written.
        """
        self._loop = Loop()
        signals = Signals(self._loop, dict.fromkeys(leaving(), self._stop))
        dialer = HostDialer(self._loop, self._host, self._port, self._connected, self._failed)
        try:
            self._loop.run()
        finally:
            dialer.cancel()
            if self._connection is not None:
                self._connection.abort("closed")
            signals.close()
            self._loop.close()
        if self._refused is not None:
            raise self._refused
        return self._outcome

    def _stop(self) -> None:
        self._is_over = True
        self._loop.stop()

    def _end(self, outcome: Met | Missed) -> None:
        self._outcome = outcome
        self._stop()

    def _connected(self, sock: socket.socket) -> None:
        tls = TlsFilter(client_context())
        try:
            self._connection = open_connection(self._loop, sock, self, ConnectionLimits(), tls, self._secured)
        except OSError as error:
            sock.close()
            self._failed(error)

    def _failed(self, error: OSError) -> None:
        self._end(unnamed(error) or Missed(ExitStatus.NO_SERVER, no_server(self._server, reason_of(error), START_ONE)))

    def _secured(self, connection: Connection) -> None:
        assert connection.tls is not None
        try:
            seen = connection.tls.peer_key_sha256
            self._end(Met(seen, self._server_key.check(seen)))
        except TlsBroken as error:
            connection.abort(str(error))
        except (TrustError, StorageError) as error:
            self._refused = error
            self._stop()

    def received(self, connection: Connection, data: bytes) -> None:
        """Ignore it: the next connection is for talking."""

    def ended(self, connection: Connection) -> None:
        """Take the end of what the server sends for the end of the connection."""
        connection.abort("the server closed it")

    def overflowed(self, connection: Connection) -> None:
        """Nothing is sent, so nothing overflows."""

    def lost(self, connection: Connection, reason: str) -> None:
        """Say why, where the key was not seen."""
        if not self._is_over:
            self._end(Missed(ExitStatus.NO_SERVER, no_server(self._server, *why_no_tls(connection, reason))))


def unnamed(error: OSError) -> Missed | None:
    """Return what it means that the name of the server led nowhere; None where it was something else."""
    if isinstance(error, HostUnknown):
        return Missed(ExitStatus.HOST_UNKNOWN, unknown_host(str(error)))
    if isinstance(error, LookupFailed):
        return Missed(ExitStatus.TRY_LATER, silent_name_server(str(error)))
    return None


def reason_of(error: OSError) -> str:
    """Return why a server cannot be reached, in a few words."""
    return os.strerror(error.errno) if error.errno else str(error)


def why_no_tls(connection: Connection, reason: str) -> tuple[str, str]:
    """Return why a handshake failed and what to do about it, in words for a person."""
    if connection.tls is not None and not connection.tls.speaks_tls:
        return "what answers there speaks no TLS", "For a server without TLS, pass --plaintext"
    return reason, "Check host and port"
