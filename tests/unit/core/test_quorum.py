from dataclasses import replace

from assent.core.decision import ApprovalRemedy, Quorum
from assent.core.quorum import can_count, eligible, is_member, unmet
from assent.core.subject import SubjectKind
from policy_builders import ANA, BEN, CARL, DORA, person

TWO_DBAS = ApprovalRemedy(((Quorum(2, "dba"),),))
BOTH = ApprovalRemedy(((Quorum(1, "dba"), Quorum(1, "security")),))
STAGES = ApprovalRemedy(((Quorum(1, "dba"),), (Quorum(1, "security"),)))


def test_nothing_is_missing_when_enough_distinct_people_assented() -> None:
    assert unmet(TWO_DBAS, ANA, [BEN, DORA]) == ()


def test_the_same_person_twice_is_one_person() -> None:
    assert unmet(TWO_DBAS, ANA, [BEN, BEN]) == ((Quorum(1, "dba"),),)


def test_people_of_other_groups_do_not_count() -> None:
    assert unmet(TWO_DBAS, ANA, [CARL, BEN]) == ((Quorum(1, "dba"),),)


def test_the_requester_never_counts() -> None:
    assert unmet(TWO_DBAS, BEN, [BEN, DORA]) == ((Quorum(1, "dba"),),)


def test_an_agent_of_the_requester_and_any_other_machine_never_counts() -> None:
    agent = replace(person("bot", "dba", kind=SubjectKind.AGENT), on_behalf_of=ANA.id)
    workload = person("job", "dba", kind=SubjectKind.WORKLOAD)
    delegate = replace(person("eve", "dba"), on_behalf_of=ANA.id)
    assert not any(can_count(one, ANA) for one in (agent, workload, delegate))


def test_the_person_behind_the_requesting_agent_never_counts() -> None:
    agent = replace(person("bot", kind=SubjectKind.AGENT), on_behalf_of=BEN.id)
    assert not can_count(BEN, agent)
    assert can_count(DORA, agent)


def test_somebody_disabled_since_does_not_count() -> None:
    assert unmet(TWO_DBAS, ANA, [BEN, replace(DORA, disabled=True)]) == ((Quorum(1, "dba"),),)


def test_one_person_in_two_groups_fills_one_place_of_a_stage() -> None:
    both = person("eve", "dba", "security")
    assert unmet(BOTH, ANA, [both]) == ((Quorum(1, "security"),),)


def test_people_are_moved_to_other_places_where_that_makes_room() -> None:
    both = person("eve", "dba", "security")
    assert unmet(BOTH, ANA, [both, BEN]) == ()
    assert unmet(BOTH, ANA, [both, CARL]) == ()


def test_one_person_may_count_once_in_each_stage() -> None:
    both = person("eve", "dba", "security")
    assert unmet(STAGES, ANA, [both]) == ()


def test_any_member_of_a_group_of_alternatives_counts() -> None:
    owners = ApprovalRemedy(((Quorum(1, "dba|platform"),),))
    assert unmet(owners, ANA, [person("pat", "platform")]) == ()
    assert unmet(owners, ANA, [BEN]) == ()
    assert unmet(owners, ANA, [CARL]) == owners.stages


def test_a_group_is_not_a_part_of_its_name() -> None:
    assert not is_member(person("eve", "db"), "dba")
    assert not is_member(person("eve", "dba|platform"), "dba|platform")


def test_eligible_are_those_whose_assent_counts_in_the_stage_that_asks_now() -> None:
    people = [ANA, BEN, CARL, DORA]
    assert eligible(STAGES, ANA, people, []) == [BEN, DORA]
    assert eligible(STAGES, ANA, people, [BEN]) == [CARL]
    assert eligible(STAGES, ANA, people, [BEN, CARL]) == []


def test_nobody_is_asked_twice() -> None:
    assert eligible(TWO_DBAS, ANA, [BEN, DORA], [BEN]) == [DORA]


def test_somebody_whose_place_is_filled_is_not_asked() -> None:
    assert eligible(BOTH, ANA, [BEN, CARL], [DORA]) == [CARL]
