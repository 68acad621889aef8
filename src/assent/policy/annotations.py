"""The annotations that policies may carry, one reader each; nothing else loads.

Cedar itself ignores annotations, so a misspelt one would silently promise what nobody keeps.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from assent.core.decision import Obligation, Remedy
from assent.core.faults import OperatorFault
from assent.policy.durations import parse_duration
from assent.policy.fragments import Fragment
from assent.policy.requirement import OWNERS, groups_of, parse_requirement
from assent.policy.rule import Effect

BOTH = frozenset({"id", "description"})
ALLOWED: Mapping[Effect, frozenset[str]] = {
    Effect.PERMIT: BOTH | {"max_duration", "record", "decide"},
    Effect.FORBID: BOTH | {"require", "message", "hold", "hold_in_transaction"},
}
NEEDS_REQUIRE = frozenset({"hold", "hold_in_transaction"})

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_LONGEST_TEXT = 1000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Annotations:
    """The annotations of one policy and where they stand. values: None for a bare `@name`."""

    fragment: Fragment
    effect: Effect
    values: Mapping[str, str | None]

    def check(self) -> None:
        """Raise OperatorFault for an annotation that is unknown or is on the wrong effect."""
        for name in self.values:
            if name in ALLOWED[self.effect]:
                continue
            other = Effect.PERMIT if self.effect is Effect.FORBID else Effect.FORBID
            if name in ALLOWED[other]:
                detail = f"`@{name}` is for a {other}, and this is a {self.effect}"
            else:
                known = ", ".join(f"`@{known}`" for known in sorted(ALLOWED[self.effect]))
                detail = f"unknown annotation `@{name}`; a {self.effect} may have {known}"
            raise self.fault("policy-annotation", name, detail)
        if "require" not in self.values:
            for name in sorted(NEEDS_REQUIRE & self.values.keys()):
                detail = f"`@{name}` says how long to wait, and without `@require` nothing waits"
                raise self.fault("policy-annotation", name, detail)

    def id(self) -> str:
        """Return the value of `@id`. Raises OperatorFault when missing or malformed."""
        if "id" not in self.values:
            raise self.fault("policy-id", "id", 'this policy has no `@id("…")`')
        value = self.values["id"] or ""
        if not _ID.fullmatch(value):
            detail = f"`{value[:60]}` cannot be an id; use letters, digits, `.`, `_` and `-`"
            raise self.fault("policy-id", "id", detail)
        return value

    def text(self, name: str) -> str:
        """Return a text for people, empty when there is none."""
        value = self.values.get(name, "")
        if value is None or len(value) > _LONGEST_TEXT or (name in self.values and not value):
            detail = f"`@{name}` needs a text of 1 to {_LONGEST_TEXT} characters"
            raise self.fault("policy-annotation", name, detail)
        return value

    def duration(self, name: str) -> timedelta | None:
        """Return a span of time, None when there is no such annotation."""
        if name not in self.values:
            return None
        try:
            return parse_duration(self.values[name] or "")
        except ValueError as error:
            raise self.fault("policy-annotation", name, f"`@{name}`: {error}") from error

    def obligations(self, policy: str) -> tuple[Obligation, ...]:
        """Return what the permit `policy` demands of enforcement, sorted by name."""
        found: list[Obligation] = []
        if "decide" in self.values:
            if self.values["decide"] != "each":
                raise self.fault("policy-annotation", "decide", '`@decide` can only be "each"')
            found.append(Obligation("decide_each", "", policy))
        if self.duration("max_duration") is not None:
            found.append(Obligation("max_duration", self.values["max_duration"] or "", policy))
        if "record" in self.values:
            if self.values["record"]:
                raise self.fault("policy-annotation", "record", "`@record` takes no value")
            found.append(Obligation("record", "", policy))
        return tuple(found)

    def remedies(self, groups: frozenset[str] | None) -> tuple[Remedy, ...]:
        """Return what lifts the forbid, nothing when it is final.

        groups: all groups that exist, None when that is not known here.
        """
        if "require" not in self.values:
            return ()
        try:
            remedies = parse_requirement(self.values["require"] or "")
        except ValueError as error:
            raise self.fault("policy-requirement", "require", f"`@require`: {error}") from error
        unknown = groups_of(remedies) - groups if groups is not None else frozenset()
        if unknown:
            known = ", ".join(f"`{group}`" for group in sorted({*(groups or ()), OWNERS}))
            detail = f"`@require`: there is no group `{min(unknown)}`; there are {known}"
            raise self.fault("policy-requirement", "require", detail)
        return remedies

    def fault(self, code: str, name: str, detail: str) -> OperatorFault:
        """Return a fault that points at the annotation."""
        place = self.fragment.place(self.fragment.annotation_line(name))
        return OperatorFault(code, detail, place)
