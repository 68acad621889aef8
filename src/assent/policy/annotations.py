"""The annotations that policies may carry, one reader each; nothing else loads.

Cedar itself ignores annotations, so a misspelt one would silently promise what nobody keeps.
"""

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from assent.core.decision import ApprovalRemedy, Obligation, Remedy
from assent.core.faults import OperatorFault
from assent.policy.durations import parse_duration
from assent.policy.fragments import Fragment
from assent.policy.mask_entries import parse_masks
from assent.policy.more import DEFAULT_MORE, parse_more
from assent.policy.obliging import ALLOW, ON_GRANTS, REFUSE
from assent.policy.requirement import (
    SPECIAL,
    groups_of,
    parse_escalations,
    parse_requirement,
    parse_watchers,
)
from assent.policy.reviewing import parse_review
from assent.policy.rule import Effect
from assent.policy.schema import GRANTING_VERBS
from assent.policy.sizes import budget_text, parse_budget, parse_count, parse_size

BOTH = frozenset({"id", "description"})
ALLOWED: Mapping[Effect, frozenset[str]] = {
    Effect.PERMIT: BOTH
    | {"budget", "decide", "mask", "mask_inference", "max_bytes", "max_duration", "max_rows"}
    | {"more", "read_only", "record", "record_results", "review", "searchable_text"}
    | {"statement_timeout", "watched_by"},
    Effect.FORBID: BOTH
    | {"downgrade", "escalate", "hold", "hold_in_transaction", "message", "require"},
}
NEEDS: Mapping[str, tuple[frozenset[str], str]] = {
    "escalate": (
        frozenset({"require"}),
        "says who else may assent, and without `@require` nobody is asked",
    ),
    "hold": (frozenset({"require"}), "says how long to wait, and without `@require` nothing waits"),
    "hold_in_transaction": (
        frozenset({"require"}),
        "says how long to wait, and without `@require` nothing waits",
    ),
    "mask_inference": (
        frozenset({"mask"}),
        "says what may be done with what is masked, and without `@mask` nothing is",
    ),
    "more": (
        frozenset({"max_bytes", "max_rows"}),
        "says who must assent to more, and without `@max_rows` or `@max_bytes` all may pass",
    ),
}
"""What an annotation stands beside, one of them, and what it says in vain otherwise."""

