"""Which of somebody's grants an action rests on: every touch must be covered by one of them.

Pure. `evidence.grants` are the grants that give access at that moment, so that what is said here
can be replayed.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from assent.core.action import Action, Touch
from assent.core.decision import Decision, Deny
from assent.core.evidence import Evidence
from assent.core.grant import Grant
from assent.core.scope import Scope, is_housekeeping
from assent.workflow.grant import counts_from, waits_for_use

_MOST_NAMED = 8
# Kinds of resources that access is asked for by name.
_ASKED_BY_NAME = frozenset({"Table", "Route", "Tool", "Document", "File", "Program"})


def covered(decision: Decision, action: Action, evidence: Evidence, score: int) -> Decision:
    """Return the decision, or a final denial where no grant of the session covers the action.

    What is denied for good already stays as it is. score: of its risk, which a budget of risk
    points must have left.
    """
    if action.session is None or all(map(_is_boundless, evidence.grants)):
        return decision
    if isinstance(decision, Deny) and not decision.remedies:
        return decision
    for touch, grants in _by_touch(action, evidence.grants):
        if not grants:
            used_up = [one for one in evidence.grants if one.scope.covers(touch)]
            if used_up:
                return Deny(decision.revision, "budget", _used_up(used_up[0]))
            return Deny(decision.revision, "outside-grant", _outside(touch, evidence))
    for payer in paying(action, evidence.grants):
        left = payer.budget.left(payer.spent)
        if left.get("risk_points", score) < score or 0 in left.values():
            return Deny(decision.revision, "budget", _used_up(payer))
    return decision


def covering(action: Action, grants: Sequence[Grant]) -> tuple[tuple[Grant, ...], ...]:
    """Return the grants that cover each touch, those whose clocks run already before others."""
    return tuple(found for _, found in _by_touch(action, grants))


def paying(action: Action, grants: Sequence[Grant]) -> tuple[Grant, ...]:
    """Return the grants whose budgets an action is counted in.

    A touch that something unlimited covers costs nothing; of budgets, the one that is over first
    pays. What the client fetches from a cursor was named earlier, under any of them.
    """
    limited = sorted(
        (grant for grant in grants if grant.budget.is_limited), key=lambda grant: grant.ends_at
    )
    if not limited:
        return ()
    if _fetches(action):
        return tuple(limited)
    payers: dict[str, Grant] = {}
    for touch, found in _by_touch(action, grants):
        if is_housekeeping(touch) or not all(grant.budget.is_limited for grant in found):
            continue
        if found and not any(grant.id in payers for grant in found):
            first = min(found, key=lambda grant: grant.ends_at)
            payers[first.id] = first
    return tuple(payers.values())


def _fetches(action: Action) -> bool:
    """Return whether it may fetch from a cursor: its text says so, and touches the session."""
    if action.statement.cursor:
        return True
    opens = any(touch.verb == "sql.session" for touch in action.touches)
    return opens and "fetch" in action.text.lower()


def beginning(action: Action, grants: Sequence[Grant]) -> tuple[Grant, ...]:
    """Return the grants whose clocks this action starts: no other covers what it does."""
    started: dict[str, Grant] = {}
    for found in covering(action, grants):
        if found and all(map(waits_for_use, found)) and not any(one.id in started for one in found):
            started[found[0].id] = found[0]
    return tuple(started.values())


def allowed_until(action: Action, evidence: Evidence, lasts_for: timedelta) -> datetime | None:
    """Return when that span is over, counted for each touch from the newest grant that covers it.

    None where nothing covers it.
    """
    starts = [
        max(evidence.at if waits_for_use(grant) else counts_from(grant) for grant in found)
        for found in covering(action, evidence.grants)
        if found
    ]
    return min(starts) + lasts_for if starts else None


def _by_touch(action: Action, grants: Sequence[Grant]) -> Iterator[tuple[Touch, tuple[Grant, ...]]]:
    in_order = sorted(grants, key=waits_for_use)
    for touch in action.touches:
        # A transaction must be able to end, whatever is left of a budget.
        always = is_housekeeping(touch)
        yield (
            touch,
            tuple(
                grant
                for grant in in_order
                if grant.scope.covers(touch) and (always or not grant.spent.over(grant.budget))
            ),
        )


def _is_boundless(grant: Grant) -> bool:
    return grant.scope.is_everything and not grant.budget.is_limited


def _used_up(grant: Grant) -> tuple[str, ...]:
    most = grant.budget.amounts()
    left = ", ".join(
        f"{amount} of {most[name]} {name.replace('_', ' ')}"
        for name, amount in grant.budget.left(grant.spent).items()
    )
    return (
        f"the budget of your access does not reach: {left} left (grant {grant.id})",
        "ask for more with `assent request`; what was done stays done",
    )


def _outside(touch: Touch, evidence: Evidence) -> tuple[str, ...]:
    target = evidence.target.name if evidence.target else "TARGET"
    scopes = "; or ".join(describe(grant.scope) for grant in evidence.grants[:_MOST_NAMED])
    more = f"assent request {target} --verbs {touch.verb}"
    name = touch.resource.name
    if touch.resource.kind in _ASKED_BY_NAME and name.split() == [name]:
        more += f" --tables {touch.resource.name[:120]}"
    return (
        f"`{touch.verb}` on {touch.resource.kind} `{touch.resource.name[:80]}` is outside of what "
        f"your access covers: {scopes}",
        f"ask for more: {more}",
    )


def describe(scope: Scope) -> str:
    """Return what a scope covers, in words: `read-only, sql.read on public.orders`."""
    if scope.is_everything:
        return "everything"
    verbs = _listed(scope.verbs) or ("reading" if scope.read_only else "everything")
    words = f"{verbs} on {_listed(scope.resources)}" if scope.resources else verbs
    return f"read-only, {words}" if scope.read_only and scope.verbs else words


def _listed(names: frozenset[str]) -> str:
    some = sorted(names)[:_MOST_NAMED]
    more = len(names) - len(some)
    return ", ".join(some) + (f" and {more} more" if more else "")
