"""Every touch rests on a grant that covers it, and is counted where something is limited."""

from dataclasses import replace
from datetime import timedelta

from assent.control.covering import allowed_until, beginning, covered, describe, paying
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.decision import Deny, Permit, ReasonRemedy
from assent.core.evidence import Evidence
from assent.core.grant import Grant
from assent.core.ids import GrantId
from assent.core.resource import Resource
from assent.core.scope import Budget, Scope, Spent
from builders import ANA, MINUTE, NOON, SHOP, a_grant, an_action

PERMIT = Permit("rev", ("all",))
ORDERS = Touch("sql.read", Operation.READ, Resource("Table", "public.orders"))
PAYMENTS = Touch("sql.delete", Operation.WRITE, Resource("Table", "public.payments"))
ONLY_ORDERS = Scope(resources=frozenset({"public.orders"}))
ONLY_PAYMENTS = Scope(resources=frozenset({"public.payments"}))


def doing(*touches: Touch) -> Action:
    return replace(an_action(), statement=Statement("sql.read", touches, complete=True))


def under(*grants: Grant) -> Evidence:
    return Evidence(NOON, ANA, SHOP, grants=grants)


def of(number: int, **more: object) -> Grant:
    return replace(a_grant(), id=GrantId(f"grt_{number}"), **more)  # type: ignore[arg-type]


def code(action: Action, *grants: Grant, score: int = 0) -> str:
    decision = covered(PERMIT, action, under(*grants), score)
    return decision.code if isinstance(decision, Deny) else "permit"


def test_what_no_grant_covers_is_denied_with_the_command_that_asks_for_it() -> None:
    denial = covered(PERMIT, doing(ORDERS, PAYMENTS), under(of(1, scope=ONLY_ORDERS)), 0)
    assert isinstance(denial, Deny)
    assert denial.code == "outside-grant"
    assert not denial.remedies
    assert "`sql.delete` on Table `public.payments` is outside" in denial.messages[0]
    assert "assent request shop --verbs sql.delete --tables public.payments" in denial.messages[1]


def test_several_grants_cover_together_and_each_touch_needs_one_of_them() -> None:
    both = (of(1, scope=ONLY_ORDERS), of(2, scope=ONLY_PAYMENTS))
    assert code(doing(ORDERS, PAYMENTS), *both) == "permit"
    # Not put together from two: reading payments by the one, deleting orders by the other.
    reading = Scope(resources=frozenset({"public.payments"}), read_only=True)
    writing = Scope(verbs=frozenset({"sql.delete"}), resources=frozenset({"public.orders"}))
    assert code(doing(PAYMENTS), of(1, scope=reading), of(2, scope=writing)) == "outside-grant"


def test_a_denial_for_good_keeps_its_words_and_one_that_asks_gives_way() -> None:
    action, evidence = doing(PAYMENTS), under(of(1, scope=ONLY_ORDERS))
    final = Deny("rev", "forbidden", ("never",))
    assert covered(final, action, evidence, 0) is final
    # Nobody is asked for what would not help.
    asking = Deny("rev", "remedy-needed", ("say why",), remedies=(ReasonRemedy(),))
    denial = covered(asking, action, evidence, 0)
    assert isinstance(denial, Deny)
    assert denial.code == "outside-grant"


def test_a_budget_that_is_used_up_or_does_not_reach_denies() -> None:
    used_up = of(1, budget=Budget(actions=3), spent=Spent(actions=3))
    assert code(doing(ORDERS), used_up) == "budget"
    assert code(doing(ORDERS), of(1, budget=Budget(risk_points=50)), score=51) == "budget"
    assert code(doing(ORDERS), of(1, budget=Budget(risk_points=50)), score=50) == "permit"


def test_what_something_unlimited_covers_costs_nothing() -> None:
    limited = of(1, budget=Budget(actions=3))
    assert paying(doing(ORDERS), (limited, of(2))) == ()
    assert paying(doing(ORDERS, PAYMENTS), (limited, of(2, scope=ONLY_ORDERS))) == (limited,)


def test_of_several_budgets_the_one_that_is_over_first_pays() -> None:
    later = of(1, budget=Budget(actions=3), ends_at=NOON + 60 * MINUTE)
    sooner = of(2, budget=Budget(actions=9), ends_at=NOON + 10 * MINUTE)
    assert paying(doing(ORDERS), (later, sooner)) == (sooner,)


def test_a_clock_starts_only_where_no_other_grant_covers_what_is_done() -> None:
    waiting = of(1, on_first_use=timedelta(hours=1))
    assert beginning(doing(ORDERS), (waiting,)) == (waiting,)
    assert beginning(doing(ORDERS), (waiting, of(2))) == ()


def test_how_long_something_is_allowed_counts_from_the_newest_grant_that_covers_it() -> None:
    old = of(1, starts_at=NOON - 20 * MINUTE)
    new = of(2, starts_at=NOON - 5 * MINUTE, scope=ONLY_ORDERS)
    evidence = under(old, new)
    assert allowed_until(doing(ORDERS), evidence, 10 * MINUTE) == NOON + 5 * MINUTE
    assert allowed_until(doing(PAYMENTS), evidence, 10 * MINUTE) == NOON - 10 * MINUTE
    assert allowed_until(doing(PAYMENTS), under(), 10 * MINUTE) is None


def test_scopes_are_told_in_words() -> None:
    assert describe(Scope()) == "everything"
    assert describe(Scope(read_only=True)) == "reading"
    assert describe(ONLY_ORDERS) == "everything on public.orders"
