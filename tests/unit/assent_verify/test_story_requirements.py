from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from assent_verify.story.requirements import Given, Undecidable, merged, read, resolved

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DIGEST = "sha256:it"


def person(name: str, *groups: str, **others: Any) -> dict[str, Any]:
    return {
        "id": name, "kind": "human", "disabled": False, "groups": list(groups),
        "on_behalf_of": None, "reports_to": [], **others,
    }  # fmt: skip


def assent(by: str, **others: Any) -> dict[str, Any]:
    return {
        "approver": by, "verdict": "approve", "withdrawn_at": None, "action_digest": DIGEST,
        "signature": None, **others,
    }  # fmt: skip


def given(*people: dict[str, Any], **others: Any) -> Given:
    evidence = {
        "subject": person("ana"),
        "reason": "",
        "ticket": "",
        "authentication": None,
        "approvals": [assent(one["id"]) for one in people],
        "approvers": {one["id"]: one for one in people},
        "delegations": {},
        "asked_at": None,
        **others,
    }
    return Given(evidence, DIGEST, NOW)


def lacks(require: str, of: Given, escalate: str = "") -> str:
    return of.lacking(read(require, escalate))


def test_reason_ticket_and_step_up_are_looked_for() -> None:
    assert lacks("reason; ticket", given()) == "a reason"
    assert lacks("reason; ticket", given(reason="why")) == "a ticket"
    assert lacks("reason; ticket", given(reason="why", ticket="T-1")) == ""
    fresh = {"stepped_up_at": (NOW - timedelta(minutes=4)).isoformat()}
    assert lacks("step-up: 5m", given(authentication=fresh)) == ""
    assert lacks("step-up: 3m", given(authentication=fresh)) == "a fresh proof of who they are"
    assert lacks("step-up: 3m", given()) == "a fresh proof of who they are"


BEN, CARL, DORA = person("ben", "dba"), person("carl", "sec"), person("dora", "dba", "sec")


@pytest.mark.parametrize(
    ("require", "people", "is_there"),
    [
        ("approve: 1 of dba", [BEN], True),
        ("approve: 1 of dba", [CARL], False),
        ("approve: 2 of dba", [BEN], False),
        ("approve: 2 of dba", [BEN, DORA], True),
        ("approve: 1 of dba or sec", [CARL], True),
        ("approve: 1 of dba|sec > 1 of sec", [CARL, BEN], True),
        ("approve: 1 of dba, 1 of sec", [DORA], False),
        ("approve: 1 of dba > 1 of sec", [DORA, BEN], True),
        ("approve: 1 of dba, signed", [BEN], False),
        ("approve: 1 of @ben", [BEN], True),
        ("approve: 1 of @ben", [DORA], False),
        ("approve: 1 of dba", [person("ben", "dba", disabled=True)], False),
        ("approve: 1 of dba", [person("ben", "dba", kind="agent")], False),
        ("approve: 1 of dba", [person("ben", "dba", on_behalf_of="ana")], False),
        ("approve: 1 of dba", [person("ana", "dba")], False),
        ("approve: 1 of dba, by-requester", [person("ana", "dba")], True),
        ("approve: 1 of dba, outside-line", [person("ben", "dba", reports_to=["ana"])], False),
    ],
)
def test_every_seat_takes_somebody_of_its_own(
    require: str, people: list[dict[str, Any]], is_there: bool
) -> None:
    assert (lacks(require, given(*people)) == "") is is_there


def test_who_answers_for_the_requesting_service_account_has_no_seat() -> None:
    of = given(BEN, subject=person("ci", kind="workload", owner="ben"))
    assert lacks("approve: 1 of dba", of) != ""


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "reject"},
        {"withdrawn_at": "2026-11-22T11:00:00Z"},
        {"action_digest": "sha256:other"},
        {"approver": "carl"},
    ],
)
def test_an_assent_to_something_else_or_by_somebody_else_does_not_count(
    change: dict[str, Any],
) -> None:
    of = given(BEN, approvals=[assent("ben", **change)])
    assert lacks("approve: 1 of dba", of) == "assents that count"


