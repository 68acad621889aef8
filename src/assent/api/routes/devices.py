"""Devices that sign in a person's name, and what they sign."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, JsonValue

from assent.api.answer_bodies import OfferBody
from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import Door, TheDoor
from assent.api.risk_schemas import Instant
from assent.api.signing_bodies import EnrolBody
from assent.control.showing import Shown
from assent.control.sign_in import Caller
from assent.control.signing import needs_signature
from assent.core.clock import isoformat
from assent.core.device_key import DeviceKey
from assent.core.ids import DeviceKeyId, RequestId
from assent.core.request import Request
from assent.core.role import Permission

router = APIRouter(prefix="/v1", tags=["devices"])

RequestPath = Annotated[str, Path(max_length=64, description="A request's id.")]


class ChallengeOut(BaseModel):
    """What a new device signs. subject: your id, which is signed with it."""

    challenge: str
    subject: str
    expires_at: Instant


class DeviceOut(BaseModel):
    """A device that signs, or signed, in your name. public_key: base64.

    protection: where it says that the private half is: `file`, `keyring` or `tpm`, empty where it
    did not say. admitted_at: since when it counts as a known one, null where it waits for that.
    """

    id: str
    name: str
    kind: str
    public_key: str
    enrolled_at: Instant
    revoked_at: Instant | None
    protection: str
    admitted_at: Instant | None


class DevicesOut(BaseModel):
    """Devices."""

    items: list[DeviceOut]


class ShownOut(BaseModel):
    """What whoever answers is shown. digest: over its canonical bytes; it is what is signed.

    needs_signature: whether an unsigned assent would not count. can_answer: whether yours would.
    """

    document: dict[str, JsonValue]
    digest: str
    needs_signature: bool
    can_answer: bool


@router.post("/devices/challenge", dependencies=[Depends(needs(Permission.ACCOUNT))])
async def challenge(door: TheDoor, caller: SignedIn) -> ChallengeOut:
    """Begin to enrol a device; it needs a step-up of the last five minutes."""
    made = await door.plane.device_keys.challenge(caller)
    return ChallengeOut(
        challenge=made.text, subject=made.subject, expires_at=isoformat(made.expires_at)
    )


@router.post("/devices", dependencies=[Depends(needs(Permission.ACCOUNT))], status_code=201)
async def enrol(door: TheDoor, caller: SignedIn, body: EnrolBody) -> DeviceOut:
    """Enrol a device's public key, with a signature over the challenge."""
    key = await door.plane.device_keys.enrol(
        caller,
        body.name,
        body.kind,
        body.public_key,
        body.challenge,
        body.proof,
        body.protection or "",
    )
    return device_out(key)


@router.get("/devices", dependencies=[Depends(needs(Permission.ACCOUNT))])
async def listing(door: TheDoor, caller: SignedIn) -> DevicesOut:
    """List your devices, revoked ones too."""
    mine = await door.plane.device_keys.mine(caller)
    return DevicesOut(items=[device_out(key) for key in mine])


@router.post(
    "/devices/{device_id}/revoke",
    dependencies=[Depends(needs(Permission.ACCOUNT, Permission.CHANGE_DEVICES))],
)
async def revoke(
    door: TheDoor,
    caller: SignedIn,
    device_id: Annotated[str, Path(max_length=64, description="A device's id.")],
) -> DeviceOut:
    """Let a device sign nothing any more; what it signed before stays."""
    return device_out(await door.plane.device_keys.revoke(caller, DeviceKeyId(device_id)))


@router.get(
    "/requests/{request_id}/shown",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))],
)
async def shown(door: TheDoor, caller: SignedIn, request_id: RequestPath) -> ShownOut:
    """Return exactly what an assent to it is an assent to."""
    request = await door.plane.requests.get(caller, RequestId(request_id))
    return _shown(door, caller, request, await door.plane.showing.shown(request))


@router.post("/requests/{request_id}/offer/shown", dependencies=[Depends(needs(Permission.ANSWER))])
async def offer_shown(
    door: TheDoor, caller: SignedIn, request_id: RequestPath, body: OfferBody
) -> ShownOut:
    """Return what this offer would be an assent to; nothing is offered by it."""
    request = await door.plane.requests.get(caller, RequestId(request_id))
    return _shown(door, caller, request, await door.plane.showing.shown(request, body.terms))


def _shown(door: Door, caller: Caller, request: Request, shown: Shown) -> ShownOut:
    return ShownOut.model_validate(
        {
            "document": shown.document,
            "digest": shown.digest,
            "needs_signature": needs_signature(request),
            "can_answer": door.plane.requests.may_answer(caller, request),
        }
    )


def device_out(key: DeviceKey) -> DeviceOut:
    """Return a device as its owner sees it."""
    return DeviceOut(
        id=key.id,
        name=key.name,
        kind=key.kind,
        public_key=key.public_key,
        enrolled_at=isoformat(key.enrolled_at),
        revoked_at=isoformat(key.revoked_at) if key.revoked_at else None,
        protection=key.details.get("protection", ""),
        admitted_at=isoformat(key.admitted_at) if key.admitted_at else None,
    )
