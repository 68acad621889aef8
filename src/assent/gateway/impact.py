"""Measures what a statement would do, through the connection that it waits on."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from assent.core.action import Phase
from assent.core.faults import Fault
from assent.core.impact import Impact, Waiter
from assent.core.plugins import Authorize, Inquired
from assent.core.resource import Target
from assent.gateway.inquiries import Inquiries
from assent.protocols.postgres import PostgresRelay
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.impact.plan import Plan, read_plan
from assent.protocols.postgres.impact.scripts import Script, script
from assent.protocols.postgres.impact.summary import CHANGES, summary

if TYPE_CHECKING:
    from assent.gateway.drive import Conversation

MOST_COST_TO_COUNT = 1_000_000
"""Of the planner's units: counting reads what the change would, so what is dear is not counted."""

_MEASURED = CHANGES | {"sql.read"}

_log = structlog.get_logger("gateway")

WaitersOf = Callable[[Target, str, int], Awaitable[tuple[Waiter, ...]]]


class Impacts:
    """waiters_of: who waits for a backend of a target's database; may raise a Fault.

    inquiries: what it asks targets by.
    """

    def __init__(self, waiters_of: WaitersOf) -> None:
        self.inquiries = Inquiries()
        self._waiters_of = waiters_of

    def answered(self, inquired: Inquired) -> None:
        """Hear what a target answered."""
        self.inquiries.answered(inquired)

    async def measure(
        self,
        conversation: "Conversation",
        target: Target,
        database: str,
        catalogue: Catalogue | None,
        question: Authorize,
    ) -> Impact | None:
        """Return what the statement would do, None where there is nothing to be asked."""
        if not _is_measured(target, question):
            return None
        inquired, asked = None, None
        # Planning computes immutable functions, also those in views: without the catalogue nobody
        # has looked into these.
        if question.statement.complete and catalogue is not None:
            exact = target.count_exactly and question.in_transaction
            inquired, asked = await self._planned(conversation, question, exact=exact)
        impact = _read(question, catalogue, inquired, asked)
        if not question.in_transaction:
            return impact
        return replace(impact, waiters=await self.waiters(conversation, target, database))

    async def _planned(
        self, conversation: "Conversation", question: Authorize, *, exact: bool
    ) -> tuple[Inquired | None, Script | None]:
        relay = conversation.relay
        inside = isinstance(relay, PostgresRelay) and relay.in_transaction
        text, parameters = question.text, question.parameters
        asked = script(text, parameters, in_transaction=inside, exact=False)
        if asked is None:
            return None, None
        inquired = await self.inquiries.ask(conversation, asked.queries)
        if not exact or not _is_cheap(inquired, asked):
            return inquired, asked
        counting = script(text, parameters, in_transaction=inside, exact=True)
        if counting is None or counting.count is None:
            return inquired, asked
        counted = await self.inquiries.ask(conversation, counting.queries)
        # What took too long to be counted is told by its plan alone.
        return (inquired, asked) if counted.error else (counted, counting)

    async def waiters(
        self, conversation: "Conversation", target: Target, database: str
    ) -> tuple[Waiter, ...]:
        """Return who waits for locks of the session now; nobody where that cannot be asked."""
        relay = conversation.relay
        key = relay.target_key if isinstance(relay, PostgresRelay) else None
        if key is None:
            return ()
        try:
            return await self._waiters_of(target, database, key[0])
        except Fault as fault:
            _log.warning("waiters-unknown", target=target.name, code=fault.code)
            return ()


def _is_measured(target: Target, question: Authorize) -> bool:
    if question.phase is not Phase.EXECUTE or target.estimate == "off":
        return False
    wanted = CHANGES if target.estimate == "writes" else _MEASURED
    return any(
        touch.verb in wanted
        and touch.resource.kind == "Table"
        # What the catalogue says of itself is small, and clients ask it all the time.
        and not touch.resource.name.startswith(("pg_catalog.", "information_schema."))
        for touch in question.statement.touches
    )


def _is_cheap(inquired: Inquired, asked: Script) -> bool:
    plan = _plan_of(inquired, asked)
    return plan is not None and plan.cost <= MOST_COST_TO_COUNT


def _read(
    question: Authorize,
    catalogue: Catalogue | None,
    inquired: Inquired | None,
    asked: Script | None,
) -> Impact:
    if inquired is None or asked is None:
        why = "it was not understood to the end, so the planner was not asked about it"
        if catalogue is None:
            why = "what the target holds is not known, so the planner was not asked about it"
        elif question.statement.complete:
            why = "the planner cannot be asked about it"
        return summary(question.statement, catalogue, None, None, why)
    plan = _plan_of(inquired, asked)
    if plan is None:
        why = f"the planner could not be asked: {inquired.error or 'its answer was not understood'}"
        return summary(question.statement, catalogue, None, None, why[:200])
    exact = None
    if asked.count is not None and len(inquired.results) > asked.count:
        rows = inquired.results[asked.count]
        exact = int(rows[0][0]) if rows and rows[0][0] and rows[0][0].isdigit() else None
    return summary(question.statement, catalogue, plan, exact, "")


def _plan_of(inquired: Inquired, asked: Script) -> Plan | None:
    if len(inquired.results) <= asked.plan:
        return None
    text = "".join(row[0] or "" for row in inquired.results[asked.plan] if row)
    return read_plan(text)
