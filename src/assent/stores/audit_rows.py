"""Rows of the log's keys, witnesses and anchors, and back."""

from typing import Any

from assent.core.data_key import DataKey, LegalHold
from assent.core.entry import Anchor, Cosignature
from assent.core.ids import AnchorId, DataKeyId, LegalHoldId, SubjectId
from assent.stores.rows import Row


def data_key_row(key: DataKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "subject_id": key.subject or "",
        "wrapped": key.wrapped,
        "master": key.master,
        "created_at": key.created_at,
        "destroyed_at": key.destroyed_at,
    }


def data_key_of(row: Row) -> DataKey:
    return DataKey(
        id=DataKeyId(row["id"]),
        subject=SubjectId(row["subject_id"]) if row["subject_id"] else None,
        wrapped=row["wrapped"],
        master=row["master"],
        created_at=row["created_at"],
        destroyed_at=row["destroyed_at"],
    )


def legal_hold_row(hold: LegalHold) -> dict[str, Any]:
    return {
        "id": hold.id,
        "subject_id": hold.subject or "",
        "because": hold.because,
        "placed_by": hold.placed_by,
        "placed_at": hold.placed_at,
        "lifted_by": hold.lifted_by,
        "lifted_at": hold.lifted_at,
    }


def legal_hold_of(row: Row) -> LegalHold:
    return LegalHold(
        id=LegalHoldId(row["id"]),
        subject=SubjectId(row["subject_id"]) if row["subject_id"] else None,
        because=row["because"],
        placed_by=SubjectId(row["placed_by"]),
        placed_at=row["placed_at"],
        lifted_by=SubjectId(row["lifted_by"]) if row["lifted_by"] else None,
        lifted_at=row["lifted_at"],
    )


def cosignature_row(cosignature: Cosignature) -> dict[str, Any]:
    return {
        "size": cosignature.size,
        "witness": cosignature.witness,
        "line": cosignature.line,
        "at": cosignature.at,
    }


def cosignature_of(row: Row) -> Cosignature:
    return Cosignature(row["size"], row["witness"], row["line"], row["at"])


def anchor_row(anchor: Anchor) -> dict[str, Any]:
    return {
        "id": anchor.id,
        "size": anchor.size,
        "kind": anchor.kind,
        "name": anchor.name,
        "reference": anchor.reference,
        "at": anchor.at,
        "body": anchor.body,
    }


def anchor_of(row: Row) -> Anchor:
    return Anchor(
        id=AnchorId(row["id"]),
        size=row["size"],
        kind=row["kind"],
        name=row["name"],
        reference=row["reference"],
        at=row["at"],
        body=row["body"],
    )
