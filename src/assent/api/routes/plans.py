"""Maintenance plans: proposing them, and seeing what of them was run."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import Door, TheDoor
from assent.api.plan_schemas import PlanBody, PlannedTextOut, PlanOut, PlansOut
from assent.api.render import grant_out, request_out
from assent.api.schemas import RequestOut
from assent.control.plans import Plan
from assent.core.ids import GrantId
from assent.core.role import Permission

router = APIRouter(prefix="/v1/plans", tags=["plans"])

PlanPath = Annotated[str, Path(max_length=64, description="The id of a plan's grant.")]


@router.post("", dependencies=[Depends(needs(Permission.ASK))], status_code=201)
async def propose(door: TheDoor, caller: SignedIn, body: PlanBody) -> RequestOut:
    """Propose statements for later; completed with a grant where nobody has to be asked."""
    proposal = body.proposal(door.plane.clock.now())
    return request_out(door, await door.plane.plans.propose(caller, proposal))


@router.get("", dependencies=[Depends(needs(Permission.ASK, Permission.READ_ACCESS))])
async def listing(door: TheDoor, caller: SignedIn, everybody: bool = False) -> PlansOut:
    """List your plans, or everybody's where you may see them; newest first."""
    found = await door.plane.plans.list(caller, everybody)
    return PlansOut(items=[_plan_out(door, plan) for plan in found])


@router.get("/{plan_id}", dependencies=[Depends(needs(Permission.ASK, Permission.READ_ACCESS))])
async def one(door: TheDoor, caller: SignedIn, plan_id: PlanPath) -> PlanOut:
    """Return one plan with its texts. It is revoked as its grant."""
    return _plan_out(door, await door.plane.plans.get(caller, GrantId(plan_id)))


def _plan_out(door: Door, plan: Plan) -> PlanOut:
    return PlanOut(
        id=plan.grant.id,
        grant=grant_out(door, plan.grant),
        database=plan.database,
        texts=[
            PlannedTextOut(text=text, times=one.times, used=one.used) for text, one in plan.texts
        ],
    )
