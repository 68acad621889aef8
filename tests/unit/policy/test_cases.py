"""Cases say whether policies do what they are meant to."""

from typing import Any

import pytest

from assent.core.action import Operation, Statement, Touch
from assent.core.faults import OperatorFault
from assent.core.resource import Resource, Target
from assent.policy.case_files import read_cases
from assent.policy.cases import Result, coverage, run
from policy_builders import policies

POLICIES = """
@id("read") @max_duration("10m")
permit (principal in Group::"engineers", action == Action::"sql.read", resource);
@id("delete")
permit (principal in Group::"engineers", action == Action::"sql.delete", resource);
@id("guard") @require("reason; approve: 1 of dba") @message("a DBA must look")
forbid (principal, action == Action::"sql.delete", resource in Environment::"prod");
@id("night")
forbid (principal, action, resource) when { context.time.hour < 6 };
@id("risky") @message("too risky")
forbid (principal, action, resource) when { context.risk.score >= 90 };
@id("outside") @message("not from there")
forbid (principal, action, resource) when { context.network.country == "XX" };
@id("fresh") @require("step-up: 5m")
forbid (principal, action == Action::"access.request", resource);
@id("ask")
permit (principal, action == Action::"access.request", resource);
@id("unused")
permit (principal in Group::"nobody", action, resource);
"""
HEAD = """
[people.ana]
groups = ["engineers"]
[people.ben]
groups = ["dba"]
[people.eve]
disabled = true
[people.bot]
kind = "workload"
groups = ["dba"]
[targets.shop]
environment = "prod"
"""


def read_sql(text: str, target: Target) -> Statement:
    touch = Touch("sql.read", Operation.READ, Resource("Table", f"{target.database}.{text}"))
    return Statement("sql.read", (touch,), complete=True)


def tried(given: str, when: str, then: str) -> Result:
    case = f'[[case]]\nname = "c"\ngiven = {{ {given} }}\nwhen = {{ {when} }}\nthen = {{ {then} }}'
    (result,) = run(read_cases("a.toml", HEAD + case), policies(POLICIES), read_sql)
    return result


READ = 'do = "sql.read", table = "public.orders"'
DELETE = 'do = "sql.delete", table = "public.orders", where = false'
ASK = 'do = "access.request"'


@pytest.mark.parametrize(
    ("given", "when", "then"),
    [
        (
            'who = "ana"',
            READ,
            'answer = "permit", policies = ["read"], obligations = ["max_duration: 10m"]',
        ),
        ('who = "ana"', 'sql = "orders"', 'answer = "permit"'),
        ('who = "ben"', READ, 'answer = "deny", code = "no-permit", policies = []'),
        ('who = "eve"', READ, 'answer = "deny", says = ["disabled"]'),
        ('who = "ana", at = 2026-03-04T03:00:00Z', READ, 'answer = "deny", policies = ["night"]'),
        ('who = "ana", risk = 95', READ, 'answer = "deny", says = ["too risky"]'),
        ('who = "ana", country = "XX"', READ, 'answer = "deny", policies = ["outside"]'),
        (
            'who = "ana"',
            DELETE,
            'answer = "deny", code = "remedy-needed", needs = ["say why", "assent of 1 of dba"]',
        ),
        ('who = "ana", reason = "to clean", approvals = ["ben"]', DELETE, 'answer = "permit"'),
        ('who = "ana", reason = "to clean", approvals = ["bot"]', DELETE, 'answer = "deny"'),
        ('who = "ana"', ASK, 'answer = "deny", policies = ["fresh"]'),
        ('who = "ana", step_up_s = 10', ASK, 'answer = "permit", policies = ["ask"]'),
        ('who = "ana", step_up_s = 900', ASK, 'answer = "deny"'),
    ],
)
def test_a_case_passes_where_the_answer_is_as_expected(given: str, when: str, then: str) -> None:
    assert tried(given, when, then).problems == ()


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ('answer = "deny"', "answer: expected deny\n        found    permit (max_duration: 10m)"),
        ('answer = "permit", policies = ["delete"]', "expected delete\n          found    read"),
        (
            'answer = "permit", obligations = []',
            "expected none\n             found    max_duration: 10m",
        ),
        ('answer = "permit", needs = ["say why"]', "needs: expected say why"),
        ('answer = "permit", says = ["no"]', "says: expected no\n      found    nothing"),
    ],
)
def test_a_case_that_fails_says_what_was_expected_and_what_was_found(then: str, said: str) -> None:
    result = tried('who = "ana"', READ, then)
    assert not result.passed
    assert said in "\n".join(result.problems)


@pytest.mark.parametrize(
    ("given", "when"),
    [
        ('who = "zoe"', READ),
        ('who = "ana", approvals = ["zoe"]', READ),
        ('who = "ana", target = "other"', READ),
        ('who = "ana", risk = 101', READ),
        ('who = "ana", level = "dire"', READ),
        ('who = "ana"', 'do = "sql.read", table = "a", operation = "peek"'),
    ],
)
def test_a_case_about_nothing_that_is_there_is_refused_with_its_place(
    given: str, when: str
) -> None:
    with pytest.raises(OperatorFault, match=r"a\.toml:\d+"):
        tried(given, when, 'answer = "permit"')


def test_coverage_names_the_policies_that_never_settled_a_case() -> None:
    results: list[Any] = [
        tried('who = "ana"', READ, 'answer = "permit"'),
        tried('who = "ana", risk = 95', READ, 'answer = "deny"'),
    ]
    found = coverage(policies(POLICIES), results)
    assert set(found.exercised) == {"read", "risky"}
    assert set(found.never) == {"delete", "guard", "night", "outside", "fresh", "ask", "unused"}
