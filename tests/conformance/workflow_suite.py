"""What every store must keep of grants, notices, timers, reviews, keys and policy revisions.

These stand among the expectations of `store_suite`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from assent.core.absence import Absence
from assent.core.changes import (
    BeginGrant,
    Change,
    CloseReview,
    DropTimer,
    EndCredential,
    EndSession,
    MoveSessionEnd,
    PutAbsence,
    PutApproval,
    PutCredential,
    PutDelivery,
    PutDeviceKey,
    PutGrant,
    PutNotice,
    PutPolicyRevision,
    PutRequest,
    PutReview,
    PutSession,
    PutTimer,
    RevokeDeviceKey,
    RevokeGrant,
    SpendGrant,
    UseCredential,
    WithdrawApproval,
)
from assent.core.faults import ConflictFault, OutsideFault
from assent.core.grant import Grant, PlannedText
from assent.core.ids import (
    ApprovalId,
    CredentialId,
    DeviceKeyId,
    GrantId,
    NoticeId,
    RequestId,
    ReviewId,
    SessionId,
    SubjectId,
    TargetId,
)
from assent.core.notice import Delivery
from assent.core.ports import Store
from assent.core.request import Comment, RequestState
from assent.core.review import ReviewVerdict
from assent.core.scope import Budget, Spent
from conformance import store_builders as make
from conformance import workflow_builders as flow
from conformance.store_builders import ANA, BEN, GRANT, HOUR, NOON, PUT_GRANT, PUT_REQUEST, SHOP
from conformance.store_suite import EXPECTATIONS, expected

__all__ = ["EXPECTATIONS"]

SECOND = timedelta(seconds=1)
ONE_ACTION = Spent(actions=1)


@expected
async def a_request_keeps_who_was_asked_and_what_was_said(store: Store) -> None:
    request = replace(
        make.request(),
        asked=(BEN, ANA),
        comments=(Comment(BEN, NOON, "why now?"), Comment(ANA, NOON + SECOND, "\N{SNOWMAN}")),
        ticket_said="open",
        detached=True,
    )
    await store.commit([PutRequest(request)], [])
    assert await store.request(RequestId("req_1")) == request


@expected
async def an_offer_keeps_its_terms_and_its_signature(store: Store) -> None:
    await store.commit([PUT_REQUEST, PutApproval(flow.offer("apr_1"))], [])
    assert await _answers(store) == (flow.offer("apr_1"),)


@expected
async def a_person_answers_each_digest_once(store: Store) -> None:
    given = (make.approval("apr_1"), flow.offer("apr_2"))
    await store.commit([PUT_REQUEST, *map(PutApproval, given)], [])
    with pytest.raises(ConflictFault, match="answered"):
        await store.commit([PutApproval(flow.offer("apr_3"))], [])
    assert await _answers(store) == given


@expected
async def an_answer_is_withdrawn_once_and_is_not_given_again(store: Store) -> None:
    await store.commit([PUT_REQUEST, PutApproval(make.approval("apr_1"))], [])
    withdraw = WithdrawApproval(ApprovalId("apr_1"), NOON + SECOND)
    await store.commit([withdraw], [])
    for change in (
        replace(withdraw, at=NOON + HOUR),
        replace(withdraw, approval=ApprovalId("apr_none")),
        PutApproval(make.approval("apr_2")),
    ):
        with pytest.raises(ConflictFault):
            await store.commit([change], [])
    withdrawn = replace(make.approval("apr_1"), withdrawn_at=NOON + SECOND)
    assert await _answers(store) == (withdrawn,)


async def _answers(store: Store) -> Sequence[object]:
    found = await store.request(RequestId("req_1"))
    assert found is not None
    return found.approvals


@expected
async def a_grant_keeps_all_that_it_is_good_for(store: Store) -> None:
    plain = make.grant("grt_2", starts_at=NOON - HOUR)
    await store.commit([PutGrant(flow.whole_grant()), PutGrant(plain)], [])
    assert await store.grant(GRANT) == flow.whole_grant()
    assert await store.grants(ANA, SHOP) == [flow.whole_grant(), plain]
    assert await store.grants(limit=1) == [flow.whole_grant()]
    assert await store.grant(GrantId("grt_none")) is None


@expected
async def delegations_that_are_valid_are_found_oldest_first(store: Store) -> None:
    old = flow.delegation("grt_old", starts_at=NOON - HOUR)
    new, over = flow.delegation("grt_new"), flow.delegation("grt_over", ends_at=NOON)
    later = flow.delegation("grt_later", starts_at=NOON + SECOND)
    gone = replace(flow.delegation("grt_gone"), revoked_at=NOON)
    every = (new, over, later, old, gone, make.grant())
    await store.commit([PutGrant(each) for each in every], [])
    assert await store.delegations(NOON) == [old, new]
    assert await store.delegations(NOON + SECOND) == [old, new, later]
    assert await store.grant(GrantId("grt_new")) == new
    assert await store.grants(target=SHOP) == [make.grant()]


@expected
async def what_is_spent_adds_up_in_one_commit_and_in_many(store: Store) -> None:
    await store.commit([PutGrant(make.grant())], [])
    once = flow.spend(Spent(1, 2, 30, 400, 5))
    await store.commit([once, once], [])
    await asyncio.gather(*(store.commit([once], []) for _ in range(5)))
    assert await _spent(store) == Spent(7, 14, 210, 2_800, 35)


@expected
async def each_limit_of_a_budget_lets_spend_until_it_is_used_up(store: Store) -> None:
    for name in ("actions", "writes", "rows", "bytes", "risk_points"):
        grant = GrantId(f"grt_{name}")
        limited = replace(make.grant(grant), budget=Budget(**{name: 2}))
        await store.commit([PutGrant(limited)], [])
        spend = SpendGrant(grant, Spent(**{name: 1}))
        await store.commit([spend], [])
        # What was begun before the limit was reached is counted whole.
        await store.commit([replace(spend, more=Spent(**{name: 7}))], [])
        with pytest.raises(ConflictFault, match="used up"):
            await store.commit([replace(spend, more=Spent())], [])
        found = await store.grant(grant)
        assert found is not None
        assert getattr(found.spent, name) == 8


@expected
async def of_many_at_once_no_more_spend_than_the_budget_lets(store: Store) -> None:
    await store.commit([PutGrant(flow.limited_grant(Budget(actions=3)))], [])
    outcomes = await asyncio.gather(
        *(store.commit([flow.spend(ONE_ACTION)], []) for _ in range(8)), return_exceptions=True
    )
    assert [outcome is None for outcome in outcomes].count(True) == 3
    both = [flow.spend(ONE_ACTION, force=True), flow.spend(ONE_ACTION)]
    with pytest.raises(ConflictFault):
        await store.commit(both, [])
    assert await _spent(store) == Spent(actions=3)


@expected
async def what_was_done_is_counted_whatever_the_limits_say(store: Store) -> None:
    await store.commit([PutGrant(flow.limited_grant(Budget(rows=1)))], [])
    await store.commit([RevokeGrant(GRANT, NOON, BEN, "enough")], [])
    for _ in range(2):
        await store.commit([flow.spend(Spent(rows=50), force=True)], [])
    assert await _spent(store) == Spent(rows=100)
    nothing = replace(flow.spend(ONE_ACTION, force=True), grant=GrantId("grt_none"))
    with pytest.raises(ConflictFault, match="does not exist"):
        await store.commit([nothing], [])


@expected
async def nothing_is_spent_of_a_grant_that_is_revoked(store: Store) -> None:
    await store.commit([PUT_GRANT, RevokeGrant(GRANT, NOON, BEN, "enough")], [])
    with pytest.raises(ConflictFault, match="revoked"):
        await store.commit([flow.spend(ONE_ACTION)], [])
    assert await _spent(store) == Spent()


@expected
async def a_planned_text_runs_as_often_as_the_plan_says(store: Store) -> None:
    texts = (PlannedText("sha256:b", 2), PlannedText("sha256:a"))
    await store.commit([PutGrant(flow.plan(*texts))], [])
    run = flow.spend(ONE_ACTION, planned="sha256:b")
    outcomes = await asyncio.gather(
        *(store.commit([run], []) for _ in range(4)), return_exceptions=True
    )
    assert [outcome is None for outcome in outcomes].count(True) == 2
    with pytest.raises(ConflictFault, match="sha256:none"):
        await store.commit([replace(run, planned="sha256:none")], [])
    found = await _grant(store)
    # The action of a run that was refused is not counted either.
    assert (found.spent, found.plan) == (Spent(2), (replace(texts[0], used=2), texts[1]))
    await store.commit([replace(run, force=True)], [])
    assert (await _grant(store)).plan == (replace(texts[0], used=3), texts[1])
    with pytest.raises(ConflictFault):
        await store.commit([replace(run, planned="sha256:none", force=True)], [])


@expected
async def a_text_stands_in_a_plan_once(store: Store) -> None:
    twice = flow.plan(PlannedText("sha256:a"), PlannedText("sha256:a", 5))
    with pytest.raises(ConflictFault):
        await store.commit([PutGrant(twice)], [])
    assert await store.grant(GRANT) is None


@expected
async def a_grant_begins_once_while_it_is_valid(store: Store) -> None:
    gone, late = make.grant("grt_gone"), make.grant("grt_late", starts_at=NOON + HOUR)
    late = replace(late, ends_at=NOON + 2 * HOUR)
    await store.commit([PUT_GRANT, PutGrant(gone), PutGrant(late)], [])
    await store.commit([RevokeGrant(gone.id, NOON, BEN, "no")], [])
    begin = BeginGrant(GRANT, NOON + SECOND, NOON + 2 * HOUR)
    for misfit in (
        replace(begin, at=NOON + HOUR),
        replace(begin, grant=gone.id),
        replace(begin, grant=late.id),
        replace(begin, grant=GrantId("grt_none")),
    ):
        with pytest.raises(ConflictFault, match="begun"):
            await store.commit([misfit], [])
    outcomes = await asyncio.gather(
        *(store.commit([begin], []) for _ in range(3)), return_exceptions=True
    )
    assert [outcome is None for outcome in outcomes].count(True) == 1
    begun = replace(make.grant(), began_at=NOON + SECOND, ends_at=NOON + 2 * HOUR)
    assert await _grant(store) == begun
    assert await store.grants(ANA, valid_at=NOON + HOUR) == [late, begun]


@expected
async def a_revoked_grant_stays_revoked_whatever_comes(store: Store) -> None:
    await store.commit([PutGrant(flow.whole_grant())], [])
    await store.commit([RevokeGrant(GRANT, NOON, BEN, "done")], [])
    later: list[Change] = [
        BeginGrant(GRANT, NOON, NOON + 9 * HOUR),
        PutGrant(flow.whole_grant()),
        RevokeGrant(GRANT, NOON + HOUR, ANA, "again"),
    ]
    for change in later:
        with pytest.raises(ConflictFault):
            await store.commit([change], [])
    revoked = replace(flow.whole_grant(), revoked_at=NOON, revoked_by=BEN, revoked_because="done")
    assert await _grant(store) == revoked
    assert await store.grants(valid_at=NOON) == []


async def _grant(store: Store) -> Grant:
    found = await store.grant(GRANT)
    assert found is not None
    return found


async def _spent(store: Store) -> Spent:
    return (await _grant(store)).spent


@expected
async def a_credential_may_be_without_a_grant(store: Store) -> None:
    of_nothing = replace(make.credential(), grant=None)
    await store.commit([PutCredential(of_nothing)], [])
    assert await store.credentials(ANA, SHOP, NOON) == [of_nothing]


@expected
async def the_end_of_an_open_session_moves(store: Store) -> None:
    one, other = make.session(), make.session("ses_2")
    await store.commit([PUT_GRANT, PutSession(one), PutSession(other)], [])
    await store.commit([EndSession(other.id, NOON, "left")], [])
    moves = [MoveSessionEnd(each.id, NOON + 5 * HOUR) for each in (one, other)]
    await store.commit([*moves, MoveSessionEnd(SessionId("ses_none"), NOON)], [])
    assert await store.session(one.id) == replace(one, ends_at=NOON + 5 * HOUR)
    ended = await store.session(other.id)
    assert ended is not None
    assert ended.ends_at == other.ends_at


@expected
async def a_notice_is_due_at_once_on_each_of_its_channels(store: Store) -> None:
    early, late = (
        flow.put_notice("ntc_1", "mail", "chat", "mail"),
        flow.put_notice("ntc_2", "mail", at=NOON + SECOND),
    )
    await store.commit([late, early], [])
    mail, chat = (Delivery(NoticeId("ntc_1"), name, due_at=NOON) for name in ("mail", "chat"))
    assert await store.due_deliveries(NOON - SECOND) == []
    assert await store.due_deliveries(NOON) == [(early.notice, chat), (early.notice, mail)]
    assert len(await store.due_deliveries(NOON + SECOND)) == 3
    assert await store.due_deliveries(NOON + SECOND, limit=1) == [(early.notice, chat)]


@expected
async def two_notices_of_one_key_are_one(store: Store) -> None:
    first = flow.put_notice("ntc_1", "mail", key="req_1 opened")
    await store.commit([first], [])
    await store.commit([flow.put_notice("ntc_2", "mail", "chat", key="req_1 opened")], [])
    await store.commit([flow.put_notice("ntc_1", "chat")], [])
    no_keys = [flow.put_notice("ntc_3", "mail"), flow.put_notice("ntc_4", "mail")]
    await store.commit(no_keys, [])
    told = [(notice.id, sent.channel) for notice, sent in await store.due_deliveries(NOON)]
    assert told == [("ntc_1", "mail"), ("ntc_3", "mail"), ("ntc_4", "mail")]


@expected
async def a_notice_stands_or_falls_with_its_unit(store: Store) -> None:
    await store.commit([PUT_GRANT], [])
    timer = PutTimer(flow.timer("request.remind"))
    with pytest.raises(ConflictFault):
        await store.commit([flow.put_notice("ntc_1", "mail"), timer, PUT_GRANT], [])
    assert await store.due_deliveries(NOON) == []
    assert await store.due_timers(NOON) == []
    without_id = PutNotice(replace(flow.notice("ntc_2"), id=None), ("mail",))
    with pytest.raises(ConflictFault, match="id"):
        await store.commit([without_id], [])


@expected
async def a_delivery_is_tried_again_done_or_given_up(store: Store) -> None:
    names = [NoticeId(f"ntc_{number}") for number in range(3)]
    puts = [flow.put_notice(name, "chat", at=NOON + n * SECOND) for n, name in enumerate(names)]
    await store.commit(puts, [])
    again = Delivery(names[0], "chat", 1, NOON + HOUR, error="timed out")
    done = Delivery(names[1], "chat", 1, None, NOON + SECOND, reference="1700.1")
    dead = Delivery(names[2], "chat", 9, None, error="no such channel")
    await store.commit([PutDelivery(each) for each in (again, done, dead)], [])
    assert await store.due_deliveries(NOON + 2 * SECOND) == []
    assert await store.due_deliveries(NOON + HOUR) == [(puts[0].notice, again)]
    assert await store.dead_deliveries() == [(puts[2].notice, dead)]
    assert await store.delivered("req_1", "chat") == [done]
    dead_too = replace(dead, notice=names[0])
    await store.commit([PutDelivery(dead_too)], [])
    assert [sent for _, sent in await store.dead_deliveries()] == [dead, dead_too]
    assert [sent for _, sent in await store.dead_deliveries(limit=1)] == [dead]
    with pytest.raises(ConflictFault):
        await store.commit([PutDelivery(Delivery(NoticeId("ntc_none"), "chat"))], [])


@expected
async def what_was_delivered_of_a_thread_is_found_newest_first(store: Store) -> None:
    for number, (thread, channel, reference) in enumerate(
        [("t", "chat", "one"), ("t", "chat", "two"), ("u", "chat", "x"), ("t", "mail", "y")]
    ):
        notice = flow.notice(f"ntc_{number}", thread=thread, at=NOON + number * SECOND)
        sent = Delivery(NoticeId(f"ntc_{number}"), channel, 1, None, NOON + HOUR, reference)
        await store.commit([PutNotice(notice, (channel,)), PutDelivery(sent)], [])
    unsent = flow.notice("ntc_9", thread="t", at=NOON + HOUR)
    await store.commit([PutNotice(unsent, ("chat",))], [])
    found = await store.delivered("t", "chat")
    assert [each.reference for each in found] == ["two", "one"]
    assert await store.delivered("none", "chat") == []


@expected
async def timers_are_due_the_earliest_first_and_are_replaced(store: Store) -> None:
    remind, widen = flow.timer("remind", due_at=NOON + SECOND), flow.timer("widen")
    other = flow.timer("remind", "req_2")
    await store.commit([PutTimer(each) for each in (remind, widen, other)], [])
    assert await store.due_timers(NOON - SECOND) == []
    assert await store.due_timers(NOON) == [widen, other]
    assert await store.due_timers(NOON + SECOND) == [widen, other, remind]
    assert await store.due_timers(NOON + SECOND, limit=1) == [widen]
    await store.commit([PutTimer(flow.timer("widen", due_at=NOON + HOUR))], [])
    assert await store.due_timers(NOON + SECOND) == [other, remind]


@expected
async def timers_are_dropped_one_by_one_or_all_about_a_thing(store: Store) -> None:
    timers = [flow.timer(kind, about) for about in ("req_1", "req_2") for kind in ("a", "b", "c")]
    await store.commit([PutTimer(each) for each in timers], [])
    await store.commit([DropTimer("req_1", "a"), DropTimer("req_1", "none")], [])
    assert await store.due_timers(NOON) == timers[1:]
    await store.commit([DropTimer("req_1"), DropTimer("req_none")], [])
    assert await store.due_timers(NOON) == timers[3:]


@expected
async def the_newest_absence_of_a_person_counts(store: Store) -> None:
    first, other = Absence(ANA, NOON, NOON + HOUR), Absence(BEN, NOON, NOON + 2 * HOUR)
    await store.commit([PutAbsence(other), PutAbsence(first)], [])
    back = replace(first, ends_at=NOON + SECOND)
    await store.commit([PutAbsence(back)], [])
    assert await store.absences() == [back, other]


@expected
async def reviews_are_found_newest_first_and_closed_once(store: Store) -> None:
    old, new = flow.review("rev_1"), flow.review("rev_2", opened_at=NOON + HOUR)
    of_ben = flow.review("rev_3", subject=BEN)
    await store.commit([PutReview(each) for each in (new, old, of_ben)], [])
    close = CloseReview(old.id, ReviewVerdict.NOT_JUSTIFIED, "it did not burn", BEN, NOON + HOUR)
    await store.commit([close], [])
    for misfit in (replace(close, verdict=ReviewVerdict.JUSTIFIED), PutReview(old)):
        with pytest.raises(ConflictFault):
            await store.commit([misfit], [])
    with pytest.raises(ConflictFault, match="does not exist"):
        await store.commit([replace(close, review=ReviewId("rev_none"))], [])
    closed = replace(
        old, verdict=close.verdict, comment=close.comment, closed_by=BEN, closed_at=NOON + HOUR
    )
    assert await store.reviews() == [new, of_ben, closed]
    assert await store.reviews(ANA) == [new, closed]
    assert await store.reviews(ANA, open_only=True) == [new]
    assert await store.reviews(limit=1) == [new]
    assert await store.review(old.id) == closed
    assert await store.review(ReviewId("rev_none")) is None


@expected
async def a_device_key_is_enrolled_once_and_revoked_for_ever(store: Store) -> None:
    old, new = flow.device_key("key_1"), flow.device_key("key_2", enrolled_at=NOON + HOUR)
    of_ben = flow.device_key("key_3", subject=BEN)
    await store.commit([PutDeviceKey(each) for each in (new, old, of_ben)], [])
    stolen = replace(of_ben, id=DeviceKeyId("key_4"), public_key=old.public_key)
    with pytest.raises(ConflictFault, match="enrolled"):
        await store.commit([PutDeviceKey(stolen)], [])
    revoke = RevokeDeviceKey(old.id, NOON + SECOND)
    await store.commit([revoke], [])
    for misfit in (replace(revoke, at=NOON + HOUR), replace(revoke, key=DeviceKeyId("key_none"))):
        with pytest.raises(ConflictFault, match="revoked"):
            await store.commit([misfit], [])
    revoked = replace(old, revoked_at=NOON + SECOND)
    assert await store.device_keys(ANA) == [revoked, new]
    assert await store.device_keys() == [revoked, of_ben, new]
    assert await store.device_keys(SubjectId("sub_none")) == []


@expected
async def a_policy_revision_keeps_its_text_and_the_last_that_was_applied_counts(
    store: Store,
) -> None:
    assert await store.applied_policies() is None
    folder, one, two = flow.policies("r0"), flow.policies("r1", by=ANA), flow.policies("r2", by=BEN)
    for revision in (folder, one, two):
        await store.commit([PutPolicyRevision(revision)], [])
    assert await store.policy_revision("r0") == folder
    assert await store.applied_policies() == two
    # Seen in the folder again, nothing is applied; applied again, it is the newest.
    await store.commit([PutPolicyRevision(replace(one, by=None, sources={"x": ""}))], [])
    assert (await store.applied_policies(), await store.policy_revision("r1")) == (two, one)
    await store.commit([PutPolicyRevision(replace(one, by=BEN, at=NOON + HOUR))], [])
    assert await store.applied_policies() == replace(one, by=BEN)
    await store.commit([PutPolicyRevision(replace(folder, by=ANA))], [])
    assert await store.applied_policies() == replace(folder, by=ANA)
    assert await store.policy_revision("none") is None


@expected
async def a_spending_that_no_number_holds_fails_alone(store: Store) -> None:
    await store.commit([PUT_GRANT], [])
    huge, fits = await asyncio.gather(
        store.commit([flow.spend(Spent(rows=2**70))], []),
        store.commit([flow.spend(ONE_ACTION)], []),
        return_exceptions=True,
    )
    assert isinstance(huge, OutsideFault)
    assert fits is None
    assert await _spent(store) == ONE_ACTION
    assert await store.grants(ANA, TargetId("")) == []


@expected
async def thousands_are_read_in_the_same_order_as_a_few(store: Store) -> None:
    grants = [make.grant(f"grt_{number:04}") for number in range(600)]
    waiting = [make.request(f"req_{number:04}") for number in range(600)]
    await store.commit([*map(PutGrant, grants), *map(PutRequest, waiting)], [])
    assert await store.grants(ANA, SHOP, NOON, limit=599) == grants[:0:-1]
    assert await store.requests([RequestState.PENDING], limit=599) == waiting[:0:-1]


@expected
async def a_credential_that_is_ended_opens_nothing_more(store: Store) -> None:
    await store.commit([PUT_GRANT, PutCredential(make.credential())], [])
    end = EndCredential(CredentialId("crd_1"), NOON + SECOND)
    await store.commit([end], [])
    assert await store.credentials(ANA, SHOP, NOON + SECOND) == []
    for misfit in (end, UseCredential(end.credential, NOON + SECOND)):
        with pytest.raises(ConflictFault):
            await store.commit([misfit], [])
