"""`[devices]`: what an operator can want, and what no start should find out later."""

from pathlib import Path

import pytest

from assent.config import Config
from assent.config.devices import device_rules
from assent.config.reading import parse
from assent.core.faults import OperatorFault

MANAGER = {"name": "fleet", "url": "https://fleet.example/{device}", "token": "env:FLEET"}


def read(**sections: object) -> Config:
    return parse(sections, "assent.toml", Path("/"))


def test_by_default_an_administrator_admits_and_a_report_counts_for_a_day() -> None:
    config = read()
    rules = device_rules(config.devices, config.postgres.client_certificates, "")
    assert rules.admission == "administrator"
    assert rules.report_valid_for.total_seconds() == 86_400
    assert rules.client_certificates == "off"


@pytest.mark.parametrize(
    ("sections", "place"),
    [
        ({"devices": {"admission": "nobody"}}, "admission"),
        ({"devices": {"report_valid_for": "soon"}}, "report_valid_for"),
        ({"devices": {"report_valid_for": "1s"}}, "report_valid_for"),
        ({"devices": {"managed_every": "900d"}}, "managed_every"),
        ({"postgres": {"client_certificates": "always"}}, "client_certificates"),
        ({"device_managers": [MANAGER | {"url": "http://x/{device}"}]}, "fleet url"),
        ({"device_managers": [MANAGER | {"url": "https://x/"}]}, "fleet url"),
        ({"device_managers": [MANAGER | {"token": "plain"}]}, "fleet token"),
    ],
)
def test_what_cannot_work_is_named_with_its_place(sections: dict[str, object], place: str) -> None:
    with pytest.raises(OperatorFault) as refused:
        read(**sections)
    assert refused.value.place.endswith(place)


def test_a_manager_of_devices_is_read() -> None:
    assert read(device_managers=[MANAGER]).device_managers[0].name == "fleet"
