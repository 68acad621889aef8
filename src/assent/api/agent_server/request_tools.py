"""Tools around requests: looking, waiting, why, taking back, and something safer instead."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from pydantic import JsonValue, TypeAdapter

from assent.api.agent_server.answers import WAITING, request_told
from assent.api.agent_server.bodies import (
    AboutBody,
    AcceptOfferBody,
    AlternativeBody,
    RequestBody,
    RequestsBody,
    WaitBody,
    WhyBody,
)
from assent.api.agent_server.tool import Told
from assent.api.door import Door
from assent.api.render import target_name
from assent.api.waiting import request_when_changed
from assent.control.sign_in import Caller
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.ids import ApprovalId, RequestId
from assent.core.request import Request
from assent.core.scope import Scope, Terms
from assent.workflow.narrowing import ACCESS, budget_of, narrow
from assent.workflow.wishes import wish_of

MOST_LISTED = 20
_MOST_WHYS = 5
_WHYS = TypeAdapter(list[dict[str, JsonValue]])


async def get_request(door: Door, caller: Caller, body: RequestBody) -> Told:
    """Return a request as it stands."""
    return await request_told(door, caller, await _get(door, caller, body.request))


async def list_requests(door: Door, caller: Caller, body: RequestsBody) -> Told:
    """Return the caller's own requests, newest first."""
    found = await door.plane.requests.list(caller, body.states, mine=True)
    told: list[JsonValue] = [_in_short(door, one) for one in found[:MOST_LISTED]]
    return {"requests": told, "more": max(0, len(found) - MOST_LISTED)}


def _in_short(door: Door, request: Request) -> JsonValue:
    target = request.action.target
    return {
        "id": request.id,
        "state": request.state.value,
        "verb": request.action.verb,
        "target": target_name(door.plane.directory, target) if target else None,
        "text": request.action.text,
        "outcome": request.outcome,
        "unmet": list[JsonValue](door.plane.requests.unmet(request)),
    }


async def wait_for_request(door: Door, caller: Caller, body: WaitBody) -> Told:
    """Return a request once it waits for people no more, or as it is when time is up."""
    identity = RequestId(body.request)
    loop = asyncio.get_running_loop()
    until = loop.time() + body.wait_s
    found = await _get(door, caller, identity)
    while found.state in WAITING and (left := until - loop.time()) > 0:
        changed_at = found.changed_at
        found = await request_when_changed(door, caller, identity, left, changed_at)
        if found.changed_at == changed_at:
            break
    return await request_told(door, caller, found)


async def withdraw_request(door: Door, caller: Caller, body: RequestBody) -> Told:
    """Take back a request of one's own; what it held is refused."""
    withdrawn = await door.plane.requests.withdraw(caller, RequestId(body.request))
    return await request_told(door, caller, withdrawn)


async def give_reason(door: Door, caller: Caller, body: WhyBody) -> Told:
    """Say why, or name a ticket, where a policy demands it."""
    changed = await door.plane.requests.give_reason(
        caller, RequestId(body.request), body.reason, body.ticket
    )
    return await request_told(door, caller, changed)


async def accept_offer(door: Door, caller: Caller, body: AcceptOfferBody) -> Told:
    """Take what somebody offered instead; the request is narrowed to it and decided again."""
    chosen = ApprovalId(body.offer) if body.offer else None
    taken = await door.plane.offers.accept(caller, RequestId(body.request), chosen)
    return await request_told(door, caller, await _get(door, caller, taken.id))


async def propose_alternative(door: Door, caller: Caller, body: AlternativeBody) -> Told:
    """Tell who is asked what would do instead; access is asked for anew, with less.

    Where it is narrowed, the request there was is taken back once the new one is there. Of
    anything else the words stand beside it, for the people who are asked.
    """
    before = await _own(door, caller, body.request)
    terms = Terms(
        None if body.for_s is None else timedelta(seconds=body.for_s),
        Scope(frozenset(body.verbs), frozenset(body.tables), body.read_only),
        budget_of(body.budget),
    )
    if before.action.verb != ACCESS or terms == Terms():
        said = await door.plane.comments.comment(caller, before.id, f"instead: {body.words}")
        return {"replaces": None, **await request_told(door, caller, said)}
    target = before.action.target
    details = narrow(before.action, terms).details
    seconds = details.get("for_s", "")
    new = await door.plane.access.ask(
        caller,
        target_name(door.plane.directory, target) if target else "",
        timedelta(seconds=int(seconds)) if seconds else None,
        before.reason or body.words,
        before.ticket,
        wish_of(details),
    )
    try:
        await door.plane.requests.withdraw(caller, before.id)
    except ConflictFault:
        # Somebody answered it meanwhile: what it gave stays beside the new one.
        return {"replaces": None, **await request_told(door, caller, new)}
    if new.state in WAITING:
        words = f"instead of {before.id}: {body.words}"[:2000]
        new = await door.plane.comments.comment(caller, new.id, words)
    return {"replaces": before.id, **await request_told(door, caller, new)}


async def explain(door: Door, caller: Caller, body: AboutBody) -> Told:
    """Return why something was decided: policies, facts, risk factors, what would change it."""
    found = await door.plane.explain.explain(caller, body.about)
    whys = _WHYS.validate_python(found["why"])[:_MOST_WHYS]
    approvals = TypeAdapter(list[JsonValue]).validate_python(found["approvals"])
    told: dict[str, JsonValue] = {
        "about": body.about,
        "why": list[JsonValue](whys),
        "approvals": approvals,
        "withheld": str(found.get("withheld", "")),
    }
    if body.about.startswith("req_"):
        told["request"] = dict(await get_request(door, caller, RequestBody(request=body.about)))
    else:
        told["factors"] = await _factors(door, caller, whys)
    return told


async def _factors(door: Door, caller: Caller, whys: Sequence[dict[str, JsonValue]]) -> JsonValue:
    """Return what the score of the newest decision consists of."""
    if not whys:
        return None
    explained = await door.plane.risk.explain(caller, str(whys[0]["entry"]))
    return [
        {"name": one.name, "points": one.points, "reason": one.reason}
        for one in explained.assessment.factors
    ]


async def _get(door: Door, caller: Caller, request: str) -> Request:
    return await door.plane.requests.get(caller, RequestId(request))


async def _own(door: Door, caller: Caller, request: str) -> Request:
    found = await _get(door, caller, request)
    if found.action.subject != caller.subject.id:
        words = f"only who asked for `{request}` can propose something else"
        raise ForbiddenFault("not-your-request", words)
    return found
