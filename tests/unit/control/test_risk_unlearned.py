"""What is usual for whom, and how it is taken back: forgotten, disowned, found suspicious."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from assent.core.faults import Fault, ForbiddenFault, MissingFault, OutsideFault
from assent.core.ids import LessonId, SessionId
from assent.core.lesson import Aspect, Lesson
from assent.core.plugins import Refused
from assent.core.request import RejectedAs, Verdict
from assent.core.subject import Subject
from builders import (
    ANA,
    BEN,
    CARL,
    DELETE_ALL,
    MINUTE,
    NOON,
    READ,
    TIM,
    Client,
    World,
    a_caller,
    a_subject,
)

OLGA = a_subject("olga", "auditors")


async def reading(world: World, who: Subject = ANA) -> Client:
    """Return a client with an open session that has read the orders."""
    client = await world.connect(who)
    await world.did(client, READ)
    return client


async def worked(world: World, who: Subject = ANA, days: int = 3) -> list[SessionId]:
    """Let somebody read orders on some days; return the sessions."""
    sessions = []
    for _ in range(days):
        client = await reading(world, who)
        await world.sessions.ending.end(client.session, "done")
        await world.learning.flush()
        sessions.append(client.session.session.id)
        world.clock.advance(timedelta(days=1))
    return sessions


async def leaves(world: World) -> list[dict[str, Any]]:
    return [json.loads(stored.leaf) for stored in await world.store.entries(0, 1000)]


async def test_somebody_new_is_compared_with_their_peers(world: World) -> None:
    usual = await world.risk.profile(a_caller(TIM), "tim")
    assert (usual.sessions, usual.days, usual.lessons) == (0, 0, 0)
    assert (usual.first_at, usual.last_at, usual.dimensions) == (None, None, {})
    assert "compared with what their peers do" in usual.confidence_because


async def test_what_is_usual_is_told_with_its_share_the_most_usual_first(world: World) -> None:
    before = world.clock.now()
    await worked(world)
    usual = await world.risk.profile(a_caller(ANA), "ana")
    assert (usual.sessions, usual.days, usual.lessons) == (3, 3, 3)
    assert (usual.first_at, usual.last_at) == (before, before + timedelta(days=2))
    assert usual.dimensions["resource"][0].value == "shop public.orders"
    for values in usual.dimensions.values():
        assert sum(value.share for value in values) <= 100.5
        times = [value.times for value in values]
        assert times == sorted(times, reverse=True)


async def test_of_many_values_the_most_usual_are_shown_and_amounts_as_ranges(
    world: World,
) -> None:
    tools = [Aspect("client", (f"tool {n}", "tool"), times_milli=1000 * n) for n in range(1, 21)]
    amounts = [Aspect("rows", amount=amount) for amount in (0, 5, 1000)]
    step = Aspect("step", ("sql.read",), after="start")
    aspects = (*tools, *amounts, step)
    lesson = Lesson(LessonId("les_1"), ANA.id, None, NOON, ("engineers",), aspects)

    async def lessons(subject: object) -> Sequence[Lesson]:
        return [lesson]

    world.learning.lessons = lessons  # type: ignore[method-assign]
    usual = (await world.risk.profile(a_caller(ANA), "ana")).dimensions
    assert [one.value for one in usual["client"]] == [f"tool {n}" for n in range(20, 12, -1)]
    assert usual["client"][0].share == pytest.approx(100 * 20 / 210, abs=0.1)
    assert {one.value for one in usual["rows"]} == {"0", "3 to 6", "511 to 1022"}
    assert "step" not in usual


async def test_auditors_see_a_profile_and_a_long_name_is_not_echoed(world: World) -> None:
    world.replace_people(OLGA)
    assert (await world.risk.profile(a_caller(OLGA), "ana")).subject == ANA
    with pytest.raises(MissingFault) as caught:
        await world.risk.profile(a_caller(CARL), "x" * 10_000)
    assert len(caught.value.detail) < 200


async def test_forgetting_one_leaves_the_others_and_is_in_the_log(world: World) -> None:
    await worked(world)
    await worked(world, BEN)
    assert await world.risk.forget(a_caller(CARL), "ana") == ANA
    usual = await world.risk.profile(a_caller(ANA), "ana")
    assert (usual.sessions, usual.lessons, usual.dimensions) == (0, 0, {})
    assert (await world.risk.profile(a_caller(BEN), "ben")).sessions == 3
    entry = (await leaves(world))[-1]
    assert (entry["kind"], entry["subject"]) == ("profile.forgotten", CARL.id)
    assert entry["facts"] == {"about": ANA.id}


@pytest.mark.parametrize("who", [ANA, BEN, OLGA])
async def test_only_security_can_make_it_forget(world: World, who: Subject) -> None:
    world.replace_people(OLGA)
    await worked(world)
    with pytest.raises(ForbiddenFault):
        await world.risk.forget(a_caller(who), "ana")
    assert (await world.risk.profile(a_caller(ANA), "ana")).sessions == 3
    assert "profile.forgotten" not in world.journal


async def test_what_was_not_me_is_cut_unlearned_logged_and_raises_what_comes(
    world: World,
) -> None:
    await worked(world)
    mine = await world.connect()
    _, before = await world.decided(world.did(mine, READ))
    thief = await reading(world)
    world.clock.advance(2 * MINUTE)
    await world.learning.flush()
    stolen = thief.session.session.id
    epoch = mine.session.epoch.value
    assert await world.risk.disown(a_caller(ANA), stolen) == 1
    assert (thief.cuts, mine.cuts) == (["ana says that this is not ana"], [])
    assert mine.session.epoch.value > epoch
    entry = (await leaves(world))[-1]
    assert (entry["kind"], entry["subject"]) == ("security.event", ANA.id)
    assert entry["facts"] == {"about": ANA.id, "session": stolen}
    told = (await world.explain.explain(a_caller(ANA), stolen))["entries"]
    assert "security.event" in [one["kind"] for one in told]  # type: ignore[index, union-attr]
    taught = {lesson.session for lesson in await world.learning.lessons(ANA.id)}
    assert stolen not in taught
    _, after = await world.decided(world.did(mine, READ))
    assert after.assessment.odds_mb > before.assessment.odds_mb + 5_000
    measured = {signal.name: signal.reason for signal in after.signals}
    assert measured["security_events"] == "the person said not-me less than an hour ago"


async def test_a_cut_session_teaches_nothing_on_its_way_out(world: World) -> None:
    client = await reading(world)
    await world.risk.disown(a_caller(ANA), client.session.session.id)
    await world.did(client, READ)
    await world.sessions.ending.end(client.session, "it was cut", cut=True)
    await world.learning.flush()
    assert await world.learning.lessons(ANA.id) == []


async def test_a_session_that_is_over_can_be_disowned_too(world: World) -> None:
    sessions = await worked(world)
    assert await world.risk.disown(a_caller(CARL), sessions[1]) == 1
    assert (await world.risk.profile(a_caller(ANA), "ana")).sessions == 2


async def test_auditors_see_a_session_and_cannot_disown_it(world: World) -> None:
    world.replace_people(OLGA)
    client = await reading(world)
    session = client.session.session.id
    faults: list[tuple[Subject, type[Fault]]] = [(TIM, MissingFault), (OLGA, ForbiddenFault)]
    for who, fault in faults:
        with pytest.raises(fault):
            await world.risk.disown(a_caller(who), session)
    assert client.cuts == []
    assert "security.event" not in world.journal
    await world.risk.disown(a_caller(CARL), session)
    assert client.cuts == ["carl says that this is not ana"]


@pytest.mark.parametrize("session", ["", "x" * 10_000])
async def test_a_session_that_never_was_cannot_be_disowned(world: World, session: str) -> None:
    with pytest.raises(MissingFault) as caught:
        await world.risk.disown(a_caller(CARL), SessionId(session))
    assert len(caught.value.detail) < 200


async def test_a_session_is_cut_even_when_the_log_cannot_be_written(world: World) -> None:
    client = await reading(world)
    world.store.refused_kinds = {"security.event"}
    with pytest.raises(OutsideFault):
        await world.risk.disown(a_caller(ANA), client.session.session.id)
    assert client.cuts == ["ana says that this is not ana"]


async def rejected(world: World, client: Client, why: RejectedAs | None) -> str:
    """Let Ben reject what the client asks; return the request."""
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    await world.requests.answer(a_caller(BEN), request, Verdict.REJECT, "is it you?", why)
    await asking
    await world.warnings.ready(ANA.id)
    return request


async def test_a_suspicious_rejection_is_a_warning_and_unlearns_the_session(
    world: World,
) -> None:
    client = await reading(world)
    request = await rejected(world, client, RejectedAs.SUSPICIOUS)
    await world.sessions.ending.end(client.session, "done")
    await world.learning.flush()
    assert await world.learning.lessons(ANA.id) == []
    (event,) = world.warnings.of(ANA.id, world.clock.now())
    assert (event.type, event.source) == ("rejected-as-suspicious", "people")
    (entry,) = [leaf for leaf in await leaves(world) if leaf["kind"] == "security.event"]
    assert entry["subject"] == BEN.id
    assert entry["facts"] == {"about": ANA.id, "request": request}
    told = (await world.explain.explain(a_caller(ANA), request))["entries"]
    assert "security.event" in [one["kind"] for one in told]  # type: ignore[index, union-attr]


@pytest.mark.parametrize("why", [None, RejectedAs.NOT_NEEDED])
async def test_any_other_rejection_is_no_warning(world: World, why: RejectedAs | None) -> None:
    await rejected(world, await reading(world), why)
    assert world.warnings.of(ANA.id, world.clock.now()) == ()


async def test_a_rejection_stands_when_the_warning_cannot_be_kept(world: World) -> None:
    client = await reading(world)
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    world.store.refused_kinds = {"security.event"}
    verdict, why = Verdict.REJECT, RejectedAs.SUSPICIOUS
    with pytest.raises(OutsideFault):
        await world.requests.answer(a_caller(BEN), request, verdict, "", why)
    assert isinstance(await asking, Refused)
    assert (await world.stored(request)).state == "rejected"
