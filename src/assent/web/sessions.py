"""The pages of sessions: what is open, one as it goes on, one as it was, and stopping it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Header, Path, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from assent.control.live import LiveSession
from assent.control.live_watch import Glimpse
from assent.control.recordings import MOST_FRAMES
from assent.control.sign_in import Caller
from assent.control.steering import Steer
from assent.core.clock import isoformat
from assent.core.faults import ConflictFault, Fault, ForbiddenFault
from assent.core.ids import SessionId
from assent.core.role import Permission
from assent.core.session import Session
from assent.recording.asciicast import encode_cast
from assent.recording.playing import cast_of
from assent.web.authorization import needs
from assent.web.desk import ActingSeat, PageRoute, Seat, TheSeat, from_htmx, seated, to_page
from assent.web.safety import REPLAY_POLICY
from assent.web.session_screens import is_screen, screen_events, screens_of
from assent.web.session_story import story_of
from assent.web.session_timeline import timeline_of, window_of
from assent.web.session_views import (
    SessionView,
    outcome_words,
    steps_of,
    view_of,
)

router = APIRouter(route_class=PageRoute)

MOST_ENDED = 100
_LOOK_S = 1.0
_STILL = 20

SessionPath = Annotated[str, Path(max_length=64)]
Field = Annotated[str, Query(max_length=80)]
# Streams cannot carry the header that says whose page asks, so that its mark is in their address.
Mark = Annotated[str, Query(max_length=128)]
_SEES = [Depends(needs(Permission.ASK, Permission.READ_ACCESS))]
_WATCHES = [Depends(needs(Permission.ASK, Permission.WATCH))]
_STEERS = [Depends(needs(Permission.ASK, Permission.STEER))]


@router.get("/sessions", dependencies=_SEES)
async def listing(
    request: Request,
    seat: TheSeat,
    who: Field = "",
    target: Field = "",
    whose: Field = "",
    only: Field = "",
) -> Response:
    """Return the sessions that are open now, and below them those that ended last."""
    caller, plane = seat.caller, seat.desk.plane
    listed = (
        await plane.sessions.list(caller, False, False)
        if whose == "mine"
        else await plane.sessions.seen(caller)
    )
    found = [view_of(plane, caller, one) for one in listed]
    shown = [one for one in found if _fits(one, who, target, only)]
    typed = {"who": who, "target": target, "whose": whose, "only": only}
    values = {
        "seat": seat,
        "page": "sessions",
        "now": isoformat(plane.clock.now()),
        "open": [one for one in shown if one.now is not None],
        "ended": [one for one in shown if one.now is None][:MOST_ENDED],
        "sees_others": caller.oversees or any(not one.own for one in found) or whose == "mine",
        "nothing": not found,
        "typed": typed,
        "people": sorted({one.who for one in found}),
        "targets": sorted({one.target for one in found}),
    }
    template = "sessions_region.html" if from_htmx(request) else "sessions.html"
    return seat.desk.pages.page(template, values)


def _fits(view: SessionView, who: str, target: str, only: str) -> bool:
    """Return whether a session is among what the filters choose."""
    if who.strip() and who.strip().lower() not in f"{view.who} {view.display}".lower():
        return False
    if target.strip() and target.strip().lower() not in view.target.lower():
        return False
    if only == "looks":
        return view.now is not None and bool(view.now.tags)
    return only != "ended" or view.now is None


@router.get("/sessions/stream", dependencies=_SEES, response_class=EventSourceResponse)
async def stream(
    request: Request, seat: TheSeat, mark: Mark = ""
) -> AsyncIterator[ServerSentEvent]:
    """Send an event `changed` when the list should look again, at most once a second."""
    if mark != seat.mark:
        return
    plane, before, still = seat.desk.plane, None, 0
    while not plane.live_watch.closed:
        now, still = plane.steering.fingerprint(), still + 1
        if now != before:
            before, still = now, 0
            if await _again(request, seat) is None:
                return
            yield ServerSentEvent(event="changed", raw_data="all")
        elif still >= _STILL:
            still = 0
            yield ServerSentEvent(comment="nothing new")
        await asyncio.sleep(_LOOK_S)


async def _again(request: Request, seat: Seat) -> Caller | None:
    """Return whoever looks as they are now, None when they may look no longer."""
    try:
        caller = (await seated(request, seat.desk)).caller
        caller.check(Permission.ASK, Permission.READ_ACCESS, Permission.WATCH)
    except Fault:
        return None
    return caller


@router.get("/sessions/{session_id}/live", dependencies=_WATCHES)
async def live_page(seat: TheSeat, session_id: SessionPath) -> Response:
    """Return the page on which a session is watched as it goes on."""
    plane = seat.desk.plane
    try:
        live = await plane.live_watch.begin(seat.caller, SessionId(session_id))
    except ConflictFault:
        # It has ended meanwhile: what it was is on its own page.
        return Response(status_code=303, headers={"location": f"/sessions/{session_id}"})
    except ForbiddenFault as fault:
        return _reason(seat, fault, f"/sessions/{session_id}/live")
    glimpse = await plane.live_watch.look(live)
    values = _live_values(seat, live, glimpse)
    response = seat.desk.pages.page("session_live.html", values)
    if values["screen"] is not None:
        response.headers["content-security-policy"] = REPLAY_POLICY
    return response


@router.get("/sessions/{session_id}/now", dependencies=_WATCHES)
async def now_part(seat: TheSeat, session_id: SessionPath) -> Response:
    """Return how an open session is now, as a part of its page."""
    plane = seat.desk.plane
    session = await plane.sessions.get(seat.caller, SessionId(session_id))
    return seat.desk.pages.page("session_now.html", _values(seat, session))


@router.get(
    "/sessions/{session_id}/frames", dependencies=_WATCHES, response_class=EventSourceResponse
)
async def frames_stream(
    request: Request,
    seat: TheSeat,
    session_id: SessionPath,
    after: Annotated[int, Query(ge=0, le=2**53 - 1)] = 0,
    mark: Mark = "",
    last_event_id: Annotated[str, Header(max_length=20)] = "",
) -> AsyncIterator[ServerSentEvent]:
    """Send what is recorded of an open session as lines of its page, from frame `after` on."""
    plane = seat.desk.plane
    if mark != seat.mark:
        return
    live = await plane.live_watch.begin(seat.caller, SessionId(session_id))
    if last_event_id.isascii() and last_event_id.isdigit():
        after = max(after, int(last_event_id))
    part = seat.desk.pages.environment.get_template("session_frames.html")
    protocol = view_of(plane, seat.caller, live.session).protocol
    async for glimpse in plane.live_watch.follow(live, after, seat.caller.subject.id):
        caller = await _again(request, seat)
        if caller is None:
            return
        try:
            found = await plane.sessions.get(caller, live.session.id)
            plane.sessions.check_frames(caller, found)
        except Fault:
            return
        if events := screen_events(glimpse.frames):
            yield ServerSentEvent(event="screen", raw_data=json.dumps(events))
        if glimpse.frames or glimpse.skipped:
            text = part.render(**_glimpse_values(glimpse, protocol))
            last = str(glimpse.frames[-1][0]) if glimpse.frames else None
            yield ServerSentEvent(event="frames", raw_data=text, id=last)
        yield ServerSentEvent(event="changed", raw_data="now")
        if glimpse.over:
            yield ServerSentEvent(event="over", raw_data="over")
            return


@router.get("/sessions/{session_id}", dependencies=_SEES)
async def replay_page(
    seat: TheSeat,
    session_id: SessionPath,
    after: Annotated[int, Query(ge=0, le=2**53 - 1)] = 0,
    since: Field = "",
    until: Field = "",
    terminal: Annotated[int, Query(ge=0, le=2**53 - 1)] = 0,
) -> Response:
    """Return a session as it was: its story on an axis of time, and all that was done in it.

    terminal: the one that is played, of several.
    """
    plane = seat.desk.plane
    session = await plane.sessions.get(seat.caller, SessionId(session_id))
    withheld = ""
    frames: Sequence[tuple[int, Any]] = ()
    further: int | None = None
    try:
        page = await plane.recordings.page(seat.caller, session.id, after, MOST_FRAMES)
        frames, further = page.frames, page.after
    except ForbiddenFault as fault:
        withheld = fault.detail
    view = view_of(plane, seat.caller, session)
    steps = steps_of(frames, view.protocol)
    screens = screens_of(frames)
    played = terminal if any(one.key == terminal for one in screens) else 0
    if not played and len(screens) > 1:
        played = screens[0].key
    moments = await story_of(plane, seat.caller, session, withheld=bool(withheld))
    ends = session.ended_at or plane.clock.now()
    window = window_of(moments, ends, _instant(since), _instant(until))
    cast = cast_of(
        (frame for _, frame in frames if not (played and _of_another(frame, played))),
        f"{view.who} on {view.target}, session {session.id}",
        f"{session.database}=> " if view.protocol == "postgres" else "$ ",
    )
    values = {
        **_values(seat, session),
        "steps": steps,
        "screens": screens,
        "played": played,
        "jumps": _jumps(steps),
        "further": further,
        "after": after,
        "withheld": withheld,
        "moments": [(isoformat(one.at), one) for one in moments],
        "timeline": timeline_of(moments, steps, window),
        "cast": "\n".join(encode_cast(cast, 2)) if frames else "",
        "segments": () if withheld else await _segments(seat, session),
    }
    response = seat.desk.pages.page("session.html", values)
    response.headers["content-security-policy"] = REPLAY_POLICY
    return response


def _of_another(frame: Mapping[str, Any], terminal: int) -> bool:
    """Return whether a frame is what another terminal of the session showed."""
    return is_screen(frame) and frame["sequence"] != terminal


def _jumps(steps: Sequence[Any]) -> dict[str, list[str]]:
    """Return where to jump: the keys of the steps that were held, failed, wrote, were refused."""
    return {
        kind: [step.key for step in steps if kind in step.kinds]
        for kind in ("held", "error", "write", "refused")
    }


async def _segments(seat: Seat, session: Session) -> Sequence[Any]:
    """Return the sealed parts of the recording, none where that cannot be looked up now."""
    try:
        return await seat.desk.plane.live_watch.segments(session.id)
    except Fault:
        return ()


@router.get("/sessions/{session_id}/check", dependencies=_SEES)
async def check_part(request: Request, seat: TheSeat, session_id: SessionPath) -> Response:
    """Compare the whole recording with the log, and say what is wrong with it."""
    checked = await seat.desk.plane.recordings.check(seat.caller, SessionId(session_id))
    values = {**_values(seat, checked.session), "checked": checked}
    template = "session_checked.html" if from_htmx(request) else "session_check.html"
    return seat.desk.pages.page(template, values)


@router.post("/sessions/{session_id}/{how}", dependencies=_STEERS)
async def steer(
    request: Request,
    seat: ActingSeat,
    session_id: SessionPath,
    how: Steer,
    because: Annotated[str, Form(max_length=500)] = "",
    back: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Pause, resume, downgrade or cut an open session."""
    live = await seat.desk.plane.steering.steer(seat.caller, SessionId(session_id), how, because)
    if back == "live" and how is not Steer.CUT:
        return to_page(request, f"/sessions/{live.session.id}/live")
    return to_page(request, f"/sessions/{live.session.id}")


