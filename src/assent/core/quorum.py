"""Who counts for an approval, and what is still missing: distinct people, matched to quorums.

One person fills one place in a stage, even when they are in several of its groups. A quorum's
group may name alternatives, `dba|platform`: a member of any of them counts.
"""

from collections.abc import Sequence

from assent.core.decision import ApprovalRemedy, Quorum
from assent.core.subject import Subject, SubjectKind

ALTERNATIVE = "|"


def unmet(
    remedy: ApprovalRemedy, requester: Subject, approvers: Sequence[Subject]
) -> tuple[tuple[Quorum, ...], ...]:
    """Return what is still missing: the stages that are not met, with the open counts only.

    Empty when all is met. A person may count once in each stage. The first stage returned is
    the one that asks now.
    """
    people = _countable(requester, approvers)
    missing = (_missing(stage, people) for stage in remedy.stages)
    return tuple(stage for stage in missing if stage)


def eligible(
    remedy: ApprovalRemedy,
    requester: Subject,
    people: Sequence[Subject],
    already: Sequence[Subject],
) -> list[Subject]:
    """Return those of `people` whose assent would count now, in their order.

    Now: for the first stage that `already`, the people who assented, do not meet.
    """
    given = _countable(requester, already)
    answered = {person.id for person in already}
    stage = next((stage for stage in remedy.stages if _missing(stage, given)), ())
    before = len(_seats(stage, given))
    return [
        person
        for person in _countable(requester, people)
        if person.id not in answered and len(_seats(stage, [*given, person])) > before
    ]


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


def is_member(person: Subject, group: str) -> bool:
    """Return whether the person is in the group, or in one of its alternatives."""
    return not person.groups.isdisjoint(group.split(ALTERNATIVE))


def _countable(requester: Subject, people: Sequence[Subject]) -> list[Subject]:
    distinct = {person.id: person for person in people if can_count(person, requester)}
    return list(distinct.values())


def _missing(stage: Sequence[Quorum], people: Sequence[Subject]) -> tuple[Quorum, ...]:
    taken = [0] * len(stage)
    for quorum, _ in _seats(stage, people):
        taken[quorum] += 1
    return tuple(
        Quorum(quorum.count - filled, quorum.group)
        for quorum, filled in zip(stage, taken, strict=True)
        if filled < quorum.count
    )


def _seats(stage: Sequence[Quorum], people: Sequence[Subject]) -> dict[tuple[int, int], Subject]:
    """Return as many filled seats (quorum, number) as can be: a maximum bipartite matching."""
    seats: dict[tuple[int, int], Subject] = {}
    for person in people:
        _seat(person, stage, seats, set())
    return seats


def _seat(
    person: Subject,
    stage: Sequence[Quorum],
    seats: dict[tuple[int, int], Subject],
    tried: set[tuple[int, int]],
) -> bool:
    """Seat the person, moving others to other seats of theirs where that makes room (Kuhn)."""
    for index, quorum in enumerate(stage):
        if not is_member(person, quorum.group):
            continue
        for seat in ((index, number) for number in range(quorum.count)):
            if seat in tried:
                continue
            tried.add(seat)
            holder = seats.get(seat)
            if holder is None or _seat(holder, stage, seats, tried):
                seats[seat] = person
                return True
    return False
