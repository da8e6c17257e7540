"""Which addresses a webhook may go to: public ones, by what IANA has registered."""

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA's special-purpose registry of IPv4, also what Python of some patch levels calls global.
_REFUSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT; Alibaba's metadata are in it
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's metadata, under a public address
        "169.254.0.0/16",  # link-local, and nearly everybody's metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # Oracle's metadata are in it
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and the broadcast address
    )
)
# Of IPv6 only what is given out to the public is let through: loopback, link-local, unique local,
# mapped and compatible IPv4, and both prefixes of NAT64 all lie elsewhere.
_PUBLIC_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocols' own: Teredo, ORCHID, benchmarks
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address of any kind inside
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def is_loopback(address: Address) -> bool:
    """Tell whether an address is this machine itself, written plainly."""
    return any(address in network for network in _LOOPBACK)


def is_public(address: Address, refused: Iterable[Network] = ()) -> bool:
    """Tell whether anybody may have the address; never in one of the operator's own networks."""
    if any(address in network for network in refused):
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    return address in _PUBLIC_V6 and not any(address in network for network in _REFUSED_V6)


def may_be_reached(
    address: Address, *, loopback: bool = False, refused: Iterable[Network] = ()
) -> bool:
    """Tell whether a webhook may go there; never where the operator refuses, not even to itself."""
    if loopback and is_loopback(address):
        return not any(address in network for network in refused)
    return is_public(address, refused)


def literal_address(host: str) -> Address | None:
    """Read a host that is an address itself, in brackets or not; None for a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None
