"""Collects the evidence for one action, once, each source with its own deadline."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any

from assent.control.answers import Answers
from assent.control.directory import Directory
from assent.control.history import History
from assent.control.learning import Learning
from assent.control.tickets import Tickets
from assent.control.warnings import Warnings
from assent.core.action import Action
from assent.core.changes import Change
from assent.core.decision import Deny, Obligation
from assent.core.device import Device
from assent.core.evidence import (
    Authentication,
    Connection,
    Evidence,
    Known,
    Presence,
    SessionSoFar,
)
from assent.core.faults import Fault
from assent.core.grant import Delegation, Grant
from assent.core.ids import SubjectId
from assent.core.impact import Impact
from assent.core.network import Network
from assent.core.ports import NetworkBook
from assent.core.request import Approval, Request, Verdict
from assent.core.resource import Target
from assent.core.subject import Subject
from assent.risk.budget import Thresholds
from assent.risk.memory import Seen
from assent.signals.aspects import aspects

_DEADLINE_S = 0.5


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the door that an action came through knows of it.

    grants: the ones that count for it now. request: the one it waits in, if it does.
    device: the one that the session is bound to. session: None outside of one. unavailable:
    kinds of evidence that the door should have brought, and could not. impact: what the action
    would do, where that was measured. obliged: what the session's opening binds all of it to.
    standing: what the session is held for, or what stands against it whatever policies say; None
    for nothing. approvals: assents to exactly this action from elsewhere than its own request.
    with_permit: what is made durable with the decision if it is a permit.
    """

    authentication: Authentication | None = None
    connection: Connection = field(default_factory=Connection)
    grants: tuple[Grant, ...] = ()
    request: Request | None = None
    reason: str = ""
    ticket: str = ""
    device: Device | None = None
    session: SessionSoFar | None = None
    presence: Presence = field(default_factory=Presence)
    unavailable: frozenset[str] = frozenset()
    impact: Impact | None = None
    obliged: tuple[Obligation, ...] = ()
    standing: Deny | None = None
    approvals: tuple[Approval, ...] = ()
    with_permit: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """Where evidence comes from. network: None when the operator gave no files at all.

    zones: time zones by name. delegations: in whose place somebody may answer now; what it
    returns counts as it is, so who gave it must have what they gave. tickets: None where nobody
    knows of them.
    """

    directory: Directory
    history: History
    learning: Learning
    warnings: Warnings
    answers: Answers
    thresholds: Thresholds
    network: NetworkBook | None = None
    zones: Mapping[str, tzinfo] = field(default_factory=dict)
    delegations: Callable[[SubjectId, datetime], tuple[Delegation, ...]] = lambda _who, _now: ()
    tickets: Tickets | None = None


