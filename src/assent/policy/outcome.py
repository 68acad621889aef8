"""What follows from the policies that the touches of an action satisfy: one decision."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assent.core.action import Action, Touch
from assent.core.assenting import sponsor_of
from assent.core.decision import Decision, Deny, Obligation, Permit, Remedy, describe
from assent.core.evidence import Evidence
from assent.policy.finding import Finding
from assent.policy.labels import labels_of
from assent.policy.obliging import merged
from assent.policy.people import MissingPeople, resolved
from assent.policy.policy_set import PolicySet
from assent.policy.remedies import is_met, merge
from assent.policy.rule import Rule

HOLD_FOR = timedelta(minutes=15)
HOLD_IN_TRANSACTION_FOR = timedelta(seconds=60)

_MOST_NAMED = 5
_LONGEST_ERROR = 200


def conclude(
    policies: PolicySet,
    action: Action,
    evidence: Evidence,
    findings: Sequence[Finding],
    now: datetime,
) -> Decision:
    """Return the decision. The order of the checks is the order of what matters most.

    1. an error; 2. a forbid that nothing lifts; 3. a touch without a permit: nobody is asked
    for what would not help; 4. demands that are not met; 5. yes, with what every satisfied
    permit obliges to and every satisfied `@downgrade` besides.
    """
    revision = policies.revision
    errors = sorted({error for finding in findings for error in finding.errors})
    if errors:
        blamed = tuple(dict.fromkeys(id for id, _ in errors if id))
        return Deny(revision, "policy-error", tuple(map(_error_text, errors)), blamed)
    forbids = _rules(policies, (id for finding in findings for id in finding.forbids))
    narrowing = [rule for rule in forbids if rule.downgrade]
    guards = [_guard(rule, action, evidence, findings) for rule in forbids if not rule.downgrade]
    final = [guard for guard in guards if not guard.demands]
    if final:
        return Deny(revision, "forbidden", _texts(final, evidence), _ids(g.rule for g in final))
    bare = _bare(findings, evidence)
    if bare:
        return Deny(revision, "no-permit", _no_permit_texts(bare))
    demands = merge(remedy for guard in guards for remedy in guard.demands)
    if not all(is_met(demand, action, evidence, now) for demand in demands):
        rules = [guard.rule for guard in guards]
        return Deny(
            revision,
            "remedy-needed",
            _texts(guards, evidence),
            _ids(rules),
            demands,
            _shortest((rule.hold_for for rule in rules), HOLD_FOR),
            _shortest((r.hold_in_transaction_for for r in rules), HOLD_IN_TRANSACTION_FOR),
        )
    permits = _rules(policies, (id for finding in findings for id in finding.permits))
    obliging = [obligation for rule in permits for obligation in rule.obligations]
    obliging += [Obligation(rule.downgrade, "", rule.id) for rule in narrowing]
    return Permit(revision, _ids(permits), merged(obliging))


@dataclass(frozen=True, slots=True)
class _Guard:
    """A forbid that is satisfied. demands: what lifts it, nothing for what is final, and why."""

    rule: Rule
    demands: tuple[Remedy, ...] = ()
    why_final: str = ""


def _guard(rule: Rule, action: Action, evidence: Evidence, findings: Sequence[Finding]) -> _Guard:
    touches = [finding.touch for finding in findings if rule.id in finding.forbids]
    try:
        return _Guard(rule, tuple(resolved(rule.remedies, touches, action, evidence)))
    except MissingPeople as missing:
        return _Guard(rule, why_final=f"policy `{rule.id}` asks for {missing}")


def _bare(findings: Sequence[Finding], evidence: Evidence) -> list[Touch]:
    """Return the touches that nothing permits, in order.

    Who may read a table may read its partitions, which nobody names in a policy. Not so one with
    a label that the table has not: what is permitted there may have been meant without it.
    """
    permitted = {(one.touch.verb, one.touch.resource.name) for one in findings if one.permits}
    bare = [one.touch for one in findings if not one.permits]
    while True:
        covered = [touch for touch in bare if _is_covered(touch, permitted, evidence)]
        if not covered:
            return bare
        permitted |= {(touch.verb, touch.resource.name) for touch in covered}
        bare = [touch for touch in bare if touch not in covered]


def _is_covered(touch: Touch, permitted: set[tuple[str, str]], evidence: Evidence) -> bool:
    if not touch.part_of or (touch.verb, touch.part_of) not in permitted:
        return False
    own = labels_of(evidence.target, touch.resource.name, touch.columns)
    return set(own) <= set(labels_of(evidence.target, touch.part_of, touch.columns))


def _rules(policies: PolicySet, ids: Iterable[str]) -> list[Rule]:
    """Return the rules, each once and by id, so that no order of files shows in a decision."""
    return [policies.rule(id) for id in sorted(set(ids))]


def _ids(rules: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(rule.id for rule in rules)


def _shortest(spans: Iterable[timedelta | None], default: timedelta) -> timedelta:
    return min((span for span in spans if span is not None), default=default)


def _error_text(error: tuple[str, str]) -> str:
    id, text = error
    if not id:
        return f"the policies could not be asked: {text[:_LONGEST_ERROR]}"
    return f"policy `{id}` could not be evaluated: {text[:_LONGEST_ERROR]}"


def _texts(guards: Iterable[_Guard], evidence: Evidence) -> tuple[str, ...]:
    names: dict[str, str] = {person.id: person.name for person in evidence.approvers.values()}
    names.update(dict.fromkeys(evidence.subject.reports_to[:1], "your manager"))
    if (behind := sponsor_of(evidence.subject)) is not None:
        names[behind] = "who answers for it"
    return tuple(_text(guard, names) for guard in guards)


def _text(guard: _Guard, names: Mapping[str, str]) -> str:
    if guard.why_final or guard.rule.message:
        return guard.why_final or guard.rule.message
    if not guard.demands:
        return f"policy `{guard.rule.id}` forbids it"
    demands = "; ".join(describe(remedy, names) for remedy in guard.demands)
    return f"policy `{guard.rule.id}` asks for: {demands}"


def _no_permit_texts(bare: Sequence[Touch]) -> tuple[str, ...]:
    texts = tuple(
        f"no policy permits `{touch.verb}` on {touch.resource.kind} `{touch.resource.name}`"
        for touch in bare[:_MOST_NAMED]
    )
    more = len(bare) - len(texts)
    return (*texts, f"and {more} more touches are not permitted") if more else texts
