"""How a session ends: closed by an end of the connection, or cut by the gateway."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from assent.core.faults import ConflictFault
from assent.core.session import Session, SessionState


class SessionEvent(StrEnum):
    """CLOSED: an end hung up. CUT: the grant ended, or somebody or something forbade it."""

    CLOSED = "closed"
    CUT = "cut"


TRANSITIONS: Mapping[SessionState, Mapping[SessionEvent, SessionState]] = {
    SessionState.OPEN: {
        SessionEvent.CLOSED: SessionState.CLOSED,
        SessionEvent.CUT: SessionState.CUT,
    },
    SessionState.CLOSED: {},
    SessionState.CUT: {},
}
"""State → event → next state. Closed and cut are for ever."""


def end(session: Session, event: SessionEvent, now: datetime, because: str) -> Session:
    """Return the session, ended. because: one sentence. Raises ConflictFault if it was before."""
    state = TRANSITIONS[session.state].get(event)
    if state is None:
        raise ConflictFault(
            "session-ended", f"session `{session.id}` is {session.state.value} already"
        )
    # An interval never ends before it began, though a clock may be set back.
    ended_at = max(now, session.opened_at)
    return replace(session, state=state, ended_at=ended_at, ended_because=because)
