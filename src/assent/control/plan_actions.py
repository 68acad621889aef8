"""A maintenance plan as an action, and what of it a statement is compared with. Pure.

What people assent to is bound to the digest of the plan's action: every text, what each touches,
the database, the times and the hours. A statement belongs to it where database, text and parameters
are the very ones, and it touches what the text was read to touch; only blanks around a text,
comments before it and the `;` behind it do not count.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from assent.core.action import Action, Operation, Statement, Touch
from assent.core.canonical import Json, canonical_bytes
from assent.core.clock import isoformat
from assent.core.faults import ConflictFault
from assent.core.grant import PlannedText
from assent.core.ids import ActionId, Ids, SubjectId
from assent.core.request import Approval, Request, Verdict
from assent.core.resource import Resource, Target
from assent.core.scope import Window
from assent.workflow.wishes import window_of, window_text

VERB = "plan.propose"
MOST_TEXTS = 100
MOST_TIMES = 1_000
LONGEST_TEXT = 40_000
"""Characters of all the texts together."""
_WHITESPACE = " \t\n\r\f\v"
_LINE_END = re.compile(r"[\n\r]")
_COMMENT_MARK = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class PlannedStatement:
    """One text of a plan, and how it is understood."""

    text: str
    statement: Statement


@dataclass(frozen=True, slots=True)
class Hours:
    """When a plan counts: from, until, and in a window that comes again, None for any hour."""

    starts_at: datetime
    ends_at: datetime
    window: Window | None = None


def normal(text: str) -> str:
    """Return a text without blanks around it, comments before it, and the `;` behind it.

    Clients differ in which comments they send along (psql manual, `-f`); all else is exact.
    """
    text = text.strip(_WHITESPACE)
    while rest := _behind_comment(text):
        text = rest.lstrip(_WHITESPACE)
    return text.removesuffix(";").rstrip(_WHITESPACE)


def _behind_comment(text: str) -> str:
    """Return what follows the comment that a text begins with, empty for none or nothing.

    Comments in `/* */` nest (PostgreSQL manual, 4.1.5).
    """
    if text.startswith("--"):
        ended = _LINE_END.search(text)
        return text[ended.end() :] if ended else ""
    depth = 0
    if text.startswith("/*"):
        for mark in _COMMENT_MARK.finditer(text):
            depth += 1 if mark[0] == "/*" else -1
            if depth == 0:
                return text[mark.end() :]
    return ""


def text_digest(database: str, text: str, parameters: Sequence[str | None] = ()) -> str:
    """Return what a text is found by in a plan: of its database, itself and its parameters."""
    bound: dict[str, Json] = {
        "database": database,
        "parameters": list(parameters),
        "text": normal(text),
    }
    return "sha256:" + sha256(canonical_bytes(bound)).hexdigest()


def touched(statement: Statement) -> str:
    """Return a digest of what a statement touches: each verb, and the full name of each thing."""
    touches: list[Json] = [
        [verb, kind, name]
        for verb, kind, name in sorted(
            {(one.verb, one.resource.kind, one.resource.name) for one in statement.touches}
        )
    ]
    return "sha256:" + sha256(canonical_bytes(touches)).hexdigest()


def is_as_planned(plan: Action, action: Action) -> bool:
    """Return whether a statement touches what that text of the plan was read to touch.

    The same text means something else under another search_path, and nobody assented to that.
    """
    found: Any = json.loads(plan.details.get("touched", "[]"))
    known = zip(texts_of(plan), found, strict=False)
    return (normal(action.text), touched(action.statement)) in known


def plan_action(
    ids: Ids,
    subject: SubjectId,
    target: Target,
    database: str,
    texts: Sequence[str],
    hours: Hours,
    times: int,
    read: Sequence[Statement] = (),
) -> Action:
    """Return the proposal as an action; its text is what people read: when, and all texts.

    read: what each text does, in their order; one that is not known can never run.
    """
    touch = Touch(VERB, Operation.EXECUTE, Resource("Target", target.name))
    details = {
        "database": database,
        "from_s": str(int(hours.starts_at.timestamp())),
        "texts": json.dumps([normal(text) for text in texts]),
        "times": str(times),
        "touched": json.dumps([touched(one) for one in read]),
        "until_s": str(int(hours.ends_at.timestamp())),
    }
    if hours.window is not None:
        details["window"] = window_text(hours.window)
    return Action(
        id=ActionId(ids.mint("action")),
        subject=subject,
        statement=Statement(VERB, (touch,), complete=True),
        target=target.id,
        text="\n".join([_heading(database, hours, times), *(f"{normal(text)};" for text in texts)]),
        details=details,
        salt=ids.token(16),
    )


def _heading(database: str, hours: Hours, times: int) -> str:
    often = "once" if times == 1 else f"up to {times} times"
    window = f", {window_text(hours.window)}" if hours.window else ""
    begin, end = (isoformat(at)[:19] for at in (hours.starts_at, hours.ends_at))
    return f"-- on {database!r}, each {often}, from {begin}Z until {end}Z{window}"


def texts_of(action: Action) -> tuple[str, ...]:
    """Return the texts of a plan's action. Raises ConflictFault for any other action."""
    found: Any = json.loads(_said(action.details, "texts"))
    return tuple(str(text) for text in found)


def hours_of(action: Action) -> Hours:
    """Return when a plan counts. Raises ConflictFault for any other action."""
    details = action.details
    window = details.get("window", "")
    return Hours(
        datetime.fromtimestamp(int(_said(details, "from_s")), UTC),
        datetime.fromtimestamp(int(_said(details, "until_s")), UTC),
        window_of(window) if window else None,
    )


def database_of(action: Action) -> str:
    """Return on which database a plan counts. Raises ConflictFault for any other action."""
    return _said(action.details, "database")


def planned_texts(action: Action) -> tuple[PlannedText, ...]:
    """Return what a plan's grant holds: a text that stands in it twice may run twice as often."""
    database, times = database_of(action), int(_said(action.details, "times"))
    counted = Counter(text_digest(database, text) for text in texts_of(action))
    return tuple(PlannedText(digest, times * count) for digest, count in counted.items())


def statement_action(
    ids: Ids, plan: Action, one: PlannedStatement, placed: Statement, salt: str
) -> Action:
    """Return one statement of a plan as the action that it would be, outside of any session."""
    return Action(
        id=ActionId(ids.mint("action")),
        subject=plan.subject,
        statement=placed,
        target=plan.target,
        text=one.text,
        details={"database": database_of(plan)},
        salt=salt,
    )


def assents_to(action: Action, plan: Request) -> tuple[Approval, ...]:
    """Return the assents that a plan has, bound to one of its statements; they name the plan.

    Those that were withdrawn do not count, nor does any to another form of the plan.
    """
    digest = action.digest()
    return tuple(
        replace(approval, action_digest=digest)
        for approval in plan.approvals
        if approval.verdict is not Verdict.REJECT
        and approval.withdrawn_at is None
        and approval.action_digest == plan.action_digest
    )


def _said(details: Mapping[str, str], name: str) -> str:
    try:
        return details[name]
    except KeyError:
        raise ConflictFault("not-a-plan", "the request is not for a plan") from None
