"""What somebody could do in a session at all: asked before they try, and without a trace."""

from collections.abc import Sequence

from assent.control.decide import Decider
from assent.control.live import LiveSession
from assent.control.surroundings import Surroundings
from assent.core.action import Action, Statement
from assent.core.clock import Clock
from assent.core.decision import Permit
from assent.core.ids import ActionId, Ids

_LATER = frozenset({"touch.arguments", "touch.columns"})
_BY_POLICY = frozenset({"no-permit", "forbidden"})


class Reach:
    """Says what some policy could permit now, with whatever it asks people for."""

    def __init__(
        self, *, decider: Decider, surroundings: Surroundings, clock: Clock, ids: Ids
    ) -> None:
        self._decider = decider
        self._surroundings = surroundings
        self._clock = clock
        self._ids = ids

    async def could(self, live: LiveSession, statement: Statement, text: str) -> bool:
        """Return whether this could be permitted in the session, of people's own assent too.

        The fields that it is done with are not known yet. Where policies ask for them, and refuse
        it without any, it counts as possible: each attempt is decided by itself. Raises Fault.
        """
        if self._clock.now() >= live.session.ends_at:
            return False
        action = Action(
            id=ActionId(self._ids.mint("action")),
            subject=live.subject.id,
            statement=statement,
            target=live.target.id,
            session=live.session.id,
            text=text,
        )
        outcome = await self._decider.consider(action, self._surroundings.of(live))
        decision = outcome.decision
        if isinstance(decision, Permit) or decision.remedies:
            return True
        return decision.code in _BY_POLICY and self.asks_for_fields(statement)

    def asks_for_fields(self, statement: Statement) -> bool:
        """Return whether some policy that could match looks at what it is done with."""
        return self._asks(statement, _LATER)

    def asks_for_values(self, statement: Statement) -> bool:
        """Return whether some policy that could match looks at the values it is done with."""
        return self._asks(statement, frozenset({"touch.arguments"}))

    def _asks(self, statement: Statement, facts: frozenset[str]) -> bool:
        policies = self._decider.policies
        known: Sequence[frozenset[str]] = [
            policies.slice(touch.verb, touch.operation).facts for touch in statement.touches
        ]
        return any(not facts.isdisjoint(one) for one in known)
