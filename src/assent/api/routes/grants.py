"""Grants: who may reach what, until when."""

from typing import Annotated

from fastapi import APIRouter, Path

from assent.api.authentication import SignedIn
from assent.api.bodies import BecauseBody
from assent.api.door import TheDoor
from assent.api.render import grant_out
from assent.api.schemas import GrantOut, GrantsOut
from assent.core.ids import GrantId

router = APIRouter(prefix="/v1/grants", tags=["grants"])


@router.get("")
async def listing(door: TheDoor, caller: SignedIn, everybody: bool = False) -> GrantsOut:
    """List your grants, or everybody's where you may see them; newest first."""
    grants = await door.plane.grants.list(caller, everybody)
    return GrantsOut(items=[grant_out(door, grant) for grant in grants])


@router.post("/{grant_id}/revoke")
async def revoke(
    door: TheDoor,
    caller: SignedIn,
    grant_id: Annotated[str, Path(max_length=64, description="A grant's id.")],
    body: BecauseBody,
) -> GrantOut:
    """End a grant for ever; sessions that live on it are cut."""
    revoked = await door.plane.grants.revoke(caller, GrantId(grant_id), body.because)
    return grant_out(door, revoked)
