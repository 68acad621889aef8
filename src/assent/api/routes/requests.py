"""Requests: asking, looking, answering, taking back."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.bodies import AnswerBody, AskBody, ReasonBody, RejectBody
from assent.api.door import Door, TheDoor
from assent.api.render import request_out
from assent.api.schemas import RequestOut, RequestsOut
from assent.api.signing_bodies import ApproveBody
from assent.api.waiting import request_when_changed
from assent.control.sign_in import Caller
from assent.control.signing import NOTHING, Proof
from assent.core.ids import RequestId
from assent.core.request import RejectedAs, RequestState, Verdict
from assent.core.role import Permission

router = APIRouter(prefix="/v1/requests", tags=["requests"])

_STATE = "|".join(state.value for state in RequestState)
States = Annotated[
    str,
    Query(
        max_length=200,
        pattern=f"^$|^({_STATE})(,({_STATE}))*$",
        description="States, with commas between; empty for all.",
    ),
]
RequestPath = Annotated[str, Path(max_length=64, description="A request's id.")]


@router.post("", dependencies=[Depends(needs(Permission.ASK))], status_code=201)
async def ask(door: TheDoor, caller: SignedIn, body: AskBody) -> RequestOut:
    """Ask for access to a target; it comes back completed where nobody needs to be asked."""
    request = await door.plane.access.ask(
        caller, body.target, body.lasts_for, body.reason, body.ticket, body.wish
    )
    return request_out(door, request)


@router.get(
    "", dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))]
)
async def listing(
    door: TheDoor, caller: SignedIn, state: States = "", mine: bool = False
) -> RequestsOut:
    """List requests that you may see, newest first."""
    states = [RequestState(word) for word in state.split(",") if word]
    found = await door.plane.requests.list(caller, states, mine)
    return RequestsOut(items=[request_out(door, request) for request in found])


@router.get(
    "/{request_id}",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))],
)
async def one(
    door: TheDoor,
    caller: SignedIn,
    request_id: RequestPath,
    wait_s: Annotated[int, Query(ge=0, le=30)] = 0,
    changed_after: AwareDatetime | None = None,
) -> RequestOut:
    """Return one request; with `wait_s`, when it changed after `changed_after` or time is up."""
    return await _one(door, caller, RequestId(request_id), wait_s, changed_after)


async def _one(
    door: Door, caller: Caller, request: RequestId, wait_s: int, after: datetime | None
) -> RequestOut:
    if wait_s:
        found = await request_when_changed(door, caller, request, wait_s, after)
    else:
        found = await door.plane.requests.get(caller, request)
    return request_out(door, found)


@router.post("/{request_id}/approve", dependencies=[Depends(needs(Permission.ANSWER))])
async def approve(
    door: TheDoor, caller: SignedIn, request_id: RequestPath, body: ApproveBody | None = None
) -> RequestOut:
    """Assent to exactly this action; with `shown`, only if it is still what you were shown."""
    proof = body.proof if body else NOTHING
    return await _answer(door, caller, request_id, Verdict.APPROVE, body, None, proof)


@router.post("/{request_id}/reject", dependencies=[Depends(needs(Permission.ANSWER))])
async def reject(
    door: TheDoor, caller: SignedIn, request_id: RequestPath, body: RejectBody | None = None
) -> RequestOut:
    """Say no; one no is enough. Suspicion raises the requester's risk for a while."""
    rejected_as = body.rejected_as if body else None
    return await _answer(door, caller, request_id, Verdict.REJECT, body, rejected_as)


async def _answer(
    door: Door,
    caller: Caller,
    request: str,
    verdict: Verdict,
    body: AnswerBody | None,
    rejected_as: RejectedAs | None,
    proof: Proof = NOTHING,
) -> RequestOut:
    comment = body.comment if body else ""
    answered = await door.plane.requests.answer(
        caller, RequestId(request), verdict, comment, rejected_as, proof
    )
    return request_out(door, answered)


@router.post("/{request_id}/withdraw", dependencies=[Depends(needs(Permission.ASK))])
async def withdraw(door: TheDoor, caller: SignedIn, request_id: RequestPath) -> RequestOut:
    """Take back your own request."""
    withdrawn = await door.plane.requests.withdraw(caller, RequestId(request_id))
    return request_out(door, withdrawn)


@router.post("/{request_id}/reason", dependencies=[Depends(needs(Permission.ASK))])
async def give_reason(
    door: TheDoor, caller: SignedIn, request_id: RequestPath, body: ReasonBody
) -> RequestOut:
    """Say why, or name a ticket, where a policy demands it."""
    changed = await door.plane.requests.give_reason(
        caller, RequestId(request_id), body.reason, body.ticket
    )
    return request_out(door, changed)
