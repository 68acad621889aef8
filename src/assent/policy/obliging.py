"""The obligations of several permits as one set: of each kind what binds most."""

from collections.abc import Iterable

from assent.core.decision import Obligation
from assent.policy.durations import parse_duration
from assent.policy.mask_entries import parse_masks, strictness
from assent.policy.sizes import parse_count, parse_size

REFUSE, ALLOW = "refuse", "allow"


def merged(obligations: Iterable[Obligation]) -> tuple[Obligation, ...]:
    """Return obligations that bind at least as much as each of these, sorted.

    Of spans, counts and sizes the smallest; of each thing that is masked the way that hides
    most; `refuse` before `allow`; every `more`; a flag once. Of equals the one of the first
    policy by id. The order of what is given changes nothing, nor does giving it twice.
    """
    binding: dict[tuple[str, str], tuple[tuple[int, str, str], Obligation]] = {}
    for obligation in obligations:
        key = (obligation.name, _apart(obligation))
        rank = (_looseness(obligation), obligation.policy, obligation.value)
        other = binding.get(key)
        if other is None or rank < other[0]:
            binding[key] = (rank, obligation)
    return tuple(binding[key][1] for key in sorted(binding))


def _apart(obligation: Obligation) -> str:
    """Return what stands beside others of its name, instead of one for all."""
    match obligation.name:
        case "mask":
            return parse_masks(obligation.value)[0].what
        case "more":
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
