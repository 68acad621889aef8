"""Sessions: what is open, what happened in it, and ending it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.bodies import BecauseBody
from assent.api.door import TheDoor
from assent.api.render import session_out
from assent.api.schemas import SessionFramesOut, SessionOut, SessionsOut
from assent.control.steering import Steer
from assent.core.ids import SessionId
from assent.core.role import Permission

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])

SessionPath = Annotated[str, Path(max_length=64, description="A session's id.")]
OpenOnly = Annotated[bool, Query(alias="open", description="Only those that are open.")]

WithCanary = Annotated[
    bool, Query(alias="all", description="With `everybody`: also the gateway's own, its canary's.")
]


@router.get("", dependencies=[Depends(needs(Permission.ASK, Permission.READ_ACCESS))])
async def listing(
    door: TheDoor,
    caller: SignedIn,
    open_only: OpenOnly = False,
    everybody: bool = False,
    with_canary: WithCanary = False,
) -> SessionsOut:
    """List your sessions, or everybody's where you may see them; newest first."""
    sessions = await door.plane.sessions.list(caller, open_only, everybody, with_canary)
    return SessionsOut(items=[session_out(door.plane.directory, item) for item in sessions])


@router.get(
    "/{session_id}",
    dependencies=[Depends(needs(Permission.ASK, Permission.READ_ACCESS, Permission.WATCH))],
)
async def one(door: TheDoor, caller: SignedIn, session_id: SessionPath) -> SessionFramesOut:
    """Return one session with the frames recorded so far."""
    session = await door.plane.sessions.get(caller, SessionId(session_id))
    frames = await door.plane.sessions.frames(caller, session.id)
    return SessionFramesOut.model_validate(
        {
            "session": session_out(door.plane.directory, session),
            "frames": [dict(frame) for frame in frames],
        }
    )


@router.post("/{session_id}/cut", dependencies=[Depends(needs(Permission.ASK, Permission.STEER))])
async def cut(
    door: TheDoor, caller: SignedIn, session_id: SessionPath, body: BecauseBody
) -> SessionOut:
    """End a session now; its client is told why."""
    live = await door.plane.steering.steer(caller, SessionId(session_id), Steer.CUT, body.because)
    return session_out(door.plane.directory, live.session)
