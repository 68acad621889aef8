"""Drafts of policies: written, checked, tried on cases and on what was decided, then proposed.

Nothing here is in force. What a draft would change is worked out from what was recorded; to put it
in force is an action that policies decide on, as always (`Configuring.apply`).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from assent.control.configuring import Applied, Configuring, Foreseen
from assent.control.decided import Decided
from assent.control.planning import Content, Difference, policy_differences
from assent.control.policies import Policies
from assent.control.sign_in import Caller
from assent.control.what_if import WhatIf
from assent.core.action import Statement
from assent.core.clock import Clock, parse_instant
from assent.core.faults import ConflictFault, MissingFault, OperatorFault
from assent.core.ids import Ids, PolicyDraftId
from assent.core.policy_draft import DropPolicyDraft, PolicyDraft, PutPolicyDraft
from assent.core.ports import Store
from assent.core.resource import Target
from assent.core.role import Permission
from assent.policy import PolicySet, Reading
from assent.policy.case_files import read_cases
from assent.policy.cases import Coverage, Result, coverage, run
from assent.policy.trouble import Problem, problems

CASES = ".policy-test.toml"
POLICIES = ".cedar"
MOST_EACH = 20
MOST_FILES = 50
LARGEST = 256 * 1024
"""Characters of all files of one draft."""
LONGEST_NAME = 80
MOST_DECISIONS = 5_000
"""Recorded decisions that one look at the past replays."""
_PAGE = 100


class Workbench(Protocol):
    """What policies are read and tried with. honours: the obligations that can be kept."""

    @property
    def honours(self) -> frozenset[str]: ...

    def read_text(self, text: str, target: Target) -> Statement:
        """Return what a text does, as the gateway reads it, without a catalogue."""
        ...

    def check(self, sources: Mapping[str, str]) -> Reading:
        """Return all rules that are right and everything that is wrong."""
        ...


class NoWorkbench:
    """Where no policies can be read. What is asked raises OperatorFault."""

    honours: frozenset[str] = frozenset()

    def check(self, sources: Mapping[str, str]) -> Reading:
        """Read nothing."""
        raise OperatorFault("not-here", "policies cannot be read here")

    def read_text(self, text: str, target: Target) -> Statement:
        """Read nothing."""
        raise OperatorFault("not-here", "statements cannot be read here")


NO_WORKBENCH = NoWorkbench()


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a draft. rules: how many are right. differences: from what is in force."""

    problems: Sequence[Problem]
    rules: int
    revision: str
    differences: Sequence[Difference] = ()


@dataclass(frozen=True, slots=True)
class Tried:
    """What its cases said. problem: why none could be tried, empty where they were."""

    results: Sequence[Result] = ()
    coverage: Coverage | None = None
    problem: Problem | None = None


@dataclass(slots=True)
class Past:
    """What a draft would have answered. whole: whether all of the period was looked at."""

    since: datetime
    found: WhatIf = field(default_factory=WhatIf)
    whole: bool = False


