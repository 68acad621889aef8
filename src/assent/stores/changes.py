"""Changes that may not fit: each is one statement that fits the state it finds, or a ConflictFault.

Whether it fits is part of the statement itself (`where state = …`, `on conflict do nothing`),
never of a read before it.
"""

from typing import TypeAlias, assert_never

from sqlalchemy import Connection, Executable, delete, func, select, update

from assent.core.changes import (
    DropToken,
    EndCredential,
    EndSession,
    MoveSessionEnd,
    PutApproval,
    PutCredential,
    PutLabel,
    PutRequest,
    PutSession,
    PutSubject,
    PutTarget,
    PutToken,
    StepUp,
    UseCredential,
    WithdrawApproval,
)
from assent.core.faults import ConflictFault
from assent.core.people_changes import PeopleChange
from assent.core.session import SessionState
from assent.core.tool_pin import PutToolPin
from assent.stores import (
    audit_changes,
    codec,
    effect_changes,
    granting,
    people_changes,
    pins,
    rows,
    workflow_changes,
)
from assent.stores.audit_changes import AUDIT, AuditChange
from assent.stores.effect_changes import EFFECTS, EffectChange
from assent.stores.granting import GRANTING, Granting
from assent.stores.people_changes import PEOPLE
from assent.stores.statements import changed, insert, put, put_new
from assent.stores.tables import (
    approvals,
    credentials,
    labels,
    requests,
    sessions,
    subjects,
    targets,
    tokens,
)
from assent.stores.workflow_changes import WORKFLOW, WorkflowChange

_OfThisModule: TypeAlias = (
    PutRequest
    | PutApproval
    | WithdrawApproval
    | PutCredential
    | UseCredential
    | EndCredential
    | PutSession
    | EndSession
    | MoveSessionEnd
    | PutSubject
    | PutTarget
    | PutLabel
    | PutToken
    | StepUp
    | DropToken
)
MayNotFit: TypeAlias = (
    _OfThisModule
    | Granting
    | WorkflowChange
    | AuditChange
    | EffectChange
    | PeopleChange
    | PutToolPin
)


def apply(connection: Connection, change: MayNotFit) -> None:
    """Write one change. Raises ConflictFault when it does not fit; then it wrote nothing."""
    if isinstance(change, GRANTING):
        granting.apply(connection, change)
    elif isinstance(change, WORKFLOW):
        workflow_changes.apply(connection, change)
    elif isinstance(change, AUDIT):
        audit_changes.apply(connection, change)
    elif isinstance(change, EFFECTS):
        effect_changes.apply(connection, change)
    elif isinstance(change, PEOPLE):
        people_changes.apply(connection, change)
    elif isinstance(change, PutToolPin):
        pins.apply(connection, change)
    else:
        _apply(connection, change)


def _apply(connection: Connection, change: _OfThisModule) -> None:
    match change:
        case PutRequest():
            _put_request(connection, change)
        case PutApproval():
            _put_approval(connection, change)
        case WithdrawApproval():
            _withdraw(connection, change)
        case PutCredential(credential):
            put(connection, credentials, rows.credential_row(credential))
        case UseCredential():
            _use(connection, change)
        case EndCredential():
            _end_credential(connection, change)
        case PutSession(session):
            put(connection, sessions, rows.session_row(session))
        case EndSession() | MoveSessionEnd():
            _end(connection, change)
        case PutSubject():
            _put_subject(connection, change)
        case PutTarget():
            _put_target(connection, change)
        case PutLabel():
            _put_label(connection, change)
        case PutToken():
            _put_token(connection, change)
        case StepUp():
            _step_up(connection, change)
        case DropToken(digest):
            connection.execute(delete(tokens).where(tokens.c.digest == digest))
        case _:
            assert_never(change)


def _put_request(connection: Connection, change: PutRequest) -> None:
    row = rows.request_row(change.request)
    if change.expected is None:
        put(connection, requests, row)
        return
    key = requests.c.id == change.request.id
    fits = update(requests).where(key, requests.c.state == change.expected.value)
    if not changed(connection, fits.values(row)):
        state = connection.execute(select(requests.c.state).where(key)).scalar()
        stands = f"is `{state}`" if state else "does not exist"
        raise ConflictFault(
            "request-moved",
            f"request `{change.request.id}` {stands}, expected `{change.expected.value}`",
        )


