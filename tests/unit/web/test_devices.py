"""The page of one's own devices: what there is, how each is kept, and revoking one."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from builders import DORA
from console import Console, a_console
from device_worlds import KEPT, admitted, enrolled, report, signed_in

PAGE = "/account/devices"


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as made:
        yield made


async def test_somebody_without_a_device_reads_how_to_enrol_one(console: Console) -> None:
    await console.sign_in("ben")
    page = await console.get(PAGE)
    assert "You have no device yet" in page
    assert "assent device enroll" in page


async def test_a_device_is_shown_with_how_it_is_kept_and_since_when(console: Console) -> None:
    world = console.world
    caller = await signed_in(world)
    key = await admitted(world, caller)
    await console.sign_in("ben")
    assert "has not said yet how it is kept" in await console.get(PAGE)
    await report(world, caller, key, replace(KEPT, firewall=False, system="Debian <13>"))
    page = await console.get(PAGE)
    assert "admitted" in page
    assert "its key is in a file" in page
    assert "Debian &lt;13&gt;" in page
    assert "3 days ago" in page
    assert "too long ago to count" not in page
    world.clock.advance(timedelta(hours=25))
    await console.sign_in("ben")
    assert "too long ago to count" in await console.get(PAGE)


async def test_one_that_nobody_admitted_says_how_it_comes_to_be(console: Console) -> None:
    key = await enrolled(console.world, await signed_in(console.world))
    await console.sign_in("ben")
    assert f"assent device admit {key.id}" in await console.get(PAGE)


async def test_one_s_own_device_is_revoked_and_nobody_else_s(console: Console) -> None:
    world = console.world
    key = await enrolled(world, await signed_in(world))
    other = await enrolled(world, await signed_in(world, DORA), seed=2)
    await console.sign_in("ben")
    assert (await console.post(f"{PAGE}/{other.id}/revoke")).status_code == 404
    assert (await console.post(f"{PAGE}/{key.id}/revoke")).status_code == 303
    assert "revoked" in await console.get(PAGE)
    assert (await console.post(f"{PAGE}/{key.id}/revoke")).status_code == 409
    assert world.journal.count("device.revoked") == 1
