"""No order of questions, offers, answers, delegations and changes of mind gives too much.

One control plane on a real store. Whatever people do, and in whatever order: a live grant of
access is within what was asked, and rests on two people who are independent of who asked.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from assent.core.assenting import is_member
from assent.core.faults import Fault
from assent.core.grant import Grant
from assent.core.ids import RequestId
from assent.core.request import Request, Verdict
from assent.core.scope import Budget, Scope, Terms
from assent.core.subject import Subject
from assent.workflow.narrowing import is_within, terms_of
from builders import MINUTE, POLICIES, SHOP, World, a_caller, a_subject, a_world, policies

RULES = policies(
    POLICIES.replace("approve: 1 of dba", "approve: 2 of dba")
    + """
@id("delegate") @max_duration("2d")
permit (principal, action == Action::"delegation.give", resource == System::"delegations");
"""
)
# Everybody is a temp, who must ask, and some are DBAs, who may be asked.
NAMES = ("tim", "ben", "dora", "eve", "ina")
DBAS = frozenset({"tim", "ben", "dora", "eve"})
OFFERS = (
    Terms(5 * MINUTE),
    Terms(scope=Scope(read_only=True)),
    Terms(10 * MINUTE, Scope(read_only=True), Budget(writes=3)),
    Terms(timedelta(days=3)),
)
WHO = st.sampled_from(NAMES)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("approve"), WHO, WHO),
        st.tuples(st.just("approve"), st.sampled_from(("ben", "dora")), WHO),
        st.tuples(st.just("offer"), st.sampled_from(("ben", "dora")), st.just(0)),
        st.tuples(st.just("accept"), st.just("tim"), WHO),
        st.tuples(st.just("offer"), WHO, st.sampled_from(range(len(OFFERS)))),
        st.tuples(st.just("accept"), WHO, WHO),
        st.tuples(st.just("retract"), WHO, WHO),
        st.tuples(st.just("delegate"), WHO, WHO),
        st.tuples(st.just("undo"), WHO, WHO),
        st.tuples(st.just("leave"), WHO, WHO),
        st.tuples(st.just("join"), WHO, WHO),
    ),
    min_size=6,
    max_size=20,
)


@dataclass
class Stage:
    """A world with a loop of its own, kept for all examples."""

    runner: asyncio.Runner
    world: World


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One store for all examples: making one costs more than an example."""
    with asyncio.Runner() as runner:
        building = a_world(tmp_path_factory.mktemp("world"))
        built = Stage(runner, runner.run(building.__aenter__()))
        built.world.policies.replace(RULES)
        yield built
        runner.run(building.__aexit__(None, None, None))


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_what_is_granted_is_what_was_asked_or_less_and_rests_on_two_others(
    stage: Stage, steps: list[tuple[str, str, str | int]]
) -> None:
    async def example() -> None:
        async with asyncio.timeout(20):
            await _play(stage.world, steps)

    stage.runner.run(example())


async def _play(world: World, steps: list[tuple[str, str, str | int]]) -> None:
    world.replace_people(
        *(a_subject(name, "temps", *(("dba",) if name in DBAS else ())) for name in NAMES)
    )
    asked = await world.access.ask(a_caller(_person(world, "tim")), "shop", 20 * MINUTE, "", "")
    try:
        for what, who, other in steps:
            before = _grants(world)
            with suppress(Fault):  # What is refused has changed nothing.
                await _step(world, asked, what, who, other)
            for grant in _grants(world):
                _check(asked, grant)
            if len(_grants(world)) > len(before):
                event(f"granted by {what}")
                _rests_on_two_others(world, await world.stored(asked.id))
    finally:
        await _end(world, asked.id)


async def _step(world: World, asked: Request, what: str, who: str, other: str | int) -> None:
    caller, request = a_caller(_person(world, who)), asked.id
    match what, other:
        case "approve", _:
            await world.requests.answer(caller, request, Verdict.APPROVE, "")
        case "offer", int(number):
            await world.offers.offer(caller, request, OFFERS[number], "")
        case "accept", _:
            offers = (await world.stored(request)).approvals
            chosen = [one.id for one in offers if one.terms][-1:] or [None]
            await world.offers.accept(caller, request, chosen[0])
        case "retract", _:
            await world.retracting.retract(caller, request)
        case "delegate", str(name):
            await world.delegating.give(caller, "dba", name, timedelta(hours=1), "")
        case "undo", _:
            for grant in world.delegations.about(caller.subject.id, world.clock.now()):
                await world.grants.revoke(caller, grant.id, "no more")
        case "leave", _:
            world.replace_people(replace(caller.subject, groups=frozenset({"temps"})))
        case "join", _:
            world.replace_people(replace(caller.subject, groups=frozenset({"temps", "dba"})))
        case _:
            raise AssertionError(what)


def _check(asked: Request, grant: Grant) -> None:
    question = terms_of(asked.action.details)
    given = Terms(grant.ends_at - grant.starts_at, grant.scope, grant.budget)
    assert is_within(given, question)
    assert grant.revoked_at is None


def _rests_on_two_others(world: World, request: Request) -> None:
    """Two distinct authorities, neither of them the requester, said yes to exactly this."""
    now, requester = world.clock.now(), request.action.subject
    voters = {
        answer.approver
        for answer in request.approvals
        if answer.verdict is not Verdict.REJECT
        and answer.withdrawn_at is None
        and answer.action_digest == request.action.digest()
    }
    assert requester not in voters
    authorities = {who for who in voters if is_member(world.directory.subject(who), "dba")}
    authorities |= {one.by for who in voters for one in world.delegations.of(who, now)}
    assert len(voters) >= 2
    assert len(authorities - {requester}) >= 2


def _grants(world: World) -> list[Grant]:
    return world.grants.valid(_person(world, "tim").id, SHOP.id, world.clock.now())


def _person(world: World, name: str) -> Subject:
    found = world.directory.subject_named(name)
    assert found is not None
    return found


async def _end(world: World, request: RequestId) -> None:
    """Leave nothing behind for the next example."""
    with suppress(Fault):
        await world.requests.withdraw(a_caller(_person(world, "tim")), request)
    for grant in _grants(world):
        await world.grants.revoke_by_system(grant.id, "the example is over")
    for name in NAMES:
        person = _person(world, name)
        for grant in world.delegations.about(person.id, world.clock.now()):
            with suppress(Fault):
                await world.grants.revoke(a_caller(person), grant.id, "the example is over")
