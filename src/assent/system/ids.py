"""The machine's luck: the operating system's random generator."""

import secrets

from assent.core.clock import Clock
from assent.core.ids import format_id


class SystemIds:
    """Mints ids, nonces and secrets from the operating system."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def mint(self, kind: str) -> str:
        """Return a new id of `kind`, a key of `core.ids.PREFIXES`."""
        return format_id(kind, self._clock.now(), secrets.randbits(80))

    def token(self, nbytes: int = 32) -> str:
        """Return `nbytes` unpredictable bytes in URL-safe base64 without padding."""
        return secrets.token_urlsafe(nbytes)
