"""Unit tests of workflow/narrowing.py."""

from datetime import timedelta

import pytest

from assent.core.action import Action, Operation, Statement, Touch
from assent.core.faults import ConflictFault
from assent.core.ids import ActionId, SubjectId, TargetId
from assent.core.resource import Resource
from assent.core.scope import Budget, Scope, Terms
from assent.workflow.narrowing import (
    budget_of,
    budget_text,
    describe_terms,
    narrow,
    terms_of,
)

HALF_AN_HOUR = timedelta(minutes=30)


def asking(verb: str = "access.request", **details: str) -> Action:
    touch = Touch(verb, Operation.EXECUTE, Resource("Target", "shop"))
    return Action(
        ActionId("act_1"),
        SubjectId("sub_ana"),
        Statement(verb, (touch,), True),
        TargetId("tgt_shop"),
        details=details,
        salt="salt",
    )


def test_an_offer_replaces_what_it_names_and_leaves_the_rest() -> None:
    asked = asking(for_s="7200", resources="public.orders public.items", window="mon-fri")
    terms = Terms(HALF_AN_HOUR, Scope(resources=frozenset({"public.orders"}), read_only=True))
    narrowed = narrow(asked, terms)
    assert narrowed.details == {
        "for_s": "1800",
        "resources": "public.orders",
        "read_only": "true",
        "window": "mon-fri",
    }
    assert narrowed.digest() != asked.digest()


def test_where_no_duration_was_asked_for_any_is_less() -> None:
    assert narrow(asking(), Terms(HALF_AN_HOUR)).details == {"for_s": "1800"}


@pytest.mark.parametrize(
    ("details", "terms", "said"),
    [
        ({"for_s": "60"}, Terms(HALF_AN_HOUR), "its duration"),
        ({"verbs": "sql.read"}, Terms(scope=Scope(frozenset({"sql.delete"}))), "what it covers"),
        (
            {"resources": "sales.*"},
            Terms(scope=Scope(resources=frozenset({"public.orders"}))),
            "what it covers",
        ),
        ({"budget": "rows 10"}, Terms(budget=Budget(rows=11)), "its rows"),
        ({}, Terms(timedelta(milliseconds=1)), "its duration"),
        ({}, Terms(budget=Budget(writes=0)), "its writes"),
        ({}, Terms(scope=Scope(frozenset({"sql.read sql.delete"}))), "what it covers"),
    ],
)
def test_an_offer_is_never_more_than_was_asked_for(
    details: dict[str, str], terms: Terms, said: str
) -> None:
    with pytest.raises(ConflictFault, match=said):
        narrow(asking(**details), terms)


def test_an_offer_of_all_that_was_asked_for_is_none() -> None:
    with pytest.raises(ConflictFault, match="no less"):
        narrow(asking(for_s="1800"), Terms(HALF_AN_HOUR))


def test_a_table_may_be_taken_out_of_a_schema_that_was_asked_for() -> None:
    terms = Terms(scope=Scope(resources=frozenset({"sales.orders"})))
    assert narrow(asking(resources="sales.*"), terms).details == {"resources": "sales.orders"}


def test_a_statement_is_one_exact_action_and_cannot_be_narrowed() -> None:
    with pytest.raises(ConflictFault, match="only a request for access"):
        narrow(asking("sql.delete"), Terms(HALF_AN_HOUR))


def test_a_budget_reads_as_it_is_written() -> None:
    budget = Budget(writes=5, rows=1000, risk_points=200)
    assert budget_text(budget) == "writes 5, rows 1000, risk_points 200"
    assert budget_of(budget_text(budget)) == budget
    assert budget_of("") == Budget()


@pytest.mark.parametrize("text", ["writes", "writes 0", "writes 5, writes 6", "cows 3", "rows -1"])
def test_a_budget_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ConflictFault, match="no part of a budget"):
        budget_of(text)


def test_a_duration_that_is_no_number_is_refused() -> None:
    with pytest.raises(ConflictFault, match="seconds"):
        terms_of({"for_s": "soon"})


def test_terms_are_said_in_words() -> None:
    terms = Terms(
        HALF_AN_HOUR,
        Scope(frozenset({"sql.read"}), frozenset({"public.orders"}), read_only=True),
        Budget(risk_points=20),
    )
    assert describe_terms(terms) == (
        "for 30 min",
        "read-only",
        "only sql.read",
        "only on public.orders",
        "at most 20 risk points",
    )
    assert describe_terms(Terms(timedelta(seconds=90))) == ("for 90 s",)
