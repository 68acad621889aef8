"""The pages about agents and service accounts: made, given tokens, disabled; each by who may."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from assent.core.role import Role
from assent.core.subject import SubjectKind
from builders import ANA, BEN, PASSWORD
from console import Console, a_console

TASK = "look at orders that are late"


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as console:
        directory = console.world.plane.directory
        admin = replace(directory.said(BEN.id), roles=frozenset({Role.ADMINISTRATOR}))
        await console.world.plane.people.put(admin, None)
        await console.sign_in("ana")
        yield console


async def test_somebody_makes_an_agent_gives_it_a_token_and_stops_it(console: Console) -> None:
    assert "There is no agent yet" in await console.get("/agents")
    made = await console.post("/agents", name="reader", task=TASK)
    assert made.headers["location"] == "/agents/reader"
    agent = console.world.plane.directory.subject_named("reader")
    assert agent is not None
    assert (agent.kind, agent.on_behalf_of) == (SubjectKind.AGENT, ANA.id)
    console.world.clock.advance(timedelta(minutes=6))
    text = await console.get("/agents/reader")
    assert TASK in text
    assert "Confirm that it is you first" in text
    early = await console.post("/agents/reader/tokens", token="job", permissions="access.ask")
    assert early.status_code == 403
    await console.post("/step-up", password=PASSWORD)
    minted = await console.post("/agents/reader/tokens", token="job", permissions="access.ask")
    assert "Copy it now" in minted.text
    assert minted.headers["cache-control"] == "no-store"
    text = await console.get("/agents/reader")
    assert "Copy it now" not in text
    token = re.search(r"/agents/reader/tokens/([^/]+)/revoke", text)
    assert token
    await console.post(f"/agents/reader/tokens/{token[1]}/revoke")
    assert "It has none" in await console.get("/agents/reader")
    await console.post("/agents/reader/disable")
    assert console.world.plane.directory.subject(agent.id).disabled
    await console.post("/agents/reader/enable")
    assert not console.world.plane.directory.subject(agent.id).disabled


async def test_what_is_wrong_is_said_beside_what_was_written(console: Console) -> None:
    refused = await console.post("/agents", name="Not A Name", task=TASK)
    assert refused.status_code == 409
    assert 'value="Not A Name"' in refused.text
    assert TASK in refused.text


async def test_only_an_administrator_makes_service_accounts(console: Console) -> None:
    refused = await console.post("/agents", kind="workload", name="deploy", task=TASK)
    assert refused.status_code == 403
    await console.sign_in("ben")
    made = await console.post("/agents", kind="workload", name="deploy", task=TASK, person="ana")
    assert made.status_code == 303
    account = console.world.plane.directory.subject_named("deploy")
    assert account is not None
    assert (account.kind, account.owner) == (SubjectKind.WORKLOAD, ANA.id)


async def test_nobody_sees_the_agents_of_others_without_a_role(console: Console) -> None:
    await console.post("/agents", name="reader", task=TASK)
    await console.sign_in("dora")
    assert 'href="/agents/reader"' not in await console.get("/agents")
    assert (await console.http.get("/agents/reader")).status_code == 404
    assert (await console.post("/agents/reader/disable")).status_code == 404
    await console.sign_in("ben")
    assert "reader" in await console.get("/agents")
