"""What permits name, as rights: no more than policies would ever let pass, and fast."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.control import privileges
from assent.control.decide import Outcome
from assent.control.live import LiveSession
from assent.control.policies import Policies
from assent.control.privileges import Holdings, SessionPrivileges, holdings_of, privileges_of
from assent.core.action import Action, Statement, Touch
from assent.core.assessment import Assessment, Factor, RiskLevel
from assent.core.decision import Obligation, Permit
from assent.core.evidence import Evidence
from assent.core.faults import OutsideFault
from assent.core.ids import ActionId
from assent.core.resource import Resource, Target
from assent.policy import PolicySet, evaluate, load
from assent.protocols.postgres.catalogue.model import Catalogue, Relation
from builders import FixedClock
from policy_builders import ANA, BEN, NOW, SHOP, SQL

ALL = frozenset("*")
LOW = Assessment(0, RiskLevel.LOW)
GROUPS = frozenset({"engineers", "dba", "security"})
READ = '@id("read") permit (principal, action == Action::"sql.read", resource);'
WRITE = '@id("write") permit (principal, action in [Action::"write"], resource);'
TABLES = (
    ("public.orders", ("id", "item")),
    ("public.customers", ("id", "email", "card")),
    ("audit.events", ("id", "at")),
)
LABELS = {
    "public.customers.card": frozenset({"pci.card"}),
    "public.customers.email": frozenset({"pii.email"}),
}
TARGET = replace(SHOP, labels=LABELS)


def policies(*texts: str) -> PolicySet:
    return load({"a.cedar": "\n".join(texts)}, (SQL,), GROUPS)


def named(
    *texts: str, target: Target = TARGET, assessment: Assessment = LOW, within: str = ""
) -> Mapping[str, Mapping[str, frozenset[str]]]:
    evidence = Evidence(at=NOW, subject=ANA, target=target)
    return privileges_of(policies(*texts), evidence, assessment, TABLES, within=within)


def tables(found: Mapping[str, Mapping[str, frozenset[str]]], verb: str) -> set[str]:
    return {name for name, verbs in found.items() if verb in verbs}


def test_only_what_a_permit_names_is_named() -> None:
    found = named(READ)
    assert tables(found, "sql.read") == {name for name, _ in TABLES}
    assert all(set(verbs) == {"sql.read"} for verbs in found.values())
    assert named('@id("x") permit (principal, action == Action::"sql.session", resource);') == {}
    others = '@id("x") permit (principal in Group::"dba", action, resource);'
    assert named(others) == {}


def test_what_people_may_assent_to_is_named_and_what_is_final_is_not() -> None:
    asks = '@id("a") @require("approve: 1 of dba") forbid (principal, action, resource);'
    final = '@id("f") forbid (principal, action == Action::"sql.delete", resource);'
    found = named(READ, WRITE, asks, final)
    assert tables(found, "sql.read") == {name for name, _ in TABLES}
    assert tables(found, "sql.update") == {name for name, _ in TABLES}
    assert tables(found, "sql.delete") == set()


def test_a_policy_with_an_error_names_nothing() -> None:
    broken = (
        '@id("b") forbid (principal, action, resource) '
        "when { context.risk.score + 9223372036854775807 > 0 };"
    )
    score = Assessment(1, RiskLevel.LOW, (Factor("x", 1, ""),))
    assert named(READ, broken, assessment=score) == {}


def test_a_table_that_is_named_by_itself_is_told_from_the_others() -> None:
    one = '@id("o") permit (principal, action == Action::"sql.read", '
    assert set(named(one + 'resource == Table::"shop/audit.events");')) == {"audit.events"}
    by_name = one + 'resource) when { resource.name == "audit.events" };'
    assert set(named(by_name)) == {"audit.events"}
    by_pattern = one + 'resource) when { resource.name like "public.*" };'
    assert set(named(by_pattern)) == {"public.orders", "public.customers"}
    escaped = one + 'resource == Table::"shop/audit.\\u{65}vents");'
    assert set(named(escaped)) == {"audit.events"}
    compared = one + 'resource) when { "audit.events" == resource.name };'
    assert set(named(compared)) == {"audit.events"}
    bracketed = one + 'resource) when { resource["name"] like "*.orders" };'
    assert set(named(bracketed)) == {"public.orders"}


def test_of_a_table_with_a_label_that_is_refused_the_other_columns_are_named() -> None:
    cards = (
        '@id("c") forbid (principal, action, resource) '
        'when { context.touch.labels.contains("pci") };'
    )
    found = named(READ, WRITE, cards)
    assert found["public.customers"]["sql.read"] == {"id", "email"}
    assert found["public.orders"]["sql.read"] == ALL
    assert found["public.customers"]["sql.update"] == {"id", "email"}
    assert found["public.customers"]["sql.delete"] == ALL


def test_of_a_table_whose_column_is_refused_by_name_the_others_are_named() -> None:
    email = (
        '@id("e") forbid (principal, action == Action::"sql.read", resource) '
        'when { context.touch.columns.contains("email") };'
    )
    found = named(READ, email)
    assert found["public.customers"]["sql.read"] == {"id", "card"}
    assert found["public.orders"]["sql.read"] == ALL


def test_a_permit_to_read_only_names_no_writing() -> None:
    everything = '@id("p") @read_only permit (principal, action, resource);'
    found = named(everything)
    assert all(set(verbs) == {"sql.read"} for verbs in found.values())


def test_what_a_right_is_used_in_is_taken_at_its_mildest() -> None:
    careful = (
        '@id("w") permit (principal, action == Action::"sql.delete", resource) when {'
        " context.statement.has_where && context.session.in_transaction"
        ' && context.statement.kind == "sql.update" && !context.history.first_time };'
    )
    assert tables(named(careful), "sql.delete") == {name for name, _ in TABLES}


def test_the_risk_is_the_one_that_the_session_was_opened_at() -> None:
    low = '@id("l") permit (principal, action, resource) when { context.risk.score < 50 };'
    high = Assessment(60, RiskLevel.HIGH, (Factor("x", 60, ""),))
    assert set(named(low)) == {name for name, _ in TABLES}
    assert named(low, assessment=high) == {}


def test_tables_of_another_database_are_judged_by_their_full_name() -> None:
    one = (
        '@id("o") permit (principal, action == Action::"sql.read", '
        'resource == Table::"shop/archive.public.orders");'
    )
    assert named(one) == {}
    assert set(named(one, within="archive.")) == {"public.orders"}


def test_somebody_who_is_disabled_gets_nothing() -> None:
    evidence = Evidence(at=NOW, subject=replace(ANA, disabled=True), target=TARGET)
    assert privileges_of(policies(READ), evidence, LOW, TABLES) == {}


TEXTS = (
    READ,
    WRITE,
    '@id("l") forbid (principal, action, resource) when { context.touch.labels.contains("pii") };',
    '@id("n") forbid (principal, action, resource) when { resource.name like "a*.e*" };',
    '@id("u") forbid (principal, action, resource == Table::"shop/public.orders");',
    '@id("r") forbid (principal, action, resource) when { resource.labels.contains("hr") };',
    '@id("c") forbid (principal, action, resource) when { context.touch.columns.contains("id") };',
    '@id("q") @require("reason") forbid (principal, action, resource)'
    ' when { context.touch.labels.contains("pci") };',
    '@id("i") permit (principal, action == Action::"sql.insert", resource)'
    ' when { ["id", "item"].containsAll(context.touch.columns) };',
)


@given(
    st.sets(st.sampled_from(TEXTS), min_size=1),
    st.dictionaries(
        st.sampled_from([name for name, _ in TABLES] + ["public", "public.customers.id"]),
        st.frozensets(st.sampled_from(["hr", "pii.x", "pci"]), min_size=1),
    ),
)
def test_judging_alike_tables_once_is_the_same_as_judging_each(
    texts: set[str], labels: dict[str, frozenset[str]]
) -> None:
    chosen = policies(*sorted(texts))
    target = replace(SHOP, labels={**LABELS, **labels})
    evidence = Evidence(at=NOW, subject=ANA, target=target)
    together = privileges_of(chosen, evidence, LOW, TABLES)
    apart = {}
    for table in TABLES:
        apart |= privileges_of(chosen, evidence, LOW, [table])
    assert together == apart
    for name, verbs in together.items():
        for verb, columns in verbs.items():
            for column in columns - ALL:
                assert not is_final(chosen, evidence, verb, name, column)


def is_final(chosen: PolicySet, evidence: Evidence, verb: str, name: str, column: str) -> bool:
    touch = Touch(verb, privileges.OPERATIONS[verb], Resource("Table", name), frozenset({column}))
    statement = Statement(verb, (touch,), complete=True)
    action = Action(ActionId("act_1"), ANA.id, statement, SHOP.id)
    decision = evaluate(chosen, action, evidence, LOW, NOW)
    return not isinstance(decision, Permit) and not decision.remedies


def test_ten_thousand_tables_are_judged_while_somebody_waits() -> None:
    many = tuple((f"s{n % 10}.table_{n}", ("id", "email")) for n in range(10_000))
    labels = {f"{name}.email": frozenset({"pii.email"}) for name, _ in many[::3]}
    evidence = Evidence(at=NOW, subject=ANA, target=replace(SHOP, labels=labels))
    cards = (
        '@id("c") forbid (principal, action, resource) '
        'when { context.touch.labels.contains("pii") || resource.name like "s1.*" };'
    )
    began = time.perf_counter()
    found = privileges_of(policies(READ, WRITE, cards), evidence, LOW, many)
    assert time.perf_counter() - began < 8
    assert found["s0.table_0"]["sql.read"] == {"id"}
    assert found["s2.table_2"]["sql.read"] == ALL
    assert "s1.table_1" not in found


def test_more_than_can_be_judged_is_a_fault_that_says_what_to_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(privileges, "MOST_JUDGED", 2)
    odd = '@id("o") permit (principal, action, resource) when { "x" != resource.name };'
    with pytest.raises(OutsideFault, match="name them by labels or by schema"):
        named(odd)


def test_holdings_are_the_catalogues_relations_by_full_name() -> None:
    catalogue = Catalogue("v1", [Relation(1, "public", "a.b", "r", ("id",))])
    assert holdings_of(catalogue) == Holdings("v1", (('public."a.b"', ("id",)),))


class Asking:
    """A session, and how often it was asked what its database holds."""

    def __init__(self, *texts: str) -> None:
        self.policies = Policies(policies(*texts))
        self.holdings = Holdings("v1", TABLES)
        self.privileges = SessionPrivileges(self.policies, self.held, FixedClock(NOW))

    async def held(self, target: Target, database: str) -> Holdings:
        assert (target.name, database) == ("shop", "shop")
        return self.holdings

    def session(self, subject: Any = ANA, *obliged: Obligation) -> LiveSession:
        evidence = Evidence(at=NOW, subject=subject, target=TARGET)
        opened = Outcome(Permit("r", ()), (), LOW, evidence, cast(Any, "ent_1"))
        session = SimpleNamespace(database="shop", ends_at=NOW + timedelta(minutes=5))
        found = SimpleNamespace(target=TARGET, session=session, opened=opened, obliged=obliged)
        return cast(LiveSession, found)


async def test_a_session_is_told_what_it_is_obliged_to_as_well() -> None:
    asking = Asking(READ)
    obliged = (Obligation("read_only", "", "p"), Obligation("statement_timeout", "30s", "p"))
    found = await asking.privileges.of(asking.session(ANA, *obliged))
    assert (found.read_only, found.timeout) == (True, timedelta(seconds=30))
    assert found.until == NOW + timedelta(minutes=5)
    plain = await asking.privileges.of(asking.session())
    assert (plain.read_only, plain.timeout) == (False, None)


async def test_the_answer_is_kept_as_long_as_nothing_it_rests_on_has_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asking = Asking(READ, '@id("b") forbid (principal in Group::"dba", action, resource);')
    counted = []

    def counting(*arguments: Any, **more: Any) -> Any:
        counted.append(1)
        return privileges_of(*arguments, **more)

    monkeypatch.setattr(privileges, "privileges_of", counting)
    first = await asking.privileges.of(asking.session())
    assert (await asking.privileges.of(asking.session())).tables is first.tables
    assert len(counted) == 1
    assert (await asking.privileges.of(asking.session(BEN))).tables == {}
    asking.holdings = Holdings("v2", TABLES[:1])
    assert set((await asking.privileges.of(asking.session())).tables) == {"public.orders"}
    asking.policies.replace(policies(WRITE))
    changed = await asking.privileges.of(asking.session())
    assert "sql.read" not in changed.tables["public.orders"]
    assert len(counted) == 4


async def test_a_session_that_was_not_decided_on_has_no_rights() -> None:
    asking = Asking(READ)
    live = asking.session()
    live.opened = None
    with pytest.raises(OutsideFault, match="not decided"):
        await asking.privileges.of(live)
