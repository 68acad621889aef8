"""Answers: what people said of a request moves what the next one like it is thought of."""

import asyncio
from dataclasses import replace
from typing import cast

from assent.control.answers import Answers
from assent.control.gather import Circumstances
from assent.core.action import Action
from assent.core.ids import ApprovalId, RequestId
from assent.core.ports import Store
from assent.core.request import Approval, RejectedAs, Request, RequestState, Verdict
from builders import (
    ANA,
    BEN,
    DELETE_ALL,
    NOON,
    TIM,
    Client,
    World,
    a_caller,
    a_request,
    an_action,
)


def answered(
    verdict: Verdict,
    action: Action | None = None,
    *,
    rejected_as: RejectedAs | None = None,
    state: RequestState | None = None,
) -> Request:
    """Return a request that was settled by one answer."""
    request = a_request(action)
    said = Approval(
        ApprovalId("apr_1"),
        request.id,
        BEN.id,
        verdict,
        request.action_digest,
        NOON,
        rejected_as=rejected_as,
    )
    usual = RequestState.REJECTED if verdict is Verdict.REJECT else RequestState.COMPLETED
    return replace(request, state=state or usual, approvals=(said,))


def empty(world: World) -> Answers:
    return Answers(cast(Store, world.store), world.directory)


async def rejected(world: World, client: Client) -> None:
    """Let a client ask to delete everything, and somebody reject it."""
    client.held.clear()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    await world.requests.answer(a_caller(BEN), request, Verdict.REJECT, "no")
    await asking


async def test_rejections_and_approvals_move_the_next_such_request(world: World) -> None:
    delete, other = an_action("sql.delete"), an_action("sql.update", subject=TIM)
    refusals, assents = empty(world), empty(world)
    assert refusals.of(delete) == (0, 0)
    for _ in range(5):
        await refusals.changed(answered(Verdict.REJECT, delete))
        await refusals.changed(answered(Verdict.APPROVE, other))
        await assents.changed(answered(Verdict.APPROVE, delete))
        await assents.changed(answered(Verdict.REJECT, other))
    assert refusals.of(delete)[0] > 0 > assents.of(delete)[0]
    assert refusals.of(delete)[0] > refusals.of(other)[0]
    # Of a kind are requests of one verb on one target.
    assert (refusals.of(delete)[1], assents.of(delete)[1]) == (5, 5)


async def test_the_approvals_of_somebody_who_never_says_no_say_less(world: World) -> None:
    delete, other = an_action("sql.delete"), an_action("sql.update", subject=TIM)
    stamped, looked_at = empty(world), empty(world)
    await looked_at.changed(answered(Verdict.REJECT, other))
    await stamped.changed(replace(answered(Verdict.REJECT, other), approvals=()))
    for _ in range(30):
        await stamped.changed(answered(Verdict.APPROVE, delete))
        await looked_at.changed(answered(Verdict.APPROVE, delete))
    assert stamped._worth(BEN.id) < looked_at._worth(BEN.id)


async def test_a_rejection_as_suspicious_says_more_than_one_as_not_needed(world: World) -> None:
    delete, other = an_action("sql.delete"), an_action("sql.update", subject=TIM)
    said = {}
    for reason in (RejectedAs.NOT_NEEDED, RejectedAs.SUSPICIOUS):
        answers = empty(world)
        await answers.changed(answered(Verdict.APPROVE, other))
        await answers.changed(answered(Verdict.REJECT, delete, rejected_as=reason))
        said[reason] = answers.of(delete)[0] - answers.of(other)[0]
    assert said[RejectedAs.SUSPICIOUS] > said[RejectedAs.NOT_NEEDED] > 0


async def test_what_nobody_answered_and_what_is_not_settled_says_nothing(world: World) -> None:
    answers = empty(world)
    await answers.changed(replace(a_request(), state=RequestState.REJECTED))
    for state in (RequestState.PENDING, RequestState.APPROVED, RequestState.RELEASED):
        await answers.changed(answered(Verdict.APPROVE, state=state))
    for state in (RequestState.WITHDRAWN, RequestState.EXPIRED):
        await answers.changed(answered(Verdict.APPROVE, state=state))
    assert answers.of(an_action("sql.delete")) == (0, 0)


async def test_a_rejected_statement_is_evidence_of_the_next_one(world: World) -> None:
    client = await world.connect()
    await rejected(world, client)
    assert world.answers.of(an_action("sql.delete"))[1] == 1
    client.held.clear()
    asking = world.asking(client, DELETE_ALL)
    again = await world.stored(await world.held(client))
    outcome = await world.decider.consider(again.action, Circumstances())
    assert outcome.evidence.known is not None
    assert outcome.evidence.known.answers == 1
    await world.requests.withdraw(a_caller(ANA), again.id)
    await asking
    assert world.answers.of(an_action("sql.delete"))[1] == 1


async def test_an_assented_statement_counts_once_it_is_done(world: World) -> None:
    client = await world.connect()
    asking = asyncio.create_task(world.did(client, DELETE_ALL))
    request = await world.held(client)
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    await asking
    assert (await world.stored(request)).state is RequestState.COMPLETED
    assert world.answers.of(an_action("sql.delete"))[1] == 1


async def test_after_a_restart_every_answer_counts_once(world: World) -> None:
    client = await world.connect()
    for _ in range(2):
        await rejected(world, client)
    before = world.answers.of(an_action("sql.delete"))
    again = empty(world)
    await again.recover()
    assert again.of(an_action("sql.delete")) == before
    # What the start itself settled was heard of before the rest was read.
    settled = await world.stored(RequestId(client.held[-1].request))
    again = empty(world)
    await again.changed(settled)
    await again.recover()
    assert again.of(an_action("sql.delete")) == before
