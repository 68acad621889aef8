"""The text of a checkpoint: origin, size and root of the log (C2SP tlog-checkpoint 1.0)."""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from assent.audit.tree import HASH_BYTES

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_MAX_SIZE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class CheckpointBody:
    """What a checkpoint says. extensions: further lines, which nothing here reads."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def format_checkpoint(origin: str, size: int, root: bytes) -> str:
    """Return the text to sign: three lines, each with its newline. Raises ValueError."""
    if not origin or "\n" in origin:
        raise ValueError("an origin is one line that is not empty")
    if not 0 <= size <= _MAX_SIZE or len(root) != HASH_BYTES:
        raise ValueError(f"a checkpoint has a size of at least 0 and a root of {HASH_BYTES} bytes")
    return f"{origin}\n{size}\n{b64encode(root).decode('ascii')}\n"


def parse_checkpoint(text: str) -> CheckpointBody:
    """Return what the text of a checkpoint says. Raises ValueError that names the line."""
    if not text.endswith("\n"):
        raise ValueError("a checkpoint ends in a newline")
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        raise ValueError("a checkpoint has an origin, a size and a root, and no empty lines")
    origin, size, encoded, *extensions = lines
    if not _SIZE.fullmatch(size) or int(size) > _MAX_SIZE:
        raise ValueError(f"line 2 of the checkpoint, the size, is malformed: `{size[:40]}`")
    return CheckpointBody(origin, int(size), _parse_root(encoded), tuple(extensions))


def _parse_root(encoded: str) -> bytes:
    try:
        root = b64decode(encoded.encode("ascii"), validate=True)
    except ValueError:
        root = b""
    if len(root) != HASH_BYTES or b64encode(root).decode("ascii") != encoded:
        raise ValueError("line 3 of the checkpoint, the root, is not base64 of 32 bytes")
    return root
