"""The policies in force as a report lists them."""

from collections.abc import Sequence

from assent.audit.evidence.nouns import Standing
from assent.core.decision import describe
from assent.policy import PolicySet
from assent.policy.heads import head_of
from assent.policy.rule import Rule


def standing_of(policies: PolicySet) -> Sequence[Standing]:
    """Return each policy of a set, in the order of files and lines."""
    return [_standing(rule) for rule in policies.rules]


def _standing(rule: Rule) -> Standing:
    head = head_of(rule)
    adds = [f"{one.name}: {one.value}".removesuffix(": ") for one in rule.obligations]
    adds += [describe(one) for one in rule.remedies]
    return Standing(
        id=rule.id,
        effect=rule.effect.value,
        who=head.who,
        what=head.what,
        on=head.on,
        has_conditions=head.has_conditions,
        adds="; ".join(adds),
        file=f"{rule.file}:{rule.line}",
    )
