"""What became of it, in the numbers of OCSF: action, disposition, status, severity and risk.

Source: OCSF 1.8.0, profile Security Control, and the dictionary's `severity_id`, `status_id`,
`risk_level_id`.
"""

from collections.abc import Mapping
from typing import Any

from assent.core.canonical import Json
from assent.core.entry import EntryKind

_ACTIONS = {0: "Unknown", 1: "Allowed", 2: "Denied"}
_DISPOSITIONS = {
    1: "Allowed",
    2: "Blocked",
    8: "Approved",
    14: "Delayed",
    24: "Access Revoked",
    25: "Rejected",
    26: "Unauthorized",
    27: "Error",
}
_STATUSES = {0: "Unknown", 1: "Success", 2: "Failure"}
_SEVERITIES = {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical"}
_LEVELS = {"low": (1, "Low"), "medium": (2, "Medium"), "high": (3, "High")}
_BY_LEVEL = {"low": 1, "medium": 3, "high": 4}
_SEVERE: Mapping[str, int] = {
    EntryKind.LOGIN_REFUSED: 2,
    EntryKind.SECURITY_EVENT: 4,
    EntryKind.LOG_DISPUTED: 5,
    EntryKind.KEY_ROTATED: 2,
    EntryKind.PAYLOAD_REDACTED: 2,
    EntryKind.LOG_PRUNED: 2,
}

_ALLOWED, _DENIED = 1, 2
_GOOD, _BAD = 1, 2


def outcome_of(kind: str, facts: Mapping[str, Any], *, held: bool) -> dict[str, Json]:
    """Return the attributes that say what became of it. held: a request waits for people."""
    action, disposition, status = _verdict(kind, facts, held)
    severity = _severity(kind, facts)
    made: dict[str, Json] = {
        "severity": _SEVERITIES[severity],
        "severity_id": severity,
        "status": _STATUSES[status],
        "status_id": status,
    }
    if disposition:
        made |= {"action": _ACTIONS[action], "action_id": action}
        made |= {"disposition": _DISPOSITIONS[disposition], "disposition_id": disposition}
    if kind == EntryKind.DECISION:
        made["authorizations"] = _authorizations(facts)
    score = facts.get("score")
    if isinstance(score, int) and not isinstance(score, bool):
        made["risk_score"] = score
    level = _LEVELS.get(str(facts.get("level")))
    if level is not None:
        made["risk_level_id"], made["risk_level"] = level
    code = facts.get("code")
    if isinstance(code, str):
        made["status_code"] = code
    return made


def _verdict(kind: str, facts: Mapping[str, Any], held: bool) -> tuple[int, int, int]:
    """Return action, disposition (0: says nothing) and status."""
    match kind:
        case EntryKind.ATTEMPT:
            return 0, 0, 0
        case EntryKind.DECISION if facts.get("outcome") == "permit":
            return _ALLOWED, 1, _GOOD
        case EntryKind.DECISION:
            return _DENIED, 14 if held else 2, _BAD
        case EntryKind.RESULT if facts.get("outcome") == "error":
            return _ALLOWED, 27, _BAD
        case EntryKind.RESULT if facts.get("outcome") == "done":
            return _ALLOWED, 1, _GOOD
        case EntryKind.RESULT:
            # Whether it ran is not known, or it did not.
            return 0, 0, 0
        case EntryKind.APPROVAL if facts.get("verdict") == "approve":
            return _ALLOWED, 8, _GOOD
        case EntryKind.APPROVAL if facts.get("verdict") == "reject":
            return _DENIED, 25, _GOOD
        case EntryKind.GRANT_REVOKED:
            return _DENIED, 24, _GOOD
        case EntryKind.LOGIN_REFUSED:
            return _DENIED, 26, _BAD
        case EntryKind.LOGIN | EntryKind.STEP_UP:
            return _ALLOWED, 1, _GOOD
        case _:
            return 0, 0, _GOOD


def _severity(kind: str, facts: Mapping[str, Any]) -> int:
    if kind == EntryKind.DECISION:
        return _BY_LEVEL.get(str(facts.get("level")), 1)
    return _SEVERE.get(kind, 1)


def _authorizations(facts: Mapping[str, Any]) -> list[Json]:
    decision = "allowed" if facts.get("outcome") == "permit" else "denied"
    policies = [one for one in facts.get("policies") or () if isinstance(one, str)]
    version = str(facts.get("revision", ""))
    return [
        {"decision": decision, "policy": {"name": one, "uid": one, "version": version}}
        for one in policies
    ] or [{"decision": decision}]
