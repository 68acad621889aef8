"""`assent device report`: say how this device is kept, signed with its key."""

import time
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from assent.cli import output
from assent.cli.client import Client, signed_in
from assent.cli.device_keys import DeviceKey
from assent.cli.durations import seconds
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson
from assent.cli.signing import ENROL, key_for

if TYPE_CHECKING:
    from assent.identity.posture.found import Posture

_LEAST_S = 60
_NAMES = {
    "system": "system",
    "model": "model",
    "patch_age_days": "days since its newest update",
    "disk_encrypted": "disk encrypted",
    "firewall": "firewall",
    "screen_lock": "screen lock",
    "managed": "managed",
}


def report(
    *,
    watch: Annotated[
        str,
        Parameter(name="--watch", help="Go on, and say it again so often, such as `1h`."),
    ] = "",
    dry_run: Annotated[
        bool,
        Parameter(name="--dry-run", negative=(), help="Show what would be said, and send nothing."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say how this device is kept: system, updates, disk, firewall and screen lock.

    What it cannot tell is said as not known. Policies may ask for such a report, and it counts
    for a day unless the operator wants otherwise.
    """
    if dry_run:
        _show(_posture(), as_json=as_json)
        return
    every_s = _every_s(watch)
    client = signed_in()
    key = key_for(client)
    if key is None:
        raise CommandFault(ExitCode.CONFLICT, "not-enrolled", f"it has no key yet; {ENROL}")
    while True:
        try:
            answer = send_once(client, key)
        except CommandFault as fault:
            # A server that is away for a while must not end what goes on for months.
            if every_s is None or fault.exit_code is not ExitCode.OUTSIDE:
                raise
            output.note(f"not reported: {fault.detail}; it is tried again")
        else:
            _said(answer, as_json=as_json)
        if every_s is None:
            return
        _wait(every_s)


def send_once(client: Client, key: DeviceKey) -> dict[str, Any]:
    """Send what this device says of itself now, and return what is known of it then."""
    from assent.audit.device_statements import report_message, report_of

    begun = client.post(f"/v1/devices/{key.id}/report/challenge")
    found = _posture()
    said = report_of(key.id, str(begun["challenge"]), found.device, found.source)
    body = {"report": said, "signature": key.sign(report_message(said))}
    return client.post(f"/v1/devices/{key.id}/report", body)


def _said(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        output.show_json(answer)
    else:
        output.say(f"reported: {_in_words(answer)}")


def _posture() -> "Posture":
    from assent.identity.posture.collect import collect

    return collect(output.now())


def _every_s(watch: str) -> float | None:
    if not watch:
        return None
    every_s = seconds(watch)
    if every_s < _LEAST_S:
        raise CommandFault(ExitCode.USAGE, "duration", "watch for a minute at least, such as `1h`")
    return float(every_s)


def _wait(every_s: float) -> None:
    time.sleep(every_s)


def _show(found: "Posture", *, as_json: bool) -> None:
    values = {name: getattr(found.device, name) or None for name in ("system", "model")}
    values |= {name: getattr(found.device, name) for name in _NAMES if name not in values}
    if as_json:
        output.show_json({"source": found.source, **values, "whys": dict(found.whys)})
        return
    output.table(
        ("what", "value", "why not"),
        [(_NAMES[name], _word(value), found.whys.get(name, "")) for name, value in values.items()],
        "",
    )
    output.note(f"asked: {found.source}; nothing was sent")


def _in_words(answer: dict[str, Any]) -> str:
    return ", ".join(f"{_NAMES[name]} {_word(answer.get(name))}" for name in _NAMES)


def _word(value: object) -> str:
    if value is None or value == "":
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
