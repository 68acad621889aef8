"""Drafts that decide in the shadow: what each new decision would be by them, without any effect.

What is decided does not wait for it and does not know of it: shadows read decisions from the log,
behind whoever was answered. A decision that was used again for the same statement stands in the
log once, and counts once.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from assent.control.decided import recorded_pairs
from assent.control.policies import Policies
from assent.control.policy_drafts import PolicyDrafts, Workbench
from assent.control.sign_in import Caller
from assent.control.what_if import WhatIf
from assent.core.clock import Clock
from assent.core.faults import ConflictFault, Fault, MissingFault, OutsideFault
from assent.core.ids import PolicyDraftId
from assent.core.policy_draft import PolicyDraft, PutPolicyDraft
from assent.core.ports import Store
from assent.core.role import Permission
from assent.policy import PolicySet

LASTS_FOR = timedelta(days=7)
MOST = 2
"""Shadows at once, of everybody; one of each person."""
_PAGE = 500
_PAUSE_S = 1.0

_log = structlog.get_logger("shadow")


@dataclass(slots=True)
class Shadow:
    """One draft that is tried. position: the first entry that it has not looked at."""

    draft: PolicyDraft
    policies: PolicySet
    position: int
    found: WhatIf = field(default_factory=WhatIf)


class PolicyShadows:
    """Follows the log for the drafts that are tried; costs nothing while there are none."""

    def __init__(
        self,
        *,
        store: Store,
        drafts: PolicyDrafts,
        policies: Policies,
        workbench: Workbench,
        clock: Clock,
    ) -> None:
        self._store = store
        self._drafts = drafts
        self._policies = policies
        self._workbench = workbench
        self._clock = clock
        self._shadows: dict[PolicyDraftId, Shadow] = {}
        self._begun = asyncio.Event()

    def of(self, draft: PolicyDraft) -> Shadow | None:
        """Return how a draft fares, None where it is not tried, or is another one by now."""
        found = self._shadows.get(draft.id)
        return found if found and found.draft == draft else None

    async def begin(self, caller: Caller, draft: str) -> Shadow:
        """Try a draft on each decision from now on, for a week.

        Raises OperatorFault where it does not load, ConflictFault where too many are tried.
        """
        caller.check(Permission.READ_LOG)
        found = await self._mine(caller, draft)
        policies = self._drafts.read(found.files)
        self._drop_expired()
        others = [one.draft for one in self._shadows.values() if one.draft.id != found.id]
        if len(others) >= MOST or any(one.owner == found.owner for one in others):
            words = f"{MOST} drafts at once, and one of each person; end one first"
            raise ConflictFault("too-many-shadows", words)
        checkpoint = await self._store.publish()
        tried = replace(
            found, shadow_until=self._clock.now() + LASTS_FOR, shadow_from=checkpoint.size
        )
        await self._store.commit((PutPolicyDraft(tried),), ())
        self._shadows[tried.id] = Shadow(tried, policies, checkpoint.size)
        self._begun.set()
        return self._shadows[tried.id]

    async def end(self, caller: Caller, draft: str) -> None:
        """Try it no longer; what was found so far is forgotten."""
        found = await self._mine(caller, draft)
        await self._store.commit((PutPolicyDraft(replace(found, shadow_until=None)),), ())
        self._shadows.pop(found.id, None)

    async def recover(self) -> None:
        """Take up what an earlier process tried: all since then is looked at again."""
        for draft in await self._store.policy_drafts():
            if draft.shadow_until is None or draft.shadow_until <= self._clock.now():
                continue
            try:
                policies = self._drafts.read(draft.files)
            except Fault as fault:
                _log.warning("not-tried", draft=draft.id, code=fault.code)
                continue
            self._shadows[draft.id] = Shadow(draft, policies, draft.shadow_from)
            self._begun.set()

    async def run(self) -> None:
        """Follow the log for as long as anything is tried, until cancelled."""
        while True:
            await self._begun.wait()
            self._drop_expired()
            if not self._shadows:
                self._begun.clear()
                continue
            try:
                for shadow in tuple(self._shadows.values()):
                    await self._follow(shadow)
            except OutsideFault as fault:
                _log.warning("log-away", code=fault.code)
            # Not at every entry: what is found is for people, who look once in a while.
            await asyncio.sleep(_PAUSE_S)
            if self._shadows:
                behind = min(one.position for one in self._shadows.values())
                await self._store.wait_beyond(behind)

    async def _follow(self, shadow: Shadow) -> None:
        while found := await self._store.entries(shadow.position, _PAGE):
            pairs, ends = recorded_pairs(found)
            await asyncio.to_thread(
                shadow.found.add,
                pairs,
                self._policies.current,
                shadow.policies,
                self._workbench.honours,
            )
            shadow.position = ends
            if len(found) < _PAGE:
                return

    def _drop_expired(self) -> None:
        now = self._clock.now()
        for id, shadow in tuple(self._shadows.items()):
            if shadow.draft.shadow_until is None or shadow.draft.shadow_until <= now:
                del self._shadows[id]

    async def _mine(self, caller: Caller, draft: str) -> PolicyDraft:
        found = await self._drafts.get(caller, draft)
        if found.owner != caller.subject.id:
            raise MissingFault("no-such-draft", f"you have no draft `{draft[:60]}`; copy it first")
        return found
