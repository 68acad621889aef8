"""Laws of grants: never more than asked, approved or the ceiling; revoked for ever; a union.

The machine lets grants be minted, begun, spent, revoked and expire in any order, and holds what
the real `Grants` says against a model of a few lines.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from assent.control.covering import covering, paying
from assent.control.directory import Directory
from assent.control.events import Events
from assent.control.grants import Grants
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.grant import Grant
from assent.core.ids import ActionId, GrantId, SessionId, SubjectId
from assent.core.ports import Store
from assent.core.resource import Resource
from assent.core.scope import AMOUNTS, Budget, Scope, Spent
from assent.workflow.grant import begin, mint, revoke
from assent.workflow.narrowing import is_within, narrow, terms_of
from assent.workflow.wishes import Wish, details_of, wish_of
from builders import ANA, SHOP, CountingIds, FixedClock

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
NAMES = ("public.orders", "public.carts", "sales.items")
VERBS = ("sql.read", "sql.insert", "sql.update")

spans = st.integers(1, 100_000).map(lambda seconds: timedelta(seconds=seconds))
amounts = st.none() | st.integers(1, 20)
budgets = st.builds(Budget, amounts, amounts, amounts, amounts, amounts)
scopes = st.builds(
    Scope,
    st.frozensets(st.sampled_from(VERBS)),
    st.frozensets(st.sampled_from((*NAMES, "public.*"))),
    st.booleans(),
)
wishes = st.builds(Wish, scopes, budgets, st.booleans())
touches = st.builds(
    lambda verb, name: Touch(
        verb,
        Operation.READ if verb == "sql.read" else Operation.WRITE,
        Resource("Table", name),
    ),
    st.sampled_from(VERBS),
    st.sampled_from(NAMES),
)


def an_action(touch: Touch) -> Action:
    statement = Statement(touch.verb, (touch,), complete=True)
    return Action(ActionId("act_1"), ANA.id, statement, SHOP.id, SessionId("ses_1"))


@given(wishes, spans, spans, st.none() | spans, budgets, st.booleans(), touches)
def test_a_grant_never_exceeds_what_was_asked_approved_or_its_targets_ceiling(
    wish: Wish,
    asked: timedelta,
    permitted: timedelta,
    ceiling: timedelta | None,
    budget: Budget,
    read_only: bool,
    touch: Touch,
) -> None:
    grant = mint(
        GrantId("grt_1"),
        ANA.id,
        SHOP.id,
        NOW,
        asked=asked,
        permitted=permitted,
        ceiling=ceiling,
        wish=wish,
        budget=budget,
        read_only=read_only,
    )
    used = begin(grant, NOW) if wish.first_use else grant
    longest = min(asked, permitted, *(() if ceiling is None else (ceiling,)))
    assert timedelta(0) < used.ends_at - used.starts_at <= longest
    for name in AMOUNTS:
        limits = [most for most in (wish.budget.amounts()[name], budget.amounts()[name]) if most]
        assert grant.budget.amounts()[name] == min(limits, default=None)
    if grant.scope.covers(touch):
        assert wish.scope.covers(touch)
        assert not read_only or touch.operation is Operation.READ
    assert grant.scope.within(wish.scope)


@given(wishes, st.integers(1, 10_000))
def test_a_wish_reads_back_from_the_details_that_people_assent_to(wish: Wish, seconds: int) -> None:
    details = {**details_of(wish), "for_s": str(seconds)}
    assert wish_of(details) == wish
    assert terms_of(details).lasts_for == timedelta(seconds=seconds)


@given(wishes, wishes, spans)
def test_what_was_narrowed_is_within_what_was_asked(
    asked: Wish, offered: Wish, lasts_for: timedelta
) -> None:
    touch = Touch("access.request", Operation.EXECUTE, Resource("Target", "shop"))
    statement = Statement("access.request", (touch,), complete=True)
    details = {**details_of(asked), "for_s": "50000"}
    action = Action(ActionId("act_1"), ANA.id, statement, SHOP.id, details=details)
    terms = replace(terms_of(details_of(offered)), lasts_for=lasts_for)
    try:
        narrowed = narrow(action, terms)
    except ConflictFault:
        return
    assert is_within(terms_of(narrowed.details), terms_of(action.details))
    assert wish_of(narrowed.details).first_use == asked.first_use


@given(st.lists(scopes, max_size=4), touches)
def test_a_touch_is_covered_exactly_when_some_grant_covers_it(
    some: list[Scope], touch: Touch
) -> None:
    grants = [replace(a_grant(number), scope=scope) for number, scope in enumerate(some)]
    found = covering(an_action(touch), grants)
    assert bool(found[0]) == any(scope.covers(touch) for scope in some)


@given(st.lists(st.tuples(scopes, budgets), max_size=4), touches)
def test_nothing_pays_for_what_something_unlimited_covers(
    some: list[tuple[Scope, Budget]], touch: Touch
) -> None:
    grants = [
        replace(a_grant(number), scope=scope, budget=budget)
        for number, (scope, budget) in enumerate(some)
    ]
    covers = [grant for grant in grants if grant.scope.covers(touch)]
    payers = paying(an_action(touch), grants)
    if any(not grant.budget.is_limited for grant in covers):
        assert payers == ()
    else:
        assert len(payers) == min(1, len(covers))
        assert set(payers) <= set(covers)


@given(scopes, scopes, touches)
def test_what_a_scope_within_another_covers_the_other_covers(
    one: Scope, other: Scope, touch: Touch
) -> None:
    if one.within(other) and one.covers(touch):
        assert other.covers(touch)


def a_grant(number: int) -> Grant:
    return Grant(GrantId(f"grt_{number}"), ANA.id, SHOP.id, NOW, NOW + timedelta(hours=1))


class NoStore:
    """Takes everything."""

    async def commit(self, changes: Any, entries: Any) -> None: ...


class GrantsInAnyOrder(RuleBasedStateMachine):
    """What the real `Grants` says of one person's access, against a plain list of grants."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FixedClock(NOW)
        self.grants = Grants(
            store=cast(Store, NoStore()),
            directory=Directory((ANA,), (replace(SHOP, longest_grant_s=5_000),)),
            events=Events(),
            clock=self.clock,
            ids=CountingIds(),
        )
        self.known: dict[GrantId, Grant] = {}
        self.revoked: set[GrantId] = set()

    @rule(wish=wishes, asked=spans, permitted=spans)
    def give(self, wish: Wish, asked: timedelta, permitted: timedelta) -> None:
        grant = self.grants.draft(
            ANA.id, SHOP.id, asked=asked, permitted=permitted, request=None, reason="", wish=wish
        )
        self.grants.take_up(grant)
        self.known[grant.id] = grant

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(sorted(self.known)))
        ended = asyncio.run(self.grants.revoke_by_system(chosen, "it happened"))
        if ended is not None:
            self.known[chosen] = revoke(self.known[chosen], self.clock.now(), None, "it happened")
            self.revoked.add(chosen)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def use(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(sorted(self.known)))
        try:
            begun = begin(self.known[chosen], self.clock.now())
        except ConflictFault:
            return
        self.known[chosen] = begun
        self.grants.begun(begun)

    @precondition(lambda self: self.known)
    @rule(data=st.data(), actions=st.integers(1, 10))
    def spend(self, data: st.DataObject, actions: int) -> None:
        chosen = data.draw(st.sampled_from(sorted(self.known)))
        if self.grants.get(chosen) is None:
            return
        more = Spent(actions=actions)
        self.grants.spend(chosen, more)
        before = self.known[chosen]
        self.known[chosen] = replace(before, spent=before.spent.plus(more))

    @rule(by=spans)
    def wait(self, by: timedelta) -> None:
        self.clock.advance(by)

    @rule()
    def sweep(self) -> None:
        asyncio.run(self.grants.expire(self.clock.now()))

    @precondition(lambda self: self.revoked)
    @rule(data=st.data())
    def take_up_what_was_revoked(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(sorted(self.revoked)))
        self.grants.take_up(replace(self.known[chosen], revoked_at=None))

    @invariant()
    def access_is_the_union_of_what_is_alive(self) -> None:
        now = self.clock.now()
        expected = {grant.id for grant in self.known.values() if grant.gives_access(now)}
        found = self.grants.valid(ANA.id, SHOP.id, now)
        assert {grant.id for grant in found} == expected
        assert self.grants.valid(SubjectId("sub_other"), SHOP.id, now) == []

    @invariant()
    def revoked_is_for_ever(self) -> None:
        found = self.grants.held(ANA.id, SHOP.id, self.clock.now())
        assert not self.revoked & {grant.id for grant in found}

    @invariant()
    def nothing_outlasts_the_ceiling(self) -> None:
        for grant in self.grants.resting(ANA.id, SHOP.id, self.clock.now()):
            if grant.on_first_use is None or grant.began_at is not None:
                began = grant.began_at or grant.starts_at
                assert grant.ends_at - began <= timedelta(seconds=5_000)


TestGrantsInAnyOrder = GrantsInAnyOrder.TestCase
TestGrantsInAnyOrder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_grant_of_no_time_at_all_is_refused() -> None:
    with pytest.raises(ForbiddenFault):
        mint(
            GrantId("grt_1"),
            ANA.id,
            SHOP.id,
            NOW,
            asked=timedelta(hours=1),
            permitted=timedelta(hours=1),
            wish=Wish(until=NOW),
        )
