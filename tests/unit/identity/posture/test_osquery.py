"""What osquery says outweighs what we read ourselves, and what it does not say changes nothing."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from assent.core.device import Device
from assent.identity.posture import osquery
from assent.identity.posture.found import Posture

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
READ = Posture("linux", Device("", reported_at=NOW, firewall=True), {"disk_encrypted": "no lsblk"})


def answering(**rows: object) -> object:
    def run(words: Sequence[str]) -> str | None:
        assert words[:2] == ("osqueryi", "--json")
        for name, row in rows.items():
            if name in words[2]:
                return json.dumps([row])
        return "[]"

    return run


def test_what_it_says_counts_more() -> None:
    run = answering(disk_encryption={"is_on": "1"}, os_version={"name": "Ubuntu", "version": "24"})
    found = osquery.improved(READ, run, "linux")  # type: ignore[arg-type]
    assert found.device.disk_encrypted is True
    assert (found.device.system, found.device.firewall) == ("Ubuntu 24", True)
    assert (found.source, dict(found.whys)) == ("linux, osquery", {})


def test_where_it_is_not_or_says_nothing_all_stays_as_it_was() -> None:
    assert osquery.improved(READ, lambda _: None, "linux") == READ
    for answer in ("no json", "{}", "[]", '[{"is_on": "maybe"}]', "[1]"):
        assert osquery.improved(READ, lambda _, said=answer: said, "linux") == READ


def test_every_platform_is_asked_only_for_fields_that_a_device_has() -> None:
    for queries in osquery.QUERIES.values():
        for name, query in queries.items():
            assert hasattr(READ.device, name)
            assert query.startswith("SELECT ")
