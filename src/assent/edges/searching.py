"""The index of effects, kept while the server runs."""

import structlog

from assent.control.effects import NAME, Effects
from assent.control.following import Follower, Resting
from assent.core.ids import SessionId
from assent.edges.premises import Premises

RESTS = 9.0
"""Times as long as it worked; what people wait for comes first, and it catches up later."""

_log = structlog.get_logger("searching")


def index_keeper(premises: Premises) -> Follower:
    """Return what follows the log and keeps the index of effects."""

    async def read_segment(session: SessionId, number: int) -> bytes | None:
        found = await premises.recorder.found(session, number)
        if found is None or found.why:
            # Whoever verifies the recording hears of it; the index is made of what is left.
            why = found.why if found else "missing"
            _log.warning("segment-unreadable", session=session, number=number, why=why)
            return None
        return found.plain

    effects = Effects(premises.store, read_segment, Resting(RESTS))
    return Follower(NAME, premises.store, effects.handle)
