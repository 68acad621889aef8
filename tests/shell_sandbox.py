"""A folder in which commands are really run by bash, with harmless programs that say their names.

Every program on its PATH is a stub that writes its name, its folder and its words to a file;
those that run others (env, xargs, bash, …) go on as the real one. Nothing else is on the PATH, so
a command without slashes can reach nothing else.
"""

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

REAL = (
    *("env", "nohup", "nice", "timeout", "setsid", "stdbuf", "xargs", "find", "bash", "sh", "cat"),
    *("tee", "head", "echo", "base64", "busybox", "awk", "sed", "grep", "sort", "uniq"),
)
STUBS = (
    *(
        "rm",
        "ls",
        "id",
        "cp",
        "mv",
        "python3",
        "perl",
        "ruby",
        "node",
        "php",
        "curl",
        "wget",
        "tar",
    ),
    *("git", "rsync", "scp", "vi", "ed", "nc", "psql", "strace", "parallel", "man", "awk-none"),
    *("chmod", "chown", "ln", "dd", "truncate", "install", "A=1", "RM", "less", "journalctl"),
)
# Each process has little time and memory, and all of them together are few: what starts itself over
# and over would take the whole machine otherwise. The count is one of a user's, and root has none.
_LIMITS = ("/usr/bin/prlimit", "--cpu=2", "--as=268435456", "--fsize=1048576")
_NOBODY = 61_000 + os.getpid() % 1_000
_AS_NOBODY = ("/usr/bin/setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups")
_LIMITED = (
    (*_AS_NOBODY, "--no-new-privs", *_LIMITS, "--nproc=60", "--")
    if os.geteuid() == 0
    else (*_LIMITS, "--")
)
_NOTE = """#!/bin/sh
printf '%s\\0' "$#" "$PWD" "${0##*/}" "$@" >> '@LOG@'
"""
_SUDO = """while [ $# -gt 0 ]; do
  case $1 in
    -u|--user) shift 2;;
    --) shift; break;;
    -*) shift;;
    *=*) shift;;
    *) break;;
  esac
done
[ $# -eq 0 ] || exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """One program that was run: in which folder, its name, its words."""

    folder: str
    name: str
    words: tuple[str, ...]


class Sandbox:
    """Runs commands in a folder of its own, made empty before each."""

    def __init__(self, root: Path) -> None:
        root.chmod(0o755)
        self._log = root / "log"
        self._programs = root / "programs"
        self.home = root / "home"
        self._programs.mkdir()
        for name in STUBS:
            self._stub(name, "")
        for name in REAL:
            real = shutil.which(name)
            if real is not None:
                self._stub(name, f"exec '{real}' \"$@\"\n")
        self._stub("sudo", _SUDO)

    def _stub(self, name: str, rest: str, folder: Path | None = None) -> None:
        path = (folder or self._programs) / name
        path.write_text(_NOTE.replace("@LOG@", str(self._log)) + rest, encoding="utf-8")
        path.chmod(0o755)

    def run(self, text: str, shell: str = "/bin/bash") -> tuple[list[Ran], set[str]]:
        """Return the programs that ran, and the files that were made."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir()
        self._log.write_bytes(b"")
        self._stub("deploy.sh", "", self.home)
        (self.home / "f").write_text("a b\n", encoding="utf-8")
        if os.geteuid() == 0:
            for one in (self._log, self.home, *self.home.iterdir()):
                os.chown(one, _NOBODY, _NOBODY)
        before = self._files()
        settings = {"HOME": str(self.home), "PATH": str(self._programs), "LANG": "C.UTF-8"}
        with subprocess.Popen(
            [*_LIMITED, shell, "-c", text],
            cwd=self.home,
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                process.wait(20)
                _all_ended(process.pid)
            finally:
                _end(process.pid)
        return self._ran(), self._files() - before

    def _files(self) -> set[str]:
        return {str(one.relative_to(self.home)) for one in self.home.rglob("*")}

    def _ran(self) -> list[Ran]:
        found = []
        waiting = iter(self._log.read_text("utf-8", "replace").split("\0")[:-1])
        for count in waiting:
            folder, name = next(waiting), next(waiting)
            words = tuple(next(waiting) for _ in range(int(count)))
            found.append(Ran(folder, name, words))
        return found


def _all_ended(group: int) -> None:
    """Wait for what goes on in the background, so that nothing of it is written later."""
    until = time.monotonic() + 5
    while time.monotonic() < until and _goes_on(group):
        time.sleep(0.002)


def _end(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _goes_on(group: int) -> bool:
    """Return whether any process of the group has not ended, be it waited for or not."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                return True
    return False
