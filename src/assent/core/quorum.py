"""Who counts for an approval, and what is still missing: distinct people, matched to seats.

Every quorum of every stage has as many seats as it asks people. One person fills one seat, in
all stages together, and so does one authority: who acts in somebody's place takes their seat.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product

from assent.core.decision import ApprovalRemedy, Quorum
from assent.core.grant import Delegation
from assent.core.request import Approval, Verdict
from assent.core.subject import Subject, SubjectKind

ALTERNATIVE = "|"
ONE_PERSON = "@"

# What is behind this is left out, so that nobody's delegations can make a decision slow.
_MOST_WAYS = 256


@dataclass(frozen=True, slots=True)
class Assenting:
    """Somebody who assented, or might, as they are now.

    delegations: those that hold now, as `holds` says. signed: whether they signed what they
    assented to; of who has not answered yet it means nothing.
    """

    person: Subject
    delegations: tuple[Delegation, ...] = ()
    signed: bool = False


def counted(
    approvals: Iterable[Approval],
    action_digest: str,
    people: Mapping[str, Subject],
    delegations: Mapping[str, tuple[Delegation, ...]],
) -> list[Assenting]:
    """Return who assented to exactly this action and has not withdrawn it, as they are now.

    people, delegations: by the approver's id. An offer that the requester took is an approval:
    its digest is that of the action as it is then.
    """
    signed: dict[str, bool] = {}
    for approval in approvals:
        if approval.verdict is Verdict.REJECT or approval.withdrawn_at is not None:
            continue
        if approval.action_digest == action_digest:
            # A signature was verified when it came in.
            before = signed.get(approval.approver, False)
            signed[approval.approver] = before or approval.signature is not None
    # A person filed under the id of somebody else counts for nobody.
    return [
        Assenting(person, tuple(delegations.get(approver, ())), is_signed)
        for approver, is_signed in signed.items()
        if (person := people.get(approver)) is not None and person.id == approver
    ]


def escalated(remedy: ApprovalRemedy, waited: timedelta) -> ApprovalRemedy:
    """Return the remedy as it is after waiting: further groups count in place of any other."""
    due = [one for one in remedy.escalations if one.after <= waited]
    if not due:
        return remedy
    more = [group for one in due for group in one.group.split(ALTERNATIVE)]
    stages = tuple(
        tuple(replace(quorum, group=_joined(quorum.group, more)) for quorum in stage)
        for stage in remedy.stages
    )
    later = tuple(one for one in remedy.escalations if one.after > waited)
    return replace(remedy, stages=stages, escalations=later)


def unmet(
    remedy: ApprovalRemedy, requester: Subject, given: Sequence[Assenting]
) -> tuple[tuple[Quorum, ...], ...]:
    """Return what is still missing: the stages that are not met, with the open counts only.

    Empty when all is met. The first stage returned is the one that asks now.
    """
    seats = _Seats(remedy.stages)
    taken = seats.most(_countable(remedy, requester, given))
    missing = (
        tuple(
            replace(quorum, count=quorum.count - filled)
            for quorum, filled in zip(stage, filled_here, strict=True)
            if filled < quorum.count
        )
        for stage, filled_here in zip(remedy.stages, taken, strict=True)
    )
    return tuple(stage for stage in missing if stage)


def eligible(
    remedy: ApprovalRemedy,
    requester: Subject,
    people: Sequence[Assenting],
    already: Sequence[Assenting],
) -> list[Assenting]:
    """Return those of `people` whose assent would count now, in their order.

    Now: for the first stage that `already`, those who assented, do not meet. It is taken that
    they will sign, where that is asked.
    """
    seats = _Seats(remedy.stages)
    given = _countable(remedy, requester, already)
    taken = seats.most(given)
    stage = next((n for n, now in enumerate(taken) if sum(now) < seats.wanted(n)), None)
    if stage is None:
        return []
    answered = {one.person.id for one in given}
    replaced = {delegation.by for one in given for delegation in one.delegations}
    found: list[Assenting] = []
    kept: dict[frozenset[str], bool] = {}
    signing = [replace(one, signed=True) for one in people if one.person.id not in answered]
    for candidate in _countable(remedy, requester, signing):
        # Who is in the same groups counts for the same, but where somebody takes a place.
        claim = seats.claim_of(candidate)
        is_plain = not candidate.delegations and candidate.person.id not in replaced
        counts = kept.get(claim) if is_plain else None
        if counts is None:
            after = seats.most([*given, candidate])
            counts = sum(after[stage]) > sum(taken[stage])
        if is_plain:
            kept[claim] = counts
        if counts:
            found.append(candidate)
    return found


def can_count(person: Subject, requester: Subject) -> bool:
    """Return whether this person's assent may count at all for what `requester` does.

    Never a machine, nobody disabled, never the requester, never an agent of theirs, and never
    the person behind the requesting agent: nobody assents to themselves by a detour.
    """
    return (
        person.kind is SubjectKind.HUMAN
        and not person.disabled
        and person.id not in (requester.id, requester.on_behalf_of)
        and person.on_behalf_of != requester.id
    )


def is_outside_line(person: Subject, requester: Subject) -> bool:
    """Return whether neither of the two reports to the other, over however many others.

    The line of an agent is that of the person behind it too.
    """
    below = {requester.id, requester.on_behalf_of}
    return person.id not in requester.reports_to and below.isdisjoint(person.reports_to)


def is_member(person: Subject, group: str) -> bool:
    """Return whether the person is in the group, or in one of its alternatives.

    `@` and an id is that one person, whatever groups are called.
    """
    return any(
        person.id == name.removeprefix(ONE_PERSON)
        if name.startswith(ONE_PERSON)
        else name in person.groups
        for name in group.split(ALTERNATIVE)
    )


def holds(delegation: Delegation, by: Subject) -> bool:
    """Return whether `by` has the authority that they delegated: themself, now, as a person."""
    return (
        by.id == delegation.by
        and by.kind is SubjectKind.HUMAN
        and not by.disabled
        and by.on_behalf_of is None
        and ALTERNATIVE not in delegation.group
        and is_member(by, delegation.group)
    )


def _joined(group: str, more: Iterable[str]) -> str:
    return ALTERNATIVE.join(dict.fromkeys([*group.split(ALTERNATIVE), *more]))


def _countable(
    remedy: ApprovalRemedy, requester: Subject, people: Iterable[Assenting]
) -> list[Assenting]:
    """Return those who may count at all, each once, with the delegations that may."""
    distinct: dict[str, Assenting] = {}
    for one in people:
        if remedy.signed and not one.signed:
            continue
        if one.person.id == requester.id:
            # A requester who may count does so in their own right alone.
            if remedy.by_requester and _is_enabled_human(one.person):
                distinct.setdefault(one.person.id, replace(one, delegations=()))
            continue
        if not can_count(one.person, requester):
            continue
        if remedy.outside_line and not is_outside_line(one.person, requester):
            continue
        delegations = _independent(one, requester) if not remedy.outside_line else ()
        distinct.setdefault(one.person.id, replace(one, delegations=delegations))
    return list(distinct.values())


def _independent(one: Assenting, requester: Subject) -> tuple[Delegation, ...]:
    """Return the delegations that the requester has no part in.

    With `outside_line` none counts: of who gave it nothing is known here but their id.
    """
    barred = (requester.id, requester.on_behalf_of, one.person.id)
    return tuple(delegation for delegation in one.delegations if delegation.by not in barred)


def _is_enabled_human(person: Subject) -> bool:
    return person.kind is SubjectKind.HUMAN and not person.disabled


_Claim = frozenset[str]
"""The groups that somebody may sit for, of those that are asked."""


class _Seats:
    """The seats of a remedy, in the order in which they are filled: stage after stage."""

    def __init__(self, stages: tuple[tuple[Quorum, ...], ...]) -> None:
        self.stages = stages
        self._groups: dict[tuple[int, int], _Claim] = {
            (number, index): frozenset(quorum.group.split(ALTERNATIVE))
            for number, stage in enumerate(stages)
            for index, quorum in enumerate(stage)
        }
        self._asked: _Claim = frozenset().union(*self._groups.values())

    def wanted(self, stage: int) -> int:
        """Return how many people the stage asks."""
        return sum(quorum.count for quorum in self.stages[stage])

    def claim_of(self, one: Assenting) -> _Claim:
        """Return for which of the groups asked they may sit in their own right."""
        return frozenset(name for name in self._asked if is_member(one.person, name))

    def most(self, given: Sequence[Assenting]) -> list[list[int]]:
        """Return how many seats are filled, by stage and quorum, when they sit at their best.

        Best: the first stage as full as it can be, then the second one, and so on.
        """
        return max(map(self._filled, self._ways(given)), key=lambda way: ([*map(sum, way)], way))

    def _ways(self, given: Sequence[Assenting]) -> Iterator[list[_Claim]]:
        """Yield what each may sit for, for every choice of whose places are taken."""
        present: set[str] = {one.person.id for one in given}
        choices: list[list[tuple[str, _Claim]]] = []
        ways = 1
        for one in given:
            own = self.claim_of(one)
            options = [("", own)]
            for by, claim in self._delegated(one, present).items():
                if not claim <= own and ways * (len(options) + 1) <= _MOST_WAYS:
                    options.append((by, claim))
            ways *= len(options)
            choices.append(options)
        return _chosen(choices)

    def _delegated(self, one: Assenting, present: set[str]) -> dict[str, _Claim]:
        """Return for whom else they may sit, and for what: nobody who is there themself."""
        found: dict[str, _Claim] = {}
        for delegation in one.delegations:
            if delegation.by not in present and delegation.group in self._asked:
                before = found.get(delegation.by, frozenset())
                found[delegation.by] = before | {delegation.group}
        return found

    def _filled(self, claims: list[_Claim]) -> list[list[int]]:
        """Return how many seats these fill: a maximum bipartite matching (Kuhn), in order."""
        sits: dict[int, tuple[int, int]] = {}
        filled = [[0] * len(stage) for stage in self.stages]
        for stage, index in self._groups:
            # INVARIANT: who sits once keeps a seat, so that no later one takes from an earlier.
            while filled[stage][index] < self.stages[stage][index].count:
                if not self._seat((stage, index), claims, sits, set()):
                    break
                filled[stage][index] += 1
        return filled

    def _seat(
        self,
        quorum: tuple[int, int],
        claims: list[_Claim],
        sits: dict[int, tuple[int, int]],
        tried: set[int],
    ) -> bool:
        """Fill one more seat of the quorum, where others move to make room if they must."""
        asked = self._groups[quorum]
        for who, claim in enumerate(claims):
            if who in tried or asked.isdisjoint(claim) or sits.get(who) == quorum:
                continue
            tried.add(who)
            before = sits.get(who)
            if before is None or self._seat(before, claims, sits, tried):
                sits[who] = quorum
                return True
        return False


def _chosen(choices: Sequence[Sequence[tuple[str, _Claim]]]) -> Iterator[list[_Claim]]:
    """Yield every choice of one option each in which no authority is used twice."""
    for way in product(*choices):
        authorities = [authority for authority, _ in way if authority]
        if len(set(authorities)) == len(authorities):
            yield [claim for _, claim in way]
