"""A sign-in that a device vouches for: the challenge, and the token that comes of it."""

from fastapi import APIRouter, Depends
from pydantic import Field

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.bodies import VouchBody
from assent.api.door import TheDoor
from assent.api.render import caller_out
from assent.api.routes.device_posture import DevicePath
from assent.api.routes.devices import ChallengeOut
from assent.api.schemas import LoginOut
from assent.control.device_proofs import SIGN_IN, Possession
from assent.control.device_sign_in import vouched
from assent.core.clock import isoformat
from assent.core.ids import DeviceKeyId
from assent.core.role import Permission

router = APIRouter(prefix="/v1", tags=["devices"])

_OWN = [Depends(needs(Permission.ACCOUNT))]


class SignInChallengeOut(ChallengeOut):
    """What a device signs. sign_in: the id of the sign-in that it vouches for."""

    sign_in: str = Field(max_length=64)


@router.post("/devices/{device_id}/sign-in/challenge", dependencies=_OWN, status_code=201)
async def sign_in_challenge(
    door: TheDoor, caller: SignedIn, device_id: DevicePath
) -> SignInChallengeOut:
    """Get what your device signs to vouch for the sign-in that this request came with."""
    key = DeviceKeyId(device_id)
    made = await door.plane.devices.proofs.challenge(caller, key, SIGN_IN)
    return SignInChallengeOut(
        challenge=made.text,
        subject=made.subject,
        expires_at=isoformat(made.expires_at),
        sign_in=caller.token or "",
    )


@router.post("/devices/{device_id}/sign-in", dependencies=_OWN)
async def sign_in(
    door: TheDoor, caller: SignedIn, device_id: DevicePath, body: VouchBody
) -> LoginOut:
    """Exchange the token that this request came with for one that your device vouches for.

    It ends when the first one would have, and at once where the device is revoked.
    """
    plane = door.plane
    proof = Possession(DeviceKeyId(device_id), body.challenge, body.signature)
    secret, token = await vouched(
        plane.sign_in, plane.devices.proofs, plane.store, plane.clock, caller, proof
    )
    return LoginOut(
        token=secret.reveal(),
        expires_at=isoformat(token.expires_at),
        subject=caller_out(plane.directory.subject(token.subject)),
    )
