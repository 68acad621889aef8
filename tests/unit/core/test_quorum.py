"""Who counts for an approval: each person once, each authority once, nobody for themself."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assent.core.assenting import SPONSOR_SEAT, Assenting
from assent.core.decision import ApprovalRemedy, Escalation, Quorum
from assent.core.device_key import ApprovalSignature
from assent.core.grant import Delegation
from assent.core.ids import ApprovalId, DeviceKeyId, RequestId, SubjectId
from assent.core.quorum import counted, eligible, escalated, unmet
from assent.core.request import Approval, Verdict
from assent.core.subject import Subject, SubjectKind
from policy_builders import ANA, BEN, CARL, DORA, person

TWO_DBAS = ApprovalRemedy(((Quorum(2, "dba"),),))
ONE_DBA = ApprovalRemedy(((Quorum(1, "dba"),),))
BOTH = ApprovalRemedy(((Quorum(1, "dba"), Quorum(1, "security")),))
STAGES = ApprovalRemedy(((Quorum(1, "dba"),), (Quorum(1, "security"),)))
EVE = person("eve", "dba", "security")
PAT = person("pat", "platform")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def missing(
    remedy: ApprovalRemedy, requester: Subject, *people: Subject | Assenting
) -> tuple[tuple[Quorum, ...], ...]:
    given = [one if isinstance(one, Assenting) else Assenting(one) for one in people]
    return unmet(remedy, requester, given)


def asked(
    remedy: ApprovalRemedy,
    people: Sequence[Subject | Assenting],
    already: Sequence[Subject | Assenting] = (),
    requester: Subject = ANA,
) -> list[str]:
    both = (
        [one if isinstance(one, Assenting) else Assenting(one) for one in some]
        for some in (people, already)
    )
    return [one.person.name for one in eligible(remedy, requester, *both)]


def for_(person: Subject, *delegations: tuple[Subject, str]) -> Assenting:
    return Assenting(person, tuple(Delegation(by.id, group) for by, group in delegations))


def test_nothing_is_missing_when_enough_distinct_people_assented() -> None:
    assert missing(TWO_DBAS, ANA, BEN, DORA) == ()


def test_the_same_person_twice_is_one_person() -> None:
    assert missing(TWO_DBAS, ANA, BEN, BEN) == ((Quorum(1, "dba"),),)


def test_people_of_other_groups_do_not_count() -> None:
    assert missing(TWO_DBAS, ANA, CARL, BEN) == ((Quorum(1, "dba"),),)


def test_the_requester_never_counts() -> None:
    assert missing(TWO_DBAS, BEN, BEN, DORA) == ((Quorum(1, "dba"),),)


def test_somebody_disabled_since_does_not_count() -> None:
    assert missing(TWO_DBAS, ANA, BEN, replace(DORA, disabled=True)) == ((Quorum(1, "dba"),),)


def test_one_person_in_two_groups_fills_one_place_of_a_stage() -> None:
    assert missing(BOTH, ANA, EVE) == ((Quorum(1, "security"),),)


def test_people_are_moved_to_other_places_where_that_makes_room() -> None:
    assert missing(BOTH, ANA, EVE, BEN) == ()
    assert missing(BOTH, ANA, EVE, CARL) == ()


def test_one_person_counts_once_in_all_stages_together() -> None:
    assert missing(STAGES, ANA, EVE) == ((Quorum(1, "security"),),)
    assert missing(STAGES, ANA, EVE, BEN) == ()
    assert missing(STAGES, ANA, CARL, EVE) == ()


def test_somebody_needed_by_a_later_stage_makes_room_for_who_fits_the_earlier_one_alone() -> None:
    stages = ApprovalRemedy(((Quorum(2, "dba"),), (Quorum(1, "security"),)))
    assert missing(stages, ANA, EVE, BEN) == ((Quorum(1, "security"),),)
    assert asked(stages, [BEN, DORA, CARL], [EVE, BEN]) == ["dora", "carl"]
    assert missing(stages, ANA, EVE, BEN, DORA) == ()


def test_an_earlier_stage_is_filled_before_a_later_one() -> None:
    assert missing(STAGES, ANA, CARL) == ((Quorum(1, "dba"),),)
    assert missing(ApprovalRemedy(((Quorum(1, "dba"),), (Quorum(1, "dba"),))), ANA, BEN) == (
        (Quorum(1, "dba"),),
    )


def test_any_member_of_a_group_of_alternatives_counts() -> None:
    owners = ApprovalRemedy(((Quorum(1, "dba|platform"),),))
    assert missing(owners, ANA, PAT) == ()
    assert missing(owners, ANA, BEN) == ()
    assert missing(owners, ANA, CARL) == owners.stages


def test_one_person_may_be_asked_by_their_id() -> None:
    assert missing(ApprovalRemedy(((Quorum(1, f"@{BEN.id}"),),)), ANA, BEN, DORA) == ()


def test_eligible_are_those_whose_assent_counts_in_the_stage_that_asks_now() -> None:
    people = [ANA, BEN, CARL, DORA]
    assert asked(STAGES, people) == ["ben", "dora"]
    assert asked(STAGES, people, [BEN]) == ["carl"]
    assert asked(STAGES, people, [BEN, CARL]) == []


def test_nobody_is_asked_twice() -> None:
    assert asked(TWO_DBAS, [BEN, DORA], [BEN]) == ["dora"]


def test_somebody_whose_place_is_filled_is_not_asked() -> None:
    assert asked(BOTH, [BEN, CARL], [DORA]) == ["carl"]


def test_the_requester_counts_where_the_policy_says_so_and_they_are_in_the_group() -> None:
    own = replace(TWO_DBAS, by_requester=True)
    assert missing(own, BEN, BEN, DORA) == ()
    assert missing(own, ANA, ANA, DORA) == ((Quorum(1, "dba"),),)
    assert asked(own, [BEN, DORA], requester=BEN) == ["ben", "dora"]
    assert missing(own, BEN, replace(BEN, disabled=True), DORA) == ((Quorum(1, "dba"),),)


def test_a_requester_who_counts_does_so_in_their_own_right_alone() -> None:
    own = replace(ONE_DBA, by_requester=True)
    assert missing(own, ANA, for_(ANA, (BEN, "dba"))) == own.stages


def test_an_agent_and_who_is_behind_it_count_for_it_never() -> None:
    own = replace(ONE_DBA, by_requester=True)
    agent = replace(person("bot", "dba", kind=SubjectKind.AGENT), on_behalf_of=BEN.id)
    assert missing(own, agent, agent, BEN) == own.stages


def test_who_answers_for_an_agent_counts_where_its_sponsor_is_asked_and_for_nothing_else() -> None:
    agent = replace(person("bot", kind=SubjectKind.AGENT), on_behalf_of=BEN.id)
    sponsor = Quorum(1, f"{SPONSOR_SEAT}{BEN.id}")
    alone = ApprovalRemedy(((sponsor,),))
    assert missing(alone, agent, BEN) == ()
    assert missing(alone, agent, DORA) == alone.stages
    assert asked(alone, [BEN, DORA], requester=agent) == ["ben"]
    both = ApprovalRemedy(((sponsor, Quorum(1, "dba")),))
    assert missing(both, agent, BEN) == ((Quorum(1, "dba"),),)
    assert missing(both, agent, BEN, DORA) == ()


def test_the_seat_of_a_sponsor_is_nobodys_who_is_not() -> None:
    agent = replace(person("bot", kind=SubjectKind.AGENT), on_behalf_of=BEN.id)
    seat = ApprovalRemedy(((Quorum(1, f"{SPONSOR_SEAT}{BEN.id}"),),))
    assert missing(seat, agent, replace(BEN, disabled=True)) == seat.stages
    assert missing(seat, ANA, ANA) == seat.stages
    by_name = ApprovalRemedy(((Quorum(1, f"@{BEN.id}"),),))
    assert missing(by_name, agent, BEN) == by_name.stages
    for_ben = for_(DORA, (BEN, f"{SPONSOR_SEAT}{BEN.id}"))
    assert missing(seat, agent, for_ben) == seat.stages


def test_nobody_above_or_below_the_requester_counts_where_that_is_asked() -> None:
    outside = replace(ONE_DBA, outside_line=True)
    ana = replace(ANA, reports_to=(BEN.id, CARL.id))
    below = replace(DORA, reports_to=(PAT.id, ana.id))
    assert missing(outside, ana, BEN, below) == outside.stages
    assert missing(outside, ana, DORA) == ()
    assert missing(ONE_DBA, ana, BEN) == ()


def test_where_the_line_matters_nobody_takes_anybodys_place() -> None:
    outside = replace(ONE_DBA, outside_line=True)
    assert missing(outside, ANA, for_(CARL, (BEN, "dba"))) == outside.stages


def test_only_who_signed_counts_where_that_is_asked() -> None:
    signed = replace(TWO_DBAS, signed=True)
    assert missing(signed, ANA, Assenting(BEN, signed=True), DORA) == ((Quorum(1, "dba"),),)
    assert missing(signed, ANA, *(Assenting(one, signed=True) for one in (BEN, DORA))) == ()


def test_who_assented_without_a_signature_may_still_sign() -> None:
    assert asked(replace(ONE_DBA, signed=True), [BEN], [BEN]) == ["ben"]


def test_a_delegate_counts_as_a_member_of_the_group() -> None:
    assert missing(ONE_DBA, ANA, for_(PAT, (BEN, "dba"))) == ()
    assert asked(ONE_DBA, [PAT, for_(CARL, (BEN, "dba"))]) == ["carl"]


def test_a_delegation_of_another_group_is_nothing() -> None:
    assert missing(ONE_DBA, ANA, for_(PAT, (EVE, "security"))) == ONE_DBA.stages


def test_a_delegation_by_the_requester_or_who_is_behind_them_is_nothing() -> None:
    assert missing(ONE_DBA, BEN, for_(PAT, (BEN, "dba"))) == ONE_DBA.stages
    agent = replace(person("bot", kind=SubjectKind.AGENT), on_behalf_of=BEN.id)
    assert missing(ONE_DBA, agent, for_(PAT, (BEN, "dba"))) == ONE_DBA.stages


def test_one_authority_is_one_seat() -> None:
    assert missing(TWO_DBAS, ANA, BEN, for_(PAT, (BEN, "dba"))) == ((Quorum(1, "dba"),),)
    two_delegates = for_(PAT, (BEN, "dba")), for_(CARL, (BEN, "dba"))
    assert missing(TWO_DBAS, ANA, *two_delegates) == ((Quorum(1, "dba"),),)
    assert missing(TWO_DBAS, ANA, for_(PAT, (BEN, "dba")), for_(CARL, (DORA, "dba"))) == ()


def test_two_groups_of_one_person_are_one_authority() -> None:
    delegates = for_(PAT, (EVE, "dba")), for_(ANA, (EVE, "security"))
    assert missing(BOTH, DORA, *delegates) == ((Quorum(1, "security"),),)


def test_who_has_several_delegations_takes_the_place_that_leaves_room_for_others() -> None:
    several = for_(PAT, (BEN, "dba"), (DORA, "dba"))
    assert missing(TWO_DBAS, ANA, several, for_(CARL, (BEN, "dba"))) == ()
    assert missing(TWO_DBAS, ANA, for_(CARL, (BEN, "dba")), several) == ()
    assert asked(TWO_DBAS, [several], [for_(CARL, (BEN, "dba"))]) == ["pat"]


def test_who_comes_back_does_not_fill_the_seat_that_their_delegate_holds() -> None:
    assert asked(TWO_DBAS, [BEN, DORA], [for_(PAT, (BEN, "dba"))]) == ["dora"]


def test_a_person_who_is_a_member_and_a_delegate_fills_one_seat() -> None:
    assert missing(TWO_DBAS, ANA, for_(DORA, (BEN, "dba"))) == ((Quorum(1, "dba"),),)


def test_delegations_behind_a_bound_are_left_out_and_never_make_it_slow() -> None:
    remedy = ApprovalRemedy(((Quorum(20, "dba"),),))
    givers = [person(f"giver{number}", "dba") for number in range(20)]
    many = [
        for_(person(f"delegate{number}"), *((giver, "dba") for giver in givers))
        for number in range(20)
    ]
    (stage,) = unmet(remedy, ANA, many)
    assert 0 < stage[0].count < 20


def test_after_a_while_members_of_further_groups_count_in_place_of_any() -> None:
    waiting = replace(
        STAGES,
        escalations=(
            Escalation(timedelta(minutes=10), "security"),
            Escalation(timedelta(minutes=30), "platform|managers"),
        ),
    )
    early, later, last = (escalated(waiting, timedelta(minutes=after)) for after in (9, 10, 30))
    assert early == waiting
    assert later.stages == ((Quorum(1, "dba|security"),), (Quorum(1, "security"),))
    assert later.escalations == waiting.escalations[1:]
    assert last.stages[1] == (Quorum(1, "security|platform|managers"),)
    assert missing(last, ANA, CARL, PAT) == ()


def an_approval(who: str, verdict: Verdict = Verdict.APPROVE, digest: str = "d") -> Approval:
    return Approval(
        ApprovalId(f"apr_{who}"), RequestId("req_1"), SubjectId(who), verdict, digest, NOON
    )


SIGNATURE = ApprovalSignature("ed25519", DeviceKeyId("dky_1"), "shown", "c2ln")


@pytest.mark.parametrize(
    ("approval", "counts"),
    [
        (an_approval(BEN.id), True),
        (an_approval(BEN.id, Verdict.OFFER), True),
        (an_approval(BEN.id, Verdict.REJECT), False),
        (an_approval(BEN.id, digest="another"), False),
        (replace(an_approval(BEN.id), withdrawn_at=NOON), False),
        (an_approval("sub_nobody"), False),
    ],
)
def test_who_assented_is_who_said_yes_to_exactly_this_and_stands_by_it(
    approval: Approval, counts: bool
) -> None:
    given = counted([approval], "d", {BEN.id: BEN}, {})
    assert given == ([Assenting(BEN)] if counts else [])


def test_somebody_filed_under_the_id_of_another_counts_for_nobody() -> None:
    assert counted([an_approval(BEN.id)], "d", {BEN.id: DORA}, {}) == []


def test_whose_place_somebody_takes_and_whether_they_signed_comes_with_them() -> None:
    signed = replace(an_approval(PAT.id), signature=SIGNATURE)
    delegations = (Delegation(BEN.id, "dba"),)
    given = counted([an_approval(PAT.id), signed], "d", {PAT.id: PAT}, {PAT.id: delegations})
    assert given == [Assenting(PAT, delegations, signed=True)]
