"""The obligations of several permits as one set: of each kind what binds most."""

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce

from assent.core.decision import Obligation
from assent.policy.durations import parse_duration
from assent.policy.mask_entries import parse_masks, strictness
from assent.policy.reviewing import parse_review
from assent.policy.sizes import budget_text, parse_budget, parse_count, parse_size, smaller

REFUSE, ALLOW = "refuse", "allow"
ON_GRANTS = frozenset({"budget", "review"})
"""The obligations that bind the grant that an action leads to, and nothing else."""
IN_INDEX = frozenset({"searchable_text"})
"""The obligations that the index of effects keeps, after the fact."""


def merged(obligations: Iterable[Obligation]) -> tuple[Obligation, ...]:
    """Return obligations that bind at least as much as each of these, sorted.

    Of spans, counts and sizes the smallest; of a budget the smallest of each amount; a review
    by each group, all by the earliest time; of each thing that is masked the way that hides
    most; `refuse` before `allow`; every `more`; a flag once. Of equals the one of the first
    policy by id. The order of what is given changes nothing, nor does giving it twice.
    """
    every = list(obligations)
    every = [*_earliest(every), *(item for item in every if item.name != "review")]
    budgets = [item for item in every if item.name == "budget"]
    binding: dict[tuple[str, str], tuple[tuple[int, str, str], Obligation]] = {}
    for obligation in every:
        key = (obligation.name, _apart(obligation))
        rank = (_looseness(obligation), obligation.policy, obligation.value)
        other = binding.get(key)
        if other is None or rank < other[0]:
            binding[key] = (rank, obligation)
    if budgets:
        least = reduce(smaller, (parse_budget(item.value) for item in budgets))
        first = binding["budget", ""][1]
        binding["budget", ""] = ((0, "", ""), replace(first, value=budget_text(least)))
    return tuple(binding[key][1] for key in sorted(binding))


def _earliest(obligations: Iterable[Obligation]) -> list[Obligation]:
    """Return the reviews, all of them due when the earliest one is."""
    reviews = [item for item in obligations if item.name == "review"]
    within = min((parse_review(item.value).within for item in reviews), default=None)
    return [
        replace(item, value=str(replace(parse_review(item.value), within=within)))
        for item in reviews
        if within is not None
    ]


def _apart(obligation: Obligation) -> str:
    """Return what stands beside others of its name, instead of one for all."""
    match obligation.name:
        case "mask":
            return parse_masks(obligation.value)[0].what
        case "more" | "review" | "watched_by":
            return obligation.value
    return ""


def _looseness(obligation: Obligation) -> int:
    """Return a number that is smaller for what binds more."""
    value = obligation.value
    match obligation.name:
        case "max_duration" | "statement_timeout":
            return int(parse_duration(value).total_seconds())
        case "max_rows":
            return parse_count(value)
        case "max_bytes":
            return parse_size(value)
        case "mask":
            return -strictness(parse_masks(value)[0].how)
        case "mask_inference":
            return 0 if value == REFUSE else 1
    return 0
