"""Grants, notices and what else came with the workflow as rows, and read out of them."""

import json
from collections.abc import Sequence

from assent.core.absence import Absence
from assent.core.device_key import DeviceKey
from assent.core.grant import Grant, GrantKind, PlannedText
from assent.core.notice import Delivery, Notice
from assent.core.policy_revision import PolicyRevision
from assent.core.review import Review, ReviewVerdict
from assent.core.scope import AMOUNTS, Budget, Spent
from assent.core.timer import Timer
from assent.stores.rows import Row
from assent.stores.workflow_codec import (
    decode_grant,
    decode_notice,
    decode_sources,
    encode_grant,
    encode_notice,
    encode_sources,
)


def grant_row(grant: Grant) -> dict[str, object]:
    """Return the columns of a grant; the texts of its plan are rows of their own."""
    return {
        "id": grant.id,
        "subject_id": grant.subject,
        # See `tables.grants`: what has no target has an empty one.
        "target_id": grant.target or "",
        "request_id": grant.request,
        "reason": grant.reason,
        "starts_at": grant.starts_at,
        "ends_at": grant.ends_at,
        "revoked_at": grant.revoked_at,
        "revoked_by": grant.revoked_by,
        "revoked_because": grant.revoked_because,
        "kind": grant.kind.value,
        "body": encode_grant(grant),
        "began_at": grant.began_at,
        **{f"limit_{name}": most for name, most in grant.budget.amounts().items()},
        **{f"spent_{name}": getattr(grant.spent, name) for name in AMOUNTS},
    }


def grant_of(row: Row, plan: Sequence[PlannedText] = ()) -> Grant:
    """Return the grant of a row. plan: its texts, in order."""
    body = decode_grant(row["body"])
    return Grant(
        id=row["id"],
        subject=row["subject_id"],
        target=row["target_id"] or None,
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        request=row["request_id"],
        reason=row["reason"],
        revoked_at=row["revoked_at"],
        revoked_by=row["revoked_by"],
        revoked_because=row["revoked_because"],
        kind=GrantKind(row["kind"]),
        scope=body.scope,
        budget=Budget(*(row[f"limit_{name}"] for name in AMOUNTS)),
        spent=Spent(*(row[f"spent_{name}"] for name in AMOUNTS)),
        on_first_use=body.on_first_use,
        began_at=row["began_at"],
        window=body.window,
        extends=body.extends,
        delegation=body.delegation,
        plan=tuple(plan),
    )


def plan_rows(grant: Grant) -> list[dict[str, object]]:
    """Return the columns of each text of a grant's plan."""
    return [
        {
            "grant_id": grant.id,
            "digest": text.digest,
            "position": position,
            "times": text.times,
            "used": text.used,
        }
        for position, text in enumerate(grant.plan)
    ]


def notice_row(notice: Notice) -> dict[str, object]:
    """Return the columns of a notice."""
    return {
        "id": notice.id,
        "key": notice.key or None,
        "thread": notice.thread,
        "at": notice.at,
        "body": encode_notice(notice),
    }


def notice_of(row: Row) -> Notice:
    """Return the notice of a row."""
    body = decode_notice(row["body"])
    return Notice(
        topic=body.topic,
        at=row["at"],
        request=body.request,
        grant=body.grant,
        id=row["id"],
        key=row["key"] or "",
        to=body.to,
        headline=body.headline,
        lines=body.lines,
        link=body.link,
        loud=body.loud,
        thread=row["thread"],
    )


def delivery_row(delivery: Delivery) -> dict[str, object]:
    """Return the columns of a delivery."""
    return {
        "notice_id": delivery.notice,
        "channel": delivery.channel,
        "attempts": delivery.attempts,
        "due_at": delivery.due_at,
        "delivered_at": delivery.delivered_at,
        "reference": delivery.reference,
        "error": delivery.error,
    }


def delivery_of(row: Row) -> Delivery:
    """Return the delivery of a row."""
    return Delivery(
        notice=row["notice_id"],
        channel=row["channel"],
        attempts=row["attempts"],
        due_at=row["due_at"],
        delivered_at=row["delivered_at"],
        reference=row["reference"],
        error=row["error"],
    )


def told_of(row: Row) -> tuple[Notice, Delivery]:
    """Return the notice and the delivery of a row that holds the columns of both."""
    return notice_of(row), delivery_of(row)


def timer_row(timer: Timer) -> dict[str, object]:
    """Return the columns of a timer."""
    return {"about": timer.about, "kind": timer.kind, "due_at": timer.due_at}


def timer_of(row: Row) -> Timer:
    """Return the timer of a row."""
    return Timer(kind=row["kind"], about=row["about"], due_at=row["due_at"])


def absence_row(absence: Absence) -> dict[str, object]:
    """Return the columns of an absence."""
    return {
        "subject_id": absence.subject,
        "starts_at": absence.starts_at,
        "ends_at": absence.ends_at,
    }


def absence_of(row: Row) -> Absence:
    """Return the absence of a row."""
    return Absence(subject=row["subject_id"], starts_at=row["starts_at"], ends_at=row["ends_at"])


def review_row(review: Review) -> dict[str, object]:
    """Return the columns of a review."""
    return {
        "id": review.id,
        "grant_id": review.grant,
        "subject_id": review.subject,
        "target_id": review.target,
        "group_name": review.group,
        "reason": review.reason,
        "opened_at": review.opened_at,
        "due_at": review.due_at,
        "verdict": review.verdict.value if review.verdict else None,
        "comment": review.comment,
        "closed_by": review.closed_by,
        "closed_at": review.closed_at,
    }


def review_of(row: Row) -> Review:
    """Return the review of a row."""
    return Review(
        id=row["id"],
        grant=row["grant_id"],
        subject=row["subject_id"],
        target=row["target_id"],
        group=row["group_name"],
        reason=row["reason"],
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        verdict=ReviewVerdict(row["verdict"]) if row["verdict"] else None,
        comment=row["comment"],
        closed_by=row["closed_by"],
        closed_at=row["closed_at"],
    )


def device_key_row(key: DeviceKey) -> dict[str, object]:
    """Return the columns of a device's key."""
    return {
        "id": key.id,
        "subject_id": key.subject,
        "kind": key.kind,
        "public_key": key.public_key,
        "name": key.name,
        "enrolled_at": key.enrolled_at,
        "revoked_at": key.revoked_at,
        "details": json.dumps(dict(key.details), sort_keys=True),
        "admitted_at": key.admitted_at,
        "admitted_by": key.admitted_by,
    }


def device_key_of(row: Row) -> DeviceKey:
    """Return the device's key of a row."""
    return DeviceKey(
        id=row["id"],
        subject=row["subject_id"],
        kind=row["kind"],
        public_key=row["public_key"],
        name=row["name"],
        enrolled_at=row["enrolled_at"],
        revoked_at=row["revoked_at"],
        details=json.loads(row["details"]),
        admitted_at=row["admitted_at"],
        admitted_by=row["admitted_by"],
    )


def policy_revision_row(revision: PolicyRevision) -> dict[str, object]:
    """Return the columns of a policy revision but for `arrival`, which the store counts."""
    return {
        "revision": revision.revision,
        "sources": encode_sources(revision.sources),
        "at": revision.at,
        "by": revision.by,
    }


def policy_revision_of(row: Row) -> PolicyRevision:
    """Return the policy revision of a row."""
    return PolicyRevision(
        revision=row["revision"],
        sources=decode_sources(row["sources"]),
        at=row["at"],
        by=row["by"],
    )
