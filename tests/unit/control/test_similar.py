"""What stands around a request: the last deeds of its session, and how the same went before."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

from assent.control.similar import MOST_DEEDS, Before, done_in, the_same
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.effect import (
    UNSAID,
    Effect,
    EffectFilter,
    EffectOutcome,
    EffectPage,
    EffectPosition,
)
from assent.core.ids import ActionId, EntryId, RequestId, SessionId, SubjectId, TargetId
from assent.core.ports import Store
from assent.core.resource import Resource
from builders import NOON

ANA, BEN = SubjectId("sub_ana"), SubjectId("sub_ben")
THIS = RequestId("req_this")


@dataclass
class Index:
    """Answers every question with these, newest first, and keeps what it was asked."""

    found: Sequence[Effect] = ()
    more: bool = False
    asked: list[EffectFilter] = field(default_factory=list)

    async def effects(
        self, wanted: EffectFilter, before: EffectPosition | None = None, limit: int = 100
    ) -> EffectPage:
        self.asked.append(wanted)
        fits = [
            one
            for one in self.found
            if wanted.subject in (None, one.subject) and wanted.but != one.subject
        ]
        return EffectPage(fits[:limit], EffectPosition(NOON, 0) if self.more else None)


def store(index: Index) -> Store:
    return cast(Store, index)


def effect(
    number: int,
    outcome: EffectOutcome = EffectOutcome.PERMITTED,
    *,
    subject: SubjectId = ANA,
    resource: str = "public.orders",
    request: str = "",
    rows: int | None = 1,
    at: datetime = NOON,
) -> Effect:
    return Effect(
        place=number,
        at=at - timedelta(minutes=number),
        entry=EntryId(f"ent_{number}"),
        subject=subject,
        verb="sql.delete",
        operation="write",
        kind="Table",
        resource=resource,
        outcome=outcome,
        score=5,
        request=RequestId(request) if request else None,
        rows=rows,
    )


def delete(*touches: Touch) -> Action:
    return Action(
        id=ActionId("act_1"),
        subject=ANA,
        statement=Statement("sql.delete", touches, complete=True),
        target=TargetId("tgt_shop"),
    )


ORDERS = Touch("sql.delete", Operation.WRITE, Resource("Table", "public.orders"))
READ = Touch("sql.read", Operation.READ, Resource("Table", "public.late"))


async def test_what_an_action_touched_is_one_deed_and_the_request_itself_is_none() -> None:
    both = [
        replace(effect(3), resource="public.customers"),
        effect(3),
    ]
    index = Index([effect(1, request=THIS), effect(2, rows=UNSAID), *both])
    deeds = await done_in(store(index), SessionId("ses_1"), THIS)
    assert [deed.resources for deed in deeds] == [
        ("public.orders",),
        ("public.orders", "public.customers"),
    ]
    assert [deed.rows for deed in deeds] == [None, 1]
    assert index.asked == [EffectFilter(session=SessionId("ses_1"))]


async def test_only_the_last_deeds_are_shown() -> None:
    index = Index([effect(number) for number in range(40)])
    deeds = await done_in(store(index), SessionId("ses_1"))
    assert len(deeds) == MOST_DEEDS
    assert deeds[0].at > deeds[-1].at


async def test_the_same_is_counted_for_the_person_and_for_everybody_else() -> None:
    index = Index(
        [
            effect(1, EffectOutcome.HELD, request=THIS),
            effect(2),
            effect(2),
            effect(3, EffectOutcome.RELEASED, request="req_3"),
            effect(4, EffectOutcome.REFUSED, subject=BEN, request="req_4"),
            effect(5, EffectOutcome.DENIED, subject=BEN),
        ]
    )
    past = await the_same(store(index), delete(READ, ORDERS), NOON, THIS)
    assert past is not None
    assert (past.verb, past.resource) == ("sql.delete", "public.orders")
    assert past.own == Before(unasked=1, assented=1)
    assert past.others == Before(refused=2)
    assert [one.request for one in past.requests] == ["req_3", "req_4"]
    assert {asked.since for asked in index.asked} == {NOON - timedelta(days=90)}
    assert {asked.target for asked in index.asked} == {"tgt_shop"}


async def test_more_than_was_counted_is_said_to_be_more() -> None:
    past = await the_same(store(Index([effect(1)], more=True)), delete(ORDERS), NOON, THIS)
    assert past is not None
    assert past.own.at_least
    assert past.own.total == 1


async def test_what_touches_nothing_has_no_past() -> None:
    index = Index()
    assert await the_same(store(index), delete(), NOON, THIS) is None
    assert index.asked == []
