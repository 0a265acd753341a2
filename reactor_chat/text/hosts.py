"""How people write a host and a port, and when two spellings mean the same machine: `localhost` and `127.1`.

Only what can be told without asking anybody: capitals, the dot at the end, letters beyond ASCII, the many ways to write
an address, and the names that this machine has for itself.
"""

import ipaddress
import re

LOOPBACK = "127.0.0.1"
"""The one spelling of this machine."""

_LOCAL = "localhost"
_EVERY_ADDRESS = frozenset({"", "::", "0.0.0.0"})  # noqa: S104  read, not listened on
_OURSELVES = _EVERY_ADDRESS | {_LOCAL, "localhost.localdomain", "ip6-localhost", "ip6-loopback", LOOPBACK, "::1"}
_around = re.compile(r"\A[\s\[\]]+|[\s\[\]]+\Z")
_NUMBER = re.compile(r"0x[0-9a-f]{0,32}|[0-9]{1,32}")


def canonical(host: str) -> str:
    """Return one spelling for all spellings of a host."""
    name = _around.sub("", host)
    name = (_address(name) or _in_ascii(name)).lower().removesuffix(".")
    name = _address(name) or name
    return LOOPBACK if name in _OURSELVES or name.endswith(f".{_LOCAL}") else name


def canonical_address(address: str) -> str:
    """Return one spelling for all spellings of `host:port`."""
    host, _, port = address.rpartition(":")
    host = canonical(host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches what listens there, however that is written.

    That is 127.0.0.0/8, ::1, the same as IPv4 in IPv6, and the names of this machine; no host at all, `0.0.0.0` and
    `::` are every address.
    """
    name = _around.sub("", host)
    if (_address(name.removesuffix(".")) or name) in _EVERY_ADDRESS:
        return False
    name = canonical(host)
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def split_port(text: str) -> tuple[str, str | None]:
    """Take `host:port` and `[::1]:port` apart, as servers print them and people paste them.

    Returns:
        The host without brackets, and what stands where a port does, whatever that is; None where nothing does, as in
        `::1`.

    Raises:
        ValueError: a bracket is open, or something else than a port stands behind it.
    """
    text = text.strip()
    if not text.startswith("["):
        host, colon, port = text.partition(":")
        return (host, port) if colon and ":" not in port else (text, None)
    host, bracket, rest = text.removeprefix("[").partition("]")
    if not bracket or not (rest == "" or rest.startswith(":")):
        raise ValueError(f"{text!r} is not an address; one with colons is written [::1] or [::1]:7667")
    return host, rest.removeprefix(":") if rest else None


def _in_ascii(name: str) -> str:
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name  # no name that could be looked up


def _address(name: str) -> str | None:
    """Return an address in its usual form, None where it is none."""
    if ":" not in name:
        return _ipv4(name.lower())
    try:
        address = ipaddress.IPv6Address(name)
    except ValueError:
        return None
    return str(address.ipv4_mapped or address)


def _ipv4(name: str) -> str | None:
    """Read an IPv4 address as the system does: 1 to 4 numbers, the last one filling what is left.

    Source: inet_aton(3).
    """
    parts = name.split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    try:
        *first, last = (int(part, _base(part)) if part != "0x" else 0 for part in parts)
    except ValueError:  # an 8 in an octal number
        return None
    if any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        return None
    whole = sum(number << (24 - 8 * place) for place, number in enumerate(first)) + last
    return str(ipaddress.IPv4Address(whole))


def _base(part: str) -> int:
    if part.startswith("0x"):
        return 16
    return 8 if part.startswith("0") else 10
