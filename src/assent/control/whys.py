"""Why a decision was what it was: the policies that settled it, with their text as it was then."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from assent.control.replay import action_of, assessment_of
from assent.control.wanting import ReadPolicies
from assent.core.action import Action, Touch
from assent.core.assessment import Assessment, Factor, RiskLevel
from assent.core.canonical import Json
from assent.core.decision import Decision, Deny, Permit, describe
from assent.core.evidence import Evidence, evidence_from_json
from assent.core.faults import OperatorFault
from assent.core.ports import Store
from assent.policy import Effect, PolicySet, Rule, evaluate
from assent.policy.facts import Moment, context

_MOST_KEPT = 8
_MOST_NEAR = 8
_MOST_TOUCHES = 5
# What was kept by another version, or changed in the store since, may make no sense any more.
_NOT_EVIDENCE = (msgspec.ValidationError, ArithmeticError, LookupError, TypeError, ValueError)

Entry = Mapping[str, Any]


class Whys:
    """Explains decisions in words, from nothing but what was recorded of them."""

    def __init__(self, *, store: Store, read_policies: ReadPolicies) -> None:
        self._store = store
        self._read_policies = read_policies
        self._kept: dict[str, PolicySet | None] = {}

    async def why(self, attempt: Entry | None, decision: Entry) -> Mapping[str, Json]:
        """Return why: the answer in words, the policies, the facts that they asked about.

        attempt, decision: as `Explain` reads them. Where the text of the policies or the evidence
        is not kept any more, it says so, and tells the rest.
        """
        facts, payload = decision["facts"], decision["payload"] or {}
        why: dict[str, Json] = {
            "entry": decision["id"],
            "action": facts["action"],
            "at": decision["at"],
            "subject": decision["subject"],
            "target": decision["target"],
            "verb": attempt["facts"]["verb"] if attempt else "",
            "text": ((attempt or {}).get("payload") or {}).get("text", ""),
            "outcome": facts["outcome"],
            "code": facts.get("code", ""),
            "revision": facts["revision"],
            "score": facts["score"],
            "level": facts["level"],
            "words": list(_words(facts, payload)),
            "needs": payload.get("remedies", []),
            "obligations": payload.get("obligations", []),
            "policies": [],
            "near": [],
            "otherwise": [],
            "missing": "",
        }
        policies = await self._policies(facts["revision"])
        if policies is None:
            why["missing"] = f"the text of the policies {facts['revision']} is not kept"
            return why
        scene = _scene(attempt, decision)
        if scene is None:
            why["missing"] = "its evidence is not kept any more, or is of another version"
        decided = [id for id in facts.get("policies", ()) if _has(policies, id)]
        why["policies"] = [_told(policies.rule(id), scene) for id in decided]
        if scene is not None:
            why["near"] = [_told(rule, scene) for rule in _near(policies, decided, facts, scene[0])]
            why["otherwise"] = list(_otherwise(policies, *scene))
        return why

    async def _policies(self, revision: str) -> PolicySet | None:
        if revision not in self._kept:
            found = await self._store.policy_revision(revision)
            if len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            if found is None:
                return None
            try:
                self._kept[revision] = self._read_policies(found.sources, None)
            except OperatorFault:
                # Written for an earlier version; what it says cannot be told by this one.
                self._kept[revision] = None
        return self._kept[revision]


def _has(policies: PolicySet, id: str) -> bool:
    return any(rule.id == id for rule in policies.rules)


def _scene(attempt: Entry | None, decision: Entry) -> tuple[Action, Evidence, Assessment] | None:
    if attempt is None:
        return None
    try:
        evidence = evidence_from_json((decision["payload"] or {}).get("evidence") or {})
        return action_of(attempt, evidence), evidence, assessment_of(decision)
    except _NOT_EVIDENCE:
        return None


def _words(facts: Entry, payload: Entry) -> Iterator[str]:
    """Yield the answer in sentences, the most important one first."""
    names = ", ".join(f"`{id}`" for id in facts.get("policies", ()))
    if facts["outcome"] == "permit":
        approvals = (payload.get("evidence") or {}).get("approvals") or ()
        if approvals:
            several = f"{len(approvals)} people" if len(approvals) > 1 else "one person"
            yield f"permitted by {names}, after the assent of {several}"
        else:
            yield f"permitted by {names}, and nobody had to be asked"
    elif payload.get("remedies"):
        yield f"it had to be asked for, because of {names}"
    elif names:
        yield f"denied by {names}, and nobody can lift that"
    else:
        yield f"denied ({facts.get('code', '')}), and nobody can lift that"
    yield from payload.get("messages", ())


def _told(rule: Rule, scene: tuple[Action, Evidence, Assessment] | None) -> dict[str, Json]:
    asked: list[Json] = []
    if scene is not None:
        asked = list(_asked(rule, *scene))
    return {
        "id": rule.id,
        "effect": rule.effect.value,
        "file": rule.file,
        "line": rule.line,
        "text": rule.text,
        "message": rule.message,
        "facts": asked,
    }


def _asked(
    rule: Rule, action: Action, evidence: Evidence, assessment: Assessment
) -> Iterator[Json]:
    """Yield the facts that a policy asks about, with their values; each set of values once."""
    said: list[Json] = []
    for touch in action.touches[:_MOST_TOUCHES]:
        if not rule.facts or not rule.scope.covers(touch.verb, touch.operation):
            continue
        moment = Moment(action, touch, evidence, assessment, evidence.at)
        found = context(moment, rule.facts)
        values: dict[str, Json] = {
            f"{group}.{name}": value
            for group, facts in sorted(found.items())
            for name, value in sorted(facts.items())
        }
        if values not in said:
            said.append(values)
            yield {"touch": _named(touch), "values": values}


def _named(touch: Touch) -> str:
    return f"{touch.verb} {touch.resource.kind} {touch.resource.name}"


def _near(
    policies: PolicySet, decided: Sequence[str], facts: Entry, action: Action
) -> Sequence[Rule]:
    """Return policies that were asked as well and were not satisfied, in their order.

    Of a permit: guards that depend on facts. Of a denial for want of a permit: all permits of it.
    """
    if facts["outcome"] == "permit":
        wanted = Effect.FORBID
    elif facts.get("code") == "no-permit":
        wanted = Effect.PERMIT
    else:
        return ()
    found = [
        rule
        for rule in policies.rules
        if rule.effect is wanted
        and rule.id not in decided
        and (rule.facts or wanted is Effect.PERMIT)
        and any(rule.scope.covers(touch.verb, touch.operation) for touch in action.touches)
    ]
    return found[:_MOST_NEAR]


def _otherwise(
    policies: PolicySet, action: Action, evidence: Evidence, assessment: Assessment
) -> Iterator[str]:
    """Yield what would have changed the answer, in words."""
    if assessment.otherwise:
        yield assessment.otherwise
    if not any("risk.score" in rule.facts or "risk.level" in rule.facts for rule in policies.rules):
        return
    before = evaluate(policies, action, evidence, assessment, evidence.at)
    step = 1 if isinstance(before, Permit) else -1
    score = assessment.score + step
    while 0 <= score <= 100:
        factors = (Factor("what if", score, "if it were so"),)
        at = Assessment(score, _level(score, evidence), factors, assessment.attacker)
        then = evaluate(policies, action, evidence, at, evidence.at)
        if _differs(before, then):
            yield f"{'from' if step > 0 else 'up to'} a risk of {score}: {_in_short(then)}"
            return
        score += step


def _level(score: int, evidence: Evidence) -> RiskLevel:
    if score < evidence.medium_from:
        return RiskLevel.LOW
    return RiskLevel.MEDIUM if score < evidence.high_from else RiskLevel.HIGH


def _differs(before: Decision, then: Decision) -> bool:
    if isinstance(before, Permit) or isinstance(then, Permit):
        return type(before) is not type(then)
    return before.remedies != then.remedies or before.code != then.code


def _in_short(decision: Decision) -> str:
    if isinstance(decision, Permit):
        return "permitted by " + ", ".join(f"`{id}`" for id in decision.permitted_by)
    names = ", ".join(f"`{id}`" for id in decision.denied_by)
    needs = "; ".join(describe(remedy) for remedy in decision.remedies)
    return f"{names} asks for {needs}" if needs else _refused(decision, names)


def _refused(decision: Deny, names: str) -> str:
    return f"denied by {names}" if names else f"denied ({decision.code})"
