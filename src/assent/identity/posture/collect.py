"""Reads how this machine is kept, by programs that are asked without a shell, each with an end."""

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime

from assent.identity.posture import linux, macos, osquery, windows
from assent.identity.posture.found import Fact, Posture, posture_of

_WITHIN_S = 20
_LARGEST = 4 << 20


def collect(now: datetime, platform: str = sys.platform) -> Posture:
    """Return how this machine is kept. platform: as `sys.platform` names it."""
    if platform == "linux":
        found = linux.posture(run, read, now, os.environ.get("XDG_CURRENT_DESKTOP", ""))
    elif platform == "darwin":
        found = macos.posture(run, read, now)
    elif platform == "win32":
        found = windows.posture(run, now)
    else:
        unknown = Fact(None, f"nothing is known of how `{platform}` says it")
        names = ("disk_encrypted", "firewall", "screen_lock", "patch_age_days", "managed")
        found = posture_of(platform, now, dict.fromkeys(names, unknown))
    return osquery.improved(found, run, platform)


def run(words: Sequence[str]) -> str | None:
    """Return what a program says; None where it is not there, says nothing or takes too long."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed programs, no shell
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    # Some say on the other one what was asked.
    text = (done.stdout or done.stderr)[:_LARGEST].decode("utf-8", "replace")
    # `systemctl is-active` ends with 3 where something is inactive, and still says what.
    return text if done.returncode in (0, 3, 4) and text.strip() else None


def read(path: str) -> str | None:
    """Return the end of a file; None where it cannot be read."""
    try:
        with open(path, "rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _LARGEST))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return None
