"""Web addresses that lead inside a private network and do not look it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

_NETWORKS = (
    *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
    *("100.64.0.0/10", "0.0.0.0/8", "192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"),
    *("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "192.88.99.0/24"),
)
_NETWORKS_6 = ("fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001:db8::/32", "::1/128")
_NETWORKS_6 += ("3fff::/20", "5f00::/16", "64:ff9b:1::/49", "100::/64", "2001:10::/28")
#: Where clouds keep the keys of their machines.
_METADATA = ("169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "127.0.0.1")
_DOTS = "\u3002\uff0e\uff61"
_FULL_WIDTH = str.maketrans("0123456789abcdefx.", "０１２３４５６７８９ａｂｃｄｅｆｘ．")
_CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")
_BOLD = str.maketrans("0123456789", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")


def private_addresses(chance: random.Random, count: int) -> Iterator[IPv4Address]:
    yield from map(IPv4Address, _METADATA)
    for _ in range(count):
        network = IPv4Network(chance.choice(_NETWORKS))
        yield network[chance.randrange(network.num_addresses)]


def private_addresses_6(chance: random.Random, count: int) -> Iterator[str]:
    """In full and short, upper and lower case, with and without a zone."""
    for _ in range(count):
        network = IPv6Network(chance.choice(_NETWORKS_6))
        address = network[chance.randrange(network.num_addresses)]
        text = chance.choice((address.exploded, address.compressed, address.compressed.upper()))
        yield text + chance.choice(("", "", "%25lo", "%25eth0", "%251"))
    yield from ("fd00:ec2::254", "fd20:ce::254", "::", "0:0:0:0:0:0:0:1", "::0:1")


def spellings(address: IPv4Address, chance: random.Random) -> Iterator[str]:
    """Hosts that some resolver or parser takes for *address*."""
    octets, number = list(address.packed), int(address)
    yield from (str(address), f"{address}.", str(number), hex(number), f"0{number:o}", f"{number}.")
    yield f"0X{number:X}"
    for _ in range(4):
        yield ".".join(_in_some_base(octet, chance) for octet in octets)
    yield f"{_in_some_base(octets[0], chance)}.{_in_some_base(number & 0xFFFFFF, chance)}"
    yield f"{octets[0]}.{octets[1]}.{_in_some_base(number & 0xFFFF, chance)}"
    dotted = str(address)
    yield from (dotted.translate(table) for table in (_FULL_WIDTH, _CIRCLED, _BOLD))
    yield dotted.replace(".", chance.choice(_DOTS))
    yield "".join(f"%{ord(char):02x}" for char in dotted)
    yield dotted.replace("1", "1\u00ad").replace("0", "0\u200b")
    yield from (f"[{one}]" for one in carriers(address))


def carriers(address: IPv4Address) -> Iterator[str]:
    """IPv6 addresses by which *address* is called."""
    number = int(address)
    yield from (f"::ffff:{address}", f"::FFFF:{number >> 16:x}:{number & 0xFFFF:x}")
    yield from (
        f"::ffff:0:{address}",
        f"::{address}",
        f"64:ff9b::{address}",
        f"64:ff9b:1::{address}",
    )
    yield str(IPv6Address((0x2002 << 112) | (number << 80)))
    # Teredo (RFC 4380, 4): the client's address with all bits turned round.
    yield str(IPv6Address((0x20010000 << 96) | (0x08080808 << 64) | (number ^ 0xFFFFFFFF)))


def addresses(host: str, port: int, chance: random.Random) -> Iterator[str]:
    """URLs of *host* in some of the ways in which parsers disagree."""
    yield f"http://{host}:{port}/"
    yield chance.choice(
        (
            f"HTTP://{host}:{port}",
            f"http:{host}:{port}/",
            f"http:/{host}:{port}/",
            f"http:///{host}:{port}/",
            f"//{host}:{port}/",
            f"http://{host}:{port}\\@example.org/",
            f"http://example.org\\@{host}:{port}/",
            f"http://example.org@{host}:{port}/",
            f"http://example.org:80@{host}:{port}/",
            f"http://@{host}:{port}/",
            f"http://example.org%40{host}:{port}/",
            f"http://{host}:{port}#@example.org/",
            f"http://{host}:{port}?@example.org/",
            f"http://{host}:0{port}/",
            f"http://{host}:{port} /",
            f" http://{host}:{port}/",
            f"http://{host}\t:{port}/",
            f"ht\ntp://{host}:{port}/",
            f"http://{host}\r\n:{port}/",
            f"http://{host}%00.example.org:{port}/",
            f"http://{host}\0.example.org:{port}/",
            f"gopher://{host}:{port}/_GET",
            f"file://{host}:{port}/etc/passwd",
            f"http://[{host}]:{port}/",
        )
    )


def _in_some_base(number: int, chance: random.Random) -> str:
    return chance.choice(
        (str(number), hex(number), f"0{number:o}", f"000{number:o}", f"0x000{number:X}")
    )
