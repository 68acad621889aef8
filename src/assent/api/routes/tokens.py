"""Tokens for programs: your own, and those of what you answer for."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import TheDoor
from assent.api.program_bodies import TokenBody
from assent.api.program_schemas import MintedOut, TokenOut, TokensOut
from assent.api.render_programs import token_out
from assent.core.ids import TokenId
from assent.core.role import Permission

router = APIRouter(prefix="/v1", tags=["tokens"])

ACCOUNT = Depends(needs(Permission.ACCOUNT))
TokenPath = Annotated[str, Path(max_length=64, description="A token's id.")]


@router.get("/tokens", dependencies=[ACCOUNT])
async def listing(door: TheDoor, caller: SignedIn) -> TokensOut:
    """List the tokens of yourself, your agents and your service accounts."""
    found = await door.plane.programs.tokens.listing(caller)
    return TokensOut(items=[token_out(door.plane.directory, held.token) for held in found])


@router.post("/tokens", dependencies=[ACCOUNT], status_code=201)
async def create(door: TheDoor, caller: SignedIn, body: TokenBody) -> MintedOut:
    """Make a token that acts as you; it needs a step-up of the last five minutes."""
    secret, token = await door.plane.programs.tokens.mint(
        caller, body.name, permissions=frozenset(body.permissions), lasts_for=body.lasts_for()
    )
    kept = token_out(door.plane.directory, token)
    return MintedOut(**kept.model_dump(), token=secret.reveal())


@router.post("/tokens/{token_id}/revoke", dependencies=[ACCOUNT])
async def revoke(door: TheDoor, caller: SignedIn, token_id: TokenPath) -> TokenOut:
    """End a token for good."""
    held = await door.plane.programs.tokens.revoke(caller, TokenId(token_id))
    return token_out(door.plane.directory, held.token)
