"""Networks as an operator names them: addresses and networks with commas between."""

import argparse
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network


class Networks(tuple[IPv4Network | IPv6Network, ...]):
    """Networks, single addresses among them."""

    __slots__ = ()

    def __str__(self) -> str:
        return ",".join(str(one.network_address if one.num_addresses == 1 else one) for one in self)

    def hold(self, address: str) -> bool:
        """Return whether an address is in one of them; what is no address is in none."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self)


def read_networks(text: str) -> Networks:
    """Return what is named.  Raises argparse.ArgumentTypeError where that are no networks."""
    try:
        found = tuple(ip_network(part.strip().strip("[]")) for part in text.split(",") if text.strip())
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} must be addresses or networks with commas between (for example 192.0.2.1,198.51.100.0/24)"
        ) from error
    return Networks(found)
