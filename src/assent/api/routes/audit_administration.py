"""Administration of the log: erasing people, legal holds, pruning. Each is decided on."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import JsonValue, TypeAdapter

from assent.api.audit_schemas import (
    DataKeyOut,
    DataKeysOut,
    EraseBody,
    HoldBody,
    LegalHoldOut,
    LegalHoldsOut,
    LiftBody,
    OrderedOut,
    PruneBody,
)
from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import Door, TheDoor
from assent.api.render import request_out
from assent.control.audit_actions import Ordered
from assent.core.clock import isoformat
from assent.core.data_key import LegalHold
from assent.core.faults import MissingFault
from assent.core.ids import SubjectId
from assent.core.role import Permission

_OBJECT = TypeAdapter(dict[str, JsonValue])

router = APIRouter(prefix="/v1/audit", tags=["audit"])

HoldPath = Annotated[str, Path(max_length=64, description="The id of a legal hold.")]
SubjectQuery = Annotated[
    str | None, Query(max_length=128, description="Whose keys; those of nobody by default.")
]


@router.post("/erase", dependencies=[Depends(needs(Permission.ASK))])
async def erase(door: TheDoor, caller: SignedIn, body: EraseBody) -> OrderedOut:
    """Destroy the keys of all that is kept of a person, or open the request that it needs."""
    redaction = door.plane.redaction
    return _ordered(door, await redaction.erase(caller, body.subject, body.reason, body.ticket))


@router.post("/prune", dependencies=[Depends(needs(Permission.ASK))])
async def prune(door: TheDoor, caller: SignedIn, body: PruneBody) -> OrderedOut:
    """Delete entries and recordings from before a time, or open the request that it needs."""
    retention = door.plane.retention
    return _ordered(door, await retention.prune(caller, body.before, body.reason, body.ticket))


@router.get("/holds", dependencies=[Depends(needs(Permission.READ_LOG))])
async def holds(door: TheDoor, caller: SignedIn) -> LegalHoldsOut:
    """List legal holds, lifted ones too, newest first."""
    found = await door.plane.legal_holds.all(caller)
    return LegalHoldsOut(items=[_hold_out(door, hold) for hold in found])


@router.post("/holds", dependencies=[Depends(needs(Permission.ASK))])
async def hold(door: TheDoor, caller: SignedIn, body: HoldBody) -> OrderedOut:
    """Place a legal hold, or open the request that it needs."""
    legal_holds = door.plane.legal_holds
    return _ordered(door, await legal_holds.place(caller, body.subject, body.because, body.ticket))


@router.post("/holds/{hold_id}/lift", dependencies=[Depends(needs(Permission.ASK))])
async def lift(door: TheDoor, caller: SignedIn, hold_id: HoldPath, body: LiftBody) -> OrderedOut:
    """Lift a legal hold, or open the request that it needs."""
    legal_holds = door.plane.legal_holds
    return _ordered(door, await legal_holds.lift(caller, hold_id, body.because, body.ticket))


@router.get("/keys", dependencies=[Depends(needs(Permission.READ_LOG))])
async def keys(door: TheDoor, caller: SignedIn, subject: SubjectQuery = None) -> DataKeysOut:
    """List the keys that what is kept of a person is sealed under, never their bytes."""
    found = await door.plane.redaction.keys(caller, subject)
    return DataKeysOut(
        items=[
            DataKeyOut(
                id=key.id,
                master=key.master,
                created_at=isoformat(key.created_at),
                destroyed_at=None if key.destroyed_at is None else isoformat(key.destroyed_at),
            )
            for key in found
        ]
    )


def _ordered(door: Door, ordered: Ordered) -> OrderedOut:
    request = None if ordered.request is None else request_out(door, ordered.request)
    return OrderedOut(
        state=ordered.state, told=_OBJECT.validate_python(ordered.told), request=request
    )


def _hold_out(door: Door, hold: LegalHold) -> LegalHoldOut:
    return LegalHoldOut(
        id=hold.id,
        subject=_name(door, hold.subject),
        because=hold.because,
        placed_by=_name(door, hold.placed_by) or hold.placed_by,
        placed_at=isoformat(hold.placed_at),
        lifted_by=_name(door, hold.lifted_by),
        lifted_at=None if hold.lifted_at is None else isoformat(hold.lifted_at),
    )


def _name(door: Door, subject: SubjectId | None) -> str | None:
    if subject is None:
        return None
    try:
        return door.plane.directory.subject(subject).name
    except MissingFault:
        return subject
