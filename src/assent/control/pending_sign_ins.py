"""Sign-ins whose password was right, and that wait for a code, for five minutes."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from assent.control.attempt_limits import Attempt
from assent.core.clock import Clock
from assent.core.faults import ForbiddenFault
from assent.core.ids import Ids, SubjectId
from assent.core.secret import Secret

LASTS_FOR = timedelta(minutes=5)
_MOST = 10_000
_MOST_CODES = 5


@dataclass(slots=True)
class Pending:
    """Whose password was right, where, and how many codes may still be tried."""

    subject: SubjectId
    attempt: Attempt
    address: str
    ends_at: datetime
    codes_left: int = _MOST_CODES


class PendingSignIns:
    """Keeps them in memory, by the digest of a secret that only one browser has."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._kept: OrderedDict[bytes, Pending] = OrderedDict()

    def keep(self, subject: SubjectId, attempt: Attempt, address: str) -> Secret[str]:
        """Return the secret with which the sign-in goes on."""
        secret = Secret(self._ids.token(32))
        ends_at = self._clock.now() + LASTS_FOR
        self._kept[_digest(secret)] = Pending(subject, attempt, address, ends_at)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return secret

    def take(self, secret: Secret[str], address: str) -> Pending:
        """Return a sign-in for one more code. Raises ForbiddenFault where it is over."""
        found = self._kept.get(_digest(secret))
        over = found is None or self._clock.now() >= found.ends_at or found.address != address
        if over or found is None or not found.codes_left:
            self.drop(secret)
            words = "this took too long, or too many codes were wrong; begin again"
            raise ForbiddenFault("sign-in-over", words)
        found.codes_left -= 1
        return found

    def drop(self, secret: Secret[str]) -> None:
        """Forget it."""
        self._kept.pop(_digest(secret), None)


def _digest(secret: Secret[str]) -> bytes:
    return sha256(secret.reveal().encode()).digest()