class PolicyDrafts:
    """Keeps drafts, each its owner's; whoever may read policies may look at each."""

    def __init__(
        self,
        *,
        store: Store,
        configuring: Configuring,
        policies: Policies,
        decided: Decided,
        workbench: Workbench,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._configuring = configuring
        self._policies = policies
        self._decided = decided
        self._workbench = workbench
        self._clock = clock
        self._ids = ids
        # One at a time: each replays thousands of decisions.
        self._looking_back = asyncio.Semaphore(1)

    async def mine(self, caller: Caller) -> Sequence[PolicyDraft]:
        """Return the caller's drafts, the one changed last first."""
        caller.check(Permission.READ_POLICIES)
        return await self._store.policy_drafts(caller.subject.id)

    async def get(self, caller: Caller, draft: str) -> PolicyDraft:
        """Return a draft. Raises MissingFault, ForbiddenFault."""
        caller.check(Permission.READ_POLICIES)
        found = await self._store.policy_draft(PolicyDraftId(draft))
        if found is None:
            raise MissingFault("no-such-draft", f"there is no draft `{draft[:60]}`")
        return found

    async def begin(
        self, caller: Caller, name: str, files: Mapping[str, str] | None = None
    ) -> PolicyDraft:
        """Return a new draft: of what is in force, or of these files."""
        caller.check(Permission.READ_POLICIES)
        caller.check(Permission.ASK)
        mine = await self._store.policy_drafts(caller.subject.id)
        if len(mine) >= MOST_EACH:
            words = f"{MOST_EACH} drafts are yours; throw one away first"
            raise ConflictFault("too-many-drafts", words)
        kept = dict(self._configuring.sources if files is None else files)
        _check_files(kept)
        now = self._clock.now()
        draft = PolicyDraft(
            id=PolicyDraftId(self._ids.mint("policy_draft")),
            owner=caller.subject.id,
            name=_name(name, now),
            files=kept,
            based_on=self._policies.current.revision,
            changed_at=now,
        )
        await self._store.commit((PutPolicyDraft(draft),), ())
        return draft

    async def save(self, caller: Caller, draft: str, files: Mapping[str, str]) -> PolicyDraft:
        """Return the draft with these files instead; a shadow of what it said before ends."""
        found = await self._own(caller, draft)
        _check_files(files)
        if dict(files) == dict(found.files):
            return found
        changed = replace(found, files=dict(files), changed_at=self._clock.now(), shadow_until=None)
        await self._store.commit((PutPolicyDraft(changed),), ())
        return changed

    async def drop(self, caller: Caller, draft: str) -> None:
        """Throw a draft away."""
        found = await self._own(caller, draft)
        await self._store.commit((DropPolicyDraft(found.id),), ())

    def check(self, caller: Caller, files: Mapping[str, str]) -> Checked:
        """Return what is wrong with files, and how they differ from what is in force."""
        caller.check(Permission.READ_POLICIES)
        _check_files(files)
        sources = policies_of(files)
        reading = self._workbench.check(sources)
        found = problems(reading.faults, sources)
        differences = () if found else policy_differences(self._policies.current, reading.policies)
        return Checked(
            found, len(reading.policies.rules), reading.policies.revision, tuple(differences)
        )

    def try_cases(self, caller: Caller, files: Mapping[str, str]) -> Tried:
        """Return what the cases among the files say of the policies among them."""
        caller.check(Permission.READ_POLICIES)
        policies = self._read(files)
        results: list[Result] = []
        for name, text in sorted(files.items()):
            if name.endswith(CASES):
                try:
                    results += run(read_cases(name, text), policies, self._workbench.read_text)
                except OperatorFault as fault:
                    (problem,) = problems((fault,), files)
                    return Tried(problem=problem)
        return Tried(results, coverage(policies, results))

    async def look_back(
        self,
        caller: Caller,
        files: Mapping[str, str],
        since: datetime,
        told: Callable[[int, int], None] = lambda looked_at, changed: None,
    ) -> Past:
        """Return what the policies would have answered to what was decided since then.

        told: is called with how many were looked at, and how many would be other ones. Raises
        ForbiddenFault, OperatorFault for files that do not load, ConflictFault.
        """
        caller.check(Permission.READ_LOG)
        policies, past = self._read(files), Past(since)
        if self._looking_back.locked():
            raise ConflictFault("busy", "somebody looks at the past just now; try in a moment")
        async with self._looking_back:
            before: int | None = None
            while past.found.looked_at + past.found.left_out < MOST_DECISIONS:
                items, before = await self._decided.page(caller, before, _PAGE)
                fitting = [one for one in items if _at(one) >= since]
                # Off the loop: statements of others do not wait for it.
                await asyncio.to_thread(
                    past.found.add,
                    fitting,
                    self._policies.current,
                    policies,
                    self._workbench.honours,
                )
                told(past.found.looked_at, past.found.changed)
                if before is None or len(fitting) < len(items):
                    past.whole = True
                    break
        return past

    async def foresee(self, caller: Caller, draft: str) -> Foreseen:
        """Return what proposing a draft would change, and lead to. Raises OperatorFault."""
        found = await self.get(caller, draft)
        return await self._configuring.plan(caller, _content(found.files))

    async def propose(
        self, caller: Caller, draft: str, reason: str = "", ticket: str = ""
    ) -> Applied:
        """Put a draft in force, or open the request that it needs.

        Raises what `Configuring.apply` raises, MissingFault.
        """
        found = await self._own(caller, draft)
        return await self._configuring.apply(
            caller, _content(found.files), reason=reason, ticket=ticket
        )

    def read(self, files: Mapping[str, str]) -> PolicySet:
        """Return the policies among files. Raises OperatorFault for the first thing wrong."""
        return self._read(files)

    async def _own(self, caller: Caller, draft: str) -> PolicyDraft:
        found = await self.get(caller, draft)
        caller.check(Permission.ASK)
        if found.owner != caller.subject.id:
            raise MissingFault("no-such-draft", f"you have no draft `{draft[:60]}`; copy it first")
        return found

    def _read(self, files: Mapping[str, str]) -> PolicySet:
        _check_files(files)
        reading = self._workbench.check(policies_of(files))
        if reading.faults:
            raise reading.faults[0]
        return reading.policies


def policies_of(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files that hold policies."""
    return {name: text for name, text in files.items() if name.endswith(POLICIES)}


def _content(files: Mapping[str, str]) -> Content:
    return Content(policies_of(files), None)


def _at(item: Mapping[str, object]) -> datetime:
    decision = item["decision"]
    assert isinstance(decision, Mapping)
    return parse_instant(str(decision["at"]))


def _name(name: str, now: datetime) -> str:
    stripped = name.strip()
    if len(stripped) > LONGEST_NAME or not stripped.isprintable():
        words = f"a draft's name has at most {LONGEST_NAME} characters that can be printed"
        raise ConflictFault("bad-name", words)
    return stripped or f"draft of {now:%Y-%m-%d %H:%M}"


def _check_files(files: Mapping[str, str]) -> None:
    """Raise ConflictFault where there is too much, or a name that no such file has."""
    if len(files) > MOST_FILES or sum(map(len, files.values())) > LARGEST:
        words = f"at most {MOST_FILES} files with {LARGEST // 1024} Ki characters in all"
        raise ConflictFault("draft-too-large", words)
    for name in files:
        known = name.endswith((POLICIES, CASES)) and len(name) <= LONGEST_NAME
        if not known or not name.isprintable() or "/" in name or "\\" in name:
            words = f"`{name[:80]}` is no name of a file here: such as `30-guards{POLICIES}`"
            raise ConflictFault("bad-file-name", f"{words}, or `guards{CASES}`")
