"""An anchor in a git repository, on a branch of its own, pushed to where others have it."""

import asyncio
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from assent.core.clock import Clock
from assent.core.entry import Checkpoint
from assent.core.faults import OutsideFault
from assent.core.observing import Kept

WITHIN_S = 60.0
_MOST_BYTES = 64 * 1024
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.-]+")
_KEPT = ("PATH", "HOME", "SSH_AUTH_SOCK", "LANG")
_NO_PARENT = "0" * 40


class GitAnchor:
    """Commits each note as a file `<origin>/<size>`; bare or not, no working tree is touched.

    remote: that the branch is pushed to, never by force; empty for none.
    """

    kind = "git"

    def __init__(self, name: str, path: Path, branch: str, remote: str, clock: Clock) -> None:
        self.name = name
        self._path = path
        self._ref = f"refs/heads/{branch}"
        self._remote = remote
        self._clock = clock

    async def keep(self, checkpoint: Checkpoint, note: str) -> Kept:
        """Commit the note, and push. Raises OutsideFault."""
        try:
            async with asyncio.timeout(WITHIN_S):
                commit = await self._commit(checkpoint, note)
                if self._remote:
                    await self._git("push", "--quiet", self._remote, f"{self._ref}:{self._ref}")
        except TimeoutError:
            raise self._away(f"git did not end within {WITHIN_S:g} s") from None
        return Kept(f"commit {commit}", note.encode())

    async def _commit(self, checkpoint: Checkpoint, note: str) -> str:
        origin = _NOT_IN_NAMES.sub("-", note.partition("\n")[0]).strip(".") or "log"
        blob = await self._git("hash-object", "-w", "--stdin", given=note.encode())
        parent = await self._git("rev-parse", "--quiet", "--verify", self._ref, may_fail=True)
        with tempfile.TemporaryDirectory(prefix="assent-anchor-") as folder:
            index = {"GIT_INDEX_FILE": os.path.join(folder, "index")}
            if parent:
                await self._git("read-tree", parent, more=index)
            entry = f"100644,{blob},{origin}/{checkpoint.size}"
            await self._git("update-index", "--add", "--cacheinfo", entry, more=index)
            tree = await self._git("write-tree", more=index)
        message = f"Checkpoint of {checkpoint.size} entries".encode()
        parents = ("-p", parent) if parent else ()
        commit = await self._git("commit-tree", tree, *parents, given=message)
        # Only from where it stood: somebody else may commit there, too.
        await self._git("update-ref", self._ref, commit, parent or _NO_PARENT)
        return commit

    async def _git(
        self,
        *arguments: str,
        given: bytes = b"",
        more: Mapping[str, str] | None = None,
        may_fail: bool = False,
    ) -> str:
        """Return what a git command prints, without the space around it. Raises OutsideFault."""
        try:
            process = await asyncio.create_subprocess_exec(
                "git",
                "-C",
                str(self._path),
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**self._environment(), **(more or {})},
            )
        except OSError as cause:
            raise self._away(f"git cannot be started ({cause.strerror})") from cause
        try:
            printed, said = await process.communicate(given)
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        if process.returncode and not may_fail:
            last = said[-_MOST_BYTES:].decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise self._away(f"`git {arguments[0]}` failed: {last[:200]}")
        return printed[:_MOST_BYTES].decode("utf-8", "replace").strip()

    def _environment(self) -> dict[str, str]:
        at = f"{int(self._clock.now().timestamp())} +0000"
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        people = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "Assent"), ("EMAIL", "assent@localhost"), ("DATE", at))
        }
        # Nobody is there to be asked for a password.
        return {**kept, **people, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}

    def _away(self, words: str) -> OutsideFault:
        return OutsideFault("anchor-git", f"repository `{self._path.name}`: {words}")
