"""Nouns as rows: what is written into the columns of `tables`, and what is read out of them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from assent.core.entry import Checkpoint
from assent.core.label import Label, LabelSource, LabelState
from assent.core.lesson import Lesson
from assent.core.ports import StoredEntry
from assent.core.request import Approval, RejectedAs, Request, RequestState, Verdict
from assent.core.security_event import SecurityEvent
from assent.core.session import Credential, Session, SessionState
from assent.core.token import Token
from assent.stores.codec import (
    decode_lesson,
    decode_remedies,
    decode_request,
    decode_security_event,
    decode_token,
    encode_lesson,
    encode_request,
    encode_security_event,
    encode_token,
)
from assent.stores.workflow_codec import decode_approval, encode_approval

Row: TypeAlias = Mapping[str, Any]


def request_row(request: Request) -> dict[str, object]:
    """Return the columns of a request; its approvals are rows of their own."""
    return {
        "id": request.id,
        "state": request.state.value,
        "subject_id": request.action.subject,
        "target_id": request.action.target,
        "session_id": request.action.session,
        "created_at": request.created_at,
        "deadline_at": request.deadline_at,
        "changed_at": request.changed_at,
        "body": encode_request(request),
    }


def request_of(row: Row, approvals: Iterable[Approval]) -> Request:
    """Return the request of a row. approvals: its own, in the order in which they came."""
    body = decode_request(row["body"])
    return Request(
        id=row["id"],
        action=body.action,
        action_digest=body.action_digest,
        assessment=body.assessment,
        remedies=decode_remedies(body),
        messages=body.messages,
        denied_by=body.denied_by,
        revision=body.revision,
        state=RequestState(row["state"]),
        created_at=row["created_at"],
        deadline_at=row["deadline_at"],
        changed_at=row["changed_at"],
        approvals=tuple(approvals),
        reason=body.reason,
        ticket=body.ticket,
        outcome=body.outcome,
        settled_by=body.settled_by,
        grant=body.grant,
        impact=body.impact,
        asked=body.asked,
        comments=body.comments,
        ticket_said=body.ticket_said,
        detached=body.detached,
    )


def approval_row(approval: Approval) -> dict[str, object]:
    """Return the columns of an approval but for `arrival`, which the store counts."""
    return {
        "id": approval.id,
        "request_id": approval.request,
        "approver_id": approval.approver,
        "verdict": approval.verdict.value,
        "action_digest": approval.action_digest,
        "at": approval.at,
        "comment": approval.comment,
        "rejected_as": approval.rejected_as.value if approval.rejected_as else None,
        "withdrawn_at": approval.withdrawn_at,
        "in_place_of": approval.in_place_of,
        "body": encode_approval(approval),
    }


def approval_of(row: Row) -> Approval:
    """Return the approval of a row."""
    body = decode_approval(row["body"])
    return Approval(
        id=row["id"],
        request=row["request_id"],
        approver=row["approver_id"],
        verdict=Verdict(row["verdict"]),
        action_digest=row["action_digest"],
        at=row["at"],
        comment=row["comment"],
        rejected_as=RejectedAs(row["rejected_as"]) if row["rejected_as"] else None,
        terms=body.terms,
        signature=body.signature,
        in_place_of=row["in_place_of"],
        withdrawn_at=row["withdrawn_at"],
    )


def credential_row(credential: Credential) -> dict[str, object]:
    """Return the columns of a session credential."""
    return {
        "id": credential.id,
        "subject_id": credential.subject,
        "target_id": credential.target,
        "grant_id": credential.grant,
        "stored_key": credential.stored_key,
        "server_key": credential.server_key,
        "expires_at": credential.expires_at,
        "connections_left": credential.connections_left,
        "minted_from": credential.minted_from,
        "minted_at": credential.minted_at,
        "device_id": credential.device,
        "certified": credential.certified,
    }


def credential_of(row: Row) -> Credential:
    """Return the session credential of a row."""
    return Credential(
        id=row["id"],
        subject=row["subject_id"],
        target=row["target_id"],
        grant=row["grant_id"],
        stored_key=row["stored_key"],
        server_key=row["server_key"],
        expires_at=row["expires_at"],
        connections_left=row["connections_left"],
        # Null in a row of before the column was there.
        minted_from=row["minted_from"] or "",
        minted_at=row["minted_at"],
        device=row["device_id"],
        certified=row["certified"],
    )


def session_row(session: Session) -> dict[str, object]:
    """Return the columns of a session."""
    return {
        "id": session.id,
        "subject_id": session.subject,
        "target_id": session.target,
        "grant_id": session.grant,
        "protocol": session.protocol,
        "database": session.database,
        "client_address": session.client_address,
        "application": session.application,
        "state": session.state.value,
        "opened_at": session.opened_at,
        "ends_at": session.ends_at,
        "ended_at": session.ended_at,
        "ended_because": session.ended_because,
        "device_id": session.device,
    }


def session_of(row: Row) -> Session:
    """Return the session of a row."""
    return Session(
        id=row["id"],
        subject=row["subject_id"],
        target=row["target_id"],
        grant=row["grant_id"],
        protocol=row["protocol"],
        database=row["database"],
        client_address=row["client_address"],
        application=row["application"],
        state=SessionState(row["state"]),
        opened_at=row["opened_at"],
        ends_at=row["ends_at"],
        ended_at=row["ended_at"],
        ended_because=row["ended_because"],
        device=row["device_id"],
    )


def label_row(label: Label) -> dict[str, object]:
    """Return the columns of a label."""
    return {
        "target_id": label.target,
        "name": label.name,
        "label": label.label,
        "state": label.state.value,
        "source": label.source.value,
        "matched": label.matched,
        "sampled": label.sampled,
        "at": label.at,
        "by": label.by,
    }


def label_of(row: Row) -> Label:
    """Return the label of a row."""
    return Label(
        target=row["target_id"],
        name=row["name"],
        label=row["label"],
        state=LabelState(row["state"]),
        source=LabelSource(row["source"]),
        matched=row["matched"],
        sampled=row["sampled"],
        at=row["at"],
        by=row["by"],
    )


def lesson_row(lesson: Lesson) -> dict[str, object]:
    """Return the columns of a lesson but for `arrival`, which the database counts."""
    return {
        "id": lesson.id,
        "subject_id": lesson.subject,
        "session_id": lesson.session,
        "at": lesson.at,
        "body": encode_lesson(lesson),
    }


def lesson_of(row: Row) -> Lesson:
    """Return the lesson of a row."""
    body = decode_lesson(row["body"])
    return Lesson(
        id=row["id"],
        subject=row["subject_id"],
        session=row["session_id"],
        at=row["at"],
        groups=body.groups,
        aspects=body.aspects,
        weight_milli=body.weight_milli,
        strong=body.strong,
        confirmed=body.confirmed,
        opens=body.opens,
    )


def security_event_row(event: SecurityEvent) -> dict[str, object]:
    """Return the columns of a security event but for `arrival`, which the database counts."""
    return {"subject_id": event.subject, "at": event.at, "body": encode_security_event(event)}


def security_event_of(row: Row) -> SecurityEvent:
    """Return the security event of a row."""
    body = decode_security_event(row["body"])
    return SecurityEvent(
        type=body.type,
        subject=row["subject_id"],
        at=row["at"],
        source=body.source,
        level=body.level,
        reason=body.reason,
    )


def token_row(token: Token) -> dict[str, object]:
    """Return the columns of a bearer token."""
    return {
        "digest": token.digest,
        "id": token.id,
        "subject_id": token.subject,
        "expires_at": token.expires_at,
        "stepped_up_at": token.stepped_up_at,
        "stepped_up_by": token.stepped_up_by,
        "provider": token.provider,
        "provider_session": token.provider_session,
        "seen_at": token.seen_at,
        "body": encode_token(token),
    }


def token_of(row: Row) -> Token:
    """Return what is kept of a bearer token."""
    token = decode_token(row["body"])
    return replace(
        token,
        stepped_up_at=row["stepped_up_at"],
        stepped_up_by=row["stepped_up_by"],
        seen_at=row["seen_at"],
    )


def entry_of(row: Row) -> StoredEntry:
    """Return an entry as it stands in the log."""
    return StoredEntry(index=row["leaf_index"], leaf=row["leaf"], payload=row["payload"])


def checkpoint_of(row: Row) -> Checkpoint:
    """Return the checkpoint of a row."""
    return Checkpoint(size=row["size"], root=row["root"], note=row["note"], at=row["at"])
