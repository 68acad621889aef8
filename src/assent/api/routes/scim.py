"""The tokens with which an identity provider puts people and groups here by SCIM."""

from fastapi import APIRouter, Depends

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import TheDoor
from assent.api.scim_schemas import ScimTokenBody, ScimTokenOut, ScimTokensGoneOut
from assent.core.clock import isoformat
from assent.core.role import Permission

router = APIRouter(prefix="/v1", tags=["people"])

CHANGE_PEOPLE = Depends(needs(Permission.CHANGE_PEOPLE))


@router.post("/scim/tokens", dependencies=[CHANGE_PEOPLE], status_code=201)
async def create(door: TheDoor, caller: SignedIn, body: ScimTokenBody) -> ScimTokenOut:
    """Make a token for SCIM; it needs a step-up of the last five minutes.

    Of earlier ones only the latest stays, so that one can be replaced without a gap.
    """
    secret, token = await door.plane.provisioners.mint(caller, body.lasts_for())
    base_url = f"{door.public_url}/scim/v2"
    until = isoformat(token.expires_at)
    return ScimTokenOut(token=secret.reveal(), base_url=base_url, expires_at=until)


@router.post("/scim/tokens/revoke", dependencies=[CHANGE_PEOPLE])
async def revoke(door: TheDoor, caller: SignedIn) -> ScimTokensGoneOut:
    """End all tokens for SCIM; the people and groups stay as they are."""
    return ScimTokensGoneOut(revoked=await door.plane.provisioners.revoke(caller))
