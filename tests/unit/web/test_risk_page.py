import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from assent.signals import SIGNALS
from builders import ANA, READ
from console import Console, a_console


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as found:
        client = await found.world.connect(ANA)
        for _ in range(3):
            await found.world.did(client, READ)
        await found.world.store.publish()
        await found.world.plane.insight.rollups.catch_up()
        await found.sign_in("carl")
        yield found


async def test_every_signal_is_listed_with_how_often_it_was_measured(console: Console) -> None:
    page = unescape(await console.get("/risk"))
    for signal in SIGNALS:
        assert f'id="signal-{signal.name}"' in page
    posture = page.split('id="signal-device_posture"')[1].split("</li>")[0]
    assert "never measured" in posture
    assert "assent device enroll" in posture
    harm = page.split('id="signal-statement_class"')[1].split("</li>")[0]
    assert re.search(r"found \d+ %, nothing \d+ %, not measured 0 %", harm)


async def test_scores_are_shown_by_environment_with_their_levels(console: Console) -> None:
    page = unescape(await console.get("/risk"))
    assert "medium from 25" in page
    assert "The levels are fixed" in page
    assert re.search(r"Of \d+ in the last 7 days", page)


async def test_that_somebody_looked_is_in_the_log(console: Console) -> None:
    before = console.world.journal.count("log.read")
    await console.get("/risk")
    assert console.world.journal.count("log.read") == before + 1


async def test_everybody_sees_what_is_normal_for_themselves_only(console: Console) -> None:
    await console.sign_in("ana")
    assert "What is normal for you" in await console.get("/risk/ana")
    assert (await console.http.get("/risk/ben")).status_code == 404
    assert (await console.http.get("/risk")).status_code == 403
    await console.sign_in("carl")
    assert "What is normal for ana" in unescape(await console.get("/risk/ana"))


async def test_a_profile_is_forgotten_for_a_reason(console: Console) -> None:
    answer = await console.post("/risk/ana/forget", reason=" ")
    assert answer.status_code == 422
    assert "profile.forgotten" not in console.world.journal
    answer = await console.post("/risk/ana/forget", reason="she changed teams")
    assert answer.status_code == 303
    assert "profile.forgotten" in console.world.journal
    await console.sign_in("ana")
    assert (await console.post("/risk/ana/forget", reason="mine")).status_code == 403
