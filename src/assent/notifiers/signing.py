"""What is signed on its way out and checked on its way in. Every comparison takes constant time."""

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256

from assent.core.ids import RequestId
from assent.core.secret import Secret

SLACK_WINDOW_S = 300
_INTENT = re.compile(r"(approve|reject) ([a-z]{3}_[A-Za-z0-9]{1,40}) ([0-9a-f]{64})", re.ASCII)


def is_from_slack(secret: Secret[str], timestamp: str, signature: str, body: bytes) -> bool:
    """Return whether Slack signed these bytes. When, is the caller's to look at.

    Source: Slack, "Verifying requests from Slack": HMAC-SHA256 of `v0:<timestamp>:<body>`.
    """
    key = secret.reveal().encode()
    signed = b"v0:" + timestamp.encode() + b":" + body
    expected = "v0=" + hmac.new(key, signed, sha256).hexdigest()
    return bool(key) and hmac.compare_digest(
        expected.encode(), signature.encode("utf-8", "replace")
    )


@dataclass(frozen=True, slots=True)
class Intent:
    """What somebody meant by pressing a button: it says so, and does nothing."""

    verb: str
    request: RequestId


class Intents:
    """Writes intents that only we could have written, with a key made of the app's secret."""

    def __init__(self, secret: Secret[str]) -> None:
        key = hmac.new(secret.reveal().encode(), b"assent: what a button means, 1", sha256)
        self._key = Secret(key.digest())

    def written(self, intent: Intent) -> str:
        """Return an intent as a button carries it."""
        return f"{intent.verb} {intent.request} {self._proof(intent)}"

    def read(self, text: str) -> Intent | None:
        """Return the intent of a button, None where it is none of ours."""
        found = _INTENT.fullmatch(text)
        if found is None:
            return None
        intent = Intent(found[1], RequestId(found[2]))
        return intent if hmac.compare_digest(found[3], self._proof(intent)) else None

    def _proof(self, intent: Intent) -> str:
        said = f"{intent.verb} {intent.request}".encode()
        return hmac.new(self._key.reveal(), said, sha256).hexdigest()
