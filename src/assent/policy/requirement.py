"""What `@require` says, read into remedies: `reason; approve: 2 of dba > 1 of owners`.

Items are separated by `;`. In an approval `,` is "and" within a stage, `>` begins the next one.
"""

import re

from assent.core.decision import (
    ApprovalRemedy,
    Quorum,
    ReasonRemedy,
    Remedy,
    StepUpRemedy,
    TicketRemedy,
)
from assent.policy.durations import parse_duration

OWNERS = "owners"

_LARGEST_QUORUM = 20
_MOST_STAGES = 8
_MOST_QUORUMS = 8
_QUORUM = re.compile(r"([1-9][0-9]?) of ([A-Za-z0-9][A-Za-z0-9_.@:/-]{0,127})", re.ASCII)
_FORMS = "`reason`, `ticket`, `step-up: 15m` or `approve: 2 of dba, 1 of security > 1 of owners`"


def parse_requirement(text: str) -> tuple[Remedy, ...]:
    """Return the remedies, in the order written. Raises ValueError with what would be right."""
    remedies = tuple(_remedy(item.strip()) for item in text.split(";"))
    kinds = [type(remedy) for remedy in remedies]
    if len(set(kinds)) < len(kinds):
        raise ValueError("names the same kind of remedy twice; write it once")
    return remedies


def groups_of(remedies: tuple[Remedy, ...]) -> frozenset[str]:
    """Return the groups that the approvals name, but for the special `owners`."""
    return frozenset(
        quorum.group
        for remedy in remedies
        if isinstance(remedy, ApprovalRemedy)
        for stage in remedy.stages
        for quorum in stage
        if quorum.group != OWNERS
    )


def _remedy(item: str) -> Remedy:
    name, _, value = (part.strip() for part in item.partition(":"))
    match name, value:
        case "reason", "" if item == "reason":
            return ReasonRemedy()
        case "ticket", "" if item == "ticket":
            return TicketRemedy()
        case "step-up", span:
            return StepUpRemedy(parse_duration(span))
        case "approve", stages:
            return _approval(stages)
    raise ValueError(f"`{item[:60]}` is not a requirement; write {_FORMS}")


def _approval(text: str) -> ApprovalRemedy:
    stages = tuple(_stage(part) for part in text.split(">"))
    if len(stages) > _MOST_STAGES:
        raise ValueError(f"more than {_MOST_STAGES} stages of approval")
    return ApprovalRemedy(stages)


def _stage(text: str) -> tuple[Quorum, ...]:
    quorums = tuple(_quorum(part.strip()) for part in text.split(","))
    if len(quorums) > _MOST_QUORUMS:
        raise ValueError(f"more than {_MOST_QUORUMS} groups in one stage of approval")
    if len({quorum.group for quorum in quorums}) < len(quorums):
        raise ValueError(f"`{text.strip()[:60]}` names a group twice in one stage")
    return quorums


def _quorum(text: str) -> Quorum:
    match = _QUORUM.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text[:60]}` is not a quorum; write `2 of dba`")
    count = int(match[1])
    if count > _LARGEST_QUORUM:
        raise ValueError(f"`{text}` asks more than {_LARGEST_QUORUM} people")
    return Quorum(count, match[2])
