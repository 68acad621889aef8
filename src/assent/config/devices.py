"""`[devices]`: who admits devices, how long what they say counts, and who manages them."""

from dataclasses import dataclass
from datetime import timedelta

from assent.config.values import REFERENCES, one_of
from assent.control.device_evidence import DeviceRules
from assent.core.faults import OperatorFault
from assent.policy import parse_duration

_MOST_SOURCES = 10


@dataclass(frozen=True, slots=True)
class PostureSourceConfig:
    """`[[device_managers]]`: a system that manages devices, asked by HTTPS.

    name: what it is called in the log. url: where it describes one device as JSON; `{device}` in
    it is what the device was admitted as. token: a reference (`file:…`, `env:…`) to a bearer token.
    certificate_authority: PEM file, if its certificate is your own.
    """

    name: str
    url: str
    token: str
    certificate_authority: str = ""


@dataclass(frozen=True, slots=True)
class DevicesConfig:
    """`[devices]`: the devices that people work on.

    admission: whose word makes an enrolled device count: `administrator`, for whoever may change
    devices; `policy`, for what policies say of `device.admit`; or `owner`. report_valid_for: how
    long what a device said of itself counts, such as `24h`. managed_every: how often those who
    manage devices are asked.
    """

    admission: str = "administrator"
    report_valid_for: str = "24h"
    managed_every: str = "15m"


def device_rules(devices: DevicesConfig, client_certificates: str, place: str) -> DeviceRules:
    """Return what the operator wants of devices. Raises OperatorFault."""
    one_of(devices.admission, ("administrator", "policy", "owner"), f"{place} admission")
    valid_for = _span(devices.report_valid_for, f"{place} report_valid_for")
    return DeviceRules(devices.admission, valid_for, client_certificates)


def managed_every(devices: DevicesConfig, place: str = "[devices]") -> timedelta:
    """Return how often those who manage devices are asked. Raises OperatorFault."""
    return _span(devices.managed_every, f"{place} managed_every")


def check_devices(
    devices: DevicesConfig,
    managers: tuple[PostureSourceConfig, ...],
    client_certificates: str,
    place: str,
) -> None:
    """Raise OperatorFault, with its place, for the first thing that cannot work."""
    device_rules(devices, client_certificates, f"{place}:[devices]")
    managed_every(devices, f"{place}:[devices]")
    known = ("off", "offer", "require")
    one_of(client_certificates, known, f"{place}:[postgres] client_certificates")
    place = f"{place}:[[device_managers]]"
    if len(managers) > _MOST_SOURCES:
        raise OperatorFault("config-value", f"are more than {_MOST_SOURCES}", place)
    for source in managers:
        if not source.url.startswith("https://") or "{device}" not in source.url:
            words = f"`{source.url[:80]}` must begin with `https://` and have `{{device}}` in it"
            raise OperatorFault("config-value", words, f"{place} {source.name[:80]} url")
        if not source.token.startswith(REFERENCES):
            words = "must be a reference: `file:PATH` or `env:NAME`"
            raise OperatorFault("config-reference", words, f"{place} {source.name[:80]} token")


def _span(text: str, place: str) -> timedelta:
    try:
        span = parse_duration(text)
    except ValueError as fault:
        raise OperatorFault("config-value", str(fault), place) from fault
    if not timedelta(minutes=1) <= span <= timedelta(days=365):
        words = f"`{text[:80]}` is not a minute to a year, such as `24h`"
        raise OperatorFault("config-value", words, place)
    return span
