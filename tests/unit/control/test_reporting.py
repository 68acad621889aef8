"""Who may have a report made, over which entries, and what the log says of it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from assent.audit.evidence.packs import FOLDS, Pack, as_json
from assent.core.entry import EntryKind
from assent.core.faults import ForbiddenFault, MissingFault, OperatorFault
from assent.core.request import Request, Verdict
from builders import ANA, BEN, CARL, DELETE_ALL, MINUTE, NOON, READ, World, a_caller, asking_to
from unit.control.audit_orders import at_once

SINCE = NOON - timedelta(days=1)


async def report(world: World, name: str, **period: Any) -> Pack:
    since = period.pop("since", SINCE)
    return await world.plane.reporting.report(a_caller(CARL), name, since, **period)


def rows(pack: Pack, table: str) -> list[dict[str, Any]]:
    (found,) = (one for one in pack.findings.tables if one.name == table)
    names = [column.name for column in found.columns]
    return [dict(zip(names, row, strict=True)) for row in found.rows]


def figures(pack: Pack) -> dict[str, int]:
    return {one.label: one.value for one in pack.findings.figures}


async def kinds(world: World) -> list[dict[str, Any]]:
    return [json.loads(one.leaf) for one in await world.store.entries(0, 1_000)]


async def worked(world: World) -> None:
    """Let Ana reach the shop at once, and use it."""
    opened = await world.opened(ANA)
    assert opened.grant is not None


@pytest.mark.parametrize("name", list(FOLDS))
async def test_only_who_oversees_has_a_report_made(world: World, name: str) -> None:
    with pytest.raises(ForbiddenFault, match=r"needs the permission `log\.read`"):
        await world.plane.reporting.report(a_caller(BEN), name, SINCE)
    assert EntryKind.LOG_READ not in world.journal


@pytest.mark.parametrize("name", list(FOLDS))
async def test_an_empty_period_says_what_was_looked_at(world: World, name: str) -> None:
    world.clock.at = NOON + 5 * MINUTE
    pack = await report(world, name, until=NOON - timedelta(hours=1))
    assert pack.read == 0
    assert all(table.empty for table in pack.findings.tables)
    said = as_json(pack)
    assert said["verification"] == "not verified here"
    json.dumps(said)


async def test_that_a_report_was_made_is_in_the_log_that_it_rests_on(world: World) -> None:
    world.clock.at = NOON + MINUTE
    pack = await report(world, "approvals")
    made = (await kinds(world))[-1]
    assert (made["kind"], made["subject"], made["id"]) == ("log.read", CARL.id, pack.entry)
    assert made["facts"] == {
        "what": "report",
        "report": "approvals",
        "since": "2026-03-03T12:00:00.000000Z",
        "until": "2026-03-04T12:01:00.000000Z",
    }
    assert pack.checkpoint.size == len(await kinds(world))
    assert pack.origin == "assent.example/tests"


async def test_a_period_that_is_none_and_a_report_that_is_none_are_refused(world: World) -> None:
    with pytest.raises(OperatorFault, match="before it begins"):
        await report(world, "approvals", since=NOON + MINUTE)
    with pytest.raises(MissingFault, match="there is no report `costs`"):
        await report(world, "costs")


async def test_only_entries_of_the_period_are_read(world: World) -> None:
    await worked(world)
    first = len(await kinds(world))
    world.clock.at = NOON + timedelta(days=3)
    await worked(world)
    world.clock.at += MINUTE
    later = await report(world, "access-review", since=NOON + timedelta(days=2))
    assert later.first == first
    assert figures(later)["issued"] == 1
    world.clock.at += MINUTE
    both = await report(world, "access-review")
    assert figures(both)["issued"] == 2
    assert both.read == len([one for one in await kinds(world) if one["id"] != both.entry])


async def test_a_permission_is_listed_with_the_policy_that_gave_it_and_its_entry(
    world: World,
) -> None:
    await worked(world)
    world.clock.at = NOON + MINUTE
    pack = await report(world, "access-review")
    (row,) = rows(pack, "grants")
    assert (row["holder"], row["target"], row["granted by"]) == ("ana", "shop", "policy request")
    assert row["at the end"] == "valid"
    (issued,) = [one for one in await kinds(world) if one["kind"] == "grant.issued"]
    assert row["receipt"] == issued["id"]
    assert [one["holder"] for one in rows(pack, "unused")] == ["ana"]
    assert figures(pack)["never used"] == 1
    assert {one["policy"] for one in rows(pack, "policies")} >= {"request", "open", "where"}
    assert {one["name"] for one in rows(pack, "people")} == {"ana", "ben", "carl", "dora", "tim"}


UPDATE = asking_to("sql.update", "update orders set cents = 0")


async def test_actions_sum_up_and_each_has_the_entry_of_its_decision(world: World) -> None:
    client = await world.connect(ANA)
    await world.did(client, READ)
    await world.did(client, UPDATE)
    world.clock.at = NOON + MINUTE
    pack = await report(world, "privileged-actions")
    (row,) = rows(pack, "actions")
    assert (row["who"], row["what"], row["to what"]) == ("ana", "sql.update", "public.orders")
    assert (row["decision"], row["result"], row["rows"]) == ("permitted", "done", 3)
    told = [one for one in await kinds(world) if one["id"] == row["receipt"]]
    assert [one["kind"] for one in told] == ["decision"]
    decisions = [one for one in await kinds(world) if one["kind"] == "decision"]
    assert figures(pack)["decisions"] == len(decisions)


async def test_what_was_erased_is_counted_and_said_to_be_left_out(world: World) -> None:
    await world.did(await world.connect(ANA), UPDATE)
    at_once(world)
    await world.plane.redaction.erase(a_caller(CARL), "ana", "she asked")
    world.clock.at = NOON + MINUTE
    pack = await report(world, "privileged-actions")
    mine = [one for one in rows(pack, "actions") if one["who"] == "ana"]
    assert {one["to what"] for one in mine} == {"(erased)"}
    assert {one["class"] for one in mine} == {"unknown"}
    (words,) = pack.left_out
    assert "were erased and cannot be read, of ana" in words


async def test_a_held_action_is_there_with_who_answered(world: World) -> None:
    client = await world.connect(ANA)
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    world.clock.at = NOON + MINUTE
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "go on")
    await asking
    world.clock.at = NOON + 2 * MINUTE
    pack = await report(world, "privileged-actions")
    (row,) = rows(pack, "actions")
    assert (row["class"], row["approvers"]) == ("held; write", "ben")
    assert row["decision"].startswith("held, ")
    asked = await report(world, "approvals")
    (one,) = rows(asked, "requests")
    assert (one["request"], one["answers"]) == (request, "ben approve")
    assert (one["first answer after"], one["to what"]) == (60, "public.orders")
    (answer,) = rows(asked, "answers")
    assert (answer["stage"], answer["comment"], answer["own"]) == ("1: dba", "go on", "")
    assert figures(asked)["seconds to the first answer"] == 60


async def test_a_request_that_was_answered_later_waits_in_the_report(world: World) -> None:
    client = await world.connect(ANA)
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    world.clock.at = NOON + 2 * MINUTE
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    await asking
    pack = await report(world, "approvals", until=NOON + MINUTE)
    (one,) = rows(pack, "requests")
    assert (one["outcome"], one["answers"], one["settled"]) == ("pending", "", None)
    later = await report(world, "approvals", since=NOON + MINUTE, until=NOON + 2 * MINUTE)
    assert rows(later, "answers") == []


async def test_a_period_with_too_many_entries_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await worked(world)
    monkeypatch.setattr("assent.control.reporting.MOST_ENTRIES", 2)
    world.clock.at = NOON + MINUTE
    with pytest.raises(OperatorFault, match="ask for a shorter one"):
        await report(world, "approvals")


async def test_the_reason_of_an_erased_person_is_in_no_report(world: World) -> None:
    opened = await world.access.connect(a_caller(ANA), "shop", None, "a private matter", "", 1)
    assert not isinstance(opened, Request)
    world.clock.at = NOON + MINUTE
    before = await report(world, "access-review")
    assert [one["reason"] for one in rows(before, "grants")] == ["a private matter"]
    await at_once(world).plane.redaction.erase(a_caller(CARL), "ana", "she asked")
    world.clock.at += MINUTE
    for name in FOLDS:
        assert "private" not in json.dumps(as_json(await report(world, name)))
