"""OpenSSH's programs, and those that use them, set up by `assent ssh-config` before a real gateway.

What they reach lies below one folder: `open` is permitted, `held` needs a DBA, all else is closed.
"""

import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway, assent
from ssh_world import Sshd, ssh_gateway_world

POLICIES = """
@id("files.access") @max_duration("1h")
permit (principal in Group::"engineers", action in [Action::"access.request",
  Action::"session.open"], resource in Target::"web1");

@id("files.open")
permit (principal in Group::"engineers", action in [Action::"file.list", Action::"file.read",
  Action::"file.write"], resource in Target::"web1")
when {{ resource.name like "{place}/*" }};

@id("files.look")
permit (principal in Group::"engineers", action == Action::"file.list", resource in Target::"web1");

@id("files.held") @message("files below `held` need a DBA") @hold("5m")
@require("approve: 1 of dba")
forbid (principal, action == Action::"file.write", resource)
when {{ resource.name like "{place}/held/*" }};
"""


@dataclass(frozen=True, slots=True)
class Programs:
    """Ana's programs. place: the folder at the server. config: what `assent ssh-config` wrote."""

    gateway: Gateway
    place: Path
    config: Path

    def run(
        self, *words: str, given: str = "", within_s: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end. Its first word may be `ssh`, `scp` or `sftp`."""
        return subprocess.run(
            self.words(*words),
            env=self.environment(),
            input=given,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )

    @contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Start it, with pipes; it ends with the block."""
        with subprocess.Popen(
            self.words(*words),
            env=self.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    def forget(self) -> None:
        """Take the certificate away that is at hand: access behind it may be over."""
        for kept in self.gateway.world.people["ana"].home.rglob("*-cert.pub"):
            kept.unlink()

    def words(self, *words: str) -> list[str]:
        """Return a command line that reads our configuration."""
        program, *rest = words
        return [program, "-F", str(self.config), *rest] if program in _OPENSSH else list(words)

    def environment(self) -> dict[str, str]:
        """Return an environment in which git and rsync use that ssh."""
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("SSH", "GIT", "ASSENT"))
        }
        ssh = f"ssh -F {shlex.quote(str(self.config))}"
        return kept | {
            "GIT_SSH_COMMAND": ssh,
            "RSYNC_RSH": ssh,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "LC_ALL": "C.UTF-8",
            "HOME": str(self.config.parent),
        }


_OPENSSH = ("ssh", "scp", "sftp")


@contextmanager
def programs(
    folder: Path, template: World, server: Sshd, more_policies: str = ""
) -> Iterator[Programs]:
    """Run a gateway before that server, with Ana's programs set up for it."""
    place = (folder / "place").resolve()
    for name in ("open", "held"):
        (place / name).mkdir(parents=True)
    policies = POLICIES.format(place=place) + more_policies
    world = ssh_gateway_world(folder / "world", template, server, {"files.cedar": policies})
    with gateway_world.serving(world) as running:
        config = folder / "ssh_config"
        done = assent(running, "ana", "ssh-config", "--file", str(config))
        assert done.returncode == 0, done.stderr
        yield Programs(running, place, config)
