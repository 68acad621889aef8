"""A plan as an action, and which statements belong to it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from assent.control.plan_actions import (
    Hours,
    PlannedStatement,
    assents_to,
    database_of,
    hours_of,
    normal,
    plan_action,
    planned_texts,
    statement_action,
    text_digest,
    texts_of,
)
from assent.core.action import Action
from assent.core.faults import ConflictFault
from assent.core.ids import ApprovalId
from assent.core.request import Approval, Verdict
from assent.workflow.wishes import window_of
from builders import ANA, BEN, NOON, SHOP, CountingIds, a_request, a_statement, an_action

HOURS = Hours(NOON, NOON + timedelta(hours=2), window_of("mon-fri 22:00-06:00 Europe/Berlin"))
DELETE = "delete from orders"


def plan(*texts: str, times: int = 1) -> Action:
    return plan_action(CountingIds(), ANA.id, SHOP, "shop", texts, HOURS, times)


def test_what_is_proposed_is_read_back_from_the_action() -> None:
    action = plan(f"{DELETE} ;", "-- why\nselect 1")
    assert texts_of(action) == (DELETE, "select 1")
    heading, *rest = action.text.split("\n")
    assert heading == (
        "-- on 'shop', each once, from 2026-03-04T12:00:00Z until 2026-03-04T14:00:00Z, "
        "mon-fri 22:00-06:00 Europe/Berlin"
    )
    assert rest == [f"{DELETE};", "select 1;"]
    assert (hours_of(action), database_of(action)) == (HOURS, "shop")
    assert [touch.verb for touch in action.touches] == ["plan.propose"]
    with pytest.raises(ConflictFault):
        texts_of(an_action())


@pytest.mark.parametrize(
    "text",
    [
        DELETE,
        f"{DELETE};",
        f"\n\t{DELETE} ;\n",
        f"-- one\n-- two\r\n{DELETE}",
        f"/* a /* b */ c */ {DELETE};",
        f"/**/--\n/***/{DELETE}",
    ],
)
def test_blanks_comments_before_and_one_semicolon_do_not_count(text: str) -> None:
    assert normal(text) == DELETE


@pytest.mark.parametrize(
    "text",
    [
        "delete  from orders",
        "Delete from orders",
        f"{DELETE};;",
        f"{DELETE} -- x",
        f"{DELETE} /* x */",
        f"{DELETE}\u00a0",
        f"/* {DELETE}",
        f"/* a /* b */ {DELETE}",
        f"-- {DELETE}",
    ],
)
def test_everything_else_does(text: str) -> None:
    assert text_digest("shop", text) != text_digest("shop", DELETE)


def test_database_and_parameters_count() -> None:
    assert text_digest("archive", DELETE) != text_digest("shop", DELETE)
    assert text_digest("shop", DELETE, ["1"]) != text_digest("shop", DELETE)
    assert text_digest("shop", DELETE, [None]) != text_digest("shop", DELETE, ["None"])


def test_a_text_that_stands_twice_runs_twice_as_often() -> None:
    found = planned_texts(plan(DELETE, "select 1", f"{DELETE};", times=3))
    assert [(text.times, text.used) for text in found] == [(6, 0), (3, 0)]
    assert found[0].digest == text_digest("shop", DELETE)


def test_whatever_is_changed_is_another_action() -> None:
    ids = (CountingIds() for _ in range(9))
    base = plan(DELETE)
    later = replace(HOURS, ends_at=HOURS.ends_at + timedelta(seconds=1))
    others = (
        plan_action(next(ids), ANA.id, SHOP, "shop", (DELETE,), HOURS, 2),
        plan_action(next(ids), ANA.id, SHOP, "archive", (DELETE,), HOURS, 1),
        plan_action(next(ids), ANA.id, SHOP, "shop", (DELETE,), later, 1),
        plan_action(next(ids), BEN.id, SHOP, "shop", (DELETE,), HOURS, 1),
        plan_action(next(ids), ANA.id, SHOP, "shop", (DELETE, "select 1"), HOURS, 1),
    )
    assert len({base.digest(), *(other.digest() for other in others)}) == len(others) + 1


def test_a_statement_is_asked_about_as_what_it_would_be() -> None:
    one = PlannedStatement(DELETE, a_statement("sql.delete"))
    action = statement_action(CountingIds(), plan(DELETE), one, one.statement, "salt")
    assert (action.subject, action.target, action.session) == (ANA.id, SHOP.id, None)
    assert (action.text, action.verb, action.details["database"]) == (DELETE, "sql.delete", "shop")


def test_only_assents_that_stand_and_are_to_this_plan_count_for_its_statements() -> None:
    request = a_request(plan(DELETE))
    good = Approval(
        ApprovalId("apr_1"), request.id, BEN.id, Verdict.APPROVE, request.action_digest, NOON
    )
    others = (
        replace(good, verdict=Verdict.REJECT),
        replace(good, withdrawn_at=NOON),
        replace(good, action_digest="sha256:00"),
    )
    action = an_action("sql.delete", text=DELETE)
    (copied,) = assents_to(action, replace(request, approvals=(*others, good)))
    assert copied == replace(good, action_digest=action.digest())
    assert copied.request == request.id
