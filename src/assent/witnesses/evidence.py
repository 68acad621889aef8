"""The folder of evidence: what showed that the log was seen in two forms."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

from assent.core.faults import OutsideFault
from assent.witnesses.durable import write_durably

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}", re.ASCII)
_MOST_FILES = 1_000
_MOST_BYTES = 4_000_000


class EvidenceFolder:
    """Keeps each piece in a file of its own, and never changes one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, name: str, content: bytes) -> None:
        """Keep it durably; one that is there already stays as it is. Raises OutsideFault."""
        await asyncio.to_thread(self._keep, name, content)

    def names(self) -> Sequence[str]:
        """Return the names of what is kept, in order."""
        if not self._folder.is_dir():
            return ()
        names = sorted(path.name for path in self._folder.iterdir() if path.is_file())
        return [name for name in names if _NAME.fullmatch(name)]

    def read(self, name: str) -> bytes | None:
        """Return a piece, None where there is none of that name."""
        path = self._folder / name
        if not _NAME.fullmatch(name) or not path.is_file():
            return None
        return path.read_bytes()

    def _keep(self, name: str, content: bytes) -> None:
        if not _NAME.fullmatch(name):
            raise OutsideFault("evidence", f"`{name[:80]}` is no name of evidence")
        path = self._folder / name
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if path.exists():
                return
            if len(content) > _MOST_BYTES or len(self.names()) >= _MOST_FILES:
                raise OutsideFault("evidence", f"the folder of evidence cannot take `{name}`")
            write_durably(path, content)
        except OSError as cause:
            raise OutsideFault("evidence", f"evidence `{name}` cannot be written") from cause
