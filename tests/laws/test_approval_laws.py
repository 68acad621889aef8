"""Laws of approvals: seats are filled as well as they can be, and nobody assents to themself."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from assent.core.action import Action, Statement
from assent.core.assenting import Assenting, holds, is_member
from assent.core.assessment import Assessment, RiskLevel
from assent.core.decision import ApprovalRemedy, Escalation, Quorum
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.grant import Delegation
from assent.core.ids import ActionId, ApprovalId, RequestId, SubjectId
from assent.core.quorum import counted, eligible, escalated, unmet
from assent.core.request import Approval, Request, RequestState, Verdict
from assent.core.scope import Terms
from assent.core.subject import Subject, SubjectKind
from assent.policy.remedies import merge
from assent.workflow.approval import answer

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GROUPS = ("dba", "security", "owners")
NAMES = ("ana", "ben", "carl", "dora", "eve", "finn")
REQUESTER = SubjectId("sub_ana")
BEHIND = SubjectId("sub_ben")

names = some.sampled_from(NAMES)
groups = some.frozensets(some.sampled_from(GROUPS))
alternatives = some.sets(some.sampled_from([*GROUPS, "@sub_carl"]), min_size=1, max_size=2).map(
    lambda named: "|".join(sorted(named))
)
stages = some.lists(
    some.lists(some.builds(Quorum, some.integers(1, 2), alternatives), min_size=1, max_size=2).map(
        tuple
    ),
    min_size=1,
    max_size=2,
).map(tuple)
escalations = some.lists(
    some.builds(
        Escalation, some.integers(0, 3).map(lambda n: n * MINUTE), some.sampled_from(GROUPS)
    ),
    max_size=2,
).map(tuple)
remedies = some.builds(
    ApprovalRemedy,
    stages,
    signed=some.booleans(),
    by_requester=some.booleans(),
    outside_line=some.booleans(),
    escalations=escalations,
)
spans = some.integers(0, 4).map(lambda n: n * MINUTE)


@some.composite
def worlds(draw: some.DrawFn) -> tuple[Subject, list[Assenting]]:
    """Draw who asks, and who assented: with delegations whose givers have what they gave."""
    people = [
        Subject(
            SubjectId(f"sub_{name}"),
            name,
            draw(some.sampled_from([SubjectKind.HUMAN, SubjectKind.HUMAN, SubjectKind.AGENT])),
            groups=draw(groups),
            disabled=draw(some.integers(0, 7)) == 0,
            reports_to=tuple(
                SubjectId(f"sub_{above}") for above in draw(some.lists(names, max_size=1))
            ),
        )
        for name in NAMES
    ]
    if draw(some.booleans()):
        people[0] = replace(people[0], kind=SubjectKind.AGENT, on_behalf_of=BEHIND)
    if draw(some.booleans()):
        people[2] = replace(people[2], on_behalf_of=REQUESTER)
    possible = [
        Delegation(by.id, group)
        for by in people
        for group in (*GROUPS, f"@{by.id}")
        if holds(Delegation(by.id, group), by)
    ]
    held = some.lists(some.sampled_from(possible), max_size=2) if possible else some.just([])
    given = [
        Assenting(person, tuple(draw(held)), draw(some.booleans()))
        for person in draw(some.permutations(people))
        if draw(some.booleans())
    ]
    return people[0], given


def may_sit(one: Assenting, requester: Subject, remedy: ApprovalRemedy) -> bool:
    person = one.person
    human = person.kind is SubjectKind.HUMAN and not person.disabled
    if person.id == requester.id:
        return human and remedy.by_requester and (one.signed or not remedy.signed)
    in_line = (
        person.id in requester.reports_to
        or requester.id in person.reports_to
        or requester.on_behalf_of in person.reports_to
    )
    return (
        human
        and person.id != requester.on_behalf_of
        and person.on_behalf_of != requester.id
        and (one.signed or not remedy.signed)
        and not (remedy.outside_line and in_line)
    )


def can_be_seated(remedy: ApprovalRemedy, requester: Subject, given: Sequence[Assenting]) -> bool:
    """Try every way to seat people: nobody and no authority twice."""
    seats = [
        quorum.group for stage in remedy.stages for quorum in stage for _ in range(quorum.count)
    ]
    people = [one for one in given if may_sit(one, requester, remedy)]

    def fill(seat: int, used: frozenset[str]) -> bool:
        if seat == len(seats):
            return True
        group = seats[seat]
        for one in people:
            ways = [{one.person.id}] if is_member(one.person, group) else []
            if one.person.id != requester.id and not remedy.outside_line:
                ways += [
                    {one.person.id, delegation.by}
                    for delegation in one.delegations
                    if delegation.group in group.split("|")
                    and delegation.by not in (requester.id, requester.on_behalf_of)
                ]
            for taken in ways:
                if used.isdisjoint(taken) and fill(seat + 1, used | taken):
                    return True
        return False

    return fill(0, frozenset())


@settings(deadline=None, max_examples=250)
@given(remedies, worlds())
def test_an_approval_is_met_exactly_when_people_can_be_seated_each_and_each_authority_once(
    remedy: ApprovalRemedy, world: tuple[Subject, list[Assenting]]
) -> None:
    requester, given = world
    assert (unmet(remedy, requester, given) == ()) is can_be_seated(remedy, requester, given)


@settings(deadline=None, max_examples=120)
@given(remedies, worlds())
def test_no_delegations_and_answers_make_an_approval_of_the_requesters_own_authority(
    remedy: ApprovalRemedy, world: tuple[Subject, list[Assenting]]
) -> None:
    requester, given = world
    remedy = replace(remedy, by_requester=False)
    own = {requester.id, requester.on_behalf_of}
    others = [
        replace(one, delegations=tuple(d for d in one.delegations if d.by not in own))
        for one in given
        if one.person.id not in own and one.person.on_behalf_of != requester.id
    ]
    assert unmet(remedy, requester, given) == unmet(remedy, requester, others)
    tied = [one for one in given if one.person.id in own or one.person.on_behalf_of == requester.id]
    assert unmet(remedy, requester, tied) != ()


@settings(deadline=None, max_examples=120)
@given(some.lists(remedies, min_size=1, max_size=3), worlds(), spans)
def test_what_meets_the_merged_approval_meets_each(
    several: list[ApprovalRemedy], world: tuple[Subject, list[Assenting]], waited: timedelta
) -> None:
    requester, given = world
    (merged,) = merge(several)
    assert isinstance(merged, ApprovalRemedy)
    if unmet(escalated(merged, waited), requester, given) == ():
        for one in several:
            assert unmet(escalated(one, waited), requester, given) == ()


@settings(deadline=None, max_examples=120)
@given(remedies, worlds(), spans, spans)
def test_waiting_only_widens_who_may_assent(
    remedy: ApprovalRemedy,
    world: tuple[Subject, list[Assenting]],
    waited: timedelta,
    longer: timedelta,
) -> None:
    requester, given = world
    if unmet(escalated(remedy, waited), requester, given) == ():
        later = escalated(remedy, waited + longer)
        assert unmet(later, requester, given) == ()
        assert escalated(escalated(remedy, waited), waited + longer) == later


@settings(deadline=None, max_examples=120)
@given(remedies, worlds(), some.data())
def test_who_is_asked_is_whose_assent_would_fill_a_seat_of_the_stage_that_asks_now(
    remedy: ApprovalRemedy, world: tuple[Subject, list[Assenting]], data: some.DataObject
) -> None:
    requester, people = world
    assume(people)
    given = people[: data.draw(some.integers(0, len(people)))]
    asked = eligible(remedy, requester, people, given)
    now = until_now(remedy, requester, given)
    before = open_seats(now, requester, given)
    for one in people:
        fills = open_seats(now, requester, [*given, replace(one, signed=True)]) < before
        is_there = any(
            other.person.id == one.person.id and (other.signed or not remedy.signed)
            for other in given
        )
        if not is_there:
            assert (one.person.id in {other.person.id for other in asked}) is fills


def until_now(
    remedy: ApprovalRemedy, requester: Subject, given: Sequence[Assenting]
) -> ApprovalRemedy:
    """Return the remedy up to the stage that asks now, all of it where all is met."""
    for count in range(1, len(remedy.stages)):
        first = replace(remedy, stages=remedy.stages[:count])
        if unmet(first, requester, given):
            return first
    return remedy


def open_seats(remedy: ApprovalRemedy, requester: Subject, given: Sequence[Assenting]) -> int:
    stages = unmet(remedy, requester, given)
    return sum(quorum.count for stage in stages for quorum in stage)


class Answers(RuleBasedStateMachine):
    """People answer, leave, withdraw and delegate in any order; the requester tries all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.people = {
            SubjectId(f"sub_{name}"): Subject(
                SubjectId(f"sub_{name}"), name, groups=frozenset({"dba"})
            )
            for name in NAMES
        }
        self.people[SubjectId("sub_finn")] = replace(
            self.people[SubjectId("sub_finn")], kind=SubjectKind.AGENT, on_behalf_of=REQUESTER
        )
        self.delegations: dict[str, set[Delegation]] = {}
        remedy = ApprovalRemedy(((Quorum(1, "dba"),), (Quorum(1, "dba|security"),)))
        action = Action(ActionId("act_1"), REQUESTER, Statement("sql.delete", (), True))
        self.request = Request(
            RequestId("req_1"),
            action,
            action.digest(),
            Assessment(0, RiskLevel.LOW),
            (remedy,),
            (),
            (),
            "pol-1",
            RequestState.PENDING,
            NOW,
            NOW + timedelta(hours=1),
            NOW,
        )
        self.remedy = remedy

    def held(self, who: str) -> tuple[Delegation, ...]:
        return tuple(
            delegation
            for delegation in sorted(self.delegations.get(who, ()), key=repr)
            if holds(delegation, self.people[delegation.by])
        )

    def given(self) -> list[Assenting]:
        delegations = {who: self.held(who) for who in self.people}
        people: dict[str, Subject] = {**self.people}
        return counted(self.request.approvals, self.request.action_digest, people, delegations)

    @rule(name=names, verdict=some.sampled_from(Verdict))
    def answers(self, name: str, verdict: Verdict) -> None:
        who = SubjectId(f"sub_{name}")
        try:
            approval = answer(
                ApprovalId(f"apr_{len(self.request.approvals)}"),
                self.request,
                self.people[who],
                self.people[REQUESTER],
                verdict,
                NOW,
                already=self.given(),
                delegations=self.held(who),
                terms=Terms() if verdict is Verdict.OFFER else None,
                action_digest="sha256:less" if verdict is Verdict.OFFER else "",
            )
        except (ConflictFault, ForbiddenFault):
            return
        assert approval.approver != REQUESTER
        assert approval.in_place_of != REQUESTER
        self.request = replace(self.request, approvals=(*self.request.approvals, approval))

    @rule(to=names, by=names)
    def delegates(self, to: str, by: str) -> None:
        delegation = Delegation(SubjectId(f"sub_{by}"), "dba")
        self.delegations.setdefault(f"sub_{to}", set()).add(delegation)

    @rule(name=names, in_groups=groups, disabled=some.booleans())
    def changes(self, name: str, in_groups: frozenset[str], disabled: bool) -> None:
        who = SubjectId(f"sub_{name}")
        self.people[who] = replace(self.people[who], groups=in_groups, disabled=disabled)

    @rule(number=some.integers(0, 5))
    def withdraws(self, number: int) -> None:
        approvals: list[Approval] = list(self.request.approvals)
        if number < len(approvals):
            approvals[number] = replace(approvals[number], withdrawn_at=NOW)
            self.request = replace(self.request, approvals=tuple(approvals))

    @invariant()
    def two_independent_enabled_people_stand_behind_what_is_met(self) -> None:
        given = self.given()
        if unmet(self.remedy, self.people[REQUESTER], given) != ():
            return
        independent = {
            one.person.id
            for one in given
            if one.person.kind is SubjectKind.HUMAN
            and not one.person.disabled
            and one.person.id != REQUESTER
            and (one.person.groups or any(d.by != REQUESTER for d in one.delegations))
        }
        assert len(independent) >= 2


TestAnswers = Answers.TestCase
