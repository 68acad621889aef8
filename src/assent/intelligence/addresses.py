"""Reads IP addresses and networks as numbers, the quick way and one way only.

An IPv4 address that is written inside IPv6 (`::ffff:192.0.2.1`, RFC 4291, 2.5.5.2) is read as the
IPv4 address that it is: a listener on `::` sees its IPv4 clients so, and no list names them so.
"""

from ipaddress import IPv6Address
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import NamedTuple

LONGEST = 64
"""Characters beyond which a text is no address: 45, `%` and the name of an interface."""

LARGEST_SYSTEM = (1 << 32) - 1
"""The largest number of an autonomous system (RFC 6793)."""

_MAPPED = 0xFFFF
_EVERY_BIT = {32: (1 << 32) - 1, 128: (1 << 128) - 1}


class Address(NamedTuple):
    """An address: `bits` is 32 for IPv4 and 128 for IPv6."""

    bits: int
    number: int

    def __str__(self) -> str:
        """Return the one way to write it: dotted, or RFC 5952."""
        if self.bits == 32:
            return inet_ntop(AF_INET, self.number.to_bytes(4, "big"))
        return str(IPv6Address(self.number))


class NetworkAddress(NamedTuple):
    """A network: the first `length` of `bits` are fixed, `number` is their value."""

    bits: int
    length: int
    number: int


def read_address(text: str) -> Address | None:
    """Return the address that `text` is, or None when it is none.

    The interface of a link-local address (`fe80::1%eth0`) is left out. Raises nothing.
    """
    if len(text) > LONGEST:
        return None
    try:
        if ":" not in text:
            return Address(32, int.from_bytes(inet_pton(AF_INET, text), "big"))
        number = int.from_bytes(inet_pton(AF_INET6, text.partition("%")[0]), "big")
    except (OSError, ValueError):
        return None
    if number >> 32 == _MAPPED:
        return Address(32, number & _EVERY_BIT[32])
    return Address(128, number)


def read_network(text: str) -> NetworkAddress | None:
    """Return the network that `text` is, `192.0.2.0/24` or one address, or None.

    Bits behind the length count as 0, as lists that people keep are full of them. A length of 0
    is refused: nobody means every address of the world.
    """
    address_text, slash, length_text = text.partition("/")
    address = read_address(address_text)
    if address is None or "%" in address_text:
        return None
    if not slash:
        return NetworkAddress(address.bits, address.bits, address.number)
    if not (length_text.isascii() and length_text.isdecimal() and len(length_text) <= 3):
        return None
    length = int(length_text)
    if address.bits == 32 and ":" in address_text:
        length -= 96
    if not 1 <= length <= address.bits:
        return None
    return NetworkAddress(address.bits, length, address.number >> (address.bits - length))


def prefix_around(address: Address) -> str:
    """Return the /24 (IPv4) or /48 (IPv6) around it, as `192.0.2.0/24`."""
    length = 24 if address.bits == 32 else 48
    shift = address.bits - length
    return f"{Address(address.bits, address.number >> shift << shift)}/{length}"
