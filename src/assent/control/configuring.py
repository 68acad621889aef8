"""Policies and targets are changed as everything is done: as an Action that is decided on.

What is wanted is compared with what is in force; the plan is the action's text, and the whole
content is bound to its digest. Who assents, assents to exactly that; it is put in force only
where what is in force is still what the plan was made from.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assent.control.approved_changes import ApprovedChanges
from assent.control.asked_proof import with_proof
from assent.control.change_actions import change_action, outlook_action, refused, written
from assent.control.decide import Decider
from assent.control.directory import Directory
from assent.control.gather import Circumstances
from assent.control.labels import Labels
from assent.control.planning import Content, Plan
from assent.control.policies import Policies
from assent.control.sign_in import Caller, SignIn
from assent.control.taking_up import TakingUp
from assent.control.waiting import Waiting
from assent.control.wanting import ReadPolicies, ReadTargets, Wanting
from assent.core.clock import Clock
from assent.core.decision import Deny, Permit, describe
from assent.core.evidence import Connection
from assent.core.faults import ConflictFault, MissingFault
from assent.core.ids import Ids
from assent.core.policy_revision import PolicyRevision
from assent.core.ports import Store
from assent.core.request import Request
from assent.core.resource import Target
from assent.core.role import Permission
from assent.policy import PolicySet


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


class Configuring:
    """Plans and applies configurations. Nothing here changes anything that was not decided on.

    read_policies, read_targets: raise OperatorFault with file and line; without them nothing can
    be read, so nothing is applied. changing: held by whoever puts other policies in force.
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
        self._policies = policies
        self._decider = decider
        self._waiting = waiting
        self._wanting = Wanting(
            store=store,
            directory=directory,
            policies=policies,
            read_policies=read_policies,
            read_targets=read_targets,
            ids=ids,
        )
        self._taking_up = TakingUp(
            wanting=self._wanting,
            directory=directory,
            labels=labels,
            policies=policies,
            clock=clock,
        )
        self.changing = self._taking_up.changing
        self._approved = ApprovedChanges(
            store=store,
            decider=decider,
            waiting=waiting,
            sign_in=sign_in,
            wanting=self._wanting,
            taking_up=self._taking_up,
            clock=clock,
            ids=ids,
        )
        self._clock = clock
        self._ids = ids

    def when_target_changed(self, listener: Callable[[Target], None]) -> None:
        """Call `listener` after a target was changed, or retired."""
        self._taking_up.when_target_changed(listener)

    def begin(self, sources: Mapping[str, str], targets: Iterable[Target]) -> None:
        """Take up what is in force at the start. targets: as configured and applied."""
        self._wanting.begin(sources, targets)

    def reloaded(self, sources: Mapping[str, str]) -> None:
        """Take up that the policies of the folder were read again."""
        self._wanting.sources = dict(sources)

    @property
    def sources(self) -> Mapping[str, str]:
        """The text of the policies in force, by file."""
        return self._wanting.sources

    def in_force(self, caller: Caller) -> tuple[PolicySet, Mapping[str, str], Sequence[Target]]:
        """Return policies, their files, and targets, for those who oversee.

        Raises ForbiddenFault.
        """
        caller.check(Permission.READ_POLICIES)
        targets = tuple(self._wanting.targets.values())
        return self._policies.current, self._wanting.sources, targets

    async def revision(self, caller: Caller, revision: str) -> PolicyRevision:
        """Return a revision with its text. Raises ForbiddenFault, MissingFault."""
        caller.check(Permission.READ_POLICIES)
        found = await self._store.policy_revision(revision)
        if found is None:
            raise MissingFault("no-such-revision", f"no revision `{revision[:80]}` is kept")
        return found

    async def plan(self, caller: Caller, content: Content) -> Foreseen:
        """Return what would change, and what applying it would lead to; nothing is logged.

        Raises OperatorFault where it cannot be read, ForbiddenFault for whoever may neither
        apply it nor see what is in force, ConflictFault.
        """
        if not caller.may(Permission.READ_POLICIES):
            outlook = outlook_action(self._ids, caller.subject.id, content)
            found = (await self._decider.consider(outlook, self._circumstances(caller))).decision
            if isinstance(found, Deny) and not found.remedies:
                raise refused(found, "")
        wanted = await self._wanting.read(content)
        plan = wanted.plan
        action = change_action(self._ids, caller.subject.id, wanted, unsafe=False)
        decision = (await self._decider.consider(action, self._circumstances(caller))).decision
        if isinstance(decision, Deny) and not decision.remedies:
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
        circumstances = self._circumstances(caller, reason, ticket)
        await self._must_have_a_chance(caller, content, circumstances)
        wanted = await self._wanting.read(content)
        if not wanted.plan.differences:
            return Applied(wanted.plan, "unchanged")
        if not unsafe_lock_out:
            self._taking_up.check_lock_out(wanted)
        action = change_action(self._ids, caller.subject.id, wanted, unsafe=unsafe_lock_out)
        action = with_proof(action, caller)
        outcome = await self._decider.decide(action, circumstances)
        decision = outcome.decision
        if isinstance(decision, Deny):
            if not decision.remedies:
                raise refused(decision, f" (see `assent explain {outcome.entry}`)")
            request = await self._waiting.open(
                action, outcome, decision, reason=reason, ticket=ticket
            )
            return Applied(wanted.plan, "waiting", request)
        async with self.changing:
            again = await self._wanting.read(content)
            if again.plan.base != wanted.plan.base:
                words = "what is in force was changed meanwhile; look at the new plan"
                raise ConflictFault("plan-outdated", words)
            changes, entry = written(
                self._ids, self._clock.now(), again, action, outcome, reason, None
            )
            await self._store.commit(changes, (entry,))
            self._taking_up.take_up(again)
        return Applied(wanted.plan, "applied")

    async def _must_have_a_chance(
        self, caller: Caller, content: Content, circumstances: Circumstances
    ) -> None:
        """Refuse whom nobody could help, before what they sent is read or kept.

        Raises ForbiddenFault; the log has the attempt, and a digest of what was sent.
        """
        outlook = outlook_action(self._ids, caller.subject.id, content)
        found = (await self._decider.consider(outlook, circumstances)).decision
        if isinstance(found, Deny) and not found.remedies:
            outcome = await self._decider.decide(outlook, circumstances)
            if isinstance(outcome.decision, Deny) and not outcome.decision.remedies:
                see = f" (see `assent explain {outcome.entry}`)"
                raise refused(outcome.decision, see)

    def _circumstances(self, caller: Caller, reason: str = "", ticket: str = "") -> Circumstances:
        return Circumstances(
            authentication=caller.authentication,
            connection=Connection(address=caller.address, door=caller.door),
            reason=reason,
            ticket=ticket,
        )