def _values(seat: Seat, session: Session) -> dict[str, object]:
    plane = seat.desk.plane
    return {
        "seat": seat,
        "page": "sessions",
        "now": isoformat(plane.clock.now()),
        "view": view_of(plane, seat.caller, session),
    }


def _live_values(seat: Seat, live: LiveSession, glimpse: Glimpse) -> dict[str, object]:
    last = glimpse.frames[-1][0] if glimpse.frames else glimpse.skipped
    values = _values(seat, live.session)
    protocol = view_of(seat.desk.plane, seat.caller, live.session).protocol
    screen = screen_events(glimpse.frames) if protocol == "ssh" else None
    return {**values, **_glimpse_values(glimpse, protocol), "last": last, "screen": screen}


def _glimpse_values(glimpse: Glimpse, protocol: str) -> dict[str, object]:
    """Return lines, and what came of statements that were shown before."""
    begun = {frame.get("sequence") for _, frame in glimpse.frames
             if frame.get("kind") == "statement"}  # fmt: skip
    late = [
        (f"s{frame['sequence']}", outcome_words(frame), bool(frame.get("error")))
        for _, frame in glimpse.frames
        if frame.get("kind") == "result" and frame.get("sequence") not in begun
    ]
    steps = [replace(one, shown=()) for one in steps_of(glimpse.frames, protocol)]
    return {"steps": steps, "late": late, "skipped": glimpse.skipped}


def _reason(seat: Seat, fault: ForbiddenFault, path: str) -> Response:
    """Return the way to the page that asks for a reason; raise again what no reason lifts."""
    if fault.code != "reason-needed":
        raise fault
    return Response(status_code=303, headers={"location": f"/reason?next={path}"})


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
