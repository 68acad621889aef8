"""A decision made again from nothing but what its entries say: its risk, and its answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from assent.control.decide import assessed, concluded
from assent.control.standing import denial_from_json
from assent.core.action import Action, Phase, Statement
from assent.core.assessment import Assessment
from assent.core.canonical import Json
from assent.core.decision import Decision, Obligation, Permit, describe
from assent.core.evidence import Evidence, evidence_from_json
from assent.core.ids import ActionId, SessionId, TargetId
from assent.core.plugins import SignalPlugin
from assent.policy import PolicySet


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


def decide_again(
    attempt: Mapping[str, Any],
    decision: Mapping[str, Any],
    policies: PolicySet,
    honours: frozenset[str],
) -> Decision:
    """Return what `policies` answer to a recorded decision: with those of then, the same.

    On the assessment as it was made then. honours: the obligations that enforcement can keep.
    Raises msgspec.ValidationError, LookupError, ValueError where its entries do not hold all.
    """
    payload = decision.get("payload") or {}
    evidence = evidence_from_json(payload.get("evidence") or {})
    bound = [Obligation(*item) for item in payload.get("bound", ())]
    held = payload.get("standing")
    standing = None if held is None else denial_from_json(held)
    action, made = action_of(attempt, evidence), assessment_of(decision)
    return concluded(policies, action, evidence, made, bound, honours, standing)


def as_recorded(decision: Decision) -> Mapping[str, Json]:
    """Return a decision in the form that its entry has, to be compared with one."""
    if isinstance(decision, Permit):
        return {
            "outcome": "permit",
            "code": "",
            "policies": list(decision.permitted_by),
            "messages": [],
            "remedies": [],
            "obligations": [f"{item.name}: {item.value}" for item in decision.obligations],
        }
    return {
        "outcome": "deny",
        "code": decision.code,
        "policies": list(decision.denied_by),
        "messages": list(decision.messages),
        "remedies": [describe(remedy) for remedy in decision.remedies],
        "obligations": [],
    }


def recorded(decision: Mapping[str, Any]) -> Mapping[str, Json]:
    """Return what the entry of a decision says that it was."""
    facts, payload = decision["facts"], decision.get("payload") or {}
    return {
        "outcome": facts["outcome"],
        "code": facts.get("code", ""),
        "policies": list(facts.get("policies", ())),
        "messages": list(payload.get("messages", ())),
        "remedies": list(payload.get("remedies", ())),
        "obligations": list(payload.get("obligations", ())),
    }


def assessment_of(decision: Mapping[str, Any]) -> Assessment:
    """Return the assessment that a decision's entry holds. Raises msgspec.ValidationError."""
    facts, told = decision["facts"], (decision.get("payload") or {}).get("assessment") or {}
    return msgspec.convert({**told, "score": facts["score"], "level": facts["level"]}, Assessment)


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
