"""Changes that may not fit: each is one statement that fits the state it finds, or a ConflictFault.

Whether it fits is part of the statement itself (`where state = …`, `on conflict do nothing`),
never of a read before it.
"""

from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

from sqlalchemy import (
    Connection,
    Executable,
    Table,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects import sqlite

from assent.core.changes import (
    DropToken,
    EndSession,
    PutApproval,
    PutCredential,
    PutGrant,
    PutLabel,
    PutRequest,
    PutSession,
    PutSubject,
    PutTarget,
    PutToken,
    RevokeGrant,
    StepUp,
    UseCredential,
)
from assent.core.faults import ConflictFault
from assent.core.session import SessionState
from assent.stores import codec, rows
from assent.stores.tables import (
    approvals,
    credentials,
    grants,
    labels,
    requests,
    sessions,
    subjects,
    targets,
    tokens,
)

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

Upsert: TypeAlias = "sqlite.Insert | postgresql.Insert"

MayNotFit: TypeAlias = (
    PutRequest
    | PutApproval
    | PutGrant
    | RevokeGrant
    | PutCredential
    | UseCredential
    | PutSession
    | EndSession
    | PutSubject
    | PutTarget
    | PutLabel
    | PutToken
    | StepUp
    | DropToken
)


def apply(connection: Connection, change: MayNotFit) -> None:
    """Write one change. Raises ConflictFault when it does not fit; then it wrote nothing."""
    match change:
        case PutRequest():
            _put_request(connection, change)
        case PutApproval():
            _put_approval(connection, change)
        case PutGrant(grant):
            _put(connection, grants, rows.grant_row(grant))
        case RevokeGrant():
            _revoke(connection, change)
        case PutCredential(credential):
            _put(connection, credentials, rows.credential_row(credential))
        case UseCredential():
            _use(connection, change)
        case PutSession(session):
            _put(connection, sessions, rows.session_row(session))
        case EndSession():
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


def insert(connection: Connection, table: Table) -> Upsert:
    """Return an insert that knows `on conflict`, in this database's dialect."""
    return insert_in(connection.dialect.name, table)


def insert_in(dialect: str, table: Table) -> Upsert:
    """Return an insert that knows `on conflict`, in the dialect of that name."""
    if dialect == "postgresql":
        # Imported where it is needed: it brings every driver for PostgreSQL along.
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    return sqlite.insert(table)


def _put(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    statement = insert(connection, table).values(row).on_conflict_do_nothing()
    if not _changed(connection, statement):
        key = next(iter(table.primary_key.columns)).name
        raise ConflictFault("exists", f"there is a row `{row[key]}` in {table.name} already")


def _changed(connection: Connection, statement: Executable) -> bool:
    options = {"preserve_rowcount": True}
    return connection.execute(statement, execution_options=options).rowcount > 0


def _put_request(connection: Connection, change: PutRequest) -> None:
    row = rows.request_row(change.request)
    if change.expected is None:
        _put(connection, requests, row)
        return
    key = requests.c.id == change.request.id
    fits = update(requests).where(key, requests.c.state == change.expected.value)
    if not _changed(connection, fits.values(row)):
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
    if not _changed(connection, insert(connection, approvals).values(row).on_conflict_do_nothing()):
        raise ConflictFault(
            "answered-before", f"`{approval.approver}` answered `{approval.request}` before"
        )


def _revoke(connection: Connection, change: RevokeGrant) -> None:
    valid = update(grants).where(grants.c.id == change.grant, grants.c.revoked_at.is_(None))
    if not _changed(
        connection,
        valid.values(revoked_at=change.at, revoked_by=change.by, revoked_because=change.because),
    ):
        raise ConflictFault(
            "grant-over", f"grant `{change.grant}` is revoked already or does not exist"
        )


def _use(connection: Connection, change: UseCredential) -> None:
    usable = update(credentials).where(
        credentials.c.id == change.credential,
        credentials.c.connections_left > 0,
        credentials.c.expires_at > change.at,
    )
    left = credentials.c.connections_left - 1
    if not _changed(connection, usable.values(connections_left=left)):
        raise ConflictFault(
            "credential-spent",
            f"credential `{change.credential}` is used up or has expired; ask for a new one",
        )


def _end(connection: Connection, change: EndSession) -> None:
    state = SessionState.CUT if change.cut else SessionState.CLOSED
    connection.execute(
        update(sessions)
        .where(sessions.c.id == change.session, sessions.c.state == SessionState.OPEN.value)
        .values(state=state.value, ended_at=change.at, ended_because=change.because)
    )


def _put_subject(connection: Connection, change: PutSubject) -> None:
    subject = change.subject
    row = {"id": subject.id, "name": subject.name, "body": codec.encode_subject(subject)}
    put = insert(connection, subjects).values({**row, "password_hash": change.password_hash})
    kept = func.coalesce(put.excluded.password_hash, subjects.c.password_hash)
    connection.execute(
        put.on_conflict_do_update(
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
    if not _changed(connection, fits):
        what = f"label `{label.label[:80]}` of `{label.name[:80]}`"
        if change.expected is None:
            raise ConflictFault("exists", f"{what} stands already")
        words = f"{what} does not stand as `{change.expected.value}` any more"
        raise ConflictFault("label-moved", words)


def _put_token(connection: Connection, change: PutToken) -> None:
    row = {
        "digest": change.digest,
        "subject_id": change.subject,
        "method": change.method,
        "issued_at": change.at,
        "expires_at": change.expires_at,
    }
    if not _changed(connection, insert(connection, tokens).values(row).on_conflict_do_nothing()):
        raise ConflictFault("token-exists", "this token is known already; mint another one")


def _step_up(connection: Connection, change: StepUp) -> None:
    held = update(tokens).where(tokens.c.digest == change.token_digest)
    if not _changed(connection, held.values(stepped_up_at=change.at)):
        raise ConflictFault("token-gone", "this token was dropped meanwhile; sign in again")
