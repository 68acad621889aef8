"""Answers that prove what they answer to."""

import pytest

from assent.audit.approval_signatures import approval_message, encoded
from assent.control.signing import Proof, needs_signature
from assent.core.decision import ApprovalRemedy, Quorum
from assent.core.device_key import ApprovalSignature
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.request import Request, RequestState, Verdict
from builders import BEN, TIM, World, a_caller, a_request
from unit.control.test_device_keys import a_key, enrolled, stepped_up

SHOWN = "sha256:" + "0" * 64


async def asked(world: World) -> Request:
    return await world.access.ask(a_caller(TIM), "shop", None, "the report", "")


async def proof_of(world: World, request: Request, verdict: str = "approve") -> Proof:
    """Return Ben's signature over what is shown now."""
    caller = await stepped_up(world)
    mine = await world.plane.device_keys.mine(caller)
    key = mine[0] if mine else await enrolled(world, caller)
    shown = (await world.plane.showing.shown(request)).digest
    message = approval_message(verdict, request.id, request.action_digest, shown)
    signature = encoded(a_key().sign(message))
    return Proof(shown, ApprovalSignature("ed25519", key.id, shown, signature))


async def test_a_signed_answer_is_kept_with_its_signature_and_what_was_shown(world: World) -> None:
    request = await asked(world)
    proof = await proof_of(world, request)
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "fine", proof=proof)
    (kept,) = (await world.stored(request.id)).approvals
    assert kept.signature == proof.signature
    log = await world.log()
    assert proof.shown in log
    assert "the report" in log


async def test_a_signature_of_another_verdict_is_refused(world: World) -> None:
    request = await asked(world)
    proof = await proof_of(world, request, "reject")
    with pytest.raises(ForbiddenFault, match="does not fit"):
        await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "", proof=proof)
    assert (await world.stored(request.id)).state is RequestState.PENDING


async def test_an_answer_to_what_was_shown_otherwise_is_not_taken(world: World) -> None:
    request = await asked(world)
    proof = await proof_of(world, request)
    await world.requests.give_reason(a_caller(TIM), request.id, "another report", "")
    for tried in (proof, Proof(proof.shown)):
        with pytest.raises(ConflictFault, match="changed is the reason that was given"):
            await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "", proof=tried)


async def test_a_signature_over_nothing_is_refused(world: World) -> None:
    request = await asked(world)
    proof = await proof_of(world, request)
    with pytest.raises(ConflictFault, match="send its digest as well"):
        await world.requests.answer(
            a_caller(BEN), request.id, Verdict.APPROVE, "", proof=Proof("", proof.signature)
        )


async def test_what_was_shown_can_be_answered_unsigned(world: World) -> None:
    request = await asked(world)
    shown = (await world.plane.showing.shown(request)).digest
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "", proof=Proof(shown))
    assert (await world.stored(request.id)).approvals[0].signature is None


def test_a_signature_is_needed_where_some_assent_must_be_signed() -> None:
    signed = ApprovalRemedy(((Quorum(1, "dba"),),), signed=True)
    assert needs_signature(a_request(remedies=(signed,)))
    assert not needs_signature(a_request(remedies=(ApprovalRemedy(((Quorum(1, "dba"),),)),)))
