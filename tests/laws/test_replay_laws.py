"""Laws of replay: what was kept of a decision is the same evidence, and gives the same answer.

Strategies for all nouns are made from their fields, so that no new field is left out.
"""

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assent.control import entries
from assent.control.decide import assessed, concluded
from assent.control.replay import as_recorded, decide_again, recorded
from assent.control.what_if import changed_to
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.assessment import Assessment, Factor, RiskLevel
from assent.core.canonical import canonical_bytes
from assent.core.decision import Obligation
from assent.core.entry import Entry
from assent.core.evidence import Evidence, evidence_from_json
from assent.core.familiarity import Familiarity, Magnitude
from assent.core.grant import Delegation
from assent.core.ids import ActionId, EntryId, SubjectId, TargetId
from assent.core.resource import Resource
from assent.core.subject import Subject
from assent.signals import SIGNALS
from builders import CountingIds
from policy_builders import policies

LARGEST = 2**53 - 1
"""The largest whole number that is the same for every reader of JSON."""

DEEP = {
    "network": 4,
    "device": 3,
    "client": 2,
    "hour": 3,
    "resource": 3,
    "action": 3,
    "step": 1,
    "privilege": 1,
    "purpose": 1,
}
AMOUNTS = ("rows", "bytes", "fanout", "pace", "magnitude")

