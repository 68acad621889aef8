"""The devices of everybody: which wait to be admitted, and how all of them are kept."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from starlette.responses import RedirectResponse

from assent.control.device_admission import Held
from assent.core.faults import Fault
from assent.core.ids import DeviceKeyId
from assent.core.role import Permission
from assent.web.answers import Line, Prose, clean
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, status_of
from assent.web.devices import DeviceView, view_of
from assent.web.people import reason_of

router = APIRouter(prefix="/devices", route_class=PageRoute)

MOST_SHOWN = 500
Sees = Annotated[Seat, Depends(needs(Permission.READ_PEOPLE))]
Changes = Annotated[Seat, Depends(acts(Permission.CHANGE_DEVICES))]
KeyPath = Annotated[str, Path(max_length=64)]


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device, whose it is, and what it is called where devices are managed."""

    device: DeviceView
    owner: str
    is_own: bool
    managed_as: str


@router.get("")
async def listing(seat: Sees) -> Response:
    """Return all devices, those that wait first."""
    return await _shown(seat)


@router.post("/{key_id}/admit")
async def admit(
    seat: Changes, key_id: KeyPath, reason: Prose = "", managed_as: Line = ""
) -> Response:
    """Let a device count as a known one, or ask the people whom policies name."""
    try:
        admitted = await seat.desk.plane.devices.admission.admit(
            seat.caller, DeviceKeyId(key_id), reason_of(reason), clean(managed_as).strip()
        )
    except Fault as fault:
        return await _refused(seat, fault)
    if admitted.request is not None and admitted.key.admitted_at is None:
        return RedirectResponse(f"/requests/{admitted.request.id}", status_code=303)
    return RedirectResponse("/devices", status_code=303)


@router.post("/{key_id}/revoke")
async def revoke(seat: Changes, key_id: KeyPath, reason: Prose = "") -> Response:
    """Let a device do nothing any more, or refuse one that waits; what is open on it is cut."""
    try:
        why = reason_of(reason)
        await seat.desk.plane.device_keys.revoke(seat.caller, DeviceKeyId(key_id), why)
    except Fault as fault:
        return await _refused(seat, fault)
    return RedirectResponse("/devices", status_code=303)


async def _refused(seat: Seat, fault: Fault) -> Response:
    if fault.code == "not-signed-in":
        raise fault
    return await _shown(seat, fault.detail, status_of(fault)[0])


async def _shown(seat: Seat, error: str = "", status: int = 200) -> Response:
    admission = seat.desk.plane.devices.admission
    rows = [_row(seat, held) for held in await admission.everybodys()]
    standing = [one for one in rows if one.device.admitted_at and not one.device.revoked_at]
    values = {
        "seat": seat,
        "error": error,
        "admission": admission.by,
        "waiting": [
            one for one in rows if not one.device.admitted_at and not one.device.revoked_at
        ],
        "standing": standing[:MOST_SHOWN],
        "further": max(0, len(standing) - MOST_SHOWN),
        "revoked": [one for one in rows if one.device.revoked_at][:50],
        "may_change": seat.caller.may(Permission.CHANGE_DEVICES),
    }
    return seat.desk.pages.page("devices.html", values, status)


def _row(seat: Seat, held: Held) -> DeviceRow:
    plane, key = seat.desk.plane, held.key
    return DeviceRow(
        view_of(plane.devices.evidence, held),
        plane.directory.names.get(key.subject, key.subject),
        key.subject == seat.caller.subject.id,
        key.details.get("managed_as", ""),
    )
