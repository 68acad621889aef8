"""What follows from the policies that the touches of an action satisfy: one decision."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assent.core.action import Action, Touch
from assent.core.decision import Decision, Deny, Permit, describe
from assent.core.evidence import Evidence
from assent.policy.labels import labels_of
from assent.policy.obliging import merged
from assent.policy.policy_set import PolicySet
from assent.policy.remedies import asks_owners, is_met, merge, owner_group, with_owners
from assent.policy.rule import Rule

HOLD_FOR = timedelta(minutes=15)
HOLD_IN_TRANSACTION_FOR = timedelta(seconds=60)

_MOST_NAMED = 5
_LONGEST_ERROR = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """What Cedar says of one touch. permits, forbids: ids of the satisfied policies.

    errors: (id of the policy, what is wrong), the id empty where no policy is to blame.
    """

    touch: Touch
    permits: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    errors: tuple[tuple[str, str], ...] = ()


def conclude(
    policies: PolicySet,
    action: Action,
    evidence: Evidence,
    findings: Sequence[Finding],
    now: datetime,
) -> Decision:
    """Return the decision. The order of the checks is the order of what matters most.

    1. an error; 2. a forbid that nothing lifts; 3. a touch without a permit: nobody is asked
    for what would not help; 4. demands that are not met; 5. yes.
    """
    revision = policies.revision
    errors = sorted({error for finding in findings for error in finding.errors})
    if errors:
        blamed = tuple(dict.fromkeys(id for id, _ in errors if id))
        return Deny(revision, "policy-error", tuple(map(_error_text, errors)), blamed)
    forbids = _rules(policies, (id for finding in findings for id in finding.forbids))
    owners = owner_group(evidence.target)
    final = [rule for rule in forbids if not _can_be_lifted(rule, owners)]
    if final:
        messages = tuple(_final_text(rule) for rule in final)
        return Deny(revision, "forbidden", messages, _ids(final))
    bare = _bare(findings, evidence)
    if bare:
        return Deny(revision, "no-permit", _no_permit_texts(bare))
    demands = merge(with_owners(remedy, owners) for rule in forbids for remedy in rule.remedies)
    if not all(is_met(demand, action, evidence, now) for demand in demands):
        return Deny(
            revision,
            "remedy-needed",
            tuple(_demand_text(rule, owners) for rule in forbids),
            _ids(forbids),
            demands,
            _shortest((rule.hold_for for rule in forbids), HOLD_FOR),
            _shortest((r.hold_in_transaction_for for r in forbids), HOLD_IN_TRANSACTION_FOR),
        )
    permits = _rules(policies, (id for finding in findings for id in finding.permits))
    obligations = merged(obligation for rule in permits for obligation in rule.obligations)
    return Permit(revision, _ids(permits), obligations)


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


def _can_be_lifted(rule: Rule, owners: str) -> bool:
    return bool(rule.remedies) and (bool(owners) or not asks_owners(rule.remedies))


def _shortest(spans: Iterable[timedelta | None], default: timedelta) -> timedelta:
    return min((span for span in spans if span is not None), default=default)


def _error_text(error: tuple[str, str]) -> str:
    id, text = error
    if not id:
        return f"the policies could not be asked: {text[:_LONGEST_ERROR]}"
    return f"policy `{id}` could not be evaluated: {text[:_LONGEST_ERROR]}"


def _final_text(rule: Rule) -> str:
    if rule.remedies:
        return (
            f"policy `{rule.id}` asks the owners of the target, and it has none; "
            "an operator can name them"
        )
    return rule.message or f"policy `{rule.id}` forbids it"


def _demand_text(rule: Rule, owners: str) -> str:
    if rule.message:
        return rule.message
    demands = "; ".join(describe(with_owners(remedy, owners)) for remedy in rule.remedies)
    return f"policy `{rule.id}` asks for: {demands}"


def _no_permit_texts(bare: Sequence[Touch]) -> tuple[str, ...]:
    texts = tuple(
        f"no policy permits `{touch.verb}` on {touch.resource.kind} `{touch.resource.name}`"
        for touch in bare[:_MOST_NAMED]
    )
    more = len(bare) - len(texts)
    return (*texts, f"and {more} more touches are not permitted") if more else texts
