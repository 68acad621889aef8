"""What a permit obliges to: whether it can be kept, and what has to be done to keep it.

Pure. `keep` turns a permit that could not be kept into a denial; `enforcement_of` says what the
gateway does to the statement and its results, `settings_of` what the target is told.
"""

import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import lru_cache

from assent.content.detectors import LABELS
from assent.control.masked_columns import Masks, masks_for
from assent.control.masked_fields import (
    calls_by_other_names,
    has_masked_fields,
    nameless_route,
    tested_fields,
)
from assent.core.action import Action, Operation, Touch
from assent.core.decision import Decision, Deny, Obligation, Permit
from assent.core.enforcement import Enforcement, Limit, MaskHow
from assent.core.evidence import Evidence
from assent.core.flows import Flows
from assent.core.secret import Secret
from assent.policy import parse_duration
from assent.policy.labels import quoted
from assent.policy.mask_entries import parse_masks, strictest
from assent.policy.obliging import ALLOW, merged
from assent.policy.sizes import parse_count, parse_size
from assent.protocols.postgres.results.in_force import STATISTICS

SESSION_WIDE = frozenset(
    {
        "mask",
        "mask_inference",
        "max_bytes",
        "max_rows",
        "more",
        "read_only",
        "record_results",
        "statement_timeout",
        "watched_by",
    }
)
"""The obligations of a session's opening that bind everything that is done in it."""

_MOST_NAMED = 5
_LIMITS: Mapping[str, Callable[[str], int]] = {"max_rows": parse_count, "max_bytes": parse_size}

# What a table's owner made happen: whoever writes the statement chooses nothing in it.
_NOT_CHOSEN = (
    "trigger ",
    "rule ",
    "foreign key ",
    "default or check ",
    "event trigger ",
    "row security ",
)
# What runs hidden text: what it reads is not always among what flows.
_HIDDEN = ("function ", "operator ", "cast ", "aggregate ", "procedure ")

# Functions by which a value goes where it can be read again, heard by others or timed.
_CARRIERS = frozenset(
    {
        "lo_from_bytea",
        "lo_put",
        "lowrite",
        "pg_logical_emit_message",
        "pg_notify",
        "pg_sleep",
        "pg_sleep_for",
        "pg_sleep_until",
        "set_config",
        "setval",
    }
)
_CARRIER_FAMILIES = ("pg_advisory_", "pg_try_advisory_")


def obliged(decision: Decision, more: Iterable[Obligation]) -> Decision:
    """Return the decision with the obligations of its session among its own."""
    if not more or not isinstance(decision, Permit):
        return decision
    obligations = merged((*decision.obligations, *more))
    return Permit(decision.revision, decision.permitted_by, obligations)


def session_wide(permit: Permit) -> tuple[Obligation, ...]:
    """Return what the permit of a session's opening obliges to in all that follows."""
    return tuple(item for item in permit.obligations if item.name in SESSION_WIDE)


def keep(decision: Decision, action: Action, evidence: Evidence) -> Decision:
    """Return the decision, or a denial where what it obliges to could not be kept.

    1. only reading, where a permit lets only read; 2. nothing that is masked goes where no mask
    can follow it, nor decides what is shown. What is not known counts as doing that.
    """
    if not isinstance(decision, Permit):
        return decision
    names = {item.name for item in decision.obligations}
    if "read_only" in names and (words := _written(action)):
        return _denied(decision, "read_only", words)
    if "mask" in names and (words := _leaked(decision, action, evidence)):
        return _denied(decision, "mask", words)
    return decision


def not_in_vain(decision: Decision, bound: Iterable[Obligation], action: Action) -> Decision:
    """Return the decision, final where nobody's assent would let it be kept.

    A session that may only read does not ask people for what writes.
    """
    if isinstance(decision, Permit) or not decision.remedies:
        return decision
    policies = {item.policy for item in bound if item.name == "read_only"}
    words = _written(action) if policies else ""
    if not words:
        return decision
    return Deny(decision.revision, "obligation", (words,), tuple(sorted(policies)))


def reads_masked(permit: Permit, action: Action, evidence: Evidence) -> bool:
    """Return whether a statement reads what is masked, or may: its cursor, or its hidden text."""
    masks = masks_for(permit, action, evidence)
    if not masks:
        return False
    if _of_messages(evidence):
        return has_masked_fields(masks, action)
    if action.statement.cursor or not action.statement.complete:
        return True
    flows = action.statement.flows
    read = _read_by_touches(action.touches) if flows is None else _read(flows)
    return any(masks.how(column) for column in read | _read_hidden(action.touches))