def test_a_signed_assent_counts_where_signatures_are_asked() -> None:
    of = given(BEN, approvals=[assent("ben", signature={"key": "key_1"})])
    assert lacks("approve: 1 of dba, signed", of) == ""


def test_an_authority_that_was_delegated_sits_once_and_only_for_who_is_away() -> None:
    eve, finn = person("eve"), person("finn")
    places = {name: [{"by": "gus", "group": "dba"}] for name in ("eve", "finn")}
    assert lacks("approve: 1 of dba", given(eve, delegations=places)) == ""
    assert lacks("approve: 2 of dba", given(eve, finn, delegations=places)) != ""
    gus = person("gus", "dba")
    assert lacks("approve: 2 of dba", given(gus, eve, delegations=places)) != ""
    of_ana = {"eve": [{"by": "ana", "group": "dba"}]}
    assert lacks("approve: 1 of dba", given(eve, delegations=of_ana)) != ""


def test_others_count_after_a_while() -> None:
    asked = given(CARL, asked_at=(NOW - timedelta(minutes=11)).isoformat())
    assert lacks("approve: 1 of dba", asked, "10m: sec") == ""
    assert lacks("approve: 1 of dba", asked, "12m: sec") != ""


def test_several_demands_are_one_that_asks_for_as_much_as_each() -> None:
    one = read("approve: 1 of dba, by-requester; step-up: 5m")
    both = merged([one, read("reason; approve: 2 of dba, 1 of sec, signed; step-up: 1m")])
    assert both.reason
    assert both.step_up == timedelta(minutes=1)
    assert both.approval is not None
    assert both.approval.stages == [{frozenset({"dba"}): 2, frozenset({"sec"}): 1}]
    assert both.approval.signed
    assert not both.approval.by_requester


def test_owners_and_manager_are_those_of_the_evidence() -> None:
    evidence = {
        "subject": person("ana", reports_to=["mia", "noa"]),
        "target": {"owners": ["ops"], "resource_owners": [["public.orders", ["sales"]]]},
    }
    orders, other = (
        {"resource": {"kind": "Table", "name": f"public.{name}"}, "part_of": ""}
        for name in ("orders", "other")
    )
    demand = read("approve: 1 of owners > 1 of manager")
    stages = [
        one.approval.stages
        for one in resolved(demand, [orders, other], evidence, "")
        if one.approval is not None
    ]
    manager = {frozenset({"@mia"}): 1}
    assert stages == [[{frozenset({"sales"}): 1}, manager], [{frozenset({"ops"}): 1}, manager]]


@pytest.mark.parametrize("require", ["pray", "approve: all of dba", "step-up: soon"])
def test_what_is_not_known_is_not_called_good(require: str) -> None:
    with pytest.raises(Undecidable):
        read(require)


def test_the_sponsor_of_a_program_sits_on_their_own_seat_and_on_no_other() -> None:
    agent = {**person("bot"), "kind": "agent", "on_behalf_of": "ben"}
    touch = {"resource": {"kind": "Tool", "name": "refund"}}

    def lacking(require: str, *people: dict[str, Any], subject: dict[str, Any] = agent) -> str:
        evidence = given(*people, subject=subject)
        (demand,) = resolved(read(require, ""), [touch], evidence.evidence, "")
        return evidence.lacking(demand)

    assert lacking("approve: 1 of sponsor", BEN) == ""
    assert lacking("approve: 1 of sponsor", DORA) != ""
    assert lacking("approve: 1 of sponsor", {**BEN, "disabled": True}) != ""
    assert lacking("approve: 1 of sponsor, 1 of dba", BEN) != ""
    assert lacking("approve: 1 of sponsor, 1 of dba", BEN, DORA) == ""
    assert lacking("approve: 1 of dba", BEN) != ""
    assert lacking("approve: 1 of @ben", BEN) != ""
    assert lacking("approve: 1 of sponsor", BEN, subject=person("ana")) != ""
    owned = {**person("cron"), "kind": "workload", "owner": "ben"}
    assert lacking("approve: 1 of sponsor", BEN, subject=owned) == ""
