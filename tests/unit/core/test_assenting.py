"""Who may assent at all: people other than the requester, for the groups that they are in."""

from dataclasses import replace

from assent.core.assenting import can_count, holds, is_member, is_outside_line
from assent.core.grant import Delegation
from assent.core.subject import SubjectKind
from policy_builders import ANA, BEN, DORA, person


def test_an_agent_of_the_requester_and_any_other_machine_never_counts() -> None:
    agent = replace(person("bot", "dba", kind=SubjectKind.AGENT), on_behalf_of=ANA.id)
    workload = person("job", "dba", kind=SubjectKind.WORKLOAD)
    delegate = replace(person("eve", "dba"), on_behalf_of=ANA.id)
    assert not any(can_count(one, ANA) for one in (agent, workload, delegate))


def test_the_person_behind_the_requesting_agent_never_counts() -> None:
    agent = replace(person("bot", kind=SubjectKind.AGENT), on_behalf_of=BEN.id)
    assert not can_count(BEN, agent)
    assert can_count(DORA, agent)


def test_who_answers_for_the_requesting_service_account_never_counts() -> None:
    service = replace(person("ci", kind=SubjectKind.WORKLOAD), owner=BEN.id)
    assert not can_count(BEN, service)
    assert can_count(DORA, service)


def test_who_reports_to_the_person_behind_an_agent_is_in_its_line() -> None:
    agent = replace(person("bot", kind=SubjectKind.AGENT), on_behalf_of=ANA.id)
    assert not is_outside_line(replace(BEN, reports_to=(ANA.id,)), agent)
    assert is_outside_line(DORA, agent)


def test_a_group_is_not_a_part_of_its_name() -> None:
    assert not is_member(person("eve", "db"), "dba")
    assert not is_member(person("eve", "dba|platform"), "dba|platform")


def test_an_at_sign_and_an_id_is_one_person_and_never_a_group() -> None:
    assert is_member(BEN, f"@{BEN.id}")
    assert is_member(BEN, f"security|@{BEN.id}")
    assert not is_member(person("eve", f"@{BEN.id}"), f"@{BEN.id}")


def test_a_delegation_holds_while_its_giver_is_an_enabled_person_in_the_group() -> None:
    given = Delegation(BEN.id, "dba")
    assert holds(given, BEN)
    for other in (
        DORA,
        replace(BEN, disabled=True),
        replace(BEN, groups=frozenset()),
        replace(BEN, kind=SubjectKind.AGENT),
        replace(BEN, on_behalf_of=ANA.id),
    ):
        assert not holds(given, other)
    assert not holds(Delegation(BEN.id, "dba|security"), BEN)