texts = st.sampled_from(["", "public.straße", "注文.表", "a\x00\x1b\u202e\u2028b"]) | st.text(
    max_size=8
)
moments = st.datetimes(
    datetime(1971, 1, 1),
    datetime(2099, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)
counts = st.integers(0, 10**7)


@st.composite
def chains(draw: st.DrawFn, name: str) -> Familiarity:
    """Return counts as a memory gives them: of each level, then of all."""
    deep = DEEP[name]
    crowd = st.just(()) | st.tuples(*(counts,) * (2 * deep + 1))
    values = tuple(draw(texts) for _ in range(deep))
    days = draw(st.just(()) | st.tuples(*(st.integers(0, 3),) * deep))
    return Familiarity(name, values, draw(crowd), draw(crowd), draw(crowd), days)


amounts = st.builds(Magnitude, st.sampled_from(AMOUNTS), st.integers(0, 10**15), *(counts,) * 6)
PLAIN: Mapping[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: st.integers(-5, 5000) | st.integers(-LARGEST, LARGEST),
    bool: st.booleans(),
    datetime: moments,
    type(None): st.none(),
    timedelta: st.integers(0, 10**8).map(lambda seconds: timedelta(seconds=seconds)),
}
# Mappings by what their values are: by ids and names of dimensions, which are ASCII.
NAMED: Mapping[Any, st.SearchStrategy[Any]] = {
    Familiarity: st.fixed_dictionaries({}, optional={name: chains(name) for name in DEEP}),
    Magnitude: st.dictionaries(st.sampled_from(AMOUNTS), amounts, max_size=3),
    Subject: st.deferred(lambda: approvers()),
    str: st.dictionaries(st.sampled_from(["client_data", "authenticator_data"]), texts),
    tuple[Delegation, ...]: st.deferred(
        lambda: st.dictionaries(
            st.sampled_from(["sub_1", "sub_2"]), st.lists(noun(Delegation), max_size=2).map(tuple)
        )
    ),
}


def approvers() -> st.SearchStrategy[Any]:
    """Return any people by their ids."""
    return st.dictionaries(st.sampled_from(["sub_1", "sub_2"]), noun(Subject), max_size=2)


def of(hint: Any) -> st.SearchStrategy[Any]:
    """Return any value of a type that evidence is made of."""
    hint = getattr(hint, "__supertype__", hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if origin in (types.UnionType, typing.Union):
        return st.one_of(*map(of, arguments))
    if origin is tuple:
        return st.lists(of(arguments[0]), max_size=2).map(tuple)
    if origin is frozenset:
        return st.frozensets(of(arguments[0]), max_size=3)
    if origin is not None and issubclass(origin, Mapping):
        _, value = arguments
        return NAMED[value] if value in NAMED else st.dictionaries(texts, of(value), max_size=2)
    return st.sampled_from(hint) if issubclass(hint, Enum) else noun(hint)


@cache
def noun(kind: Any) -> st.SearchStrategy[Any]:
    """Return any value of a dataclass."""
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{field.name: of(hints[field.name]) for field in fields(kind)})


touches = st.builds(
    Touch,
    st.sampled_from(["sql.read", "sql.delete", "access.request"]),
    st.sampled_from(Operation),
    st.builds(Resource, st.sampled_from(["Table", "Function"]), texts),
    st.frozensets(texts, max_size=2),
)
actions = st.builds(
    Action,
    st.just(ActionId("act_1")),
    st.just(SubjectId("sub_1")),
    st.builds(
        Statement,
        st.sampled_from(["sql.read", "sql.delete", "access.request"]),
        st.lists(touches, max_size=3).map(tuple),
        st.booleans(),
        has_where=st.booleans(),
    ),
    target=st.none() | st.just(TargetId("tgt_1")),
    parameters=st.lists(st.none() | texts, max_size=2).map(tuple),
)
thorough = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def kept(evidence: Evidence) -> Evidence:
    """Return what a log gives back of the evidence."""
    return evidence_from_json(json.loads(canonical_bytes(evidence.to_json())))


levels = st.tuples(st.integers(1, 60), st.integers(61, 100))
evidences = st.builds(
    lambda evidence, found: replace(evidence, medium_from=found[0], high_from=found[1]),
    noun(Evidence),
    levels,
)


@given(evidences)
@thorough
def test_evidence_that_was_kept_is_the_same_evidence(evidence: Evidence) -> None:
    again = kept(evidence)
    assert again == evidence
    assert canonical_bytes(again.to_json()) == canonical_bytes(evidence.to_json())


@given(actions, evidences)
@thorough
def test_evidence_that_was_kept_gives_the_same_assessment(
    action: Action, evidence: Evidence
) -> None:
    def made(of: Evidence) -> object:
        measured = tuple(plugin.measure(action, of, of.at) for plugin in SIGNALS)
        return measured, assessed(action, of, measured)

    assert made(kept(evidence)) == made(evidence)


POLICIES = """
@id("all") permit (principal, action, resource);
@id("masked") @mask("pii: partial") @max_rows("9") @max_duration("30m") @record
permit (principal, action in Action::"read", resource);
@id("reason") @require("reason") forbid (principal, action in Action::"write", resource)
unless { context.statement.has_where };
@id("two") @require("approve: 1 of a|b > 1 of c, 1 of owners; step-up: 5m")
@message("two must look") @hold("3m")
forbid (principal, action == Action::"sql.delete", resource) when { context.risk.score >= 10 };
@id("final") forbid (principal, action, resource)
when { context.time.hour == 3 || context.network.country == "XX" || !context.grant.active };
@id("first") @require("ticket") forbid (principal, action == Action::"sql.read", resource)
when { context.history.first_time && context.session.in_transaction };
"""
IN_FORCE = policies(POLICIES)
bounds = st.lists(
    st.builds(Obligation, st.sampled_from(["read_only", "record"]), st.just(""), st.just("open")),
    max_size=2,
).map(tuple)
alike = st.tuples(actions, evidences, st.booleans(), st.integers(0, 100)).map(
    lambda found: (
        replace(
            found[0],
            in_transaction=found[2],
            target=found[0].target if found[1].target is not None else None,
        ),
        replace(
            found[1],
            subject=replace(found[1].subject, id=found[0].subject, disabled=False),
            target=None
            if found[0].target is None or found[1].target is None
            else replace(found[1].target, id=found[0].target),
        ),
        found[3],
    )
)


def from_the_log(action: Action, evidence: Evidence, entry: Entry) -> tuple[Any, Any]:
    """Return attempt and decision as `Explain` reads them back."""

    def told(one: Entry) -> dict[str, Any]:
        leaf = {"id": one.id, "session": one.session, "facts": one.facts}
        return json.loads(canonical_bytes({**leaf, "payload": one.payload}))  # type: ignore[no-any-return]

    return told(entries.attempt(CountingIds(), action, evidence.at, None)), told(entry)


@given(alike, bounds)
@thorough
def test_a_decision_is_answered_again_as_it_was(
    found: tuple[Action, Evidence, int], bound: tuple[Obligation, ...]
) -> None:
    action, evidence, score = found
    level = RiskLevel.LOW if score < 25 else RiskLevel.HIGH
    made = Assessment(score, level, (Factor("any", score, "it is so"),))
    honours = frozenset({"mask", "max_rows", "max_duration", "record", "read_only", "more"})
    decision = concluded(IN_FORCE, action, evidence, made, bound, honours)
    entry = entries.decision(
        EntryId("ent_1"), action, decision, made, evidence,
        request=None, reusable=False, bound=bound,
    )  # fmt: skip
    attempt, kept_entry = from_the_log(action, evidence, entry)
    again = decide_again(attempt, kept_entry, IN_FORCE, honours)
    assert again == decision
    assert as_recorded(again) == recorded(kept_entry)
    assert changed_to(again, decision) == ""
