"""Evidence: what cannot be had in time is named, and never guessed."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from assent.control import gather
from assent.control.gather import Circumstances, Gatherer
from assent.core.action import Action
from assent.core.faults import OutsideFault
from assent.core.ids import ApprovalId
from assent.core.request import Approval, Verdict
from builders import ANA, BEN, DORA, NOON, World, a_grant, a_request, an_action


def an_approval(request: object, verdict: Verdict, digest: str, who: object = BEN) -> Approval:
    return Approval(
        ApprovalId(f"apr_{who.name}"),  # type: ignore[attr-defined]
        request.id,  # type: ignore[attr-defined]
        who.id,  # type: ignore[attr-defined]
        verdict,
        digest,
        NOON,
    )


class Stuck:
    async def counts(self, action: Action) -> dict[str, int]:
        await asyncio.Event().wait()
        return {}


class Broken:
    async def counts(self, action: Action) -> dict[str, int]:
        raise OutsideFault("store-unavailable", "away")


@pytest.mark.parametrize("history", [Stuck(), Broken()])
async def test_a_history_that_does_not_answer_is_named_unavailable(
    world: World, history: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "_HISTORY_DEADLINE_S", 0.01)
    gatherer = Gatherer(world.directory, history)  # type: ignore[arg-type]
    evidence = await gatherer.gather(an_action(), Circumstances(), NOON)
    assert evidence.unavailable == {"history"}
    assert evidence.history == {}


async def test_only_approvals_of_exactly_this_action_are_evidence(world: World) -> None:
    request = a_request()
    right = an_approval(request, Verdict.APPROVE, request.action_digest)
    other = an_approval(request, Verdict.APPROVE, "sha256:00", DORA)
    no = an_approval(request, Verdict.REJECT, request.action_digest, ANA)
    circumstances = Circumstances(request=replace(request, approvals=(right, other, no)))
    gatherer = Gatherer(world.directory, world.history)
    evidence = await gatherer.gather(request.action, circumstances, NOON)
    assert evidence.approvals == (right,)
    assert set(evidence.approvers) == {BEN.id}
    changed = replace(request.action, parameters=("1",))
    assert (await gatherer.gather(changed, circumstances, NOON)).approvals == ()


async def test_grants_that_are_over_are_no_evidence(world: World) -> None:
    grant = a_grant()
    circumstances = Circumstances(grants=(grant,))
    gatherer = Gatherer(world.directory, world.history)
    at_end = await gatherer.gather(an_action(), circumstances, grant.ends_at)
    just_before = grant.ends_at - timedelta(microseconds=1)
    assert at_end.grants == ()
    assert (await gatherer.gather(an_action(), circumstances, just_before)).grants == (grant,)


async def test_what_the_requester_said_is_evidence(world: World) -> None:
    request = replace(a_request(), reason="the report", ticket="T-1")
    gatherer = Gatherer(world.directory, world.history)
    evidence = await gatherer.gather(request.action, Circumstances(request=request), NOON)
    assert (evidence.reason, evidence.ticket) == ("the report", "T-1")
    assert evidence.at == NOON
