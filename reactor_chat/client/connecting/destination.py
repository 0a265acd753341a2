"""Where a command line leads: the host, the port and the keys that it names, however they are written.

People paste what a server's log, another program or a friend shows them: `chat.example`, `chat.example:7667`,
`[::1]:7667`, `::1`, or a link.
"""

from typing import NamedTuple

from reactor_chat.client.connecting.server_key import LINK_SCHEME, read_link
from reactor_chat.errors import UsageError
from reactor_chat.text.hosts import split_port

PORT_MAX = 65_535  # of TCP


class Destination(NamedTuple):
    """A server, and what is known of it beforehand.

    Attributes:
        host: a name or an address, not empty.
        port: 1 to 65 535.
        linked: SHA-256 of the server's key, where a link names it.
        introductions: names of people, and the fingerprints of their keys: whoever made the link.
    """

    host: str
    port: int
    linked: bytes | None = None
    introductions: tuple[tuple[str, bytes], ...] = ()


def read_destination(host: str, port: int, default_port: int) -> Destination:
    """Read what stands in the places of host and port.

    Args:
        host: in any of the forms above.
        port: as it was named; the default where it was not.
        default_port: gives way to what stands beside the host.

    Raises:
        UsageError: it leads nowhere; the text says what to write instead.
    """
    if host.lower().startswith(LINK_SCHEME):
        link = read_link(host)
        return Destination(link.host, _one_port(link.port, port, default_port), link.binding, link.introductions)
    try:
        name, written = split_port(host)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if not name or "/" in host or any(letter.isspace() for letter in name):
        raise UsageError(f"{host!r} is not a host; one looks like chat.example, 192.0.2.1:7667 or [::1]:7667")
    return Destination(name, _one_port(None if written is None else read_port(written), port, default_port))


def read_port(written: str) -> int:
    """Return a port.  Raises UsageError."""
    if written.isascii() and written.isdigit() and len(written) <= 5 and 1 <= int(written) <= PORT_MAX:
        return int(written)
    raise UsageError(f"Not a port: {written or repr(written)} (use 1 to {PORT_MAX})")


def _one_port(beside: int | None, named: int, default_port: int) -> int:
    if beside is not None and named not in (beside, default_port):
        raise UsageError(f"The address says port {beside}, and you say {named}. Leave one of them out")
    return beside or named
