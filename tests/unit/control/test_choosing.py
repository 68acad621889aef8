"""Whom to ask: by who is on call, who is away, and who has much to answer already."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from assent.control.choosing import Choosing, Pace
from assent.control.delegations import Delegations
from assent.control.eligibility import Eligibility
from assent.core.decision import ApprovalRemedy, Escalation, Quorum
from assent.core.faults import OutsideFault
from assent.core.grant import Delegation, Grant, GrantKind
from assent.core.ids import GrantId, SubjectId
from assent.core.request import Request
from builders import BEN, CARL, DORA, MINUTE, NOON, TIM, World, a_request, a_world, an_action

TIMS = an_action("sql.delete", subject=TIM)
ONE_DBA = ApprovalRemedy(((Quorum(1, "dba"),),))


@dataclass
class OnCall:
    """Names of whoever is on call, or a fault."""

    names: Sequence[str] = ()
    away: bool = False
    hangs: bool = False
    groups: list[str] = field(default_factory=list)

    async def on_call(self, group: str, at: datetime) -> Sequence[str]:
        self.groups.append(group)
        if self.hangs:
            await asyncio.Event().wait()
        if self.away:
            raise OutsideFault("source-away", "the on-call service cannot be reached")
        return self.names


def choosing(
    world: World,
    *,
    on_call: OnCall | None = None,
    away: tuple[SubjectId, ...] = (),
    questions: Mapping[str, int] | None = None,
) -> Choosing:
    delegations = Delegations(
        store=world.store,  # type: ignore[arg-type]
        directory=world.directory,
        clock=world.clock,
    )
    given = Delegation(DORA.id, "dba")
    delegations.take_up(
        Grant(
            GrantId("grt_d"), CARL.id, None, NOON, NOON + 60 * MINUTE,
            kind=GrantKind.DELEGATION, delegation=given,
        )
    )  # fmt: skip
    return Choosing(
        eligibility=Eligibility(
            directory=world.directory, delegations=delegations, clock=world.clock
        ),
        delegations=delegations,
        directory=world.directory,
        clock=world.clock,
        questions=lambda who: (questions or {}).get(who, 0),
        is_away=lambda who, _now: who in away,
        on_call=on_call,
        within_s=0.02,
    )


def request(*remedies: ApprovalRemedy) -> Request:
    return a_request(TIMS, remedies=remedies or (ONE_DBA,))


async def first(choice: Choosing) -> str:
    return (await choice.further(request(), ()))[0]


async def test_a_delegate_may_be_asked_as_a_member_may(world: World) -> None:
    assert set(choosing(world).able(request())) == {BEN.id, DORA.id, CARL.id}


async def test_who_is_on_call_is_asked_first(world: World) -> None:
    on_call = OnCall(["nobody-we-know", "dora"])
    assert await first(choosing(world, on_call=on_call)) == DORA.id
    assert on_call.groups == ["dba"]


async def test_where_it_is_not_known_who_is_on_call_somebody_is_asked_all_the_same(
    world: World,
) -> None:
    assert await first(choosing(world, on_call=OnCall(away=True))) == BEN.id
    assert await first(choosing(world, on_call=OnCall())) == BEN.id


async def test_a_source_that_hangs_is_waited_for_once_and_then_left_alone(world: World) -> None:
    on_call = OnCall(["dora"], hangs=True)
    choice = choosing(world, on_call=on_call)
    assert (await first(choice), await first(choice)) == (BEN.id, BEN.id)
    assert on_call.groups == ["dba"]
    on_call.hangs = False
    world.clock.advance(timedelta(seconds=15))
    assert await first(choice) == DORA.id


async def test_who_is_away_is_asked_last_but_asked_where_nobody_else_is(world: World) -> None:
    assert await first(choosing(world, away=(BEN.id,))) == CARL.id
    everybody = (BEN.id, CARL.id, DORA.id)
    assert await first(choosing(world, away=everybody)) == BEN.id


async def test_who_has_fewer_questions_open_is_asked_first(world: World) -> None:
    questions = {BEN.id: 2, CARL.id: 2, DORA.id: 1}
    assert await first(choosing(world, questions=questions)) == DORA.id


async def test_further_groups_come_in_at_their_time(world: World) -> None:
    remedy = replace(ONE_DBA, escalations=(Escalation(10 * MINUTE, "security"),))
    asking, choice = request(remedy), choosing(world)
    assert choice.needed(asking) == ("assent of 1 of dba, or of security after 10 min",)
    world.clock.advance(10 * MINUTE)
    assert choice.needed(asking) == ("assent of 1 of dba or security",)
    assert await choice.further(asking, (), group="security") == (CARL.id,)


async def test_several_demands_are_asked_together_and_nobody_twice(world: World) -> None:
    both = request(ONE_DBA, ApprovalRemedy(((Quorum(1, "security"),),)))
    choice = choosing(world)
    assert choice.stages(both) == (0, 0)
    chosen = await choice.further(both, ())
    assert len(chosen) == len(set(chosen))
    assert {BEN.id, CARL.id} <= set(chosen)


def test_a_reminder_comes_after_twice_the_time_each() -> None:
    pace, asking = Pace(), request()
    at = [pace.reminds_at(asking, NOON + after * MINUTE) - NOON for after in (0, 4, 5, 9, 10, 25)]
    assert at == [5 * MINUTE, 5 * MINUTE, 10 * MINUTE, 10 * MINUTE, 20 * MINUTE, 40 * MINUTE]


@pytest.mark.parametrize(("lasts", "after"), [(60, 20), (900, 120), (36_000, 120)])
def test_more_are_asked_after_a_third_of_a_short_hold(lasts: int, after: int) -> None:
    short = replace(request(), deadline_at=NOON + timedelta(seconds=lasts))
    assert Pace().widens_after(short) == timedelta(seconds=after)


async def test_a_person_on_call_for_two_groups_has_their_best_turn(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        both = request(ApprovalRemedy(((Quorum(1, "dba|security"),),)))
        on_call = OnCall(["dora", "ben"])
        chosen = await choosing(world, on_call=on_call).further(both, ())
        assert chosen[0] == DORA.id
        assert on_call.groups == ["dba", "security"]
