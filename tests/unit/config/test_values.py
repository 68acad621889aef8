"""A single text means something, or is named with its place."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from assent.config import parse_day, split_address, time_zone
from assent.core.faults import OperatorFault
from config_builders import refused


def test_a_day_begins_in_utc_and_a_zone_has_a_name() -> None:
    assert parse_day("", "x") is None
    assert parse_day("2024-05-01", "x") == datetime(2024, 5, 1, tzinfo=UTC)
    assert time_zone("", "x") is None
    assert time_zone("Europe/Berlin", "x") == ZoneInfo("Europe/Berlin")


def test_an_address_is_host_and_port() -> None:
    assert split_address("127.0.0.1:0", "x") == ("127.0.0.1", 0)
    assert split_address("[::1]:65535", "x") == ("::1", 65535)


@pytest.mark.parametrize("text", ["", "host", ":1", "host:", "host:65536", "host:-1", "h:x", "h:²"])
def test_an_address_that_is_none_is_named(text: str) -> None:
    with pytest.raises(OperatorFault, match="is not `host:port`"):
        split_address(text, "assent.toml:[server] listen")
    for section in ("server", "postgres"):
        assert "host:port" in refused({section: {"listen": text}})
