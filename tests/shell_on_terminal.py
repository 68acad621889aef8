"""A real bash on a real terminal, followed as the gateway would, key by key."""

import os
import pty
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

from assent.protocols.ssh.terminal import Line, Terminal

MOMENT_S = 0.15
SETTINGS = """PS1='\\u@\\h:\\w\\$ '
HISTCONTROL=; HISTIGNORE=; HISTFILE=; set -o history; set +H
PROMPT_COMMAND='HISTTIMEFORMAT= history 1 > "$LOG.new"; mv "$LOG.new" "$LOG"'
"""


class ShellOnTerminal:
    """What is typed goes through a Terminal; `got` is the line that bash says it had."""

    def __init__(self, folder: Path, columns: int = 80) -> None:
        self.terminal = Terminal(columns)
        self._log = folder / "history"
        (folder / "rc").write_text(SETTINGS, encoding="utf-8")
        (folder / "some-file.txt").write_text("", encoding="utf-8")
        self._pid, self._side = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            settings = {"PATH": "/usr/bin:/bin", "TERM": "xterm", "LOG": str(self._log)}
            settings |= {"HOME": str(folder), "LANG": "C.UTF-8", "INPUTRC": "/dev/null"}
            settings |= {"COLUMNS": str(columns)}
            os.execve("/bin/bash", ["bash", "--rcfile", str(folder / "rc"), "-i"], settings)
        self._wait_for(lambda: self._log.exists())
        self._quiet()

    def close(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._side)

    def type(self, *keys: bytes) -> Line:
        """Type keys, the last of them Enter; each is echoed before the next. Return the line."""
        for each in keys:
            typed = self.terminal.keys(each)
            os.write(self._side, typed.passed)
            self._quiet()
            if typed.enter:
                line = self.terminal.line(quiet=True)
                self.terminal.entered()
                self._log.unlink(missing_ok=True)
                os.write(self._side, typed.enter)
                self._wait_for(lambda: self._log.exists())
                self._quiet()
                assert not typed.rest
                return line
        raise AssertionError("no Enter was typed")

    def got(self) -> str:
        """Return the last line that bash has in its history."""
        return self._log.read_text(encoding="utf-8").strip().partition("  ")[2].rstrip("\n")

    def _quiet(self) -> None:
        """Take what is shown until nothing was for a moment."""
        while select.select([self._side], [], [], MOMENT_S)[0]:
            self.terminal.show(os.read(self._side, 65536))

    def _wait_for(self, condition: Callable[[], bool]) -> None:
        until = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < until, "bash did not come back"
            if select.select([self._side], [], [], 0.02)[0]:
                self.terminal.show(os.read(self._side, 65536))
