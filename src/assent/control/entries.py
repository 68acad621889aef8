"""The entries that the use cases append: one function a kind, so that a kind has one form."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from assent.control.label_index import names_in
from assent.control.standing import denial_json
from assent.core.action import Action
from assent.core.assessment import Assessment
from assent.core.canonical import Json
from assent.core.clock import isoformat
from assent.core.decision import Decision, Deny, Obligation, Permit, code_of, describe
from assent.core.device_key import ApprovalSignature
from assent.core.entry import Entry, EntryKind
from assent.core.evidence import Evidence
from assent.core.frame import Recorded
from assent.core.grant import Grant
from assent.core.ids import EntryId, Ids, RequestId, SubjectId
from assent.core.request import Approval, Comment, Request
from assent.core.resource import Target
from assent.core.session import Session
from assent.policy.asked import asked_json
from assent.policy.field_labels import names_of
from assent.policy.finding import Finding
from assent.policy.labels import above
from assent.workflow.narrowing import describe_terms


def attempt(ids: Ids, action: Action, at: datetime, request: RequestId | None) -> Entry:
    """Return the entry that says somebody attempted this."""
    return Entry(
        id=EntryId(ids.mint("entry")),
        kind=EntryKind.ATTEMPT,
        at=at,
        subject=action.subject,
        target=action.target,
        session=action.session,
        request=request,
        facts={
            "action": action.id,
            "complete": action.statement.complete,
            "digest": action.digest(),
            "phase": action.phase.value,
            "verb": action.verb,
        },
        payload={
            "details": dict(action.details),
            "parameters": list(action.parameters),
            "salt": action.salt,
            "text": action.text,
            "statement": statement_json(action),
            **({"in_transaction": True} if action.in_transaction else {}),
        },
    )


def statement_json(action: Action) -> Json:
    """Return how the text was understood, without what else it prepares."""
    statement = replace(action.statement, prepares={}, executes=frozenset())
    read: Json = msgspec.to_builtins(statement, order="deterministic")
    return read


def decision(
    entry: EntryId,
    action: Action,
    decision: Decision,
    assessment: Assessment,
    evidence: Evidence,
    *,
    request: RequestId | None,
    reusable: bool,
    findings: Sequence[Finding] = (),
    bound: Sequence[Obligation] = (),
    standing: Deny | None = None,
) -> Entry:
    """Return the entry that says what was decided, on what evidence, by which policies.

    findings: what Cedar was asked and found, for each touch. bound: what the opening of the
    session obliged it to, without which nobody could replay it.
    standing: what its session was held for then.
    """
    facts: dict[str, Json] = {
        "action": action.id,
        "level": assessment.level.value,
        "outcome": "permit" if isinstance(decision, Permit) else "deny",
        "phase": action.phase.value,
        "reuse": reusable,
        "revision": decision.revision,
        "score": assessment.score,
    }
    payload: dict[str, Json] = {
        "assessment": assessment_json(assessment),
        "cedar": asked_json(findings),
        "evidence": evidence_json(action, evidence),
    }
    if standing is not None:
        payload["standing"] = denial_json(standing)
    if bound:
        payload["bound"] = [[item.name, item.value, item.policy] for item in bound]
    if isinstance(decision, Permit):
        facts["policies"] = list(decision.permitted_by)
        payload["obligations"] = [f"{item.name}: {item.value}" for item in decision.obligations]
    else:
        facts["policies"] = list(decision.denied_by)
        facts["code"] = decision.code
        if decision.remedies:
            facts["remedies"] = sorted({code_of(remedy) for remedy in decision.remedies})
        payload["messages"] = list(decision.messages)
        payload["remedies"] = [describe(remedy) for remedy in decision.remedies]
    return Entry(
        id=entry,
        kind=EntryKind.DECISION,
        at=evidence.at,
        subject=action.subject,
        target=action.target,
        session=action.session,
        request=request,
        facts=facts,
        payload=payload,
    )


def assessment_json(assessment: Assessment) -> Json:
    """Return an assessment as entries hold it, without what the evidence says already."""
    return {
        "attacker": assessment.attacker.value if assessment.attacker else None,
        "confidence": assessment.confidence.value,
        "confidence_because": assessment.confidence_because,
        "factors": [
            {
                "at": isoformat(factor.at) if factor.at else None,
                "name": factor.name,
                "points": factor.points,
                "reason": factor.reason,
                "source": factor.source,
                "status": factor.status.value,
            }
            for factor in assessment.factors
        ],
        "headline": assessment.headline,
        "odds_mb": assessment.odds_mb,
        "otherwise": assessment.otherwise,
        "unknown": list(assessment.unknown),
    }


def evidence_json(action: Action, evidence: Evidence) -> Json:
    """Return the evidence for replay; of the target's labels only those that it can touch."""
    target = evidence.target
    if target is not None:
        labels = _labels_in_reach(action, target)
        # Where it stands and how it is entered is nobody's business who reads the log.
        told = replace(
            target, labels=labels, host="", port=0, user="", credential="", certificate_authority=""
        )
        evidence = replace(evidence, target=told)
    return evidence.to_json()


