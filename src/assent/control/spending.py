"""Budgets of grants: what is done is counted with the decision that permits it, or not done.

What comes of it, rows and bytes, is counted with its result. One result at a time may pass what a
budget of rows or bytes has left: others that run meanwhile wait at their first row for their turn.
"""

import asyncio
from collections.abc import Sequence
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

    begun: the grants whose clocks it starts. has_turn: whether that is all that there is, and not
    nothing until its turn comes.
    """

    action: ActionId
    session: SessionId | None
    payers: tuple[GrantId, ...]
    more: Spent
    left: dict[str, int]
    begun: tuple[Grant, ...] = ()
    has_turn: bool = True

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
        ids = tuple(one.id for one in payers)
        charge = Charge(action.id, action.session, ids, more, _left(payers), begun)
        for payer in payers:
            self._grants.spend(payer.id, more)
        if charge.left:
            self._open.by_action[action.id] = charge
            if not self._take_turn(charge):
                charge.has_turn = False
                charge.left = dict.fromkeys(charge.left, 0)
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
        before = enforcement or Enforcement()
        return replace(before, limits=(*before.limits, *self._limits(charge)))

    async def more(self, action: Action) -> tuple[Limit, ...] | None:
        """Return what else may pass of a result that waited for its turn, None for nothing more.

        It waits a while for those before it to end.
        """
        charge = self._open.by_action.get(action.id)
        if charge is None or charge.has_turn:
            return None
        with suppress(TimeoutError):
            async with asyncio.timeout(_WAITS_S):
                while action.id in self._open.by_action and not self._take_turn(charge):
                    self._freed.clear()
                    await self._freed.wait()
                charge.has_turn = action.id in self._open.by_action
        payers = [grant for one in charge.payers if (grant := self._grants.get(one)) is not None]
        if not charge.has_turn or len(payers) < len(charge.payers):
            return None
        charge.left = _left(payers)
        return self._limits(charge) if all(charge.left.values()) else None

    def stopped(self, action: Action, limit: str, rows: int, size: int) -> tuple[str, list[Change]]:
        """Return why the rest of a result may not pass, and what is made durable of that.

        limit: the one that was reached. rows, size: what has passed, of a portal from its start.
        """
        charge = self._open.by_action.get(action.id)
        if charge is None or not charge.has_turn:
            words = (
                "another result still runs under the same budget; let it end and send this again"
            )
            return words, []
        left = charge.left
        name = "rows" if limit == _LIMITS["rows"] else "bytes"
        words = f"the budget of your access is used up: {left.get(name, 0)} {name} were left"
        # What had passed of a portal or a cursor before was counted before.
        most_rows, most_bytes = left.get("rows", rows), left.get("bytes", size)
        changes = self.result(
            action.id,
            most_rows if name == "rows" else min(rows, most_rows),
            most_bytes if name == "bytes" else min(size, most_bytes),
        )
        return f"{words} (grant {charge.payers[0]})", changes

    def result(self, action: ActionId, rows: int, size: int) -> list[Change]:
        """Return what is made durable of what came of an action, and count it. rows: -1 for none"""
        charge = self._open.by_action.get(action)
        if charge is None:
            return []
        more = Spent(rows=max(0, rows), bytes=max(0, size))
        self._close(charge)
        if more == Spent():
            return []
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
        return ()

    def _take_turn(self, charge: Charge) -> bool:
        """Let this one pass what is left; false while another one does."""
        holders = {self._open.by_grant.get(payer, charge.action) for payer in charge.payers}
        if holders != {charge.action}:
            return False
        self._open.by_grant.update(dict.fromkeys(charge.payers, charge.action))
        return True

    def _limits(self, charge: Charge) -> tuple[Limit, ...]:
        return tuple(
            Limit(_LIMITS[name], most, f"grant {charge.payers[0]}", counted=True)
            for name, most in charge.left.items()
        )

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
