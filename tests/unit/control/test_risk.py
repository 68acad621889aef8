"""Risk: what people may ask of the engine, and what they may make it forget."""

import json

import pytest

from assent.core.entry import EntryKind
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault, OutsideFault
from assent.core.ids import SessionId
from builders import ANA, BEN, CARL, NOON, OFFICE, READ, Client, World, a_caller


async def a_session(world: World) -> Client:
    """Return a client whose session taught something and has ended."""
    client = await world.connect(address=OFFICE)
    await world.did(client, READ)
    await world.sessions.ending.end(client.session, "done")
    await world.learning.flush()
    return client


async def kinds(world: World) -> list[str]:
    return [json.loads(one.leaf)["kind"] for one in await world.store.entries(limit=1_000)]


async def test_a_score_is_explained_as_it_was_made_and_as_it_is_made_again(world: World) -> None:
    client = await world.connect(address=OFFICE)
    action, outcome = await world.decided(world.did(client, READ))
    for about in (outcome.entry, action.id):
        found = await world.risk.explain(a_caller(ANA), about)
        assert (found.action, found.entry, found.verb) == (action.id, outcome.entry, "sql.read")
        assert found.assessment == outcome.assessment
        assert (found.replayed_score, found.replayed_same) == (outcome.assessment.score, True)
        assert found.permitted


async def test_what_is_not_theirs_or_was_never_decided_is_explained_to_nobody(
    world: World,
) -> None:
    client = await world.connect(address=OFFICE)
    action, outcome = await world.decided(world.did(client, READ))
    for about in (outcome.entry, action.id):
        with pytest.raises(MissingFault):
            await world.risk.explain(a_caller(BEN), about)
        assert (await world.risk.explain(a_caller(CARL), about)).action == action.id
    for about in ("act_none", "ent_none", "req_none", ""):
        with pytest.raises(MissingFault):
            await world.risk.explain(a_caller(ANA), about)
    opened = (await world.store.entries(limit=1_000))[0]
    with pytest.raises((MissingFault, ConflictFault)):
        await world.risk.explain(a_caller(CARL), json.loads(opened.leaf)["id"])


async def test_a_profile_says_what_is_normal_and_from_how_much(world: World) -> None:
    empty = await world.risk.profile(a_caller(ANA), "ana")
    assert (empty.sessions, empty.lessons, empty.first_at, empty.dimensions) == (0, 0, None, {})
    await a_session(world)
    found = await world.risk.profile(a_caller(ANA), "ana")
    assert (found.sessions, found.days, found.lessons) == (1, 1, 1)
    assert (found.first_at, found.last_at) == (NOON, NOON)
    assert found.dimensions["network"][0].value == OFFICE
    assert found.dimensions["network"][0].share == 100
    assert "1 session seen" in found.confidence_because


async def test_a_profile_is_for_its_person_and_overseers_alone(world: World) -> None:
    assert (await world.risk.profile(a_caller(CARL), "ana")).subject == ANA
    for name in ("ana", "nobody"):
        with pytest.raises(MissingFault, match=f"there is no person `{name}` for you"):
            await world.risk.profile(a_caller(BEN), name)


async def test_only_security_makes_it_forget_and_the_log_says_so(world: World) -> None:
    await a_session(world)
    with pytest.raises(ForbiddenFault):
        await world.risk.forget(a_caller(ANA), "ana")
    assert await world.store.profile(ANA.id) is not None
    await world.risk.forget(a_caller(CARL), "ana")
    assert await world.store.profile(ANA.id) is None
    assert (await world.risk.profile(a_caller(ANA), "ana")).sessions == 0
    assert (await kinds(world))[-1] == EntryKind.PROFILE_FORGOTTEN


async def test_nothing_is_forgotten_that_the_log_cannot_take(world: World) -> None:
    await a_session(world)
    world.store.away = True
    with pytest.raises(OutsideFault):
        await world.risk.forget(a_caller(CARL), "ana")
    assert await world.store.profile(ANA.id) is not None


async def test_a_session_that_was_not_its_persons_is_cut_unlearned_and_a_warning(
    world: World,
) -> None:
    client = await a_session(world)
    live = await world.connect(address="203.0.113.9")
    await world.did(live, READ)
    for one in (client, live):
        await world.risk.disown(a_caller(ANA), one.session.session.id)
    assert len(live.cuts) == 1
    assert client.cuts == []
    await world.did(live, READ)
    await world.sessions.ending.end(live.session, "cut", cut=True)
    await world.learning.flush()
    assert await world.learning.lessons(ANA.id) == []
    (first, second) = world.warnings.of(ANA.id, NOON)
    assert {first.type, second.type} == {"not-me"}
    assert (await kinds(world)).count(EntryKind.SECURITY_EVENT) == 2


async def test_disowning_tells_how_many_lessons_were_taken_back(world: World) -> None:
    client = await a_session(world)
    assert await world.risk.disown(a_caller(CARL), client.session.session.id) == 1
    assert await world.risk.disown(a_caller(CARL), client.session.session.id) == 0


async def test_a_session_is_disowned_by_its_person_or_security_alone(world: World) -> None:
    client = await a_session(world)
    session = client.session.session.id
    for who, about in ((BEN, session), (ANA, SessionId("ses_none"))):
        with pytest.raises(MissingFault):
            await world.risk.disown(a_caller(who), about)
    assert len(await world.learning.lessons(ANA.id)) == 1
    assert (await kinds(world)).count(EntryKind.SECURITY_EVENT) == 0
