"""Time zones: those that there are, and no others."""

import pytest

from assent.system.zones import Zones


@pytest.mark.parametrize("name", ["", "Mars/Base", "Europe", "../../etc/passwd", "/etc/passwd"])
def test_what_is_no_zone_is_not_known(name: str) -> None:
    assert Zones().get(name) is None


def test_a_zone_is_known_by_its_iana_name() -> None:
    zones = Zones()
    assert str(zones["Europe/Berlin"]) == "Europe/Berlin"
    assert len(zones) == len(set(zones)) > 100
