"""Failing closed: servers of tools that are programs, and do what no program should."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from assent.core.faults import OutsideFault
from assent.gateway.mcp.stdio_server import StdioServer

LIVES = """
import json, os, subprocess, sys, time

def say(**what):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **what}) + "\\n")
    sys.stdout.flush()

def greet():
    hello = json.loads(sys.stdin.readline())
    say(id=hello["id"], result={"protocolVersion": "2025-11-25"})
    sys.stdin.readline()
"""
ANSWERS = """
for line in sys.stdin:
    asked = json.loads(line)
    if "id" in asked:
        say(id=asked["id"], result={"ok": True})
"""
MEBIBYTE = 1024 * 1024
A_WHILE_S = 10.0


@asynccontextmanager
async def program(folder: Path, text: str) -> AsyncIterator[StdioServer]:
    """Give a server that is this program; it is let go of in the end, which takes no time."""
    file = folder / "program.py"
    file.write_text(LIVES + text)
    server = StdioServer("near", (sys.executable, "-S", str(file)), {}, lambda what: None)
    try:
        yield server
    finally:
        async with asyncio.timeout(A_WHILE_S):
            await server.close()


def unread(server: StdioServer) -> int:
    """Return how many bytes it was sent that it has not read, without those in the pipe."""
    process = server._process
    assert process is not None
    assert process.stdin is not None
    return int(process.stdin.transport.get_write_buffer_size())


async def test_what_a_program_left_behind_with_its_streams_keeps_nobody_waiting(
    tmp_path: Path,
) -> None:
    left = "import time; time.sleep(60)"
    text = f"""
greet()
other = subprocess.Popen([sys.executable, "-S", "-c", {left!r}], start_new_session=True)
open({str(tmp_path / "left")!r}, "w").write(str(other.pid))
{ANSWERS}"""
    try:
        async with program(tmp_path, text) as server:
            assert (await server.ask("tools/list", {}, 5)).result == {"ok": True}
            process = server._process
            assert process is not None
            before = len(os.listdir("/proc/self/fd"))
        assert not Path(f"/proc/{process.pid}").exists() or process.returncode is not None
        # Its streams are let go of too, although somebody else still has them.
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(os.listdir("/proc/self/fd")) <= before - 3
    finally:
        os.kill(int((tmp_path / "left").read_text()), 9)


async def test_a_program_that_asks_and_hears_no_answers_is_read_no_more(tmp_path: Path) -> None:
    text = """
greet()
while True:
    say(id="x" * 190, method="sampling/createMessage")
"""
    async with program(tmp_path, text) as server:
        with pytest.raises(OutsideFault, match="did not answer"):
            await server.ask("tools/list", {}, 1.0)
        assert unread(server) < MEBIBYTE


async def test_a_program_that_reads_nothing_keeps_its_questions_out_of_memory(
    tmp_path: Path,
) -> None:
    async with program(tmp_path, "greet()\ntime.sleep(60)\n") as server:
        large = {"name": "x", "arguments": {"text": "x" * MEBIBYTE}}

        async def ask() -> None:
            with pytest.raises(OutsideFault, match="did not answer"):
                await server.ask("tools/call", large, 0.5)

        await asyncio.gather(*(ask() for _ in range(20)))
        await asyncio.gather(*(ask() for _ in range(20)))
        assert unread(server) < 3 * MEBIBYTE


async def test_a_program_that_complains_without_an_end_still_answers(tmp_path: Path) -> None:
    text = f"""
greet()
sys.stderr.write("x" * {20 * MEBIBYTE})
sys.stderr.flush()
{ANSWERS}"""
    async with program(tmp_path, text) as server:
        assert (await server.ask("tools/list", {}, 5)).result == {"ok": True}


async def test_a_program_is_not_left_by_a_session_that_ended_while_it_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[asyncio.subprocess.Process] = []
    create = asyncio.create_subprocess_exec

    async def created(*words: str, **more: Any) -> asyncio.subprocess.Process:
        process = await create(*words, **more)
        started.append(process)
        await server.close()
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", created)
    async with program(tmp_path, "greet()\n" + ANSWERS) as server:
        with pytest.raises(OutsideFault, match="was ended"):
            await server.ask("tools/list", {}, 5)
        async with asyncio.timeout(A_WHILE_S):
            await started[0].wait()
