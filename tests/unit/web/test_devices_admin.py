"""The page of everybody's devices: what waits, admitting, refusing and revoking, by who may."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from assent.core.role import Role
from builders import ANA, DORA
from console import Console, a_console
from device_worlds import KEPT, enrolled, report, signed_in


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as made:
        guard = replace(made.world.plane.directory.said(ANA.id), roles=frozenset({Role.SECURITY}))
        await made.world.plane.people.put(guard, None)
        await made.sign_in("ana")
        yield made


async def test_a_page_without_devices_teaches_how_one_comes(console: Console) -> None:
    assert "assent device enroll" in await console.get("/devices")


async def test_a_device_that_waits_is_admitted_for_a_reason(console: Console) -> None:
    world = console.world
    caller = await signed_in(world)
    key = await enrolled(world, caller)
    text = await console.get("/devices")
    assert "Wait to be admitted" in text
    assert key.id in text
    without = await console.post(f"/devices/{key.id}/admit")
    assert without.status_code == 409
    assert "Say why" in without.text
    done = await console.post(f"/devices/{key.id}/admit", reason="she called me")
    assert done.headers["location"] == "/devices"
    await report(world, caller, key, replace(KEPT, system="Debian <13>"))
    text = await console.get("/devices")
    assert "Wait to be admitted" not in text
    assert "Debian &lt;13&gt;" in text
    assert (await console.post(f"/devices/{key.id}/admit", reason="x")).status_code == 409


async def test_one_that_waits_is_refused_and_never_counts(console: Console) -> None:
    key = await enrolled(console.world, await signed_in(console.world, DORA), seed=2)
    await console.post(f"/devices/{key.id}/revoke", reason="nobody knows it")
    text = await console.get("/devices")
    assert "Revoked or refused, 1 of them" in text
    assert "device.revoked" in console.world.journal


async def test_who_may_not_change_devices_changes_none(console: Console) -> None:
    key = await enrolled(console.world, await signed_in(console.world))
    await console.sign_in("dora")
    assert (await console.http.get("/devices")).status_code == 403
    for what in ("admit", "revoke"):
        refused = await console.post(f"/devices/{key.id}/{what}", reason="mine")
        assert refused.status_code == 403
