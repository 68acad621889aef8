"""OpenSSH through a gateway where a session goes on only while somebody of `security` watches."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import gateway_world
from assent.demo.world import World
from chromium_house import House, browsing
from clients.test_terminals_in_chromium import Seen
from gateway_world import Gateway, assent, eventually
from memory_plane import MemoryPlane
from ssh_world import Ssh, Sshd, ssh_gateway_world, sshd

POLICIES = """
@id("ssh.access") @max_duration("1h")
permit (principal in Group::"engineers", action == Action::"access.request", resource);
@id("ssh.four-eyes") @watched_by("security")
permit (principal in Group::"engineers", action == Action::"session.open", resource);
@id("ssh.work")
permit (principal in Group::"engineers", action == Action::"ssh.execute",
  resource in Target::"web1");
"""
HELD = b"assent: held by Assent: it goes on only while somebody of security watches it"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """The server."""
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture(scope="module")
def house(
    template: World, server: Sshd, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway before it."""
    folder = tmp_path_factory.mktemp("ssh") / "world"
    created = ssh_gateway_world(folder, template, server, {"ssh.cedar": POLICIES})
    with gateway_world.serving(created) as running:
        yield running


@contextmanager
def watching(house: Gateway, session: str) -> Iterator[None]:
    """Let Carl watch while the block lasts."""
    assert assent(house, "carl", "whoami").returncode == 0
    home = {"ASSENT_HOME": str(house.world.people["carl"].home), "NO_COLOR": "1"}
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ASSENT")}
    process = subprocess.Popen(
        [sys.executable, "-m", "assent", "sessions", "watch", session],
        env=kept | home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """End a process with the block, however that ends."""
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def started(ana: Ssh, word: str, shared: tuple[str, ...]) -> Iterator[subprocess.Popen[bytes]]:
    """Let Ana send a command that waits for somebody to watch."""
    with ended(ana.start("echo", word, options=shared)) as process:
        assert process.stderr is not None
        assert process.stderr.readline().strip() == HELD
        yield process


def open_session(house: Gateway) -> str:
    def only() -> str | None:
        found = house.answer("ana", "GET", "/v1/sessions")["items"]
        ids = [str(one["id"]) for one in found if one["state"] == "open"]
        # One that ended a moment ago may still be there.
        return ids[0] if len(ids) == 1 else None

    return eventually(only, "one session is open")


def test_a_command_waits_until_somebody_watches_and_the_next_once_they_look_away(
    house: Gateway, tmp_path: Path
) -> None:
    ana = Ssh(house, tmp_path / "ana")
    shared = ("-S", str(tmp_path / "c"))
    with ended(ana.start(options=("-M", "-N", *shared))):
        eventually(lambda: (tmp_path / "c").exists(), "the connection is there")
        with started(ana, "one", shared) as first:
            session = open_session(house)
            with watching(house, session):
                out, _ = first.communicate(timeout=30)
                assert (first.returncode, out) == (0, b"one\n")
                assert ana.run("echo", "two", options=shared).stdout == b"two\n"
        now = f"/v1/sessions/{session}/now"
        eventually(lambda: house.answer("carl", "GET", now)["paused"], "nobody watches")
        with started(ana, "three", shared):
            pass


async def test_the_page_of_the_session_is_eyes_too(house: Gateway, tmp_path: Path) -> None:
    ana = Ssh(house, tmp_path / "ana")
    async with browsing() as browser:
        seen = Seen(house, House(MemoryPlane(), house.url, browser), ana)
        carl = await seen.signed_in("carl")
        with started(ana, "one", ()) as waiting:
            await carl.goto(f"{house.url}/sessions/{open_session(house)}/live")
            out, _ = await asyncio.to_thread(waiting.communicate, timeout=30)
        assert (waiting.returncode, out) == (0, b"one\n")
        assert seen.house.errors == []
