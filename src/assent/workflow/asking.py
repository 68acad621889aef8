"""Whom to ask first: as few as can settle it, and further ones when these do not answer.

Who is asked is only who is told: everybody whose assent counts may answer all the same.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from assent.core.assenting import Assenting
from assent.core.decision import ApprovalRemedy
from assent.core.ids import SubjectId
from assent.core.quorum import eligible, unmet
from assent.core.subject import Subject


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who might be asked.

    turn: their place among those on call, None for who is not. away: they said so. questions:
    how many others wait for them already.
    """

    assenting: Assenting
    turn: int | None = None
    away: bool = False
    questions: int = 0


def in_order(candidates: Sequence[Candidate], requester: Subject) -> list[Assenting]:
    """Return the candidates, the first one to be asked first.

    Before all, who is not away and is not the requester; then who is on call, in their turn;
    then who has the fewest questions open; then by name.
    """

    def rank(candidate: Candidate) -> tuple[bool, bool, bool, int, int, str]:
        person = candidate.assenting.person
        return (
            person.id == requester.id,
            candidate.away,
            candidate.turn is None,
            candidate.turn or 0,
            candidate.questions,
            person.name,
        )

    return [replace(one.assenting, signed=True) for one in sorted(candidates, key=rank)]


def open_stage(remedy: ApprovalRemedy, requester: Subject, given: Sequence[Assenting]) -> int:
    """Return which stage asks now, counted from 0; as many as there are where all is met."""
    for stage in range(len(remedy.stages)):
        if unmet(_until(remedy, stage), requester, given):
            return stage
    return len(remedy.stages)


def whom_to_ask(
    remedy: ApprovalRemedy,
    requester: Subject,
    people: Sequence[Assenting],
    given: Sequence[Assenting],
    asked: Collection[SubjectId] = (),
    more: int = 0,
) -> list[SubjectId]:
    """Return whom to ask besides `asked`, so that the stage that asks now can be met.

    people: `in_order`. As few as can meet it, with one to spare for each quorum that has more
    members; nobody where those who were asked suffice. more: so many besides, whoever suffices.
    """
    stage = open_stage(remedy, requester, given)
    if stage == len(remedy.stages):
        return []
    current = _until(remedy, stage)
    able = eligible(current, requester, people, given)
    told = [one for one in able if one.person.id in asked]
    chosen = _enough(current, requester, able, given, told)
    if chosen or not told:
        chosen += _spares(current, requester, able, given, [*told, *chosen])
    rest = [one for one in able if one not in told and one not in chosen]
    return [one.person.id for one in (*chosen, *rest[: max(0, more - len(chosen))])]


def _until(remedy: ApprovalRemedy, stage: int) -> ApprovalRemedy:
    return replace(remedy, stages=remedy.stages[: stage + 1])


def _enough(
    remedy: ApprovalRemedy,
    requester: Subject,
    able: Sequence[Assenting],
    given: Sequence[Assenting],
    told: Sequence[Assenting],
) -> list[Assenting]:
    """Return the first ones of `able` who can meet it together with those who were told."""
    chosen: list[Assenting] = []
    while unmet(remedy, requester, [*given, *told, *chosen]):
        left = [one for one in able if one not in told and one not in chosen]
        further = eligible(remedy, requester, left, [*given, *told, *chosen])
        if not further:
            break
        chosen.append(further[0])
    return chosen


def _spares(
    remedy: ApprovalRemedy,
    requester: Subject,
    able: Sequence[Assenting],
    given: Sequence[Assenting],
    told: Sequence[Assenting],
) -> list[Assenting]:
    """Return one more for each quorum that is open, where it has one."""
    spares: list[Assenting] = []
    for quorum in unmet(remedy, requester, given)[0]:
        only = replace(remedy, stages=((quorum,),))
        left = [one for one in able if one not in told and one not in spares]
        spares += eligible(only, requester, left, ())[:1]
    return spares
