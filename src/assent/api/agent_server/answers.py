"""What agents are told of requests, grants and refusals: codes first, words for people beside."""

import re
from collections.abc import Iterator

from pydantic import JsonValue

from assent.api.agent_server.alternatives import alternatives
from assent.api.agent_server.tool import Told
from assent.api.door import Door
from assent.api.render import grant_out, request_out, target_name
from assent.control.sign_in import Caller
from assent.core.decision import ReasonRemedy, TicketRemedy, code_of, describe
from assent.core.faults import Fault, TooManyFault
from assent.core.grant import Grant
from assent.core.request import Request, RequestState
from assent.workflow.narrowing import ACCESS
from assent.workflow.request import TERMINAL

WAITING = (RequestState.PENDING, RequestState.APPROVED)
RETRY_AFTER_S = 30
_ENTRY = re.compile(r"\bent_[A-Za-z0-9]{1,60}")


async def request_told(door: Door, caller: Caller, request: Request) -> Told:
    """Return a request as its requester needs it.

    needs: what it was asked to have, by kind; unmet: what of it is still missing, in words.
    next: what to call now, and why. alternatives: what would be safer. retry_after_s: when to look
    again at the latest, null once it is settled.
    """
    names = door.plane.directory.names
    shown: dict[str, JsonValue] = request_out(door, request).model_dump(mode="json")
    waits = request.state in WAITING
    shown |= {
        "settled": request.state in TERMINAL,
        "needs": [
            {"kind": code_of(remedy), "words": describe(remedy, names)}
            for remedy in request.remedies
        ],
        "retry_after_s": RETRY_AFTER_S if waits else None,
        "next": list(_next(door, request)),
        "alternatives": await alternatives(door, caller, request) if waits else [],
    }
    return shown


def _next(door: Door, request: Request) -> Iterator[JsonValue]:
    if request.state is RequestState.PENDING:
        yield from _lacking(request)
        for approval in request_out(door, request).approvals:
            if approval.acceptable:
                taken: JsonValue = {"request": request.id, "offer": approval.id}
                yield _call("accept_offer", taken, "less was offered; take it to go on")
        named: JsonValue = {"request": request.id}
        yield _call("wait_for_request", named, "people were asked; wait for their answer")
        yield _call("propose_alternative", named, "something safer would do; say what")
        yield _call("withdraw_request", named, "it is not needed any more")
    elif request.action.verb == ACCESS and request.grant is not None:
        target = request.action.target
        at: JsonValue = {"target": target_name(door.plane.directory, target) if target else ""}
        yield _call("connection", at, "access is there; see how to reach it")
    elif request.detached or (request.action.session and request.state not in TERMINAL):
        yield {"call": None, "words": "send the very same once more, and it goes on with this"}
    elif request.state is RequestState.REJECTED:
        words = "somebody said no: do not send the same again; ask a person, or for less"
        yield {"call": None, "words": words}


def _lacking(request: Request) -> Iterator[JsonValue]:
    kinds = {type(remedy) for remedy in request.remedies}
    lacks: dict[str, JsonValue] = {}
    if ReasonRemedy in kinds and not request.reason:
        lacks["reason"] = ""
    if TicketRemedy in kinds and not request.ticket:
        lacks["ticket"] = ""
    if lacks:
        words = f"it needs {' and '.join(f'a {name}' for name in lacks)}, which you can give"
        yield _call("give_reason", {"request": request.id, **lacks}, words)


def _call(tool: str, arguments: JsonValue, words: str) -> JsonValue:
    return {"call": tool, "arguments": arguments, "words": words}


def grant_told(door: Door, grant: Grant) -> Told:
    """Return a grant, with what its budget has left of each amount that it limits."""
    shown: dict[str, JsonValue] = grant_out(door, grant).model_dump(mode="json")
    left: dict[str, JsonValue] = {**grant.budget.left(grant.spent)}
    return shown | {"left": left}


def fault_told(fault: Fault) -> Told:
    """Return why a call was refused. explain: what to ask `explain` about, null for nothing."""
    entry = _ENTRY.search(fault.detail)
    retry = fault.retry_after_s if isinstance(fault, TooManyFault) else None
    return {
        "error": fault.code,
        "words": fault.detail,
        "explain": entry[0] if entry else None,
        "retry_after_s": retry,
    }
