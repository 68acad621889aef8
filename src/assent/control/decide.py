"""The spine: gather → measure → assess → evaluate → append. Nothing happens before it answered.

Every door leads here: the wire (`control.sessions`), the workflow (`control.access`,
`control.requests`) and the administration.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from assent.control import entries
from assent.control.covering import allowed_until, covered, paying
from assent.control.emergency import fully_recorded
from assent.control.gather import Circumstances, Gatherer, segment_of
from assent.control.history import History
from assent.control.obligations import keep, not_in_vain, obliged, reads_masked
from assent.control.own_target import CANARY, own_decision
from assent.control.policies import Policies
from assent.control.spending import Charge, Spending, budget_denial
from assent.control.standing import under
from assent.control.tally import Tally
from assent.core.action import Action, Operation, Phase
from assent.core.assessment import Assessment, RiskLevel
from assent.core.clock import Clock
from assent.core.decision import Decision, Deny, Obligation, Permit
from assent.core.evidence import Evidence
from assent.core.faults import ConflictFault
from assent.core.ids import EntryId, Ids, RequestId
from assent.core.plugins import SignalPlugin
from assent.core.ports import Store
from assent.core.resource import Target
from assent.core.signal import Signal
from assent.policy import PolicySet, parse_duration
from assent.policy.evaluation import Evaluation, evaluation
from assent.policy.finding import Finding
from assent.policy.more import EXCEEDS, exceeding
from assent.policy.obliging import IN_INDEX, ON_GRANTS
from assent.risk import MODEL, Model, assess, nearest
from assent.risk.budget import Thresholds
from assent.risk.memory import Seen
from assent.signals.otherwise import alternatives
from assent.workflow.grant import waits_for_use

_EACH = frozenset({"decide_each", "record_results"})

DEFAULT_DURATION = timedelta(minutes=30)
"""How long access and a session last where no policy says."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision with what it was taken on. entry: the id of its entry in the log.

    request: the one that the action waited in, if it did. seen: what of it can be learned.
    findings: what Cedar found of each touch.
    """

    decision: Decision
    signals: tuple[Signal, ...]
    assessment: Assessment
    evidence: Evidence
    entry: EntryId
    request: RequestId | None = None
    seen: Sequence[Seen] = ()
    findings: Sequence[Finding] = ()


class Decider:
    """Decides on actions, and has the answer in the log before anybody hears it.

    honours: the obligations that enforcement can keep, `ssh.mask` for those that only one protocol
    can; any other turns a Permit into a Deny.
    """

    def __init__(
        self,
        *,
        store: Store,
        gatherer: Gatherer,
        history: History,
        thresholds: Thresholds,
        policies: Policies,
        signals: Sequence[SignalPlugin],
        honours: frozenset[str],
        clock: Clock,
        ids: Ids,
        spending: Spending | None = None,
    ) -> None:
        self._spending = spending
        self._store = store
        self._gatherer = gatherer
        self._history = history
        self._thresholds = thresholds
        self._policies = policies
        self._signals = tuple(signals)
        self._honours = honours
        self._clock = clock
        self._ids = ids
        self.tally = Tally()

    async def decide(self, action: Action, circumstances: Circumstances) -> Outcome:
        """Return the decision on `action`, durable in the log.

        Raises OutsideFault when the log cannot take it: the door denies then. ConflictFault where
        what goes with a permit no longer fits: nothing is permitted, and nothing in the log.
        """
        outcome = await self.consider(action, circumstances)
        charge, outcome = self._charged(action, outcome)
        try:
            await self._keep(action, outcome, circumstances, charge)
        except ConflictFault:
            if charge is None or circumstances.with_permit:
                raise
            # Something else was faster: a budget was used up, a clock started or a grant ended.
            outcome = replace(outcome, decision=budget_denial(outcome.decision.revision))
            await self._keep(action, outcome, circumstances, None)
        permitted = isinstance(outcome.decision, Permit)
        if outcome.evidence.subject.name != CANARY:
            took = self._clock.now() - outcome.evidence.at
            self.tally.count(outcome.decision, took.total_seconds())
        self._thresholds.count(segment_of(outcome.evidence.target), outcome.assessment.score)
        if permitted and action.phase is Phase.EXECUTE and EXCEEDS not in action.details:
            self._history.count(action)
        return outcome

    def _charged(self, action: Action, outcome: Outcome) -> tuple[Charge | None, Outcome]:
        """Count what is permitted in the budgets of its grants; deny it where they do not reach."""
        permit, evidence = outcome.decision, outcome.evidence
        if self._spending is None or not isinstance(permit, Permit):
            return None, outcome
        found = self._spending.charge(action, permit, evidence, outcome.assessment.score)
        return (
            (None, replace(outcome, decision=found))
            if isinstance(found, Deny)
            else (found, outcome)
        )

    async def _keep(
        self, action: Action, outcome: Outcome, circumstances: Circumstances, charge: Charge | None
    ) -> None:
        """Make a decision durable, with what it costs."""
        request = outcome.request
        permitted = isinstance(outcome.decision, Permit)
        with_it = circumstances.with_permit if permitted else ()
        try:
            await self._store.commit(
                (*(charge.changes if charge else ()), *with_it),
                (
                    entries.attempt(self._ids, action, outcome.evidence.at, request),
                    entries.decision(
                        outcome.entry,
                        action,
                        outcome.decision,
                        outcome.assessment,
                        outcome.evidence,
                        request=request,
                        reusable=is_reusable(action, outcome),
                        findings=outcome.findings,
                        bound=circumstances.obliged,
                        standing=circumstances.standing,
                    ),
                    *(
                        entries.begun_by(self._ids, charge.begun, outcome.evidence.at)
                        if charge
                        else ()
                    ),
                ),
            )
        except BaseException:
            if charge is not None and self._spending is not None:
                self._spending.take_back(charge)
            raise
        if charge is not None and self._spending is not None:
            self._spending.kept(charge.begun)

    @property
    def policies(self) -> PolicySet:
        """What is decided by now."""
        return self._policies.current

    async def consider(self, action: Action, circumstances: Circumstances) -> Outcome:
        """Return what would be decided now, without a trace: for outlooks and simulations."""
        now = self._clock.now()
        evidence, seen = await self._gatherer.gather(action, circumstances, now)
        signals = tuple([plugin.measure(action, evidence, now) for plugin in self._signals])
        assessment = assessed(action, evidence, signals)
        answer = considered(
            self._policies.current,
            action,
            evidence,
            assessment,
            circumstances.obliged,
            self._honours,
            circumstances.standing,
        )
        request = circumstances.request.id if circumstances.request else None
        entry = EntryId(self._ids.mint("entry"))
        return Outcome(
            answer.decision, signals, assessment, evidence, entry, request, seen, answer.findings
        )


def concluded(
    policies: PolicySet,
    action: Action,
    evidence: Evidence,
    assessment: Assessment,
    bound: Sequence[Obligation],
    honours: frozenset[str],
    standing: Deny | None = None,
) -> Decision:
    """Return the decision: a function of nothing but what it is given, so it can be replayed."""
    return considered(policies, action, evidence, assessment, bound, honours, standing).decision


def considered(
    policies: PolicySet,
    action: Action,
    evidence: Evidence,
    assessment: Assessment,
    bound: Sequence[Obligation],
    honours: frozenset[str],
    standing: Deny | None = None,
) -> Evaluation:
    """Return the decision, with what Cedar found for it.

    bound: what the opening of the session obliges all that is done in it to. standing: what the
    session is held for, None for nothing.
    """
    now = evidence.at
    own = own_decision(policies.revision, action, evidence)
    found = Evaluation(own) if own else evaluation(policies, action, evidence, assessment, now)
    decision = found.decision
    decision = _offered(_living(decision, action, evidence), action, evidence)
    decision = obliged(_in_time(decision, action, evidence), tuple(bound))
    decision = not_in_vain(decision, bound, action)
    decision = keep(fully_recorded(decision, action, evidence), action, evidence)
    decision = _keepable(decision, honours, evidence.target)
    decision = covered(decision, action, evidence, assessment.score)
    if isinstance(decision, Permit):
        decision = exceeding(decision, action, evidence, now)
    return Evaluation(under(decision, standing, action, evidence), found.findings)


def _keepable(decision: Decision, honours: frozenset[str], target: Target | None) -> Decision:
    if isinstance(decision, Permit):
        protocol = target.protocol if target else ""
        for obligation in decision.obligations:
            # What binds a grant is kept where grants are minted, whatever the protocol.
            kept = {obligation.name, f"{protocol}.{obligation.name}"}
            if kept.isdisjoint(honours) and obligation.name not in ON_GRANTS | IN_INDEX:
                words = f"`@{obligation.name}` of policy `{obligation.policy}` cannot be kept"
                return Deny(decision.revision, "obligation", (words,), (obligation.policy,))
    return decision


def assessed(action: Action, evidence: Evidence, signals: Sequence[Signal]) -> Assessment:
    """Return the assessment of what was measured; above LOW with what would have lowered it."""
    model = _model(evidence.medium_from, evidence.high_from)
    assessment = assess(signals, evidence.known, model, evidence.dates)
    if assessment.level is RiskLevel.LOW:
        return assessment
    otherwise = nearest(signals, alternatives(action, evidence, signals), evidence.known, model)
    return replace(assessment, otherwise=otherwise)


@lru_cache(maxsize=256)
def _model(medium_from: int, high_from: int) -> Model:
    return replace(MODEL, medium_from=medium_from, high_from=high_from)


def _living(decision: Decision, action: Action, evidence: Evidence) -> Decision:
    """Refuse a person who is disabled and a session whose grant is over, whatever policies say.

    The sweep cuts such a session; what it attempts before that is refused by the clock itself.
    """
    if evidence.subject.disabled:
        return Deny(decision.revision, "disabled", (f"`{evidence.subject.name}` is disabled",))
    if action.session is not None and not evidence.grants:
        return Deny(decision.revision, "grant-over", ("the access of this session is over",))
    return decision


def _offered(decision: Decision, action: Action, evidence: Evidence) -> Decision:
    """Refuse a database that the operator does not offer: policies name the target alone."""
    database, target = action.details.get("database"), evidence.target
    if database is None or (target is not None and target.offers(database)):
        return decision
    name = target.name if target else ""
    kind = "account" if target is not None and target.protocol == "ssh" else "database"
    words = f"target `{name}` does not offer the {kind} `{database[:63]}`"
    return Deny(decision.revision, "no-such-database", (words,))


def _in_time(decision: Decision, action: Action, evidence: Evidence) -> Decision:
    """Refuse what policies permit for a shorter time than the access has lasted."""
    if action.session is None or not isinstance(decision, Permit):
        return decision
    ends_at = permitted_until(decision, evidence, action)
    if ends_at is None or evidence.at < ends_at:
        return decision
    words = f"`{action.verb}` is permitted for less time than this access has lasted; ask again"
    return Deny(decision.revision, "time-over", (words,), decision.permitted_by)


def permitted_until(permit: Permit, evidence: Evidence, action: Action) -> datetime | None:
    """Return when `@max_duration`, counted from the access's start, is over; None for never."""
    lasts_for = max_duration(permit)
    return None if lasts_for is None else allowed_until(action, evidence, lasts_for)


def is_reusable(action: Action, outcome: Outcome) -> bool:
    """Return whether the decision may serve further statements of the same shape.

    Only complete reads at low risk, and only where no policy asks for a decision per action;
    never what people assented to, for they assented to exactly that, nor what reads something
    masked, is recorded with its results, or is counted in a budget.
    """
    return (
        isinstance(outcome.decision, Permit)
        and outcome.request is None
        and not outcome.evidence.approvals
        and EXCEEDS not in action.details
        and action.statement.reusable
        and action.statement.complete
        and all(touch.operation is Operation.READ for touch in action.touches)
        and outcome.assessment.level is RiskLevel.LOW
        and not outcome.evidence.unavailable
        and not any(item.name in _EACH for item in outcome.decision.obligations)
        and not reads_masked(outcome.decision, action, outcome.evidence)
        and not paying(action, outcome.evidence.grants)
        and not any(map(waits_for_use, outcome.evidence.grants))
    )


def max_duration(permit: Permit) -> timedelta | None:
    """Return what `@max_duration` obliges to, None if no policy said."""
    for obligation in permit.obligations:
        if obligation.name == "max_duration":
            return parse_duration(obligation.value)
    return None
