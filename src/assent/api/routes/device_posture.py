"""Devices that people work on: proving that one is there, how it is kept, and who admits it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StrictBool, StringConstraints

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.bodies import Body, Line, Prose
from assent.api.door import Door, TheDoor
from assent.api.render import request_out
from assent.api.risk_schemas import Instant
from assent.api.routes.devices import ChallengeOut, DeviceOut, device_out
from assent.api.schemas import WaitingOut
from assent.api.signing_bodies import Base64
from assent.control.device_admission import LONGEST_MANAGED_AS, Held
from assent.control.device_proofs import CONNECT, REPORT
from assent.control.sign_in import Caller
from assent.core.clock import isoformat
from assent.core.device import Device
from assent.core.device_key import DeviceKey
from assent.core.ids import DeviceKeyId
from assent.core.role import Permission

router = APIRouter(prefix="/v1", tags=["devices"])

_OWN = [Depends(needs(Permission.ACCOUNT))]
DevicePath = Annotated[str, Path(max_length=64, description="A device's id.")]
Instants = Annotated[
    str,
    StringConstraints(
        max_length=40, pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,6})?Z$"
    ),
]
Said = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]


class PostureBody(Body):
    """What a device says of itself, exactly as it signed it. Null: it cannot tell.

    at: when that was so. challenge: as it was handed out. source: what it asked.
    """

    at: Instants
    challenge: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    device: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    disk_encrypted: StrictBool | None
    firewall: StrictBool | None
    managed: StrictBool | None
    model: Said
    patch_age_days: Annotated[int, Field(ge=0, le=36_500, strict=True)] | None
    screen_lock: StrictBool | None
    source: Said
    system: Said


class ReportBody(Body):
    """A report, and the device's signature over its canonical bytes."""

    report: PostureBody
    signature: Base64


class AdmitBody(Body):
    """Why a device is admitted. managed_as: what the system that manages devices calls it."""

    reason: Prose = ""
    managed_as: Annotated[Line, StringConstraints(max_length=LONGEST_MANAGED_AS)] = ""


class PostureOut(BaseModel):
    """How a device is kept, as far as it is known. Null: nobody says.

    managed: by the word of the system that manages devices, and of nobody else.
    """

    reported_at: Instant | None
    system: str
    model: str
    patch_age_days: int | None
    disk_encrypted: bool | None
    firewall: bool | None
    screen_lock: bool | None
    managed: bool | None


class KnownDeviceOut(DeviceOut):
    """A device with how it is kept. owner: whose it is."""

    owner: str
    posture: PostureOut


class KnownDevicesOut(BaseModel):
    """Devices. admission: who admits them here, `administrator`, `policy` or `owner`."""

    admission: str
    items: list[KnownDeviceOut]


@router.get("/devices/known", dependencies=[Depends(needs(Permission.ACCOUNT))])
async def known(door: TheDoor, caller: SignedIn) -> KnownDevicesOut:
    """List your devices that can be bound to, newest first, with how they are kept."""
    admission = door.plane.devices.admission
    mine = await admission.mine(caller)
    return KnownDevicesOut(admission=admission.by, items=[_known(one) for one in mine])


@router.get(
    "/devices/everybody",
    dependencies=[Depends(needs(Permission.READ_PEOPLE, Permission.CHANGE_DEVICES))],
)
async def everybody(door: TheDoor) -> KnownDevicesOut:
    """List the devices of everybody, newest first."""
    admission = door.plane.devices.admission
    found = await admission.everybodys()
    return KnownDevicesOut(admission=admission.by, items=[_known(one) for one in found])


@router.post("/devices/{device_id}/connect/challenge", dependencies=_OWN, status_code=201)
async def connect_challenge(door: TheDoor, caller: SignedIn, device_id: DevicePath) -> ChallengeOut:
    """Get what your device signs to be handed a password that is bound to it."""
    return await _challenge(door, caller, device_id, CONNECT)


@router.post("/devices/{device_id}/report/challenge", dependencies=_OWN, status_code=201)
async def report_challenge(door: TheDoor, caller: SignedIn, device_id: DevicePath) -> ChallengeOut:
    """Get what your device signs with its next report."""
    return await _challenge(door, caller, device_id, REPORT)


@router.post("/devices/{device_id}/report", dependencies=_OWN)
async def report(
    door: TheDoor, caller: SignedIn, device_id: DevicePath, body: ReportBody
) -> PostureOut:
    """Say how your device is kept; what is open on it is decided again."""
    said = body.report.model_dump(mode="json")
    reports = door.plane.devices.reports
    return _posture(await reports.report(caller, DeviceKeyId(device_id), said, body.signature))


@router.post(
    "/devices/{device_id}/admit",
    dependencies=[Depends(needs(Permission.ACCOUNT, Permission.CHANGE_DEVICES))],
    responses={202: {"model": WaitingOut, "description": "People must assent first."}},
    response_model=DeviceOut,
)
async def admit(
    door: TheDoor, caller: SignedIn, device_id: DevicePath, body: AdmitBody
) -> DeviceOut | JSONResponse:
    """Let a device count as a known one of its owner."""
    admission = door.plane.devices.admission
    answer = await admission.admit(caller, DeviceKeyId(device_id), body.reason, body.managed_as)
    if answer.request is None:
        return device_out(answer.key)
    waiting = WaitingOut(request=request_out(door, answer.request))
    return JSONResponse(waiting.model_dump(mode="json"), status_code=202)


async def _challenge(door: Door, caller: Caller, device_id: str, purpose: str) -> ChallengeOut:
    made = await door.plane.devices.proofs.challenge(caller, DeviceKeyId(device_id), purpose)
    return ChallengeOut(
        challenge=made.text, subject=made.subject, expires_at=isoformat(made.expires_at)
    )


def _known(held: Held) -> KnownDeviceOut:
    key: DeviceKey = held.key
    return KnownDeviceOut(
        **device_out(key).model_dump(), owner=held.device.owner, posture=_posture(held.device)
    )


def _posture(device: Device) -> PostureOut:
    return PostureOut(
        reported_at=isoformat(device.reported_at) if device.reported_at else None,
        system=device.system,
        model=device.model,
        patch_age_days=device.patch_age_days,
        disk_encrypted=device.disk_encrypted,
        firewall=device.firewall,
        screen_lock=device.screen_lock,
        managed=device.managed,
    )
