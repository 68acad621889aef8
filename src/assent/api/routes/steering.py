"""Open sessions: how each is now, watching it, and stopping it."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from assent.api.authentication import PresentedToken, SignedIn, signed_in
from assent.api.authorization import needs
from assent.api.bodies import BecauseBody
from assent.api.door import Door, TheDoor
from assent.api.render import session_out
from assent.api.routes.sessions import SessionPath
from assent.api.steering_schemas import GlimpseOut, LiveSessionOut, PausedOut
from assent.control.live import LiveSession
from assent.control.steering import Steer
from assent.core.clock import isoformat
from assent.core.faults import Fault
from assent.core.ids import SessionId
from assent.core.role import Permission

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])

_STEERS = [Depends(needs(Permission.ASK, Permission.STEER))]
_WATCHES = [Depends(needs(Permission.ASK, Permission.WATCH))]


def live_out(door: Door, live: LiveSession) -> LiveSessionOut:
    """Return an open session as it is now."""
    pause, so_far = live.pause, live.so_far
    paused = (
        PausedOut(by=pause.name, because=pause.because, since=isoformat(pause.since))
        if pause is not None
        else None
    )
    return LiveSessionOut(
        session=session_out(door.plane.directory, live.session),
        standing=live.standing.kind.value,
        only_reads=live.only_reads,
        paused=paused,
        waits=bool(live.holding),
        actions=so_far.actions,
        rows=so_far.rows,
        bytes=so_far.bytes,
        errors=so_far.errors,
        denials=so_far.denials,
        risk=live.level.value,
        suspicion_mb=so_far.suspicion_mb,
    )


@router.get("/{session_id}/now", dependencies=_WATCHES)
async def now(door: TheDoor, caller: SignedIn, session_id: SessionPath) -> LiveSessionOut:
    """Return an open session as it is now: what may be done in it, and what was."""
    return live_out(door, await door.plane.steering.look(caller, SessionId(session_id)))


@router.post("/{session_id}/pause", dependencies=_STEERS)
async def pause(
    door: TheDoor, caller: SignedIn, session_id: SessionPath, body: BecauseBody
) -> LiveSessionOut:
    """Let what is attempted next wait until somebody resumes the session."""
    return await _steered(door, caller, session_id, Steer.PAUSE, body.because)


@router.post("/{session_id}/resume", dependencies=_STEERS)
async def resume(
    door: TheDoor, caller: SignedIn, session_id: SessionPath, body: BecauseBody
) -> LiveSessionOut:
    """Let a paused session go on. One's own that somebody else paused, somebody else resumes."""
    return await _steered(door, caller, session_id, Steer.RESUME, body.because)


@router.post("/{session_id}/downgrade", dependencies=_STEERS)
async def downgrade(
    door: TheDoor, caller: SignedIn, session_id: SessionPath, body: BecauseBody
) -> LiveSessionOut:
    """Let the session only read until it ends."""
    return await _steered(door, caller, session_id, Steer.DOWNGRADE, body.because)


async def _steered(
    door: Door, caller: SignedIn, session: str, how: Steer, because: str
) -> LiveSessionOut:
    return live_out(door, await door.plane.steering.steer(caller, SessionId(session), how, because))


async def begun(door: TheDoor, caller: SignedIn, session_id: SessionPath) -> LiveSession:
    """Return the session that is watched from here on, with that in the log."""
    return await door.plane.live_watch.begin(caller, SessionId(session_id))


@router.get("/{session_id}/watch", dependencies=_WATCHES, response_class=EventSourceResponse)
async def watch(
    request: Request,
    door: TheDoor,
    token: PresentedToken,
    caller: SignedIn,
    live: Annotated[LiveSession, Depends(begun)],
) -> AsyncIterator[ServerSentEvent]:
    """Send an event `frames` with what is recorded of an open session, as it is recorded.

    It ends with the session, and when you may not look any more. That you watch somebody else's
    is in the log before the first event. What is long is cut, and said to be.
    """
    plane = door.plane
    async for glimpse in plane.live_watch.follow(live, by=caller.subject.id):
        try:
            # Asked again each time: whoever signed out or lost the role sees nothing more.
            caller = await signed_in(request, door, token)
            plane.sessions.check_frames(caller, await plane.sessions.get(caller, live.session.id))
        except Fault:
            return
        frames = [dict(frame) for _, frame in glimpse.frames]
        said = GlimpseOut.model_validate(
            {"frames": frames, "skipped": glimpse.skipped, "over": glimpse.over}
        )
        yield ServerSentEvent(event="frames", raw_data=said.model_dump_json())
