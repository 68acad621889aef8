"""The product's own signals on the simulator; doors, store and policies aside.

Every simulated row becomes an action with its evidence, as `control.gather` collects it, and is
assessed by all signals. What is learned follows the product's trust rule: what was LOW counts by
how likely it was the person; what was more counts when people assent, and here they assent to
all that the person did and to nothing that an attacker did. The simulator has no places, no
lists of addresses, no refused passwords and no security events, so nothing is seen of these.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from time import perf_counter_ns

from msgspec.structs import replace as counted

from assent.control.so_far import SoFar
from assent.control.watching import sighting
from assent.core.action import Action
from assent.core.assessment import Assessment, RiskLevel
from assent.core.evidence import Authentication, Evidence, Presence
from assent.core.frame import ResultFrame
from assent.core.network import Network, Sighting
from assent.core.signal import Signal
from assent.risk.assess import assess
from assent.risk.memory import Memory, Seen
from assent.risk.model import MODEL
from assent.risk.session_filter import told_by_behaviour
from assent.signals import SIGNALS
from assent.signals.aspects import aspects, previous_of
from benchmarks.risk import nouns
from benchmarks.risk.rows import Row

LEVELS = (RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH)

_DAY_S = 86_400.0
_AMOUNT_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Assessed:
    """One action as the product saw it. took_ns: to compare, measure and assess."""

    row: Row
    evidence: Evidence
    signals: tuple[Signal, ...]
    assessment: Assessment
    took_ns: int

    def without_top(self) -> Assessment:
        """Return the assessment without the signals that the top factor states.

        It is the same when the top factor is of no signal.
        """
        top = self.assessment.factors[0].name
        left = [
            signal
            for signal in self.signals
            if top not in (signal.name, MODEL.families.get(signal.name))
        ]
        return assess(left, self.evidence.known)


@dataclass(slots=True)
class _Draft:
    """What a session is to teach. weight: how sure it is, at the least, who acted."""

    weight: float = 1.0
    times: dict[tuple[str, tuple[str, ...], str], int] = field(default_factory=dict)
    seen: dict[tuple[str, tuple[str, ...], str], Seen] = field(default_factory=dict)
    amounts: list[Seen] = field(default_factory=list)

    def note(self, seen: Sequence[Seen], weight: float) -> None:
        self.weight = min(self.weight, weight)
        for one in seen:
            if not one.chain:
                self.amounts.append(counted(one, times=_AMOUNT_SHARE))
                continue
            key = (one.dimension.name, one.chain, one.after)
            self.seen[key] = one
            self.times[key] = self.times.get(key, 0) + 1

    def taught(self) -> list[Seen]:
        """Return all of it; what was repeated counts less each time."""
        chains = [
            counted(self.seen[key], times=sum(1.0 / k for k in range(1, times + 1)))
            for key, times in self.times.items()
        ]
        return chains + self.amounts


@dataclass(slots=True)
class _Session:
    network: Network
    opened_at: datetime
    presence: Presence
    so_far: SoFar = field(default_factory=SoFar)
    trusted: _Draft = field(default_factory=_Draft)
    confirmed: _Draft = field(default_factory=_Draft)


class Product:
    """Assesses what has a label, and learns sessions when they have ended."""

    def __init__(self) -> None:
        self.memory = Memory()
        self._targets = nouns.targets()
        self._open: dict[str, dict[str, _Session]] = {}
        self._last: dict[str, Sighting] = {}
        self._numbers = count(1)

    def over(self, rows: Sequence[Row]) -> Iterator[Assessed]:
        """Yield what was made of every row that has a label, in time order."""
        ends = {row["session"]: number for number, row in enumerate(rows)}
        for number, row in enumerate(rows):
            at = datetime.fromisoformat(str(row["at"]))
            session = self._session(row, at)
            assessed = self._take(row, session, at)
            if assessed is not None:
                yield assessed
            if ends[row["session"]] == number:
                self._end(row, session, at)

    def _take(self, row: Row, session: _Session, at: datetime) -> Assessed | None:
        action = nouns.action(row)
        evidence, seen = self._gathered(row, action, session, at)
        assessed, bits = None, 0
        if row["label"] is None:
            session.confirmed.note(seen, 1.0)
        else:
            assessed = self._assessed(row, action, evidence, seen)
            bits = told_by_behaviour(assessed.signals)
            if assessed.assessment.level is RiskLevel.LOW:
                session.trusted.note(seen, _legitimate(assessed.assessment))
            elif row["label"] == 0:
                session.confirmed.note(seen, 1.0)
        session.so_far.decided(action, previous_of(action), bits, permitted=True)
        rows, size = nouns.amount(row, "rows"), nouns.amount(row, "bytes")
        session.so_far.ran(ResultFrame(next(self._numbers), at, 0, rows, size))
        return assessed

    def _assessed(
        self, row: Row, action: Action, evidence: Evidence, seen: Sequence[Seen]
    ) -> Assessed:
        began = perf_counter_ns()
        days = evidence.at.timestamp() / _DAY_S
        known = self.memory.known(row["subject"], nouns.groups(row), seen, days)
        evidence = replace(evidence, known=known)
        signals = tuple([plugin.measure(action, evidence, evidence.at) for plugin in SIGNALS])
        assessment = assess(signals, known)
        return Assessed(row, evidence, signals, assessment, perf_counter_ns() - began)

    def _gathered(
        self, row: Row, action: Action, session: _Session, at: datetime
    ) -> tuple[Evidence, list[Seen]]:
        others = tuple(
            sighting(other.network, other.opened_at)
            for other in self._open[row["subject"]].values()
            if other is not session
        )
        evidence = Evidence(
            at=at,
            subject=nouns.subject(row, at),
            target=self._targets[nouns.target_name(row)],
            authentication=Authentication("password", session.opened_at),
            connection=nouns.connection(row),
            network=session.network,
            device=nouns.device(row, at),
            session=session.so_far.shown(at),
            presence=replace(session.presence, others=others) if others else session.presence,
            local_offset_min=nouns.offset_min(row, at),
            tenure_days=400,
            verified_by="personnel",
        )
        seen = aspects(
            action,
            target=evidence.target,
            network=evidence.network,
            device=evidence.device,
            connection=evidence.connection,
            session=evidence.session,
            groups=evidence.subject.groups,
            at=at,
            local_offset_min=evidence.local_offset_min,
            reason="",
            ticket="",
            rows_estimated=None,
        )
        return evidence, seen

    def _session(self, row: Row, at: datetime) -> _Session:
        name, others = str(row["session"]), self._open.setdefault(row["subject"], {})
        if name not in others:
            network = nouns.network(row)
            presence = Presence(sighting(network, at), self._last.get(row["subject"]))
            others[name] = _Session(network, at, presence)
        return others[name]

    def _end(self, row: Row, session: _Session, at: datetime) -> None:
        del self._open[row["subject"]][str(row["session"])]
        self._last[row["subject"]] = sighting(session.network, at)
        drafts = ((session.confirmed, True), (session.trusted, False))
        taught = [(draft, assented) for draft, assented in drafts if draft.seen]
        for draft, assented in taught:
            self.memory.learn(
                row["subject"],
                nouns.groups(row),
                draft.taught(),
                at.timestamp() / _DAY_S,
                weight=draft.weight,
                strong=assented,
                confirmed=assented,
                unbounded=row["label"] is None,
            )
        if taught:
            self.memory.count_session(row["subject"])


def _legitimate(assessment: Assessment) -> float:
    """Return the probability that it was the person as usual."""
    return float(1.0 / (1.0 + 2.0 ** min(60.0, assessment.odds_mb / 1000.0)))
