"""Whether more of a result may pass than a permit lets: only with what its `@more` asks for."""

from datetime import datetime

from assent.core.action import Action
from assent.core.decision import Decision, Deny, Permit, Remedy, TicketRemedy
from assent.core.evidence import Evidence
from assent.policy.people import MissingPeople, resolved
from assent.policy.remedies import is_met, merge
from assent.policy.requirement import parse_requirement

EXCEEDS = "exceeds"
"""The detail of an action that asks for more: the limit and how many, `max_rows 1000`."""

DEFAULT_MORE = "approve: 1 of owners"

_UNITS = {"max_rows": "rows", "max_bytes": "bytes"}


def parse_more(text: str) -> tuple[Remedy, ...]:
    """Return what `@more` asks for. Raises ValueError with what would be right."""
    remedies = parse_requirement(text)
    if any(isinstance(remedy, TicketRemedy) for remedy in remedies):
        raise ValueError("`ticket` cannot be given while a result waits; ask for an approval")
    return remedies


def exceeding(permit: Permit, action: Action, evidence: Evidence, now: datetime) -> Decision:
    """Return the permit for what asks for no more, or when all that is asked for it is there."""
    exceeds = action.details.get(EXCEEDS)
    if exceeds is None:
        return permit
    asked = [item for item in permit.obligations if item.name == "more"]
    policies = tuple(sorted({item.policy for item in asked}))
    texts = [item.value for item in asked] or [DEFAULT_MORE]
    remedies = [remedy for text in texts for remedy in parse_more(text)]
    try:
        demands = merge(resolved(remedies, action.touches, action, evidence))
    except MissingPeople as missing:
        words = f"{_reached(exceeds)}: more needs {missing}"
        return Deny(permit.revision, "forbidden", (words,), policies)
    if all(is_met(demand, action, evidence, now) for demand in demands):
        return permit
    words = f"{_reached(exceeds)}: assent needed for more"
    return Deny(permit.revision, "remedy-needed", (words,), policies, demands)


def _reached(exceeds: str) -> str:
    limit, _, most = exceeds.partition(" ")
    count = f"{int(most):,}" if most.isascii() and most.isdigit() else most[:40]
    return f"{count} {_UNITS.get(limit, limit[:40])} reached"
