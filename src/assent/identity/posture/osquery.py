"""osquery, where it is installed: what it says outweighs what we read ourselves.

Tables and columns as in its schema: https://osquery.io/schema.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from assent.identity.posture.found import Posture, Run

Row = Mapping[str, str]

QUERIES: Mapping[str, Mapping[str, str]] = {
    "any": {
        "system": "SELECT name, version FROM os_version",
        "model": "SELECT hardware_model FROM system_info",
    },
    "linux": {
        "disk_encrypted": "SELECT d.encrypted AS is_on FROM mounts m "
        "JOIN disk_encryption d ON d.name = m.device_alias WHERE m.path = '/'",
    },
    "darwin": {
        "disk_encrypted": "SELECT d.encrypted AS is_on FROM mounts m "
        "JOIN disk_encryption d ON d.name = m.device_alias WHERE m.path = '/'",
        "firewall": "SELECT global_state > 0 AS is_on FROM alf",
        "screen_lock": "SELECT enabled AS is_on FROM screenlock",
    },
    "win32": {
        "disk_encrypted": "SELECT protection_status = 1 AS is_on FROM bitlocker_info "
        "WHERE drive_letter = 'C:'",
        "firewall": "SELECT firewall = 'Good' AS is_on FROM windows_security_center",
    },
}


def improved(posture: Posture, run: Run, platform: str) -> Posture:
    """Return a posture with what osquery says in it; as it was where there is none."""
    known: dict[str, object] = {}
    for name, query in {**QUERIES["any"], **QUERIES.get(platform, {})}.items():
        answer = run(("osqueryi", "--json", query))
        if answer is None:
            continue
        value = _READ.get(name, _flag)(_first(answer))
        if value is not None:
            known[name] = value
    if not known:
        return posture
    whys = {name: why for name, why in posture.whys.items() if name not in known}
    device = replace(posture.device, **known)  # type: ignore[arg-type]
    return Posture(f"{posture.source}, osquery", device, whys)


def _first(answer: str) -> Row:
    try:
        rows = json.loads(answer)
    except ValueError:
        return {}
    first = rows[0] if isinstance(rows, list) and rows else {}
    return first if isinstance(first, dict) else {}


def _flag(row: Row) -> object:
    return {"1": True, "0": False}.get(str(row.get("is_on", "")))


def _system(row: Row) -> object:
    return " ".join(str(row.get(name, "")) for name in ("name", "version")).strip() or None


def _model(row: Row) -> object:
    return str(row.get("hardware_model", "")).strip() or None


_READ: Mapping[str, Callable[[Row], object]] = {"system": _system, "model": _model}
