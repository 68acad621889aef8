"""One policy as it stands in a loaded set: what Cedar decides on, and what its annotations add."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from assent.core.decision import Obligation, Remedy
from assent.policy.reading import Scope


class Effect(StrEnum):
    """What a policy does when it is satisfied."""

    PERMIT = "permit"
    FORBID = "forbid"


@dataclass(frozen=True, slots=True)
class Rule:
    """One policy. line: where it begins in `file`, from 1. annotations: as written.

    text: its Cedar text, verbatim. facts: the `group.name` that it asks about.
    message: what it says to the person, empty for none. obligations: only of a permit.
    remedies, hold_for, hold_in_transaction_for: only of a forbid; without remedies it is
    final. The groups `owners` and `manager` in the remedies are still to be replaced by people.
    downgrade: the obligation that a satisfied forbid makes of itself instead of denying.
    """

    id: str
    effect: Effect
    file: str
    line: int
    text: str
    scope: Scope
    facts: frozenset[str]
    annotations: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    message: str = ""
    obligations: tuple[Obligation, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    hold_for: timedelta | None = None
    hold_in_transaction_for: timedelta | None = None
    downgrade: str = ""
