"""How targets are reached: by the door of their protocol, and not at all where none is open."""

from dataclasses import replace

import pytest

from assent.control.ways_in import way_to
from assent.core.ids import TargetId
from assent.core.resource import Target

TARGET = Target(TargetId("t"), "a b", "postgres", "db", 5432, "shop", "gate", "env:X")
DOORS = {"postgres": ("::1", 6432), "ssh": ("gate", 22), "http": ("gate", 80), "tcp": ("gate", 9)}


@pytest.mark.parametrize(
    ("protocol", "address", "command"),
    [
        ("postgres", "postgresql://[::1]:6432/a%20b", "assent connect a b --psql"),
        ("ssh", "ssh://gate:22", "assent connect a b"),
        ("mcp", "http://gate:80/mcp/a%20b", ""),
        ("tcp", "a b:5432", "assent tunnel a b"),
    ],
)
def test_each_protocol_has_its_way(protocol: str, address: str, command: str) -> None:
    way = way_to(replace(TARGET, protocol=protocol), DOORS)
    assert way is not None
    assert (way.address, way.command) == (address, command)


def test_without_a_door_there_is_no_way() -> None:
    assert way_to(replace(TARGET, protocol="ssh"), {"postgres": ("gate", 1)}) is None
    assert way_to(replace(TARGET, protocol="http"), {}) is None
    assert way_to(replace(TARGET, protocol="telnet"), DOORS) is None
