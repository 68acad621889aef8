"""The log's keys on disk: the one that signs, the one that follows, and those that signed before.

`audit.key` holds the seed that signs; `audit.key.new` the one of a rotation under way;
`audit.keys` the public keys that signed before, one a line, the oldest first.
"""

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path

from assent.audit.note import Signer, parse_verifier
from assent.audit.rotating_signer import RotatingSigner
from assent.core.faults import OperatorFault, OutsideFault
from assent.core.secret import Secret
from assent.edges import keys
from assent.witnesses.durable import sync_folder, write_durably

_SEED_BYTES = 32


class LogKeysOnDisk:
    """`control.key_rotation.LogKeys` in the data folder. signer: signs with what is there.

    Raises OperatorFault when a file is damaged, or the log's key is gone.
    """

    def __init__(self, data: Path, origin: str) -> None:
        self._present, self._following = data / "audit.key", data / "audit.key.new"
        self._before = data / "audit.keys"
        self._origin = origin
        seed = keys.audit_key(data)
        following = keys.key_in(self._following) if self._following.exists() else None
        self.signer = RotatingSigner(
            origin, Secret(seed), None if following is None else Secret(following)
        )
        if self.signer.following == self.signer.verifier_key:
            words = f"`{self._following}` holds the key that signs already; delete it"
            raise OperatorFault("audit-key", words)
        self._retired = _read(self._before)

    @property
    def public(self) -> Sequence[str]:
        """The public keys of the log, the oldest first; the last one signs."""
        # A rotation that was cut short may have named the present one among them already.
        present = self.signer.verifier_key
        return (*(key for key in self._retired if key != present), present)

    @property
    def following(self) -> str | None:
        """The public key that signs beside the last one, None while nothing is rotated."""
        return self.signer.following

    async def begin(self) -> str:
        """Make a new key, durable on return, and sign with it too. Raises OutsideFault."""
        seed = Secret(secrets.token_bytes(_SEED_BYTES))
        try:
            await asyncio.to_thread(write_durably, self._following, seed.reveal())
        except OSError as cause:
            raise _away(self._following, cause) from cause
        self.signer.begin(seed)
        return Signer(self._origin, seed).verifier_key

    async def finish(self) -> None:
        """Let only the new key be there, durably, and sign. Raises OutsideFault."""
        public = self.public
        try:
            await asyncio.to_thread(self._replace, public)
        except OSError as cause:
            raise _away(self._present, cause) from cause
        self._retired = tuple(public)
        self.signer.finish()

    async def abandon(self) -> None:
        """Let the new key not have been. Raises OutsideFault."""
        self.signer.abandon()
        try:
            await asyncio.to_thread(self._forget)
        except OSError as cause:
            raise _away(self._following, cause) from cause

    def _replace(self, public: Sequence[str]) -> None:
        # In this order: an old key that is named too early is still the one that signs.
        write_durably(self._before, "".join(f"{key}\n" for key in public).encode(), 0o644)
        self._following.replace(self._present)
        sync_folder(self._present.parent)

    def _forget(self) -> None:
        self._following.unlink(missing_ok=True)
        sync_folder(self._following.parent)


def _read(path: Path) -> tuple[str, ...]:
    if not path.exists():
        return ()
    found = tuple(path.read_text("utf-8", "replace").split("\n"))[:-1]
    for number, key in enumerate(found, 1):
        try:
            parse_verifier(key)
        except ValueError as cause:
            words = f"line {number} of `{path}` is damaged: {cause}; restore it from your backup"
            raise OperatorFault("audit-keys", words) from cause
    return found


def _away(path: Path, cause: OSError) -> OutsideFault:
    return OutsideFault("audit-key", f"`{path}` cannot be written ({cause.strerror})")
