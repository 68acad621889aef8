"""Collects the evidence for one action, once, each source with its own deadline."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from assent.control.directory import Directory
from assent.control.history import History
from assent.core.action import Action
from assent.core.evidence import Authentication, Connection, Evidence
from assent.core.faults import Fault
from assent.core.grant import Grant
from assent.core.request import Approval, Request, Verdict

_HISTORY_DEADLINE_S = 0.5


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the door that an action came through knows of it.

    grants: the ones that count for it now. request: the one it waits in, if it does.
    """

    authentication: Authentication | None = None
    connection: Connection = field(default_factory=Connection)
    grants: tuple[Grant, ...] = ()
    request: Request | None = None
    reason: str = ""
    ticket: str = ""


class Gatherer:
    """Collects evidence. What does not answer in time is named unavailable, never guessed."""

    def __init__(self, directory: Directory, history: History) -> None:
        self._directory = directory
        self._history = history

    async def gather(self, action: Action, circumstances: Circumstances, now: datetime) -> Evidence:
        """Return the evidence for `action` at `now`. Raises MissingFault for a gone subject."""
        unavailable = set()
        history: dict[str, int] = {}
        try:
            async with asyncio.timeout(_HISTORY_DEADLINE_S):
                history = await self._history.counts(action)
        except (TimeoutError, Fault):
            unavailable.add("history")
        request = circumstances.request
        approvals = _approvals(request, action)
        return Evidence(
            at=now,
            subject=self._directory.subject(action.subject),
            target=None if action.target is None else self._directory.target(action.target),
            authentication=circumstances.authentication,
            connection=circumstances.connection,
            history=history,
            grants=tuple(grant for grant in circumstances.grants if grant.is_valid(now)),
            approvals=approvals,
            approvers={
                approval.approver: self._directory.subject(approval.approver)
                for approval in approvals
            },
            reason=circumstances.reason or (request.reason if request else ""),
            ticket=circumstances.ticket or (request.ticket if request else ""),
            unavailable=frozenset(unavailable),
        )


def _approvals(request: Request | None, action: Action) -> tuple[Approval, ...]:
    """Return the approvals of `request` that are bound to exactly this action."""
    if request is None:
        return ()
    digest = action.digest()
    return tuple(
        approval
        for approval in request.approvals
        if approval.verdict is Verdict.APPROVE and approval.action_digest == digest
    )
