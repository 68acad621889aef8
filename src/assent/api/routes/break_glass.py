"""Access in an emergency."""

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import Door, TheDoor
from assent.api.emergency_schemas import BreakGlassBody, BrokenOut
from assent.api.render import grant_out, request_out
from assent.api.render_reviews import review_out
from assent.api.schemas import WaitingOut
from assent.api.ways_in import connection_facts, must_have_door
from assent.control.break_glass import Broken
from assent.control.sign_in import Caller
from assent.core.clock import isoformat
from assent.core.role import Permission

router = APIRouter(prefix="/v1", tags=["access"])


@router.post(
    "/break-glass",
    dependencies=[Depends(needs(Permission.ASK))],
    status_code=201,
    responses={202: {"model": WaitingOut, "description": "A policy asks for something first."}},
    response_model=BrokenOut,
)
async def break_glass(
    door: TheDoor, caller: SignedIn, body: BreakGlassBody
) -> BrokenOut | JSONResponse:
    """Take access at once: short, recorded, told to everybody, and reviewed by somebody else."""
    must_have_door(door, body.target)
    devices, proof = door.plane.devices, body.device.possession if body.device else None
    async with devices.proofs.connecting(caller, proof, body.target, body.connections) as taker:
        taken = await door.plane.break_glass.take(
            taker,
            body.target,
            body.lasts_for,
            body.reason,
            body.ticket,
            body.connections,
        )
    if isinstance(taken, Broken):
        return _broken(door, taker, taken, devices.certificate_for(proof, taken.opened))
    waiting = WaitingOut(request=request_out(door, taken))
    return JSONResponse(waiting.model_dump(mode="json"), status_code=202)


def _broken(door: Door, caller: Caller, taken: Broken, certificate: str | None) -> BrokenOut:
    opened = taken.opened
    return BrokenOut(
        **connection_facts(door, opened.target),
        user=opened.user,
        password=opened.password.reveal(),
        database=opened.database,
        expires_at=isoformat(opened.expires_at),
        connections=opened.connections,
        grant=grant_out(door, opened.grant),
        device=caller.holds,
        certificate=certificate,
        reviews=[review_out(door, caller, review) for review in taken.reviews],
    )
