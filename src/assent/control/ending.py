"""How sessions end: closed, out of time, or cut because what they rested on was taken away."""

from dataclasses import replace
from datetime import datetime

from assent.control import entries
from assent.control.extending import Extending
from assent.control.grants import Grants
from assent.control.live import LiveSession, LiveSessions
from assent.control.revocation import cut
from assent.control.session_words import fewer, time_over
from assent.control.spending import Spending
from assent.control.watching import Watching
from assent.core.changes import EndSession
from assent.core.clock import Clock
from assent.core.frame import Recorded
from assent.core.grant import Grant
from assent.core.ids import Ids
from assent.core.ports import Recorder, Store
from assent.core.session import SessionState


class Ending:
    """Ends sessions, and says in the log that they have ended."""

    def __init__(
        self,
        *,
        store: Store,
        recorder: Recorder,
        grants: Grants,
        live: LiveSessions,
        spending: Spending,
        extending: Extending,
        watching: Watching,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._live = live
        self._spending = spending
        self._extending = extending
        self._watching = watching
        self._clock = clock
        self._ids = ids
        grants.when_over(self._grant_over)

    async def end(self, live: LiveSession, because: str, *, cut: bool = False) -> None:
        """Count the session as ended, seal its recording, and say so in the log."""
        if self._live.get(live.session.id) is None:
            return
        self._live.remove(live)
        self._spending.ended(live.session.id)
        self._extending.forget(live.session.id)
        self._watching.ended(live)
        live.gone = True
        live.nudged.set()
        now = self._clock.now()
        state = SessionState.CUT if cut else SessionState.CLOSED
        ended = replace(live.session, state=state, ended_at=now, ended_because=because)
        recorded: Recorded | None = None
        try:
            recorded = await self._recorder.close(live.session.id)
        finally:
            entry = entries.session_ended(self._ids, ended, now, because, recorded)
            await self._store.commit((EndSession(live.session.id, now, because, cut),), (entry,))

    async def recover(self) -> None:
        """End what an earlier process left open: its connections are gone."""
        because = "the gateway stopped"
        now = self._clock.now()
        for session in await self._store.sessions(open_only=True, limit=100_000):
            ended = replace(session, state=SessionState.CLOSED, ended_at=now, ended_because=because)
            # What it left was sealed just before this, so that it is known how much there is.
            recorded = await self._recorder.close(session.id)
            entry = entries.session_ended(self._ids, ended, now, because, recorded)
            await self._store.commit((EndSession(session.id, now, because),), (entry,))

    def expire(self, now: datetime) -> None:
        """Cut every session whose time is over, and tell those whose end is near."""
        for live in self._live:
            if now >= live.session.ends_at and not self._extending.goes_on(live, now):
                cut_if_over(live, now)
        self._extending.remind(now)

    async def keep_ends(self) -> None:
        """Keep the ends of sessions that have moved."""
        await self._extending.flush()

    async def _grant_over(self, grant: Grant) -> None:
        because = f": {grant.revoked_because}" if grant.revoked_because else ""
        now = self._clock.now()
        for live in self._extending.sessions_of(grant):
            live.epoch.bump()
            if self._extending.goes_on(live, now):
                # Another grant still carries it; what this one alone covered is refused from now.
                live.say((fewer(live, grant, because),))
            elif grant.revoked_at is None:
                # The words of the sweep, which sees the same moment a little sooner or later.
                cut(live, min(grant.ends_at, live.session.ends_at), time_over(live))
            else:
                cut(
                    live,
                    grant.revoked_at,
                    f"your access to `{live.target.name}` was revoked{because} "
                    f"(grant {grant.id}); ask again with `assent connect {live.target.name}`",
                )


def cut_if_over(live: LiveSession, now: datetime) -> None:
    """Cut a session whose time is over."""
    if now >= live.session.ends_at:
        cut(live, live.session.ends_at, time_over(live))
