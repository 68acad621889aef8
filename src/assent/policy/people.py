"""Who `owners`, `manager` and `sponsor` are, for one touch of somebody's action."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from assent.core.action import Action, Touch
from assent.core.assenting import ALTERNATIVE, ONE_PERSON, SPONSOR_SEAT, sponsor_of
from assent.core.decision import ApprovalRemedy, Escalation, Quorum, Remedy
from assent.core.evidence import Evidence
from assent.core.resource import Target
from assent.policy.labels import parts_of
from assent.policy.requirement import MANAGER, OWNERS, SPECIAL, SPONSOR, named_in

NOBODY = {
    OWNERS: "the owners of what is touched, and it has none; an operator can name them",
    MANAGER: "your manager, and nobody is known to be; an operator can say who it is",
    SPONSOR: "who answers for a program, and this is none, or nobody does",
}
"""What to say of a special group that is asked and nobody is in."""

_TARGET, _SCHEMA = "Target", "Schema"


class MissingPeople(LookupError):
    """A special group that is asked has nobody in it. group: its name."""

    def __init__(self, group: str) -> None:
        super().__init__(NOBODY[group])
        self.group = group


@dataclass(frozen=True, slots=True)
class People:
    """Whom the special groups mean. owners: of alternatives; each is empty for nobody."""

    owners: str = ""
    manager: str = ""
    sponsor: str = ""

    def of(self, group: str) -> str:
        """Return a group of alternatives with the special ones replaced, empty for nobody."""
        meant: list[str] = []
        for name in group.split(ALTERNATIVE):
            if name == OWNERS:
                meant += self.owners.split(ALTERNATIVE)
            elif name == MANAGER:
                meant.append(self.manager)
            elif name == SPONSOR:
                meant.append(self.sponsor)
            else:
                meant.append(name)
        return ALTERNATIVE.join(sorted({name for name in meant if name}))


def resolved(
    remedies: Iterable[Remedy], touches: Iterable[Touch], action: Action, evidence: Evidence
) -> list[Remedy]:
    """Return the remedies for these touches; different owners of several things add up.

    Raises MissingPeople where one asks for somebody who is not there.
    """
    found: dict[Remedy, None] = {}
    # INVARIANT: never empty, or who is asked would be asked no more.
    everybody = _people(touches, action, evidence)
    for remedy in remedies:
        if isinstance(remedy, ApprovalRemedy) and _is_special(remedy):
            for people in everybody:
                found[_resolve(remedy, people)] = None
        else:
            found[remedy] = None
    return list(found)


def _is_special(remedy: ApprovalRemedy) -> bool:
    return any(not SPECIAL.isdisjoint(group.split(ALTERNATIVE)) for group in named_in(remedy))


def _resolve(remedy: ApprovalRemedy, people: People) -> ApprovalRemedy:
    stages = tuple(
        tuple(replace(quorum, group=_somebody(quorum, people)) for quorum in stage)
        for stage in remedy.stages
    )
    # Who may assent later and is not there widens nothing: that one is left out.
    escalations = tuple(
        Escalation(one.after, group)
        for one in remedy.escalations
        if (group := people.of(one.group))
    )
    return replace(remedy, stages=stages, escalations=escalations)


def _somebody(quorum: Quorum, people: People) -> str:
    group = people.of(quorum.group)
    if not group:
        asked = quorum.group.split(ALTERNATIVE)
        raise MissingPeople(next((one for one in (MANAGER, SPONSOR) if one in asked), OWNERS))
    return group


def _people(touches: Iterable[Touch], action: Action, evidence: Evidence) -> list[People]:
    """Return whom the special groups mean, for each touch or thing that is asked for, once."""
    line, target = evidence.subject.reports_to, evidence.target
    manager = f"{ONE_PERSON}{line[0]}" if line else ""
    behind = sponsor_of(evidence.subject)
    sponsor = f"{SPONSOR_SEAT}{behind}" if behind else ""
    groups = [group for touch in touches for group in _owners(touch, action, target)]
    if not groups:
        groups = [_joined(target.owners if target else ())]
    return [People(owners, manager, sponsor) for owners in dict.fromkeys(groups)]


def _owners(touch: Touch, action: Action, target: Target | None) -> Iterator[str]:
    """Yield who owns what is touched; of access to some things, who owns each of them."""
    asked = action.details.get("resources", "").split()
    if target is None or touch.resource.kind != _TARGET or not asked:
        yield owners_of(target, touch)
        return
    for name in asked:
        yield _joined(_named(target, name, "Table") or target.owners)
        if name.endswith(".*"):
            schema = name.removesuffix("*")
            for inside, owners in sorted(target.resource_owners.items()):
                if inside.startswith(schema) and owners:
                    yield _joined(owners)


def owners_of(target: Target | None, touch: Touch) -> str:
    """Return the groups that own what is touched, as alternatives; empty when nobody does.

    In this order: who owns it by name, who owns its schema (`sales.*`), who owns what it is a
    part of, who owns the target.
    """
    if target is None:
        return ""
    own = _named(target, touch.resource.name, touch.resource.kind)
    if not own and touch.part_of:
        own = _named(target, touch.part_of, touch.resource.kind)
    return _joined(own or target.owners)


def _named(target: Target, name: str, kind: str) -> frozenset[str]:
    schema = name if kind == _SCHEMA else ".".join(parts_of(name)[:-1])
    owners = target.resource_owners
    return owners.get(name) or owners.get(f"{schema}.*") or frozenset()


def _joined(owners: Iterable[str]) -> str:
    """Return the groups as alternatives: a name that says more than one group says none."""
    plain = (name for name in owners if name and ALTERNATIVE not in name)
    return ALTERNATIVE.join(sorted(name for name in plain if not name.startswith(ONE_PERSON)))
