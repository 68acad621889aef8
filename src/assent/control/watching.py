"""What a session's actions say of who acts in it, and what of them may be learned."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from assent.control.decide import Outcome
from assent.control.learning import Learning
from assent.control.live import LiveSession, LiveSessions
from assent.control.own_target import CANARY
from assent.control.warnings import Warnings
from assent.core.action import Action, Phase
from assent.core.assessment import RiskLevel
from assent.core.decision import Permit
from assent.core.evidence import Presence
from assent.core.faults import Fault
from assent.core.frame import ResultFrame
from assent.core.ids import SessionId, SubjectId
from assent.core.network import Network, Sighting
from assent.core.ports import NetworkBook, Store
from assent.core.security_event import SecurityEvent
from assent.core.session import Credential
from assent.core.subject import Subject
from assent.risk.session_filter import told_by_behaviour
from assent.signals.aspects import previous_of

FRESH_PROOF = timedelta(minutes=15)
"""A step-up so recent vouches for who acts."""

_DEADLINE_S = 0.5
_MOST_UNTAUGHT = 1_000
# What a session is suspected of is looked at again at each of these, in thousandths of a bit.
_LINE_MB = 4_000
_LEVELS = tuple(RiskLevel)


class Watching:
    """Follows sessions for the risk engine: where they are, what they did, what it taught."""

    def __init__(
        self,
        *,
        store: Store,
        learning: Learning,
        warnings: Warnings,
        live: LiveSessions,
        network: NetworkBook | None,
    ) -> None:
        self._store = store
        self._learning = learning
        self._warnings = warnings
        self._live = live
        self._network = network
        self._crossed: list[Callable[[LiveSession], None]] = []

    def when_crossed(self, listener: Callable[[LiveSession], None]) -> None:
        """Call `listener` after the risk in a session has crossed a line."""
        self._crossed.append(listener)

    async def presence(
        self, subject: SubjectId, credential: Credential | None, now: datetime
    ) -> Presence | None:
        """Return where else a person is and was, None where the store does not say in time."""
        try:
            async with asyncio.timeout(_DEADLINE_S):
                sessions = await self._store.sessions(subject, limit=8)
        except (TimeoutError, Fault):
            return None
        last = None
        for session in sessions:
            if session.client_address:
                last = self._sighting(session.client_address, session.ended_at or now)
                break
        minted = None
        if credential is not None and credential.minted_from and credential.minted_at:
            minted = self._sighting(credential.minted_from, credential.minted_at)
        found = Presence(minted=minted, last=last)
        return self.now_at(found, self._live.of(subject), subject, now)

    def now_at(
        self,
        presence: Presence,
        others: Iterable[LiveSession],
        subject: SubjectId,
        now: datetime,
        but: SessionId | None = None,
    ) -> Presence:
        """Return a presence with the person's other open sessions and failures of now."""
        places = {
            live.connection.address: live.session.opened_at
            for live in others
            if live.session.id != but and live.connection.address
        }
        failures = self._warnings.failures(subject, now)
        if not places and not failures and not presence.others and not presence.failures:
            return presence
        sightings = tuple(self._sighting(address, at) for address, at in sorted(places.items()))
        return replace(presence, others=sightings, failures=failures)

    def decided(self, live: LiveSession, action: Action, outcome: Outcome) -> None:
        """Count a decision in its session; keep what it can teach until it has ended well."""
        if action.phase is not Phase.EXECUTE:
            return
        permitted = isinstance(outcome.decision, Permit)
        live.so_far.decided(
            action, previous_of(action), told_by_behaviour(outcome.signals), permitted=permitted
        )
        self._look_at_lines(live, outcome)
        if permitted and len(live.untaught) < _MOST_UNTAUGHT:
            live.untaught[action.id] = outcome

    def _look_at_lines(self, live: LiveSession, outcome: Outcome) -> None:
        """Tell that the session is riskier than it ever was: its level, or its suspicion."""
        level, line = outcome.assessment.level, live.so_far.suspicion_mb // _LINE_MB
        higher = _LEVELS.index(level) > _LEVELS.index(live.level)
        if higher or line > live.suspicion_line:
            live.level = level if higher else live.level
            live.suspicion_line = max(line, live.suspicion_line)
            for listener in self._crossed:
                listener(live)

    def ran(self, live: LiveSession, frame: ResultFrame) -> None:
        """Count what came of a statement; past certain amounts everything is decided anew."""
        if live.so_far.ran(frame):
            live.epoch.bump()

    def finished(self, live: LiveSession, action: Action, *, well: bool) -> None:
        """Learn an action that ended well, when it can be trusted that it was the person."""
        outcome = live.untaught.pop(action.id, None)
        if outcome is None or not well or live.subject.name == CANARY:
            return
        assented = bool(outcome.evidence.approvals)
        strong = _is_fresh(outcome)
        if outcome.assessment.level is RiskLevel.LOW or strong or assented:
            self._learning.note(
                live.session.id,
                live.subject.id,
                outcome.seen,
                weight=1.0 if assented else _legitimate(outcome.assessment.odds_mb),
                strong=strong or assented,
                confirmed=assented,
            )

    def ended(self, live: LiveSession) -> None:
        """Teach what a session did that is not taught yet."""
        live.untaught.clear()
        self._learning.ended(live.session.id)

    async def proved(self, subject: Subject) -> None:
        """Take suspicion off the sessions of somebody who proved who they are."""
        for live in self._live.of(subject.id):
            live.so_far.proved()
            live.level, live.suspicion_line = RiskLevel.LOW, 0
            live.epoch.bump()

    def refused(self, subject: SubjectId) -> None:
        """Count a refused credential under this subject's name."""
        self._warnings.refused(subject)

    async def warned(self, event: SecurityEvent) -> None:
        """Make the sessions of somebody decide anew who was warned about."""
        for live in self._live.of(event.subject):
            live.epoch.bump()

    def _sighting(self, address: str, at: datetime) -> Sighting:
        where = self._network.look_up(address) if self._network else Network(address)
        return sighting(where, at)


def sighting(where: Network, at: datetime) -> Sighting:
    """Return that somebody was seen at a place."""
    return Sighting(
        at_s=int(at.timestamp()),
        address=where.address,
        prefix=where.prefix,
        asn=where.asn,
        country=where.country,
        city=where.city,
        latitude_e4=where.latitude_e4,
        longitude_e4=where.longitude_e4,
        accuracy_km=where.accuracy_km,
        lists=where.lists,
        zones=where.zones,
    )


def _is_fresh(outcome: Outcome) -> bool:
    proof = outcome.evidence.authentication
    if proof is None or proof.stepped_up_at is None:
        return False
    return outcome.evidence.at - proof.stepped_up_at <= FRESH_PROOF


def _legitimate(odds_mb: int) -> float:
    """Return the probability that it was the person as usual."""
    return 1.0 / (1.0 + float(2.0 ** min(60.0, odds_mb / 1000.0)))


__all__: Sequence[str] = ("FRESH_PROOF", "Watching", "sighting")
