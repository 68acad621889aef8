"""What the page of one entry shows: its decision, its evidence, and who assented."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from assent.audit.approval_signatures import Site, approval_message, check_signature
from assent.control.replay import assessment_of
from assent.core.device_key import DeviceKey
from assent.core.ports import StoredEntry
from assent.policy.highlight import Piece as PolicyPiece
from assent.policy.highlight import lines as policy_lines
from assent.web.views import FactorView, factors_of
from assent.web.words import Piece, pieces

_MOST_CHARACTERS = 400
_NOT_READABLE = (msgspec.ValidationError, ArithmeticError, LookupError, TypeError, ValueError)
# Of the evidence, in the order in which one asks; what is empty is left out.
_EVIDENCE = {
    "who": ("subject", "authentication", "tenure_days", "verified_by", "verified_at"),
    "from where": ("connection", "network", "device", "presence", "local_offset_min"),
    "what for": ("reason", "ticket", "ticket_said", "asked_at"),
    "on what": ("target", "impact", "rows_estimated"),
    "in this session": ("session", "grants"),
    "who assented": ("approvals", "approvers", "delegations"),
    "what is known of them": ("history", "events", "known", "medium_from", "high_from"),
    "how old each source is": ("dates",),
    "what could not be gathered": ("unavailable",),
    "what is not configured": ("not_configured",),
}


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A policy that settled it, as it was then. facts: what it asked about, with the values."""

    id: str
    effect: str
    place: str
    lines: Sequence[Sequence[PolicyPiece]]
    first_line: int
    message: str
    facts: Sequence[tuple[str, Sequence[tuple[str, str]]]]


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision in words, with all that it rested on. evidence: by heading, names and values."""

    words: Sequence[str]
    outcome: str
    code: str
    revision: str
    text: tuple[Piece, ...]
    needs: Sequence[str]
    obligations: Sequence[str]
    policies: Sequence[PolicyView]
    near: Sequence[PolicyView]
    otherwise: Sequence[str]
    missing: str
    score: int
    level: str
    headline: str
    confidence: str
    factors: Sequence[FactorView]
    evidence: Sequence[tuple[str, Sequence[tuple[str, str]]]]


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One person's answer. signature: in words; is_good: None where it is not signed."""

    who: str
    at: str
    verdict: str
    comment: str
    signature: str
    is_good: bool | None


@dataclass(frozen=True, slots=True)
class StoryView:
    """The entry itself. payload: what it says, empty where there is none or nobody can read it.

    sealed: why the payload cannot be read, empty where it can or there is none.
    """

    leaf: str
    payload: str
    sealed: str
    decisions: Sequence[DecisionView]
    answers: Sequence[AnswerView]


def story_of(
    stored: StoredEntry, explained: Mapping[str, Any], keys: Mapping[str, DeviceKey]
) -> StoryView:
    """Return what the page shows. explained: by `Explain`. keys: of devices, by id."""
    leaf = json.loads(stored.leaf)
    entries = {one["id"]: one for one in explained["entries"]}
    content = entries.get(leaf["id"], {}).get("payload")
    sealed = ""
    if leaf["payload"] is not None and content is None:
        sealed = "what it says cannot be read any more: it was erased, pruned, or is not for you"
    return StoryView(
        leaf=json.dumps(leaf, indent=2, ensure_ascii=False),
        payload="" if content is None else json.dumps(content, indent=2, ensure_ascii=False),
        sealed=sealed,
        decisions=[_decision(why, entries) for why in explained["why"]],
        answers=[_answer(one, keys) for one in explained["entries"] if one["kind"] == "approval"],
    )


def _decision(why: Mapping[str, Any], entries: Mapping[str, Any]) -> DecisionView:
    entry = entries[why["entry"]]
    evidence = (entry.get("payload") or {}).get("evidence") or {}
    headline = confidence = ""
    factors: tuple[FactorView, ...] = ()
    try:
        assessment = assessment_of(entry)
        headline, factors = assessment.headline, factors_of(assessment)
        confidence = assessment.confidence_because
    except _NOT_READABLE:
        pass  # Of another version: the score itself stands in the public facts.
    return DecisionView(
        words=why["words"],
        outcome=why["outcome"],
        code=why["code"],
        revision=why["revision"],
        text=pieces(why["text"]),
        needs=why["needs"],
        obligations=why["obligations"],
        policies=[_policy(one) for one in why["policies"]],
        near=[_policy(one) for one in why["near"]],
        otherwise=why["otherwise"],
        missing=why["missing"],
        score=why["score"],
        level=why["level"],
        headline=headline,
        confidence=confidence,
        factors=factors,
        evidence=list(_grouped(evidence)),
    )


def _policy(told: Mapping[str, Any]) -> PolicyView:
    return PolicyView(
        id=told["id"],
        effect=told["effect"],
        place=f"{told['file']}:{told['line']}",
        lines=policy_lines(told["text"]),
        first_line=told["line"],
        message=told["message"],
        facts=[
            (one["touch"], [(name, _plain(value)) for name, value in one["values"].items()])
            for one in told["facts"]
        ],
    )


def _grouped(evidence: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    for heading, names in _EVIDENCE.items():
        rows = [row for name in names if name in evidence for row in _rows(name, evidence[name])]
        if rows:
            yield heading, rows


def _rows(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield a value as rows of names and texts; what is empty says nothing."""
    words = name.replace("_", " ")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _rows(f"{words} · {key}", inner)
    elif value not in (None, "", [], {}):
        yield words, _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int):
        return str(value)[:_MOST_CHARACTERS]
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        return ", ".join(str(one) for one in value)[:_MOST_CHARACTERS] or "none"
    return json.dumps(value, ensure_ascii=False)[:_MOST_CHARACTERS]


def _answer(entry: Mapping[str, Any], keys: Mapping[str, DeviceKey]) -> AnswerView:
    facts = entry["facts"]
    signature, is_good = _signature(entry, keys)
    return AnswerView(
        who=entry["subject"],
        at=entry["at"],
        verdict=facts.get("verdict", ""),
        comment=(entry.get("payload") or {}).get("comment", ""),
        signature=signature,
        is_good=is_good,
    )


def _signature(entry: Mapping[str, Any], keys: Mapping[str, DeviceKey]) -> tuple[str, bool | None]:
    facts = entry["facts"]
    if "signature" not in facts:
        return "not signed", None
    key, kind = facts["key"], facts["key_kind"]
    with_what = f"signed with {'a passkey' if kind == 'webauthn' else 'a device'}, {key}"
    if key not in keys:
        return f"{with_what}, which is not known here", False
    message = approval_message(
        facts["verdict"], entry["request"] or "", facts["digest"], facts["shown"]
    )
    # Anywhere on the host that it was made for: the address of today need not be that of then.
    site = Site(keys[key].details.get("rp_id", ""))
    try:
        check_signature(
            kind,
            keys[key].public_key,
            message,
            facts["signature"],
            facts.get("assertion") or {},
            site=site,
        )
    except ValueError as error:
        return f"{with_what}: {error}", False
    return f"{with_what}: checked just now, and good", True
