"""Who `owners`, `manager` and `sponsor` are."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from assent.core.action import Operation, Touch
from assent.core.decision import ApprovalRemedy, Escalation, Quorum, ReasonRemedy, Remedy
from assent.core.evidence import Evidence
from assent.core.ids import SubjectId
from assent.core.resource import Resource
from assent.core.subject import SubjectKind
from assent.policy.people import MissingPeople, owners_of, resolved
from assent.policy.requirement import parse_escalations, parse_requirement
from policy_builders import ANA, SHOP, action, evidence, touch

OWNED = replace(
    SHOP,
    resource_owners={
        "public.customers": frozenset({"crm"}),
        "sales.*": frozenset({"sales"}),
        "sales.salaries": frozenset({"hr"}),
        "public.nobodys": frozenset(),
    },
)
OWNERS = parse_requirement("approve: 1 of owners")
MANAGER = parse_requirement("approve: 1 of manager")
LED = replace(ANA, reports_to=(SubjectId("sub_moe"), SubjectId("sub_top")))


def groups(
    remedies: Sequence[Remedy], *touches: Touch, facts: Evidence | None = None, **details: str
) -> list[str]:
    facts = facts or replace(evidence(), target=OWNED)
    found = resolved(remedies, touches, action(*touches, details=details), facts)
    return [
        quorum.group
        for remedy in found
        if isinstance(remedy, ApprovalRemedy)
        for stage in remedy.stages
        for quorum in stage
    ]


@pytest.mark.parametrize(
    ("name", "owners"),
    [
        ("public.customers", "crm"),
        ("public.orders", "dba|platform"),
        ("public.nobodys", "dba|platform"),
        ("sales.deals", "sales"),
        ("sales.salaries", "hr"),
        ('sales."a.b"', "sales"),
        ("archive.sales.deals", "dba|platform"),
        ("customers", "dba|platform"),
    ],
)
def test_a_thing_is_owned_by_name_then_by_schema_then_by_the_target(name: str, owners: str) -> None:
    assert owners_of(OWNED, touch("sql.read", name)) == owners


def test_a_schema_is_owned_as_all_that_is_in_it() -> None:
    assert owners_of(OWNED, touch("sql.create", "sales", kind="Schema")) == "sales"


def test_a_partition_is_owned_with_its_table() -> None:
    part = replace(touch("sql.read", "parts.customers_1"), part_of="public.customers")
    assert owners_of(OWNED, part) == "crm"
    assert owners_of(OWNED, replace(part, resource=Resource("Table", "sales.x"))) == "sales"


def test_names_that_say_more_than_one_group_own_nothing() -> None:
    assert owners_of(replace(SHOP, owners=frozenset({"", "a|b", "@sub_ana"})), touch("x.y")) == ""
    assert owners_of(None, touch("sql.read")) == ""


def test_several_things_with_different_owners_add_up() -> None:
    read, again = touch("sql.read", "sales.deals"), touch("sql.read", "sales.leads")
    assert groups(OWNERS, read, again, touch("sql.read", "public.customers")) == ["sales", "crm"]


def test_what_names_nobody_special_is_asked_once() -> None:
    remedies: list[Remedy] = [ReasonRemedy(), *parse_requirement("approve: 1 of dba")]
    facts = evidence()
    touches = (touch("sql.read"), touch("sql.read", "sales.deals"))
    assert resolved(remedies, touches, action(*touches), facts) == remedies


def test_owners_among_alternatives_are_alternatives() -> None:
    either = parse_requirement("approve: 1 of owners|security")
    assert groups(either, touch("sql.read")) == ["dba|platform|security"]
    orphan = replace(evidence(), target=replace(SHOP, owners=frozenset()))
    assert groups(either, touch("sql.read"), facts=orphan) == ["security"]


ACCESS = Touch("access.request", Operation.EXECUTE, Resource("Target", "shop"))


@pytest.mark.parametrize(
    ("resources", "owners"),
    [
        ("", ["dba|platform"]),
        ("public.customers", ["crm"]),
        ("public.customers public.orders", ["crm", "dba|platform"]),
        ("sales.*", ["sales", "hr"]),
        ("public.*", ["dba|platform", "crm"]),
    ],
)
def test_access_to_some_things_asks_who_owns_them(resources: str, owners: list[str]) -> None:
    assert groups(OWNERS, ACCESS, resources=resources) == owners


def test_the_manager_is_the_one_whom_the_person_reports_to() -> None:
    assert groups(MANAGER, touch("sql.read"), facts=evidence(subject=LED)) == ["@sub_moe"]


def test_asking_somebody_who_is_not_there_is_a_fault_with_words() -> None:
    with pytest.raises(MissingPeople, match="your manager, and nobody is known to be"):
        groups(MANAGER, touch("sql.read"), facts=evidence())
    orphan = replace(evidence(), target=replace(SHOP, owners=frozenset()))
    with pytest.raises(MissingPeople, match="owners of what is touched, and it has none"):
        groups(OWNERS, touch("sql.read"), facts=orphan)


def test_without_any_touch_the_owners_are_asked_all_the_same() -> None:
    assert groups(OWNERS) == ["dba|platform"]


def test_who_may_assent_later_is_resolved_too_and_left_out_where_nobody_is_there() -> None:
    (one,) = parse_requirement("approve: 1 of dba")
    assert isinstance(one, ApprovalRemedy)
    waiting = replace(one, escalations=parse_escalations("10m: manager; 20m: owners"))
    read = touch("sql.read", "public.customers")
    facts = replace(evidence(), target=OWNED)
    (found,) = resolved([waiting], [read], action(read), facts)
    after = waiting.escalations[1].after
    assert found == replace(
        waiting, stages=((Quorum(1, "dba"),),), escalations=(Escalation(after, "crm"),)
    )


def test_the_sponsor_is_for_whom_an_agent_acts_or_who_owns_a_service_account() -> None:
    sponsor = parse_requirement("approve: 1 of sponsor")
    agent = replace(ANA, kind=SubjectKind.AGENT, on_behalf_of=SubjectId("sub_pat"))
    service = replace(ANA, kind=SubjectKind.WORKLOAD, owner=SubjectId("sub_eve"))
    for subject, seat in ((agent, "@=sub_pat"), (service, "@=sub_eve")):
        facts = replace(evidence(), target=OWNED, subject=subject)
        assert groups(sponsor, touch("sql.read", "public.orders"), facts=facts) == [seat]


def test_a_person_has_no_sponsor_and_nobody_can_lift_what_asks_for_one() -> None:
    with pytest.raises(MissingPeople, match="answers for a program"):
        groups(parse_requirement("approve: 1 of sponsor"), touch("sql.read", "public.orders"))


def test_no_policy_can_write_the_seat_of_a_sponsor_itself() -> None:
    with pytest.raises(ValueError, match="not the name of a group"):
        parse_requirement("approve: 1 of @=sub_pat")
    with pytest.raises(ValueError, match="one person for 2"):
        parse_requirement("approve: 2 of sponsor")
    with pytest.raises(ValueError, match="never outside the line"):
        parse_requirement("approve: 1 of sponsor, outside-line")
