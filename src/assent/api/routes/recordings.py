"""Recordings: what there is, whether it is whole, and what it shows."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import TheDoor
from assent.api.recording_schemas import (
    CheckedRecordingOut,
    RecordedFramesOut,
    RecordingOut,
    RecordingsOut,
    SegmentOut,
)
from assent.api.render import session_out
from assent.control.recordings import MOST_FRAMES
from assent.core.ids import SessionId
from assent.core.role import Permission

router = APIRouter(prefix="/v1/recordings", tags=["recordings"])

SessionPath = Annotated[str, Path(max_length=64, description="A session's id.")]
After = Annotated[
    int, Query(ge=0, le=2**53 - 1, description="The number of the frame before the page.")
]
Limit = Annotated[int, Query(ge=1, le=MOST_FRAMES, description="How many frames at most.")]


@router.get("", dependencies=[Depends(needs(Permission.ASK, Permission.WATCH))])
async def listing(door: TheDoor, caller: SignedIn, everybody: bool = False) -> RecordingsOut:
    """List your recordings, or everybody's where you may see them; newest first."""
    found = await door.plane.recordings.list(caller, everybody)
    items = [
        RecordingOut(
            session=session_out(door.plane.directory, session),
            segments=len(segments),
            frames=sum(one.frames for one in segments),
            bytes=sum(one.bytes for one in segments),
        )
        for session, segments in found
    ]
    return RecordingsOut(items=items)


@router.get("/{session_id}", dependencies=[Depends(needs(Permission.ASK, Permission.WATCH))])
async def one(door: TheDoor, caller: SignedIn, session_id: SessionPath) -> CheckedRecordingOut:
    """Compare a recording with the log: every segment, its digest, its place, its frames."""
    found = await door.plane.recordings.check(caller, SessionId(session_id))
    return CheckedRecordingOut(
        session=session_out(door.plane.directory, found.session),
        whole=not found.problems,
        problems=list(found.problems),
        erased=list(found.erased),
        ended_frames=found.ended.frames if found.ended else None,
        ended_segments=found.ended.segments if found.ended else None,
        segments=[
            SegmentOut(
                number=one.number,
                digest=one.digest,
                key=one.key,
                bytes=one.bytes,
                frames=one.frames,
                first_frame=one.first_frame,
                first_sequence=one.first_sequence,
                last_sequence=one.last_sequence,
            )
            for one in found.segments
        ],
    )


@router.get("/{session_id}/frames", dependencies=[Depends(needs(Permission.ASK, Permission.WATCH))])
async def frames(
    door: TheDoor,
    caller: SignedIn,
    session_id: SessionPath,
    after: After = 0,
    limit: Limit = 500,
) -> RecordedFramesOut:
    """Return frames in order; that you read those of somebody else is in the log."""
    page = await door.plane.recordings.page(caller, SessionId(session_id), after, limit)
    return RecordedFramesOut.model_validate(
        {
            "session": session_out(door.plane.directory, page.session),
            "frames": [{"number": number, "frame": dict(frame)} for number, frame in page.frames],
            "after": page.after,
        }
    )
