"""What vouches for the log: receipts for everybody, and for who oversees it, how it stands."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.custody_schemas import (
    LogStatusOut,
    ReceiptsOut,
    RotateBody,
    RotatedOut,
    log_status_out,
    receipt_out,
)
from assent.api.door import TheDoor
from assent.api.render import request_out
from assent.control.receipts import LONGEST_WAIT_S
from assent.core.role import Permission

router = APIRouter(prefix="/v1/audit", tags=["proof"])


@router.get(
    "/receipts/{id}",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_LOG))],
)
async def receipts(
    door: TheDoor,
    caller: SignedIn,
    id: Annotated[str, Path(max_length=64, description="Of an entry, a request or an action.")],
    wait_s: Annotated[
        int,
        Query(
            ge=0,
            le=LONGEST_WAIT_S,
            description="How many seconds to wait for a checkpoint that a witness cosigned.",
        ),
    ] = 0,
) -> ReceiptsOut:
    """Return the proof that the log holds what you did: C2SP tlog-proofs, to verify alone."""
    custody = door.plane.custody
    found = await custody.receipts.receipts(caller, id, wait_s)
    return ReceiptsOut(
        receipts=[receipt_out(one) for one in found], keys=list(custody.rotation.public)
    )


@router.get("/status", dependencies=[Depends(needs(Permission.READ_HEALTH))])
async def status(door: TheDoor, caller: SignedIn) -> LogStatusOut:
    """Say how the log stands and who outside has seen it, for those who oversee."""
    return log_status_out(await door.plane.custody.status.report(caller))


@router.post(
    "/rotate-key",
    dependencies=[Depends(needs(Permission.ASK))],
    responses={202: {"model": RotatedOut, "description": "People must assent to it first."}},
)
async def rotate_key(
    door: TheDoor, caller: SignedIn, body: RotateBody, response: Response
) -> RotatedOut:
    """Replace the key that signs the log, or ask the people who must assent to that."""
    ordered = await door.plane.custody.rotation.rotate(caller, body.reason, body.ticket)
    if ordered.request is not None:
        response.status_code = 202
    told = ordered.told
    size = told.get("size")
    return RotatedOut(
        state=ordered.state,
        old=str(told.get("from", "")),
        new=str(told.get("to", "")),
        size=size if isinstance(size, int) else None,
        request=request_out(door, ordered.request) if ordered.request else None,
    )
