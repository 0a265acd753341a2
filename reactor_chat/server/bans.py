"""Who is kept out: names, keys, addresses and networks, each for a time or for good.

A ban is no part of the chat's state, and no record in its journal.  It is nobody's news and has no place on their
number line; it has to work where the journal is full; it ends with its time, while a journal keeps an address for
ever; and whoever restores a backup wants the chat of that day back, not the people who were banned then.  So bans are
a short list of their own (`ban_file` keeps it), and the core asks it about each login as it asks the operator's rules.

Looked up are one name, one key, and for an address one network for each length of prefix that is in use, however many
bans there are.
"""

import base64
import binascii
from collections.abc import Iterable
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal, NamedTuple

from msgspec import Struct

from reactor_chat.chat.state.identity import key_text
from reactor_chat.errors import UsageError
from reactor_chat.wire.messages import RESERVED_WORDS, Refused, fold, is_name

BANS_MAX = 10_000
"""So many fit the answer that lists them, and the file that keeps them; more would be a network's."""
REASON_CHARS_MAX = 200
"""Two or three lines of a terminal, shown to whoever is kept out."""
KEY_BYTES = 32
"""An Ed25519 public key (RFC 8032 §5.1.5)."""

Kind = Literal["name", "key", "address", "network"]


class Target(NamedTuple):
    """Whom a ban is about, in the one way to write it: a folded name, base64, an address, a network."""

    kind: Kind
    whom: str

    def __str__(self) -> str:
        return f"the {self.kind} {self.whom}"


class Ban(Struct, frozen=True, omit_defaults=True):
    """One ban.

    Attributes:
        kind, whom: see `Target`.
        since_ms, until_ms: milliseconds since the Unix epoch; it ends with `until_ms`, without one never.
        reason: one line for whoever is kept out; may be empty.
    """

    kind: Kind
    whom: str
    since_ms: int
    until_ms: int | None = None
    reason: str = ""

    @property
    def target(self) -> Target:
        """Whom it is about."""
        return Target(self.kind, self.whom)

    def holds(self, now_ms: int) -> bool:
        """Return whether it has not ended."""
        return self.until_ms is None or now_ms < self.until_ms

    @property
    def term(self) -> str:
        """How long it lasts, in words that follow `banned`."""
        return "for good" if self.until_ms is None else f"until {moment(self.until_ms)}"

    @property
    def refusal(self) -> Refused:
        """What whoever it is about is told (PROTOCOL §6)."""
        who = {"name": "This name is", "key": "You are", "address": "Your address is", "network": "Your network is"}
        said = f"{who[self.kind]} banned {self.term}"
        return Refused("not_allowed", f"{said}: {self.reason}" if self.reason else said)


def moment(unix_ms: int) -> str:
    """Return a time as operators read it: to the minute, UTC; a later one than calendars know as that."""
    try:
        return f"{datetime.fromtimestamp(unix_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return "the end of the calendar"


def target_of(text: str) -> Target:
    """Return whom a text means: no name looks like a key, no key like an address, no address like a network.

    Args:
        text: a name; a public key in base64; an address; a network such as 192.0.2.0/24.

    Raises:
        UsageError: it is none of these, or nobody can be called so, or everybody would be meant.
    """
    if is_name(text):
        if fold(text) in RESERVED_WORDS:
            raise UsageError(f"nobody can be called {text}")
        return Target("name", fold(text))
    if _is_key(text):
        return Target("key", text)
    try:
        network = ip_network(_without_zone(text), strict=False)
    except ValueError as error:
        raise UsageError(f"{text[:80]!r} is no name, key, address or network") from error
    if not network.prefixlen:
        raise UsageError(f"{network} is everybody; use lockdown instead")
    if "/" in text and str(network.network_address) != str(ip_address(text.partition("/")[0])):
        raise UsageError(f"{text} is an address in {network}; write the one or the other")
    network = _unmapped_network(network)
    if network.num_addresses == 1:
        return Target("address", str(network.network_address))
    return Target("network", str(network))


def _is_key(text: str) -> bool:
    try:
        key = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return False
    return len(key) == KEY_BYTES and key_text(key) == text


def _without_zone(text: str) -> str:
    return text.partition("%")[0] if "/" not in text else text


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _unmapped_network(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """What IPv6 sockets call an IPv4 network, as IPv4: connections from there are called so too."""
    inner = _unmapped(network.network_address)
    return network if inner is network.network_address else ip_network((inner, network.prefixlen - 96))


def address_of(peer: str) -> str | None:
    """Return the address of a connection, from what `Wire.peer` says; None where that is none."""
    try:
        return str(_unmapped(ip_address(_without_zone(peer.rpartition(":")[0].strip("[]")))))
    except ValueError:
        return None


class Bans:
    """Every ban, each target once."""

    def __init__(self) -> None:
        self._bans: dict[Target, Ban] = {}
        self._networks: dict[tuple[int, int], dict[int, Ban]] = {}

    def __len__(self) -> int:
        return len(self._bans)

    def load(self, bans: Iterable[Ban]) -> None:
        """Replace all of them; of two with one target the later one counts."""
        self._bans = {ban.target: ban for ban in bans}
        self._networks = {}
        for ban in self._bans.values():
            if ban.kind in ("address", "network"):
                network = ip_network(ban.whom)
                row = self._networks.setdefault((network.version, network.prefixlen), {})
                row[int(network.network_address)] = ban

    def standing(self, now_ms: int) -> list[Ban]:
        """Return those that hold, in the order in which they were pronounced."""
        return [ban for ban in self._bans.values() if ban.holds(now_ms)]

    def on(self, target: Target, now_ms: int) -> Ban | None:
        """Return the ban on this very target; None where none holds.

        Args:
            target: what somebody was banned by.
            now_ms: milliseconds since the Unix epoch.
        """
        ban = self._bans.get(target)
        return ban if ban is not None and ban.holds(now_ms) else None

    def refuse_login(self, name: str, key: bytes | None, now_ms: int) -> Refused | None:
        """Return why somebody of this name, with this key where one is proven, may not come in; None where they may.

        Args:
            name: in any spelling.
            key: proven to be theirs, 32 bytes; None for a guest.
            now_ms: milliseconds since the Unix epoch.
        """
        if not self._bans:
            return None
        ban = self.on(Target("name", fold(name)), now_ms)
        ban = ban or (self.on(Target("key", key_text(key)), now_ms) if key is not None else None)
        return ban.refusal if ban is not None else None

    def refuse_peer(self, peer: str, now_ms: int) -> Refused | None:
        """Return why nobody may come from where a connection comes from; None where they may.

        Args:
            peer: as `Wire.peer` has it.
        """
        address = address_of(peer) if self._networks else None
        ban = self.of_address(address, now_ms) if address is not None else None
        return ban.refusal if ban is not None else None

    def of_address(self, address: str, now_ms: int) -> Ban | None:
        """Return the ban that keeps an address out, of several the narrowest; None where none does.

        Args:
            address: IPv4 or IPv6, without a port.
            now_ms: milliseconds since the Unix epoch.
        """
        found = ip_address(address)
        for version, prefixlen in sorted(self._networks, reverse=True):
            if version == found.version:
                bits = found.max_prefixlen - prefixlen
                ban = self._networks[version, prefixlen].get(int(found) >> bits << bits)
                if ban is not None and ban.holds(now_ms):
                    return ban
        return None
