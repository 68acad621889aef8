"""Somebody who assents: for which groups they are asked, and whether they may count at all."""

from dataclasses import dataclass

from assent.core.grant import Delegation
from assent.core.subject import Subject, SubjectKind

ALTERNATIVE = "|"
ONE_PERSON = "@"


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
