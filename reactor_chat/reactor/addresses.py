"""Socket addresses as text, and names of hosts as socket addresses."""

import ipaddress
import socket
from typing import Any

Row = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
"""A row of `socket.getaddrinfo`: family, kind, protocol, canonical name, address."""


def printable(sock: socket.socket) -> str:
    """Return the address of the other side: `192.0.2.1:80`, `[2001:db8::1]:80`, a path, `?` where there is none."""
    try:
        return text_of(sock.getpeername())
    except OSError:
        return "?"  # gone already, before anybody asked


def text_of(address: Any) -> str:
    """Return an address as the socket module gives it in the form people write it.

    An IPv4 address that came in through an IPv6 socket is written as IPv4: limits and logs see one address, not two.
    """
    if isinstance(address, bytes):
        return address.decode("utf-8", "backslashreplace")
    if not isinstance(address, tuple):
        return str(address) or "local"
    host, port = address[:2]
    if ":" not in host:
        return f"{host}:{port}"
    mapped = ipaddress.IPv6Address(host.partition("%")[0]).ipv4_mapped
    return f"{mapped}:{port}" if mapped else f"[{host}]:{port}"


def resolve(host: str, port: int, *, passive: bool = False) -> list[Row]:
    """Look a host up; this may *block* for seconds, so a loop that serves anybody else must not call it.

    Args:
        host: a name or an address; empty is this machine (with `passive`: all of its addresses).
        port: 0 to 65 535.
        passive: to listen on, not to connect to.

    Returns:
        At least one row, best first.

    Raises:
        socket.gaierror: there is no such host, or nobody could say (EAI_AGAIN); the text says which.
        OSError: there is no such port, or this cannot be a name.
    """
    if not 0 <= port <= 65_535:
        raise OSError(f"there is no port {port}")
    flags = socket.AI_PASSIVE if passive else 0
    rows: list[Row] = []
    if leads_nowhere(host):
        raise socket.gaierror(socket.EAI_NONAME, f"cannot find {host!r}: no name ends like that")
    try:
        for one in addresses_of_ours(host) or (host or None,):
            rows += socket.getaddrinfo(one, port, type=socket.SOCK_STREAM, flags=flags)
    except ValueError as error:  # a label of more than 63 characters, an empty one, a NUL
        raise OSError(f"{host!r} is no name of a host") from error
    except OSError as error:
        raise socket.gaierror(error.errno, f"cannot find {host!r}: {error.strerror}") from error
    return rows


def leads_nowhere(host: str) -> bool:
    """Return whether this is a name that nothing has, by definition.

    Source: RFC 6761, section 6.4.
    """
    return _last_label(host) == "invalid"


def addresses_of_ours(host: str) -> tuple[str, ...]:
    """Return the addresses of a name that this machine has for itself, which nobody needs to be asked for.

    Source: RFC 6761, section 6.3.
    """
    return ("127.0.0.1", "::1") if _last_label(host) == "localhost" else ()


def _last_label(host: str) -> str:
    return host.lower().removesuffix(".").rpartition(".")[2]
