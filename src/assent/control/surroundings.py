"""What is known around an open session, gathered anew for each decision in it."""

from dataclasses import replace
from datetime import timedelta

from assent.control.device_evidence import DAY, fresh
from assent.control.gather import Circumstances
from assent.control.grants import Grants
from assent.control.live import LiveSession, LiveSessions
from assent.control.sign_in import SignIn
from assent.control.watching import Watching
from assent.core.clock import Clock
from assent.core.grant import Grant
from assent.core.impact import Impact


class Surroundings:
    """Gathers who is there, by which grants, and what is known of them by now."""

    def __init__(
        self,
        *,
        grants: Grants,
        live: LiveSessions,
        sign_in: SignIn,
        watching: Watching,
        clock: Clock,
        reports_valid_for: timedelta = DAY,
    ) -> None:
        self._grants = grants
        self._live = live
        self._sign_in = sign_in
        self._watching = watching
        self._clock = clock
        self._reports_valid_for = reports_valid_for

    def of(self, live: LiveSession, impact: Impact | None = None) -> Circumstances:
        """Return what is known now for a decision on something in the session.

        impact: of the statement that is decided on, None where nothing was asked.
        """
        now = self._clock.now()
        return Circumstances(
            authentication=self._sign_in.with_step_up(live.authentication, live.subject.id),
            connection=live.connection,
            unavailable=live.unavailable,
            impact=impact,
            device=fresh(live.device, now, self._reports_valid_for),
            session=live.so_far.shown(now, live.session.opened_at),
            obliged=live.obliged,
            standing=live.standing.denial,
            presence=self._watching.now_at(
                live.presence, self._live.of(live.subject.id), live.subject.id, now, live.session.id
            ),
            # A session may end before its grants; from then on they are none of its.
            grants=self._resting(live) if now < live.session.ends_at else (),
        )

    def _resting(self, live: LiveSession) -> tuple[Grant, ...]:
        now = self._clock.now()
        return tuple(self._grants.resting(live.subject.id, live.target.id, now))

    def reopening(self, live: LiveSession) -> Circumstances:
        """Return what is known now for deciding again whether the session may be open."""
        return replace(self.of(live), obliged=(), standing=None)
