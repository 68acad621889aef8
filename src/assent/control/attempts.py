"""What may be done in an open session: each statement, and more of its result than agreed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from assent.content.detectors import LABELS
from assent.control import databases
from assent.control.decide import Decider, Outcome, is_reusable, permitted_until
from assent.control.ending import cut_if_over
from assent.control.extending import Extending
from assent.control.four_eyes import FourEyes
from assent.control.holding import Holding
from assent.control.live import LiveSession, Patience
from assent.control.obligations import enforcement_of
from assent.control.pausing import Pausing
from assent.control.plans import Plans
from assent.control.results import Results
from assent.control.session_words import denied, unavailable
from assent.control.spending import Spending
from assent.control.surroundings import Surroundings
from assent.control.watching import Watching
from assent.core.action import Action, Phase, Statement
from assent.core.canonical import Json
from assent.core.clock import Clock
from assent.core.decision import Permit
from assent.core.enforcement import Enforcement
from assent.core.faults import Fault
from assent.core.ids import ActionId, Ids
from assent.core.impact import Impact
from assent.core.plugins import Answer, Authorize, Exceed, Held, Permitted, RefusalKind, Refused
from assent.core.ports import Store
from assent.core.secret import Secret
from assent.policy.more import EXCEEDS

REUSE_FOR = timedelta(seconds=60)
_MOST_MEASURED = 1_000


class Attempts:
    """Decides on what a session asks, holds what people must assent to, and bounds the rest."""

    def __init__(
        self,
        *,
        store: Store,
        decider: Decider,
        holding: Holding,
        results: Results,
        surroundings: Surroundings,
        watching: Watching,
        spending: Spending,
        extending: Extending,
        plans: Plans,
        four_eyes: FourEyes,
        clock: Clock,
        ids: Ids,
        mask_key: Secret[bytes],
        recognised: frozenset[str] = frozenset(LABELS),
    ) -> None:
        self._mask_key = mask_key
        self._recognised = recognised
        self._store = store
        self._decider = decider
        self._holding = holding
        self._results = results
        self._surroundings = surroundings
        self._watching = watching
        self._spending = spending
        self._extending = extending
        self._plans = plans
        self._pausing = Pausing(
            decider=decider, surroundings=surroundings, four_eyes=four_eyes, clock=clock
        )
        self._clock = clock
        self._ids = ids

    async def authorize(
        self,
        live: LiveSession,
        question: Authorize,
        tell: Callable[[Held], None],
        patience: Patience | None = None,
    ) -> tuple[Answer, Action]:
        """Return whether the session may do this, durable in the log; `tell` hears of a hold.

        Nothing is raised for faults of ours or of the outside: they are refusals.
        """
        action = self.action_in(
            live,
            databases.placed(question.statement, live.target, live.session.database),
            question.text,
            question.parameters,
            question.phase,
            in_transaction=question.in_transaction,
        )
        if live.pause is not None and action.phase is Phase.EXECUTE:
            try:
                waited = await self._pausing.passed(live, action, tell)
            except Fault as fault:
                return unavailable(fault), action
            if waited is not None:
                self._watching.decided(live, action, waited[1])
                return waited[0], action
        epoch = live.epoch.value
        impact = await live.measure(question)
        try:
            answer, outcome = await self.ask(live, action, tell, impact, patience)
        except Fault as fault:
            return unavailable(fault), action
        action = self._holding.acted(answer, action)
        self._watching.decided(live, action, outcome)
        if isinstance(answer, Refused):
            # Faster than the sweep: the client hears that its time is over, and nothing else.
            cut_if_over(live, self._clock.now())
        if isinstance(answer, Permitted) and isinstance(outcome.decision, Permit):
            within = databases.prefix(live.target, live.session.database)
            answer = replace(
                answer,
                enforcement=enforcement_of(
                    outcome.decision,
                    action,
                    outcome.evidence,
                    self._mask_key,
                    within,
                    self._recognised,
                ),
            )
            answer = replace(
                answer, enforcement=self._spending.enforcement(action, answer.enforcement)
            )
            if action.phase is Phase.EXECUTE:
                live.keeping.begin(action, outcome.decision, answer.enforcement, within)
            if impact is not None and answer.enforcement and answer.enforcement.limits:
                _keep_measured(live, answer.entry, impact)
        if isinstance(answer, Permitted) and is_reusable(action, outcome):
            until = min(self._clock.now() + REUSE_FOR, live.session.ends_at)
            if isinstance(outcome.decision, Permit):
                evidence = outcome.evidence
                until = min(until, permitted_until(outcome.decision, evidence, action) or until)
                until = min(
                    until, self._extending.reusable_until(action, evidence.grants, evidence.at)
                )
            return replace(answer, epoch=epoch, reuse_until=until), action
        return answer, action

    async def exceed(
        self,
        live: LiveSession,
        question: Exceed,
        action: Action,
        tell: Callable[[Held], None],
        patience: Patience | None = None,
    ) -> Permitted | Refused:
        """Return whether more of the result of `action` may pass than its permit lets.

        It is an attempt of its own, held like any other for what `@more` asks, and in the log.
        patience: by which its client may hang up; it cannot come back for the rest.
        """
        if question.counted:
            return await self._counted(live, question, action)
        more = replace(
            action,
            id=ActionId(self._ids.mint("action")),
            phase=Phase.EXECUTE,
            details={
                EXCEEDS: f"{question.limit} {question.most}",
                "passed_bytes": str(question.passed_bytes),
                "passed_rows": str(question.passed_rows),
            },
            salt=self._ids.token(16),
        )
        try:
            measured = live.measured.get(question.entry)
            answer, _ = await self.ask(live, more, tell, measured, patience)
            if isinstance(answer, Refused):
                live.keeping.stop(action.id, question)
            if isinstance(answer, Permitted):
                facts: dict[str, Json] = {"outcome": "done"}
                await self._results.settle(more, answer.request, facts, "the rest was let through")
        except Fault as fault:
            live.keeping.stop(action.id, question)
            words = "whether more may pass cannot be decided now, so it may not"
            hint = "what was sent before stands; try again, and tell the operator if it stays so"
            return Refused(RefusalKind.UNAVAILABLE, words, fault.code, hint)
        return answer

    async def _counted(
        self, live: LiveSession, question: Exceed, action: Action
    ) -> Permitted | Refused:
        """Return whether a budget has more left for a result; nobody is asked for more than it."""
        limits = await self._spending.more(action)
        if limits is not None:
            return Permitted(question.entry, enforcement=Enforcement(limits=limits))
        live.keeping.stop(action.id, question)
        passed = question.passed_rows, question.passed_bytes
        words, changes = self._spending.stopped(action, question.limit, *passed)
        hint = f"what was sent before stands; ask for more: assent request {live.target.name}"
        try:
            await self._store.commit(changes, ())
        except Fault as fault:
            return Refused(RefusalKind.DENIED, words, fault.code, hint)
        return Refused(RefusalKind.DENIED, words, "", hint)

    async def in_turn(
        self, live: LiveSession, action: Action, permitted: Permitted
    ) -> Permitted | Refused:
        """Return what was permitted, with what its budget has left once it is its turn.

        Where several things are done at once under one budget of bytes or rows, each waits a
        while for those before it. Raises OutsideFault where that cannot be kept.
        """
        enforcement = permitted.enforcement
        if enforcement is None or all(
            limit.most or not limit.counted for limit in enforcement.limits
        ):
            return permitted
        limits = await self._spending.more(action)
        if limits is None:
            words, changes = self._spending.stopped(action, enforcement.limits[-1].name, 0, 0)
            await self._store.commit(changes, ())
            hint = f"let what runs end, or ask for more: assent request {live.target.name}"
            return Refused(RefusalKind.DENIED, words, "", hint, "", permitted.entry)
        others = tuple(limit for limit in enforcement.limits if not limit.counted)
        return replace(permitted, enforcement=replace(enforcement, limits=(*others, *limits)))

    async def ask(
        self,
        live: LiveSession,
        action: Action,
        tell: Callable[[Held], None],
        impact: Impact | None = None,
        patience: Patience | None = None,
    ) -> tuple[Permitted | Refused, Outcome]:
        """Return what is decided on an action, and by what; `tell` hears of a hold.

        Raises Fault where that cannot be found out now.
        """
        outcome = await self._decider.decide(action, self._surroundings.of(live, impact))
        decision = outcome.decision
        if isinstance(decision, Permit):
            return Permitted(outcome.entry), outcome
        if decision.remedies and action.phase is Phase.PREPARE:
            # Preparing runs nothing; the same text is decided again, with its parameters,
            # before it does.
            return Permitted(outcome.entry), outcome
        if decision.remedies:
            now = self._surroundings.of(live, impact)
            planned = await self._plans.again(live, action, now)
            if planned is not None:
                return Permitted(planned.entry), planned
            return await self._holding.hold(
                live, action, outcome, lambda: self._surroundings.of(live, impact), tell, patience
            )
        return denied(live.target, action, decision, outcome), outcome

    def action_in(
        self,
        live: LiveSession,
        statement: Statement,
        text: str,
        parameters: Sequence[str | None],
        phase: Phase,
        *,
        in_transaction: bool,
        details: Mapping[str, str] | None = None,
    ) -> Action:
        """Return what somebody tries to do in a session.

        What they say that they do it for is bound with it, so that people assent to that too.
        """
        task = live.connection.task
        return Action(
            id=ActionId(self._ids.mint("action")),
            subject=live.subject.id,
            statement=statement,
            target=live.target.id,
            session=live.session.id,
            text=text,
            parameters=tuple(parameters),
            phase=phase,
            in_transaction=in_transaction,
            details={**({"task": task} if task else {}), **(details or {})},
            salt=self._ids.token(16),
        )


def _keep_measured(live: LiveSession, entry: str, impact: Impact) -> None:
    """Keep what is told again when the result reaches its limit; the oldest is forgotten."""
    live.measured[entry] = impact
    if len(live.measured) > _MOST_MEASURED:
        del live.measured[next(iter(live.measured))]
