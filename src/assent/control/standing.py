"""How an open session stands after its opening was decided again on the facts of now. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

import msgspec

from assent.control.obligations import session_wide
from assent.core.action import Action
from assent.core.canonical import Json
from assent.core.decision import (
    ApprovalRemedy,
    Decision,
    Deny,
    Obligation,
    Permit,
    ReasonRemedy,
    Remedy,
    StepUpRemedy,
    TicketRemedy,
    describe,
)
from assent.core.evidence import Evidence
from assent.policy.remedies import is_met, merge

_LONGEST = 500


class StandingKind(StrEnum):
    """What may be done in a session now, from most to least.

    OPEN: what policies permit. READ_ONLY: of that, only reading. HELD: each action waits for what
    the session itself lacks now. UNDECIDED: nothing, for it could not be decided in time. OVER:
    nothing, for ever.
    """

    OPEN = "open"
    READ_ONLY = "read-only"
    HELD = "held"
    UNDECIDED = "undecided"
    OVER = "over"

    @property
    def rank(self) -> int:
        """How much it takes away; 0 for nothing."""
        return _ORDER.index(self)


_ORDER = tuple(StandingKind)


@dataclass(frozen=True, slots=True)
class Standing:
    """A kind, and the denial that each action is held for or refused with, None for none."""

    kind: StandingKind = StandingKind.OPEN
    denial: Deny | None = None


OPEN = Standing()


def standing_of(decision: Decision) -> Standing:
    """Return how a session stands whose opening would now be decided like that."""
    if isinstance(decision, Deny):
        kind = StandingKind.HELD if decision.remedies else StandingKind.OVER
        return Standing(kind, decision)
    if any(item.name == "read_only" for item in decision.obligations):
        return Standing(StandingKind.READ_ONLY)
    return OPEN


def lowered(standing: Standing, obliged: Iterable[Obligation]) -> Standing:
    """Return how a session stands that is obliged to that besides, by whomever."""
    is_open = standing.kind is StandingKind.OPEN
    if is_open and any(item.name == "read_only" for item in obliged):
        return Standing(StandingKind.READ_ONLY)
    return standing


def undecided(revision: str) -> Standing:
    """Return the standing of a session that could not be decided again in time."""
    words = "whether this session may go on cannot be decided now, so nothing is done in it"
    return Standing(StandingKind.UNDECIDED, Deny(revision, "undecided", (words,)))


def bound(
    before: Iterable[Obligation], opened: Permit | None, decided: Permit
) -> tuple[Obligation, ...]:
    """Return what a session is obliged to after `decided` took the place of `opened`.

    before: what it was obliged to; what did not come from `opened` stays.
    """
    old = session_wide(opened) if opened is not None else ()
    kept = tuple(item for item in before if item not in old)
    return tuple(dict.fromkeys((*session_wide(decided), *kept)))


def under(decision: Decision, denial: Deny | None, action: Action, evidence: Evidence) -> Decision:
    """Return the decision on an action of a session that is held for `denial`.

    What the session lacks is asked together with what the action lacks. A denial that nothing
    lifts lets nothing through.
    """
    if denial is None or (isinstance(decision, Deny) and not decision.remedies):
        return decision
    if not denial.remedies:
        return replace(denial, revision=decision.revision)
    if all(is_met(remedy, action, evidence, evidence.at) for remedy in denial.remedies):
        return decision
    if isinstance(decision, Permit):
        return replace(denial, revision=decision.revision)
    return replace(
        decision,
        messages=tuple(dict.fromkeys((*denial.messages, *decision.messages))),
        denied_by=tuple(dict.fromkeys((*denial.denied_by, *decision.denied_by))),
        remedies=merge((*denial.remedies, *decision.remedies)),
        hold_for=min(denial.hold_for, decision.hold_for),
        hold_in_transaction_for=min(
            denial.hold_in_transaction_for, decision.hold_in_transaction_for
        ),
    )


def told(before: Standing, after: Standing, target: str, because: str) -> tuple[str, ...]:
    """Return what the client is told of a change: what happened, why, what to do."""
    match after.kind:
        case StandingKind.HELD if after.denial is not None:
            needed = "; ".join(map(describe, after.denial.remedies))
            return (
                f"your session on `{target}` is held: {_why(after.denial)}",
                f"why now: {because}",
                f"needed: {needed}; {_to_do(after.denial.remedies)}",
            )
        case StandingKind.READ_ONLY:
            return (
                f"from now on you may only read on `{target}`",
                f"why now: {because}",
                "what runs already goes on; you are told when you may write again",
            )
        case StandingKind.OPEN:
            again = "write" if before.kind is StandingKind.READ_ONLY else "go on"
            return (f"you may {again} on `{target}` again", f"why now: {because}")
        case _:
            return (_ended(after, target, because),)


def _ended(after: Standing, target: str, because: str) -> str:
    why = _why(after.denial) if after.denial is not None else because
    return f"your session on `{target}` cannot go on: {why}; why now: {because}"


def cut_words(denial: Deny, target: str, because: str) -> str:
    """Return with which words a session is cut that nothing would lift the denial of."""
    return (
        f"your session on `{target}` was ended: {_why(denial)}; why now: {because}; "
        f"ask again with `assent connect {target}`"
    )


def _why(denial: Deny) -> str:
    return ("; ".join(denial.messages) or "it is not permitted any more")[:_LONGEST]


def _to_do(remedies: Iterable[Remedy]) -> str:
    if all(isinstance(remedy, StepUpRemedy) for remedy in remedies):
        return "run `assent step-up`, and go on"
    return "send what you want to do next: it waits until that is there"


_KINDS: Mapping[str, type[Remedy]] = {
    "approval": ApprovalRemedy,
    "reason": ReasonRemedy,
    "step-up": StepUpRemedy,
    "ticket": TicketRemedy,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def denial_json(denial: Deny) -> Json:
    """Return a denial for the payload of an entry."""
    content: dict[str, Json] = msgspec.to_builtins(denial, order="deterministic")
    content["remedies"] = [
        [_NAMES[type(remedy)], msgspec.to_builtins(remedy, order="deterministic")]
        for remedy in denial.remedies
    ]
    return content


def denial_from_json(content: object) -> Deny:
    """Return the denial that `denial_json` wrote. Raises msgspec.ValidationError for any other."""
    loose = msgspec.convert(content, dict[str, Any])
    named = msgspec.convert(loose.pop("remedies", ()), list[tuple[str, dict[str, Any]]])
    if any(name not in _KINDS for name, _ in named):
        raise msgspec.ValidationError("there is a remedy of an unknown kind")
    plain = msgspec.convert(loose, _Plain)
    remedies: list[Remedy] = [msgspec.convert(body, _KINDS[name]) for name, body in named]
    return Deny(remedies=tuple(remedies), **{key: getattr(plain, key) for key in _PLAIN})


class _Plain(msgspec.Struct, forbid_unknown_fields=True):
    """A denial but for its remedies, which carry no tags of their own."""

    revision: str
    code: str
    messages: tuple[str, ...]
    denied_by: tuple[str, ...]
    hold_for: timedelta
    hold_in_transaction_for: timedelta


_PLAIN = tuple(_Plain.__struct_fields__)
