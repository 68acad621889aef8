"""What would have stopped what was permitted: the nearest change, tried out on the policies.

Pure, and in milliseconds: a decision is a function of its evidence, so that another score, or
another duration, can simply be decided on. Nothing is said that was not tried.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from assent.core.action import Action
from assent.core.assessment import Assessment, Factor, RiskLevel
from assent.core.decision import Decision, Deny, Permit, describe
from assent.core.evidence import Evidence
from assent.policy import PolicySet, evaluate

HIGHEST = 100
_LONGEST_S = 30 * 24 * 3600
_MOST_FACTORS = 3
_SAMPLE = "tried out"


def permitted_because(
    policies: PolicySet, action: Action, evidence: Evidence, assessment: Assessment, permit: Permit
) -> str:
    """Return why access was given at once: rules, score, strongest factors, nearest stop."""
    rules = ", ".join(f"`{policy}`" for policy in permit.permitted_by)
    strongest = sorted(assessment.factors, key=lambda factor: -abs(factor.points))[:_MOST_FACTORS]
    factors = ", ".join(f"{factor.reason} ({factor.points:+d})" for factor in strongest)
    words = f"permitted at once by {rules}; risk {assessment.score} of {HIGHEST}"
    words += f": {factors}" if factors else ""
    return f"{words}; {nearest_stop(policies, action, evidence, assessment)}"


def nearest_stop(
    policies: PolicySet, action: Action, evidence: Evidence, assessment: Assessment
) -> str:
    """Return, in words, the smallest change found that would have stopped what is permitted."""

    def decided(score: int) -> Decision:
        tried = at_score(assessment, score, evidence)
        return evaluate(policies, action, evidence, tried, evidence.at)

    stop = first_stop(decided, assessment.score)
    if stop is not None:
        score, denial = stop
        mitigating = _mitigating(assessment, decided, score)
        if mitigating is not None:
            factor, without, denial = mitigating
            return (
                f"without this it would not have been: {factor.reason} "
                f"(the risk would be {without} instead of {assessment.score}; {_said(denial)})"
            )
        return f"at a risk of {score} it would not have been: {_said(denial)}"
    longer = _longer(policies, action, evidence, assessment)
    if longer is not None:
        seconds, denial = longer
        return f"for {_span(seconds)} it would not have been: {_said(denial)}"
    return "no risk, however high, would have stopped it"


def first_stop(decided: Callable[[int], Decision], score: int) -> tuple[int, Deny] | None:
    """Return a higher score at which it is denied while it is not one below; None for none.

    The lowest such score, where more risk never permits more.
    """
    highest = decided(HIGHEST)
    if score >= HIGHEST or not isinstance(highest, Deny):
        return None
    permitted, denied, denial = score, HIGHEST, highest
    while denied - permitted > 1:
        middle = (permitted + denied) // 2
        found = decided(middle)
        if isinstance(found, Deny):
            denied, denial = middle, found
        else:
            permitted = middle
    return denied, denial


def at_score(assessment: Assessment, score: int, evidence: Evidence) -> Assessment:
    """Return the assessment with another score, and the level that belongs to it."""
    level = RiskLevel.LOW
    if score >= evidence.medium_from:
        level = RiskLevel.HIGH if score >= evidence.high_from else RiskLevel.MEDIUM
    return replace(assessment, score=score, level=level, factors=(Factor(_SAMPLE, score, _SAMPLE),))


def _mitigating(
    assessment: Assessment, decided: Callable[[int], Decision], stop: int
) -> tuple[Factor, int, Deny] | None:
    """Return the weakest factor without which it would have been stopped, if there is one."""
    for factor in sorted(assessment.factors, key=lambda factor: -factor.points):
        without = min(assessment.score - factor.points, HIGHEST)
        if factor.points >= 0 or without < stop:
            continue
        denial = decided(without)
        if isinstance(denial, Deny):
            return factor, without, denial
    return None


def _longer(
    policies: PolicySet, action: Action, evidence: Evidence, assessment: Assessment
) -> tuple[int, Deny] | None:
    """Return the shortest duration, to the minute, at which it is denied; None for none."""

    def decided(seconds: int) -> Decision:
        asked: Mapping[str, str] = {**action.details, "for_s": str(seconds)}
        return evaluate(policies, replace(action, details=asked), evidence, assessment, evidence.at)

    longest = decided(_LONGEST_S)
    if not isinstance(longest, Deny):
        return None
    # `evaluate` was asked about what is permitted: its duration, or none, is below.
    permitted, denied = int(action.details.get("for_s", "0")) // 60, _LONGEST_S // 60
    denial = longest
    while denied - permitted > 1:
        middle = (permitted + denied) // 2
        found = decided(60 * middle)
        if isinstance(found, Deny):
            denied, denial = middle, found
        else:
            permitted = middle
    return 60 * denied, denial


def _said(denial: Deny) -> str:
    who = ", ".join(f"`{policy}`" for policy in denial.denied_by)
    needs = " and ".join(describe(remedy) for remedy in denial.remedies)
    if needs:
        return f"{who} would ask: {needs}"
    words = "; ".join(denial.messages)
    return f"{who} would refuse it: {words}" if who else words


def _span(seconds: int) -> str:
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds % length == 0:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
