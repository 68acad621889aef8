"""Notices: what could not be delivered, and another try."""

from contextlib import suppress
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import Door, TheDoor
from assent.api.notice_schemas import NoticeOut, NoticesOut
from assent.control.outbox import Undelivered
from assent.core.clock import isoformat
from assent.core.faults import MissingFault
from assent.core.ids import NoticeId, SubjectId
from assent.core.role import Permission

router = APIRouter(prefix="/v1/notices", tags=["notices"])


@router.get("", dependencies=[Depends(needs(Permission.READ_HEALTH))])
async def listing(door: TheDoor, caller: SignedIn, state: Literal["dead"] = "dead") -> NoticesOut:
    """List the notices that a channel could not be brought, newest first."""
    found = await door.plane.outbox.dead(caller)
    return NoticesOut(items=[_out(door, item) for item in found])


@router.post("/{notice_id}/retry", dependencies=[Depends(needs(Permission.CHANGE_SETTINGS))])
async def retry(
    door: TheDoor,
    caller: SignedIn,
    notice_id: Annotated[str, Path(max_length=64, description="A notice's id.")],
) -> NoticesOut:
    """Try a notice again on every channel where it was given up."""
    again = await door.plane.outbox.retry(caller, NoticeId(notice_id))
    return NoticesOut(items=[_out(door, item) for item in again])


def _out(door: Door, item: Undelivered) -> NoticeOut:
    notice, delivery = item.notice, item.delivery
    return NoticeOut(
        id=delivery.notice,
        channel=delivery.channel,
        topic=notice.topic,
        headline=notice.headline,
        to=[_name(door, who) for who in notice.to],
        request=notice.request,
        at=isoformat(notice.at),
        attempts=delivery.attempts,
        due_at=isoformat(delivery.due_at) if delivery.due_at else None,
        error=delivery.error,
    )


def _name(door: Door, who: SubjectId) -> str:
    with suppress(MissingFault):
        return door.plane.directory.subject(who).name
    return who