DOWNGRADES = frozenset({"read_only"})
"""The obligations that a forbid may make of itself instead of denying."""
OPENS = "session.open"
FLAGS = frozenset({"read_only", "record", "record_results", "searchable_text"})
_VALUES: Mapping[str, Callable[[str], object]] = {
    "max_bytes": parse_size,
    "max_duration": parse_duration,
    "max_rows": parse_count,
    "statement_timeout": parse_duration,
}

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
        for name in sorted(NEEDS.keys() & self.values.keys()):
            beside, vain = NEEDS[name]
            if not beside & self.values.keys():
                raise self.fault("policy-annotation", name, f"`@{name}` {vain}")
        if "downgrade" in self.values and "require" in self.values:
            detail = "a forbid with `@downgrade` denies nothing, so that `@require` is in vain"
            raise self.fault("policy-annotation", "downgrade", detail)

    def check_verbs(self, named: frozenset[str] | None) -> None:
        """Raise OperatorFault for an annotation of grants on what does not lead to one.

        named: the verbs in the policy's head, None for all.
        """
        if "watched_by" in self.values and named != frozenset({OPENS}):
            detail = f'`@watched_by` binds a session, so its head names `Action::"{OPENS}"` alone'
            raise self.fault("policy-annotation", "watched_by", detail)
        for name in sorted(ON_GRANTS & self.values.keys()):
            if named is None or not named <= GRANTING_VERBS:
                verbs = ", ".join(f'`Action::"{verb}"`' for verb in sorted(GRANTING_VERBS))
                detail = f"`@{name}` binds a grant, so its head names nothing but {verbs}"
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
        return self._read(name, parse_duration)

    def obligations(
        self, policy: str, groups: frozenset[str] | None = None
    ) -> tuple[Obligation, ...]:
        """Return what the permit `policy` demands of enforcement, sorted by name.

        groups: all groups that exist, None when that is not known here.
        """
        found: list[Obligation] = []
        if "decide" in self.values:
            if self.values["decide"] != "each":
                raise self.fault("policy-annotation", "decide", '`@decide` can only be "each"')
            found.append(Obligation("decide_each", "", policy))
        for name in FLAGS & self.values.keys():
            if self.values[name]:
                raise self.fault("policy-annotation", name, f"`@{name}` takes no value")
            found.append(Obligation(name, "", policy))
        for name, parse in _VALUES.items():
            if name in self.values:
                self._read(name, parse)
                found.append(Obligation(name, self.values[name] or "", policy))
        found += self._masks(policy) + self._on_grants(policy, groups)
        if "max_rows" in self.values or "max_bytes" in self.values:
            found.append(Obligation("more", self._more(groups), policy))
        return tuple(sorted(found, key=lambda obligation: (obligation.name, obligation.value)))

    def _masks(self, policy: str) -> list[Obligation]:
        """Return one obligation for each thing masked, and whether it may be tested."""
        if "mask" not in self.values:
            return []
        inference = self.values.get("mask_inference", REFUSE)
        if inference not in (REFUSE, ALLOW):
            detail = f'`@mask_inference` can only be "{REFUSE}" or "{ALLOW}"'
            raise self.fault("policy-annotation", "mask_inference", detail)
        entries = self._read("mask", parse_masks)
        masks = [Obligation("mask", str(entry), policy) for entry in entries]
        return [*masks, Obligation("mask_inference", inference, policy)]

    def _on_grants(self, policy: str, groups: frozenset[str] | None) -> list[Obligation]:
        found: list[Obligation] = []
        if "budget" in self.values:
            budget = self._read("budget", parse_budget)
            found.append(Obligation("budget", budget_text(budget), policy))
        if "review" in self.values:
            review = self._read("review", parse_review)
            self._check_names("review", {review.group}, groups)
            found.append(Obligation("review", str(review), policy))
        if "watched_by" in self.values:
            named = self._read("watched_by", parse_watchers)
            self._check_names("watched_by", set(named), groups)
            found.append(Obligation("watched_by", self.values["watched_by"] or "", policy))
        return found

    def downgrade(self) -> str:
        """Return the obligation that a satisfied forbid makes of itself, empty to deny."""
        if "downgrade" not in self.values:
            return ""
        value = self.values["downgrade"] or ""
        if value not in DOWNGRADES:
            known = ", ".join(f'"{name}"' for name in sorted(DOWNGRADES))
            detail = f"`@downgrade` can only be {known}"
            raise self.fault("policy-annotation", "downgrade", detail)
        return value

    def _more(self, groups: frozenset[str] | None) -> str:
        """Return who must assent to more than a limit, as `@more` says it or as is usual."""
        if "more" not in self.values:
            return DEFAULT_MORE
        try:
            remedies = parse_more(self.values["more"] or "")
        except ValueError as error:
            raise self.fault("policy-requirement", "more", f"`@more`: {error}") from error
        self._check_groups("more", remedies, groups)
        return self.values["more"] or ""

    def _read(self, name: str, parse: Callable[[str], T]) -> T:
        try:
            return parse(self.values[name] or "")
        except ValueError as error:
            raise self.fault("policy-annotation", name, f"`@{name}`: {error}") from error

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
        self._check_groups("require", remedies, groups)
        if "escalate" not in self.values:
            return remedies
        return self._escalating(remedies, groups)

    def _escalating(
        self, remedies: tuple[Remedy, ...], groups: frozenset[str] | None
    ) -> tuple[Remedy, ...]:
        """Return the remedies with who else may assent after a while."""
        if not any(isinstance(remedy, ApprovalRemedy) for remedy in remedies):
            detail = "`@escalate` says who else may assent, and `@require` asks nobody to"
            raise self.fault("policy-annotation", "escalate", detail)
        escalations = self._read("escalate", parse_escalations)
        found = tuple(
            replace(remedy, escalations=escalations)
            if isinstance(remedy, ApprovalRemedy)
            else remedy
            for remedy in remedies
        )
        self._check_groups("escalate", found, groups)
        return found

    def _check_groups(
        self, name: str, remedies: tuple[Remedy, ...], groups: frozenset[str] | None
    ) -> None:
        """Raise OperatorFault for a group that does not exist."""
        self._check_names(name, groups_of(remedies), groups)

    def _check_names(self, name: str, named: Set[str], groups: frozenset[str] | None) -> None:
        unknown = named - groups - SPECIAL if groups is not None else frozenset()
        if unknown:
            known = ", ".join(f"`{group}`" for group in sorted({*(groups or ()), *SPECIAL}))
            detail = f"`@{name}`: there is no group `{min(unknown)}`; there are {known}"
            raise self.fault("policy-requirement", name, detail)

    def fault(self, code: str, name: str, detail: str) -> OperatorFault:
        """Return a fault that points at the annotation."""
        place = self.fragment.place(self.fragment.annotation_line(name))
        return OperatorFault(code, detail, place)
