"""The answer to an action: `Permit` with obligations or `Deny` with remedies, never a flag."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Obligation:
    """What enforcement must do; one that cannot be kept turns the Permit into a Deny.

    name: `max_duration`, `record`, `decide_each`, … value: as the policy wrote it, checked.
    policy: the id of the policy that asked for it.
    """

    name: str
    value: str
    policy: str


@dataclass(frozen=True, slots=True)
class ReasonRemedy:
    """The person must say why."""


@dataclass(frozen=True, slots=True)
class TicketRemedy:
    """The person must name a ticket."""


@dataclass(frozen=True, slots=True)
class StepUpRemedy:
    """The person must have proved who they are within this time."""

    within: timedelta


@dataclass(frozen=True, slots=True)
class Quorum:
    """So many distinct, eligible people of one group.

    group: alternatives are separated by `|`; `@` and a subject's id is that one person.
    """

    count: int
    group: str


@dataclass(frozen=True, slots=True)
class Escalation:
    """From so long after it was asked, members of `group` count in place of any other."""

    after: timedelta
    group: str


@dataclass(frozen=True, slots=True)
class ApprovalRemedy:
    """People must assent, stage after stage; within a stage every quorum must be met.

    One person counts once, in all stages together. signed: each assent must be signed with a
    device's key. by_requester: the requester may count themself, if they are in the group.
    outside_line: nobody counts who is above or below the requester. escalations: who else may
    assent once it has waited for a while.
    """

    stages: tuple[tuple[Quorum, ...], ...]
    signed: bool = False
    by_requester: bool = False
    outside_line: bool = False
    escalations: tuple[Escalation, ...] = ()


Remedy: TypeAlias = ReasonRemedy | TicketRemedy | StepUpRemedy | ApprovalRemedy


@dataclass(frozen=True, slots=True)
class Permit:
    """Yes. permitted_by: ids of the policies that said so. revision: of the policy set."""

    revision: str
    permitted_by: tuple[str, ...]
    obligations: tuple[Obligation, ...] = ()


@dataclass(frozen=True, slots=True)
class Deny:
    """No, and what would turn it round; without remedies it is final.

    code: `no-permit`, `forbidden`, `remedy-needed`, `policy-error`, `obligation`, `disabled`,
    `no-such-database`, `log-unavailable`, `outside-grant`, `budget`, `review-overdue`.
    messages: what the policies say to the person, in order.
    remedies: all demands of all matching forbids, merged, told at once.
    hold_for, hold_in_transaction_for: how long the action may wait for its remedies.
    """

    revision: str
    code: str
    messages: tuple[str, ...]
    denied_by: tuple[str, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    hold_for: timedelta = timedelta(minutes=15)
    hold_in_transaction_for: timedelta = timedelta(seconds=60)


Decision: TypeAlias = Permit | Deny


_CODES: Mapping[type[Remedy], str] = {
    ReasonRemedy: "reason",
    TicketRemedy: "ticket",
    StepUpRemedy: "step-up",
    ApprovalRemedy: "approval",
}


def code_of(remedy: Remedy) -> str:
    """Return the one word for a remedy of this kind: `reason`, `ticket`, `step-up`, `approval`."""
    return _CODES[type(remedy)]


_NO_NAMES: Mapping[str, str] = {}


def describe(remedy: Remedy, names: Mapping[str, str] = _NO_NAMES) -> str:
    """Return what a person must do, in words: `assent of 2 of dba, then 1 of security`.

    names: what to call people, by id.
    """
    match remedy:
        case ReasonRemedy():
            return "say why"
        case TicketRemedy():
            return "name a ticket"
        case StepUpRemedy(within):
            return (
                f"confirm your password (within the last {int(within.total_seconds() // 60)} min)"
            )
        case ApprovalRemedy():
            return _approval_words(remedy, names)


def _approval_words(remedy: ApprovalRemedy, names: Mapping[str, str]) -> str:
    stages = (
        " and ".join(_quorum_words(quorum, names) for quorum in stage) for stage in remedy.stages
    )
    words = ["assent of " + ", then ".join(stages)]
    if remedy.signed:
        words.append("signed")
    if remedy.outside_line:
        words.append("from outside the line of reporting")
    if remedy.by_requester:
        words.append("the requester may be one of them")
    for escalation in remedy.escalations:
        minutes = escalation.after.total_seconds() / 60
        words.append(f"or of {_group_words(escalation.group, names)} after {minutes:g} min")
    return ", ".join(words)


def _quorum_words(quorum: Quorum, names: Mapping[str, str]) -> str:
    is_one_person = quorum.group.startswith("@") and "|" not in quorum.group
    words = _group_words(quorum.group, names)
    return words if is_one_person and quorum.count == 1 else f"{quorum.count} of {words}"


def _group_words(group: str, names: Mapping[str, str]) -> str:
    return " or ".join(_name_in_words(name, names) for name in group.split("|"))


def _name_in_words(name: str, names: Mapping[str, str]) -> str:
    if name.startswith("@="):
        return names.get(name[2:], "who answers for it")
    return names.get(name[1:], name[1:]) if name.startswith("@") else name
