"""What a device signs beside approvals: that it asks for a credential, and how it is kept.

docs/explanation/devices.md. Whoever holds the key signs a challenge that is good once, so that
nothing that was signed before counts again.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime

from assent.core.canonical import Json, canonical_bytes
from assent.core.clock import isoformat
from assent.core.device import Device

_CONNECT = "assent-connect-v1"
_SIGN_IN = "assent-sign-in-v1"
_REPORT = b"assent-device-report-v1\n"
_LONGEST_TEXT = 120
_MOST_DAYS = 36_500
_OWN = frozenset({"key", "owner", "reported_at"})
POSTURE = ("managed", "disk_encrypted", "screen_lock", "firewall")
"""What is said with yes, no or nothing."""


def connect_message(
    subject: str,
    key: str,
    challenge: str,
    target: str,
    connections: int,
    certificate_key: str,
) -> bytes:
    """Return the bytes that a device signs to be handed a credential: eight lines.

    certificate_key: the public key to certify, base64 of its DER, empty for no certificate.
    """
    lines = (_CONNECT, subject, key, challenge, target, str(connections), certificate_key)
    return "".join(f"{line}\n" for line in lines).encode()


def sign_in_message(subject: str, key: str, challenge: str, token: str) -> bytes:
    """Return the bytes that a device signs to vouch for a sign-in: five lines.

    token: the id of the sign-in, so that it counts for no other one.
    """
    return "".join(f"{line}\n" for line in (_SIGN_IN, subject, key, challenge, token)).encode()


def report_message(report: Mapping[str, Json]) -> bytes:
    """Return the bytes that a device signs to say how it is kept.

    Raises ValueError where it lies outside of the canonical profile.
    """
    return _REPORT + canonical_bytes(report)


def report_of(key: str, challenge: str, device: Device, source: str) -> dict[str, Json]:
    """Return what a device says of itself. source: what was asked, such as `linux`, `osquery`.

    Raises ValueError for one without a date.
    """
    if device.reported_at is None:
        raise ValueError("a report says when it was true")
    said: dict[str, Json] = {
        "at": isoformat(device.reported_at),
        "challenge": challenge,
        "device": key,
        "model": _text(device.model),
        "patch_age_days": device.patch_age_days,
        "source": _text(source),
        "system": _text(device.system),
    }
    return said | {name: getattr(device, name) for name in POSTURE}


def device_of(report: Mapping[str, Json], at: datetime) -> Device:
    """Return the device that a report describes, without what only others can say of it.

    Raises ValueError where a value is none that a device can say.
    """
    days = report.get("patch_age_days")
    if days is not None and (type(days) is not int or not 0 <= days <= _MOST_DAYS):
        raise ValueError(f"`patch_age_days` is neither null nor 0 to {_MOST_DAYS}")
    words = {name: report.get(name, "") for name in ("model", "system")}
    for name, value in words.items():
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT or not value.isprintable():
            raise ValueError(f"`{name}` is no line of at most {_LONGEST_TEXT} characters")
    posture = {name: report.get(name) for name in POSTURE}
    for name, said in posture.items():
        if said is not None and type(said) is not bool:
            raise ValueError(f"`{name}` is neither null nor true nor false")
    return Device(
        key=str(report.get("device", "")),
        model=str(words["model"]),
        system=str(words["system"]),
        # Whoever could say of themselves that they are managed would be.
        managed=None,
        reported_at=at,
        patch_age_days=days,
        disk_encrypted=_flag(posture["disk_encrypted"]),
        screen_lock=_flag(posture["screen_lock"]),
        firewall=_flag(posture["firewall"]),
    )


def overlaid(said: Device, managed: Device | None) -> Device:
    """Return what is known of a device: the word of whoever manages it outweighs its own."""
    if managed is None:
        return said
    values = {
        one.name: getattr(managed, one.name)
        for one in fields(Device)
        if one.name not in _OWN and getattr(managed, one.name) not in (None, "")
    }
    kept = {one.name: getattr(said, one.name) for one in fields(Device)}
    # What is old in it must not look new by somebody else's date.
    kept["reported_at"] = said.reported_at or managed.reported_at
    return Device(**(kept | values))


def _flag(said: Json) -> bool | None:
    return said if isinstance(said, bool) else None


def _text(words: str) -> str:
    return "".join(letter for letter in words if letter.isprintable())[:_LONGEST_TEXT]
