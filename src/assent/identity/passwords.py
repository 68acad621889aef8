"""Passwords of local people, hashed with Argon2id (RFC 9106)."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from assent.core.secret import Secret

_LONGEST = 1024


class Argon2Hasher:
    """Hashes and checks passwords, off the event loop: one check takes tens of milliseconds."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._nobody = Secret(self._hasher.hash("nobody has this password"))

    async def hash(self, password: Secret[str]) -> str:
        """Return the encoded Argon2id hash of a password."""
        return await asyncio.to_thread(self._hasher.hash, password.reveal())

    async def verify(self, kept: Secret[str] | None, password: Secret[str]) -> bool:
        """Return whether the password is the kept one; None costs the same and is false."""
        if len(password.reveal()) > _LONGEST:
            return False
        proved = await asyncio.to_thread(self._check, kept or self._nobody, password)
        return proved and kept is not None

    def is_outdated(self, kept: Secret[str]) -> bool:
        """Return whether a hash was made with other parameters than ours."""
        try:
            return self._hasher.check_needs_rehash(kept.reveal())
        except InvalidHashError:
            return False

    def _check(self, kept: Secret[str], password: Secret[str]) -> bool:
        try:
            return self._hasher.verify(kept.reveal(), password.reveal())
        except (VerificationError, InvalidHashError):
            return False
