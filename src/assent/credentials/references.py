"""References to secrets: configuration says where a secret is, never what it is."""

import os
from pathlib import Path

from assent.core.faults import OperatorFault
from assent.core.resource import Target
from assent.core.secret import Secret

_LARGEST = 64 * 1024


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


class StaticBroker:
    """Reaches a target with the one credential that configuration refers to.

    Read afresh for every session, so that a rotated password counts at once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def password(self, target: Target) -> Secret[str]:
        """Return the target's password. Raises OperatorFault."""
        return reveal_reference(target.credential, self._folder)
