"""The numbers of a report are those of the entries in the log, whatever the entries are."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assent.audit.evidence.nouns import Findings, Known, Said
from assent.audit.evidence.packs import FOLDS
from assent.core.grant import Grant, GrantKind
from assent.core.ids import GrantId, SubjectId, TargetId
from builders import NOON

NAMES = ["sub_ana", "sub_ben", "sub_carl"]
ACTIONS = [f"act_{number}" for number in range(6)]
REQUESTS = [f"req_{number}" for number in range(4)]
SESSIONS = ["ses_1", "ses_2", None]
GRANTS = [f"grt_{number}" for number in range(4)]
OPERATIONS = ["read", "write", "administer", "execute", "unknown"]
STATES = ["pending", "approved", "completed", "rejected", "expired"]

Drawn = tuple[str, dict[str, Any], dict[str, Any]]


def touches(operation: str) -> dict[str, Any]:
    touch = {"verb": f"sql.{operation}", "operation": operation, "resource": {"name": "orders"}}
    return {"statement": {"touches": [touch]}}


attempts = st.builds(
    lambda action, operation: ("attempt", {"action": action, "verb": "sql.x"}, touches(operation)),
    st.sampled_from(ACTIONS),
    st.sampled_from(OPERATIONS),
)
decisions = st.builds(
    lambda action, outcome, score, phase: (
        "decision",
        {
            "action": action,
            "outcome": outcome,
            "score": score,
            "phase": phase,
            "policies": ["p"],
            **({"code": "no-permit"} if outcome == "deny" else {}),
        },
        {},
    ),
    st.sampled_from(ACTIONS),
    st.sampled_from(["permit", "deny"]),
    st.integers(0, 100),
    st.sampled_from(["prepare", "execute"]),
)
requests = st.builds(
    lambda kind, action, state: (kind, {"action": action, "state": state}, {"remedies": ["ask"]}),
    st.sampled_from(["request.opened", "request.changed", "request.settled"]),
    st.sampled_from(ACTIONS),
    st.sampled_from(STATES),
)
approvals = st.builds(
    lambda action, number, verdict, signed, own: (
        "approval",
        {
            "action": action,
            "approval": f"apr_{number}",
            "verdict": verdict,
            **({"key": "key_1"} if signed else {}),
            **({"self": True} if own else {}),
        },
        {"comment": "fine"},
    ),
    st.sampled_from(ACTIONS),
    st.integers(0, 5),
    st.sampled_from(["approve", "reject", "offer"]),
    st.booleans(),
    st.booleans(),
)
results = st.builds(
    lambda action, rows: ("result", {"action": action, "outcome": "done", "rows": rows}, {}),
    st.sampled_from(ACTIONS),
    st.integers(0, 1000),
)
grants = st.builds(
    lambda kind, grant: (kind, {"grant": grant}, {"reason": "why"}),
    st.sampled_from(["grant.issued", "grant.revoked", "grant.expired", "session.opened"]),
    st.sampled_from(GRANTS),
)
others = st.sampled_from([("login", {}, {}), ("session.ended", {"frames": 3}, {})])
drawn = st.one_of(attempts, decisions, requests, approvals, results, grants, others)


@st.composite
def logs(draw: Any) -> list[Said]:
    """Draw entries in the order of the log, some of which cannot be read any more."""
    found = []
    for index, (kind, facts, content) in enumerate(draw(st.lists(drawn, max_size=40))):
        readable = draw(st.integers(0, 9)) > 0
        found.append(
            Said(
                index=index,
                id=f"ent_{index}",
                kind=kind,
                at=NOON + timedelta(seconds=index),
                subject=draw(st.sampled_from(NAMES)),
                target="tgt_shop",
                session=draw(st.sampled_from(SESSIONS)),
                request=draw(st.sampled_from(REQUESTS)) if "re" in kind or kind == "approval"
                else None,
                facts=facts,
                content=content if readable else {},
                readable=readable,
            )
        )  # fmt: skip
    return found


def known(of: Sequence[Said]) -> Known:
    held = {
        name: Grant(
            GrantId(name),
            SubjectId(NAMES[number % 3]),
            TargetId("tgt_shop"),
            NOON,
            NOON + timedelta(hours=1),
            kind=GrantKind.BREAK_GLASS if number % 2 else GrantKind.ACCESS,
        )
        for number, name in enumerate(GRANTS)
    }
    return Known(NOON, NOON + timedelta(seconds=len(of) + 1), grants=held)


def made(name: str, of: Sequence[Said]) -> tuple[Findings, dict[str, int]]:
    fold = FOLDS[name]()
    for said in of:
        fold.take(said)
    fold.needs()
    found = fold.finish(known(of))
    return found, {one.label: one.value for one in found.figures}


def column(found: Findings, table: str, name: str) -> list[Any]:
    (one,) = (one for one in found.tables if one.name == table)
    (place,) = (at for at, each in enumerate(one.columns) if each.name == name)
    return [row[place] for row in one.rows]


def kinds(of: Sequence[Said]) -> Counter[str]:
    return Counter(one.kind for one in of)


@given(logs())
def test_every_row_is_as_wide_as_its_table_and_names_entries_of_the_log(of: list[Said]) -> None:
    entries = {one.id for one in of}
    for name in FOLDS:
        found, _ = made(name, of)
        for table in found.tables:
            assert table.count == len(table.rows)
            assert all(len(row) == len(table.columns) for row in table.rows)
            if any(one.name == "receipt" for one in table.columns):
                receipts = set(column(found, table.name, "receipt")) - {None}
                assert receipts <= entries


@given(logs())
def test_each_approval_is_one_row_and_the_figures_count_them(of: list[Said]) -> None:
    found, figures = made("approvals", of)
    answers = [one for one in of if one.kind == "approval"]
    assert column(found, "answers", "receipt") == [one.id for one in answers]
    assert figures["answers"] == kinds(of)["approval"]
    assert figures["signed"] == sum("key" in one.facts for one in answers)
    assert figures["rejected"] == sum(one.facts["verdict"] == "reject" for one in answers)
    opened = {one.request for one in of if one.kind == "request.opened"}
    assert figures["opened"] == len(opened)
    requests = column(found, "requests", "request")
    assert len(requests) == len(set(requests)) == figures["requests"]
    assert opened <= set(requests)


@given(logs())
def test_each_privileged_action_is_one_row_and_was_decided_once_in_one_way(of: list[Said]) -> None:
    found, figures = made("privileged-actions", of)
    total = figures["privileged actions"]
    assert total == len(column(found, "actions", "when"))
    assert figures["permitted"] + figures["held"] + figures["denied"] == total
    bars = [sum(count for _, count in one.items) for one in found.bars]
    assert bars == [total, total]
    counted = [
        one for one in of
        if one.kind == "decision" and not _prepared(one)
    ]  # fmt: skip
    assert figures["decisions"] == len(counted)
    held = {one.facts["action"] for one in of if one.kind == "request.opened"}
    assert figures["held"] == len(held)


@given(logs())
def test_no_change_that_was_attempted_and_decided_is_left_out(of: list[Said]) -> None:
    found, _ = made("privileged-actions", of)
    receipts = set(column(found, "actions", "receipt"))
    for before, after in pairwise(of):
        if before.kind != "attempt" or after.kind != "decision" or not before.readable:
            continue
        changes = touched(before) in ("write", "administer", "unknown")
        same = before.facts["action"] == after.facts["action"]
        later = any(
            one.kind in ("decision", "request.opened")
            and one.facts["action"] == after.facts["action"]
            for one in of[after.index + 1 :]
        )
        if same and changes and not _prepared(after) and not later:
            assert after.id in receipts


@given(logs())
def test_break_glass_counts_each_emergency_that_was_issued(of: list[Said]) -> None:
    found, figures = made("break-glass", of)
    issued = {one.facts["grant"] for one in of if one.kind == "grant.issued"}
    emergencies = issued & {"grt_1", "grt_3"}
    assert figures["uses"] == len(emergencies)
    assert set(column(found, "uses", "grant")) == emergencies
    for name in ("actions", "denied", "rows"):
        assert figures[name] == sum(column(found, "uses", name))


@given(logs())
def test_the_access_review_lists_each_permission_once(of: list[Said]) -> None:
    found, figures = made("access-review", of)
    assert figures["permissions"] == len(GRANTS)
    assert figures["issued"] == len(
        {one.facts["grant"] for one in of if one.kind == "grant.issued"}
    )
    assert figures["never used"] == len(column(found, "unused", "grant"))
    sessions = [count for count in column(found, "grants", "sessions") if count]
    assert len(sessions) + figures["never used"] == figures["permissions"]


def touched(attempt: Said) -> str:
    statement: Any = attempt.content["statement"]
    return str(statement["touches"][0]["operation"])


def _prepared(decision: Said) -> bool:
    return decision.facts["outcome"] == "permit" and decision.facts["phase"] == "prepare"
