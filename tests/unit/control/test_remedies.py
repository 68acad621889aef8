"""What a request lacks: the same edges as the policies have, so that nothing is stuck between."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from assent.control.remedies import approving, askable, in_words, lacking
from assent.core.assenting import Assenting
from assent.core.decision import (
    ApprovalRemedy,
    Escalation,
    Quorum,
    ReasonRemedy,
    Remedy,
    StepUpRemedy,
    TicketRemedy,
)
from assent.core.evidence import Authentication, Evidence
from assent.core.ids import ApprovalId
from assent.core.request import Approval, Request, Verdict
from assent.core.subject import Subject
from assent.policy.remedies import is_met
from builders import ANA, BEN, DORA, MINUTE, NOON, PEOPLE, SHOP, a_request, an_action

STEP_UP = StepUpRemedy(15 * MINUTE)
ONE_DBA = ApprovalRemedy(((Quorum(1, "dba"),),))
TWO_DBAS = ApprovalRemedy(((Quorum(2, "dba"),),))


def answered(request: Request, who: object, verdict: Verdict = Verdict.APPROVE) -> Request:
    approval = Approval(
        ApprovalId(f"apr_{who.name}"),  # type: ignore[attr-defined]
        request.id,
        who.id,  # type: ignore[attr-defined]
        verdict,
        request.action_digest,
        NOON,
    )
    return replace(request, approvals=(*request.approvals, approval))


@pytest.mark.parametrize("reason", ["", "  ", "ab", " ab ", "abc"])
@pytest.mark.parametrize("ticket", ["", " ", "T"])
@pytest.mark.parametrize(
    "stepped_up_at",
    [
        None,
        NOON,
        NOON - 15 * MINUTE,
        NOON - 15 * MINUTE + timedelta(microseconds=1),
        NOON + MINUTE,
    ],
)
def test_a_remedy_is_lacking_exactly_when_policies_do_not_find_it_met(
    reason: str, ticket: str, stepped_up_at: datetime | None
) -> None:
    remedies: tuple[Remedy, ...] = (ReasonRemedy(), TicketRemedy(), STEP_UP)
    action = an_action("sql.delete")
    request = replace(a_request(action, remedies=remedies), reason=reason, ticket=ticket)
    proof = Authentication("password", NOON, stepped_up_at)
    evidence = Evidence(NOON, ANA, SHOP, proof, reason=reason, ticket=ticket)
    missing = lacking(request, ANA, (), stepped_up_at, NOON)
    assert list(missing) == [one for one in remedies if not is_met(one, action, evidence, NOON)]


def as_they_are(*people: Subject) -> list[Assenting]:
    return [Assenting(person) for person in people]


def test_approvals_lack_only_the_rest() -> None:
    request = a_request(remedies=(TWO_DBAS,))
    ben, both = as_they_are(BEN), as_they_are(BEN, DORA)
    assert lacking(request, ANA, ben, None, NOON) == (ONE_DBA,)
    assert lacking(request, ANA, both, None, NOON) == ()
    assert in_words(lacking(request, ANA, ben, None, NOON), {}) == ("assent of 1 of dba",)


def test_those_are_asked_whose_assent_would_count_and_who_did_not_answer() -> None:
    request = a_request(remedies=(TWO_DBAS,))
    people, ben = as_they_are(*PEOPLE), as_they_are(BEN)
    assert askable(request, ANA, (), people, NOON) == (BEN, DORA)
    assert askable(answered(request, BEN), ANA, ben, people, NOON) == (DORA,)
    assert askable(request, BEN, (), people, NOON) == (DORA,)


def test_what_is_lacking_and_who_is_asked_widens_with_the_time_that_it_waited() -> None:
    escalating = replace(TWO_DBAS, escalations=(Escalation(5 * MINUTE, "security"),))
    request = a_request(remedies=(escalating,))
    ben, people = as_they_are(BEN), as_they_are(*PEOPLE)
    later = request.created_at + 5 * MINUTE
    assert lacking(request, ANA, ben, None, NOON) == (
        replace(ONE_DBA, escalations=escalating.escalations),
    )
    (wider,) = lacking(request, ANA, ben, None, later)
    assert wider == ApprovalRemedy(((Quorum(1, "dba|security"),),))
    assert [one.name for one in askable(request, ANA, ben, people, later)] == ["carl", "dora"]


def test_only_approvals_of_this_very_action_are_counted() -> None:
    request = answered(a_request(), BEN)
    assert approving(request) == (BEN.id,)
    assert approving(replace(request, action_digest="sha256:00")) == ()
    assert approving(answered(a_request(), BEN, Verdict.REJECT)) == ()
    withdrawn = replace(request.approvals[0], withdrawn_at=NOON)
    assert approving(replace(request, approvals=(withdrawn,))) == ()
