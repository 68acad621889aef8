"""What can be reached, and reaching it."""

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.bodies import ConnectBody
from assent.api.door import Door, TheDoor
from assent.api.render import grant_out, request_out, target_out
from assent.api.schemas import OpenedOut, TargetsOut, WaitingOut
from assent.api.ways_in import connection_facts, must_have_door
from assent.control.session_credentials import Opened
from assent.core.clock import isoformat
from assent.core.role import Permission

router = APIRouter(prefix="/v1", tags=["access"])


@router.get("/targets", dependencies=[Depends(needs(Permission.ASK, Permission.READ_ACCESS))])
async def targets(door: TheDoor, caller: SignedIn) -> TargetsOut:
    """List every target with what would happen if you connected now."""
    outlooks = await door.plane.access.outlook(caller)
    return TargetsOut(items=[target_out(door, outlook) for outlook in outlooks])


@router.post(
    "/connect",
    dependencies=[Depends(needs(Permission.ASK))],
    status_code=201,
    responses={202: {"model": WaitingOut, "description": "People must assent first."}},
    response_model=OpenedOut,
)
async def connect(door: TheDoor, caller: SignedIn, body: ConnectBody) -> OpenedOut | JSONResponse:
    """Get a short-lived password for a target, or the request that must be answered first."""
    must_have_door(door, body.target)
    devices, proof = door.plane.devices, body.device.possession if body.device else None
    async with devices.proofs.connecting(caller, proof, body.target, body.connections) as asker:
        answer = await door.plane.access.connect(
            asker,
            body.target,
            body.lasts_for,
            body.reason,
            body.ticket,
            body.connections,
            body.wish,
        )
    if isinstance(answer, Opened):
        return _opened(door, answer, asker.holds, devices.certificate_for(proof, answer))
    waiting = WaitingOut(request=request_out(door, answer))
    return JSONResponse(waiting.model_dump(mode="json"), status_code=202)


def _opened(door: Door, opened: Opened, device: str | None, certificate: str | None) -> OpenedOut:
    return OpenedOut(
        **connection_facts(door, opened.target),
        user=opened.user,
        password=opened.password.reveal(),
        database=opened.database,
        expires_at=isoformat(opened.expires_at),
        connections=opened.connections,
        grant=grant_out(door, opened.grant),
        device=device,
        certificate=certificate,
    )
