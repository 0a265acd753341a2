"""Where connections come from: a listener for each door, and one for the operator."""

import contextlib
import logging
import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

from reactor_chat.errors import StorageError, UsageError
from reactor_chat.reactor.connection import Connection
from reactor_chat.reactor.limits import ConnectionLimits
from reactor_chat.reactor.listener import Listener, open_listener
from reactor_chat.reactor.loop import Loop
from reactor_chat.reactor.proxied import ProxiedArrival
from reactor_chat.reactor.tls import TlsFilter
from reactor_chat.reactor.tls_connection import open_connection
from reactor_chat.server.app import App
from reactor_chat.server.bans import address_of
from reactor_chat.server.doors.frames import FramesDoor
from reactor_chat.server.doors.lines import LinesDoor
from reactor_chat.server.intake import HIGH_WATERMARK_BYTES
from reactor_chat.server.operator.control import Control, short_way
from reactor_chat.server.options.table import Options
from reactor_chat.server.process.link import server_link
from reactor_chat.server.process.tls import ServerTls, load_tls
from reactor_chat.wire.transcript import NO_BINDING, pin_of

WIRE_LIMITS = ConnectionLimits(output_bytes_soft=HIGH_WATERMARK_BYTES)
"""A wire that stays clogged is closed as too slow; one that moves is below this mark again and again."""

_log = logging.getLogger("reactor_chat.server")


class Listeners:
    """Every listener of a server, and what it makes of a socket that arrives.

    Args:
        loop: where they are watched.
        app: is given the connections.
        options: what the operator chose when the server began.
    """

    def __init__(self, loop: Loop, app: App, options: Options) -> None:
        self._loop = loop
        self._app = app
        self._options = options
        self._listeners: list[Listener] = []
        self._arrivals: set[ProxiedArrival] = set()
        self._tls: ServerTls | None = None  # for connections to come

    def load_tls(self) -> None:
        """Load what TLS needs, where there is TLS.

        Raises:
            StorageError: the server's own key cannot be used.
            UsageError: the operator's cannot.
        """
        if not self._options.plaintext:
            self._tls = load_tls(self._options)

    def listen(self) -> list[str]:
        """Open the doors; returns a line for each, and the key and the link where there is TLS.

        Raises:
            OSError: an address cannot be listened on; the text names it.
        """
        lines = [self._open_frames_door()]
        frames = self._listeners[-1]
        if self._options.lines is not None:
            lines.append(self._open_lines_door(*self._options.lines))
        if self._tls is not None:
            lines += [f"key {pin_of(self._tls.binding)}", f"link {self._link(self._tls.binding, frames)}"]
        return lines

    def reload_certificate(self) -> None:
        """Read certificate and key again, for the connections to come; where that fails, the old ones stay."""
        options = self._app.options
        if self._tls is None or (options.memory and options.cert is None):
            return  # there is none, or no file that could have changed
        try:
            self._tls = load_tls(options)
        except (StorageError, UsageError) as error:
            _log.error("certificate not reloaded: %s", error)
        else:
            _log.info("certificate reloaded: key %s", pin_of(self._tls.binding))

    def listen_to_operator(self, path: Path, control: Control) -> None:
        """Open the operator's door; what a server that died left there is replaced.

        Where the system gives no such door, people are served without it.

        Args:
            path: where its socket is made; only the owner of this process can connect there.
            control: is given the connections.
        """

        def opened(sock: socket.socket, _address: str) -> None:
            control.opened(Connection(self._loop, sock, control))

        sock = socket.socket(socket.AF_UNIX)
        mask = os.umask(0o177)  # made for its owner only, from the first moment on
        try:
            path.unlink(missing_ok=True)
            with short_way(path) as address:
                sock.bind(address)
        except OSError as error:
            sock.close()
            _log.warning("admin can give no orders to this server, for there is no socket at %s: %s", path, error)
            return
        finally:
            os.umask(mask)
        sock.listen()
        self._listeners.append(Listener(self._loop, sock, opened))

    def close(self) -> None:
        """Take nobody any more; connections that are open stay."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        for arrival in list(self._arrivals):
            arrival.close("the server stops")

    def _open_frames_door(self) -> str:
        def opened(sock: socket.socket, address: str) -> None:
            context, binding = self._tls or (None, NO_BINDING)
            tls = TlsFilter(context) if context is not None else None
            connection = open_connection(self._loop, sock, self._app, WIRE_LIMITS, tls)
            connection.peer = address
            door = FramesDoor(self._options.frame_bytes_max)
            self._app.opened(connection, door, self._app.options.login_seconds_max, self._loop.now, binding)

        address = self._open_listener(self._options.host, self._options.port, opened)
        return f"listening {address} door=frames tls={'on' if self._tls else 'off'}"

    def _open_lines_door(self, host: str, port: int) -> str:
        def opened(sock: socket.socket, address: str) -> None:
            # Telnet sends the last byte of its Ctrl-C as urgent: taken out of the line, it would be missed there.
            with contextlib.suppress(OSError):  # the peer has gone already: reading will say so
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
            connection = Connection(self._loop, sock, self._app, WIRE_LIMITS)
            connection.peer = address
            self._app.opened(connection, LinesDoor(), self._app.options.typed_login_seconds_max, self._loop.now)

        return f"listening {self._open_listener(host, port, opened)} door=lines tls=off"

    def _open_listener(self, host: str, port: int, opened: Callable[[socket.socket, str], None]) -> str:
        try:
            sock = open_listener(host, port)
        except OSError as error:
            raise _with_hint(error) from error
        listener = Listener(self._loop, sock, partial(self._arrived, opened))
        self._listeners.append(listener)
        shown_host, _, shown_port = listener.address.rpartition(":")
        return f"host={shown_host.strip('[]')} port={shown_port}"

    def _arrived(self, opened: Callable[[socket.socket, str], None], sock: socket.socket, address: str) -> None:
        """Open a connection; one of a proxy's when it has said who is there."""
        proxies = self._app.options.proxy_from
        if proxies and proxies.hold(address_of(address) or ""):
            self._arrivals.add(ProxiedArrival(self._loop, sock, opened, self._arrivals.discard))
        else:
            opened(sock, address)

    def _link(self, binding: bytes, frames: Listener) -> str:
        """Return what people pass to a client in the place of the host; they can paste it into a chat."""
        _, _, port = frames.address.rpartition(":")
        return server_link(self._options.host, int(port), binding, socket.gethostname())


def is_name_server_silent(error: Exception) -> bool:
    """Return whether a name could not be looked up now, and might be later."""
    return isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN


def _with_hint(error: OSError) -> OSError:
    if is_name_server_silent(error):
        return socket.gaierror(error.errno, f"{error.strerror}. The name server does not answer; try again")
    return OSError(error.errno, f"{error.strerror or error}; choose another address or port")
