import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from assent.control.settings_page import CertificateState, Setting, SettingSection
from assent.core.faults import OutsideFault
from assent.core.notice import Notice
from assent.core.subject import Subject
from builders import NOON
from console import Console, a_console


class Channel:
    """A channel that takes notices, or is away."""

    def __init__(self, name: str, problem: str = "") -> None:
        self.name, self.problem = name, problem
        self.sent: list[tuple[Notice, Sequence[Subject]]] = []

    async def send(self, notice: Notice, to: Sequence[Subject], earlier: str) -> str:
        if self.problem:
            raise OutsideFault("away", self.problem)
        self.sent.append((notice, to))
        return ""


OPS, MAIL = Channel("ops"), Channel("mail", "the mail server refuses `carl`")


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    OPS.sent.clear()
    async with a_console(tmp_path, notifiers=(OPS, MAIL)) as found:
        await found.sign_in("carl")
        yield found


async def test_a_channel_is_tried_with_a_notice_to_whoever_tries_it(console: Console) -> None:
    assert (await console.post("/settings/notifiers/ops/try")).status_code == 303
    ((notice, to),) = OPS.sent
    assert [person.name for person in to] == ["carl"]
    assert "this is a test" in notice.headline
    assert re.search(r"reached in \d+ ms", await console.get("/settings"))


async def test_what_went_wrong_is_said_beside_the_channel(console: Console) -> None:
    assert (await console.post("/settings/notifiers/mail/try")).status_code == 303
    assert "The mail server refuses <code>carl</code>." in await console.get("/settings")


async def test_a_channel_is_tried_once_in_a_while_only(console: Console) -> None:
    await console.post("/settings/notifiers/ops/try")
    answer = await console.post("/settings/notifiers/ops/try")
    assert answer.status_code == 403
    assert "was tried a moment ago" in answer.text
    assert len(OPS.sent) == 1
    console.world.clock.at += timedelta(seconds=16)
    assert (await console.post("/settings/notifiers/ops/try")).status_code == 303


async def test_who_may_only_look_tries_nothing(console: Console) -> None:
    await console.sign_in("ana")
    assert (await console.http.get("/settings")).status_code == 403
    for path in ("notifiers/ops/try", "providers/corp/try", "rotate-key"):
        assert (await console.post(f"/settings/{path}", reason="x")).status_code == 403
    assert OPS.sent == []


async def test_a_channel_or_provider_that_is_not_there_is_said(console: Console) -> None:
    for path in ("notifiers/none/try", "providers/none/try"):
        assert (await console.post(f"/settings/{path}")).status_code == 404


async def test_a_key_is_rotated_for_a_reason_and_as_policies_decide(console: Console) -> None:
    assert (await console.post("/settings/rotate-key")).status_code == 409
    answer = await console.post("/settings/rotate-key", reason="once a year")
    assert answer.status_code in (403, 409, 422)
    assert 'role="alert"' in answer.text


async def test_what_the_file_says_is_shown_and_secrets_are_not(console: Console) -> None:
    settings = console.world.plane.insight.settings
    section = SettingSection(
        "[vault]",
        "where references are read",
        (Setting("token", "hidden", True), Setting("address", "https://vault", True)),
    )
    soon = CertificateState("the gateway's", "CN=gate", NOON + timedelta(days=3))
    settings.described = replace(
        settings.described, sections=(section,), certificates=lambda: (soon,)
    )
    page = unescape(await console.get("/settings"))
    assert "set, not shown" in page
    assert "https://vault" in page
    assert "3 days left" in page
