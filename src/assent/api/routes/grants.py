"""Grants: who may reach what, until when."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.bodies import BecauseBody, ExtendBody, GiveBackBody
from assent.api.door import TheDoor
from assent.api.render import grant_out, request_out
from assent.api.schemas import GrantOut, GrantsOut, RequestOut
from assent.core.ids import GrantId
from assent.core.role import Permission

router = APIRouter(prefix="/v1/grants", tags=["grants"])


@router.get("", dependencies=[Depends(needs(Permission.ASK, Permission.READ_ACCESS))])
async def listing(door: TheDoor, caller: SignedIn, everybody: bool = False) -> GrantsOut:
    """List your grants, or everybody's where you may see them; newest first."""
    grants = await door.plane.grants.list(caller, everybody)
    return GrantsOut(items=[grant_out(door, grant) for grant in grants])


@router.post("/extend", dependencies=[Depends(needs(Permission.ASK))], status_code=201)
async def extend(door: TheDoor, caller: SignedIn, body: ExtendBody) -> RequestOut:
    """Ask for more of the access that you have; open sessions go on without a cut."""
    request = await door.plane.access.extend(
        caller, body.what, body.lasts_for, body.reason, body.ticket
    )
    return request_out(door, request)


@router.post("/give-back", dependencies=[Depends(needs(Permission.ASK))])
async def give_back(door: TheDoor, caller: SignedIn, body: GiveBackBody) -> GrantsOut:
    """End your own grants; sessions that no other grant carries are cut."""
    ended = await door.plane.grants.give_back(caller, body.what, body.because)
    return GrantsOut(items=[grant_out(door, grant) for grant in ended])


@router.post("/{grant_id}/revoke", dependencies=[Depends(needs(Permission.ASK, Permission.REVOKE))])
async def revoke(
    door: TheDoor,
    caller: SignedIn,
    grant_id: Annotated[str, Path(max_length=64, description="A grant's id.")],
    body: BecauseBody,
) -> GrantOut:
    """End a grant for ever; sessions that live on it are cut."""
    revoked = await door.plane.grants.revoke(caller, GrantId(grant_id), body.because)
    return grant_out(door, revoked)