def _labels_in_reach(action: Action, target: Target) -> dict[str, frozenset[str]]:
    """Return the labels of what is touched, of what lies in it, and of what it lies in."""
    labels = target.labels
    touched = {touch.resource.name for touch in action.touches}
    names = set(touched)
    for name in touched:
        names.update(above(name, 2, target.database))
        names.update(names_in(labels, name))
        names.update(names_of(labels, name))
    return {name: labels[name] for name in names if name in labels}


def result(
    ids: Ids, action: Action, at: datetime, request: RequestId | None, facts: dict[str, Json]
) -> Entry:
    """Return the entry that says what came of a released action."""
    return Entry(
        id=EntryId(ids.mint("entry")),
        kind=EntryKind.RESULT,
        at=at,
        subject=action.subject,
        target=action.target,
        session=action.session,
        request=request,
        facts={"action": action.id, **facts},
    )


def of_request(
    ids: Ids,
    kind: EntryKind,
    request: Request,
    at: datetime,
    by: SubjectId | None = None,
    *,
    decision: EntryId | None = None,
) -> Entry:
    """Return the entry that says a request was opened, changed or settled.

    decision: the entry of the decision that it came from, where that does not name the request.
    """
    facts: dict[str, Json] = {
        "action": request.action.id,
        "deadline_at": isoformat(request.deadline_at),
        "digest": request.action_digest,
        "score": request.assessment.score,
        "state": request.state.value,
    }
    if decision is not None:
        facts["decision"] = decision
    return Entry(
        id=EntryId(ids.mint("entry")),
        kind=kind,
        at=at,
        subject=by or request.action.subject,
        target=request.action.target,
        session=request.action.session,
        request=request.id,
        facts=facts,
        payload={
            "messages": list(request.messages),
            "outcome": request.outcome,
            "reason": request.reason,
            "remedies": [describe(remedy) for remedy in request.remedies],
            "ticket": request.ticket,
        },
    )


def of_approval(
    ids: Ids, approval: Approval, request: Request, shown: Mapping[str, Json] | None = None
) -> Entry:
    """Return the entry that says what one person answered to a request.

    shown: the document whose digest they signed, which lies beside the entry.
    """
    return Entry(
        id=EntryId(ids.mint("entry")),
        kind=EntryKind.APPROVAL,
        at=approval.at,
        subject=approval.approver,
        target=request.action.target,
        session=request.action.session,
        request=request.id,
        facts={
            "action": request.action.id,
            "approval": approval.id,
            "digest": approval.action_digest,
            "verdict": approval.verdict.value,
            **({"rejected_as": approval.rejected_as.value} if approval.rejected_as else {}),
            **({"in_place_of": approval.in_place_of} if approval.in_place_of else {}),
            **({"self": True} if approval.approver == request.action.subject else {}),
            **(_signed(approval.signature) if approval.signature else {}),
        },
        payload=_said(approval, shown),
    )


def _signed(signature: ApprovalSignature) -> dict[str, Json]:
    return {
        "key": signature.key,
        "key_kind": signature.kind,
        "shown": signature.shown,
        "signature": signature.signature,
        **({"assertion": dict(signature.assertion)} if signature.assertion else {}),
    }


