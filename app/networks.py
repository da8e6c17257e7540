"""Networks by their address and length (CIDR), and whether a caller's address is within them."""

from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


def normal_network(text: str) -> str:
    """Give a network of IPv4 or IPv6 as it is written, a single address as a network of one.

    Raises:
        ValueError: it is none, or has bits set beyond its length.
    """
    with suppress(ValueError):
        if "%" not in text:  # a zone, of one machine alone
            return str(ip_network(text))
    raise ValueError(
        "must be a network by its first address and its length, as 203.0.113.0/24 or 2001:db8::/32"
    )


@lru_cache(maxsize=4096)
def is_within(address: str | None, networks: tuple[str, ...]) -> bool:
    """Tell whether an address is in one of some networks; an unknown one is in none."""
    found = address_of(address)
    return found is not None and any(found in ip_network(network) for network in networks)


def address_of(text: str | None) -> IPv4Address | IPv6Address | None:
    """Read an address; IPv4 told as IPv6 (`::ffff:203.0.113.7`) is IPv4. None where it is none."""
    try:
        found = ip_address(text or "")
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
