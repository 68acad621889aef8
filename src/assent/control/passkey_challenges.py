"""What passkeys sign to prove that they are there: made here, for one purpose, good once.

Nothing is kept of a challenge before somebody has signed it: whoever asks for many fills
nothing up and pushes nobody else's out. It carries its end and a code that only we can make.
"""

from collections import OrderedDict
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest, digest

from assent.core.clock import Clock
from assent.core.faults import ConflictFault
from assent.core.ids import Ids

LASTS_FOR = timedelta(minutes=5)
_NONCE_BYTES = 16
_TIME_BYTES = 8
_BODY_BYTES = _NONCE_BYTES + _TIME_BYTES
_MOST_USED = 100_000


class PasskeyChallenges:
    """Makes challenges and takes them back. After a restart those from before are void."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._key = ids.token(32).encode()
        # Until when each would have been good; only what was signed by a known passkey is here.
        self._used: OrderedDict[bytes, int] = OrderedDict()

    def new(self, purpose: str, whose: str) -> bytes:
        """Return a challenge. whose: the sign-in that it is good for."""
        nonce = sha256(self._ids.token(32).encode()).digest()[:_NONCE_BYTES]
        ends = int((self._clock.now() + LASTS_FOR).timestamp())
        body = nonce + ends.to_bytes(_TIME_BYTES)
        return body + self._code(body, purpose, whose)

    def check(self, challenge: bytes, purpose: str, whose: str) -> None:
        """Raise ConflictFault `no-challenge` unless it is ours, for this, not over and not used."""
        body, code = challenge[:_BODY_BYTES], challenge[_BODY_BYTES:]
        good = compare_digest(code, self._code(body, purpose, whose))
        if not good or body in self._used or self._now() >= self._end(body):
            words = "the challenge is over, was used, or is another sign-in's; begin again"
            raise ConflictFault("no-challenge", words)

    def use(self, challenge: bytes, purpose: str, whose: str) -> None:
        """Check it again and use it up; only for one that a known passkey has signed."""
        self.check(challenge, purpose, whose)
        while self._used and (first := next(iter(self._used.items())))[1] <= self._now():
            del self._used[first[0]]
        if len(self._used) >= _MOST_USED:
            raise ConflictFault("too-many-challenges", "too many passkeys are used; try in 5 min")
        body = challenge[:_BODY_BYTES]
        self._used[body] = self._end(body)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    @staticmethod
    def _end(body: bytes) -> int:
        return int.from_bytes(body[_NONCE_BYTES:])

    def _code(self, body: bytes, purpose: str, whose: str) -> bytes:
        return digest(self._key, f"{purpose}\0{whose}\0".encode() + body, "sha256")
