"""Somebody who assents: for which groups they are asked, and whether they may count at all."""

from dataclasses import dataclass

from assent.core.grant import Delegation
from assent.core.ids import SubjectId
from assent.core.subject import Subject, SubjectKind

ALTERNATIVE = "|"
ONE_PERSON = "@"
SPONSOR_SEAT = "@="
"""Before the id of the person behind who acts: a seat that only a policy's `sponsor` makes.

No policy can write it, and nobody else sits on it.
"""


@dataclass(frozen=True, slots=True)
class Assenting:
    """Somebody who assented, or might, as they are now.

    delegations: those that hold now, as `holds` says. signed: whether they signed what they
    assented to; of who has not answered yet it means nothing.
    """

    person: Subject
    delegations: tuple[Delegation, ...] = ()
    signed: bool = False


def can_count(person: Subject, requester: Subject) -> bool:
    """Return whether this person's assent may count at all for what `requester` does.

    Never a machine, nobody disabled, never the requester, never an agent of theirs, and never
    the person behind the requesting agent, or who answers for the requesting service account:
    nobody assents to themselves by a detour.
    """
    return (
        person.kind is SubjectKind.HUMAN
        and not person.disabled
        and person.id not in (requester.id, requester.on_behalf_of, requester.owner)
        and person.on_behalf_of != requester.id
    )


def sponsor_of(subject: Subject) -> SubjectId | None:
    """Return who answers for a program: for whom it acts, or else its owner; None for a person."""
    if subject.kind is SubjectKind.HUMAN:
        return None
    return subject.on_behalf_of or subject.owner


def is_sponsor(person: Subject, requester: Subject) -> bool:
    """Return whether this is the person who answers for the program that acts, as they are now."""
    is_one = person.kind is SubjectKind.HUMAN and not person.disabled
    return is_one and person.id == sponsor_of(requester)


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
        person.id == name.removeprefix(SPONSOR_SEAT).removeprefix(ONE_PERSON)
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
