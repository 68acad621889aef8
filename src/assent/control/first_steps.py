"""From nothing to a statement that was held and approved: the steps, and which of them are done.

Each step is read from what is there; nothing remembers that somebody pressed a button.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from assent.control.directory import Directory
from assent.control.policies import Policies
from assent.control.sign_in import Caller
from assent.core.decision import ApprovalRemedy
from assent.core.ports import Store
from assent.core.request import Request, RequestState, Verdict
from assent.core.subject import SubjectKind
from assent.policy import Effect

_MOST = 200
_LET_GO = (RequestState.RELEASED, RequestState.COMPLETED)


class StepName(StrEnum):
    """The steps, in their order."""

    YOU = "you"
    POLICY = "policy"
    TARGET = "target"
    SECOND = "second"
    CONNECT = "connect"
    APPROVE = "approve"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One step. done: None where this server cannot know. found: what makes it done, in words."""

    name: StepName
    done: bool | None
    found: str = ""


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """All of them. targets: names. held: requests on statements that wait now; approved: one.

    entry: of the log, about the approved one; empty before.
    """

    steps: Sequence[FirstStep]
    targets: Sequence[str]
    held: Sequence[Request]
    approved: Request | None
    entry: str

    @property
    def next(self) -> StepName | None:
        """The first step that is not done, None after the last."""
        return next((one.name for one in self.steps if one.done is False), None)

    @property
    def left(self) -> int:
        """How many are not done."""
        return sum(1 for one in self.steps if one.done is False)


class Guide:
    """Says how far this installation is. It only reads."""

    def __init__(self, *, store: Store, directory: Directory, policies: Policies) -> None:
        self._store = store
        self._directory = directory
        self._policies = policies

    async def steps(self, caller: Caller) -> FirstSteps:
        """Return them as they are for the caller now. Raises OutsideFault."""
        targets = [one.name for one in self._directory.targets()]
        requests = [
            one for one in await self._store.requests(limit=_MOST) if one.action.session is not None
        ]
        approved = next((one for one in requests if _was_approved(one)), None)
        sessions = await self._store.sessions(limit=1, but=self._directory.own)
        entry = ""
        if approved is not None:
            about = await self._store.entries_about(request=approved.id)
            entry = next((_id(one.leaf) for one in reversed(about)), "")
        steps = (
            FirstStep(StepName.YOU, *await self._you(caller)),
            FirstStep(StepName.POLICY, *self._policy()),
            FirstStep(StepName.TARGET, bool(targets), ", ".join(targets[:3])),
            FirstStep(StepName.SECOND, *self._second(caller)),
            FirstStep(StepName.CONNECT, bool(sessions), "a session was opened" if sessions else ""),
            FirstStep(StepName.APPROVE, approved is not None, approved.outcome if approved else ""),
            FirstStep(StepName.VERIFY, None),
        )
        waiting = [one for one in requests if one.state is RequestState.PENDING]
        return FirstSteps(steps, targets, waiting, approved, entry)

    async def _you(self, caller: Caller) -> tuple[bool, str]:
        keys = await self._store.device_keys(caller.subject.id)
        if any(one.kind == "webauthn" and one.revoked_at is None for one in keys):
            return True, "you have a passkey"
        if await self._store.authenticators(caller.subject.id):
            return True, "you have an app for codes"
        return False, ""

    def _policy(self) -> tuple[bool, str]:
        rules = self._policies.current.rules
        lets = [one for one in rules if one.effect is Effect.PERMIT]
        holds = [
            one for one in rules if any(isinstance(each, ApprovalRemedy) for each in one.remedies)
        ]
        if not lets or not holds:
            return False, ""
        return True, f"{len(rules)} rules are in force, {len(holds)} of them ask people"

    def _second(self, caller: Caller) -> tuple[bool, str]:
        others = [
            one.name
            for one in self._directory.subjects()
            if one.kind is SubjectKind.HUMAN and not one.disabled and one.id != caller.subject.id
        ]
        return bool(others), ", ".join(others[:3])


def _was_approved(request: Request) -> bool:
    given = any(one.verdict is Verdict.APPROVE for one in request.approvals)
    return given and request.state in _LET_GO


def _id(leaf: bytes) -> str:
    return str(json.loads(leaf)["id"])
