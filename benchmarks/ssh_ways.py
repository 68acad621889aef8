"""The ways to one SSH server: direct, over a second one as `ssh -J` goes, and through Assent."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.protocol_roads import ProtocolRoads, credential

_TARGET = "web1"


@dataclass(frozen=True, slots=True)
class OpenSsh:
    """A call of OpenSSH's client, that a command is still to be added to."""

    words: tuple[str, ...]
    environment: Mapping[str, str]


@asynccontextmanager
async def shared(client: OpenSsh, socket: Path) -> AsyncIterator[OpenSsh]:
    """Open one connection, and yield a client whose commands go over it (`ControlPath`)."""
    options = ("-o", f"ControlPath={socket}")
    *words, place = client.words
    master = await asyncio.create_subprocess_exec(
        *words, *options, "-M", "-N", place, env=client.environment
    )
    try:
        async with asyncio.timeout(10):
            while not socket.exists():
                await asyncio.sleep(0.02)
        yield OpenSsh((*words, *options, place), client.environment)
    finally:
        if master.returncode is None:
            master.terminate()
        await master.wait()
        socket.unlink(missing_ok=True)


async def openssh(roads: ProtocolRoads, way: str) -> OpenSsh:
    """Return OpenSSH's client for `direct`, `jump` or `assent`."""
    environment = {key: value for key, value in os.environ.items() if key != "SSH_AUTH_SOCK"}
    config = roads.folder / "ssh_config"
    config.write_text(
        "Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n"
        f"Host web1\n  HostName 127.0.0.1\n  Port {roads.sshd}\n  IdentityFile {roads.key}\n"
        f"Host jump\n  HostName 127.0.0.1\n  Port {roads.jump}\n  IdentityFile {roads.key}\n"
        f"Host assent\n  HostName 127.0.0.1\n  Port {roads.ssh}\n"
        "  PubkeyAuthentication no\n"
    )
    words = ["ssh", "-T", "-F", str(config)]
    if way != "assent":
        jump = ["-J", "jump"] if way == "jump" else []
        return OpenSsh((*words, *jump, "web1"), environment)
    name, password = await credential(roads, _TARGET)
    ask = roads.folder / "ask.sh"
    ask.write_text('#!/bin/sh\nprintf "%s\\n" "$ASSENT_BENCH_PASSWORD"\n')
    ask.chmod(0o700)
    asked = {"SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}
    environment |= {**asked, "ASSENT_BENCH_PASSWORD": password}
    return OpenSsh((*words, f"{name}:{_TARGET}@assent"), environment)
