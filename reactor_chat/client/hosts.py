"""When two spellings of a host mean the same machine: `Chat.Example.` and `chat.example`, `localhost` and `127.1`.

Only what can be told without asking anybody: capitals, the dot at the end, letters beyond ASCII, the many ways to write
an address, and the names that this machine has for itself.
"""

import ipaddress
import re

LOOPBACK = "localhost"
_OURSELVES = frozenset({"", LOOPBACK, "localhost.localdomain", "ip6-localhost", "127.0.0.1", "::1", "::"}) | {
    "0.0.0.0"  # noqa: S104  read, not listened on
}
_NUMBER = re.compile(r"0x[0-9a-f]{0,8}|[0-9]{1,11}")


def canonical(host: str) -> str:
    """Return one spelling for all spellings of a host."""
    name = host.strip().removeprefix("[").removesuffix("]")
    name = (_address(name) or _in_ascii(name)).lower().removesuffix(".")
    name = _address(name) or name
    return LOOPBACK if name in _OURSELVES or name.endswith(f".{LOOPBACK}") else name


def canonical_place(place: str) -> str:
    """Return one spelling for all spellings of `host:port`."""
    host, _, port = place.rpartition(":")
    host = canonical(host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


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
