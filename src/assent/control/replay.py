"""A decision's risk, assessed again from nothing but what its entries say."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from assent.control.decide import assessed
from assent.core.action import Action, Phase, Statement
from assent.core.assessment import Assessment
from assent.core.evidence import Evidence, evidence_from_json
from assent.core.ids import ActionId, SessionId, TargetId
from assent.core.plugins import SignalPlugin


def replay(
    attempt: Mapping[str, Any], decision: Mapping[str, Any], signals: Sequence[SignalPlugin]
) -> Assessment:
    """Return the assessment of a decision: the very one that was made, bit for bit.

    attempt, decision: the two entries as `Explain` reads them, with their payloads. With other
    `signals` it is what these would have said. Raises msgspec.ValidationError when the entries
    do not hold what is needed: those written before version 0.2, or whose payload is gone.
    """
    evidence = evidence_from_json((decision.get("payload") or {}).get("evidence") or {})
    action = action_of(attempt, evidence)
    measured = tuple(plugin.measure(action, evidence, evidence.at) for plugin in signals)
    return assessed(action, evidence, measured)


def action_of(attempt: Mapping[str, Any], evidence: Evidence) -> Action:
    """Return the action that an attempt's entry tells of."""
    facts, payload = attempt["facts"], attempt.get("payload") or {}
    return Action(
        id=ActionId(facts["action"]),
        subject=evidence.subject.id,
        statement=msgspec.convert(payload.get("statement"), Statement),
        target=None if evidence.target is None else TargetId(evidence.target.id),
        session=SessionId(attempt["session"]) if attempt.get("session") else None,
        text=payload.get("text", ""),
        parameters=tuple(payload.get("parameters", ())),
        phase=Phase(facts["phase"]),
        in_transaction=bool(payload.get("in_transaction", False)),
        details=payload.get("details", {}),
        salt=payload.get("salt", ""),
    )