def _said(approval: Approval, shown: Mapping[str, Json] | None) -> dict[str, Json] | None:
    payload: dict[str, Json] = {}
    if shown is not None:
        payload["shown"] = shown
    if approval.comment:
        payload["comment"] = approval.comment
    if approval.terms is not None:
        payload["terms"] = list(describe_terms(approval.terms))
    return payload or None


def of_met_remedy(
    ids: Ids, request: Request, remedy: str, at: datetime, who: SubjectId, by: EntryId | None
) -> Entry:
    """Return the entry that says what a request waited for is there.

    remedy: its code. who: whose doing it was. by: the entry of what they did, None where this is
    the only one.
    """
    facts: dict[str, Json] = {"action": request.action.id, "remedy": remedy}
    if by is not None:
        facts["by"] = by
    return Entry(
        id=EntryId(ids.mint("entry")),
        kind=EntryKind.REMEDY_MET,
        at=at,
        subject=who,
        target=request.action.target,
        session=request.action.session,
        request=request.id,
        facts=facts,
    )


def of_withdrawn_approval(ids: Ids, approval: Approval, request: Request, at: datetime) -> Entry:
    """Return the entry that says somebody took back what they had answered."""
    return Entry(
        id=EntryId(ids.mint("entry")),
        kind=EntryKind.APPROVAL_WITHDRAWN,
        at=at,
        subject=approval.approver,
        target=request.action.target,
        session=request.action.session,
        request=request.id,
        facts={"approval": approval.id, "digest": approval.action_digest},
    )


def of_comment(ids: Ids, comment: Comment, request: Request) -> Entry:
    """Return the entry that says somebody spoke about a request; what they said lies beside it."""
    return Entry(
        id=EntryId(ids.mint("entry")),
        kind=EntryKind.REQUEST_COMMENTED,
        at=comment.at,
        subject=comment.by,
        target=request.action.target,
        session=request.action.session,
        request=request.id,
        payload={"text": comment.text},
    )


def of_grant(ids: Ids, kind: EntryKind, grant: Grant, at: datetime, by: SubjectId | None) -> Entry:
    """Return the entry that says a grant was issued, revoked or has expired."""
    words = grant.revoked_because if kind is EntryKind.GRANT_REVOKED else grant.reason
    return Entry(
        id=EntryId(ids.mint("entry")),
        kind=kind,
        at=at,
        subject=by or grant.subject,
        target=grant.target,
        request=grant.request,
        facts={
            "ends_at": isoformat(grant.ends_at),
            "grant": grant.id,
            "holder": grant.subject,
            "starts_at": isoformat(grant.starts_at),
        },
        payload={"reason": words} if words else None,
    )


def begun_by(ids: Ids, grants: Sequence[Grant], at: datetime) -> tuple[Entry, ...]:
    """Return the entries that say of grants that their clocks started, at their first use."""
    return tuple(of_grant(ids, EntryKind.GRANT_CHANGED, one, at, None) for one in grants)


def session_ended(
    ids: Ids, session: Session, at: datetime, because: str, recorded: Recorded | None
) -> Entry:
    """Return the entry that says a session has ended, and how much was recorded of it.

    recorded: None where that could not be found out.
    """
    entry = of_session(ids, EntryKind.SESSION_ENDED, session, at, because)
    facts = dict(entry.facts)
    if recorded is not None:
        facts["frames"] = recorded.frames
        if recorded.segments is not None:
            facts["segments"] = recorded.segments
    return replace(entry, facts=facts)


def of_session(ids: Ids, kind: EntryKind, session: Session, at: datetime, because: str) -> Entry:
    """Return the entry that says a session was opened or has ended."""
    payload: dict[str, Json] = {"reason": because}
    if kind is EntryKind.SESSION_OPENED:
        payload = {
            "application": session.application,
            "client_address": session.client_address,
            "database": session.database,
            "device": session.device,
        }
    return Entry(
        id=EntryId(ids.mint("entry")),
        kind=kind,
        at=at,
        subject=session.subject,
        target=session.target,
        session=session.id,
        facts={
            "ends_at": isoformat(session.ends_at),
            "grant": session.grant,
            "protocol": session.protocol,
            "state": session.state.value,
        },
        payload=payload,
    )