def _put_approval(connection: Connection, change: PutApproval) -> None:
    approval = change.approval
    arrival = (
        select(func.coalesce(func.max(approvals.c.arrival), 0) + 1)
        .where(approvals.c.request_id == approval.request)
        .scalar_subquery()
    )
    row = {**rows.approval_row(approval), "arrival": arrival}
    if not changed(connection, insert(connection, approvals).values(row).on_conflict_do_nothing()):
        raise ConflictFault(
            "answered-before", f"`{approval.approver}` answered `{approval.request}` before"
        )


def _withdraw(connection: Connection, change: WithdrawApproval) -> None:
    counts = update(approvals).where(
        approvals.c.id == change.approval, approvals.c.withdrawn_at.is_(None)
    )
    if not changed(connection, counts.values(withdrawn_at=change.at)):
        raise ConflictFault(
            "withdrawn-before", f"answer `{change.approval}` was withdrawn before, or never given"
        )


def _use(connection: Connection, change: UseCredential) -> None:
    usable = update(credentials).where(
        credentials.c.id == change.credential,
        credentials.c.connections_left > 0,
        credentials.c.expires_at > change.at,
    )
    left = credentials.c.connections_left - 1
    if not changed(connection, usable.values(connections_left=left)):
        raise ConflictFault(
            "credential-spent",
            f"credential `{change.credential}` is used up or has expired; ask for a new one",
        )


def _end_credential(connection: Connection, change: EndCredential) -> None:
    usable = update(credentials).where(
        credentials.c.id == change.credential, credentials.c.expires_at > change.at
    )
    if not changed(connection, usable.values(expires_at=change.at)):
        raise ConflictFault(
            "credential-over", f"credential `{change.credential}` opens nothing any more"
        )


def _end(connection: Connection, change: EndSession | MoveSessionEnd) -> None:
    still_open = update(sessions).where(
        sessions.c.id == change.session, sessions.c.state == SessionState.OPEN.value
    )
    if isinstance(change, MoveSessionEnd):
        connection.execute(still_open.values(ends_at=change.ends_at))
        return
    state = SessionState.CUT if change.cut else SessionState.CLOSED
    connection.execute(
        still_open.values(state=state.value, ended_at=change.at, ended_because=change.because)
    )


def _put_subject(connection: Connection, change: PutSubject) -> None:
    subject = change.subject
    row = {"id": subject.id, "name": subject.name, "body": codec.encode_subject(subject)}
    newest = insert(connection, subjects).values({**row, "password_hash": change.password_hash})
    kept = func.coalesce(newest.excluded.password_hash, subjects.c.password_hash)
    connection.execute(
        newest.on_conflict_do_update(
            index_elements=[subjects.c.id],
            set_={"name": subject.name, "body": row["body"], "password_hash": kept},
        )
    )


def _put_target(connection: Connection, change: PutTarget) -> None:
    target = change.target
    row = {"id": target.id, "name": target.name, "body": codec.encode_target(target)}
    connection.execute(
        insert(connection, targets)
        .values(row)
        .on_conflict_do_update(
            index_elements=[targets.c.id], set_={"name": target.name, "body": row["body"]}
        )
    )


def _put_label(connection: Connection, change: PutLabel) -> None:
    row, label = rows.label_row(change.label), change.label
    if change.expected is None:
        fits: Executable = insert(connection, labels).values(row).on_conflict_do_nothing()
    else:
        fits = (
            update(labels)
            .where(
                labels.c.target_id == label.target,
                labels.c.name == label.name,
                labels.c.label == label.label,
                labels.c.state == change.expected.value,
            )
            .values(row)
        )
    if not changed(connection, fits):
        what = f"label `{label.label[:80]}` of `{label.name[:80]}`"
        if change.expected is None:
            raise ConflictFault("exists", f"{what} stands already")
        words = f"{what} does not stand as `{change.expected.value}` any more"
        raise ConflictFault("label-moved", words)


def _put_token(connection: Connection, change: PutToken) -> None:
    if not put_new(connection, tokens, rows.token_row(change.token)):
        raise ConflictFault("token-exists", "this token is known already; mint another one")


def _step_up(connection: Connection, change: StepUp) -> None:
    held = update(tokens).where(tokens.c.digest == change.token_digest)
    if not changed(connection, held.values(stepped_up_at=change.at, stepped_up_by=change.by)):
        raise ConflictFault("token-gone", "this token was dropped meanwhile; sign in again")
