"""Changes of what people are told, what is due when, and what they sign and look at."""

from typing import TypeAlias, assert_never

from sqlalchemy import Connection, delete, func, select, update

from assent.core.changes import (
    CloseReview,
    DropTimer,
    PutAbsence,
    PutDelivery,
    PutDeviceKey,
    PutNotice,
    PutPolicyRevision,
    PutReview,
    PutTimer,
    RevokeDeviceKey,
)
from assent.core.faults import ConflictFault
from assent.core.notice import Delivery
from assent.core.policy_revision import PolicyRevision
from assent.stores import workflow_rows as rows
from assent.stores.statements import changed, insert, put, replace
from assent.stores.workflow_tables import (
    absences,
    deliveries,
    device_keys,
    notices,
    policy_revisions,
    reviews,
    timers,
)

WorkflowChange: TypeAlias = (
    PutNotice
    | PutDelivery
    | PutTimer
    | DropTimer
    | PutAbsence
    | PutReview
    | CloseReview
    | PutDeviceKey
    | RevokeDeviceKey
    | PutPolicyRevision
)

WORKFLOW = (
    PutNotice,
    PutDelivery,
    PutTimer,
    DropTimer,
    PutAbsence,
    PutReview,
    CloseReview,
    PutDeviceKey,
    RevokeDeviceKey,
    PutPolicyRevision,
)


def apply(connection: Connection, change: WorkflowChange) -> None:
    """Write one change. Raises ConflictFault when it does not fit; then it wrote nothing."""
    match change:
        case PutNotice():
            _put_notice(connection, change)
        case PutDelivery(delivery):
            replace(connection, deliveries, rows.delivery_row(delivery))
        case PutTimer(timer):
            replace(connection, timers, rows.timer_row(timer))
        case DropTimer():
            _drop_timer(connection, change)
        case PutAbsence(absence):
            replace(connection, absences, rows.absence_row(absence))
        case PutReview(review):
            put(connection, reviews, rows.review_row(review))
        case CloseReview():
            _close_review(connection, change)
        case PutDeviceKey():
            _put_device_key(connection, change)
        case RevokeDeviceKey():
            _revoke_device_key(connection, change)
        case PutPolicyRevision(revision):
            _put_policy_revision(connection, revision)
        case _:
            assert_never(change)


def _put_notice(connection: Connection, change: PutNotice) -> None:
    notice = change.notice
    if notice.id is None:
        raise ConflictFault("notice-without-id", "a notice is kept under its id, and this has none")
    new = insert(connection, notices).values(rows.notice_row(notice)).on_conflict_do_nothing()
    if changed(connection, new) and change.channels:
        due = [
            rows.delivery_row(Delivery(notice.id, channel, due_at=notice.at))
            for channel in dict.fromkeys(change.channels)
        ]
        connection.execute(deliveries.insert(), due)


def _drop_timer(connection: Connection, change: DropTimer) -> None:
    dropped = delete(timers).where(timers.c.about == change.about)
    if change.kind:
        dropped = dropped.where(timers.c.kind == change.kind)
    connection.execute(dropped)


def _close_review(connection: Connection, change: CloseReview) -> None:
    still_open = update(reviews).where(reviews.c.id == change.review, reviews.c.closed_at.is_(None))
    closed = still_open.values(
        verdict=change.verdict.value,
        comment=change.comment,
        closed_by=change.by,
        closed_at=change.at,
    )
    if not changed(connection, closed):
        raise ConflictFault(
            "review-closed", f"review `{change.review}` is closed already or does not exist"
        )


def _put_device_key(connection: Connection, change: PutDeviceKey) -> None:
    new = insert(connection, device_keys).values(rows.device_key_row(change.key))
    if not changed(connection, new.on_conflict_do_nothing()):
        raise ConflictFault("key-known", "this device's key is enrolled already; make a new one")


def _revoke_device_key(connection: Connection, change: RevokeDeviceKey) -> None:
    signs = update(device_keys).where(
        device_keys.c.id == change.key, device_keys.c.revoked_at.is_(None)
    )
    if not changed(connection, signs.values(revoked_at=change.at)):
        raise ConflictFault(
            "key-revoked", f"device key `{change.key}` is revoked already or does not exist"
        )


def _put_policy_revision(connection: Connection, revision: PolicyRevision) -> None:
    newest = select(func.coalesce(func.max(policy_revisions.c.arrival), 0) + 1).scalar_subquery()
    row = {**rows.policy_revision_row(revision), "arrival": newest}
    new = insert(connection, policy_revisions).values(row)
    if revision.by is None:
        connection.execute(new.on_conflict_do_nothing())
        return
    # Its text stays as it is kept; that somebody applied it, or applied it again, is news.
    again = {"by": new.excluded.by, "arrival": new.excluded.arrival}
    connection.execute(
        new.on_conflict_do_update(index_elements=[policy_revisions.c.revision], set_=again)
    )
