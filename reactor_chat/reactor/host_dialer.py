"""Connects to a host by its name: looks it up, and dials what was found, without waiting for either."""

import socket
from collections.abc import Callable

from reactor_chat.reactor.addresses import Row
from reactor_chat.reactor.dialer import Dialer
from reactor_chat.reactor.lookup import Lookup
from reactor_chat.reactor.loop import Loop


class HostDialer:
    """One attempt to reach a host.

    Args:
        loop: where it is waited for.
        host: a name or an address.
        port: 1 to 65 535.
        connected: is given the connected, non-blocking socket, its own from then on.
        failed: is given `lookup.HostUnknown`, `lookup.LookupFailed`, or what `Dialer` reports.

    Exactly one of `connected` and `failed` is called, from a turn of the loop, unless it is cancelled before.
    """

    def __init__(
        self,
        loop: Loop,
        host: str,
        port: int,
        connected: Callable[[socket.socket], None],
        failed: Callable[[OSError], None],
    ) -> None:
        self._loop = loop
        self._connected = connected
        self._failed = failed
        self._step: Lookup | Dialer = Lookup(loop, (host, port), self._found, failed)

    def cancel(self) -> None:
        """Close everything and call nobody; nothing happens where somebody was called or it was cancelled before."""
        self._step.cancel()

    def _found(self, addresses: list[Row]) -> None:
        self._step = Dialer(self._loop, addresses, self._connected, self._failed)
