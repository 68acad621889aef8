"""Reviews of break-glass: by somebody else, in time, and they count."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import ReviewId
from assent.core.request import Verdict
from assent.core.review import ReviewVerdict
from assent.core.subject import Subject, SubjectKind
from builders import (
    ANA,
    BEN,
    CARL,
    DORA,
    MINUTE,
    POLICIES,
    TIM,
    Client,
    World,
    a_caller,
    a_subject,
    a_world,
    asking_to,
    disabled,
    policies,
)
from emergency_world import EMERGENCY, HONOURS, broken, caller_of

DAY = timedelta(days=1)
JUSTIFIED, NOT_JUSTIFIED = ReviewVerdict.JUSTIFIED, ReviewVerdict.NOT_JUSTIFIED
DELEGATE = """
@id("delegate") permit (principal, action == Action::"delegation.give",
  resource == System::"delegations");
"""


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path, EMERGENCY, DELEGATE, honours=HONOURS) as built:
        yield built


async def owed(world: World, subject: Subject = ANA) -> ReviewId:
    return (await broken(world, caller_of(world, subject.name))).reviews[0].id


async def close(
    world: World, who: Subject, review: ReviewId, verdict: ReviewVerdict = JUSTIFIED
) -> None:
    await world.plane.reviews.close(caller_of(world, who.name), review, verdict, "I looked at it")


async def topics(world: World) -> list[str]:
    due = await world.store.due_deliveries(world.clock.now(), limit=1000)
    return sorted({f"{one.topic}{'!' if one.loud else ''}" for one, _ in due})


async def test_somebody_of_the_group_closes_it_and_it_is_in_the_log(world: World) -> None:
    review = await owed(world)
    closed = await world.plane.reviews.close(a_caller(CARL), review, JUSTIFIED, " it was right ")
    assert (closed.verdict, closed.closed_by) == (JUSTIFIED, CARL.id)
    assert (closed.comment, closed.closed_at) == ("it was right", world.clock.now())
    assert world.journal[-1] == "review.closed"
    assert world.warnings.of(ANA.id, world.clock.now()) == ()
    with pytest.raises(ConflictFault, match="was closed"):
        await close(world, CARL, review, NOT_JUSTIFIED)


async def test_who_did_it_never_closes_it_even_as_a_member(world: World) -> None:
    review = await owed(world)
    world.replace_people(a_subject("ana", "engineers", "security"))
    with pytest.raises(ForbiddenFault, match="nobody closes a review of what they did"):
        await close(world, ANA, review)


async def test_their_agents_never_close_it(world: World) -> None:
    review = await owed(world)
    bot = Subject(
        a_subject("bot").id,
        "bot",
        kind=SubjectKind.AGENT,
        on_behalf_of=ANA.id,
        groups=frozenset({"security"}),
    )
    ana = replace(ANA, groups=ANA.groups | {"security"})
    machine = replace(bot, id=a_subject("cron").id, name="cron", on_behalf_of=None)
    world.replace_people(ana, bot, replace(machine, kind=SubjectKind.WORKLOAD))
    for name in ("bot", "cron"):
        with pytest.raises(ForbiddenFault):
            await world.plane.reviews.close(caller_of(world, name), review, JUSTIFIED, "fine")


async def test_a_place_that_comes_from_them_does_not_close_it(world: World) -> None:
    world.replace_people(a_subject("ana", "engineers", "security"))
    review = await owed(world)
    await world.delegating.give(caller_of(world, "ana"), "security", "tim", DAY, "")
    with pytest.raises(MissingFault):
        await close(world, TIM, review)


async def test_a_place_that_comes_from_somebody_else_does(world: World) -> None:
    review = await owed(world)
    await world.delegating.give(a_caller(CARL), "security", "tim", DAY, "")
    await close(world, TIM, review)


async def test_others_neither_see_nor_close_it(world: World) -> None:
    review = await owed(world)
    for who in (TIM, DORA):
        with pytest.raises(MissingFault):
            await close(world, who, review)
        assert await world.plane.reviews.list(a_caller(who), open_only=True) == []
    world.replace_people(a_subject("tim", "auditors"))
    assert await world.plane.reviews.get(caller_of(world, "tim"), review)
    with pytest.raises(ForbiddenFault, match="only people of `security`"):
        await close(world, TIM, review)
    assert await world.plane.reviews.list(a_caller(ANA), open_only=True)


async def test_who_has_left_the_group_or_is_disabled_does_not_close_it(world: World) -> None:
    review = await owed(world)
    for person in (a_subject("carl", "temps"), disabled(CARL)):
        world.replace_people(person)
        with pytest.raises((ForbiddenFault, MissingFault)):
            await world.plane.reviews.close(a_caller(CARL), review, JUSTIFIED, "fine")


async def test_what_was_found_must_be_said(world: World) -> None:
    review = await owed(world)
    for comment in ("", "   ", "x" * 2001):
        with pytest.raises(ConflictFault, match="say what you found"):
            await world.plane.reviews.close(a_caller(CARL), review, JUSTIFIED, comment)


async def test_not_justified_is_a_warning_about_them_in_the_same_commit(world: World) -> None:
    review = await owed(world)
    await close(world, CARL, review, NOT_JUSTIFIED)
    (event,) = world.warnings.of(ANA.id, world.clock.now())
    assert event.type == "rejected-as-suspicious"
    assert review in event.reason
    assert world.journal[-2:] == ["review.closed", "security.event"]
    assert "review.closed!" in await topics(world)


async def test_a_close_that_fails_warns_of_nobody(world: World) -> None:
    review = await owed(world)
    world.store.refused_kinds = {"review.closed"}
    with pytest.raises(Exception, match="store"):
        await close(world, CARL, review, NOT_JUSTIFIED)
    assert world.warnings.of(ANA.id, world.clock.now()) == ()
    assert (await world.store.review(review)).closed_at is None


async def test_reviewers_are_reminded_and_everybody_hears_loudly_once_it_is_overdue(
    world: World,
) -> None:
    review = await owed(world)
    await world.timers.once()
    assert await topics(world) == ["break-glass.taken!"]
    world.clock.advance(DAY / 2)
    await world.timers.once()
    assert await topics(world) == ["break-glass.taken!", "review.reminder"]
    world.clock.advance(DAY / 2)
    await world.timers.once()
    assert "review.overdue!" in await topics(world)
    again = await world.store.due_timers(world.clock.now() + DAY)
    assert [(timer.kind, timer.about) for timer in again] == [("review.overdue", review)]


async def test_nothing_reminds_of_what_is_closed(world: World) -> None:
    review = await owed(world)
    await close(world, CARL, review)
    assert await world.store.due_timers(world.clock.now() + 9 * DAY) == []


async def test_owners_are_those_of_the_target_when_it_was_opened(world: World) -> None:
    world.policies.replace(
        policies(POLICIES, EMERGENCY.replace("1d: security", "2h: owners"), DELEGATE)
    )
    taken = await broken(world, a_caller(ANA))
    (review,) = taken.reviews
    assert (review.group, review.due_at - review.opened_at) == ("dba", timedelta(hours=2))
    assert [person.name for person in world.plane.reviews.reviewers(review)] == ["ben", "dora"]
    own = await broken(world, a_caller(BEN))
    assert [one.name for one in world.plane.reviews.reviewers(own.reviews[0])] == ["dora"]


async def test_each_group_that_is_named_gives_one(world: World) -> None:
    more = EMERGENCY + (
        '@id("also") @review("3d: dba") permit (principal in Group::"engineers", '
        'action == Action::"access.break-glass", resource);'
    )
    world.policies.replace(policies(POLICIES, more))
    taken = await broken(world, a_caller(ANA))
    assert sorted(one.group for one in taken.reviews) == ["dba", "security"]
    assert {one.due_at for one in taken.reviews} == {world.clock.now() + DAY}


async def test_where_no_policy_says_security_looks_within_a_day(world: World) -> None:
    world.policies.replace(policies(POLICIES, EMERGENCY.replace('@review("1d: security")', "")))
    (review,) = (await broken(world, a_caller(ANA))).reviews
    assert (review.group, review.due_at - review.opened_at) == ("security", DAY)


async def test_it_shows_what_was_done_on_the_target_meanwhile(world: World) -> None:
    await world.connect(BEN)
    before = Client()
    await world.connect(ANA, before)
    await world.sessions.ending.end(before.session, "done")
    world.clock.advance(MINUTE)
    review = (await broken(world, a_caller(ANA))).reviews[0]
    during = await world.connect(ANA)
    await world.did(during, asking_to("sql.read", "select 1"))
    await world.did(during, asking_to("sql.insert", "insert"))
    done = await world.plane.reviews.done(review)
    assert [one.id for one in done.sessions] == [during.session.session.id]
    assert done.statements == {during.session.session.id: 3}
    assert done.refused == {during.session.session.id: 0}


async def test_usual_access_is_reviewed_too_where_a_policy_says(world: World) -> None:
    owing = '@id("request") @max_duration("30m") @review("4h: dba")'
    world.policies.replace(policies(POLICIES.replace('@id("request") @max_duration("30m")', owing)))
    await world.access.ask(a_caller(ANA), "shop", None, "", "")
    (review,) = await world.store.reviews(ANA.id)
    assert (review.group, review.due_at - review.opened_at) == ("dba", timedelta(hours=4))
    assert world.journal[-2:] == ["grant.issued", "review.opened"]
    world.replace_people(disabled(BEN), disabled(DORA))
    with pytest.raises(ForbiddenFault, match="nobody but you could review it"):
        await world.access.ask(a_caller(ANA), "shop", None, "", "")
    assert len(await world.store.grants(ANA.id)) == 1


async def test_access_that_people_assented_to_opens_its_review_when_it_is_minted(
    world: World,
) -> None:
    owing = '@id("request-temp") @max_duration("30m") @review("4h: security")'
    usual = '@id("request-temp") @max_duration("30m")'
    world.policies.replace(policies(POLICIES.replace(usual, owing)))
    asked = await world.access.ask(a_caller(TIM), "shop", None, "", "")
    assert await world.store.reviews(TIM.id) == []
    await world.requests.answer(a_caller(BEN), asked.id, Verdict.APPROVE, "")
    (review,) = await world.store.reviews(TIM.id)
    assert review.grant == (await world.stored(asked.id)).grant
