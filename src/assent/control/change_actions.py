"""Changes of policies and targets as actions, and what is written once one was decided."""

import json
from collections.abc import Sequence
from datetime import datetime

from assent.control.decide import Outcome
from assent.control.planning import Content, Plan
from assent.control.wanting import Wanted
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.canonical import Json
from assent.core.changes import Change, PutPolicyRevision, PutTarget
from assent.core.decision import Deny
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ForbiddenFault
from assent.core.ids import ActionId, EntryId, Ids, RequestId, SubjectId
from assent.core.policy_revision import PolicyRevision
from assent.core.resource import Resource

POLICY_CHANGE = "policy.change"
TARGET_CHANGE = "target.change"
VERBS = frozenset({POLICY_CHANGE, TARGET_CHANGE})

EXAMPLE = """\
@id("changes.permit")
permit (
  principal in Group::"security",
  action in [Action::"policy.change", Action::"target.change"],
  resource
);
@id("changes.four-eyes") @require("approve: 1 of security")
forbid (principal, action in [Action::"policy.change", Action::"target.change"], resource);
"""
"""A policy under which changes need two people."""

_UNSAFE = "UNSAFE: nobody may be able to change policies after this"


def change_action(ids: Ids, subject: SubjectId, wanted: Wanted, *, unsafe: bool) -> Action:
    """Return the action of a change: its text is the plan, its digest binds all of the content.

    unsafe: nobody may be able to change policies after it, and whoever is asked reads that.
    """
    plan = wanted.plan
    details = {
        "base": plan.base,
        "content": json.dumps(wanted.content.to_json()),
        "content_digest": plan.content_digest,
    }
    if unsafe:
        details["unsafe_lock_out"] = "true"
    return Action(
        id=ActionId(ids.mint("action")),
        subject=subject,
        statement=_statement(_of_plan(plan)),
        text=f"{_UNSAFE}\n\n{plan.text}" if unsafe else plan.text,
        details=details,
        salt=ids.token(16),
    )


def outlook_action(ids: Ids, subject: SubjectId, content: Content) -> Action:
    """Return the action of some change of what is in a content, before any of it is read."""
    touches = [_POLICIES] if content.policies is not None else []
    touches += [_TARGETS] if content.targets is not None else []
    return Action(
        id=ActionId(ids.mint("action")),
        subject=subject,
        statement=_statement(touches or [_POLICIES]),
        text="a change that was not read",
        details={"content_digest": content.digest()},
        salt=ids.token(16),
    )


def _of_plan(plan: Plan) -> list[Touch]:
    kinds = {one.kind for one in plan.differences}
    touches = [_POLICIES] if kinds & {"policy", "file"} or not kinds else []
    return [*touches, _TARGETS] if "target" in kinds else touches


def _statement(touches: Sequence[Touch]) -> Statement:
    return Statement(touches[0].verb, tuple(touches), complete=True)


def _touch(verb: str, name: str) -> Touch:
    return Touch(verb, Operation.ADMINISTER, Resource("System", name))


_POLICIES = _touch(POLICY_CHANGE, "policies")
_TARGETS = _touch(TARGET_CHANGE, "targets")


def written(
    ids: Ids,
    now: datetime,
    wanted: Wanted,
    action: Action,
    outcome: Outcome,
    reason: str,
    request: RequestId | None,
) -> tuple[Sequence[Change], Entry]:
    """Return what the store is told in one commit, and the entry that says so."""
    plan = wanted.plan
    changes: list[Change] = [PutTarget(target) for target in wanted.changed]
    payload: dict[str, Json] = {"plan": plan.text, "reason": reason}
    if wanted.content.policies is not None and plan.after != plan.before:
        payload["policies"] = dict(wanted.content.policies)
        changes.append(
            PutPolicyRevision(
                PolicyRevision(plan.after, wanted.content.policies, now, action.subject)
            )
        )
    entry = Entry(
        id=EntryId(ids.mint("entry")),
        kind=EntryKind.CONFIGURATION_APPLIED,
        at=now,
        subject=action.subject,
        request=request,
        facts={
            "action": action.id,
            "after": plan.after,
            "before": plan.before,
            "content": plan.content_digest,
            "decision": outcome.entry,
            "policy_revision": plan.after,
            "targets": len(wanted.changed),
            "unsafe_lock_out": "unsafe_lock_out" in action.details,
        },
        payload=payload,
    )
    return changes, entry


def refused(decision: Deny, see: str) -> ForbiddenFault:
    """Return what a final denial says, with an example where no policy says who may."""
    words = "; ".join(decision.messages)
    if decision.code == "no-permit":
        words += f"; a policy must say who may, such as\n\n{EXAMPLE}\n"
    return ForbiddenFault("denied", f"{words}{see}")
