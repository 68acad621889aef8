"""A real ssh in a real browser: its terminal live and played back, its commands in the inbox."""

import asyncio
import os
import pty
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

import gateway_world
from assent.demo.world import World
from chromium_house import SCREENSHOTS, House, browsing
from gateway_world import Gateway
from memory_plane import MemoryPlane
from ssh_world import Ssh, ssh_gateway_world, sshd

WIDE = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
POLICIES = """
@id("ssh.access") @max_duration("1h")
permit (principal in Group::"engineers", action in [Action::"access.request",
  Action::"session.open"], resource in Target::"web1");

@id("ssh.work")
permit (principal in Group::"engineers", action in [Action::"ssh.shell", Action::"ssh.execute",
  Action::"file.list", Action::"file.read", Action::"file.write", Action::"file.delete",
  Action::"file.administer"], resource in Target::"web1");

@id("ssh.deletes") @require("approve: 1 of dba") @message("files are deleted by two") @hold("5m")
forbid (principal, action == Action::"file.delete", resource in Target::"web1");
"""


@dataclass(slots=True)
class Seen:
    """A gateway before a server, in this process; a browser; and Ana's ssh."""

    gateway: Gateway
    house: House
    ana: Ssh

    async def signed_in(self, name: str) -> Page:
        page = await (await self.house.context()).new_page()
        page.set_default_timeout(10_000)
        page.on("console", self.house._console)
        page.on("pageerror", lambda error: self.house.errors.append(str(error)))
        await page.goto(self.house.url)
        await page.get_by_label("Name").fill(name)
        people = self.gateway.world.folder / "people"
        await page.get_by_label("Password").fill((people / f"{name}.password").read_text().strip())
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("live", exact=True)).to_be_visible()
        return page

    async def shot(self, page: Page, name: str) -> None:
        """Keep the page as it looks, wide and narrow, light and dark."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for width in (1280, 360):
            await page.set_viewport_size({"width": width, "height": 800})
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                path = SCREENSHOTS / f"{name}-{width}-{scheme}.png"
                await page.screenshot(path=path, full_page=True)
            assert await page.evaluate(WIDE), f"{name} is wider than {width} px"
        await page.set_viewport_size({"width": 1280, "height": 800})
        await page.emulate_media(color_scheme="light")


@pytest.fixture
async def seen(template: World, tmp_path: Path) -> AsyncIterator[Seen]:
    with sshd(tmp_path / "sshd") as server:
        created = ssh_gateway_world(tmp_path / "world", template, server, {"ssh.cedar": POLICIES})
        with gateway_world.serving(created) as running:
            async with browsing() as browser:
                house = House(MemoryPlane(), running.url, browser)
                yield Seen(running, house, Ssh(running, tmp_path / "ana"))


class Terminal:
    """A terminal with ssh in it. end: where somebody would sit."""

    def __init__(self, ssh: Ssh, *command: str, columns: int = 90, rows: int = 20) -> None:
        environment = ssh.environment(ssh.connect()) | {"TERM": "xterm", "PS1": "$ "}
        self.end, far = pty.openpty()
        self.resize(columns, rows)
        self.process = subprocess.Popen(
            [*ssh.words("-tt"), *command], env=environment, stdin=far, stdout=far, stderr=far,
            start_new_session=True,
        )  # fmt: skip
        os.close(far)

    def resize(self, columns: int, rows: int) -> None:
        import fcntl
        import struct
        import termios

        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.end, text.encode())

    def close(self) -> None:
        # Nobody reads its terminal, which it would wait for.
        self.process.kill()
        self.process.wait(10)
        os.close(self.end)


async def test_a_terminal_is_watched_as_it_goes_on_and_played_back(seen: Seen) -> None:
    shell = await asyncio.to_thread(Terminal, seen.ana)
    try:
        carl = await seen.signed_in("carl")
        await carl.goto(f"{seen.house.url}/sessions")
        row = carl.get_by_role("listitem").filter(has_text="web1")
        await row.get_by_role("link").first.click()
        screen = carl.locator("#screen .ap-term")
        lines = carl.locator("#steps .play-line")
        await expect(lines.filter(has_text="open a shell as")).to_have_count(1)
        shell.type("echo $((6*7))-worked; printf '\\033[31mred\\033[0m\\n'\r")
        await expect(screen).to_contain_text("42-worked")
        await expect(screen).to_contain_text("red")
        # What a terminal shows is no line of the list.
        assert await lines.filter(has_text="42-worked").count() == 0
        shell.type("exec cat\r")
        await seen.shot(carl, "terminal-live")

        # Whoever comes later sees it as it stands.
        await carl.reload()
        await expect(screen).to_contain_text("42-worked")
        shell.type("and then this\r")
        await expect(screen).to_contain_text("and then this")

        session = carl.url.split("/")[-2]
        await carl.get_by_label("Why").fill("that is enough")
        await carl.get_by_role("button", name="End it").click()
        await expect(carl.locator("#story")).to_contain_text("carl ended it")

        await carl.goto(f"{seen.house.url}/sessions/{session}")
        await carl.get_by_label("Speed").select_option("16")
        await carl.get_by_role("button", name="Play it").click()
        await expect(carl.locator("#screen .ap-term")).to_contain_text("42-worked")
        await carl.get_by_text("What its terminal showed, as text").click()
        await expect(carl.locator(".shown")).to_contain_text("red")
        await seen.shot(carl, "terminal-replay")
        assert [error for error in seen.house.errors if "409" not in error] == []
    finally:
        shell.close()


async def test_a_command_that_waits_is_shown_as_it_will_run(seen: Seen, tmp_path: Path) -> None:
    file = tmp_path / "to-delete"
    file.write_text("x")
    command = f"rm -v {file} && echo 'gone now' # for good"
    waiting = await asyncio.to_thread(seen.ana.start, command)
    try:
        ben = await seen.signed_in("ben")
        card = ben.locator("article.card").filter(has_text="rm -v")
        await expect(card).to_contain_text("to do this on web1")
        await expect(card).to_contain_text("deletes file")
        await expect(card.locator(".code-remark")).to_have_text("# for good")
        await expect(card).not_to_contain_text("Let the same run again")
        await seen.shot(ben, "command-held")
        assert file.exists()
        await card.get_by_role("button", name="Assent").click()
        out, _ = await asyncio.to_thread(waiting.communicate, None, 15)
        assert b"gone now" in out
        assert not file.exists()
        assert seen.house.errors == []
    finally:
        waiting.kill()
        await asyncio.to_thread(waiting.communicate)
