"""Changes of the log's keys, witnesses, anchors and readers."""

from typing import TypeAlias, assert_never

from sqlalchemy import Connection, delete, select, update

from assent.core.changes import (
    DestroyDataKeys,
    MoveCursor,
    PruneLog,
    PutAnchor,
    PutConfigured,
    PutCosignature,
    PutDataKey,
    PutLegalHold,
)
from assent.core.data_key import LegalHold
from assent.core.faults import ConflictFault
from assent.stores import audit_rows as rows
from assent.stores.append_only import deleting
from assent.stores.audit_tables import (
    anchors,
    configured,
    cosignatures,
    cursors,
    data_keys,
    legal_holds,
)
from assent.stores.statements import append, changed, put, replace
from assent.stores.tables import entries, payloads

AuditChange: TypeAlias = (
    PutDataKey
    | DestroyDataKeys
    | PutLegalHold
    | PutCosignature
    | PutAnchor
    | MoveCursor
    | PutConfigured
    | PruneLog
)

AUDIT = (
    PutDataKey,
    DestroyDataKeys,
    PutLegalHold,
    PutCosignature,
    PutAnchor,
    MoveCursor,
    PutConfigured,
    PruneLog,
)

_AT_ONCE = 500

MINIMUM = "minimum"
"""The cursor that says which entry is the first one that is not pruned."""


def apply(connection: Connection, change: AuditChange) -> None:
    """Write one change. Raises ConflictFault when it does not fit; then it wrote nothing."""
    match change:
        case PutDataKey(key):
            put(connection, data_keys, rows.data_key_row(key))
        case DestroyDataKeys():
            _destroy(connection, change)
        case PutLegalHold(hold):
            _put_legal_hold(connection, hold)
        case PutCosignature(cosignature):
            replace(connection, cosignatures, rows.cosignature_row(cosignature))
        case PutAnchor(anchor):
            put(connection, anchors, rows.anchor_row(anchor))
        case MoveCursor(name, position):
            replace(connection, cursors, {"name": name, "position": position})
        case PutConfigured():
            _put_configured(connection, change)
        case PruneLog(minimum):
            _prune(connection, minimum)
        case _:
            assert_never(change)


def _put_configured(connection: Connection, change: PutConfigured) -> None:
    connection.execute(delete(configured).where(configured.c.kind == change.kind))
    told = [
        {"kind": change.kind, "name": name, "digest": digest}
        for name, digest in sorted(change.digests.items())
    ]
    append(connection, configured, told)


def _destroy(connection: Connection, change: DestroyDataKeys) -> None:
    columns, keys = data_keys.c, change.keys
    subjects = select(columns.subject_id).where(columns.id.in_(keys))
    on = legal_holds.c.subject_id
    holds = select(legal_holds.c.id).where(
        legal_holds.c.lifted_at.is_(None),
        (on == "") | (on == (change.subject or "")) | on.in_(subjects),
    )
    if connection.execute(holds.limit(1)).first() is not None:
        raise ConflictFault("legal-hold", "a legal hold forbids to destroy what they sealed")
    gone = update(data_keys).where(columns.id.in_(keys), columns.wrapped.is_not(None))
    connection.execute(gone.values(wrapped=None, destroyed_at=change.at))
    if change.payloads and connection.dialect.name == "sqlite":
        # These are plain text: whole pages of them are zeroed too, which costs writing them.
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    for start in range(0, len(change.payloads), _AT_ONCE):
        some = change.payloads[start : start + _AT_ONCE]
        with deleting(connection):
            connection.execute(delete(payloads).where(payloads.c.leaf_index.in_(some)))
    if change.payloads and connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = FAST")


def _put_legal_hold(connection: Connection, hold: LegalHold) -> None:
    row = rows.legal_hold_row(hold)
    if hold.stands:
        put(connection, legal_holds, row)
        return
    columns = legal_holds.c
    lifted = update(legal_holds).where(columns.id == hold.id, columns.lifted_at.is_(None))
    if not changed(
        connection, lifted.values(lifted_by=row["lifted_by"], lifted_at=row["lifted_at"])
    ):
        raise ConflictFault("legal-hold-lifted", f"legal hold `{hold.id}` does not stand")


def _prune(connection: Connection, minimum: int) -> None:
    holds = select(legal_holds.c.id).where(legal_holds.c.lifted_at.is_(None))
    if connection.execute(holds.limit(1)).first() is not None:
        raise ConflictFault("legal-hold", "a legal hold forbids to delete entries")
    standing = select(cursors.c.position).where(cursors.c.name == MINIMUM)
    if (connection.execute(standing).scalar() or 0) > minimum:
        raise ConflictFault("pruned-further", "more of the log was pruned already")
    # Triggers refuse it to everybody else: whatever deletes of the log stands in such a block.
    with deleting(connection):
        connection.execute(delete(payloads).where(payloads.c.leaf_index < minimum))
        connection.execute(delete(entries).where(entries.c.leaf_index < minimum))
    replace(connection, cursors, {"name": MINIMUM, "position": minimum})
