"""Which addresses are on the public internet."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

#: Prefixes whose last 32 bits are the IPv4 address that is really called: NAT64 (RFC 6052, with
#: the local prefix of RFC 8215) and the deprecated IPv4-compatible form (RFC 4291, 2.5.5.1).
_WITH_IPV4_AT_THE_END = (
    IPv6Network("64:ff9b::/96"),
    IPv6Network("64:ff9b:1::/96"),
    IPv6Network("::/96"),
)
#: What `ipaddress`, in some version of Python or in all of them, takes for global: the special
#: networks of IANA's registries, and where Azure's machines find their own host.
_NOT_GLOBAL = (
    IPv4Network("192.0.0.0/24"),  # IETF protocols; one cloud's metadata is at 192.0.0.192
    IPv4Network("192.88.99.0/24"),  # 6to4 relays, given up by RFC 7526
    IPv4Network("168.63.129.16/32"),
    IPv6Network("64:ff9b:1::/48"),  # its other lengths of RFC 6052 hide the address elsewhere
    IPv6Network("100::/64"),
    IPv6Network("2001::/23"),
    IPv6Network("2001:db8::/32"),
    IPv6Network("3fff::/20"),
    IPv6Network("5f00::/16"),
    IPv6Network("fec0::/10"),  # site-local, given up by RFC 3879
)


def is_public(address: str) -> bool:
    """Whether *address* (a literal, perhaps with a zone) can be reached by anybody.

    IPv6 forms that carry an IPv4 address (mapped, 6to4, Teredo, NAT64) are public only if every
    address in them is.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(_is_global(one) for one in _with_embedded(parsed))


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    if any(address in network for network in _NOT_GLOBAL):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def _with_embedded(
    address: IPv4Address | IPv6Address,
) -> Iterator[IPv4Address | IPv6Address]:
    """The addresses to judge instead of *address*."""
    if isinstance(address, IPv4Address):
        yield address
    elif address.ipv4_mapped:
        yield address.ipv4_mapped
    elif any(address in network for network in _WITH_IPV4_AT_THE_END):
        yield IPv4Address(int(address) & 0xFFFFFFFF)
    elif address.sixtofour:
        yield address.sixtofour
    elif address.teredo:
        yield from address.teredo
    else:
        yield address