def enforcement_of(
    permit: Permit,
    action: Action,
    evidence: Evidence,
    key: Secret[bytes],
    within: str = "",
    recognised: frozenset[str] = frozenset(LABELS),
) -> Enforcement | None:
    """Return what the gateway does to a permitted statement, None for nothing.

    key: of all targets; hashes are made with one derived from it for this target. within: what
    names of the session's database begin with here and not in it, `archive.`. recognised: the
    labels whose values are known by their look.
    """
    masks = masks_for(permit, action, evidence)
    values = {item.name: item for item in permit.obligations if item.name != "mask"}
    limits = tuple(
        Limit(name, parse(values[name].value), values[name].policy)
        for name, parse in _LIMITS.items()
        if name in values
    )
    timeout = _timeout(permit)
    record_results = "record_results" in values
    scan = _scan(
        tuple(item.value for item in permit.obligations if item.name == "mask"), recognised
    )
    # What an answer may hold is not described beforehand: it is looked through in any case.
    scans = bool(scan) and _of_messages(evidence)
    if not (masks or limits or timeout or record_results or scans):
        return None
    return Enforcement(
        masks=masks.inside(within),
        scan=scan,
        key=_key_of(key, action) if masks else Secret(b""),
        limits=limits,
        timeout=timeout,
        record_results=record_results,
    )


def settings_of(permit: Permit) -> dict[str, str]:
    """Return what the target is told at the start of a session that was opened by this permit."""
    settings: dict[str, str] = {}
    if any(item.name == "read_only" for item in permit.obligations):
        settings["default_transaction_read_only"] = "on"
    timeout = _timeout(permit)
    if timeout is not None:
        settings["statement_timeout"] = str(int(timeout / timedelta(milliseconds=1)))
    return settings


def derived_mask_key(key: Secret[bytes]) -> Secret[bytes]:
    """Return a key for hashes, made from another one that it says nothing about."""
    return Secret(hmac.digest(key.reveal(), b"assent masks", "sha256"))


def _timeout(permit: Permit) -> timedelta | None:
    values = [item.value for item in permit.obligations if item.name == "statement_timeout"]
    return min(map(parse_duration, values), default=None)


def _key_of(key: Secret[bytes], action: Action) -> Secret[bytes]:
    name = f"assent mask {action.target or ''}"
    return Secret(hmac.digest(key.reveal(), name.encode(), "sha256"))


@lru_cache(maxsize=64)
def _scan(masks: tuple[str, ...], recognised: frozenset[str]) -> Mapping[str, MaskHow]:
    """Return the labels that are masked and whose look is known, by how they are masked."""
    entries = [entry for text in masks for entry in parse_masks(text)]
    found = {
        label: strictest(entry.how for entry in entries if entry.covers(label))
        for label in recognised
    }
    return {label: how for label, how in found.items() if how is not None}


def _denied(permit: Permit, name: str, words: str) -> Deny:
    policies = tuple(sorted({item.policy for item in permit.obligations if item.name == name}))
    return Deny(permit.revision, "obligation", (words,), policies)


def _written(action: Action) -> str:
    """Return that an action does more than read, empty when it does not."""
    for touch in action.touches:
        if touch.operation is not Operation.READ and touch.resource.kind != "Target":
            return (
                f"`{touch.verb}` on {touch.resource.kind} `{touch.resource.name[:80]}` is more "
                "than reading, and you may only read here"
            )
    return ""


def _leaked(permit: Permit, action: Action, evidence: Evidence) -> str:
    """Return what would come past the masks of a permit, empty when nothing would."""
    masks = masks_for(permit, action, evidence)
    statement = action.statement
    if not masks:
        return ""
    if not statement.complete:
        return "not all of it was understood, so that what is masked for you could be in it"
    may_test = any(item == ("mask_inference", ALLOW) for item in _pairs(permit))
    if _of_messages(evidence):
        return _leaked_by_message(masks, action, evidence, may_test=may_test)
    if any(touch.resource.name in STATISTICS for touch in action.touches):
        return "the server's statistics hold values of columns that are masked for you"
    if statement.unresolved:
        name = min(statement.unresolved)[:80]
        return (
            f"`{name}` is not known here, so it cannot be told what of it is masked for you; "
            "if it is there, try again in a minute"
        )
    # What an EXECUTE runs was prepared earlier; where its values go was not read with it.
    flows = None if statement.executes else statement.flows
    if flows is None:
        unseen = _masked(masks, _read_by_touches(action.touches))
        return _unseen(unseen, action, may_test=may_test) if unseen else ""
    if words := _flowing(masks, flows, action, may_test=may_test):
        return words
    unseen = _masked(masks, _read_hidden(action.touches) - _read(flows))
    return _unseen(unseen, action, may_test=may_test) if unseen else ""


