"""References to secrets: configuration says where a secret is, never what it is."""

import os
from pathlib import Path
from typing import Protocol

from assent.core.faults import OperatorFault
from assent.core.secret import Secret

VAULT = "vault:"
_LARGEST = 64 * 1024


class Vault(Protocol):
    """Where references that begin with `vault:` are read."""

    async def secret(self, place: str) -> Secret[str]:
        """Return the field at `MOUNT/data/PATH#FIELD`. Raises OutsideFault, OperatorFault."""
        ...


class References:
    """Reads references afresh every time, so that what was rotated counts at once."""

    def __init__(self, folder: Path, vault: Vault | None = None) -> None:
        self._folder = folder
        self._vault = vault

    async def reveal(self, reference: str) -> Secret[str]:
        """Return the secret that is referred to. Raises OutsideFault or OperatorFault."""
        if not reference.startswith(VAULT):
            return reveal_reference(reference, self._folder)
        if self._vault is None:
            raise OperatorFault(
                "vault-missing", f"`{reference[:80]}` needs the section `[vault]` with an `address`"
            )
        return await self._vault.secret(reference.removeprefix(VAULT))


def reveal_reference(reference: str, folder: Path) -> Secret[str]:
    """Return the secret that `file:PATH` or `env:NAME` refers to, without a last line break.

    folder: what a relative path starts from. Raises OperatorFault saying what to do.
    """
    kind, _, rest = reference.partition(":")
    if kind == "env" and rest:
        value = os.environ.get(rest)
        if value is None:
            raise OperatorFault("secret-missing", f"set the environment variable `{rest}`")
        return Secret(value)
    if kind == "file" and rest:
        path = folder / rest
        try:
            with path.open("rb") as stream:
                data = stream.read(_LARGEST + 1)
        except OSError as fault:
            raise OperatorFault(
                "secret-missing", f"`{path}` cannot be read ({fault.strerror}); create it"
            ) from fault
        if len(data) > _LARGEST:
            raise OperatorFault("secret-too-large", f"`{path}` is larger than 64 KiB")
        try:
            return Secret(data.decode("utf-8").rstrip("\r\n"))
        except UnicodeDecodeError:
            # Without the cause: its text would show what the file holds.
            raise OperatorFault("secret-not-text", f"`{path}` is not UTF-8 text") from None
    raise OperatorFault(
        "secret-reference", f"`{reference}` is not a reference; write `file:PATH` or `env:NAME`"
    )
