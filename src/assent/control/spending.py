"""Budgets of grants: what is done is counted with the decision that permits it, or not done.

What comes of it, rows and bytes, is counted with its result. While a result runs that a budget of
rows or bytes pays for, nothing else begins under that budget: two results could not share what is
left without passing it.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from assent.control.covering import beginning, paying
from assent.control.grants import Grants
from assent.core.action import Action, Operation, Phase
from assent.core.changes import BeginGrant, Change, SpendGrant
from assent.core.decision import Deny, Permit
from assent.core.enforcement import Enforcement, Limit
from assent.core.evidence import Evidence
from assent.core.grant import Grant
from assent.core.ids import ActionId, GrantId, SessionId
from assent.core.scope import Spent
from assent.policy.more import EXCEEDS
from assent.workflow.grant import begin, waits_for_use

_WAITS_S = 5.0
_CHANGES = frozenset({Operation.WRITE, Operation.ADMINISTER, Operation.UNKNOWN})
_LIMITS = {"rows": "max_rows", "bytes": "max_bytes"}


@dataclass(slots=True, eq=False)
class Charge:
    """What one permitted action is counted as. left: rows and bytes that it may still pass.

    begun: the grants whose clocks it starts. settled: whether its result was counted.
    """

    action: ActionId
    session: SessionId | None
    payers: tuple[GrantId, ...]
    more: Spent
    left: dict[str, int]
    begun: tuple[Grant, ...] = ()
    settled: bool = False

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is made durable with the decision."""
        spent = (SpendGrant(payer, self.more) for payer in self.payers)
        return (*begins(self.begun), *spent)


@dataclass(slots=True)
class _Open:
    """The results that run under budgets of rows and bytes."""

    by_action: dict[ActionId, Charge] = field(default_factory=dict)
    by_grant: dict[GrantId, ActionId] = field(default_factory=dict)


