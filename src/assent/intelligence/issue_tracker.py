"""Asks the operator's issue tracker whether a ticket asks this person for this.

The body is signed as `<timestamp>.<body>` with HMAC-SHA256, so that what answers can tell that it
is us, and when: headers `assent-timestamp` (seconds since 1970) and `assent-signature`
(`v1=` and hex).
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256

from assent.core.canonical import canonical_bytes
from assent.core.clock import Clock
from assent.core.faults import OutsideFault
from assent.core.secret import Secret

SAID = ("open", "closed", "unknown")


class IssueTrackerHook:
    """A webhook: `{ticket, subject, target}` → `{"status": "open", "for": ["ana"]}`.

    post: body and headers → the JSON that it answers. `for`: names of those whom the ticket is
    for, or of what it is for; without it, for whoever names it.
    """

    def __init__(
        self,
        post: Callable[[bytes, Mapping[str, str]], Awaitable[object]],
        secret: Secret[str],
        clock: Clock,
    ) -> None:
        self._post = post
        self._secret = secret
        self._clock = clock

    async def look_up(self, ticket: str, subject: str, target: str) -> str:
        """Return `open`, `closed` or `unknown`. Raises OutsideFault."""
        body = canonical_bytes({"subject": subject, "target": target, "ticket": ticket})
        answer = await self._post(body, self._signed(body))
        status = answer.get("status") if isinstance(answer, dict) else None
        if not isinstance(answer, dict) or status not in SAID:
            raise OutsideFault("source-strange", "the issue tracker answered no known status")
        people = answer.get("for")
        if people is None:
            return str(status)
        if not isinstance(people, list) or subject not in people:
            # An open ticket of somebody else is not this person's need.
            return "unknown"
        return str(status)

    def _signed(self, body: bytes) -> Mapping[str, str]:
        timestamp = str(int(self._clock.now().timestamp()))
        key = self._secret.reveal().encode()
        digest = hmac.new(key, timestamp.encode() + b"." + body, sha256).hexdigest()
        return {
            "content-type": "application/json",
            "assent-timestamp": timestamp,
            "assent-signature": f"v1={digest}",
        }
