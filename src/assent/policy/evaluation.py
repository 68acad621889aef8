"""Action + Evidence + Assessment → Decision: what Cedar finds satisfied, and what follows.

Permits and forbids are evaluated apart, because Cedar's answer names only the policies that
settled it. An error in any of them is a Deny: Cedar itself skips a forbid that errs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import cedarpy
import msgspec

from assent.core.action import Action, Operation, Touch
from assent.core.assessment import Assessment
from assent.core.decision import Decision, Deny
from assent.core.evidence import Evidence
from assent.policy.entities import Scene, world
from assent.policy.facts import Moment, context
from assent.policy.finding import Finding, Question
from assent.policy.labels import labels_of
from assent.policy.outcome import conclude
from assent.policy.policy_set import Engine, PolicySet, operation_of

MOST_TOUCHES = 2000


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A decision, and what Cedar found of each touch; nothing where it was not asked at all."""

    decision: Decision
    findings: tuple[Finding, ...] = ()


def evaluate(
    policies: PolicySet,
    action: Action,
    evidence: Evidence,
    assessment: Assessment,
    now: datetime,
) -> Decision:
    """Return the decision; every touch must be permitted. Never raises for what was asked."""
    return evaluation(policies, action, evidence, assessment, now).decision


def evaluation(
    policies: PolicySet,
    action: Action,
    evidence: Evidence,
    assessment: Assessment,
    now: datetime,
) -> Evaluation:
    """Return the decision, and what Cedar was asked for it, for its entry."""
    refused = _refuse_at_once(action, evidence)
    if refused:
        return Evaluation(Deny(policies.revision, "forbidden", (refused,)))
    findings = tuple(
        _judge(policies, Moment(action, touch, evidence, assessment, now, policies.verbs))
        for touch in action.touches
    )
    return Evaluation(conclude(policies, action, evidence, findings, now), findings)


def _refuse_at_once(action: Action, evidence: Evidence) -> str:
    """Return why no policy needs to be asked, empty when they do."""
    subject, target = evidence.subject, evidence.target
    if subject.disabled:
        return f"`{subject.name}` is disabled"
    if subject.id != action.subject or (target.id if target else None) != action.target:
        return "the evidence is about somebody or something else than the action"
    if not action.touches:
        return "an action that touches nothing cannot be judged"
    if len(action.touches) > MOST_TOUCHES:
        return f"more than {MOST_TOUCHES} things touched at once; split the statement"
    if not action.statement.complete and not any(map(_is_unknown, action.touches)):
        return "not all of it was understood"
    return ""


def _is_unknown(touch: Touch) -> bool:
    return operation_of(touch.verb, touch.operation) is Operation.UNKNOWN


@dataclass(frozen=True, slots=True)
class _Answer:
    satisfied: tuple[str, ...] = ()
    errors: tuple[tuple[str, str], ...] = ()


def _judge(policies: PolicySet, moment: Moment) -> Finding:
    """Return which policies one touch satisfies."""
    touch = moment.touch
    if touch.verb not in policies.verbs or touch.resource.kind not in policies.kinds:
        return Finding(touch)
    operation = operation_of(touch.verb, touch.operation)
    slice = policies.slice(touch.verb, operation)
    try:
        known = world(_scene(touch, moment.evidence, operation))
        question = Question(known, context(moment, slice.facts))
        request = {
            "principal": known.principal,
            "action": known.action,
            "resource": known.resource,
            "context": msgspec.json.encode(question.context).decode(),
        }
        permits = _ask(slice.permits, request, known.entities)
        forbids = _ask(slice.forbids, request, known.entities)
    except ValueError as error:
        # A name that is not Unicode text, or a number out of range: nothing can be said of it.
        return Finding(touch, errors=(("", str(error)),))
    errors = permits.errors + forbids.errors
    return Finding(touch, permits.satisfied, forbids.satisfied, errors, question)


def _scene(touch: Touch, evidence: Evidence, operation: Operation) -> Scene:
    target = evidence.target
    described = target and (
        target.name,
        target.protocol,
        target.environment,
        tuple(labels_of(target, target.name)),
    )
    return Scene(
        subject=evidence.subject,
        verb=touch.verb,
        operation=operation,
        kind=touch.resource.kind,
        name=touch.resource.name,
        labels=tuple(labels_of(target, touch.resource.name)),
        target=described or None,
    )


def _ask(engine: Engine | None, request: Mapping[str, object], world: cedarpy.Entities) -> _Answer:
    if engine is None:
        return _Answer()
    result = cedarpy.is_authorized(dict(request), engine.handle, world)
    diagnostics = result.diagnostics
    errors = tuple(map(engine.blame, diagnostics.errors))
    if result.decision is cedarpy.Decision.NoDecision and not errors:
        errors = (("", "no decision"),)
    return _Answer(tuple(map(engine.id_of, diagnostics.reasons)), errors)
