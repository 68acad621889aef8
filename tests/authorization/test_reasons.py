"""What an administrator is shown of others, for no reason and for one, and what the log says."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from assent.core.request import Request
from builders import ANA, a_caller
from doors import URL, House, a_house, form_token_of

STATEMENT = "why I need it: order 4711"
WHY = "incident 12, asked for by Carl"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(
        tmp_path,
        '@id("ask") @require("approve: 1 of dba") '
        'forbid (principal in Group::"engineers", action == Action::"access.request", resource);',
    ) as house:
        yield house


async def asked(house: House) -> Request:
    """Return a request of ana's, with what she wrote."""
    return await house.world.access.ask(a_caller(ANA), "shop", None, STATEMENT, "")


async def told(house: House, role: str, path: str, reason: str = "") -> str:
    headers = {"authorization": f"Bearer {await house.token(role)}"}
    if reason:
        headers["x-assent-reason"] = reason
    return (await house.call("GET", path, headers)).text


async def reads(house: House) -> list[tuple[str, object]]:
    """Return who read what, by the log: the words and the reason."""
    found = []
    for entry in await house.world.store.entries(0, 1_000):
        leaf = json.loads(entry.leaf)
        if leaf["kind"] == "log.read":
            payload = json.loads(entry.content) if entry.content else {}
            found.append((leaf["facts"]["what"], payload.get("reason")))
    return found


@pytest.mark.parametrize("path", ["/v1/requests/{id}", "/v1/explain/{id}", "/v1/requests"])
async def test_an_administrator_reads_what_others_wrote_for_a_reason_only(
    house: House, path: str
) -> None:
    request = await asked(house)
    place = path.format(id=request.id)
    without = await told(house, "administrator", place)
    assert STATEMENT not in without
    assert request.id in without
    assert "x-assent-reason" in without
    assert WHY not in str(await reads(house))
    assert STATEMENT in await told(house, "administrator", place, WHY)
    assert WHY in [why for _, why in await reads(house)]


@pytest.mark.parametrize("path", ["/v1/requests/{id}", "/v1/explain/{id}"])
@pytest.mark.parametrize("role", ["security", "auditor"])
async def test_who_oversees_reads_it_and_the_log_says_so(
    house: House, path: str, role: str
) -> None:
    request = await asked(house)
    assert STATEMENT in await told(house, role, path.format(id=request.id))
    assert len(await reads(house)) == 1
    # Looked at again within the minute, it is no other read.
    await told(house, role, path.format(id=request.id))
    assert len(await reads(house)) == 1


async def test_who_is_asked_reads_it_without_a_reason_and_without_an_entry(house: House) -> None:
    request = await asked(house)
    assert STATEMENT in await told(house, "approver", f"/v1/requests/{request.id}")
    assert await reads(house) == []


@pytest.mark.parametrize(
    "path",
    [
        "/v1/audit/export?keys=true",
        "/v1/reports/approvals?since=2026-01-01T00:00:00Z",
        "/v1/search?text=order",
    ],
)
async def test_what_is_all_payload_is_refused_without_a_reason(house: House, path: str) -> None:
    await asked(house)
    assert "urn:assent:problem:reason-needed" in await told(house, "administrator", path)
    assert "reason-needed" not in await told(house, "administrator", path, WHY)


async def test_a_reason_on_the_pages_counts_for_a_quarter_of_an_hour(house: House) -> None:
    request = await asked(house)
    token = await house.token("administrator")
    cookie = {"cookie": f"assent={token}"}
    page = f"/requests/{request.id}"
    assert STATEMENT not in (await house.call("GET", page, cookie)).text
    form = {"csrf": form_token_of(token), "reason": WHY, "next": page}
    posted = {"origin": URL, "content-type": "application/x-www-form-urlencoded", **cookie}
    given = await house.call("POST", "/reason", posted, urlencode(form).encode())
    assert (given.status, given.headers["location"]) == (303, page)
    assert STATEMENT in (await house.call("GET", page, cookie)).text
    assert WHY in [why for _, why in await reads(house)]
    house.world.clock.advance(timedelta(minutes=16))
    assert STATEMENT not in (await house.call("GET", page, cookie)).text


async def test_an_empty_reason_is_none(house: House) -> None:
    token = await house.token("administrator")
    posted = {
        "origin": URL,
        "content-type": "application/x-www-form-urlencoded",
        "cookie": f"assent={token}",
    }
    body = urlencode({"csrf": form_token_of(token), "reason": "  "}).encode()
    assert (await house.call("POST", "/reason", posted, body)).status == 409
