"""Files for tests of network intelligence: databases made here, and those that are shared."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, ip_network
from pathlib import Path

import pytest

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BUILT = datetime(2026, 3, 1, tzinfo=UTC)
LONDON: dict[str, object] = {
    "city": {"names": {"de": "Londen", "en": "London"}},
    "country": {"iso_code": "GB"},
    "location": {"latitude": 51.5142, "longitude": -0.0931, "accuracy_radius": 10},
}
TELSTRA: dict[str, object] = {
    "autonomous_system_number": 1221,
    "autonomous_system_organization": "Telstra Pty Ltd",
}


@dataclass
class StoppedClock:
    """Stands still until it is moved."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def advance(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)


def shared(name: str) -> Path:
    """Return a file of the data beside the checkout, or leave the test out and say why."""
    for folder in Path(__file__).resolve().parents:
        path = folder / "shared" / "data" / name
        if path.is_file():
            return path
    pytest.skip(f"left out: there is no `shared/data/{name}` beside the checkout")


def mmdb(
    records: Mapping[str, Mapping[str, object]], kind: str = "Test", version: int = 6
) -> bytes:
    """Return a database with `records`: network → record, none within another.

    By the specification of the MaxMind DB format 2.0, with records of 24 bits.
    """
    nodes: list[list[int | None]] = [[None, None]]
    leaves: dict[tuple[int, int], int] = {}
    data = bytearray()
    for text, record in records.items():
        path = _path(text, version)
        node = 0
        for bit in path[:-1]:
            child = nodes[node][bit]
            if child is None:
                nodes.append([None, None])
                child = nodes[node][bit] = len(nodes) - 1
            node = child
        leaves[node, path[-1]] = len(data)
        data += _encode(record)
    tree = bytearray()
    for index, children in enumerate(nodes):
        for bit in (0, 1):
            child = children[bit]
            empty = len(nodes) if child is None else child
            at = leaves.get((index, bit))
            tree += (empty if at is None else len(nodes) + 16 + at).to_bytes(3, "big")
    about = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": int(BUILT.timestamp()),
        "database_type": kind,
        "description": {"en": "made by a test"},
        "ip_version": version,
        "languages": ["en"],
        "node_count": len(nodes),
        "record_size": 24,
    }
    return bytes(tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + _encode(about))


def _path(text: str, version: int) -> list[int]:
    """Return the bits that lead to the network; IPv4 lies under `::/96` in a tree of IPv6."""
    network = ip_network(text)
    number, length, bits = int(network.network_address), network.prefixlen, network.max_prefixlen
    path = [number >> (bits - 1 - place) & 1 for place in range(length)]
    return [0] * 96 + path if isinstance(network, IPv4Network) and version == 6 else path


def _encode(value: object) -> bytes:
    match value:
        case bool():
            return bytes([int(value), 7])
        case str():
            raw = value.encode()
            return _control(2, len(raw)) + raw
        case int():
            return _control(6, 4) + value.to_bytes(4, "big")
        case float():
            return _control(3, 8) + struct.pack("!d", value)
        case list():
            return _control(11, len(value)) + b"".join(map(_encode, value))
        case Mapping():
            pairs = (_encode(key) + _encode(part) for key, part in value.items())
            return _control(7, len(value)) + b"".join(pairs)
    raise TypeError(f"cannot write {value!r}")


def _control(kind: int, size: int) -> bytes:
    """Return the control byte, with the extended type and size behind it where needed."""
    short, rest = (size, b"") if size < 29 else (29, bytes([size - 29]))
    return bytes([short, kind - 7]) + rest if kind > 7 else bytes([kind << 5 | short]) + rest
