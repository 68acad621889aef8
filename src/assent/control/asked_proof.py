"""How whoever asked for something proved who they are, when that is decided on again later."""

from dataclasses import replace
from datetime import datetime

from assent.control.sign_in import Caller, SignIn
from assent.core.action import Action
from assent.core.clock import isoformat
from assent.core.evidence import Authentication
from assent.core.request import Request

USUAL = "password"
_METHOD, _AGAIN_BY, _AGAIN_AT = "proved_by", "confirmed_by", "confirmed_at"


def with_proof(action: Action, caller: Caller) -> Action:
    """Return an action with how the caller, who acts in it, proved who they are.

    It is decided again when people have assented, on no better proof than this one.
    """
    proof, said = caller.authentication, {}
    if proof.method != USUAL:
        said[_METHOD] = proof.method
    if proof.stepped_up_at is not None and proof.stepped_up_by not in ("", USUAL):
        said |= {_AGAIN_BY: proof.stepped_up_by, _AGAIN_AT: isoformat(proof.stepped_up_at)}
    return replace(action, details={**action.details, **said})


def with_proof_of(action: Action, earlier: Action) -> Action:
    """Return an action with the proof of the one in whose place it is asked for."""
    kept = (_METHOD, _AGAIN_BY, _AGAIN_AT)
    said = {name: earlier.details[name] for name in kept if name in earlier.details}
    return replace(action, details={**action.details, **said})


def proof_of(sign_in: SignIn, request: Request) -> Authentication:
    """Return how whoever asked proved it, with what they have confirmed since."""
    details = request.action.details
    method = details.get(_METHOD, USUAL)
    proof = sign_in.with_step_up(Authentication(method, request.created_at), request.action.subject)
    if proof.stepped_up_at is not None or _AGAIN_AT not in details:
        return proof
    # Only this process remembers step-ups; what was known when they asked is in the action.
    at = datetime.fromisoformat(details[_AGAIN_AT])
    return replace(proof, stepped_up_at=at, stepped_up_by=details[_AGAIN_BY])
