"""What `@require` says, read into remedies: `reason; approve: 2 of dba > 1 of owners, signed`.

Items are separated by `;`. In an approval `,` is "and" within a stage, `>` begins the next one,
and `|` or the word `or` between groups lets a member of any of them count.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assent.core.assenting import ALTERNATIVE, ONE_PERSON
from assent.core.decision import (
    ApprovalRemedy,
    Escalation,
    Quorum,
    ReasonRemedy,
    Remedy,
    StepUpRemedy,
    TicketRemedy,
)
from assent.policy.durations import parse_duration

OWNERS = "owners"
"""The groups that own what is touched."""
MANAGER = "manager"
"""Whom the person who acts reports to."""
SPONSOR = "sponsor"
"""Who answers for the agent or service account that acts: they count only where this is asked."""
SPECIAL = frozenset({OWNERS, MANAGER, SPONSOR})

SIGNED, BY_REQUESTER, OUTSIDE_LINE = "signed", "by-requester", "outside-line"
_MODIFIERS = frozenset({SIGNED, BY_REQUESTER, OUTSIDE_LINE})

_LARGEST_QUORUM = 20
_MOST_STAGES = 8
_MOST_QUORUMS = 8
_MOST_ALTERNATIVES = 8
_MOST_ESCALATIONS = 8
_QUORUM = re.compile(r"([1-9][0-9]?) of (.+)", re.ASCII)
_GROUP = re.compile(r"@?[A-Za-z0-9][A-Za-z0-9_.@:/-]{0,127}", re.ASCII)
_OR = re.compile(r"\s+or\s+|\s*\|\s*", re.ASCII)
_FORMS = (
    "`reason`, `ticket`, `step-up: 15m` or `approve: 2 of dba|sre, 1 of security > 1 of owners`, "
    "after whose quorums `signed`, `by-requester` and `outside-line` may stand"
)


def parse_requirement(text: str) -> tuple[Remedy, ...]:
    """Return the remedies, in the order written. Raises ValueError with what would be right."""
    remedies = tuple(_remedy(item.strip()) for item in text.split(";"))
    kinds = [type(remedy) for remedy in remedies]
    if len(set(kinds)) < len(kinds):
        raise ValueError("names the same kind of remedy twice; write it once")
    return remedies


def parse_escalations(text: str) -> tuple[Escalation, ...]:
    """Return who else may assent after which time: `10m: security; 30m: managers|owners`.

    One for each group, the first time first. Raises ValueError with what would be right.
    """
    found: dict[str, Escalation] = {}
    for item in text.split(";"):
        span, colon, groups = (part.strip() for part in item.partition(":"))
        if not colon:
            raise ValueError(f"`{item.strip()[:60]}` is not an escalation; write `10m: security`")
        after = parse_duration(span)
        for group in parse_groups(groups):
            if group in found:
                raise ValueError(f"names `{group}` twice; write it once")
            found[group] = Escalation(after, group)
    if len(found) > _MOST_ESCALATIONS:
        raise ValueError(f"more than {_MOST_ESCALATIONS} groups to escalate to")
    return tuple(sorted(found.values(), key=lambda one: (one.after, one.group)))


def parse_groups(text: str) -> tuple[str, ...]:
    """Return the alternatives in `dba|sre`, sorted. Raises ValueError with what would be right."""
    groups = _OR.split(text.strip())
    for group in groups:
        if not _GROUP.fullmatch(group):
            raise ValueError(f"`{group[:60]}` is not the name of a group")
    if len(set(groups)) < len(groups):
        raise ValueError(f"`{text.strip()[:60]}` names a group twice")
    if len(groups) > _MOST_ALTERNATIVES:
        raise ValueError(f"more than {_MOST_ALTERNATIVES} groups, any of which counts")
    return tuple(sorted(groups))


def parse_watchers(text: str) -> tuple[str, ...]:
    """Return the groups in `dba|owners`, any of which may watch. Raises ValueError."""
    named = parse_groups(text)
    if single := sorted({MANAGER, SPONSOR} & set(named)):
        raise ValueError(f"`{single[0]}` names one person, who may be away; name a group")
    return named


def groups_of(remedies: Iterable[Remedy]) -> frozenset[str]:
    """Return the groups that the approvals name, but for special ones and single people."""
    return frozenset(
        name
        for remedy in remedies
        if isinstance(remedy, ApprovalRemedy)
        for group in named_in(remedy)
        for name in group.split(ALTERNATIVE)
        if name not in SPECIAL and not name.startswith(ONE_PERSON)
    )


def named_in(remedy: ApprovalRemedy) -> tuple[str, ...]:
    """Return what its quorums and its escalations name, as it is written there."""
    quorums = [quorum.group for stage in remedy.stages for quorum in stage]
    return (*quorums, *(one.group for one in remedy.escalations))


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


@dataclass(slots=True)
class _Modifiers:
    found: set[str]

    def take(self, item: str) -> bool:
        """Return whether it is a modifier, and keep it. Raises ValueError for a second one."""
        if item not in _MODIFIERS:
            return False
        if item in self.found:
            raise ValueError(f"says `{item}` twice; write it once")
        self.found.add(item)
        return True


def _approval(text: str) -> ApprovalRemedy:
    modifiers = _Modifiers(set())
    stages = tuple(_stage(part, modifiers) for part in text.split(">"))
    if len(stages) > _MOST_STAGES:
        raise ValueError(f"more than {_MOST_STAGES} stages of approval")
    remedy = ApprovalRemedy(
        stages,
        signed=SIGNED in modifiers.found,
        by_requester=BY_REQUESTER in modifiers.found,
        outside_line=OUTSIDE_LINE in modifiers.found,
    )
    if remedy.outside_line and MANAGER in named_in(remedy):
        raise ValueError("asks the manager and, with `outside-line`, that it is not the manager")
    if remedy.outside_line and SPONSOR in named_in(remedy):
        raise ValueError("asks the sponsor, who is never outside the line of what they answer for")
    return remedy


def _stage(text: str, modifiers: _Modifiers) -> tuple[Quorum, ...]:
    items = [part.strip() for part in text.split(",")]
    quorums = tuple(_quorum(item) for item in items if not modifiers.take(item))
    if not quorums:
        raise ValueError(f"`{text.strip()[:60]}` asks nobody; write `2 of dba` in each stage")
    if len(quorums) > _MOST_QUORUMS:
        raise ValueError(f"more than {_MOST_QUORUMS} groups in one stage of approval")
    if len({quorum.group for quorum in quorums}) < len(quorums):
        raise ValueError(f"`{text.strip()[:60]}` names a group twice in one stage")
    return quorums


def _quorum(text: str) -> Quorum:
    match = _QUORUM.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text[:60]}` is not a quorum; write `2 of dba` or `1 of dba|sre`")
    count = int(match[1])
    if count > _LARGEST_QUORUM:
        raise ValueError(f"`{text}` asks more than {_LARGEST_QUORUM} people")
    groups = parse_groups(match[2])
    is_one = len(groups) == 1 and (groups[0] in (MANAGER, SPONSOR) or groups[0][0] == ONE_PERSON)
    if count > 1 and is_one:
        raise ValueError(f"`{text[:60]}` asks one person for {count} assents; write `1 of`")
    return Quorum(count, ALTERNATIVE.join(groups))
