"""Reads a configuration that somebody wants, and compares it with what is in force."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from assent.control.administration import TargetDescription, as_target
from assent.control.directory import Directory
from assent.control.planning import Content, Plan, checked, planned
from assent.control.policies import Policies
from assent.core.faults import ConflictFault, OperatorFault
from assent.core.ids import Ids, TargetId
from assent.core.ports import Store
from assent.core.resource import Target
from assent.policy import PolicySet

ReadPolicies = Callable[[Mapping[str, str], frozenset[str] | None], PolicySet]
ReadTargets = Callable[[str], Sequence[TargetDescription]]
"""What is wanted, as a person wrote it. Both raise OperatorFault with file and line."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A content that was read. targets: as they would be, by name. changed: those to put."""

    content: Content
    plan: Plan
    policies: PolicySet
    targets: Mapping[str, Target]
    changed: tuple[Target, ...]


def no_policies_read(sources: Mapping[str, str], groups: frozenset[str] | None) -> PolicySet:
    """Read nothing. Raises OperatorFault."""
    raise OperatorFault("not-here", "policies cannot be read here")


def no_targets_read(text: str) -> Sequence[TargetDescription]:
    """Read nothing. Raises OperatorFault."""
    raise OperatorFault("not-here", "targets cannot be applied here")


class Wanting:
    """What is in force as it was configured and applied, and what would be instead.

    sources: the text of the policies in force, by file. targets: by name, retired ones too.
    """

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        policies: Policies,
        read_policies: ReadPolicies,
        read_targets: ReadTargets,
        ids: Ids,
    ) -> None:
        self.sources: Mapping[str, str] = {}
        self.targets: Mapping[str, Target] = {}
        self._store = store
        self._directory = directory
        self._policies = policies
        self._read_policies = read_policies
        self._read_targets = read_targets
        self._ids = ids

    def begin(self, sources: Mapping[str, str], targets: Iterable[Target]) -> None:
        """Take up what is in force at the start."""
        self.sources = dict(sources)
        self.targets = {target.name: target for target in targets}

    def take_up(self, wanted: Wanted) -> None:
        """Take up that this is in force now."""
        self.targets = dict(wanted.targets)
        if wanted.content.policies is not None:
            self.sources = dict(wanted.content.policies)

    async def read(self, content: Content) -> Wanted:
        """Return the content, read and compared. Raises OperatorFault, ConflictFault."""
        checked(content)
        targets = dict(self.targets)
        if content.targets is not None:
            targets = await self._read_all(content.targets)
        sources = self.sources if content.policies is None else dict(content.policies)
        groups = _groups(self._directory, targets.values())
        # What is in force was read before; a group of it that is empty by now is no fault of it.
        policies = self._policies.current
        if content.policies is not None:
            # Beside the loop: a large set takes a while, and nobody's statement waits for it.
            policies = await asyncio.to_thread(self._read_policies, sources, groups)
        live = {name: target for name, target in targets.items() if not target.retired}
        plan = planned(
            content,
            (self._policies.current, self.sources),
            (policies, sources),
            {name: one for name, one in self.targets.items() if not one.retired},
            live,
        )
        changed = tuple(
            target for name, target in targets.items() if target != self.targets.get(name)
        )
        return Wanted(content, plan, policies, targets, changed)

    async def _read_all(self, text: str) -> dict[str, Target]:
        """Return all targets as they would be: what was applied and is not named is retired."""
        described = {one.name: one for one in self._read_targets(text)}
        targets = dict(self.targets)
        for name, one in self.targets.items():
            if one.applied and name not in described:
                targets[name] = replace(one, retired=True)
        kept = {target.name: target.id for target in await self._store.targets()}
        for name, description in described.items():
            before = self.targets.get(name)
            if before is None and self._directory.target_named(name) is not None:
                raise ConflictFault(
                    "target-name", f"`{name[:80]}` is a target of the gateway's own"
                )
            # A name keeps its id for ever, also one that was gone for a while.
            known = kept.get(name) or (before.id if before else None)
            target = as_target(description, known or TargetId(self._ids.mint("target")))
            same = before is not None and replace(target, applied=before.applied) == before
            targets[name] = before if same and before else replace(target, applied=True)
        return targets


def _groups(directory: Directory, targets: Iterable[Target]) -> frozenset[str]:
    """Return every group that somebody is in or that owns a target."""
    members = {group for person in directory.subjects() for group in person.groups}
    return frozenset(members.union(*(target.owners for target in targets)))
