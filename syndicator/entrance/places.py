"""Where a request comes from."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The address of whoever asks, as the outermost of our own proxies saw it; "" if unknown.

    Only what our own proxies added to the header counts: anybody may send one that has
    something in it already.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    passed_on = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    proxies: int = settings.PROXIES
    if proxies and len(passed_on) >= proxies and passed_on[-proxies]:
        peer = passed_on[-proxies]
    try:
        return str(ip_address(peer))
    except ValueError:
        return ""


def neighbourhood(address: str) -> str:
    """What one person can usually change their address within: of IPv6, the first 64 bits."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return parsed.exploded[:19]
    return address


def network(address: str) -> str:
    """What of *address* may be kept for long: its /24, of IPv6 its /48; "" if it is unknown."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    plain = mapped or parsed
    return str(ip_network((plain.packed, 24 if plain.version == 4 else 48), strict=False))
