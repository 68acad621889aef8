"""Policies and targets are changed as everything is done: as an Action that is decided on.

What is wanted is compared with what is in force; the plan is the action's text, and the whole
content is bound to its digest. Who assents, assents to exactly that; it is put in force only
where what is in force is still what the plan was made from.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from assent.control.administration import TargetDescription, as_target
from assent.control.decide import Decider, Outcome
from assent.control.directory import Directory
from assent.control.gather import Circumstances
from assent.control.labels import Labels
from assent.control.live import LiveSessions
from assent.control.planning import (
    Content,
    Plan,
    checked,
    content_from_json,
    planned,
)
from assent.control.policies import Policies
from assent.control.sign_in import Caller, SignIn
from assent.control.standing_to_change import locked_out
from assent.control.waiting import Waiting
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.changes import Change, PutPolicyRevision, PutTarget
from assent.core.clock import Clock
from assent.core.decision import Deny, Permit, describe
from assent.core.entry import Entry, EntryKind
from assent.core.evidence import Authentication, Connection
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault, OperatorFault
from assent.core.ids import ActionId, EntryId, Ids, RequestId, SubjectId, TargetId
from assent.core.policy_revision import PolicyRevision
from assent.core.ports import Store
from assent.core.request import Request, RequestState
from assent.core.resource import Resource, Target
from assent.policy import PolicySet
from assent.workflow.request import RequestEvent

POLICY_CHANGE = "policy.change"
TARGET_CHANGE = "target.change"
VERBS = frozenset({POLICY_CHANGE, TARGET_CHANGE})

EXAMPLE = """\
@id("changes.permit")
permit (
  principal in Group::"security",
  action in [Action::"policy.change", Action::"target.change"],
  resource
);
@id("changes.four-eyes") @require("approve: 1 of security")
forbid (principal, action in [Action::"policy.change", Action::"target.change"], resource);
"""

ReadPolicies = Callable[[Mapping[str, str], frozenset[str] | None], PolicySet]
ReadTargets = Callable[[str], Sequence[TargetDescription]]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A plan, and what applying it would lead to: `nothing`, `applied`, `asks` or `refused`."""

    plan: Plan
    leads_to: Literal["nothing", "applied", "asks", "refused"]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of applying. request: the one that waits for people, None where none does."""

    plan: Plan
    state: Literal["unchanged", "applied", "waiting"]
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class _Wanted:
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


class Configuring:
    """Plans and applies configurations. Nothing here changes anything that was not decided on.

    read_policies, read_targets: raise OperatorFault with file and line; without them nothing can
    be read, so nothing is applied.
    """

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        labels: Labels,
        policies: Policies,
        decider: Decider,
        waiting: Waiting,
        sign_in: SignIn,
        read_policies: ReadPolicies,
        read_targets: ReadTargets,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._labels = labels
        self._policies = policies
        self._decider = decider
        self._waiting = waiting
        self._sign_in = sign_in
        self._read_policies = read_policies
        self._read_targets = read_targets
        self._clock = clock
        self._ids = ids
        self._sources: Mapping[str, str] = {}
        self._targets: dict[str, Target] = {}
        # Held from the comparison with what is in force until the change of it is durable.
        self._changing = asyncio.Lock()
        self._listeners: list[Callable[[Target], None]] = []
        waiting.when_changed(self._settled)

    def when_target_changed(self, listener: Callable[[Target], None]) -> None:
        """Call `listener` after a target was changed, or retired."""
        self._listeners.append(listener)

    def begin(self, sources: Mapping[str, str], targets: Iterable[Target]) -> None:
        """Take up what is in force at the start. targets: as configured and applied."""
        self._sources = dict(sources)
        self._targets = {target.name: target for target in targets}

    def reloaded(self, sources: Mapping[str, str]) -> None:
        """Take up that the policies of the folder were read again."""
        self._sources = dict(sources)

    @property
    def sources(self) -> Mapping[str, str]:
        """The text of the policies in force, by file."""
        return self._sources

    def in_force(self, caller: Caller) -> tuple[PolicySet, Mapping[str, str], Sequence[Target]]:
        """Return policies, their files, and targets, for those who oversee.

        Raises ForbiddenFault.
        """
        must_oversee(caller)
        return self._policies.current, self._sources, tuple(self._targets.values())

    async def revision(self, caller: Caller, revision: str) -> PolicyRevision:
        """Return a revision with its text. Raises ForbiddenFault, MissingFault."""
        must_oversee(caller)
        found = await self._store.policy_revision(revision)
        if found is None:
            raise MissingFault("no-such-revision", f"no revision `{revision[:80]}` is kept")
        return found

    async def plan(self, caller: Caller, content: Content) -> Foreseen:
        """Return what would change, and what applying it would lead to; nothing is logged.

        Raises OperatorFault where it cannot be read, ForbiddenFault for whoever may neither
        apply it nor see what is in force, ConflictFault.
        """
        wanted = await self._wanted(content)
        plan = wanted.plan
        action = self._action(caller, wanted, unsafe=False)
        decision = (await self._decider.consider(action, self._circumstances(caller))).decision
        if isinstance(decision, Deny) and not decision.remedies:
            if not caller.oversees:
                raise _refused(decision, "")
            return Foreseen(plan, "refused", decision.messages)
        if not plan.differences:
            return Foreseen(plan, "nothing", ())
        if isinstance(decision, Permit):
            return Foreseen(plan, "applied", ())
        return Foreseen(plan, "asks", tuple(describe(remedy) for remedy in decision.remedies))

    async def apply(
        self,
        caller: Caller,
        content: Content,
        *,
        reason: str = "",
        ticket: str = "",
        unsafe_lock_out: bool = False,
    ) -> Applied:
        """Put a configuration in force, or open the request that it needs.

        Raises OperatorFault where it cannot be read, ForbiddenFault `denied` where nobody could
        assent to it, ConflictFault `lock-out` where nobody could change policies afterwards.
        """
        wanted = await self._wanted(content)
        if not wanted.plan.differences:
            return Applied(wanted.plan, "unchanged")
        if not unsafe_lock_out:
            self._check_lock_out(wanted)
        action = self._action(caller, wanted, unsafe=unsafe_lock_out)
        circumstances = self._circumstances(caller, reason, ticket)
        outcome = await self._decider.decide(action, circumstances)
        decision = outcome.decision
        if isinstance(decision, Deny):
            if not decision.remedies:
                raise _refused(decision, f" (see `assent explain {outcome.entry}`)")
            request = await self._waiting.open(
                action, outcome, decision, reason=reason, ticket=ticket
            )
            return Applied(wanted.plan, "waiting", request)
        async with self._changing:
            again = await self._wanted(content)
            if again.plan.base != wanted.plan.base:
                words = "what is in force was changed meanwhile; look at the new plan"
                raise ConflictFault("plan-outdated", words)
            changes, entry = self._change(again, action, outcome, reason, None)
            await self._store.commit(changes, (entry,))
            self._take_up(again)
        return Applied(wanted.plan, "applied")

    async def recover(self) -> None:
        """Put in force what was assented to and not applied when an earlier process stopped."""
        for request in await self._store.requests((RequestState.APPROVED,), limit=10_000):
            await self._settled(request)

    async def _settled(self, request: Request) -> None:
        """Decide again on a change that was assented to, and put it in force if that says yes."""
        if request.state is not RequestState.APPROVED or request.action.verb not in VERBS:
            return
        # Somebody may be faster: withdrawn, or taken up after a restart.
        with suppress(ConflictFault):
            async with self._changing:
                again = await self._apply_approved(request)
            if again is not None:
                await self._ask_again(request, again)

    async def _apply_approved(self, request: Request) -> str | None:
        """Apply it; return why not where the plan is not what people assented to any more."""
        action = request.action
        try:
            wanted = await self._wanted(content_from_json(action.details["content"]))
            self._check_lock_out(wanted, action.details)
        except (OperatorFault, ConflictFault) as fault:
            return f"it cannot be applied any more: {fault.detail}"
        if wanted.plan.base != action.details["base"]:
            return "what is in force was changed since it was planned"
        circumstances = Circumstances(
            authentication=Authentication(
                "password", request.created_at, self._sign_in.stepped_up_at(action.subject)
            ),
            connection=Connection(door="api"),
            request=request,
        )
        outcome = await self._decider.decide(action, circumstances)
        if isinstance(outcome.decision, Deny):
            await self._waiting.reopen(request.id, outcome)
            return None
        changes, entry = self._change(wanted, action, outcome, request.reason, request.id)
        await self._waiting.finish(request.id, changes, (entry,), "applied")
        self._take_up(wanted)
        return None

    async def _ask_again(self, request: Request, why: str) -> None:
        """Settle a request whose plan is outdated, and open one for what would change now."""
        opened = ""
        with suppress(OperatorFault, ConflictFault, ForbiddenFault, MissingFault):
            opened = await self._asked_again(request)
        words = f"{why}; " + (
            f"request {opened} asks for what would change now" if opened else "apply it again"
        )
        await self._waiting.advance(request.id, RequestEvent.REJECTED, outcome=words)

    async def _asked_again(self, request: Request) -> str:
        """Return the id of a new request for the same content, empty where none is needed.

        What would now be permitted at once is not applied: nobody has looked at that plan.
        """
        old = request.action
        wanted = await self._wanted(content_from_json(old.details["content"]))
        if not wanted.plan.differences:
            return ""
        self._check_lock_out(wanted, old.details)
        action = self._made(old.subject, wanted, "unsafe_lock_out" in old.details)
        circumstances = Circumstances(
            authentication=Authentication(
                "password", request.created_at, self._sign_in.stepped_up_at(old.subject)
            ),
            connection=Connection(door="api"),
            reason=request.reason,
            ticket=request.ticket,
        )
        outcome = await self._decider.decide(action, circumstances)
        if isinstance(outcome.decision, Permit) or not outcome.decision.remedies:
            return ""
        opened = await self._waiting.open(
            action, outcome, outcome.decision, reason=request.reason, ticket=request.ticket
        )
        return opened.id

    async def _wanted(self, content: Content) -> _Wanted:
        """Return the content, read and compared. Raises OperatorFault, ConflictFault."""
        checked(content)
        targets = dict(self._targets)
        if content.targets is not None:
            targets = await self._wanted_targets(content.targets)
        sources = self._sources if content.policies is None else dict(content.policies)
        groups = _groups(self._directory, targets.values())
        # What is in force was read before; a group of it that is empty by now is no fault of it.
        policies = (
            self._policies.current
            if content.policies is None
            else self._read_policies(sources, groups)
        )
        live = {name: target for name, target in targets.items() if not target.retired}
        plan = planned(
            content,
            (self._policies.current, self._sources),
            (policies, sources),
            {name: one for name, one in self._targets.items() if not one.retired},
            live,
        )
        changed = tuple(
            target for name, target in targets.items() if target != self._targets.get(name)
        )
        return _Wanted(content, plan, policies, targets, changed)

    async def _wanted_targets(self, text: str) -> dict[str, Target]:
        """Return all targets as they would be: what was applied and is not named is retired."""
        described = {one.name: one for one in self._read_targets(text)}
        targets = dict(self._targets)
        for name, one in self._targets.items():
            if one.applied and name not in described:
                targets[name] = replace(one, retired=True)
        kept = {target.name: target.id for target in await self._store.targets()}
        for name, description in described.items():
            # A name keeps its id for ever, also one that was gone for a while.
            known = kept.get(name) or _fresh_id(self._targets.get(name))
            target = as_target(description, known or TargetId(self._ids.mint("target")))
            before = self._targets.get(name)
            same = before is not None and replace(target, applied=before.applied) == before
            targets[name] = before if same and before else replace(target, applied=True)
        return targets

    def _check_lock_out(self, wanted: _Wanted, details: Mapping[str, str] | None = None) -> None:
        if details and "unsafe_lock_out" in details:
            return
        if locked_out(wanted.policies, self._directory.subjects(), self._clock.now()):
            words = (
                "nobody could change policies again: none of them permits `policy.change` to any "
                "person who is here, or only with assent that nobody can give; keep such a policy, "
                "or say `--unsafe-lock-out`. One that permits it:\n\n" + EXAMPLE
            )
            raise ConflictFault("lock-out", words)

    def _action(self, caller: Caller, wanted: _Wanted, *, unsafe: bool) -> Action:
        return self._made(caller.subject.id, wanted, unsafe)

    def _made(self, subject: SubjectId, wanted: _Wanted, unsafe: bool) -> Action:
        plan = wanted.plan
        touches = []
        kinds = {one.kind for one in plan.differences}
        if kinds & {"policy", "file"} or not kinds:
            touches.append(_touch(POLICY_CHANGE, "policies"))
        if "target" in kinds:
            touches.append(_touch(TARGET_CHANGE, "targets"))
        details = {
            "base": plan.base,
            "content": json.dumps(wanted.content.to_json()),
            "content_digest": plan.content_digest,
        }
        text = plan.text
        if unsafe:
            details["unsafe_lock_out"] = "true"
            text = f"{_UNSAFE}\n\n{text}"
        return Action(
            id=ActionId(self._ids.mint("action")),
            subject=subject,
            statement=Statement(touches[0].verb, tuple(touches), complete=True),
            text=text,
            details=details,
            salt=self._ids.token(16),
        )

    def _circumstances(self, caller: Caller, reason: str = "", ticket: str = "") -> Circumstances:
        return Circumstances(
            authentication=caller.authentication,
            connection=Connection(address=caller.address, door=caller.door),
            reason=reason,
            ticket=ticket,
        )

    def _change(
        self,
        wanted: _Wanted,
        action: Action,
        outcome: Outcome,
        reason: str,
        request: RequestId | None,
    ) -> tuple[Sequence[Change], Entry]:
        """Return what the store is told in one commit, and the entry that says so."""
        now, plan = self._clock.now(), wanted.plan
        changes: list[Change] = [PutTarget(target) for target in wanted.changed]
        if wanted.content.policies is not None:
            changes.append(
                PutPolicyRevision(
                    PolicyRevision(plan.after, wanted.content.policies, now, action.subject)
                )
            )
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.CONFIGURATION_APPLIED,
            at=now,
            subject=action.subject,
            request=request,
            facts={
                "action": action.id,
                "after": plan.after,
                "before": plan.before,
                "content": plan.content_digest,
                "decision": outcome.entry,
                "targets": len(wanted.changed),
                "unsafe_lock_out": "unsafe_lock_out" in action.details,
            },
            payload={"plan": plan.text, "reason": reason},
        )
        return changes, entry

    def _take_up(self, wanted: _Wanted) -> None:
        """Put in force what is durable: targets before the policies that may name them."""
        self._targets = dict(wanted.targets)
        for target in wanted.changed:
            self._directory.put_target(target)
            if not target.retired:
                self._labels.configured(target)
        if wanted.content.policies is not None:
            self._sources = dict(wanted.content.policies)
        if wanted.policies.revision != self._policies.current.revision:
            self._policies.replace(wanted.policies)
        for target in wanted.changed:
            for listener in self._listeners:
                listener(target)


def cutting(live: LiveSessions) -> Callable[[Target], None]:
    """Return what cuts the sessions on a target that was taken away."""

    def cut(target: Target) -> None:
        if target.retired:
            for session in live:
                if session.session.target == target.id:
                    session.cut(f"target `{target.name}` was taken away")

    return cut


_UNSAFE = "UNSAFE: nobody may be able to change policies after this"


def must_oversee(caller: Caller) -> None:
    """Raise ForbiddenFault unless the caller may see what others did, and by which policies."""
    if not caller.oversees:
        words = "only `security` and `auditors` see the policies and what they decided"
        raise ForbiddenFault("not-yours", words)


def _touch(verb: str, name: str) -> Touch:
    return Touch(verb, Operation.ADMINISTER, Resource("System", name))


def _fresh_id(target: Target | None) -> TargetId | None:
    return target.id if target else None


def _groups(directory: Directory, targets: Iterable[Target]) -> frozenset[str]:
    """Return every group that somebody is in or that owns a target."""
    members = {group for person in directory.subjects() for group in person.groups}
    return frozenset(members.union(*(target.owners for target in targets)))


def _refused(decision: Deny, see: str) -> ForbiddenFault:
    words = "; ".join(decision.messages)
    if decision.code == "no-permit":
        words += f"; a policy must say who may, such as\n\n{EXAMPLE}\n"
    return ForbiddenFault("denied", f"{words}{see}")
