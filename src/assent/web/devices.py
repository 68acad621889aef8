"""One's own devices: how each is kept, whether it counts, and revoking one."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from starlette.responses import RedirectResponse

from assent.control.device_admission import Held
from assent.control.device_evidence import DeviceEvidence, fresh
from assent.core.clock import isoformat
from assent.core.faults import Fault, MissingFault
from assent.core.ids import DeviceKeyId
from assent.core.role import Permission
from assent.policy.facts import COMPLIANT_PATCH_DAYS
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, status_of

router = APIRouter(route_class=PageRoute)

_PAGE = "/account/devices"
Sees = Annotated[Seat, Depends(needs(Permission.ACCOUNT))]
Changes = Annotated[Seat, Depends(acts(Permission.ACCOUNT))]

_KEYS = {
    "tpm": "its key is in a TPM, which gives it to nobody",
    "keyring": "its key is in the keyring of an account",
    "file": "its key is in a file, which whoever reads it can copy",
}
_POSTURE = (
    ("disk_encrypted", "Disk encrypted"),
    ("firewall", "Firewall"),
    ("screen_lock", "Screen lock"),
    ("managed", "Managed"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a device says of itself. tone: of the tag that says it."""

    name: str
    words: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device as the page shows it. at: instants in ISO 8601, empty for never.

    stale: it said this too long ago for policies to rest on it.
    """

    id: str
    name: str
    key: str
    system: str
    enrolled_at: str
    admitted_at: str
    revoked_at: str
    reported_at: str
    stale: bool
    lines: tuple[Line, ...]


@router.get(_PAGE)
async def page(seat: Sees) -> Response:
    """Return one's own devices."""
    return await _shown(seat)


@router.post(f"{_PAGE}/{{key_id}}/revoke")
async def revoke(seat: Changes, key_id: Annotated[str, Path(max_length=64)]) -> Response:
    """Let one's own device do nothing any more; what is open on it is cut."""
    plane = seat.desk.plane
    try:
        mine = {held.key.id for held in await plane.devices.admission.mine(seat.caller)}
        if key_id not in mine:
            raise MissingFault("no-such-device", f"you have no device `{key_id[:60]}`")
        await plane.device_keys.revoke(seat.caller, DeviceKeyId(key_id))
    except Fault as fault:
        return await _shown(seat, fault.detail, status_of(fault)[0])
    return RedirectResponse(_PAGE, status_code=303)


async def _shown(seat: Seat, error: str = "", status: int = 200) -> Response:
    evidence, admission = seat.desk.plane.devices.evidence, seat.desk.plane.devices.admission
    mine = await admission.mine(seat.caller)
    values = {
        "seat": seat,
        "error": error,
        "admission": admission.by,
        "devices": [view_of(evidence, held) for held in mine],
    }
    return seat.desk.pages.page("account_devices.html", values, status)


def view_of(evidence: DeviceEvidence, held: Held) -> DeviceView:
    """Return a device as the pages show it."""
    key, device = held.key, held.device
    counts = fresh(device, evidence.now(), evidence.rules.report_valid_for)
    return DeviceView(
        id=key.id,
        name=key.name,
        key=_KEYS.get(key.details.get("protection", ""), f"its key is of kind {key.kind}"),
        system=" · ".join(word for word in (device.system, device.model) if word),
        enrolled_at=isoformat(key.enrolled_at),
        admitted_at=isoformat(key.admitted_at) if key.admitted_at else "",
        revoked_at=isoformat(key.revoked_at) if key.revoked_at else "",
        reported_at=isoformat(device.reported_at) if device.reported_at else "",
        stale=counts != device,
        lines=_lines(held),
    )


def _lines(held: Held) -> tuple[Line, ...]:
    found = [_flag(words, getattr(held.device, name)) for name, words in _POSTURE]
    days = held.device.patch_age_days
    if days is None:
        return (*found, Line("Newest update", "not known"))
    tone = "good" if days <= COMPLIANT_PATCH_DAYS else "warn"
    ago = {0: "today", 1: "a day ago"}.get(days, f"{days} days ago")
    return (*found, Line("Newest update", ago, tone))


def _flag(words: str, value: bool | None) -> Line:
    if value is None:
        return Line(words, "not known")
    return Line(words, "yes", "good") if value else Line(words, "no", "danger")
