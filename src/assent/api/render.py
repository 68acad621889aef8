"""Our nouns as the JSON that the API returns."""

from datetime import datetime
from typing import Literal

import msgspec

from assent.api.door import Door
from assent.api.render_answers import approvals_out, asked_terms, comments_out
from assent.api.render_risk import risk_out
from assent.api.schemas import (
    ActionOut,
    CallerOut,
    GrantOut,
    ImpactOut,
    PersonOut,
    RequestOut,
    SessionOut,
    TargetGrantOut,
    TargetOut,
    TouchOut,
)
from assent.api.ways_in import way_in
from assent.control.access import Outlook
from assent.control.covering import describe as describe_scope
from assent.control.directory import Directory
from assent.core.action import Action
from assent.core.clock import isoformat
from assent.core.decision import describe
from assent.core.faults import MissingFault
from assent.core.grant import Grant
from assent.core.ids import SubjectId, TargetId
from assent.core.impact import Impact
from assent.core.impact import describe as impact_words
from assent.core.request import Request
from assent.core.session import Session
from assent.core.subject import Subject
from assent.workflow.narrowing import ACCESS
from assent.workflow.wishes import window_text


def person_name(directory: Directory, subject: SubjectId) -> str:
    """Return the person's name, or the id where the configuration does not name it any more."""
    try:
        return directory.subject(subject).name
    except MissingFault:
        return subject


def target_name(directory: Directory, target: TargetId) -> str:
    """Return the target's name, or the id where the configuration does not name it any more."""
    try:
        return directory.target(target).name
    except MissingFault:
        return target


def caller_out(subject: Subject) -> CallerOut:
    """Return who is signed in."""
    return CallerOut(
        name=subject.name, display_name=subject.display_name, groups=sorted(subject.groups)
    )


def grant_state(grant: Grant, now: datetime) -> str:
    """Return `active`, `ended`, `revoked` or `future`."""
    if grant.revoked_at is not None:
        return "revoked"
    if now < grant.starts_at:
        return "future"
    return "active" if grant.is_valid(now) else "ended"


def grant_out(door: Door, grant: Grant) -> GrantOut:
    """Return the grant as it stands now."""
    directory = door.plane.directory
    return GrantOut.model_validate(
        {
            "id": grant.id,
            "subject": person_name(directory, grant.subject),
            "target": target_name(directory, grant.target) if grant.target else "",
            "starts_at": isoformat(grant.starts_at),
            "ends_at": isoformat(grant.ends_at),
            "request": grant.request,
            "reason": grant.reason,
            "state": grant_state(grant, door.plane.clock.now()),
            "revoked_at": _instant(grant.revoked_at),
            "revoked_by": person_name(directory, grant.revoked_by) if grant.revoked_by else None,
            "revoked_because": grant.revoked_because,
            **_terms(grant),
        }
    )


def _terms(grant: Grant) -> dict[str, object]:
    """Return what a grant is good for."""
    budget = {name: most for name, most in grant.budget.amounts().items() if most is not None}
    lasts_for = grant.on_first_use if grant.began_at is None else None
    return {
        "kind": grant.kind.value,
        "verbs": sorted(grant.scope.verbs),
        "tables": sorted(grant.scope.resources),
        "read_only": grant.scope.read_only,
        "covers": describe_scope(grant.scope),
        "budget": budget,
        "spent": {name: getattr(grant.spent, name) for name in budget},
        "window": window_text(grant.window) if grant.window else "",
        "lasts_s": None if lasts_for is None else int(lasts_for.total_seconds()),
        "extends": grant.extends,
    }


def target_out(door: Door, outlook: Outlook) -> TargetOut:
    """Return the target with what would happen on connecting."""
    grant, way = outlook.grant, way_in(door, outlook.target)
    return TargetOut.model_validate(
        {
            "name": outlook.target.name,
            "protocol": outlook.target.protocol,
            "address": way.address if way else "",
            "command": way.command if way else "",
            "environment": outlook.target.environment,
            "access": outlook.state,
            "words": list(outlook.words),
            "grant": TargetGrantOut(id=grant.id, ends_at=isoformat(grant.ends_at))
            if grant
            else None,
        }
    )


def session_out(directory: Directory, session: Session) -> SessionOut:
    """Return the session, without its recording."""
    return SessionOut(
        id=session.id,
        subject=person_name(directory, session.subject),
        target=target_name(directory, session.target),
        grant=session.grant,
        protocol=session.protocol,
        database=session.database,
        client_address=session.client_address,
        application=session.application,
        state=session.state.value,
        opened_at=isoformat(session.opened_at),
        ends_at=isoformat(session.ends_at),
        ended_at=_instant(session.ended_at),
        ended_because=session.ended_because,
    )


def request_out(door: Door, request: Request) -> RequestOut:
    """Return the request as it stands."""
    directory, requests = door.plane.directory, door.plane.requests
    action = request.action
    return RequestOut(
        id=request.id,
        state=request.state.value,
        kind=_kind(action),
        requester=_person(directory, action.subject),
        target=target_name(directory, action.target) if action.target else None,
        session=action.session,
        action=_action(action, request.action_digest),
        risk=risk_out(request.assessment),
        demands=[describe(remedy, directory.names) for remedy in request.remedies],
        unmet=list(requests.unmet(request)),
        messages=list(request.messages),
        policies=list(request.denied_by),
        revision=request.revision,
        created_at=isoformat(request.created_at),
        deadline_at=isoformat(request.deadline_at),
        changed_at=isoformat(request.changed_at),
        approvals=list(approvals_out(directory, request)),
        comments=list(comments_out(directory, request)),
        terms=asked_terms(action),
        asked=[subject.name for subject in requests.asked(request)],
        reason=request.reason,
        ticket=request.ticket,
        task=action.details.get("task", ""),
        outcome=request.outcome,
        settled_by=person_name(directory, request.settled_by) if request.settled_by else None,
        grant=request.grant,
        impact=_impact(request.impact) if request.impact else None,
        link=f"{door.public_url}/requests/{request.id}",
    )


def _kind(action: Action) -> Literal["statement", "access", "action"]:
    if action.session is not None:
        return "statement"
    return "access" if action.verb == ACCESS else "action"


def _person(directory: Directory, subject: SubjectId) -> PersonOut:
    try:
        known = directory.subject(subject)
    except MissingFault:
        return PersonOut(name=subject, display_name="")
    return PersonOut(name=known.name, display_name=known.display_name)


def _impact(impact: Impact) -> ImpactOut:
    measured = msgspec.to_builtins(impact)
    return ImpactOut.model_validate({**measured, "words": list(impact_words(impact))})


def _action(action: Action, digest: str) -> ActionOut:
    seconds = action.details.get("for_s", "")
    return ActionOut(
        verb=action.verb,
        text=action.text,
        parameters=list(action.parameters),
        touches=[
            TouchOut(
                verb=touch.verb,
                resource=f"{touch.resource.kind} {touch.resource.name}",
                columns=sorted(touch.columns),
                through=touch.through,
            )
            for touch in action.touches
        ],
        digest=digest,
        for_s=int(seconds) if seconds.isdecimal() else None,
    )


def _instant(at: datetime | None) -> str | None:
    return None if at is None else isoformat(at)
