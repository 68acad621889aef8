"""Delegations and absences: who answers in whose place, and who is asked last."""

from fastapi import APIRouter, Depends

from assent.api.answer_bodies import AwayBody, DelegateBody
from assent.api.answer_schemas import AbsenceOut, DelegationsOut
from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import TheDoor
from assent.api.render import request_out
from assent.api.render_answers import absence_out, delegation_out
from assent.api.schemas import RequestOut
from assent.core.role import Permission

router = APIRouter(prefix="/v1", tags=["requests"])


@router.get("/delegations", dependencies=[Depends(needs(Permission.ANSWER))])
async def delegations(door: TheDoor, caller: SignedIn) -> DelegationsOut:
    """List the delegations in force that you gave or hold."""
    plane = door.plane
    found = plane.delegations.about(caller.subject.id, plane.clock.now())
    return DelegationsOut(items=[delegation_out(plane.directory, grant) for grant in found])


@router.post("/delegations", dependencies=[Depends(needs(Permission.ANSWER))], status_code=201)
async def delegate(door: TheDoor, caller: SignedIn, body: DelegateBody) -> RequestOut:
    """Give somebody your place in a group; completed with a grant if that is permitted at once."""
    given = await door.plane.delegating.give(
        caller, body.group, body.to, body.lasts_for, body.reason
    )
    return request_out(door, given)


@router.get("/absence", dependencies=[Depends(needs(Permission.ANSWER))])
async def absence(door: TheDoor, caller: SignedIn) -> AbsenceOut:
    """Say whether you are away."""
    return absence_out(door.plane.absences.current(caller))


@router.post("/absence", dependencies=[Depends(needs(Permission.ANSWER))])
async def away(door: TheDoor, caller: SignedIn, body: AwayBody) -> AbsenceOut:
    """Be away until then: others are asked first; you may still answer."""
    return absence_out(await door.plane.absences.away(caller, body.until))


@router.delete("/absence", dependencies=[Depends(needs(Permission.ANSWER))])
async def back(door: TheDoor, caller: SignedIn) -> AbsenceOut:
    """Be back."""
    await door.plane.absences.back(caller)
    return absence_out(door.plane.absences.current(caller))