class Gatherer:
    """Collects evidence. What does not answer in time is named unavailable, never guessed."""

    def __init__(self, sources: Sources) -> None:
        self._from = sources

    async def gather(
        self, action: Action, circumstances: Circumstances, now: datetime
    ) -> tuple[Evidence, Sequence[Seen]]:
        """Return the evidence for `action` at `now`, and what of it can be learned.

        Raises MissingFault for a gone subject, ConflictFault for a ticket that cannot be one.
        """
        sources = self._from
        if sources.tickets is not None:
            sources.tickets.check(circumstances.ticket)
        unavailable = set(circumstances.unavailable)
        history = await _in_time(sources.history.counts(action), "history", unavailable) or {}
        if not sources.learning.is_ready(action.subject):
            await _in_time(sources.learning.ready(action.subject), "known", unavailable)
        if not sources.warnings.is_ready(action.subject):
            await _in_time(sources.warnings.ready(action.subject), "events", unavailable)
        subject = sources.directory.subject(action.subject)
        target = None if action.target is None else sources.directory.target(action.target)
        request = circumstances.request
        approvals = _approvals(request, action, circumstances.approvals)
        network = self._network(circumstances.connection)
        offset = self._offset(subject, now)
        reason = circumstances.reason or (request.reason if request else "")
        ticket = circumstances.ticket or (request.ticket if request else "")
        seen = aspects(
            action,
            target=target,
            network=network,
            device=circumstances.device,
            connection=circumstances.connection,
            session=circumstances.session,
            groups=subject.groups,
            at=now,
            local_offset_min=offset,
            reason=reason,
            ticket=ticket,
            rows_estimated=circumstances.impact.rows if circumstances.impact else None,
        )
        medium, high = sources.thresholds.of(segment_of(target))
        evidence = Evidence(
            at=now,
            subject=subject,
            target=target,
            authentication=circumstances.authentication,
            connection=circumstances.connection,
            history=history,
            grants=tuple(grant for grant in circumstances.grants if grant.is_valid(now)),
            approvals=approvals,
            approvers={
                approval.approver: sources.directory.subject(approval.approver)
                for approval in approvals
            },
            delegations={
                approval.approver: held
                for approval in approvals
                if (held := sources.delegations(approval.approver, now))
            },
            reason=reason,
            ticket=ticket,
            ticket_said=await self._ticket_said(ticket, subject, target),
            asked_at=request.created_at if request else None,
            unavailable=frozenset(unavailable),
            not_configured=self._not_configured(circumstances.device),
            network=network,
            device=circumstances.device,
            session=circumstances.session,
            presence=circumstances.presence,
            known=None if "known" in unavailable else self._known(action, seen, now),
            events=sources.warnings.of(action.subject, now),
            local_offset_min=offset,
            tenure_days=None if subject.since is None else max(0, (now - subject.since).days),
            verified_by=subject.verified_by,
            verified_at=subject.verified_at,
            impact=circumstances.impact,
            dates=self._dates(action.subject),
            medium_from=medium,
            high_from=high,
        )
        return evidence, seen

    def _not_configured(self, device: Device | None) -> frozenset[str]:
        if device is not None:
            return _NOTHING if self._from.network else _NO_NETWORK
        return _NO_DEVICES if self._from.network else _NO_DEVICES_NO_NETWORK

    async def _ticket_said(self, ticket: str, subject: Subject, target: Target | None) -> str:
        if self._from.tickets is None:
            return ""
        return await self._from.tickets.said(ticket, subject.name, target.name if target else "")

    def _dates(self, subject: SubjectId) -> dict[str, datetime]:
        dates = dict(self._from.network.dates) if self._from.network else {}
        learned_at = self._from.learning.learned_at(subject)
        if learned_at is not None:
            dates["profile"] = learned_at
        return dates

    def _known(self, action: Action, seen: Sequence[Seen], now: datetime) -> Known:
        known = self._from.learning.known(action.subject, seen, now)
        bits, answers = self._from.answers.of(action)
        return replace(known, answers_mb=bits, answers=answers) if answers else known

    def _network(self, connection: Connection) -> Network | None:
        if not connection.address:
            return None
        if self._from.network is None:
            return Network(connection.address, unavailable=_NOTHING_OF_NETWORKS)
        return self._from.network.look_up(connection.address)

    def _offset(self, subject: Subject, now: datetime) -> int | None:
        zone = self._from.zones.get(subject.time_zone)
        offset = now.astimezone(zone).utcoffset() if zone else None
        return None if offset is None else int(offset.total_seconds() // 60)


_NOTHING: frozenset[str] = frozenset()
_NO_NETWORK = frozenset({"network"})
_NO_DEVICES = frozenset({"device"})
_NO_DEVICES_NO_NETWORK = frozenset({"device", "network"})
_NOTHING_OF_NETWORKS = frozenset({"asn", "place", "zones", "lists", "reports"})


async def _in_time(work: Coroutine[Any, Any, Any], kind: str, unavailable: set[str]) -> Any:
    try:
        async with asyncio.timeout(_DEADLINE_S):
            return await work
    except (TimeoutError, Fault):
        unavailable.add(kind)
        return None


def segment_of(target: Target | None) -> str:
    """Return what thresholds are kept for: the target's environment."""
    return target.environment if target else ""


def _approvals(
    request: Request | None, action: Action, others: tuple[Approval, ...]
) -> tuple[Approval, ...]:
    """Return the assents that are bound to exactly this action, and still hold."""
    given = (*(request.approvals if request else ()), *others)
    if not given:
        return ()
    digest = action.digest()
    return tuple(
        approval
        for approval in given
        if approval.verdict is not Verdict.REJECT
        and approval.withdrawn_at is None
        and approval.action_digest == digest
    )
