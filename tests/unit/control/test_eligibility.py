"""Who is asked now: exactly those whose answer would count, worked out fast for thousands."""

from dataclasses import replace
from datetime import timedelta

from assent.control.eligibility import Eligibility, open_offers
from assent.core.decision import ApprovalRemedy, Escalation, Quorum
from assent.core.grant import Delegation, Grant, GrantKind
from assent.core.ids import ApprovalId, GrantId, RequestId, SubjectId
from assent.core.request import Approval, Request, RequestState, Verdict
from assent.core.scope import Terms
from assent.core.subject import Subject
from assent.workflow.narrowing import narrow
from builders import (
    ANA,
    BEN,
    CARL,
    DORA,
    MINUTE,
    NOON,
    TIM,
    World,
    a_request,
    a_subject,
    an_action,
)

DBA = ApprovalRemedy(((Quorum(1, "dba"),),))
THEN_SECURITY = ApprovalRemedy(((Quorum(1, "dba"),), (Quorum(1, "security"),)))


def eligibility(world: World) -> Eligibility:
    return Eligibility(directory=world.directory, delegations=world.delegations, clock=world.clock)


def names(people: tuple[Subject, ...]) -> list[str]:
    return [person.name for person in people]


def answer(request: Request, by: Subject, verdict: Verdict = Verdict.APPROVE) -> Approval:
    return Approval(
        ApprovalId(f"apr_{by.name}"), request.id, by.id, verdict, request.action_digest, NOON
    )


def an_access_request() -> Request:
    return a_request(an_action("access.request", session=None, details={"for_s": "7200"}))


async def test_those_are_asked_whose_answer_counts_now(world: World) -> None:
    asking = eligibility(world)
    request = a_request(remedies=(THEN_SECURITY,))
    assert names(asking.asked(request)) == ["ben", "dora"]
    after = replace(request, approvals=(answer(request, BEN),))
    assert names(asking.asked(after)) == ["carl"]
    assert asking.may_answer(CARL.id, after)
    assert not asking.may_answer(CARL.id, request)
    assert not asking.may_answer(SubjectId("sub_gone"), request)


async def test_nobody_is_asked_once_it_is_settled(world: World) -> None:
    settled = a_request(state=RequestState.REJECTED)
    assert eligibility(world).asked(settled) == ()
    assert not eligibility(world).may_answer(BEN.id, settled)


async def test_what_was_worked_out_is_forgotten_when_people_change(world: World) -> None:
    asking, request = eligibility(world), a_request()
    assert names(asking.asked(request)) == ["ben", "dora"]
    world.replace_people(a_subject("ben", "engineers"), a_subject("tim", "dba"))
    assert names(asking.asked(request)) == ["dora", "tim"]


async def test_what_was_worked_out_is_forgotten_when_somebody_is_given_a_place(
    world: World,
) -> None:
    asking, request = eligibility(world), a_request()
    assert asking.inbox(TIM.id, [request]) == []
    grant = Grant(
        GrantId("grt_9"),
        TIM.id,
        None,
        NOON,
        NOON + timedelta(hours=1),
        kind=GrantKind.DELEGATION,
        delegation=Delegation(BEN.id, "dba"),
    )
    world.delegations.take_up(grant)
    assert names(asking.asked(request)) == ["ben", "dora", "tim"]
    assert asking.inbox(TIM.id, [request]) == [request]
    assert asking.is_named(TIM, request)
    await world.delegations.over(grant)
    assert names(asking.asked(request)) == ["ben", "dora"]
    assert asking.inbox(TIM.id, [request]) == []


async def test_further_people_are_asked_once_it_has_waited(world: World) -> None:
    remedy = replace(DBA, escalations=(Escalation(10 * MINUTE, "security"),))
    asking, request = eligibility(world), a_request(remedies=(remedy,))
    assert asking.inbox(CARL.id, [request]) == []
    world.clock.advance(10 * MINUTE)
    assert names(asking.asked(request)) == ["ben", "carl", "dora"]
    assert asking.inbox(CARL.id, [request]) == [request]


async def test_after_the_deadline_it_is_in_no_inbox(world: World) -> None:
    asking, request = eligibility(world), a_request()
    world.clock.advance(15 * MINUTE)
    assert asking.inbox(BEN.id, [request]) == []


async def test_who_offered_is_not_asked_and_may_still_say_yes(world: World) -> None:
    request = an_access_request()
    terms = Terms(10 * MINUTE)
    digest = narrow(request.action, terms).digest()
    offer = replace(answer(request, BEN, Verdict.OFFER), terms=terms, action_digest=digest)
    offered = replace(request, approvals=(offer,))
    asking = eligibility(world)
    assert open_offers(offered) == (offer,)
    assert names(asking.asked(offered)) == ["dora"]
    assert asking.may_answer(BEN.id, offered)
    assert asking.assented(offered) == ()
    taken = replace(offered, action=narrow(request.action, terms), action_digest=digest)
    assert open_offers(taken) == ()
    assert [one.person.name for one in asking.assented(taken)] == ["ben"]


async def test_an_answer_that_was_withdrawn_counts_no_longer(world: World) -> None:
    request = a_request()
    given = replace(answer(request, BEN), withdrawn_at=NOON)
    assert eligibility(world).assented(replace(request, approvals=(given,))) == ()


async def test_whoever_is_named_in_any_stage_may_see_it_and_nobody_else(world: World) -> None:
    asking, request = eligibility(world), a_request(remedies=(THEN_SECURITY,))
    assert [who.name for who in (ANA, BEN, CARL, TIM) if asking.is_named(who, request)] == [
        "ben",
        "carl",
    ]
    assert asking.is_named(DORA, request)


async def test_everybody_finds_their_own_questions_among_ten_thousand(world: World) -> None:
    people = [a_subject(f"p{number}", "engineers", f"team{number % 40}") for number in range(1000)]
    world.replace_people(*people)
    asking = eligibility(world)
    requests = [
        replace(
            a_request(
                an_action("sql.delete", subject=people[number % 1000]),
                remedies=(ApprovalRemedy(((Quorum(1, f"team{number % 40}|dba"),),)),),
            ),
            id=RequestId(f"req_{number}"),
        )
        for number in range(10_000)
    ]
    assert len(asking.inbox(BEN.id, requests)) == 10_000
    # 250 requests of their team, but for those that are their own.
    assert len(asking.inbox(people[3].id, requests)) == 240