def _of_messages(evidence: Evidence) -> bool:
    """Return whether the target's columns are the fields of messages, and not of tables."""
    return evidence.target is not None and evidence.target.protocol != "postgres"


def _leaked_by_message(masks: Masks, action: Action, evidence: Evidence, *, may_test: bool) -> str:
    if evidence.target is not None:
        route = nameless_route(masks, action, evidence.target)
        if route:
            return (
                f"fields of `{route[:80]}` are masked for you, and the target's routes are not "
                "known; name them in `routes` of `[targets.http]`"
            )
    if calls_by_other_names(masks, action):
        return (
            "fields of this are masked for you, and a query of GraphQL may have them sent by "
            "other names"
        )
    tested = [] if may_test else tested_fields(masks, action)
    if tested:
        return (
            f"{_named(tested)} masked for you, so it cannot decide what is answered, in which "
            "order or by which name; leave it out of the query and the arguments"
        )
    return ""


def _flowing(masks: Masks, flows: Flows, action: Action, *, may_test: bool) -> str:
    stored = _masked(masks, flows.stored)
    if stored:
        return f"{_named(stored)} masked for you, so it cannot be copied to where it can be read"
    tested = _masked(masks, flows.tested)
    if tested and not may_test and action.text.lstrip()[:7].lower() == "explain":
        return f"{_named(tested)} masked for you, and a plan tells of values that it looks for"
    if tested and not may_test:
        return (
            f"{_named(tested)} masked for you, so it cannot decide which rows there are or how "
            "they are ordered or grouped; leave it out of WHERE, ON, USING, GROUP BY, HAVING, "
            "ORDER BY, DISTINCT and UNION"
        )
    read = _masked(masks, _read(flows))
    carrier = min(filter(_is_carrier, action.statement.functions), default="")
    if read and carrier:
        return f"{_named(read)} masked for you, and `{carrier}` could carry its value elsewhere"
    return ""


def _unseen(masked: list[str], action: Action, *, may_test: bool) -> str:
    """Return why what is masked cannot be read where its way is not known, empty if it can."""
    if any(touch.operation is not Operation.READ for touch in action.touches):
        return (
            f"{_named(masked)} masked for you, and it cannot be told whether this copies it; "
            "send each statement on its own, and read and write in two of them"
        )
    if not may_test:
        return (
            f"{_named(masked)} masked for you, and it cannot be told whether this tests it; "
            "send each statement on its own and name the columns that you need"
        )
    return ""


def _pairs(permit: Permit) -> list[tuple[str, str]]:
    return [(item.name, item.value) for item in permit.obligations]


def _read(flows: Flows) -> frozenset[str]:
    return flows.read.union(flows.tested, flows.stored, *(flows.outputs or ()))


def _read_by_touches(touches: Iterable[Touch]) -> frozenset[str]:
    """Return the columns that are read, by everything but what a table's owner made happen."""
    return frozenset(
        f"{touch.resource.name}.{column}"
        for touch in touches
        if touch.operation is Operation.READ and not touch.through.startswith(_NOT_CHOSEN)
        for column in map(quoted, touch.columns)
    )


def _read_hidden(touches: Iterable[Touch]) -> frozenset[str]:
    return _read_by_touches(touch for touch in touches if touch.through.startswith(_HIDDEN))


def _masked(masks: Masks, columns: Iterable[str]) -> list[str]:
    return sorted(column for column in columns if masks.how(column) is not None)


def _named(columns: list[str]) -> str:
    """Return the columns in words: `public.customers.email` is."""
    names = ", ".join(f"`{name[:80]}`" for name in columns[:_MOST_NAMED])
    if len(columns) == 1:
        return f"{names} is"
    more = len(columns) - _MOST_NAMED
    return f"{names} and {more} more are" if more > 0 else f"{names} are"


def _is_carrier(function: str) -> bool:
    return function in _CARRIERS or function.startswith(_CARRIER_FAMILIES)
