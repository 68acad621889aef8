"""What other policies would have answered to what was decided before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from assent.control.replay import decide_again
from assent.core.decision import Decision, Permit, describe
from assent.policy import PolicySet

MOST_EXAMPLES = 3
KINDS = {
    "denied": "newly denied: nobody could lift it",
    "asks": "newly asks people, or for something",
    "automatic": "newly automatic: nobody would be asked",
    "askable": "no longer refused for good: it could be asked for",
    "otherwise": "asks for something else than before",
}
"""What may become of a decision, in words."""

_NOT_REPLAYABLE = (msgspec.ValidationError, ArithmeticError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Example:
    """One action of those that changed. said: what the new policies answer."""

    action: str
    at: str
    person: str
    verb: str
    target: str
    text: str
    said: str


@dataclass(slots=True)
class Group:
    """All actions that changed alike. kind: of `KINDS`. policies: those that settle it now."""

    kind: str
    policies: tuple[str, ...]
    count: int = 0
    people: set[str] = field(default_factory=set)
    examples: list[Example] = field(default_factory=list)


@dataclass(slots=True)
class WhatIf:
    """What was found. looked_at: decisions that could be replayed. left_out: that could not be."""

    looked_at: int = 0
    left_out: int = 0
    groups: dict[tuple[str, tuple[str, ...]], Group] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        """How many decisions would be other ones."""
        return sum(group.count for group in self.groups.values())

    def add(
        self,
        items: Iterable[Mapping[str, Any]],
        before: PolicySet,
        after: PolicySet,
        honours: frozenset[str],
    ) -> None:
        """Count recorded decisions, each with its attempt, as both sets of policies answer them."""
        for item in items:
            attempt, decision = item["attempt"], item["decision"]
            try:
                old = decide_again(attempt, decision, before, honours)
                new = decide_again(attempt, decision, after, honours)
                kind = changed_to(old, new)
                if kind:
                    self._count(kind, attempt, decision, new)
            except _NOT_REPLAYABLE:
                self.left_out += 1
            else:
                self.looked_at += 1

    def _count(
        self, kind: str, attempt: Mapping[str, Any], decision: Mapping[str, Any], new: Decision
    ) -> None:
        policies = new.permitted_by if isinstance(new, Permit) else new.denied_by
        group = self.groups.setdefault((kind, policies), Group(kind, policies))
        evidence = decision["payload"]["evidence"]
        person = evidence["subject"]["name"]
        group.count += 1
        group.people.add(person)
        if len(group.examples) < MOST_EXAMPLES:
            group.examples.append(
                Example(
                    action=decision["facts"]["action"],
                    at=decision["at"],
                    person=person,
                    verb=attempt["facts"]["verb"],
                    target=(evidence.get("target") or {}).get("name", ""),
                    text=(attempt["payload"] or {}).get("text", ""),
                    said=said(new),
                )
            )


def changed_to(before: Decision, after: Decision) -> str:
    """Return which of `KINDS` a decision changes to, empty where people would see no difference."""
    if isinstance(before, Permit) and isinstance(after, Permit):
        return ""
    if isinstance(after, Permit):
        return "automatic"
    if not after.remedies:
        return "denied" if isinstance(before, Permit) or before.remedies else ""
    if isinstance(before, Permit):
        return "asks"
    if not before.remedies:
        return "askable"
    return "otherwise" if before.remedies != after.remedies else ""


def said(decision: Decision) -> str:
    """Return an answer in short."""
    if isinstance(decision, Permit):
        return "permit"
    needs = "; ".join(describe(remedy) for remedy in decision.remedies)
    return f"asks: {needs}" if needs else f"deny: {'; '.join(decision.messages)}"
