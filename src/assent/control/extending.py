"""Until when open sessions go on: as long as any grant of theirs does, and they hear in time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from assent.control.covering import covering
from assent.control.decide import DEFAULT_DURATION, max_duration
from assent.control.grants import Grants
from assent.control.live import LiveSession, LiveSessions
from assent.control.spending import describe_left
from assent.core.action import Action
from assent.core.changes import MoveSessionEnd
from assent.core.clock import isoformat
from assent.core.grant import Grant
from assent.core.ids import SessionId
from assent.core.ports import Store
from assent.workflow.grant import counts_from, waits_for_use

WARNED_BEFORE = timedelta(minutes=5)
_OF_SHORT_ONES = 5
"""Short sessions hear when a fifth of their time is left."""


class Extending:
    """Moves the ends of open sessions with the grants that they rest on."""

    def __init__(self, *, store: Store, live: LiveSessions, grants: Grants) -> None:
        self._store = store
        self._live = live
        self._grants = grants
        self._warned: dict[SessionId, datetime] = {}
        self._moved: dict[SessionId, datetime] = {}
        grants.when_taken_up(self._taken_up)

    def end_of(self, live: LiveSession, now: datetime, begun: Sequence[Grant] = ()) -> datetime:
        """Return when the session must end: with the last of its grants that counts without a gap.

        Never later than what its opening is permitted for lets, counted from the newest of these
        grants. begun: grants whose clocks start with it, as they are then. `now` for none.
        """
        changed = {grant.id: grant for grant in begun}
        resting = [
            changed.get(grant.id, grant)
            for grant in self._grants.resting(live.subject.id, live.target.id, now)
        ]
        if not resting:
            return now
        lasts_for = (live.permitted and max_duration(live.permitted)) or DEFAULT_DURATION
        running = [counts_from(grant) for grant in resting if not waits_for_use(grant)]
        newest = max(running, default=live.session.opened_at)
        ends = max(self._grants.windows.counts_until(grant, now) for grant in resting)
        return min(ends, max(newest, live.session.opened_at) + lasts_for)

    def goes_on(self, live: LiveSession, now: datetime) -> bool:
        """Return whether some grant still carries the session, and move its end to that one's."""
        ends_at = self.end_of(live, now)
        if ends_at <= now:
            return False
        self._move(live, ends_at)
        return True

    def reusable_until(self, action: Action, grants: Sequence[Grant], now: datetime) -> datetime:
        """Return until when what is covered now surely is: `now` where something is not."""
        return min(
            (
                max((self._grants.windows.counts_until(grant, now) for grant in found), default=now)
                for found in covering(action, grants)
            ),
            default=now,
        )

    def remind(self, now: datetime) -> None:
        """Tell every session whose end is near what to do to go on; once for each end."""
        for live in self._live:
            session = live.session
            lead = min(WARNED_BEFORE, (session.ends_at - session.opened_at) / _OF_SHORT_ONES)
            if not session.ends_at - lead <= now < session.ends_at:
                continue
            if self._warned.get(session.id) == session.ends_at:
                continue
            self._warned[session.id] = session.ends_at
            name = live.target.name
            live.say(
                (
                    f"your time on `{name}` ends at {_clock(session.ends_at)}, "
                    f"in {_span(session.ends_at - now)}",
                    f"to go on without a cut: assent extend {name} --for 30m",
                )
            )

    async def flush(self) -> None:
        """Keep the ends that have moved."""
        while self._moved:
            session, ends_at = next(iter(self._moved.items()))
            await self._store.commit((MoveSessionEnd(session, ends_at),), ())
            if self._moved.get(session) == ends_at:
                del self._moved[session]

    def forget(self, session: SessionId) -> None:
        """Let go of a session that has ended."""
        self._warned.pop(session, None)
        self._moved.pop(session, None)

    def sessions_of(self, grant: Grant) -> list[LiveSession]:
        """Return the open sessions that may rest on a grant."""
        return [live for live in self._live.of(grant.subject) if live.target.id == grant.target]

    def _taken_up(self, grant: Grant) -> None:
        now = max(counts_from(grant), grant.starts_at)
        used_up = grant.spent.over(grant.budget)
        for live in self.sessions_of(grant):
            live.epoch.bump()
            if used_up:
                live.say(
                    (
                        f"the budget of grant {grant.id} is used up: {describe_left(grant)} left",
                        f"ask for more with: assent request {live.target.name}",
                    )
                )
                continue
            before = live.session.ends_at
            if before > now and self.goes_on(live, now) and live.session.ends_at > before:
                live.say(
                    (
                        f"your access to `{live.target.name}` goes on until "
                        f"{_clock(live.session.ends_at)} (grant {grant.id})",
                    )
                )

    def _move(self, live: LiveSession, ends_at: datetime) -> None:
        if ends_at != live.session.ends_at:
            live.session = replace(live.session, ends_at=ends_at)
            self._moved[live.session.id] = ends_at


def _clock(at: datetime) -> str:
    return f"{isoformat(at)[:19]}Z"


def _span(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    return f"{round(seconds / 60)} min" if seconds >= 90 else f"{seconds} s"