class Spending:
    """Counts what is done under grants that have a budget, and starts the clocks of grants."""

    def __init__(self, grants: Grants) -> None:
        self._grants = grants
        self._open = _Open()
        self._starting: set[GrantId] = set()
        self._freed = asyncio.Event()

    async def turn(self, action: Action, grants: Callable[[], Sequence[Grant]]) -> None:
        """Wait a while for results that run under the same budgets to end."""
        if action.phase is not Phase.EXECUTE:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_WAITS_S):
                while any(payer.id in self._open.by_grant for payer in paying(action, grants())):
                    self._freed.clear()
                    await self._freed.wait()

    def charge(
        self, action: Action, permit: Permit, evidence: Evidence, score: int
    ) -> Charge | Deny | None:
        """Return what an action that is permitted now counts as, counted here; None for nothing.

        A denial where its budgets do not reach. Whoever cannot make it durable takes it back.
        """
        if action.session is None or action.phase is not Phase.EXECUTE or EXCEEDS in action.details:
            return None
        opening = action.verb == "session.open"
        payers = () if opening else tuple(map(self._as_it_is, paying(action, evidence.grants)))
        begun = () if opening else self.begun_by(action, evidence.grants, evidence.at)
        if not payers and not begun:
            return None
        changes = any(touch.operation in _CHANGES for touch in action.touches)
        more = Spent(actions=1, writes=int(changes), risk_points=score)
        for payer in payers:
            if words := self._lacking(payer, more):
                return Deny(permit.revision, "budget", words)
        charge = Charge(
            action.id, action.session, tuple(one.id for one in payers), more, _left(payers), begun
        )
        for payer in payers:
            self._grants.spend(payer.id, more)
        if charge.left:
            self._open.by_action[action.id] = charge
            self._open.by_grant.update({one.id: action.id for one in payers if _is_open(one)})
        return charge

    def begun_by(self, action: Action, grants: Sequence[Grant], now: datetime) -> tuple[Grant, ...]:
        """Return the grants whose clocks an action starts, as they are then; each is asked once.

        Whoever cannot make that durable says so with `not_kept`, otherwise with `kept`.
        """
        found = tuple(
            begin(one, now)
            for one in map(self._as_it_is, beginning(action, grants))
            if waits_for_use(one) and one.is_valid(now) and one.id not in self._starting
        )
        self._starting.update(one.id for one in found)
        return found

    def kept(self, begun: Sequence[Grant]) -> None:
        """The start of these clocks is durable."""
        self.not_kept(begun)
        for grant in begun:
            self._grants.begun(grant)

    def not_kept(self, begun: Sequence[Grant]) -> None:
        """These clocks were not started after all."""
        self._starting.difference_update(one.id for one in begun)

    def take_back(self, charge: Charge) -> None:
        """Count an action no longer: its decision could not be kept."""
        for payer in charge.payers:
            self._grants.unspend(payer, charge.more)
        self.not_kept(charge.begun)
        self._close(charge)

    def enforcement(self, action: Action, enforcement: Enforcement | None) -> Enforcement | None:
        """Return what is done to the result of an action, with what its budgets have left."""
        charge = self._open.by_action.get(action.id)
        if charge is None:
            return enforcement
        limits = tuple(
            Limit(_LIMITS[name], most, f"grant {charge.payers[0]}", counted=True)
            for name, most in charge.left.items()
        )
        before = enforcement or Enforcement()
        return replace(before, limits=(*before.limits, *limits))

    def used_up(self, action: Action, limit: str, passed_rows: int, most: int) -> str:
        """Return which budget keeps the rest of a result, in words; empty where none does."""
        charge = self._open.by_action.get(action.id)
        if charge is None:
            return ""
        left = charge.left.get("rows" if limit == "max_rows" else "bytes")
        reached = passed_rows if limit == "max_rows" else most
        if left is None or reached < left:
            return ""
        unit = "rows" if limit == "max_rows" else "bytes"
        words = f"the budget of your access is used up: {left} {unit} were left"
        return f"{words} (grant {charge.payers[0]})"

    def stopped(
        self, action: Action, limit: str, passed_rows: int, passed_bytes: int
    ) -> list[Change]:
        """Return what is made durable of a result that was stopped by a budget, and count it."""
        charge = self._open.by_action.get(action.id)
        left = charge.left if charge else {}
        # What had passed of a portal or a cursor before was counted before.
        rows, size = left.get("rows", passed_rows), left.get("bytes", passed_bytes)
        return self.result(
            action.id,
            rows if limit == "max_rows" else min(passed_rows, rows),
            size if limit == "max_bytes" else min(passed_bytes, size),
        )

    def result(self, action: ActionId, rows: int, size: int) -> list[Change]:
        """Return what is made durable of what came of an action, and count it. rows: -1 for none"""
        charge = self._open.by_action.get(action)
        if charge is None:
            return []
        more = Spent(rows=max(0, rows), bytes=max(0, size))
        self._close(charge)
        if charge.settled or more == Spent():
            return []
        charge.settled = True
        for payer in charge.payers:
            self._grants.spend(payer, more)
        return [SpendGrant(payer, more, force=True) for payer in charge.payers]

    def lost(self, action: ActionId, *, released: bool) -> list[Change]:
        """Return what is made durable of an action whose result nobody heard of, and count it.

        If it ran, all that could have passed counts as passed.
        """
        charge = self._open.by_action.get(action)
        left = charge.left if charge and released else {}
        return self.result(action, left.get("rows", 0), left.get("bytes", 0))

    def ended(self, session: SessionId) -> None:
        """Let go of what is left open of a session that has ended."""
        for charge in tuple(self._open.by_action.values()):
            if charge.session == session:
                self._close(charge)

    def _as_it_is(self, grant: Grant) -> Grant:
        return self._grants.get(grant.id) or grant

    def _lacking(self, payer: Grant, more: Spent) -> tuple[str, ...]:
        left = payer.budget.left(payer.spent)
        if any(amount == 0 or amount < getattr(more, name) for name, amount in left.items()):
            return (f"the budget of your access does not reach: {describe_left(payer)} left",)
        if payer.id in self._open.by_grant:
            return (
                f"another result still runs under the budget of grant {payer.id}; "
                "let it end, or close its cursor, and send this again",
            )
        return ()

    def _close(self, charge: Charge) -> None:
        self._open.by_action.pop(charge.action, None)
        for payer in charge.payers:
            if self._open.by_grant.get(payer) == charge.action:
                del self._open.by_grant[payer]
        self._freed.set()


def begins(begun: Sequence[Grant]) -> tuple[Change, ...]:
    """Return what is made durable of clocks that start."""
    return tuple(BeginGrant(one.id, one.began_at or one.starts_at, one.ends_at) for one in begun)


def describe_left(grant: Grant) -> str:
    """Return what a budget has left, in words: `3 of 5 writes`; empty for no budget."""
    most = grant.budget.amounts()
    return ", ".join(
        f"{left} of {most[name]} {name.replace('_', ' ')}"
        for name, left in grant.budget.left(grant.spent).items()
    )


def budget_denial(revision: str) -> Deny:
    """Return the denial of what came too late: something else has used the budget up meanwhile."""
    words = "the budget of your access was used up, or it ended, at this very moment"
    return Deny(revision, "budget", (f"{words}; see `assent grants`",))


def _left(payers: Sequence[Grant]) -> dict[str, int]:
    found: dict[str, int] = {}
    for payer in payers:
        for name, amount in payer.budget.left(payer.spent).items():
            if name in _LIMITS:
                found[name] = min(amount, found.get(name, amount))
    return found


def _is_open(grant: Grant) -> bool:
    amounts = grant.budget.amounts()
    return any(amounts[name] is not None for name in _LIMITS)
