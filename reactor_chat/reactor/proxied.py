"""Connections that a proxy passes on: who is really there, as the header says that it sends first (PROXY protocol 2).

The header is 16 bytes that name its length, then the addresses, then whatever the proxy likes to add, which is skipped.
Never more is read than the header has left, so what follows (TLS, or anything) is there for whoever comes next.

    signature 12 bytes ‖ version 2 and command u4 u4 ‖ family and transport u4 u4 ‖ length u16 ‖ addresses ‖ TLVs

Version 1, which is a line of text, is not taken: its end can only be found by reading what may be beyond it.

Source: HAProxy, "The PROXY protocol", version 2 (doc/proxy-protocol.txt, 2.2).
"""

import logging
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from selectors import EVENT_READ
from struct import Struct

from reactor_chat.errors import ProxyHeaderInvalid
from reactor_chat.reactor.addresses import printable, text_of
from reactor_chat.reactor.loop import Loop
from reactor_chat.reactor.sockets import NOT_NOW, because

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
HEADER_SECONDS_MAX = 3.0
"""A proxy sends its header at once; who has not sent it by then sends none."""

_HEAD = Struct(">12sBBH")
_LOCAL, _PROXY = 0x20, 0x21
_TCP4, _TCP6 = 0x11, 0x21
_ADDRESSES = {_TCP4: (Struct(">4s4sHH"), IPv4Address), _TCP6: (Struct(">16s16sHH"), IPv6Address)}
_KEPT_BYTES_MAX = _HEAD.size + 36
"""The head, and the longest addresses that are understood: two of IPv6, with ports."""
_READ_BYTES_MAX = 4_096
"""Read at once of what a proxy adds and we skip."""

_log = logging.getLogger(__name__)


class ProxyHeader:
    """Reads one header, in pieces of any size.

    Attributes:
        wanted_bytes: how many more bytes it is known to have; 0 when it is complete.
        source: when it is complete, the address it names, as `addresses.text_of` writes it; None where it names none:
            the proxy speaks for itself (LOCAL), or for somebody who has no such address.
    """

    def __init__(self) -> None:
        self.wanted_bytes = _HEAD.size
        self.source: str | None = None
        self._kept = bytearray()
        self._has_length = False

    def feed(self, data: bytes) -> None:
        """Take some of it.

        Args:
            data: at most `wanted_bytes`.

        Raises:
            ProxyHeaderInvalid: this is no such header; nothing more is to be read.
        """
        assert len(data) <= self.wanted_bytes, "what follows the header is not ours"
        self.wanted_bytes -= len(data)
        self._kept += data[: _KEPT_BYTES_MAX - len(self._kept)]
        if not SIGNATURE.startswith(self._kept[: len(SIGNATURE)]):
            raise ProxyHeaderInvalid("it does not begin with a PROXY header")
        if self.wanted_bytes:
            return
        if not self._has_length:
            self._has_length = True
            self.wanted_bytes = self._length()
        if not self.wanted_bytes:
            self.source = self._source()

    def _length(self) -> int:
        """Judge the fixed part, and return the length of what follows it."""
        _, command, kind, length = _HEAD.unpack(self._kept)
        if command not in (_LOCAL, _PROXY):
            raise ProxyHeaderInvalid(f"its PROXY header has version and command {command:#04x}")
        if command == _PROXY and kind in _ADDRESSES and length < _ADDRESSES[kind][0].size:
            raise ProxyHeaderInvalid("its PROXY header is too short for the addresses in it")
        return int(length)

    def _source(self) -> str | None:
        _, command, kind, _ = _HEAD.unpack_from(self._kept)
        if command == _LOCAL or kind not in _ADDRESSES:
            return None
        layout, address = _ADDRESSES[kind]
        source, _, port, _ = layout.unpack_from(self._kept, _HEAD.size)
        return text_of((str(address(source)), port))


class ProxiedArrival:
    """An accepted connection of a proxy's, until its header has come.

    Args:
        loop: where the socket is watched, from now on.
        sock: accepted and non-blocking; belongs to the arrival until it is handed over.
        opened: is given the socket and the printable address of whoever is really there; where it raises OSError the
            socket is closed.
        ended: is told once, when the arrival is over, whatever came of it.
        seconds_max: after this long without a whole header it is closed.

    Raises:
        OSError: the kernel cannot watch the descriptor; the socket is left to the caller.
    """

    def __init__(
        self,
        loop: Loop,
        sock: socket.socket,
        opened: Callable[[socket.socket, str], None],
        ended: Callable[["ProxiedArrival"], None],
        seconds_max: float = HEADER_SECONDS_MAX,
    ) -> None:
        self._loop = loop
        self._sock = sock
        self._opened = opened
        self._ended = ended
        self._header = ProxyHeader()
        self._proxy = printable(sock)
        loop.watch(sock, EVENT_READ, self._ready)
        self._timer = loop.timers.call_at(loop.now + seconds_max, self._too_late)

    def close(self, reason: str) -> None:
        """Close the connection; nobody is told of it but the log."""
        _log.info("refused connection: from=%s: %s", self._proxy, reason)
        self._leave()
        self._sock.close()

    def _ready(self, _mask: int) -> None:
        try:
            while self._header.wanted_bytes:
                data = self._sock.recv(min(self._header.wanted_bytes, _READ_BYTES_MAX))
                if not data:
                    self.close("it went away before its PROXY header was complete")
                    return
                self._header.feed(data)
        except NOT_NOW:
            return
        except OSError as error:
            self.close(because(error))
        except ProxyHeaderInvalid as error:
            self.close(str(error))
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        self._leave()
        try:
            self._opened(self._sock, self._header.source or self._proxy)
        except OSError as error:
            _log.error("! %s: cannot be served: %s", self._proxy, because(error))
            self._sock.close()

    def _leave(self) -> None:
        self._loop.unwatch(self._sock)
        self._timer.cancel()
        self._ended(self)

    def _too_late(self) -> None:
        self.close(f"no PROXY header came within {HEADER_SECONDS_MAX:g} s")
