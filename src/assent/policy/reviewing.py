"""What `@review` says: by when somebody must look at what was done, and who: `1d: security`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from assent.core.decision import Obligation
from assent.policy.durations import parse_duration
from assent.policy.requirement import MANAGER, SPONSOR, parse_groups

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class ReviewBy:
    """One review that is owed. within: of when access was taken. group: one, or `owners`."""

    within: timedelta
    group: str

    def __str__(self) -> str:
        seconds = int(self.within.total_seconds())
        unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
        return f"{seconds // size}{unit}: {self.group}"


def parse_review(text: str) -> ReviewBy:
    """Return the review that the text asks. Raises ValueError with what would be right."""
    span, colon, groups = (part.strip() for part in text.partition(":"))
    if not colon:
        raise ValueError(f"`{text[:60]}` is not a review; write `1d: security`")
    within, named = parse_duration(span), parse_groups(groups)
    if len(named) > 1:
        raise ValueError("names several groups; write one policy for each, all of them add up")
    if named[0] in (MANAGER, SPONSOR) or named[0].startswith("@"):
        raise ValueError("names one person, who may be away; name a group")
    return ReviewBy(within, named[0])


def reviews_in(obligations: Iterable[Obligation]) -> tuple[ReviewBy, ...]:
    """Return every review that is owed, by group; each of these groups has to give one."""
    found = {parse_review(item.value) for item in obligations if item.name == "review"}
    return tuple(sorted(found, key=lambda one: (one.group, one.within)))
